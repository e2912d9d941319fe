"""The cluster's memory: versions, generations, conflicts, deletions, dry runs, and what has changed."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from playground.world.kubernetes.kinds import KINDS, kind_at, kind_named
from playground.world.kubernetes.store import (
    AlreadyExistsError,
    ConflictError,
    Deletion,
    ExpiredError,
    MissingError,
    Store,
    draft,
)

NOW = datetime(2026, 11, 23, 16, 25, 15, tzinfo=UTC)
POD, DEPLOYMENT, SECRET, NODE = (kind_named(name) for name in ("Pod", "Deployment", "Secret", "Node"))
NAMESPACE = kind_named("Namespace")


def store(remembered: int = 100) -> Store:
    return Store(lambda: NOW, remembered=remembered)


def pod(name: str = "one", node: str = "node-1", **about: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "here", **about}, "spec": {"nodeName": node}, "status": {}}


def test_a_new_object_is_filled_in() -> None:
    """Gives a new object its uid, version, time, generation, kind and apiVersion."""
    made = store().create(DEPLOYMENT, {"metadata": {"name": "one", "namespace": "here"}, "spec": {"replicas": 1}})
    about = made["metadata"]
    assert (made["kind"], made["apiVersion"]) == ("Deployment", "apps/v1")
    assert (about["generation"], about["creationTimestamp"]) == (1, "2026-11-23T16:25:15Z")
    assert len(about["uid"]) == 36
    assert int(about["resourceVersion"]) > 0


def test_names_are_made() -> None:
    """Makes a name from generateName, and the same ones for the same seed."""
    first, second = (store().create(POD, {"metadata": {"generateName": "job-", "namespace": "a"}}) for _ in "ab")
    assert first["metadata"]["name"].startswith("job-")
    assert len(first["metadata"]["name"]) == len("job-12345")
    assert first["metadata"]["name"] == second["metadata"]["name"]


def test_a_name_is_taken_once() -> None:
    """Refuses a second object of the same name."""
    here = store()
    here.create(SECRET, {"metadata": {"name": "one", "namespace": "here"}})
    with pytest.raises(AlreadyExistsError, match='secrets "one" already exists'):
        here.create(SECRET, {"metadata": {"name": "one", "namespace": "here"}})


def test_what_is_given_out_stays_as_it_is() -> None:
    """Refuses changes of what it gives out, at any depth, and lets a draft be changed."""
    made = store().create(POD, {**pod(), "spec": {"containers": [{"name": "x"}]}})
    with pytest.raises(TypeError, match="draft"):
        made["spec"]["containers"][0]["name"] = "y"
    with pytest.raises(TypeError, match="draft"):
        made["spec"]["containers"].append({})
    mine = draft(made)
    mine["spec"]["containers"][0]["name"] = "y"
    assert made["spec"]["containers"][0]["name"] == "x"


def test_generation_counts_what_is_wanted() -> None:
    """Counts a change of the spec, not one of labels or status, and writes nothing when nothing changes."""
    here = store()
    made = here.create(DEPLOYMENT, {"metadata": {"name": "one", "namespace": "here"}, "spec": {"replicas": 1}})
    labelled = here.replace(DEPLOYMENT, {**draft(made), "metadata": {**made["metadata"], "labels": {"a": "b"}}})
    assert labelled["metadata"]["generation"] == 1
    scaled = here.replace(DEPLOYMENT, {**draft(labelled), "spec": {"replicas": 2}})
    assert scaled["metadata"]["generation"] == 2
    assert here.replace(DEPLOYMENT, draft(scaled)) is scaled
    assert here.replace_status(DEPLOYMENT, {**draft(scaled), "status": {"replicas": 2}})["metadata"]["generation"] == 2


def test_binding_a_pod_is_no_change_of_what_is_wanted() -> None:
    """Leaves a pod's generation alone when a node is found for it."""
    here = store()
    made = draft(here.create(POD, pod(node="")))
    made["spec"]["nodeName"] = "node-1"
    assert here.replace(POD, made)["metadata"]["generation"] == 1


def test_spec_and_status_are_written_apart() -> None:
    """Leaves the status alone when the object is written, and the rest when the status is."""
    here = store()
    made = here.create(POD, {**pod(), "status": {"phase": "Pending"}})
    changed = {**draft(made), "spec": {"nodeName": "other"}, "status": {"phase": "Running"}}
    assert here.replace(POD, changed)["status"] == {"phase": "Pending"}
    later = draft(here.listed(POD)[0])
    later |= {"spec": {}, "status": {"phase": "Running"}}
    written = here.replace_status(POD, later)
    assert (written["spec"], written["status"]) == ({"nodeName": "other"}, {"phase": "Running"})


def test_an_old_version_is_a_conflict() -> None:
    """Refuses to write over what has been changed meanwhile; without a version it writes over anything."""
    here = store()
    old = here.create(POD, pod())
    new = here.replace_status(POD, {**draft(old), "status": {"phase": "Running"}})
    with pytest.raises(ConflictError, match='on pods "one": the object has been modified; please apply'):
        here.replace(POD, {**draft(old), "spec": {}})
    blind = draft(new)
    del blind["metadata"]["resourceVersion"]
    blind["spec"] = {"nodeName": "x"}
    assert here.replace(POD, blind)["spec"] == {"nodeName": "x"}
    with pytest.raises(MissingError):
        here.replace(POD, pod("two"))


def test_another_uid_is_a_conflict() -> None:
    """Refuses to write over an object that was made anew under the same name."""
    here = store()
    old = here.create(SECRET, {"metadata": {"name": "one", "namespace": "here"}})
    here.delete(SECRET, "here", "one")
    here.create(SECRET, {"metadata": {"name": "one", "namespace": "here"}})
    with pytest.raises(ConflictError, match="UID"):
        here.replace(SECRET, draft(old))


def test_a_pod_is_given_its_grace() -> None:
    """Marks a pod on a node and keeps it until its kubelet removes it; a shorter grace shortens."""
    here = store()
    here.create(POD, pod())
    marked = here.delete(POD, "here", "one")
    assert marked["metadata"]["deletionTimestamp"] == "2026-11-23T16:25:45Z"
    assert (marked["metadata"]["deletionGracePeriodSeconds"], marked["metadata"]["generation"]) == (30, 2)
    assert here.delete(POD, "here", "one") == marked
    assert here.delete(POD, "here", "one", Deletion(grace_s=5))["metadata"]["deletionGracePeriodSeconds"] == 5
    here.remove(POD, "here", "one")
    assert here.read(POD, "here", "one") is None


def test_a_pod_without_work_goes_at_once() -> None:
    """Gives no grace to a pod that no node has, that has ended, or that is deleted by force."""
    here = store()
    here.create(POD, pod("unbound", node=""))
    here.create(POD, {**pod("over"), "status": {"phase": "Failed"}})
    here.create(POD, pod("forced"))
    for name, how in (("unbound", None), ("over", None), ("forced", Deletion(grace_s=0))):
        here.delete(POD, "here", name, how)
    assert here.listed(POD) == ()


def test_finalizers_hold() -> None:
    """Keeps what has finalizers, marked, until the last is taken away."""
    here = store()
    here.create(SECRET, {"metadata": {"name": "one", "namespace": "here", "finalizers": ["a/b"]}})
    marked = draft(here.delete(SECRET, "here", "one"))
    assert marked["metadata"]["deletionTimestamp"]
    marked["metadata"]["finalizers"] = []
    here.replace(SECRET, marked)
    assert here.read(SECRET, "here", "one") is None


def test_a_stuck_pod_stays() -> None:
    """Keeps a pod with a finalizer even after its kubelet is done with it."""
    here = store()
    here.create(POD, pod(finalizers=["a/b"]))
    here.delete(POD, "here", "one")
    here.remove(POD, "here", "one")
    assert here.listed(POD)[0]["metadata"]["deletionGracePeriodSeconds"] == 0


def test_foreground_waits_for_the_parts() -> None:
    """Marks what is deleted in the foreground with the finalizer that the collector of garbage takes away."""
    here = store()
    here.create(DEPLOYMENT, {"metadata": {"name": "one", "namespace": "here"}})
    marked = here.delete(DEPLOYMENT, "here", "one", Deletion(propagation="Foreground"))
    assert marked["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert (marked["metadata"]["generation"], marked["metadata"]["deletionGracePeriodSeconds"]) == (2, 0)


def test_a_namespace_terminates() -> None:
    """Lets a namespace terminate until it is removed."""
    here = store()
    here.create(NAMESPACE, {"metadata": {"name": "one"}, "spec": {"finalizers": ["kubernetes"]}})
    assert here.delete(NAMESPACE, "", "one")["status"]["phase"] == "Terminating"
    here.remove(NAMESPACE, "", "one")
    assert here.listed(NAMESPACE) == ()


def test_preconditions_are_held() -> None:
    """Deletes only what still has the uid and the version that were said."""
    here = store()
    made = here.create(POD, pod())
    with pytest.raises(ConflictError, match=r"the UID in the precondition \(x\) does not match"):
        here.delete(POD, "here", "one", Deletion(uid="x"))
    with pytest.raises(ConflictError, match="ResourceVersion"):
        here.delete(POD, "here", "one", Deletion(version="1"))
    exact = Deletion(0, uid=made["metadata"]["uid"], version=made["metadata"]["resourceVersion"])
    here.delete(POD, "here", "one", exact)
    assert here.listed(POD) == ()


def test_lists_are_in_order() -> None:
    """Lists one namespace or all, ordered by namespace and name, also after a write."""
    here = store()
    for space, name in (("b", "1"), ("a", "2"), ("a", "1")):
        here.create(SECRET, {"metadata": {"name": name, "namespace": space}})
    assert [one["metadata"]["name"] for one in here.listed(SECRET, "a")] == ["1", "2"]
    here.create(SECRET, {"metadata": {"name": "0", "namespace": "a"}})
    listed = [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in here.listed(SECRET)]
    assert listed == [("a", "0"), ("a", "1"), ("a", "2"), ("b", "1")]


def test_a_rehearsal_changes_nothing() -> None:
    """Lets a dry run go through every rule and leaves the objects, the version and the dice alone."""
    here, twin = store(), store()
    for one in (here, twin):
        one.create(POD, pod())
    rehearsal = here.rehearsal()
    rehearsal.delete(POD, "here", "one", Deletion(0))
    rehearsal.create(POD, pod("two"))
    assert (len(here.listed(POD)), here.version, here.changes(0 + 1000)[-1].type) == (1, twin.version, "ADDED")
    again = [one.create(POD, {"metadata": {"generateName": "x", "namespace": "a"}}) for one in (here, twin)]
    assert again[0] == again[1]


def test_changes_since_a_version() -> None:
    """Tells what was written since a version, with the object as it was before; the deleted one has a new version."""
    here = store()
    start = int(here.version)
    made = here.create(SECRET, {"metadata": {"name": "one", "namespace": "here"}})
    here.replace(SECRET, {**draft(made), "data": {}})
    here.delete(SECRET, "here", "one")
    seen = here.changes(start)
    assert [change.type for change in seen] == ["ADDED", "MODIFIED", "DELETED"]
    assert [int(change.thing["metadata"]["resourceVersion"]) for change in seen] == [start + 1, start + 2, start + 3]
    assert (seen[0].before, seen[1].before) == (None, made)
    assert [change.type for change in here.changes(start + 2)] == ["DELETED"]
    assert here.changes(start + 99) == []


def test_lists_of_before() -> None:
    """Lists what there was at an earlier version, in order, as long as the changes since are known."""
    here = store()
    first = here.create(SECRET, {"metadata": {"name": "b", "namespace": "here"}})
    here.create(SECRET, {"metadata": {"name": "c", "namespace": "other"}})
    then = int(here.version)
    here.replace(SECRET, {**draft(first), "data": {}})
    here.create(SECRET, {"metadata": {"name": "a", "namespace": "here"}})
    here.delete(SECRET, "other", "c")
    assert here.listed_at(SECRET, "here", then) == (first,)
    assert [one["metadata"]["name"] for one in here.listed_at(SECRET, "", then)] == ["b", "c"]
    here.forget()
    with pytest.raises(ExpiredError):
        here.listed_at(SECRET, "", then)


def test_old_changes_are_forgotten() -> None:
    """Says that a version is too old once its changes are forgotten, by number or at once."""
    here = store(remembered=2)
    start = int(here.version)
    for name in "abc":
        here.create(SECRET, {"metadata": {"name": name, "namespace": "here"}})
    with pytest.raises(ExpiredError, match="too old resource version"):
        here.changes(start)
    assert len(here.changes(start + 1)) == 2
    here.forget()
    with pytest.raises(ExpiredError):
        here.changes(start + 2)


async def test_watchers_are_woken() -> None:
    """Wakes whoever waits for a write, at the write."""
    here = store()
    waiting = asyncio.create_task(here.changed(int(here.version)))
    await asyncio.sleep(0)
    assert not waiting.done()
    here.create(NODE, {"metadata": {"name": "node-1"}})
    await asyncio.wait_for(waiting, 1)


def test_kinds_are_found() -> None:
    """Finds kinds by name and by address, keeps both kinds of events in one place, and names each address once."""
    assert kind_named("Event").group == ""
    assert kind_named("HorizontalPodAutoscaler").version == "v2"
    assert kind_at("apps", "v1", "deployments") is DEPLOYMENT
    assert kind_at("apps", "v1", "nopes") is None
    other = kind_at("events.k8s.io", "v1", "events")
    assert other is not None
    assert other.storage == kind_named("Event").storage
    assert len({(kind.group, kind.version, kind.plural) for kind in KINDS}) == len(KINDS)


def test_encoding_is_whole() -> None:
    """Encodes an object with its kind, and without it for lists."""
    made = store().create(SECRET, {"metadata": {"name": "one", "namespace": "here"}, "data": {"a": "Yg=="}})
    assert made.encoded().startswith(b'{"kind":"Secret","apiVersion":"v1","metadata":{')
    assert made.body().startswith(b'{"metadata":{')
