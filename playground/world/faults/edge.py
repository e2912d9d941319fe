"""The faults of the simulated edge: one literal table, each a function from one state of the edge to another."""

from collections.abc import Callable
from dataclasses import replace

from playground.world.edge.state import EdgeState
from playground.world.faults.model import Fault

ELSEWHERE = "198.51.100.23"  # an address of nobody (RFC 5737)


def _fault(name: str, breaks: str, expect: str, apply: Callable[[EdgeState], EdgeState]) -> Fault[EdgeState]:
    return Fault(name, "network", "Network Issues: Ingress Issues", breaks, expect, apply)


def _first(state: EdgeState) -> str:
    """The name that is broken where one of them is: the first, by the alphabet."""
    return min(state.records, default="")


def _answering(status: int) -> Callable[[EdgeState], EdgeState]:
    return lambda state: state.with_status(_first(state), status)


#: Of a name's own certificate nothing is known at the edge but what the cluster's secret holds: those faults are there.
EDGE_FAULTS: tuple[Fault[EdgeState], ...] = (
    _fault(
        "api-name-elsewhere",
        "A public name resolves to an address that is not the load balancer's.",
        "network.dns-elsewhere",
        lambda state: state.with_record(_first(state), ELSEWHERE),
    ),
    _fault(
        "api-name-missing",
        "A public name has no record any more.",
        "network.dns-missing",
        lambda state: state.without_record(_first(state)),
    ),
    _fault(
        "api-name-empty",
        "A public name exists and has no address.",
        "network.dns-missing",
        lambda state: state.with_record(_first(state)),
    ),
    _fault(
        "nameserver-silent",
        "The nameserver answers nobody.",
        "network.resolver-silent",
        lambda state: replace(state, resolver="silent"),
    ),
    _fault(
        "nameserver-failing",
        "The nameserver answers SERVFAIL to every question.",
        "network.resolver-silent",
        lambda state: replace(state, resolver="failing"),
    ),
    _fault(
        "edge-refused",
        "Nothing listens at the load balancer's address.",
        "network.edge-refused",
        lambda state: replace(state, listening=False),
    ),
    _fault(
        "edge-tls-silent",
        "The load balancer takes connections and never answers the TLS handshake.",
        "network.edge-tls-failed",
        lambda state: replace(state, front="silent"),
    ),
    _fault(
        "edge-mute",
        "The ingress controller takes requests and answers none.",
        "network.edge-silent",
        lambda state: replace(state, front="mute"),
    ),
    _fault(
        "edge-placeholder",
        "The ingress controller shows its placeholder certificate for a name, though the secret is in order.",
        "network.certificate-wrong-name",
        lambda state: state.with_certificate(_first(state), None),
    ),
    _fault("gateway-502", "The gateway answers 502 for a name.", "network.gateway-error", _answering(502)),
    _fault("gateway-503", "The gateway answers 503 for a name.", "network.gateway-error", _answering(503)),
    _fault("gateway-504", "The gateway answers 504 for a name.", "network.gateway-error", _answering(504)),
)
