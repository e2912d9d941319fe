"""Checks of images that cannot be pulled, told apart by what the registry or the runtime says."""

from collections.abc import Iterator
from enum import StrEnum

from diagnostics.areas.server.ailments import Ailment, Ill
from diagnostics.areas.server.telling import Told, only_main, told
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.cluster.states import WorkloadStates
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section

_CRITICAL = Severity.CRITICAL
_DOCKER_HUB = "Docker Hub"


class Refusal(StrEnum):
    """Why an image cannot be pulled."""

    NAME = "its name is not valid"
    RATE = "the registry's rate limit is reached"
    ARCHITECTURE = "it is not built for the node's processor"
    SPACE = "the node's disk is full"
    UNREACHABLE = "the registry cannot be reached"
    DENIED = "the registry does not give it to this login"
    MISSING = "there is no such image"
    OTHER = "the runtime gives another reason"


#: In this order: a refusal often quotes the words of another, as a failed login does "not found" or "no such host".
_WORDS: tuple[tuple[Refusal, tuple[str, ...]], ...] = (
    (Refusal.RATE, ("toomanyrequests", "429 too many requests", "rate limit")),
    (Refusal.ARCHITECTURE, ("no match for platform", "no matching manifest for")),
    (Refusal.SPACE, ("no space left on device",)),
    (
        Refusal.UNREACHABLE,
        (
            "no such host",
            "i/o timeout",
            "connection refused",
            "connection reset",
            "deadline exceeded",
            "handshake timeout",
            "x509:",
            "no route to host",
            "network is unreachable",
            "server misbehaving",
            "name resolution",
            "client.timeout exceeded",
            "500 internal server error",
            "502 bad gateway",
            "503 service unavailable",
            "504 gateway",
        ),
    ),
    (
        Refusal.DENIED,
        (
            "pull access denied",
            "requested access to the resource is denied",
            "authentication required",
            "no basic auth credentials",
            "failed to authorize",
            "insufficient_scope",
            "unauthorized",
            "403 forbidden",
            "denied: ",
        ),
    ),
    (Refusal.MISSING, ("manifest unknown", "name unknown", "not found", "no such image", "errimageneverpull")),
)


def refusal(ill: Ill) -> Refusal:
    """Why this container's image cannot be pulled."""
    reason = ill.container.reason if ill.container else ""
    if reason == "InvalidImageName":
        return Refusal.NAME
    said = f"{reason} {ill.words}".lower()
    return next((one for one, words in _WORDS if any(word in said for word in words)), Refusal.OTHER)


@check(WorkloadStates, "server.image-name-invalid", "An image's name is not valid", _CRITICAL, Section.DOCKER_IMAGE)
def image_name_invalid(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A name that no registry could have, such as one with capitals or two tags, is never even asked for."""
    for one in _refused(seen, context, Refusal.NAME):
        yield one.sign(f"The image of {only_main(one)} has a name that cannot be: {_image(one)} ({one.share})")


@check(WorkloadStates, "server.image-not-found", "An image does not exist", _CRITICAL, Section.DOCKER_IMAGE)
def image_not_found(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The registry has no image of this name and tag: misspelt, removed, or never pushed."""
    for one in _refused(seen, context, Refusal.MISSING):
        yield one.sign(f"There is no image {_image(one)}, which {only_main(one)} needs ({one.share})")


@check(WorkloadStates, "server.image-denied", "A registry does not give out an image", _CRITICAL, Section.DOCKER_IMAGE)
def image_denied(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The login is missing or out of date, or the name is wrong: a registry says the same of all three."""
    for one in _refused(seen, context, Refusal.DENIED):
        who = f"which {only_main(one)} needs ({one.share})"
        yield one.sign(f"{_registry(one)} does not give out {_image(one)}, {who}{_says(one)}", _asked(one))


@check(
    WorkloadStates,
    "server.image-rate-limited",
    "A registry's rate limit is reached",
    _CRITICAL,
    Section.DOCKER_IMAGE,
)
def image_rate_limited(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """Docker Hub counts the pulls of an address without a login; when they are used up, everyone there waits."""
    for one in _refused(seen, context, Refusal.RATE):
        what = f"gives no more images for now (rate limit); {only_main(one)} waits for {_image(one)} in {one.share}"
        yield one.sign(f"{_registry(one)} {what}", _asked(one))


@check(
    WorkloadStates,
    "server.image-registry-unreachable",
    "A registry cannot be reached",
    _CRITICAL,
    Section.DOCKER_IMAGE,
)
def image_registry_unreachable(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The node cannot talk to the registry: its name, the way to it, its certificate, or the registry itself."""
    for one in _refused(seen, context, Refusal.UNREACHABLE):
        what = f"cannot be reached from the node, so {only_main(one)} does not get {_image(one)} in {one.share}"
        yield one.sign(f"{_registry(one)} {what}{_says(one)}", _asked(one))


@check(
    WorkloadStates,
    "server.image-not-built-for-node",
    "An image has no variant for the node's processor",
    _CRITICAL,
    Section.DOCKER_IMAGE,
)
def image_not_built_for_node(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The image exists, but was pushed for another kind of processor only."""
    for one in _refused(seen, context, Refusal.ARCHITECTURE):
        what = f"has no variant for the processor of its node, so {only_main(one)} does not start in {one.share}"
        yield one.sign(f"{_image(one)} {what}")


@check(
    WorkloadStates,
    "server.image-no-space",
    "A node has no space for an image",
    _CRITICAL,
    Section.DOCKER_IMAGE,
)
def image_no_space(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The image cannot be unpacked, because the node's disk is full."""
    for one in _refused(seen, context, Refusal.SPACE):
        node = one.first.pod.node or "its node"
        yield one.sign(f"{node} has no space for {_image(one)} of {only_main(one)} ({one.share})")


@check(WorkloadStates, "server.image-pull-failed", "An image cannot be pulled", _CRITICAL, Section.DOCKER_IMAGE)
def image_pull_failed(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The runtime gives a reason that is none of the usual ones, or none at all; its own words are shown."""
    for one in _refused(seen, context, Refusal.OTHER):
        yield one.sign(f"{only_main(one)} does not get its image {_image(one)} in {one.share}{_says(one)}")


CHECKS = (
    image_name_invalid,
    image_not_found,
    image_denied,
    image_rate_limited,
    image_registry_unreachable,
    image_not_built_for_node,
    image_no_space,
    image_pull_failed,
)


def _refused(seen: WorkloadStates, context: Context, why: Refusal) -> Iterator[Told]:
    for one in told(seen, context, Ailment.IMAGE):
        some = tuple(ill for ill in one.some if refusal(ill) is why)
        if some:
            yield Told(one.state, some, context)


def _image(one: Told) -> str:
    return one.first.container.image if one.first.container else ""


def _registry(one: Told) -> str:
    first, slash, _ = _image(one).partition("/")
    own = slash and ("." in first or ":" in first or first == "localhost")
    return first if own else _DOCKER_HUB


def _asked(one: Told) -> Fact:
    """The registry by the name it is asked and logged in at."""
    name = _registry(one)
    return Fact("registry", "index.docker.io" if name == _DOCKER_HUB else name)


def _tail(one: Told) -> str:
    """The end of the runtime's words: what it was about to do stands before, and is long."""
    words = one.first.words
    at = max(words.rfind('": '), words.rfind("dial tcp"), words.rfind("x509:"))
    return words[at:].removeprefix('": ') if at >= 0 else words


def _says(one: Told) -> str:
    """What the runtime says, as the end of a sentence, without the image's name over and over."""
    return f": {_tail(one)}" if one.first.words else ""
