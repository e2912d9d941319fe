"""The way to Keycloak: the connection made by hand, seen beside the requests for public pages on the same way."""

from typing import ClassVar, Self

from diagnostics.evidence.http import Exchange, NoAnswer
from diagnostics.evidence.keycloak.kinds import KeycloakDiscovery, KeycloakKeys, KeycloakReach, KeycloakRealm
from diagnostics.evidence.network import Certificate, Reached
from diagnostics.model import Evidence, Unobserved
from diagnostics.observe import Seen, View


class KeycloakWay(View, frozen=True):
    """How far one gets. `asked` is what became of the requests for public pages, made meanwhile to the same host.

    A request that got through proves that there is a way: then no single attempt can say that there is none.
    """

    KIND: ClassVar[str] = "keycloak.way"
    WHAT: ClassVar[str] = "the way to Keycloak"
    SETTING: ClassVar[str] = KeycloakReach.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (KeycloakReach,)
    USES: ClassVar[tuple[type[Evidence], ...]] = (KeycloakRealm, KeycloakDiscovery, KeycloakKeys)

    reached: Reached
    asked: tuple[Exchange, ...] = ()

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The connection beside the requests; where none of those was seen, the connection alone."""
        reach, realm = seen[KeycloakReach], seen.get(KeycloakRealm)
        pages = () if isinstance(realm, Unobserved) else realm.pages
        later = [
            one for one in (seen.get(KeycloakDiscovery), seen.get(KeycloakKeys)) if not isinstance(one, Unobserved)
        ]
        return cls(reach.reached, tuple(one.exchange for one in (*pages, *later)))

    @property
    def open(self) -> bool:
        """Whether a request got through, whatever came of it then."""
        return any(not _stopped(one) for one in self.asked)

    @property
    def stumble(self) -> NoAnswer | None:
        """An attempt that ended on the way; None when none did."""
        return self.reached.failure or next((one for one in self.asked if _stopped(one)), None)  # type: ignore[return-value]

    @property
    def failure(self) -> NoAnswer | None:
        """Where the way ends; None when it is open."""
        return None if self.open else self.stumble

    @property
    def certificate(self) -> Certificate | None:
        """The certificate shown where the way ends: that of another address may be another one."""
        failure = self.failure
        if failure is None or failure == self.reached.failure:
            return self.reached.certificate
        return next((one.certificate for one in self.reached.lost if one.failure.code == failure.code), None)


def _stopped(exchange: Exchange) -> bool:
    return isinstance(exchange, NoAnswer) and exchange.stage.before_request
