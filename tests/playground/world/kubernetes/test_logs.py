"""Logs of containers: which one, which run, which part, and what is said when there is none."""

from datetime import timedelta
from typing import Any

import pytest

from playground.world.kubernetes.kubelets import Line
from playground.world.kubernetes.store import draft
from tests.playground.world.kubernetes.clients import NOW, PODS, Answered, client, stocked
from tests.playground.world.kubernetes.fakes import POD, FakeKubelets, pod, stored

LOG = f"{PODS}/one/log"


async def asked(path: str, kubelets: FakeKubelets, thing: dict[str, Any] | None = None) -> Answered:
    store = stocked()
    stored(store, POD, thing or pod())
    async with client(store, kubelets) as asker:
        return await asker.get(path)


@pytest.fixture
def kubelets() -> FakeKubelets:
    fake = FakeKubelets()
    fake.say("a", "b", "c")
    return fake


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "a\nb\nc\n"),
        ("?tailLines=2", "b\nc\n"),
        ("?tailLines=0", ""),
        ("?tailLines=9", "a\nb\nc\n"),
        ("?limitBytes=3", "a\nb"),
        ("?sinceSeconds=1", "b\nc\n"),
        ("?sinceTime=2026-11-23T16:25:21Z", "c\n"),
        ("?tailLines=1&timestamps=true", "2026-11-23T16:25:21.000000000Z c\n"),
        ("?container=app", "a\nb\nc\n"),
    ],
)
async def test_a_part_of_a_log(kubelets: FakeKubelets, query: str, text: str) -> None:
    """Gives the part that is asked for, as plain text."""
    answer = await asked(LOG + query, kubelets)
    assert (answer.status, answer.content_type, answer.text) == (200, "text/plain; charset=utf-8", text)


async def test_the_run_before(kubelets: FakeKubelets) -> None:
    """Gives the log of the run before, and says when there was none."""
    none = await asked(f"{LOG}?previous=true", kubelets)
    assert (none.status, none.message) == (400, 'previous terminated container "app" in pod "one" not found')
    kubelets.say("died", previous=True)
    assert (await asked(f"{LOG}?previous=true", kubelets)).text == "died\n"
    assert kubelets.asked == [("app", True), ("app", True)]


async def test_which_container(kubelets: FakeKubelets) -> None:
    """Wants to know which container is meant when there are several, and lists them."""
    several = [{"name": "app", "image": "x"}, {"name": "side", "image": "x"}]
    first = [{"name": "wait", "image": "x"}]
    thing = pod(containers=several, initContainers=first)
    answer = await asked(LOG, kubelets, thing)
    choice = "choose one of: [app side] or one of the init containers: [wait]"
    assert (answer.status, answer.message) == (400, f"a container name must be specified for pod one, {choice}")
    kubelets.say("done", container="wait")
    assert (await asked(f"{LOG}?container=wait", kubelets, thing)).text == "done\n"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("ContainerCreating", "ContainerCreating"),
        ("CreateContainerConfigError", "CreateContainerConfigError"),
        ("ImagePullBackOff", "trying and failing to pull image"),
        ("ErrImagePull", "trying and failing to pull image"),
    ],
)
async def test_a_container_that_has_not_begun(kubelets: FakeKubelets, reason: str, words: str) -> None:
    """Says what a container waits for that has never run."""
    waiting = {"name": "app", "state": {"waiting": {"reason": reason}}, "lastState": {}}
    answer = await asked(LOG, kubelets, {**pod(), "status": {"containerStatuses": [waiting]}})
    assert (answer.status, answer.message) == (400, f'container "app" in pod "one" is waiting to start: {words}')


async def test_a_container_between_two_runs(kubelets: FakeKubelets) -> None:
    """Gives the log of a container that waits for its next start."""
    told = {"waiting": {"reason": "CrashLoopBackOff"}}
    crashed = {"name": "app", "state": told, "lastState": {"terminated": {"exitCode": 1}}}
    answer = await asked(LOG, kubelets, {**pod(), "status": {"containerStatuses": [crashed]}})
    assert answer.text == "a\nb\nc\n"


async def test_a_pod_without_a_node(kubelets: FakeKubelets) -> None:
    """Gives an empty log of a pod that has not been scheduled."""
    answer = await asked(LOG, kubelets, {**pod(nodeName=""), "status": {"phase": "Pending"}})
    assert (answer.status, answer.text, kubelets.asked) == (200, "", [])


async def test_a_node_that_does_not_answer(kubelets: FakeKubelets) -> None:
    """Answers 500 with the address that was asked in vain."""
    kubelets.gone = "dial tcp 10.0.0.11:10250: i/o timeout"
    answer = await asked(f"{LOG}?tailLines=5&previous=true", kubelets)
    where = "https://10.0.0.11:10250/containerLogs/volaticloud/one/app?previous=true&tailLines=5"
    assert (answer.status, answer.message) == (500, f'Get "{where}": {kubelets.gone}')


async def test_a_negative_number(kubelets: FakeKubelets) -> None:
    """Refuses a negative number of lines."""
    answer = await asked(f"{LOG}?tailLines=-1", kubelets)
    assert (answer.status, answer.body["reason"]) == (422, "Invalid")


async def test_a_log_is_followed() -> None:
    """Follows a log line by line until its container has ended."""
    store, kubelets = stocked(), FakeKubelets()
    stored(store, POD, pod())
    kubelets.say("a")

    async def sleep(_seconds: float) -> None:
        kubelets.logs["app", False] = [*kubelets.logs["app", False], Line(NOW + timedelta(seconds=1), "b")]
        ended = draft(store.listed(POD)[0])
        ended["status"]["containerStatuses"][0]["state"] = {"terminated": {"exitCode": 0}}
        store.replace_status(POD, ended)

    async with client(store, kubelets) as asker:
        asker.cluster.sleep = sleep
        assert (await asker.get(f"{LOG}?follow=true")).text == "a\nb\n"
