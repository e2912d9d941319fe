"""The backend's surface as one frozen value: where it is, what stands before it, its schema, what it takes for a login.

A fault is a function from one such value to another. That its database or Keycloak is away is no state of its own.
"""

from dataclasses import dataclass
from typing import Literal

from playground.world.certificates import Kind

#: What a request meets before it reaches the backend: nothing, a page, a redirect, a rate limit, silence, a line that
#: is cut.
Front = Literal["none", "page", "redirect", "limit", "silent", "cut"]
Introspection = Literal["on", "off", "broken"]
#: What a release does wrong at each request: nothing, an error of the server, a panic in every resolver.
Flaw = Literal["none", "error", "panic"]


@dataclass(frozen=True, slots=True)
class BackendState:
    """Everything of its own that decides an answer."""

    listening: bool = True
    certificate: Kind = "good"
    prefix: str = "/gateway/v1"  # what its two paths begin with
    front: Front = "none"
    flaw: Flaw = "none"
    delay_s: float = 0.0  # seconds before each answer
    fails_every: int = 0  # of so many requests one gets an answer of the gateway's; 0 is none
    introspection: Introspection = "on"
    older: bool = False  # whether a release from before some types and fields runs
    issuer: str = ""  # the issuer it wants of tokens; "" is Keycloak's own
    clock_ahead_s: float = 0.0  # seconds that its clock is ahead of the world's
    forbids: bool = False  # whether it grants nobody anything
    keycloak_port: int = 0  # where it looks for Keycloak; 0 is the right one
