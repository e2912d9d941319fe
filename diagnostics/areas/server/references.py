"""Checks of secrets and config maps that workloads refer to, and of the backend's own variables. Never of a value."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diagnostics.areas.server.ailments import Ailment
from diagnostics.areas.server.loglines import OF_THE_SECRET
from diagnostics.areas.server.telling import FORM, Told, told
from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context, SealedExpected
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Role
from diagnostics.evidence.cluster.sealed import ClusterSealed
from diagnostics.evidence.cluster.services import Sealed
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates
from diagnostics.evidence.cluster.workloads import ContainerSpec, Origin, Variable
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
_HELD = {Origin.SECRET, Origin.CONFIG}
#: In the kubelet's words: the thing is there without the key, and the thing is not there.
_NO_KEY = re.compile(
    r"couldn't find key (?P<key>\S{1,253}) in (?P<kind>Secret|ConfigMap) \S{1,253}/(?P<name>\S{1,253})"
)
_NO_THING = re.compile(r'(?P<kind>secret|configmap) "(?P<name>[^"]{1,253})" not found')


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """A secret's or config map's key that a workload takes; without a key, all of it. `into` is the variable."""

    origin: Origin
    name: Name
    key: str = ""
    into: str = ""

    def __str__(self) -> str:
        thing = f"{self.origin} {self.name.name}"
        return f"key {self.key} of {thing}" if self.key else thing


@check(
    WorkloadStates,
    "server.reference-missing",
    "A secret or config map that a workload needs is missing",
    _CRITICAL,
    Section.SERVER,
)
def reference_missing(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A container is not made as long as a secret, a config map, or a key in one, that it refers to is not there."""
    stuck = {one.state.subject: one for one in told(seen, context, Ailment.REFERENCE)}
    for state in (*seen.states, *seen.others):
        lacks = tuple(dict.fromkeys(str(one) for one in missing(state, seen.sealed)))
        one = stuck.get(state.subject)
        facts = tuple(Fact("missing", lack) for lack in lacks)
        if one:
            yield _stuck(one, lacks, facts)
        elif lacks and _wanted(state):
            yield _latent(state, ", ".join(lacks), facts, context)


def _stuck(one: Told, lacks: Sequence[str], facts: Sequence[Fact]) -> Sign:
    lack = f", for lack of {', '.join(lacks)}" if lacks else one.quoted
    return one.sign(f"{one.name} does not start in {one.share}{lack}", *facts, *_kubelets(one))


def _kubelets(one: Told) -> Iterator[Fact]:
    """What the kubelet says is missing, for the advice: it names the first of what may be several."""
    words = one.first.words
    found = _NO_KEY.search(words) or _NO_THING.search(words)
    if found is None:
        return
    told = found.groupdict()
    if told["kind"].lower() != "secret":
        yield Fact(FORM, "config map")
        return
    asked = (have.key for have in references(one.state) if have.name.name == told["name"] and have.key)
    key = told.get("key") or next(asked, "")
    yield Fact("secret", told["name"])
    yield from (Fact("key", key) for key in (key,) if key)
    if told.get("key"):
        yield Fact(FORM, "key")


@check(
    WorkloadStates,
    "server.secret-missing",
    "A configured secret does not exist",
    _WARNING,
    Section.SERVER_DATABASE,
)
def secret_missing(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A secret that the platform is said to have is not there, and no workload seen refers to it under this name."""
    for wanted, sealed in _configured(seen, context):
        if not sealed.exists and not _referred(seen, wanted.name):
            yield _about(seen, wanted.name, f"Secret {wanted.name} does not exist", (), context)


@check(
    WorkloadStates,
    "server.secret-key-missing",
    "A configured secret lacks a key",
    _WARNING,
    Section.SERVER_DATABASE,
)
def secret_key_missing(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A key that a secret is said to have is not in it, and no workload seen asks for it by this name."""
    for wanted, sealed in _configured(seen, context):
        asked = {one.key for state in seen.states for one in references(state) if one.name == wanted.name}
        lacks = [key for key in wanted.keys if sealed.exists and sealed.key(key) is None and key not in asked]
        if lacks:
            words = f"Secret {wanted.name} has no key {', '.join(lacks)}"
            facts = (Fact("keys", ", ".join(key.name for key in sealed.keys) or "none"), Fact("key", lacks[0]))
            yield _about(seen, wanted.name, words, facts, context)


@check(WorkloadStates, "server.secret-key-empty", "A secret's key is empty", _WARNING, Section.SERVER)
def secret_key_empty(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A key that is there and empty passes the kubelet, and then fails the program that reads it."""
    for sealed in seen.sealed.secrets if seen.sealed else ():
        empty = [key.name for key in sealed.keys if key.empty and _vital(seen, sealed, key.name, context)]
        if empty:
            words = f"Key {', '.join(empty)} of secret {sealed.name} is empty"
            yield _sealed_sign(sealed.name, words, (Fact("key", empty[0]),), context)


@check(
    WorkloadStates,
    "server.secret-untidy",
    "A secret's value has blanks or a line break around it",
    _CRITICAL,
    Section.SERVER_DATABASE,
)
def secret_untidy(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A line break that came along when a secret was made is part of the password, and the login fails.

    Without such a failure it is a warning; and a note for keys that the platform is not known to depend on, since a
    certificate may well end with a line break.
    """
    for sealed in seen.sealed.secrets if seen.sealed else ():
        untidy = [key.name for key in sealed.keys if key.untidy and _into_variable(seen, sealed.name, key.name)]
        vital = [key for key in untidy if _vital(seen, sealed, key, context)]
        if untidy:
            failing = _logins_failing(seen, sealed.name, context)
            words = f"Key {', '.join(vital or untidy)} of secret {sealed.name} has blanks or a line break around it"
            blamed = f"{words}, and {', '.join(failing)} cannot log in with it" if failing else words
            facts = (Fact("key", (vital or untidy)[0]), *_readers(seen, sealed.name))
            sign = _sealed_sign(sealed.name, blamed, facts, context)
            yield sign if failing else _milder(sign, _WARNING if vital else _NOTE)


CHECKS = (secret_untidy, secret_key_empty, reference_missing, secret_missing, secret_key_missing)


def references(state: WorkloadState) -> Iterator[Reference]:
    """What its containers take into variables and may not do without."""
    for container in state.workload.template.containers:
        for one in container.variables:
            if one.origin in _HELD and one.source and not one.optional:
                yield Reference(one.origin, _here(state, one.source), one.key, one.name)
        for whole in container.wholes:
            if not whole.optional:
                yield Reference(whole.origin, _here(state, whole.source))


def missing(state: WorkloadState, sealed: ClusterSealed | None) -> Iterator[Reference]:
    """The references of which it is known that they lead nowhere; what could not be read is not among them."""
    for one in references(state):
        held = _held(sealed, one.origin, one.name)
        if held is not None and (not held.exists or (one.key and held.key(one.key) is None)):
            yield one


def missing_volumes(state: WorkloadState, sealed: ClusterSealed | None) -> Iterator[Reference]:
    """The volumes of which it is known that they, or a key of theirs, are not there."""
    for volume in state.workload.template.volumes:
        name = _here(state, volume.source)
        held = None if volume.optional else _held(sealed, volume.origin, name)
        if held is not None and not held.exists:
            yield Reference(volume.origin, name)
        elif held is not None:
            yield from (Reference(volume.origin, name, key) for key in volume.keys if held.key(key) is None)


def backend(seen: WorkloadStates, context: Context) -> WorkloadState | None:
    """The platform's backend, of whatever kind it is."""
    name = context.cluster.backend
    return next((one for one in seen.states if one.workload.name == name and one.workload.kind != "Job"), None)


def backend_container(state: WorkloadState, context: Context) -> ContainerSpec | None:
    """The backend's own container: by its name, else the first that is no init container."""
    template = state.workload.template
    main = (one for one in template.containers if one.role is Role.MAIN)
    return template.container(context.cluster.container) or next(main, None)


def unset(seen: WorkloadStates, context: Context) -> tuple[str, ...]:
    """The backend's variables that are known to be missing or empty, each in words."""
    state = backend(seen, context)
    spec = backend_container(state, context) if state else None
    if state is None or spec is None:
        return ()
    looked = ((name, _unset(name, spec, state, seen.sealed)) for name in context.cluster.variables)
    return tuple(f"{name} {why}" for name, why in looked if why)


def _unset(name: str, spec: ContainerSpec, state: WorkloadState, sealed: ClusterSealed | None) -> str:
    """Why a variable has no value; empty where it has one, or where that cannot be told."""
    variable = spec.variable(name)
    if variable is None:
        return _not_in_wholes(name, spec, state, sealed)
    if variable.origin not in _HELD:
        return "is empty" if variable.empty else ""
    held = _held(sealed, variable.origin, _here(state, variable.source))
    return "" if held is None else _hollow(variable, held)


def _hollow(variable: Variable, held: Sealed) -> str:
    key = held.key(variable.key)
    where = f"key {variable.key} of {variable.origin} {variable.source}"
    if key is None:
        return f"is not set: there is no {where}"
    return f"is empty: {where} is" if key.empty else ""


def _not_in_wholes(name: str, spec: ContainerSpec, state: WorkloadState, sealed: ClusterSealed | None) -> str:
    for whole in spec.wholes:
        held = _held(sealed, whole.origin, _here(state, whole.source))
        if held is None:
            return ""  # it may well be in there
        key = held.key(name.removeprefix(whole.prefix)) if name.startswith(whole.prefix) else None
        if key:
            return f"is empty: key {key.name} of {whole.origin} {whole.source} is" if key.empty else ""
    return "is not set"


def _held(sealed: ClusterSealed | None, origin: Origin, name: Name) -> Sealed | None:
    if sealed is None or origin not in _HELD:
        return None
    return sealed.secret(name) if origin is Origin.SECRET else sealed.config(name)


def _here(state: WorkloadState, name: str) -> Name:
    return Name(state.workload.name.namespace, name)


def _wanted(state: WorkloadState) -> bool:
    return state.workload.kind != "Job" and state.workload.wanted > 0 and state.workload.deleting_since is None


def _latent(state: WorkloadState, lacks: str, facts: tuple[Fact, ...], context: Context) -> Sign:
    """What no pod has stumbled over yet: those that run have read it before it went."""
    name = state.workload.name
    words = f"{name.name} could not start again: its pods refer to {lacks}, and there is none"
    command = kubectl(context, "get secrets,configmaps", name.namespace)
    return Sign(state.subject, words, facts, command, _WARNING, (*state.rests_on, *state.secrets))


def _configured(seen: WorkloadStates, context: Context) -> Iterator[tuple[SealedExpected, Sealed]]:
    """The secrets the platform is said to have, and what is known of each."""
    for wanted in context.cluster.secrets:
        sealed = seen.sealed.secret(wanted.name) if seen.sealed else None
        if sealed is not None:
            yield wanted, sealed


def _referred(seen: WorkloadStates, name: Name) -> bool:
    return any(name.subject("Secret") in state.secrets for state in seen.states)


def _readers(seen: WorkloadStates, name: Name) -> Iterator[Fact]:
    """What is given this secret and would have to be restarted, as kubectl names it."""
    given = [state for state in seen.states if _wanted(state) and name.subject("Secret") in state.secrets]
    if given:
        yield Fact("readers", " ".join(f"{one.subject.kind}/{one.workload.name.name}" for one in given))


def _into_variable(seen: WorkloadStates, name: Name, key: str) -> bool:
    """Whether some workload takes this key as a variable, where every blank counts. A file may end so."""
    return any(
        one.origin is Origin.SECRET and one.name == name and one.key in {"", key}
        for state in seen.states
        for one in references(state)
    )


def _vital(seen: WorkloadStates, sealed: Sealed, key: str, context: Context) -> bool:
    """Whether the platform is known to depend on this key."""
    platform = context.cluster
    if any(one.name == sealed.name and key in one.keys for one in platform.secrets):
        return True
    state = backend(seen, context)
    return state is not None and any(
        one.name == sealed.name and one.key == key and one.into in platform.variables for one in references(state)
    )


def _about(seen: WorkloadStates, name: Name, words: str, facts: tuple[Fact, ...], context: Context) -> Sign:
    """A sign about a configured secret: a note where the backend serves without it."""
    state = backend(seen, context)
    serves = state is not None and state.serves
    aside = ", and no workload refers to it" + ("; the backend serves without it" if serves else "")
    sign = _sealed_sign(name, f"{words}{aside}", facts, context)
    return _milder(sign) if serves else sign


def _sealed_sign(name: Name, words: str, facts: tuple[Fact, ...], context: Context) -> Sign:
    # "describe" shows the names of the keys and the length of each value, never a value.
    command = kubectl(context, "describe secret", name)
    return Sign(name.subject("Secret"), words, (Fact("secret", name.name), *facts), command)


def _logins_failing(seen: WorkloadStates, name: Name, context: Context) -> tuple[str, ...]:
    """The workloads that are given this secret, and fail on what may well be its value."""
    ails = (*told(seen, context, Ailment.DATABASE), *told(seen, context, Ailment.KEYCLOAK))
    blamed = [one for one in ails if one.first.form in OF_THE_SECRET and name.subject("Secret") in one.state.secrets]
    return tuple(dict.fromkeys(one.name for one in blamed))


def _milder(sign: Sign, severity: Severity = _NOTE) -> Sign:
    return Sign(sign.subject, sign.summary, sign.evidence, sign.command, severity, sign.rests_on)
