"""Glances as they come out of the cluster, for the tests of what is shown of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.workloads import Amounts
from diagnostics.glances.events import EventGroup, EventsGlance
from diagnostics.glances.logs import Choice, KnownError, LogLine, LogsGlance, NoLog
from diagnostics.glances.meaning import Ambiguous, Unknown
from diagnostics.glances.overview import IngressRow, NamespaceLook, NodeRow, Overview, PodsRow, ServiceRow
from diagnostics.model import Reason, Severity, Unobserved

AT = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
SPACE = "volaticloud"
BACKEND = Name(SPACE, "volaticloud-backend")
POD = Name(SPACE, "volaticloud-backend-5959c74bb5-hwptr")
FORBIDDEN = Unobserved(
    "events in namespace keycloak",
    Reason.FORBIDDEN,
    "The bot may not list events in namespace keycloak (HTTP 403). Grant it with deploy/.",
)
NO_METRICS = Unobserved("usage of nodes", Reason.NOT_CONFIGURED, "The cluster has no metrics server that answers.")


def ago(**parts: float) -> datetime:
    """A moment before."""
    return AT - timedelta(**parts)


def group(number: int = 0, **parts: Any) -> EventGroup:
    """A warning about two pods of the backend."""
    well: dict[str, Any] = {
        "namespace": SPACE,
        "kind": "Pod",
        "name": "volaticloud-backend",
        "things": 2,
        "type": "Warning",
        "reason": f"BackOff{number or ''}",
        "message": "Back-off restarting failed container volaticloud in pod <volaticloud-backend> & co",
        "count": 34,
        "first_at": ago(minutes=11),
        "last_at": ago(seconds=30),
    }
    return EventGroup(**{**well, **parts})


SCALED = group(
    type="Normal",
    reason="ScalingReplicaSet",
    kind="Deployment",
    things=1,
    count=1,
    first_at=ago(minutes=15),
    last_at=ago(minutes=15),
    message="Scaled up replica set volaticloud-backend-5959c74bb5 from 0 to 2",
)
EVENTS = EventsGlance("production", AT, (group(), SCALED), 35, lacks=(FORBIDDEN,))
MANY_EVENTS = EventsGlance("production", AT, tuple(group(number) for number in range(40)), 2_000, cut=True)
NO_EVENTS = EventsGlance("production", AT)

LINES = (
    LogLine("2026/11/20 03:28:01 starting volaticloud server version=2.15.0"),
    LogLine("2026/11/20 03:28:02 failed opening connection to postgres: <!channel> refused", ("server.database",)),
    LogLine("panic: ``` *bold* <https://evil.example|click> <@U1> & more"),
    LogLine("    main.go:31 +0x1d"),
)
CHOICE = Choice(
    POD,
    "volaticloud",
    previous=True,
    because="that run failed: exit code 1",
    containers=("proxy",),
    pods=("volaticloud/b",),
)
KNOWN = (
    KnownError(
        "server.database", "The server does not reach its database.", Severity.CRITICAL, certain=True, count=3, page=1
    ),
    KnownError("server.slow", "It is slow.", Severity.WARNING, certain=False, count=1, page=4),
)


def logs(**parts: Any) -> LogsGlance:
    """A page of the backend's log."""
    well: dict[str, Any] = {
        "environment": "production",
        "at": AT,
        "thing": "deployment volaticloud/volaticloud-backend",
        "choice": CHOICE,
        "lines": LINES,
        "known": KNOWN,
        "read": 300,
        "older": True,
    }
    return LogsGlance(**{**well, **parts})


NO_LOG = NoLog("volaticloud/volaticloud-backend has no container prxy; did you mean proxy?", ("volaticloud", "proxy"))
SEVERAL = Ambiguous("volaticloud", ("volaticloud/volaticloud-backend", "volaticloud/volaticloud-dashboard"))
NOBODY = Unknown("zebra", (), ("volaticloud/volaticloud-backend",))
NEAR = Unknown("bakend", ("volaticloud/volaticloud-backend",), ("volaticloud/volaticloud-backend", "x/y"))


def instead(found: Ambiguous | Unknown | NoLog) -> LogsGlance:
    """Why there is no log."""
    return LogsGlance("production", AT, "backend", instead=found)


SHORT = PodsRow(
    "Deployment",
    BACKEND,
    ready=1,
    wanted=2,
    restarts=10,
    restarted_at=ago(seconds=28),
    trouble="CrashLoopBackOff",
    used=Amounts(40, 100 * 2**20),
    requested=Amounts(500, 2**29),
    limits=Amounts(2_000, 2**30),
)
SPACES = (
    NamespaceLook(
        SPACE,
        (SHORT, PodsRow("Deployment", Name(SPACE, "volaticloud-dashboard"), 2, 2)),
        (
            ServiceRow(BACKEND, "ClusterIP", 1, 2, ports=("8080/TCP",)),
            ServiceRow(Name(SPACE, "empty"), "ClusterIP", 0, 0, ports=("80/TCP",)),
            ServiceRow(Name(SPACE, "none-ready"), "LoadBalancer", 0, 2, ports=("80/TCP",), addresses=("203.0.113.9",)),
            ServiceRow(Name(SPACE, "db"), "ExternalName", elsewhere="db.example.com"),
            ServiceRow(Name(SPACE, "hidden"), "ClusterIP", ports=("80/TCP",)),
        ),
        (
            IngressRow(Name(SPACE, "api"), ("api.volaticloud.com",), ("203.0.113.9",)),
            IngressRow(Name(SPACE, "new"), ("a.example", "b.example", "c.example", "d.example"), ()),
        ),
        finished=3,
    ),
)
NODES = (
    NodeRow("vke-node-1", ready=False, room=Amounts(4_000, 2**33)),
    NodeRow("vke-node-2", ready=True, used=Amounts(1_500, 3 * 2**30), room=Amounts(4_000, 2**33)),
)
LOOK = Overview("production", AT, SPACES, NODES, (NO_METRICS,))
"""The quick look with everything that can be in it."""

BIG = Overview(
    "production",
    AT,
    tuple(
        NamespaceLook(f"space-{place}", tuple(PodsRow("Deployment", Name("s", f"w-{one}"), 1, 1) for one in range(30)))
        for place in range(3)
    ),
)
