"""The local Slack workspace in the browser: one page, its interface, and the panel that breaks the platform.

`nodes`, `markup`, `markdown`, `rich` and `drawn` are pure: what Slack stores becomes what the page shows.
`deeds` are what a tab may ask for, `tabs` what it is told, `guard` who may ask at all.
"""
