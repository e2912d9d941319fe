"""Reviews: what the server answers to "may I?", "what may I?" and "who am I?"."""

from playground.world.kubernetes import status
from playground.world.kubernetes.access import Deed, Forbidden, decide, grants
from playground.world.kubernetes.calls import Call, Reply, User, told
from playground.world.kubernetes.kinds import Thing


def answer(call: Call, forbidden: tuple[Forbidden, ...]) -> Reply:
    """A review with its status. Nothing is stored."""
    asked = call.thing()
    kind = call.at.kind.kind
    spec = asked.get("spec") or {}
    head = {"kind": kind, "apiVersion": call.at.kind.api_version, "metadata": asked.get("metadata") or {}}
    if kind == "SelfSubjectReview":
        return told(201, {**head, "status": {"userInfo": _user_info(call.who)}})
    if kind == "SelfSubjectRulesReview":
        return told(201, {**head, "spec": {}, "status": _rules(call, spec.get("namespace", ""), forbidden)})
    if kind == "TokenReview":
        raise status.not_allowed()
    who = call.who if kind == "SelfSubjectAccessReview" else User(spec.get("user", ""), tuple(spec.get("groups") or ()))
    allowed, reason = decide(call.store, who, _deed(spec), forbidden)
    verdict: Thing = {"allowed": allowed, "reason": reason} if reason else {"allowed": allowed}
    return told(201, {**head, "spec": spec, "status": verdict})


def _deed(spec: Thing) -> Deed:
    asked = spec.get("resourceAttributes")
    if asked is None:
        page = spec.get("nonResourceAttributes") or {}
        return Deed(page.get("verb", ""), path=page.get("path", ""))
    part = asked.get("subresource", "")
    resource = f"{asked.get('resource', '')}/{part}" if part else asked.get("resource", "")
    group, space, name = (asked.get(word, "") for word in ("group", "namespace", "name"))
    return Deed(asked.get("verb", ""), resource, group, space, name)


def _user_info(who: User) -> Thing:
    return {"username": who.name, "groups": list(who.groups)}


def _rules(call: Call, namespace: str, forbidden: tuple[Forbidden, ...]) -> Thing:
    """All rules in a namespace. What is forbidden besides is taken out, as far as the rules name it."""
    if not namespace:
        raise status.bad_request("no namespace on request")
    having = [grant.rule for grant in grants(call.store, call.who, namespace)]
    barred = [one for one in forbidden if one.namespace in {"", namespace}]
    rules = [left for rule in having if "resources" in rule for left in _without(rule, barred)]
    pages = [rule for rule in having if "nonResourceURLs" in rule]
    return {"resourceRules": rules, "nonResourceRules": pages, "incomplete": False}


def _without(rule: Thing, barred: list[Forbidden]) -> list[Thing]:
    if not barred:
        return [rule]
    resources: dict[str, list[str]] = {}
    for resource in rule["resources"]:
        verbs = [
            verb
            for verb in rule["verbs"]
            if not any(one.covers(Deed(verb, resource, namespace=one.namespace)) for one in barred)
        ]
        resources[resource] = verbs
    return [{**rule, "verbs": verbs, "resources": [resource]} for resource, verbs in resources.items() if verbs]
