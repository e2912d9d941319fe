"""Every case of every check, as one table."""

from tests.diagnostics.areas.cases import (
    authorization,
    connection,
    container,
    database,
    login,
    network,
    performance,
    realm,
    server_containers,
    server_platform,
    surface,
    token,
    why,
)
from tests.diagnostics.areas.cases.case import Case

CASES: tuple[Case, ...] = (
    *container.CASES,
    *connection.CASES,
    *realm.CASES,
    *login.CASES,
    *token.CASES,
    *authorization.CASES,
    *network.CASES,
    *why.CASES,
    *server_containers.CASES,
    *server_platform.CASES,
    *surface.CASES,
    *performance.CASES,
    *database.CASES,
)

__all__ = ["CASES", "Case", "authorization", "connection", "login", "why"]
