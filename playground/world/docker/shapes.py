"""The Engine's JSON: versions, lists and inspections, with the fields that its API documentation names."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from playground.world.docker.state import Container

ENGINE = "28.5.2"
API = "1.51"
API_LEAST = "1.24"
ALIVE = frozenset({"running", "paused", "restarting"})
_NEVER = "0001-01-01T00:00:00Z"  # Go's zero time


def version() -> Mapping[str, Any]:
    """`docker version`, the server's part."""
    details = {
        "ApiVersion": API,
        "MinAPIVersion": API_LEAST,
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": "6.12.0",
        "GoVersion": "go1.24.9",
        "GitCommit": "89c5e8f",
    }
    components = [{"Name": "Engine", "Version": ENGINE, "Details": details}]
    return {"Platform": {"Name": "Docker Engine - Community"}, "Version": ENGINE, **details, "Components": components}


def listed(one: Container) -> Mapping[str, Any]:
    """A container in `docker ps`."""
    return {
        "Id": one.id,
        "Names": [f"/{one.name}"],
        "Image": one.image,
        "Created": int(one.created_at_s),
        "State": one.status,
        "Status": _status(one),
        "Labels": {},
        "Ports": [],
        "Mounts": [],
        "HostConfig": {"NetworkMode": "volaticloud-network"},
    }


def inspected(one: Container) -> Mapping[str, Any]:
    """A container in `docker inspect`."""
    return {
        "Id": one.id,
        "Created": moment(one.created_at_s),
        "Path": "/opt/keycloak/bin/kc.sh",
        "Args": ["start"],
        "State": _state(one),
        "Name": f"/{one.name}",
        "RestartCount": one.restarts,
        "Driver": "overlayfs",
        "Platform": "linux",
        "HostConfig": {
            "LogConfig": {"Type": one.log_driver, "Config": {}},
            "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
        },
        "Mounts": [],
        "Config": {"Image": one.image, "Tty": one.tty, "Env": [], "Labels": {}},
        "NetworkSettings": {"Networks": {}},
    }


def moment(at_s: float | None) -> str:
    """A time as Go prints it: RFC 3339 with nine digits of a second."""
    if at_s is None:
        return _NEVER
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"


def _state(one: Container) -> Mapping[str, Any]:
    # A container that waits for its next start counts as running and as restarting; a paused one as running too.
    alive = one.status in ALIVE
    return {
        "Status": one.status,
        "Running": alive,
        "Paused": one.status == "paused",
        "Restarting": one.status == "restarting",
        "OOMKilled": one.out_of_memory,
        "Dead": one.status == "dead",
        "Pid": 4711 if alive and one.status != "restarting" else 0,
        "ExitCode": one.exit_code,
        "Error": one.error,
        "StartedAt": moment(one.started_at_s),
        "FinishedAt": moment(one.ended_at_s),
    }


def _status(one: Container) -> str:
    words = {
        "running": "Up 2 days",
        "paused": "Up 2 days (Paused)",
        "created": "Created",
        "removing": "Removal In Progress",
        "dead": "Dead",
        "restarting": f"Restarting ({one.exit_code}) 30 seconds ago",
    }
    return words.get(one.status, f"Exited ({one.exit_code}) 30 seconds ago")
