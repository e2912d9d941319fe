"""Pulling images: how long it takes, and what the runtime says when a registry does not hand one out."""

from dataclasses import dataclass

from playground.world.kubernetes.events import stable_hash
from playground.world.kubernetes.machine import Machine

_TIMEOUT_S = 30.0  # containerd's dial timeout to a registry


@dataclass(frozen=True, slots=True)
class Pull:
    """How pulling an image comes out: after how many seconds, and the error, or nothing."""

    takes_s: float
    error: str = ""


def full_name(image: str) -> str:
    """An image's name with its registry, as containerd writes it."""
    first, slash, _ = image.partition("/")
    if not slash:
        return f"docker.io/library/{image}"
    return image if "." in first or ":" in first else f"docker.io/{image}"


def pulled(image: str, machine: Machine) -> Pull:
    """Pull an image from the registries as they are now."""
    name = full_name(image)
    registry, _, path = name.partition("/")
    begun = f'failed to pull and unpack image "{name}": '
    state = machine.registries.get(registry, "up")
    if state == "up" and image in machine.missing_images:
        return Pull(0.8, f"rpc error: code = NotFound desc = {begun}failed to resolve image: {name}: not found")
    if state == "up":
        return Pull(1.0 + stable_hash(name) % 3000 / 1000)
    repository, _, tag = path.rpartition(":")
    return _REFUSALS[state](_Refused(name, registry, repository, tag))


def size_of(image: str) -> int:
    """The image's size in bytes; always the same for the same image."""
    return 20_000_000 + stable_hash(image, "size") % 90_000_000


def digest_of(image: str) -> str:
    """The image as it is named by its content."""
    name = full_name(image).partition("@")[0]
    repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    return f"{repository}@sha256:{''.join(f'{stable_hash(image, number):016x}' for number in range(4))}"


@dataclass(frozen=True, slots=True)
class _Refused:
    name: str
    registry: str
    repository: str
    tag: str

    @property
    def begun(self) -> str:
        return f'failed to pull and unpack image "{self.name}": '

    @property
    def host(self) -> str:
        return "registry-1.docker.io" if self.registry == "docker.io" else self.registry


def _rate_limited(of: _Refused) -> Pull:
    url = f"https://{of.host}/v2/{of.repository}/manifests/{of.tag}"
    told = "toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"
    status = f"unexpected status code {url}: 429 Too Many Requests - Server message: {told}"
    return Pull(0.7, f"{of.begun}failed to copy: httpReadSeeker: failed open: {status}")


def _denied(of: _Refused) -> Pull:
    scope = f"scope=repository%3A{of.repository.replace('/', '%2F')}%3Apull&service={of.registry}"
    asked = f"unexpected status from GET request to https://{of.registry}/token?{scope}: 403 Forbidden"
    resolving = f'failed to resolve reference "{of.name}": '
    return Pull(0.6, f"{of.begun}{resolving}failed to authorize: failed to fetch anonymous token: {asked}")


def _unknown_host(of: _Refused) -> Pull:
    head = f'failed to do request: Head "https://{of.host}/v2/{of.repository}/manifests/{of.tag}": '
    failed = f"dial tcp: lookup {of.host} on 10.0.0.2:53: no such host"
    return Pull(0.4, f'{of.begun}failed to resolve reference "{of.name}": {head}{failed}')


def _timeout(of: _Refused) -> Pull:
    head = f'failed to do request: Head "https://{of.host}/v2/{of.repository}/manifests/{of.tag}": '
    return Pull(
        _TIMEOUT_S, f'{of.begun}failed to resolve reference "{of.name}": {head}dial tcp 140.82.121.34:443: i/o timeout'
    )


_REFUSALS = {
    "rate-limited": _rate_limited,
    "denied": _denied,
    "unknown-host": _unknown_host,
    "timeout": _timeout,
}
