"""What the cluster's objects do not say and its life depends on: registries, releases, nodes, the database, the cloud.

One frozen value; a fault makes another of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from playground.world.certificates import Kind as Certificate

RegistryState = Literal["up", "rate-limited", "denied", "unknown-host", "timeout"]
NodeState = Literal["up", "gone", "disk-full"]
#: What a release of the backend does wrong. `unready` and `hanging` fail probes; the others end.
Flaw = Literal["none", "unready", "hanging", "leaking", "bloated", "panicking", "arm64"]

#: Where the database is unless a world says otherwise. On loopback: the bot under test really connects to it.
DATABASE_HOST = "127.0.0.1"
DATABASE_PORT = 5432


@dataclass(frozen=True, slots=True)
class Database:
    """The managed PostgreSQL outside the cluster."""

    password: str = field(default="", repr=False)
    user: str = "volaticloud"
    listening: bool = True
    may_create: bool = True
    trouble: str = ""  # why else the backend gets no session, in its driver's words


@dataclass(frozen=True, slots=True)
class Machine:
    """The world around the objects. A registry that is not named is up; a node that is not named is up."""

    database: Database = field(default_factory=Database)
    registries: Mapping[str, RegistryState] = field(default_factory=dict)
    missing_images: frozenset[str] = frozenset()
    releases: Mapping[str, Flaw] = field(default_factory=dict)  # by the image's tag; one that is not named is sound
    nodes: Mapping[str, NodeState] = field(default_factory=dict)
    certificates: Mapping[str, Certificate | None] = field(
        default_factory=dict
    )  # by the secret: good, or None for none
    controllers: bool = True  # whether the controller manager works
    load_balancer: bool = True  # whether the cloud hands out addresses
    names: Mapping[str, str] = field(default_factory=dict)  # public names and where they lead; "" is not there
    metrics: bool = True
    load: float = 0.25  # how busy the backend is, as a share of what it asks for
    wave_s: float = 0.0  # how long a wave of requests takes, half of which is calm; 0 is an even stream
    grumbles: tuple[str, ...] = ()  # what the backend logs each minute beside its requests
    noisy_ingress: bool = False  # whether the ingress controller's log reports errors of its own
