"""Looking at what a person presents: a token to explain, a resource to ask about. Tokens stay inside."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote, urlencode

from diagnostics.evidence.http import REFUSED, Answer, replied
from diagnostics.evidence.keycloak.admin import Question
from diagnostics.evidence.keycloak.kinds import (
    AskedResource,
    KeycloakKeys,
    KeycloakLogin,
    KeycloakProtection,
    KeycloakRealm,
    PresentedToken,
    Resource,
    TokenActivity,
)
from diagnostics.evidence.keycloak.session import RESOURCES_IN_A_PAGE, KeycloakSession, resource_of
from diagnostics.evidence.tokens import MalformedTokenError
from diagnostics.model import CouldNotLookError, Evidence, Reason
from diagnostics.observe import Seen, Source

#: Resources looked through for a display name: ten pages, well within a source's deadline.
SEARCHED_AT_MOST = 1000
#: Of several resources of one name, how many are named.
_NAMED = 5
#: Statuses by which not the resource is refused, but whoever asks.
_LOCKED_OUT = {401, 403, 429}


def token_sources(session: KeycloakSession, token: str, now: Callable[[], datetime]) -> tuple[Source[Evidence], ...]:
    """What can be said of a presented token. `now` gives aware times in UTC."""

    async def presented(seen: Seen) -> PresentedToken:
        keys = seen[KeycloakKeys]
        if not (isinstance(keys.exchange, Answer) and keys.exchange.ok):
            raise CouldNotLookError(Reason.DEPENDS, "There are no published keys to check the signature against.")
        try:
            facts = session.tools.tokens.read(token)
            algorithms = tuple({key.algorithm for key in keys.keys if key.algorithm})
            signature = session.tools.tokens.signature(token, session.jwks, algorithms)
        except MalformedTokenError as error:
            raise CouldNotLookError(Reason.FAILED, f"This is not a token: {error}.") from error
        return PresentedToken(facts, signature, tuple(key.key_id for key in keys.keys), now())

    async def activity(seen: Seen) -> TokenActivity:
        reply = replied(await session.introspect(seen, token), "Introspection")
        document = reply.document()
        if not reply.answer().ok or not isinstance(document, dict):
            raise CouldNotLookError(Reason.REFUSED, f"Introspection answered {reply.answer().refusal}.")
        return TokenActivity(reply.answer(), document.get("active") is True)

    return (
        Source(PresentedToken, presented, (KeycloakKeys,)),
        Source(TokenActivity, activity, (KeycloakRealm, PresentedToken)),
    )


def resource_source(session: KeycloakSession, question: Question) -> Source[AskedResource]:
    """The resource a question is about."""

    async def asked(seen: Seen) -> AskedResource:
        session.need_protection(seen)
        search = ResourceSearch(session, seen, question.resource)
        return AskedResource(question.resource, question.action, await search.the_one())

    return Source(AskedResource, asked, (KeycloakLogin, KeycloakProtection))


class ResourceSearch:
    """Looks for the one resource that somebody calls so: by its id, else by its name, else by its display name."""

    def __init__(self, session: KeycloakSession, seen: Seen, wanted: str) -> None:
        self._session = session
        self._seen = seen
        self._wanted = wanted
        self._base = session.resource_set(seen)

    async def the_one(self) -> Resource | None:
        """The resource, or None when none is called so.

        Raises:
            CouldNotLookError: several are, or it could not be found out.
        """
        found = await self._by_id() or await self._by_name() or await self._by_display_name()
        if len(found) > 1:
            raise CouldNotLookError(Reason.AMBIGUOUS, _which(self._wanted, found))
        return found[0] if found else None

    async def _by_id(self) -> list[Resource]:
        url = f"{self._base}/{quote(self._wanted, safe='')}"
        reply = replied(await self._session.get(url, authorized=True), "The protection API")
        answer, document = reply.answer(), reply.document()
        if answer.ok and isinstance(document, dict):
            return [resource_of(document)]
        if answer.status_class != REFUSED or answer.status in _LOCKED_OUT:
            raise CouldNotLookError(Reason.REFUSED, f"The resource was not given: {answer.refusal}.")
        return []

    async def _by_name(self) -> list[Resource]:
        query = urlencode({"deep": "true", "first": 0, "max": 10, "name": self._wanted, "exactName": "true"})
        return await self._session.listed(f"{self._base}?{query}")

    async def _by_display_name(self) -> list[Resource]:
        """Those that people see under this name: letter by letter, else in any case. Keycloak cannot search for it."""
        read: list[Resource] = []
        while len(read) < SEARCHED_AT_MOST:
            page = await self._session.resource_page(self._seen, len(read))
            read.extend(page)
            if len(page) < RESOURCES_IN_A_PAGE:
                return _called(self._wanted, read)
        found = _called(self._wanted, read)
        if found:
            return found
        detail = f"None of the first {SEARCHED_AT_MOST} resources is shown as {self._wanted}. Ask again with its id."
        raise CouldNotLookError(Reason.FAILED, detail)


def _called(wanted: str, read: list[Resource]) -> list[Resource]:
    same = [one for one in read if one.name == wanted]
    return same or [one for one in read if one.name.casefold() == wanted.casefold()]


def _which(wanted: str, found: list[Resource]) -> str:
    """The question back: which of them is meant."""
    some = ", ".join(f"{one.id} (ownerId {one.noted_owner or 'missing'})" for one in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"{len(found)} resources are called {wanted}: {some}{more}. Which one? Ask again with its id."
