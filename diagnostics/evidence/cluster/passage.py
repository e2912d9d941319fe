"""Whether network policies let a connection pass, exactly as networking.k8s.io/v1 has it. Pure; no cluster is asked.

A pod that no policy selects in a direction is open in that direction. Once any does, what passes is the union of what
all of them allow. A connection passes when it may leave the one end and enter the other.

What is not known of an end counts in favour of passing, so that a connection is only ever called cut when it is.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from ipaddress import ip_address, ip_network

from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.services import Allowance, Peer, Policy, PolicyPort
from diagnostics.evidence.cluster.workloads import Port
from diagnostics.model import Value


class Way(StrEnum):
    """The direction of a connection, as seen from a pod."""

    IN = "ingress"
    OUT = "egress"


class End(Value, frozen=True):
    """One end of a connection: a pod, or with no namespace an address outside the cluster.

    `labels` and `ports` (what its containers say they listen at) are None where they are not known, and `address` is
    empty. `label` is what a person calls it. `also` are the addresses of the service it is reached by: whether a policy
    sees those or the pod's is not defined.
    """

    label: str
    namespace: str = ""
    labels: dict[str, str] | None = None
    address: str = ""
    ports: tuple[Port, ...] | None = None
    also: tuple[str, ...] = ()

    @property
    def outside(self) -> bool:
        """Whether it is no pod."""
        return not self.namespace


class Door(Value, frozen=True):
    """The port a connection goes to, and its protocol."""

    port: int
    protocol: str = "TCP"

    def __str__(self) -> str:
        return f"{self.protocol} {self.port}"


class Ruling(Value, frozen=True):
    """What the policies say of a connection: those that keep it from leaving, and from entering. None: it passes."""

    leaving: tuple[Name, ...] = ()
    entering: tuple[Name, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether nothing holds it."""
        return not self.leaving and not self.entering


class Policies:
    """The policies of a cluster, with the namespaces' labels by which they choose."""

    def __init__(self, policies: Iterable[Policy], namespaces: Mapping[str, Mapping[str, str]]) -> None:
        self._policies = tuple(policies)
        self._namespaces = namespaces

    def ruling(self, source: End, target: End, door: Door) -> Ruling:
        """Whether a connection passes, and which policies hold it where it does not."""
        return Ruling(
            leaving=self._holding(Way.OUT, source, target, target, door),
            entering=self._holding(Way.IN, target, source, target, door),
        )

    def selecting(self, way: Way, pod: End) -> tuple[Policy, ...]:
        """The policies that isolate a pod in a direction. What is not known of a pod is not taken to select it."""
        labels = pod.labels
        if pod.outside or labels is None:
            return ()
        return tuple(
            one
            for one in self._policies
            if one.name.namespace == pod.namespace and _limits(one, way) and one.pods.matches(labels)
        )

    def _holding(self, way: Way, pod: End, other: End, target: End, door: Door) -> tuple[Name, ...]:
        policies = self.selecting(way, pod)
        allowances = (allowance for one in policies for allowance in (one.ingress if way is Way.IN else one.egress))
        if any(self._allows(allowance, pod.namespace, other, target, door) for allowance in allowances):
            return ()
        return tuple(one.name for one in policies)

    def _allows(self, allowance: Allowance, home: str, other: End, target: End, door: Door) -> bool:
        peers, ports = allowance.peers, allowance.ports
        met = not peers or any(self._meets(peer, home, other) for peer in peers)
        return met and (not ports or any(_opens(port, door, target.ports) for port in ports))

    def _meets(self, peer: Peer, home: str, other: End) -> bool:
        if peer.block:
            return any(_in_block(peer, address, outside=other.outside) for address in (other.address, *other.also))
        return not other.outside and self._space_meets(peer, home, other) and _labels_meet(peer, other)

    def _space_meets(self, peer: Peer, home: str, other: End) -> bool:
        if peer.namespaces is None:
            return other.namespace == home
        labels = self._namespaces.get(other.namespace)
        return labels is None or peer.namespaces.matches(labels)


def _limits(policy: Policy, way: Way) -> bool:
    return policy.limits_ingress if way is Way.IN else policy.limits_egress


def _labels_meet(peer: Peer, other: End) -> bool:
    return peer.pods is None or other.labels is None or peer.pods.matches(other.labels)


def _in_block(peer: Peer, address: str, *, outside: bool) -> bool:
    """Whether an address is in a block. A pod known by an address of the other family may have one of this, too."""
    if not address:
        return True
    try:
        where, block = ip_address(address), ip_network(peer.block, strict=False)
        but = [ip_network(one, strict=False) for one in peer.but]
    except ValueError:
        return True
    if where.version != block.version:
        return not outside
    return where in block and not any(where in one for one in but)


def _opens(port: PolicyPort, door: Door, ports: tuple[Port, ...] | None) -> bool:
    if port.protocol != door.protocol:
        return False
    match port.port:
        case None:
            return True
        case int(number):
            return number <= door.port <= (port.end or number)
        case str(name):
            return ports is None or any(
                (one.name, one.number, one.protocol) == (name, door.port, door.protocol) for one in ports
            )
