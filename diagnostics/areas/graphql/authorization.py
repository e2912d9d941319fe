"""Checks of the login at GraphQL: refused tokens and missing rights, explained by what Keycloak shows."""

from collections.abc import Iterator
from typing import Any

from diagnostics.areas.graphql.health import KEYCLOAK, is_about
from diagnostics.areas.graphql.platform import get_command, graphql_command, said
from diagnostics.areas.keycloak import CHECKS as KEYCLOAK_CHECKS
from diagnostics.areas.server.telling import FORM
from diagnostics.causes import explain
from diagnostics.check import Check, Sign, check
from diagnostics.context import Context
from diagnostics.evidence.surface.views import GraphqlLogin
from diagnostics.evidence.tokens import TokenFacts
from diagnostics.model import Fact, Finding, Severity
from diagnostics.runbook import Section
from diagnostics.words import few

_CRITICAL = Severity.CRITICAL
_SECTION = Section.GRAPHQL_AUTHORIZATION


@check(GraphqlLogin, "graphql.keycloak-trouble", "Logins fail because of Keycloak", _CRITICAL, _SECTION)
def keycloak_trouble(seen: GraphqlLogin, context: Context) -> Iterator[Sign]:
    """An outage of Keycloak shows at the API as 401: nobody gets a token, or nobody's token can be checked."""
    blamed = _blamed(seen, context) if _shut_out(seen) or _unwell(seen) else None
    if blamed:
        effect = f"GraphQL answers {said(seen.answers.last.exchange)}" if _shut_out(seen) else "the backend reports it"
        facts = (Fact(FORM, blamed.id), Fact("effect", effect), *blamed.evidence)
        summary = f"{blamed.summary}; {effect}"
        yield Sign(seen.spot.subject, summary, facts, blamed.command, None, seen.spot.rests_on)


@check(GraphqlLogin, "graphql.keycloak-not-reached", "The backend does not reach Keycloak", _CRITICAL, _SECTION)
def keycloak_not_reached(seen: GraphqlLogin, context: Context) -> Iterator[Sign]:
    """Keycloak is well from here and not from the backend: its address in the settings, DNS, or a network policy."""
    ill = [part for part in seen.health.ill if is_about(part, KEYCLOAK)]
    if ill and not _blamed(seen, context):
        looked = "is well as seen from here" if seen.keycloak else "was not looked at from here"
        summary = f"The backend reports trouble with Keycloak ({few(part.said for part in ill)}), which {looked}"
        facts = tuple(Fact(f"health: {part.name}", part.said) for part in seen.health.parts)
        command = get_command(seen.health.url, context)
        yield Sign(seen.spot.subject, summary, facts, command, None, seen.spot.rests_on)


@check(GraphqlLogin, "graphql.token-refused", "GraphQL refuses a sound token", _CRITICAL, _SECTION)
def token_refused(seen: GraphqlLogin, context: Context) -> Iterator[Sign]:
    """The token is in order by Keycloak: the backend expects another issuer or audience, or its clock is wrong."""
    again = seen.answers.again
    if again and again.wants_login and not _blamed(seen, context):
        words = few(again.errors) or said(again.exchange)
        summary = f"GraphQL refuses the token that Keycloak has just given to the platform's own client: {words}"
        yield _sign(seen, f"{summary}{_likely(words, seen, context)}", context)


@check(GraphqlLogin, "graphql.forbidden", "GraphQL refuses the platform's own client", _CRITICAL, _SECTION)
def forbidden(seen: GraphqlLogin, context: Context) -> Iterator[Sign]:
    """The backend knows who asks and refuses even the simplest query: a role is missing, or its rules are wrong."""
    last = seen.answers.last
    if last.served and last.forbidden:
        words = few(last.errors) or said(last.exchange)
        yield _sign(seen, f"GraphQL knows who asks and refuses: {words}", context)


CHECKS = (keycloak_trouble, keycloak_not_reached, token_refused, forbidden)


def _shut_out(seen: GraphqlLogin) -> bool:
    """Whether the login leads nowhere: there is no token, or the one there is is refused."""
    return seen.answers.last.wants_login


def _unwell(seen: GraphqlLogin) -> bool:
    return any(is_about(part, KEYCLOAK) for part in seen.health.ill)


def _blamed(seen: GraphqlLogin, context: Context) -> Finding | None:
    """What Keycloak's own checks name first, of what keeps everybody from logging in; None where it is well."""
    if context.expected.keycloak is None:
        return None
    kinds = {type(one): one for one in seen.keycloak}
    judged: list[Check[Any]] = [check for check in KEYCLOAK_CHECKS if check.evidence in kinds]
    findings = [one for check in judged for one in check.findings(kinds[check.evidence], context)]
    grave = [one for one in findings if one.severity is _CRITICAL]
    causes = explain(grave, tuple(check.id for check in KEYCLOAK_CHECKS))
    return next((one for one in grave if causes and one.symptom == causes[0].itself), None)


def _sign(seen: GraphqlLogin, summary: str, context: Context) -> Sign:
    last = seen.answers.last
    login = seen.login
    token = _token_facts(login.token, context) if login and login.token else ()
    facts = (Fact("GraphQL endpoint", said(last.exchange)), *(Fact("error", error) for error in last.errors), *token)
    command = graphql_command(last.url, context, login=True)
    return Sign(seen.spot.subject, summary, facts, command, None, seen.spot.rests_on)


def _likely(words: str, seen: GraphqlLogin, context: Context) -> str:
    """What the refusal means beside what the token says; nothing where the words name neither time nor issuer."""
    token = seen.login.token if seen.login else None
    if token is None:
        return ""
    left = round((token.expires_at - context.at).total_seconds()) if token.expires_at else 0
    if "expired" in words.lower() and left > 0:
        return f"; the token has {left} s left, so the backend's clock is ahead, or it remembers an older one"
    if "not yet" in words.lower() or "issued" in words.lower():
        return "; the token is from now, so the backend's clock is behind"
    return f"; the token's issuer is {token.issuer}" if "issuer" in words.lower() else ""


def _token_facts(token: TokenFacts, context: Context) -> tuple[Fact, ...]:
    """What a backend may hold against a token."""
    left = round((token.expires_at - context.at).total_seconds()) if token.expires_at else None
    return (
        Fact("issuer of the token", token.issuer),
        Fact("audience", ", ".join(token.audience) or "none"),
        Fact("authorized party", token.authorized_party or "none"),
        Fact("signed with", token.algorithm),
        *((Fact("expires in", f"{left} s"),) if left is not None else ()),
    )
