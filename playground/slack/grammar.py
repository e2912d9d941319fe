"""The small grammar Slack's checks are written in: a rule looks at a JSON value and names each fault and its place.

The sentences are those of Slack's own answers where they are known (read from answers quoted in public
repositories, and from the messages of `slackhq/hack-json-schema`, the checker Slack publishes).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a JSON value, and where: a JSON pointer such as `/blocks/0/text/text`."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


Rule = Callable[[object, str], Iterator[Fault]]


def anything() -> Rule:
    """A value that is not looked at."""

    def rule(_value: object, _pointer: str) -> Iterator[Fault]:
        yield from ()

    return rule


def string(least: int = 0, most: int | None = None) -> Rule:
    """A string of a length in characters, both ends included."""

    def rule(value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(pointer, "must provide a string")
        elif len(value) < least:
            yield Fault(pointer, f"must be more than {least - 1} characters")
        elif most is not None and len(value) > most:
            yield Fault(pointer, f"must be less than {most + 1} characters")

    return rule


def one_of(*choices: object) -> Rule:
    """One of a few values."""

    def rule(value: object, pointer: str) -> Iterator[Fault]:
        if value not in choices:
            yield Fault(pointer, "must be a valid enum value")

    return rule


def boolean() -> Rule:
    """True or false, and nothing that looks like it."""

    def rule(value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, bool):
            yield Fault(pointer, "must provide a boolean")

    return rule


def number(least: float | None = None, most: float | None = None, *, whole: bool = False) -> Rule:
    """A number between two ends, both included; `whole` for integers."""
    kinds = int if whole else (int, float)

    def rule(value: object, pointer: str) -> Iterator[Fault]:
        if isinstance(value, bool) or not isinstance(value, kinds):
            yield Fault(pointer, "must provide an integer" if whole else "must provide a number")
        elif least is not None and value < least:
            yield Fault(pointer, f"must be greater than {least}")
        elif most is not None and value > most:
            yield Fault(pointer, f"must be less than {most}")

    return rule


def positive() -> Rule:
    """A number above zero."""

    def rule(value: object, pointer: str) -> Iterator[Fault]:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            yield Fault(pointer, "must be greater than 0")

    return rule


def listed(of: Rule, least: int = 0, most: int | None = None) -> Rule:
    """An array of a number of items, each held to one rule."""

    def rule(value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault(pointer, "must provide an array")
            return
        if len(value) < least:
            yield Fault(pointer, f"must provide at least {least} items")
        if most is not None and len(value) > most:
            yield Fault(pointer, f"no more than {most} items allowed")
        for place, item in enumerate(value):
            yield from of(item, f"{pointer}/{place}")

    return rule


def record(required: Mapping[str, Rule], optional: Mapping[str, Rule], also: Iterable[Rule] = ()) -> Rule:
    """An object with exactly these fields; `also` are rules over the whole object."""
    known = {**required, **optional}
    further = tuple(also)

    def rule(value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault(pointer, "must provide an object")
            return
        yield from (Fault(pointer, f"missing required field: {key}") for key in required if key not in value)
        yield from (Fault(pointer, f"invalid additional property: {key}") for key in value if key not in known)
        for key, inner in known.items():
            if key in value:
                yield from inner(value[key], f"{pointer}/{key}")
        for whole in further:
            yield from whole(value, pointer)

    return rule


def tagged(kinds: Callable[[], Mapping[str, Rule]]) -> Rule:
    """An object whose `type` picks its rule; the table is asked for late, so that tables may name each other."""

    def rule(value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault(pointer, "must provide an object")
        elif "type" not in value:
            yield Fault(pointer, "missing required field: type")
        elif not isinstance(value["type"], str) or value["type"] not in kinds():
            yield Fault(f"{pointer}/type", f"unsupported type: {value['type']}")
        else:
            yield from kinds()[value["type"]](value, pointer)

    return rule


def any_field(*names: str) -> Rule:
    """At least one of these fields is there."""
    wanted = " or ".join(f"`{name}`" for name in names)

    def rule(value: object, pointer: str) -> Iterator[Fault]:
        if isinstance(value, dict) and not any(name in value for name in names):
            yield Fault(f"{pointer}/type", f"must define either {wanted}")

    return rule


def grouped(inner: Rule) -> Rule:
    """A value Slack holds to several forms at once: it says so before it says what was wrong."""

    def rule(value: object, pointer: str) -> Iterator[Fault]:
        faults = list(inner(value, pointer))
        if faults:
            yield Fault(pointer, "failed to match all allowed schemas")
        yield from faults

    return rule
