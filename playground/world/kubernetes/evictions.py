"""Evictions: a pod goes when every disruption budget that is about it lets it go."""

from playground.world.kubernetes import status
from playground.world.kubernetes.calls import Call, Reply, told
from playground.world.kubernetes.frozen import Frozen, draft
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.reading import found
from playground.world.kubernetes.selectors import matches
from playground.world.kubernetes.store import ConflictError, Deletion, Store

_POD, _BUDGET = kind_named("Pod"), kind_named("PodDisruptionBudget")
_FREE = {"Succeeded", "Failed", "Pending"}  # whose going disrupts nothing
_SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."


def evict(call: Call) -> Reply:
    """Evict a pod: the budget is charged, and the pod is deleted with its grace.

    Raises:
        RefusalError: a budget does not allow it, or a precondition does not hold.
    """
    pod = found(call)
    if pod.get("status", {}).get("phase") not in _FREE and not pod["metadata"].get("deletionTimestamp"):
        _charge(call.store, pod)
    options = (call.thing() if call.body.strip() else {}).get("deleteOptions") or {}
    conditions = options.get("preconditions") or {}
    how = Deletion(options.get("gracePeriodSeconds"), conditions.get("uid", ""), conditions.get("resourceVersion", ""))
    try:
        call.store.delete(_POD, call.at.namespace, call.at.name, how)
    except ConflictError as error:
        raise status.conflict(_POD, call.at.name, str(error), by_kind=True) from None
    return told(201, _done())


def _done() -> Thing:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def _charge(store: Store, pod: Frozen) -> None:
    labels = pod["metadata"].get("labels") or {}
    about = pod["metadata"]["namespace"]
    budgets = [one for one in store.listed(_BUDGET, about) if matches(one["spec"].get("selector"), labels)]
    if not budgets:
        return
    if len(budgets) > 1:
        raise status.internal_error(_SEVERAL)
    budget = budgets[0]
    state, name = budget["status"], budget["metadata"]["name"]
    if _unready(pod) and state["currentHealthy"] >= state["desiredHealthy"] > 0:
        return  # a pod that is not ready does not count among the healthy ones
    if state.get("observedGeneration", 0) < budget["metadata"]["generation"]:
        raise status.eviction_unsettled(name)
    if state["disruptionsAllowed"] < 1:
        raise status.eviction_refused(name, state["desiredHealthy"], state["currentHealthy"])
    charged = draft(budget)
    charged["status"]["disruptionsAllowed"] -= 1
    disrupted = charged["status"].setdefault("disruptedPods", {})
    disrupted[pod["metadata"]["name"]] = f"{store.now:%Y-%m-%dT%H:%M:%SZ}"
    store.replace_status(_BUDGET, charged)


def _unready(pod: Frozen) -> bool:
    conditions = pod.get("status", {}).get("conditions") or ()
    return not any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
