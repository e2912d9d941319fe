"""Looking at what a person presents: a token to explain, a resource to ask about. Tokens stay inside."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from diagnostics.evidence.http import Answer, Outgoing, Reply, replied
from diagnostics.evidence.keycloak.admin import Question
from diagnostics.evidence.keycloak.kinds import (
    AskedResource,
    KeycloakKeys,
    KeycloakLogin,
    KeycloakProtection,
    KeycloakRealm,
    PresentedToken,
    TokenActivity,
)
from diagnostics.evidence.keycloak.session import KeycloakSession, resource_of
from diagnostics.evidence.tokens import MalformedTokenError
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.observe import Seen, Source


def token_sources(session: KeycloakSession, token: str, now: Callable[[], datetime]) -> tuple[Source[Any], ...]:
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
        url = f"{session.realm_url(seen)}/protocol/openid-connect/token/introspect"
        form = {**session.client_form(), "token": token}
        reply = replied(await session.tools.http.send(Outgoing("POST", url, form=form)), "Introspection")
        document = reply.document()
        if not reply.answer().ok or not isinstance(document, dict):
            raise CouldNotLookError(Reason.REFUSED, f"Introspection answered {reply.answer().refusal}.")
        return TokenActivity(reply.answer(), document.get("active") is True)

    return (
        Source(PresentedToken, presented, (KeycloakKeys,)),
        Source(TokenActivity, activity, (KeycloakRealm, PresentedToken)),
    )


def resource_source(session: KeycloakSession, question: Question) -> Source[AskedResource]:
    """The resource a question is about, by its id, else by its exact name, else by its display name."""

    async def asked(seen: Seen) -> AskedResource:
        session.need_protection(seen)
        base = session.resource_set(seen)
        one = await session.get(f"{base}/{quote(question.resource, safe='')}", authorized=True)
        document = one.document() if isinstance(one, Reply) and one.answer().ok else None
        if not isinstance(document, dict):
            document = await _by_name(session, base, question.resource)
        found = resource_of(document) if isinstance(document, dict) else None
        return AskedResource(question.resource, question.action, found)

    return Source(AskedResource, asked, (KeycloakLogin, KeycloakProtection))


async def _by_name(session: KeycloakSession, base: str, name: str) -> dict[str, Any] | None:
    query = urlencode({"deep": "true", "first": 0, "max": 2, "name": name, "exactName": "true"})
    reply = replied(await session.get(f"{base}?{query}", authorized=True), "The protection API")
    document = reply.document()
    return document[0] if isinstance(document, list) and len(document) == 1 else None
