"""Tests of what network policies let pass, against a slow reading of the specification that shares no code with it."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.evidence.cluster.names import Name, Operator, Requirement, Selector
from diagnostics.evidence.cluster.passage import Door, End, Policies, Way
from diagnostics.evidence.cluster.services import Allowance, Peer, Policy, PolicyPort
from diagnostics.evidence.cluster.workloads import Port

Manifest = dict[str, Any]

# The slow reading: of manifests, as networking.k8s.io/v1 words them, one sentence after another.


def label_selector_matches(selector: Manifest, labels: dict[str, str]) -> bool:
    """Says: all of matchLabels and matchExpressions must hold; empty means all."""
    met = [labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()]
    for one in selector.get("matchExpressions", []):
        key, values = one["key"], one.get("values", [])
        if one["operator"] == "In":
            met.append(key in labels and labels[key] in values)
        elif one["operator"] == "NotIn":
            met.append(key not in labels or labels[key] not in values)
        elif one["operator"] == "Exists":
            met.append(key in labels)
        else:
            met.append(key not in labels)
    return False not in met


def policy_types(spec: Manifest) -> list[str]:
    """Says: where left out, always Ingress, and Egress where there are egress rules."""
    if "policyTypes" in spec:
        return list(spec["policyTypes"])
    return ["Ingress", "Egress"] if "egress" in spec else ["Ingress"]


def peer_matches(peer: Manifest, policy: Manifest, other: Manifest, spaces: dict[str, dict[str, str]]) -> bool:
    if "ipBlock" in peer:
        address = ipaddress.ip_address(other["ip"])
        every = {ipaddress.ip_network(peer["ipBlock"]["cidr"])}
        if other["namespace"] is not None and all(net.version != address.version for net in every):
            return True  # a pod may have an address of each family, and is known by one
        excepted = {ipaddress.ip_network(one) for one in peer["ipBlock"].get("except", [])}
        return any(address in net for net in every) and all(address not in net for net in excepted)
    if other["namespace"] is None:
        return False
    if "namespaceSelector" in peer and "podSelector" in peer:
        in_space = label_selector_matches(peer["namespaceSelector"], spaces[other["namespace"]])
        return in_space and label_selector_matches(peer["podSelector"], other["labels"])
    if "namespaceSelector" in peer:
        return label_selector_matches(peer["namespaceSelector"], spaces[other["namespace"]])
    same = other["namespace"] == policy["metadata"]["namespace"]
    return same and label_selector_matches(peer["podSelector"], other["labels"])


def allowed_ports(rule: Manifest, target: Manifest) -> set[tuple[str, int]]:
    """Every protocol and port that a rule opens, spelt out one by one."""
    every = {(protocol, port) for protocol in PROTOCOLS for port in PORTS}
    if not rule.get("ports"):
        return every
    opened: set[tuple[str, int]] = set()
    for one in rule["ports"]:
        protocol = one.get("protocol", "TCP")
        if "port" not in one:
            opened |= {(protocol, port) for port in PORTS}
        elif isinstance(one["port"], str):
            opened |= {
                (protocol, port) for name, port, way in target["ports"] if (name, way) == (one["port"], protocol)
            }
        else:
            opened |= {(protocol, port) for port in range(one["port"], one.get("endPort", one["port"]) + 1)}
    return opened & every


def direction_allows(
    kind: str, pod: Manifest, other: Manifest, target: Manifest, world: Manifest
) -> set[tuple[str, int]]:
    """Every protocol and port by which a pod may be in touch with another end, in one direction."""
    everything = {(protocol, port) for protocol in PROTOCOLS for port in PORTS}
    if pod["namespace"] is None:
        return everything
    isolating = [
        policy
        for policy in world["policies"]
        if policy["metadata"]["namespace"] == pod["namespace"]
        and kind in policy_types(policy["spec"])
        and label_selector_matches(policy["spec"]["podSelector"], pod["labels"])
    ]
    if not isolating:
        return everything
    union: set[tuple[str, int]] = set()
    for policy in isolating:
        for rule in policy["spec"].get(kind.lower(), []):
            peers = rule.get("to" if kind == "Egress" else "from", [])
            if not peers or any(peer_matches(peer, policy, other, world["spaces"]) for peer in peers):
                union |= allowed_ports(rule, target)
    return union


def passes_slowly(world: Manifest, source: Manifest, target: Manifest, door: tuple[str, int]) -> bool:
    out = direction_allows("Egress", source, target, target, world)
    into = direction_allows("Ingress", target, source, target, world)
    return door in out & into


# What is generated: small worlds, in which a few labels, ports and addresses meet again and again.

PROTOCOLS = ("TCP", "UDP")
PORTS = range(1, 7)
SPACES = ("a", "b", "c")
KEYS, VALUES = ("x", "y"), ("1", "2")
LABELS = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))
EXPRESSIONS = st.one_of(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(KEYS),
            "operator": st.sampled_from(("In", "NotIn")),
            "values": st.lists(st.sampled_from(VALUES), min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries({"key": st.sampled_from(KEYS), "operator": st.sampled_from(("Exists", "DoesNotExist"))}),
)
SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(EXPRESSIONS, max_size=2)}
)
BLOCKS = st.fixed_dictionaries(
    {"cidr": st.sampled_from(("10.0.0.0/8", "10.0.0.0/30", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32"))},
    optional={"except": st.lists(st.sampled_from(("10.0.0.2/32", "192.0.2.0/25", "10.0.0.0/31")), max_size=2)},
)
PEERS = st.one_of(
    st.fixed_dictionaries({"ipBlock": BLOCKS}),
    st.fixed_dictionaries({"podSelector": SELECTORS}),
    st.fixed_dictionaries({"namespaceSelector": SELECTORS}),
    st.fixed_dictionaries({"podSelector": SELECTORS, "namespaceSelector": SELECTORS}),
)
RANGES = st.tuples(st.sampled_from(PORTS), st.sampled_from(PORTS)).map(
    lambda ends: {"port": min(ends), "endPort": max(ends)}
)
OPENINGS = st.builds(
    lambda protocol, port: {**protocol, **port},
    st.fixed_dictionaries({}, optional={"protocol": st.sampled_from(PROTOCOLS)}),
    st.one_of(
        st.just({}),
        RANGES,
        st.fixed_dictionaries({"port": st.sampled_from(PORTS)}),
        st.fixed_dictionaries({"port": st.sampled_from(("http", "dns"))}),
    ),
)


def rules(way: str) -> st.SearchStrategy[list[Manifest]]:
    return st.lists(
        st.fixed_dictionaries({}, optional={way: st.lists(PEERS, max_size=2), "ports": st.lists(OPENINGS, max_size=2)}),
        max_size=2,
    )


POLICIES = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries({"namespace": st.sampled_from(SPACES)}),
        "spec": st.fixed_dictionaries(
            {"podSelector": SELECTORS},
            optional={
                "policyTypes": st.sampled_from((["Ingress"], ["Egress"], ["Ingress", "Egress"])),
                "ingress": rules("from"),
                "egress": rules("to"),
            },
        ),
    }
)
ADDRESSES = st.sampled_from(("10.0.0.1", "10.0.0.2", "10.0.0.7", "192.0.2.1", "192.0.2.200", "2001:db8::5"))
NAMED = st.lists(
    st.tuples(st.sampled_from(("http", "dns", "")), st.sampled_from(PORTS), st.sampled_from(PROTOCOLS)), max_size=2
)
PODS = st.fixed_dictionaries({"namespace": st.sampled_from(SPACES), "labels": LABELS, "ip": ADDRESSES, "ports": NAMED})
NOT_A_POD: dict[str, Any] = {"namespace": None, "labels": {}, "ports": []}
OUTSIDE: st.SearchStrategy[Manifest] = ADDRESSES.map(lambda address: {**NOT_A_POD, "ip": address})
WORLDS = st.fixed_dictionaries(
    {
        "policies": st.lists(POLICIES, max_size=4),
        "spaces": st.fixed_dictionaries(dict.fromkeys(SPACES, LABELS)),
    }
)
DOORS = st.tuples(st.sampled_from(PROTOCOLS), st.sampled_from(PORTS))


# The same as values.


def selector_of(made: Manifest) -> Selector:
    exact = Selector.of_labels(made.get("matchLabels", {})).requirements
    others = (
        Requirement(one["key"], Operator(one["operator"]), tuple(one.get("values", ())))
        for one in made.get("matchExpressions", ())
    )
    return Selector((*exact, *others))


def peer_of(made: Manifest) -> Peer:
    if "ipBlock" in made:
        return Peer(block=made["ipBlock"]["cidr"], but=tuple(made["ipBlock"].get("except", ())))
    chosen = {key: selector_of(made[key]) for key in ("podSelector", "namespaceSelector") if key in made}
    return Peer(pods=chosen.get("podSelector"), namespaces=chosen.get("namespaceSelector"))


def allowance_of(made: Manifest) -> Allowance:
    listed = made.get("from") or made.get("to") or []
    peers = tuple(peer_of(one) for one in listed)
    ports = (
        PolicyPort(one.get("port"), one.get("protocol", "TCP"), one.get("endPort")) for one in made.get("ports", ())
    )
    return Allowance(peers, tuple(ports))


def policy_of(made: Manifest, number: int) -> Policy:
    spec = made["spec"]
    return Policy(
        Name(made["metadata"]["namespace"], f"policy-{number}"),
        selector_of(spec["podSelector"]),
        limits_ingress="Ingress" in policy_types(spec),
        limits_egress="Egress" in policy_types(spec),
        ingress=tuple(allowance_of(one) for one in spec.get("ingress", ())),
        egress=tuple(allowance_of(one) for one in spec.get("egress", ())),
    )


def policies_of(world: Manifest) -> Policies:
    return Policies((policy_of(one, number) for number, one in enumerate(world["policies"])), world["spaces"])


def end_of(made: Manifest) -> End:
    ports = tuple(Port(number, name, protocol) for name, number, protocol in made["ports"])
    return End("it", made["namespace"] or "", made["labels"], made["ip"], ports)


@settings(max_examples=600, deadline=None)
@given(WORLDS, st.one_of(PODS, OUTSIDE), st.one_of(PODS, OUTSIDE), DOORS)
def test_as_the_specification_reads(world: Manifest, source: Manifest, target: Manifest, door: tuple[str, int]) -> None:
    """Lets pass exactly what a slow reading of the specification lets pass, port by port."""
    ruling = policies_of(world).ruling(end_of(source), end_of(target), Door(door[1], door[0]))
    assert ruling.passes is passes_slowly(world, source, target, door)


@settings(max_examples=300, deadline=None)
@given(WORLDS, PODS, PODS, DOORS, st.sampled_from(("labels", "address", "ports", "spaces")))
def test_what_is_not_known_never_cuts(
    world: Manifest, source: Manifest, target: Manifest, door: tuple[str, int], unknown: str
) -> None:
    """Calls nothing cut for want of knowledge: who knows less cuts no more."""
    known = policies_of(world).ruling(end_of(source), end_of(target), Door(door[1], door[0]))
    blinds: dict[str, Manifest] = {"labels": {"labels": None}, "address": {"address": ""}, "ports": {"ports": None}}
    blind = blinds.get(unknown, {})
    one, other = (End(**{**fields(end_of(made)), **blind}) for made in (source, target))
    less = policies_of({**world, "spaces": {}} if unknown == "spaces" else world)
    assert less.ruling(one, other, Door(door[1], door[0])).passes or not known.passes


def fields(end: End) -> dict[str, Any]:
    return {name: getattr(end, name) for name in end.__struct_fields__}


@settings(max_examples=200, deadline=None)
@given(WORLDS, PODS, PODS, DOORS)
def test_who_holds_it(world: Manifest, source: Manifest, target: Manifest, door: tuple[str, int]) -> None:
    """Names as holders the policies that select the ends, and none where it passes."""
    rules = policies_of(world)
    one, other = end_of(source), end_of(target)
    ruling = rules.ruling(one, other, Door(door[1], door[0]))
    assert set(ruling.leaving) <= {policy.name for policy in rules.selecting(Way.OUT, one)}
    assert set(ruling.entering) <= {policy.name for policy in rules.selecting(Way.IN, other)}
    assert ruling.passes is not bool(ruling.leaving or ruling.entering)


POD = End("pod", "a", {"x": "1"}, "10.0.0.1", (Port(3, "http"),))
OTHER = End("other", "b", {"y": "2"}, "10.0.0.2", ())


def one_policy(**facts: Any) -> Policies:
    made: dict[str, Any] = {"name": Name("a", "p"), "pods": Selector()}
    return Policies((Policy(**{**made, **facts}),), {"a": {"team": "a"}, "b": {"team": "b"}})


@pytest.mark.parametrize(
    ("allowance", "passes"),
    [
        (Allowance(), True),
        (Allowance((Peer(),)), False),
        (Allowance((Peer(pods=Selector()),)), False),
        (Allowance((Peer(namespaces=Selector()),)), True),
        (Allowance((Peer(pods=Selector.of_labels({"y": "1"}), namespaces=Selector()),)), False),
        (Allowance((Peer(pods=Selector.of_labels({"y": "1"})), Peer(namespaces=Selector()))), True),
        (Allowance((Peer(block="no block"),)), True),
        (Allowance(ports=(PolicyPort("http"),)), True),
        (Allowance(ports=(PolicyPort("http", "UDP"),)), False),
        (Allowance(ports=(PolicyPort(2, end=3),)), True),
        (Allowance(ports=(PolicyPort(4, end=6),)), False),
    ],
)
def test_peers_and_ports(allowance: Allowance, passes: bool) -> None:  # noqa: FBT001
    """Reads selectors that stand together as both, and apart as either; a port by number, name and range."""
    assert one_policy(ingress=(allowance,)).ruling(OTHER, POD, Door(3)).passes is passes


@pytest.mark.parametrize(
    ("block", "also", "passes"),
    [("10.96.0.0/12", (), False), ("10.96.0.0/12", ("10.97.0.1",), True), ("fd00::/8", (), True)],
)
def test_other_addresses_of_a_pod(block: str, also: tuple[str, ...], passes: bool) -> None:  # noqa: FBT001
    """Lets pass by the address of the service on the way too, and what may have an address of the other family."""
    out = one_policy(limits_ingress=False, limits_egress=True, egress=(Allowance((Peer(block=block),)),))
    target = End("other", "b", {}, "10.0.0.2", (), also)
    assert out.ruling(POD, target, Door(3)).passes is passes
    assert not out.ruling(POD, End("outside", address="10.0.0.2"), Door(3)).passes


def test_a_door_in_words() -> None:
    """Says a port as a person does."""
    assert str(Door(53, "UDP")) == "UDP 53"
