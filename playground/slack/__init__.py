"""A Slack workspace on loopback, strict where Slack is strict; nothing here knows the bot.

Start reading at `server.py`. The app's calls come in through `webapi.py` and `methods/`; what it sends is held to
`limits.py` (`grammar.py`, `blocks.py`, `elements.py`). What people do starts in `seat.py` and `modal.py`, is shaped
by `payloads.py` and brought by `delivery.py` over `sockets.py` or `http_delivery.py`. The state is in
`workspace.py`, `views.py` and `files.py`; what people see is told by `feed.py`; `switches.py` is what can go wrong.
"""
