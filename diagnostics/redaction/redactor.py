"""Puts the rules of redaction in order and runs them over a text: the one outlet."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TypeVar, cast

from diagnostics.patterns import AnyOf, Pattern, escaped
from diagnostics.redaction import addresses, assignments, shapes
from diagnostics.redaction.known import Finder, KnownSecret, Weak, collides, is_strong, labelled
from diagnostics.redaction.rule import Rule
from diagnostics.redaction.sheet import CUT, MASK, Redacted, Sheet, Span
from diagnostics.redaction.things import redact_thing

__all__ = ["Redactor"]

T = TypeVar("T")
_ByForm = Callable[[bytes], Iterator[Span]]
_ByName = Callable[[bytes, assignments.KnownLabel], Iterator[Span]]

# What is surest, and longest, comes first: a later rule can not take apart what an earlier one covered.
_BY_FORM: tuple[Rule[_ByForm], ...] = (
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
_BY_NAME: tuple[Rule[_ByName], ...] = (
    assignments.pairs,
    assignments.assignments,
    assignments.flags,
)
_LATE: tuple[Rule[_ByForm], ...] = (assignments.keyed, assignments.spoken)
# Where none of these occurs, no rule above applies: one look instead of one for each rule, for most texts are clean.
_ANY_RULE = AnyOf(
    (
        *(rule.trigger for rule in _BY_FORM),
        *(rule.trigger for rule in _BY_NAME),
        *(rule.trigger for rule in _LATE),
        MASK,
    )
)


#: Characters of a text that is remembered while a value is gone through: names and labels have fewer.
_SHORT = 256


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
        self._any_known = self._of_known()

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
        more._any_known = more._of_known()
        return more

    def text(self, text: str) -> str:
        """Give the text with its secrets masked; giving that back in again changes nothing."""
        return self.report(text).text

    def report(self, text: str) -> Redacted:
        """Give the text with its secrets masked, and which rule masked how often."""
        data = text.encode("utf-8", "surrogatepass")
        return Redacted(text, ()) if self._is_clean(data) else self._covered(Sheet(data))

    def _is_clean(self, data: bytes) -> bool:
        """Tell whether it is certain that no rule applies, so that the text stays as it is."""
        return not (_ANY_RULE.occurs(data) or self._any_known.occurs(data) or self._weak.is_whole(data))

    def _of_known(self) -> AnyOf:
        """What occurs in a text if a known secret is spelt in it, or may have been begun before a cut."""
        begun = any(True for finder in self._finders for _ in finder.beginnings())
        return AnyOf(
            (
                *(finder.anywhere for finder in self._finders),
                *(coded.pattern for coded in self._weak.coded()),
                *((Pattern(escaped(CUT.encode())),) if begun else ()),
            )
        )

    def _covered(self, sheet: Sheet) -> Redacted:
        for finder in self._finders:
            sheet.cover(finder.spans(sheet.data))
            for begun in finder.beginnings():
                sheet.cover(begun.spans(sheet.data))
        sheet.keep_masks()
        sheet.cover(self._weak.whole(sheet.data))
        for rule in _BY_FORM:
            sheet.cover(rule.find(sheet.data))
        for beside in _BY_NAME:
            sheet.cover(beside.find(sheet.data, self._weak.label))
        for late in _LATE:
            sheet.cover(late.find(sheet.data))
        for coded in self._weak.coded():
            sheet.cover(coded.spans(sheet.data))
        return sheet.finish()

    def value(self, thing: T) -> T:
        """Give a value of the same shape with every string in it redacted.

        It goes into dictionaries (keys too), lists, tuples, sets, bytes, msgspec Structs and dataclasses; a string
        beside a secret-like key or field is masked whole. Numbers, None, enums and everything else stay as they are.
        """
        return cast("T", redact_thing(thing, self._remembering()))

    def _remembering(self) -> Callable[[str], str]:
        """What masks a text, and does a short one once only: a cluster's pods have few different nodes and images."""
        known: dict[str, str] = {}

        def text(one: str) -> str:
            if len(one) > _SHORT:
                return self.text(one)
            found = known.get(one)
            if found is None:
                found = known[one] = self.text(one)
            return one if found == one else found

        return text

    def _sorted(self, known: Iterable[KnownSecret]) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        pairs = labelled(known)
        labels = {label for label, _ in labelled(self._known)} | {label for label, _ in pairs}
        strong = tuple(
            (label, value) for label, value in pairs if is_strong(value, self._ordinary) and not collides(value, labels)
        )
        return strong, tuple(pair for pair in pairs if pair not in strong)
