"""Draws acts, consent, roles and a plan's way from the code's own tables, as Markdown for docs/acts.md. Pure."""

from collections.abc import Mapping

from bot.actions.act import Act
from bot.actions.consent import BREAK_GLASS, RULES
from bot.actions.journal import WAYS
from bot.markdown import table
from bot.people.access import RIGHTS, Role
from bot.words.commands import COMMANDS

_NAMESPACE = "<namespace>"


def act_table(acts: Mapping[str, Act]) -> str:
    """Every act: its words, what it is, its risks with when each applies, and who may propose it."""
    usage = {word.word: word.usage for word in COMMANDS}
    rows = [(f"`/volati {usage[name]}`", act.title, _risks(act), str(RIGHTS[name].needs)) for name, act in acts.items()]
    return table(("Command", "What it is", "Risk, and when", "Proposed by"), rows)


def right_table(acts: Mapping[str, Act]) -> str:
    """What the bot itself must be allowed, for each act on the cluster, in a namespace it acts in."""
    rows = []
    for name, act in acts.items():
        if not act.rights(_NAMESPACE):
            continue
        by_resource: dict[str, list[str]] = {}
        for right in act.rights(_NAMESPACE):
            by_resource.setdefault(right.resource, []).append(right.verb)
        rows.append((name, "; ".join(f"{', '.join(verbs)} `{resource}`" for resource, verbs in by_resource.items())))
    return table(("Act", "Rights in the cluster"), rows)


def consent_table() -> str:
    """How each risk is confirmed, and by whom."""
    rows = [
        (
            str(risk),
            str(RIGHTS[rule.right].needs),
            "yes" if rule.second else "no",
            "yes" if rule.typed else "no",
            rule.words,
        )
        for risk, rule in RULES.items()
    ]
    broken = RIGHTS[BREAK_GLASS]
    rows.append((f"high, {BREAK_GLASS}", str(broken.needs), "no", "yes", broken.why))
    return table(("Risk", "Confirmed by", "A second person", "The name written", "In words"), rows)


def role_table() -> str:
    """Everything that can be asked for in Slack, by the role it takes."""
    coming = {word.word for word in COMMANDS if not word.available}
    rows = []
    for role in Role:
        words = [what for what, right in RIGHTS.items() if right.needs is role and what not in coming]
        rows.append((str(role), ", ".join(f"`{what}`" for what in words) or "all of the above"))
    return table(("Role", "May also"), rows)


def way_diagram() -> str:
    """A plan's way from state to state, as a Mermaid diagram."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {next(iter(WAYS))}"]
    for begin, ends in WAYS.items():
        lines += [f"    {begin} --> {end}" for end in sorted(ends)]
        if not ends:
            lines.append(f"    {begin} --> [*]")
    return "\n".join([*lines, "```"])


def _risks(act: Act) -> str:
    return "; ".join(f"**{risk}** where {when}" for risk, when in act.risks.items())
