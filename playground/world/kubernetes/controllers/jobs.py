"""Jobs: pods that run to their end, again after a failure as often as they may, and gone after a while."""

from playground.world.kubernetes.conditions import Condition, written
from playground.world.kubernetes.controllers.pods import POD, ForbiddenPodError, Retries, create_pod
from playground.world.kubernetes.events import Source
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.plane import (
    NEVER,
    Plane,
    condition,
    is_over,
    is_ready,
    leaving,
    name_of,
    seconds,
)
from playground.world.kubernetes.store import Deletion, Frozen

_SOURCE = Source("job-controller")
_JOB = kind_named("Job")
_FIRST_WAIT_S, _LONGEST_WAIT_S = 10.0, 360.0


class Jobs:
    """The controller. It remembers what it tries again, and when."""

    def __init__(self) -> None:
        self._retries = Retries()

    def reconcile(self, plane: Plane) -> float:
        """Bring every job on, and report on it."""
        return min((self._step(plane, job) for job in plane.listed("Job") if not leaving(job)), default=NEVER)

    def age(self, by_s: float) -> None:
        """Have failed so many seconds earlier."""
        self._retries.age(by_s)

    def _step(self, plane: Plane, job: Frozen) -> float:
        if _finished(job):
            return _expire(plane, job)
        if job["spec"].get("suspend"):
            return NEVER
        pods = plane.owned("Pod", job)
        due_s = self._bring(plane, job, pods)
        return min(due_s, _report(plane, job, plane.owned("Pod", job)))

    def _bring(self, plane: Plane, job: Frozen, pods: list[Frozen]) -> float:
        done = [pod for pod in pods if pod["status"]["phase"] == "Succeeded"]
        failed = [pod for pod in pods if pod["status"]["phase"] == "Failed"]
        going = [pod for pod in pods if not is_over(pod) and not leaving(pod)]
        missing = min(job["spec"].get("parallelism", 1), job["spec"].get("completions", 1) - len(done)) - len(going)
        if missing <= 0 or len(failed) > job["spec"].get("backoffLimit", 6):
            return NEVER
        due_s = _pause_s(failed)
        if due_s > plane.now_s:
            return due_s
        waits_s = self._retries.waits(job["metadata"]["uid"], plane.now_s)
        return waits_s if waits_s is not None else self._create(plane, job)

    def _create(self, plane: Plane, job: Frozen) -> float:
        try:
            create_pod(plane, job, _SOURCE)
        except ForbiddenPodError as forbidden:
            plane.events.warning(job, _SOURCE, "FailedCreate", f"Error creating: {forbidden}")
            return self._retries.failed(job["metadata"]["uid"], plane.now_s)
        self._retries.worked(job["metadata"]["uid"])
        return plane.now_s


def _pause_s(failed: list[Frozen]) -> float:
    """When the next try may begin: ten seconds after the first failure, then later and later."""
    if not failed:
        return 0.0
    ended_s = max(seconds(condition(pod, "Ready").get("lastTransitionTime", "1970-01-01T00:00:00Z")) for pod in failed)
    pause_s = min(_FIRST_WAIT_S * 2.0 ** (len(failed) - 1), _LONGEST_WAIT_S)
    return float(ended_s) + pause_s


def _finished(job: Frozen) -> bool:
    return any(condition(job, word).get("status") == "True" for word in ("Complete", "Failed"))


def _report(plane: Plane, job: Frozen, pods: list[Frozen]) -> float:
    spec, began = job["spec"], job.get("status", {}).get("startTime") or plane.now
    numbers = {
        "active": sum(not is_over(pod) and not leaving(pod) for pod in pods),
        "succeeded": sum(pod["status"]["phase"] == "Succeeded" for pod in pods),
        "failed": sum(pod["status"]["phase"] == "Failed" for pod in pods),
    }
    over_s = seconds(began) + spec["activeDeadlineSeconds"] if "activeDeadlineSeconds" in spec else NEVER
    status: Thing = {"startTime": began, **{word: number for word, number in numbers.items() if number}}
    status |= {"terminating": 0, "uncountedTerminatedPods": {}, "ready": sum(is_ready(pod) for pod in pods)}
    verdict = _verdict(job, numbers, late=plane.now_s >= over_s)
    if verdict:
        _close(plane, job, pods, verdict)
        status["conditions"] = written(None, plane.now, *verdict)
        status |= {"completionTime": plane.now} if verdict[-1].type == "Complete" else {}
    plane.write_status(job, status)
    return NEVER if verdict else over_s


def _verdict(job: Frozen, numbers: dict[str, int], *, late: bool) -> list[Condition]:
    extra: Thing = {"lastProbeTime": None}
    if numbers["succeeded"] >= job["spec"].get("completions", 1):
        said = ("True", "CompletionsReached", "Reached expected number of succeeded pods", extra)
        return [Condition("SuccessCriteriaMet", *said), Condition("Complete", *said)]
    if late:
        said = ("True", "DeadlineExceeded", "Job was active longer than specified deadline", extra)
        return [Condition("FailureTarget", *said), Condition("Failed", *said)]
    if numbers["failed"] > job["spec"].get("backoffLimit", 6):
        said = ("True", "BackoffLimitExceeded", "Job has reached the specified backoff limit", extra)
        return [Condition("FailureTarget", *said), Condition("Failed", *said)]
    return []


def _close(plane: Plane, job: Frozen, pods: list[Frozen], verdict: list[Condition]) -> None:
    last = verdict[-1]
    if last.type == "Complete":
        plane.events.normal(job, _SOURCE, "Completed", "Job completed")
    else:
        plane.events.warning(job, _SOURCE, last.reason, last.message)
    for pod in pods:
        if not is_over(pod) and not leaving(pod):
            plane.store.delete(POD, pod["metadata"]["namespace"], name_of(pod))


def _expire(plane: Plane, job: Frozen) -> float:
    """Delete a finished job after the time that it says."""
    keeps_s = job["spec"].get("ttlSecondsAfterFinished")
    if keeps_s is None:
        return NEVER
    ends = max(one["lastTransitionTime"] for one in job["status"]["conditions"])
    due_s: float = seconds(ends) + keeps_s
    if plane.now_s >= due_s:
        plane.store.delete(_JOB, job["metadata"]["namespace"], name_of(job), Deletion(propagation="Background"))
        return NEVER
    return due_s
