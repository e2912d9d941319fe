"""How the database and the cluster follow each other: what the cluster's faults mean for it, and its for the cluster.

Pure, but for the one question whether the platform's own user gets in.
"""

import base64
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from playground.world.faults.model import Fault
from playground.world.faults.postgres import NO_NAME, NO_ROUTE, create_forbidden, stopped
from playground.world.kubernetes.desired import Desired
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.machine import Database
from playground.world.kubernetes.volaticloud import BACKEND, SPACE
from playground.world.postgres import login
from playground.world.postgres.simulated import SimulatedPostgres, sound
from playground.world.postgres.state import State
from playground.world.postgres.volaticloud import OWNER, Passwords, password_sql

SECRET = "volaticloud-db-secret"  # noqa: S105 the name of a secret
_ADDRESSED = "volaticloud-secrets"


def following(database: Database, passwords: Passwords) -> State:
    """The database as it is without faults of its own, where the cluster has it so."""
    state = sound()
    if database.password != passwords.owner:
        state = state.with_outside(password_sql(OWNER, database.password))
    if not database.may_create:
        state = create_forbidden(state)
    return state if database.listening else stopped(state)


async def consequence(postgres: SimulatedPostgres) -> Fault[Desired] | None:
    """What the database's own faults do to the cluster; None where the backend gets in as ever."""
    if not postgres.faults:
        return None
    trouble = await _trouble(postgres)
    if not trouble and postgres.secret() == postgres.true_secret():
        return None
    name = f"database: {', '.join(postgres.faults)}"
    secret = postgres.secret()
    return Fault(
        name, "server", "Server Won't Start", f"{name}.", None, lambda wanted: _fallen(wanted, secret, trouble)
    )


def _fallen(wanted: Desired, secret: Mapping[str, str], trouble: str) -> Desired:
    """The platform after its database was told of like this, and its backend had to start anew."""
    told = wanted.changed(("Secret", SPACE, SECRET), lambda one: _tell(one, secret))
    if "host" in secret:
        told = told.changed(("Secret", SPACE, _ADDRESSED), lambda one: _address(one, secret["host"]))
    database = replace(told.machine.database, trouble=trouble)
    return told.with_machine(database=database).with_fallen(SPACE, BACKEND)


def _tell(secret: Thing, values: Mapping[str, str]) -> None:
    secret["data"] = {key: _encoded(value) for key, value in values.items()}


def _address(secret: Thing, host: str) -> None:
    address = f"postgresql://{quote(OWNER)}@{host}/{OWNER}?sslmode=require"
    secret["data"] = {**secret["data"], "VOLATICLOUD_DATABASE": _encoded(address)}


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


async def _trouble(postgres: SimulatedPostgres) -> str:
    """Why the backend gets no session, as its driver (Go's lib/pq) says it; "" where it gets one."""
    host, front = postgres.secret().get("host", ""), postgres.state.front
    if host.startswith(NO_NAME):
        return f"dial tcp: lookup {NO_NAME}: no such host"
    if host.startswith(NO_ROUTE):
        return f"dial tcp {host}: connect: network is unreachable"
    if front in {"dropping", "silent"}:
        return f"dial tcp {host}: i/o timeout"
    if front == "refusing":
        return f"dial tcp {host}: connect: connection refused"
    if postgres.state.certificate is None:
        return "pq: SSL is not enabled on the server"
    await postgres.ready()  # so that a server that is only just started does not seem to hang
    return await login.trouble({**postgres.true_secret(), **postgres.secret(), **_true_login(postgres)})


def _true_login(postgres: SimulatedPostgres) -> dict[str, str]:
    """The platform's user with its true password, whatever its secret says."""
    return {"username": OWNER, "password": postgres.passwords.owner}
