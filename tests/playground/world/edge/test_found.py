"""Tests that what is broken at the simulated edge is found: by the bot's own clients, and named first by the area."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from bot.clients.edge import EdgeClient
from bot.clients.names import NameClient
from diagnostics.areas import network
from diagnostics.evidence.cluster.edge import EdgeLook
from diagnostics.evidence.cluster.kinds import ClusterEdge, ClusterSecrets
from diagnostics.judge import Span, judge
from diagnostics.model import Diagnosis, Verdict
from playground.world.certificates import Authority
from playground.world.edge.server import SimulatedEdge
from playground.world.edge.state import EdgeState
from playground.world.faults.edge import EDGE_FAULTS
from playground.world.faults.model import Fault
from tests.diagnostics.areas.cases.routes import API, CONSOLE, CONTEXT, CONTROLLER, ingress, ingresses, seen
from tests.playground.world.edge.platforms import edge_state, trusting

HERE = ("127.0.0.1",)
BOTH = ingresses(ingress(addresses=HERE), ingress("console", CONSOLE, addresses=HERE))
SECONDS = 0.5  # for each stage: what stays silent here never answers


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.new(tmp_path_factory.mktemp("ca"))


async def diagnosed(authority: Authority, edge: SimulatedEdge) -> Diagnosis:
    """The area's answer about a sound platform behind this edge."""
    names = NameClient(edge.nameserver.address, SECONDS)
    client = EdgeClient(names, trusting(authority), edge.front.port, SECONDS)
    looked = await EdgeLook(client, CONTROLLER, "k8s.io/ingress-nginx").look(seen(ingresses=BOTH))
    found = seen(ingresses=BOTH, edge=looked, sealed=ClusterSecrets())
    assert isinstance(found.get(ClusterEdge), ClusterEdge)
    now = datetime.now(UTC)
    return judge(network.AREA, "here", found, replace(CONTEXT, at=now), Span(now, 1))


async def test_a_sound_edge(authority: Authority) -> None:
    """Finds nothing at a sound edge."""
    async with SimulatedEdge(lambda: replace_console(edge_state(authority))) as edge:
        found = await diagnosed(authority, edge)
    assert (found.verdict, found.findings) == (Verdict.HEALTHY, ())


def replace_console(state: EdgeState) -> EdgeState:
    """The same with one family only, as the load balancer has."""
    return state.with_record(CONSOLE, *HERE)


@pytest.mark.parametrize("fault", EDGE_FAULTS, ids=lambda fault: fault.name)
async def test_what_is_broken_is_named_first(authority: Authority, fault: Fault[EdgeState]) -> None:
    """Names first what is broken, and nothing else as a cause of its own; after mending, nothing."""
    async with SimulatedEdge(lambda: replace_console(edge_state(authority))) as edge:
        await edge.switch_on(fault)
        found = await diagnosed(authority, edge)
        assert {cause.id for cause in found.causes} == {fault.expect}
        await edge.heal()
        assert (await diagnosed(authority, edge)).findings == ()


@pytest.mark.parametrize(
    ("kind", "expect"),
    [
        ("expired", "network.certificate-expired"),
        ("expiring", "network.certificate-expiring"),
        ("not-yet-valid", "network.certificate-not-yet-valid"),
        ("untrusted", "network.certificate-untrusted"),
        ("wrong-name", "network.certificate-wrong-name"),
    ],
)
async def test_a_certificate_that_is_shown(authority: Authority, kind: str, expect: str) -> None:
    """Names what is wrong with the certificate that is shown, once."""
    state = replace_console(edge_state(authority, kind))  # type: ignore[arg-type]  # one of the kinds
    async with SimulatedEdge(lambda: state) as edge:
        found = await diagnosed(authority, edge)
    assert [finding.id for finding in found.findings] == [expect]
    assert found.findings[0].subject.name == CONSOLE != API
