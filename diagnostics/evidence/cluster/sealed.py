"""What is known of the secrets and config maps that workloads name: joined, since workloads name either."""

from typing import ClassVar, Self

from diagnostics.evidence.cluster.kinds import ClusterConfigs, ClusterSecrets
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.services import Sealed
from diagnostics.model import Evidence
from diagnostics.observe import Seen, View


class ClusterSealed(View, frozen=True):
    """Secrets and config maps as facts. What is not among them is not known: neither there nor missing."""

    KIND: ClassVar[str] = "cluster.sealed"
    WHAT: ClassVar[str] = "the secrets and config maps that workloads name"
    SETTING: ClassVar[str] = ClusterSecrets.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = ()
    USES: ClassVar[tuple[type[Evidence], ...]] = (ClusterSecrets, ClusterConfigs)

    secrets: tuple[Sealed, ...] = ()
    configs: tuple[Sealed, ...] = ()

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen of either."""
        secrets, configs = seen.given(ClusterSecrets), seen.given(ClusterConfigs)
        return cls(secrets.sealed if secrets else (), configs.sealed if configs else ())

    def secret(self, name: Name) -> Sealed | None:
        """What is known of a secret; None when it was not asked for or could not be read."""
        return next((one for one in self.secrets if one.name == name), None)

    def config(self, name: Name) -> Sealed | None:
        """What is known of a config map; None as for a secret."""
        return next((one for one in self.configs if one.name == name), None)
