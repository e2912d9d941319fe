"""Looking at Keycloak: the kinds of evidence, and the sources that yield them in one run."""

from collections.abc import Callable
from datetime import datetime

from diagnostics.evidence.containers import Containers
from diagnostics.evidence.keycloak.admin import AdminSession, Question, admin_sources, is_name, question_sources
from diagnostics.evidence.keycloak.container import ContainerLook
from diagnostics.evidence.keycloak.kinds import (
    AskedResource,
    AskedUser,
    KeycloakAdmin,
    KeycloakClientSecret,
    KeycloakContainer,
    KeycloakDecision,
    KeycloakDiscovery,
    KeycloakEvaluation,
    KeycloakKeys,
    KeycloakLogin,
    KeycloakOwners,
    KeycloakProtection,
    KeycloakReach,
    KeycloakRealm,
    KeycloakRegistration,
    KeycloakResources,
    KeycloakResourceServer,
    KeycloakToken,
    PresentedToken,
    TokenActivity,
)
from diagnostics.evidence.keycloak.presented import resource_source, token_sources
from diagnostics.evidence.keycloak.session import Credentials, KeycloakSession, Target, Tools
from diagnostics.model import Evidence
from diagnostics.observe import Source

KINDS: tuple[type[Evidence], ...] = (
    KeycloakReach,
    KeycloakRealm,
    KeycloakDiscovery,
    KeycloakKeys,
    KeycloakClientSecret,
    KeycloakLogin,
    KeycloakToken,
    KeycloakProtection,
    KeycloakResources,
    KeycloakEvaluation,
    KeycloakRegistration,
    KeycloakContainer,
    KeycloakAdmin,
    KeycloakOwners,
    KeycloakResourceServer,
    AskedUser,
    AskedResource,
    KeycloakDecision,
    PresentedToken,
    TokenActivity,
)


def realm_sources(session: KeycloakSession) -> tuple[Source[Evidence], ...]:
    """What anyone can see of a realm."""
    return (
        Source(KeycloakReach, session.reach),
        Source(KeycloakRealm, session.realm),
        Source(KeycloakDiscovery, session.discovery, (KeycloakRealm,)),
        Source(KeycloakKeys, session.keys, (KeycloakRealm,)),
    )


def client_sources(session: KeycloakSession) -> tuple[Source[Evidence], ...]:
    """What the client sees with its own credentials; the registration only in a deep run."""
    return (
        Source(KeycloakClientSecret, session.client_secret),
        Source(KeycloakLogin, session.login, (KeycloakRealm,)),
        Source(KeycloakToken, session.token, (KeycloakLogin, KeycloakKeys)),
        Source(KeycloakProtection, session.protection, (KeycloakLogin,)),
        Source(KeycloakResources, session.resources, (KeycloakLogin, KeycloakProtection)),
        Source(KeycloakEvaluation, session.evaluation, (KeycloakLogin,)),
        Source(
            KeycloakRegistration,
            session.registration,
            (KeycloakLogin, KeycloakProtection),
            session.registration_cut_off,
        ),
    )


def container_source(containers: Containers, name: str, now: Callable[[], datetime]) -> Source[KeycloakContainer]:
    """What Docker says of Keycloak's own container. `now` gives aware times in UTC."""
    return Source(KeycloakContainer, ContainerLook(containers, name, now).look)


__all__ = [
    "KINDS",
    "AdminSession",
    "Credentials",
    "KeycloakSession",
    "Question",
    "Target",
    "Tools",
    "admin_sources",
    "client_sources",
    "container_source",
    "is_name",
    "question_sources",
    "realm_sources",
    "resource_source",
    "token_sources",
]
