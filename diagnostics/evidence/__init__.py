"""What is looked at: every kind of evidence there is, by the name it is saved under."""

from diagnostics.evidence import cluster, database, keycloak, surface
from diagnostics.model import Evidence

KINDS: dict[str, type[Evidence]] = {
    kind.KIND: kind for kind in (*keycloak.KINDS, *cluster.KINDS, *database.KINDS, *surface.KINDS)
}
