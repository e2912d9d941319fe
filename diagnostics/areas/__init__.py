"""The areas that can be diagnosed, in the runbook's order. The table is the list; nothing registers itself."""

from diagnostics.areas import database, graphql, keycloak, network, performance, server, token, why
from diagnostics.check import Area

AREAS: tuple[Area, ...] = (
    server.AREA,
    graphql.AREA,
    database.AREA,
    performance.AREA,
    keycloak.AREA,
    network.AREA,
)
#: Examined like areas, but about what a person presents: not part of a diagnosis.
EXPLANATIONS: tuple[Area, ...] = (why.AREA, token.AREA)


def area_named(name: str) -> Area | None:
    """The area or explanation of this name, or None."""
    return next((area for area in (*AREAS, *EXPLANATIONS) if area.name == name), None)
