"""Puts the rules of redaction in order and runs them over a text: the one outlet."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TypeVar, cast

from diagnostics.redaction import addresses, assignments, shapes
from diagnostics.redaction.known import Finder, KnownSecret, Weak, collides, is_strong, labelled
from diagnostics.redaction.sheet import Redacted, Sheet, Span
from diagnostics.redaction.things import redact_thing

__all__ = ["Redactor"]

T = TypeVar("T")
_Rule = Callable[[bytes], Iterator[Span]]

# What is surest, and longest, comes first: a later rule can not take apart what an earlier one covered.
_BY_FORM: tuple[_Rule, ...] = (
    shapes.private_keys,
    shapes.private_jwks,
    shapes.tokens,
    shapes.telegram_tokens,
    shapes.jwts,
    addresses.url_passwords,
    addresses.mysql_passwords,
    addresses.passwords_read_as_ports,
    shapes.header_credentials,
    shapes.inline_credentials,
    assignments.queries,
    assignments.sign_ins,
    assignments.statements,
    assignments.redis_settings,
    assignments.commands,
    assignments.elements,
)
_BY_NAME: tuple[Callable[[bytes, assignments.KnownLabel], Iterator[Span]], ...] = (
    assignments.pairs,
    assignments.assignments,
    assignments.flags,
)


class Redactor:
    """Masks secrets in texts and values. It never changes; `also` gives one that knows more.

    `known` are secrets whose exact values are known. `ordinary` are names that must stay readable although a known
    secret may be the same word: realm, client id, database, host names (compared whatever the case).
    """

    def __init__(self, known: Iterable[KnownSecret] = (), ordinary: Collection[str] = ()) -> None:
        self._ordinary = frozenset(name.casefold() for name in ordinary)
        self._known = tuple(known)
        strong, weak = self._sorted(self._known)
        self._finders: tuple[Finder, ...] = (Finder(strong),) if strong else ()
        self._weak = Weak(weak, self._ordinary)

    def __repr__(self) -> str:
        """Say how many secrets are known, never which."""
        return f"Redactor({len(self._known)} known secrets)"

    def also(self, *known: KnownSecret) -> "Redactor":
        """Give a redactor that knows these secrets as well; what was compiled before is shared."""
        more = Redactor((), self._ordinary)
        more._known = (*self._known, *known)
        new, _ = self._sorted(known)
        _, weak = self._sorted(more._known)
        more._finders = (*self._finders, Finder(new)) if new else self._finders
        more._weak = Weak(weak, self._ordinary)
        return more

    def text(self, text: str) -> str:
        """Give the text with its secrets masked; giving that back in again changes nothing."""
        return self.report(text).text

    def report(self, text: str) -> Redacted:
        """Give the text with its secrets masked, and which rule masked how often."""
        sheet = Sheet(text)
        for finder in self._finders:
            sheet.cover(finder.spans(sheet.data))
            for begun in finder.beginnings():
                sheet.cover(begun.spans(sheet.data))
        sheet.keep_masks()
        sheet.cover(self._weak.whole(sheet.data))
        for rule in _BY_FORM:
            sheet.cover(rule(sheet.data))
        for beside in _BY_NAME:
            sheet.cover(beside(sheet.data, self._weak.label))
        for late in (assignments.keyed, assignments.spoken):
            sheet.cover(late(sheet.data))
        for coded in self._weak.coded():
            sheet.cover(coded.spans(sheet.data))
        return sheet.finish()

    def value(self, thing: T) -> T:
        """Give a value of the same shape with every string in it redacted.

        It goes into dictionaries (keys too), lists, tuples, sets, bytes, msgspec Structs and dataclasses; a string
        beside a secret-like key or field is masked whole. Numbers, None, enums and everything else stay as they are.
        """
        return cast("T", redact_thing(thing, self.text))

    def _sorted(self, known: Iterable[KnownSecret]) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        pairs = labelled(known)
        labels = {label for label, _ in labelled(self._known)} | {label for label, _ in pairs}
        strong = tuple(
            (label, value) for label, value in pairs if is_strong(value, self._ordinary) and not collides(value, labels)
        )
        return strong, tuple(pair for pair in pairs if pair not in strong)
