"""What acts are told by the settings of an environment: names and values, no secret. Values only."""

from diagnostics.model import Value


class Door(Value, frozen=True):
    """A place that a probe may go to: a host and one of its ports. `names` are all its names, `what` says whose it is.

    The first name is the one that a probe is given.
    """

    names: tuple[str, ...]
    port: int
    what: str
    tls: bool = False

    @property
    def host(self) -> str:
        """The name that a probe is given."""
        return self.names[0]


class ProbeConfigured(Value, frozen=True):
    """How probes run. Without an image there are none.

    `image` is this program's own. `database_secret` is the secret of that namespace with the database's place.
    `doors` are the places beside the cluster's own services and public names.
    """

    image: str = ""
    namespace: str = "volaticloud"
    pull_secrets: tuple[str, ...] = ()
    database_secret: str = ""
    doors: tuple[Door, ...] = ()


class DebugConfigured(Value, frozen=True):
    """The variable that has the backend log more, and the value that does so; the defaults are the runbook's."""

    variable: str = "LOG_LEVEL"
    value: str = "debug"


class Configured(Value, frozen=True):
    """All of it, for one environment."""

    probe: ProbeConfigured = ProbeConfigured()
    debug: DebugConfigured = DebugConfigured()


UNCONFIGURED = Configured()
"""Where nothing is configured: the defaults, and no probes."""
