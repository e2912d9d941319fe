"""What acts leave behind is what the real kubectl leaves behind, and both call a rollout through at the same moment."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.actions.act import Act, Did
from bot.actions.hands import Kind
from bot.actions.restart import Restart
from bot.actions.rollback import Rollback
from bot.actions.rollout import Stage as Where
from bot.actions.rollout import judged
from bot.actions.scale import Scale
from tests.bot.actions.stage import BACKEND, BACKEND_REF, SPACE, Stage, stage

pytestmark = pytest.mark.live

PATIENCE_S = 30.0
KEYCLOAK = "volaticloud-keycloak"
#: What is other each time: who it is, when it happened, which version of it this is.
_OWN = {"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"}
_MARK = "kubectl.kubernetes.io/restartedAt"


@pytest.fixture(autouse=True)
def installed(pytestconfig: pytest.Config) -> None:
    """Skip, with the reason, where kubectl is not installed."""
    if shutil.which("kubectl") is None:
        if pytestconfig.getoption("require_live"):
            pytest.fail("kubectl is not installed")
        pytest.skip("kubectl is not installed")


@pytest.fixture
async def theirs() -> AsyncIterator[Stage]:
    """The same cluster once more, for kubectl to work on."""
    async with stage() as one:
        yield one


async def kubectl(here: Stage, home: Path, *words: str) -> tuple[int, str]:
    """Its exit code, and what it prints."""
    process = await asyncio.create_subprocess_exec(
        "kubectl",
        *words,
        env={"KUBECONFIG": str(here.server.kubeconfig()), "HOME": str(home), "PATH": "/usr/bin:/bin:/usr/local/bin"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE_S):
        told, _ = await process.communicate()
    return process.returncode or 0, told.decode()


def left(here: Stage, kind: str, name: str, namespace: str) -> dict[str, Any]:
    """A workload but for what is other each time; a restart's mark only as being there."""
    thing = here.found(kind, name, namespace)
    about = {key: value for key, value in thing["metadata"].items() if key not in _OWN}
    template = thing["spec"]["template"]
    marks = dict((template.get("metadata") or {}).get("annotations") or {})
    if _MARK in marks:
        marks[_MARK] = "some time"
    metadata = {**template["metadata"], "annotations": marks}
    return {"metadata": about, "spec": {**thing["spec"], "template": {**template, "metadata": metadata}}}


def release(here: Stage) -> None:
    """A newer version of the backend, rolled out."""

    def newer(thing: Any) -> None:
        thing["spec"]["template"]["spec"]["containers"][0]["image"] = "ghcr.io/volaticloud/volaticloud:2.15.0"
        thing["metadata"]["annotations"]["kubernetes.io/change-cause"] = "release 2.15.0"

    here.change("Deployment", BACKEND, newer)
    here.pass_by(120)


CASES: list[tuple[Act, str, str, str, dict[str, str], tuple[str, ...]]] = [
    (Restart(), "Deployment", BACKEND, SPACE, {}, ("rollout", "restart")),
    (Restart(), "StatefulSet", KEYCLOAK, "keycloak", {}, ("rollout", "restart")),
    (Rollback(), "Deployment", BACKEND, SPACE, {}, ("rollout", "undo")),
    (Scale(), "Deployment", "volaticloud-dashboard", SPACE, {"replicas": "4"}, ("scale", "--replicas=4")),
    (Scale(), "StatefulSet", "etcd", "etcd-system", {"replicas": "1"}, ("scale", "--replicas=1")),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{one[0].name} {one[1]}" for one in CASES])
async def test_the_same_is_left(
    here: Stage, theirs: Stage, tmp_path: Path, case: tuple[Act, str, str, str, dict[str, str], tuple[str, ...]]
) -> None:
    """Leaves the workload just as kubectl does."""
    act, kind, name, namespace, settings, words = case
    for one in (here, theirs):
        release(one)
    plan = await here.planned(act, f"{namespace}/{name}", **settings)
    await here.step(act, plan, 0)
    code, told = await kubectl(theirs, tmp_path, *words, f"{kind.lower()}/{name}", "-n", namespace)
    assert code == 0, told
    assert left(here, kind, name, namespace) == left(theirs, kind, name, namespace)


@pytest.mark.parametrize("case", CASES, ids=[f"{one[0].name} {one[1]}" for one in CASES])
async def test_the_commands_of_a_plan(
    here: Stage, tmp_path: Path, case: tuple[Act, str, str, str, dict[str, str], tuple[str, ...]]
) -> None:
    """Shows commands that do the same when a person runs them."""
    act, kind, name, namespace, settings, _ = case
    release(here)
    plan = await here.planned(act, f"{namespace}/{name}", **settings)
    before = left(here, kind, name, namespace)
    command = plan.draft.steps[0].command.replace("kubectl --context volati ", "")
    code, told = await kubectl(here, tmp_path, *command.split())
    assert code == 0, told
    assert left(here, kind, name, namespace) != before


async def test_the_same_moment(here: Stage, tmp_path: Path) -> None:
    """Calls a rollout through when kubectl does, looked at together all the way."""
    act = Restart()
    plan = await here.planned(act)
    await here.step(act, plan, 0)
    said = set()
    for _ in range(200):
        code, told = await kubectl(
            here, tmp_path, "rollout", "status", "--watch=false", f"deployment/{BACKEND}", "-n", SPACE
        )
        assert code == 0, told
        thing = await here.hands.cluster.read(BACKEND_REF)
        assert thing is not None
        ours = judged(Kind.DEPLOYMENT, thing).stage is Where.THROUGH
        assert ours == ("successfully rolled out" in told), told
        said.add(told)
        if ours:
            break
        here.pass_by(1)
    assert len(said) > 2
    assert isinstance(await here.step(act, plan, 1), Did)
