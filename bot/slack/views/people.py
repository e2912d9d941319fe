"""How people and those of a level are written in Slack's markup: as mentions where their ids are known. Pure."""

from collections.abc import Iterable

from bot.incidents.events import Person
from bot.slack.text import said

_NAME = 80  # characters of a name
_MENTIONED = 5  # people and groups that are mentioned: a page to everybody is read by nobody


def person(one: Person | None, nobody: str = "nobody") -> str:
    """Somebody, by a mention where Slack's id is known, else by name."""
    if one is None:
        return nobody
    return f"<@{one.slack}>" if one.slack else said(one.name, _NAME)


def people(several: Iterable[Person]) -> str:
    """Some people, at most as many as are mentioned; more are counted."""
    named = [person(one) for one in several]
    more = [f"{len(named) - _MENTIONED} more"] if len(named) > _MENTIONED else []
    return ", ".join([*named[:_MENTIONED], *more])


def mentions(ids: Iterable[str]) -> str:
    """Ids of people and user groups, or `here`, so that Slack calls them."""
    return " ".join(_mention(one) for one in list(ids)[:_MENTIONED])


def _mention(id: str) -> str:
    if id == "here":
        return "<!here>"
    return f"<!subteam^{id}>" if id.startswith("S") else f"<@{id}>"
