"""Rights: what a rules review grants, held against what is wanted."""

from bot.clients.kubernetes import wire
from diagnostics.evidence.cluster.kinds import Right


def split(right: Right) -> tuple[str, str, str]:
    """Group, resource (with its subresource) and the one thing's name, of a right as it is named to people.

    `get secrets/db in namespace x` is about one secret; `get pods/log` about a subresource.
    """
    resource, dot, group = right.resource.partition(".")
    kind, slash, rest = resource.partition("/")
    if slash and kind in {"secrets", "configmaps"}:
        whole = right.resource.partition("/")[2]
        return "", kind, whole
    return (group if dot else ""), (f"{kind}/{rest}" if slash else kind), ""


def granted(right: Right, rules: wire.RulesStatus) -> bool:
    """Whether one of the rules grants a right."""
    group, resource, name = split(right)
    return any(_grants(rule, right.verb, group, resource, name) for rule in rules.resource_rules or ())


def _grants(rule: wire.RuleGranted, verb: str, group: str, resource: str, name: str) -> bool:
    names = rule.resource_names or []
    return (
        _in(verb, rule.verbs)
        and _in(group, rule.api_groups)
        and (_in(resource, rule.resources) or f"*/{resource.partition('/')[2]}" in (rule.resources or ()))
        and (not names or name in names)
    )


def _in(one: str, some: list[str] | None) -> bool:
    return some is not None and (one in some or "*" in some)
