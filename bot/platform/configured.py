"""What acts are told by the settings of an environment, put together once. Pure; it reads no file."""

from urllib.parse import urlsplit

from bot.actions.configured import Configured, DebugConfigured, Door, ProbeConfigured
from bot.probe.order import TargetUnreadable, Way, read
from bot.settings import EnvironmentSettings, KeycloakSettings, KubernetesSettings

_PORTS = {"http": 80, "https": 443}


def configured(settings: EnvironmentSettings) -> Configured:
    """What acts in this environment go by."""
    kubernetes = settings.kubernetes
    if kubernetes is None:
        return Configured()
    probe = kubernetes.probe
    return Configured(
        probe=ProbeConfigured(
            image=probe.image,
            namespace=probe.namespace or kubernetes.backend.partition("/")[0],
            pull_secrets=probe.pull_secrets,
            database_secret=probe.database_secret or "",
            doors=(*_keycloak(settings.keycloak), *_hosts(kubernetes)),
        ),
        debug=DebugConfigured(kubernetes.debug_variable, kubernetes.debug_value),
    )


def _keycloak(settings: KeycloakSettings | None) -> tuple[Door, ...]:
    """Keycloak by its configured address."""
    if settings is None:
        return ()
    parts = urlsplit(settings.root)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    return _door(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", "Keycloak, by keycloak.url")


def _hosts(settings: KubernetesSettings) -> tuple[Door, ...]:
    """The places that are named for probes."""
    what = "a host of the platform, by kubernetes.probe.hosts"
    return tuple(door for place in settings.probe.hosts for door in _door(place, what))


def _door(place: str, what: str) -> tuple[Door, ...]:
    """The door at a place, in the form in which a target is compared with it; none at a place that can be no target."""
    try:
        order = read(Way.TCP, place)
    except TargetUnreadable:
        return ()
    return (Door((order.host,), order.port, what, tls=order.port == _PORTS["https"]),)
