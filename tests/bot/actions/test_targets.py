"""Tests of which workload is meant by what a person types, and which are never touched."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.actions.hands import Kind
from bot.actions.plan import Request, Target
from bot.actions.targets import allowed, found, reference
from bot.errors import CannotAct
from diagnostics.evidence.cluster.names import Name
from diagnostics.model import CouldNotLookError, Reason
from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.trouble import Trouble
from tests.bot.actions.stage import EVERYWHERE, SPACE, Stage, stage

KINDS = (Kind.DEPLOYMENT, Kind.STATEFUL_SET, Kind.DAEMON_SET)


async def target(here: Stage, word: str, kinds: tuple[Kind, ...] = KINDS) -> str:
    return str((await found(Request("restart", "production", word), here.hands, kinds)).target)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("backend", "deployment volaticloud/volaticloud-backend"),
        ("volaticloud-backend", "deployment volaticloud/volaticloud-backend"),
        ("deployment/volaticloud-backend", "deployment volaticloud/volaticloud-backend"),
        ("deploy/backend", "deployment volaticloud/volaticloud-backend"),
        ("volaticloud/backend", "deployment volaticloud/volaticloud-backend"),
        ("volaticloud/deployment/backend", "deployment volaticloud/volaticloud-backend"),
        ("keycloak", "statefulset keycloak/volaticloud-keycloak"),
        ("sts/etcd", "statefulset etcd-system/etcd"),
        ("etcd-system/etcd", "statefulset etcd-system/etcd"),
    ],
)
async def test_what_is_meant(here: Stage, word: str, meant: str) -> None:
    """Finds a workload by its name, a part of it, its kind, its namespace."""
    assert await target(here, word) == meant


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("", "Say which workload"),
        ("bakend", "Did you mean volaticloud/volaticloud-backend"),
        ("zzz", "There is no workload “zzz” in volaticloud, keycloak"),
        ("volaticloud", "means several: volaticloud/volaticloud-backend, volaticloud/volaticloud-dashboard"),
        ("kube-system/coredns", "does nothing in namespace kube-system"),
        ("kube-system/deployment/coredns", "does nothing in namespace kube-system"),
        ("coredns", "There is no workload “coredns”"),
        ("default/backend", "does nothing in namespace default"),
        ("../../api", "does nothing in namespace"),
        ("x" * 5000, "There is no workload “…”"),
    ],
)
async def test_what_is_not(here: Stage, word: str, says: str) -> None:
    """Refuses what means nothing or several, or lies elsewhere, in one sentence that helps and is not long."""
    with pytest.raises(CannotAct, match=says) as caught:
        await target(here, word)
    assert len(str(caught.value)) < 400


@given(word=st.text(max_size=40))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_whatever_is_typed(here: Stage, word: str) -> None:
    """Finds something within the configured namespaces, or refuses in words, whatever is typed."""
    try:
        said = await target(here, word)
    except CannotAct as error:
        said = str(error)
    else:
        assert said.split()[1].partition("/")[0] in EVERYWHERE
    assert said.isprintable()


async def test_a_namespace_that_may_not_be_seen(here: Stage) -> None:
    """Finds what it may see, and says what it may not where nothing fits; without any sight it says why."""
    here.server.misbehave(Trouble(forbidden=(Forbidden(("list",), ("deployments",), "monitoring"),)))
    assert await target(here, "backend") == "deployment volaticloud/volaticloud-backend"
    with pytest.raises(CannotAct, match="Not everything could be seen: The right to list deployments"):
        await target(here, "prometheus")
    here.server.misbehave(Trouble(forbidden=(Forbidden(("list",), ("deployments", "statefulsets", "daemonsets"), ""),)))
    with pytest.raises(CouldNotLookError, match="The right to list") as caught:
        await target(here, "backend")
    assert caught.value.reason is Reason.FORBIDDEN


async def test_a_server_that_is_slow_to_tell(here: Stage) -> None:
    """Concludes nothing where a list could not be had for another reason than a right."""
    here.server.misbehave(Trouble(broken=True, paths=("statefulsets",)))
    with pytest.raises(CouldNotLookError, match="failed to list statefulsets"):
        await target(here, "backend")


async def test_what_a_plan_names() -> None:
    """Takes from a plan only what is a workload, in a configured namespace, as they are configured now."""
    assert reference(Target("deployment", Name(SPACE, "x"))) == (Kind.DEPLOYMENT, Name(SPACE, "x"))
    with pytest.raises(CannotAct, match="A node is no workload"):
        reference(Target("node", Name("", "x")))
    async with stage(namespaces=("keycloak",)) as here:
        with pytest.raises(CannotAct, match="does nothing in namespace volaticloud"):
            allowed(Name(SPACE, "volaticloud-backend"), here.hands)
