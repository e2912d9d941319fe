"""The whole service as one frozen value: its realm, its keys, its address, and what stands in front of it.

A fault is a function from one such value to another. Faults therefore combine, and switching one
off is leaving it out the next time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from playground.world.certificates import Kind
from playground.world.keycloak.realm import Client, Realm
from playground.world.keycloak.tokens import Key, Ring

# What a request meets before it reaches Keycloak: nothing, a proxy without a backend, a proxy with a page of
# its own, a proxy that wants a login, or a connection that is accepted and never answered.
Front = Literal["none", "unavailable", "page", "login", "silent"]


@dataclass(frozen=True, slots=True)
class State:
    """Everything that decides an answer. `realm` None means that the realm is gone."""

    realm: Realm | None
    ring: Ring
    spare: Key = field(repr=False)  # what a rotation signs with next
    base_path: str = ""
    public_url: str = ""  # the hostname setting, scheme and host; "" follows the request
    clock_ahead_s: float = 0.0  # seconds that Keycloak's clock is ahead of the world's; negative is behind
    delay_s: float = 0.0  # seconds before each answer
    front: Front = "none"
    silent_path: str = ""  # requests to paths that end so are accepted and never answered
    listening: bool = True
    certificate: Kind = "good"
    tls_ends_before: bool = False  # a proxy takes the TLS off and does not say so: Keycloak sees plain http

    def hangs(self, path: str) -> bool:
        """Whether a request for this path is never answered."""
        return self.front == "silent" or bool(self.silent_path and path.endswith(self.silent_path))

    def with_realm(self, change: Callable[[Realm], Realm]) -> "State":
        """The same with its realm changed; a realm that is gone stays gone."""
        return replace(self, realm=change(self.realm)) if self.realm else self

    def with_client(self, client_id: str, change: Callable[[Client], Client]) -> "State":
        """The same with one client changed; a client that is gone stays gone."""

        def changed(realm: Realm) -> Realm:
            client = realm.client(client_id)
            return realm.with_client(change(client)) if client else realm

        return self.with_realm(changed)
