"""What containers run: what each program logs, when it listens, how it answers a probe, and how it ends.

A program is a function of what it is started with (image, command, environment, the world around it) to its `Run`.
Nothing is executed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import inf
from urllib.parse import urlsplit

from playground.world.kubernetes.frozen import Frozen
from playground.world.kubernetes.machine import Flaw, Machine

#: A line of a log: when, in seconds since 1970, and its text.
Line = tuple[float, str]
OK, NOT_FOUND, UNAVAILABLE, HANGS = 200, 404, 503, 0  # answers to a probe; a program that hangs gives none

HEALTH, READY = "/gateway/v1/health", "/gateway/v1/ready"  # what the backend answers probes at

#: Settings without which the backend does not start.
KEYCLOAK_SETTINGS = ("VOLATICLOUD_KEYCLOAK_URL", "VOLATICLOUD_KEYCLOAK_CLIENT_ID", "VOLATICLOUD_KEYCLOAK_CLIENT_SECRET")
_HANGS_AFTER_S = 60.0
_PATIENCE_S = 10.0  # how long the backend waits for a connection to the database
_CALM = 0.1  # how busy it is between two waves of requests, as a share of what it is in them
_KEPT_S = 1800.0  # how far back the log of a busy program is still there: the kubelet rotates it


@dataclass(frozen=True, slots=True)
class Start:
    """What a container is started with."""

    image: str
    command: tuple[str, ...]  # in place of the image's own
    args: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    machine: Machine
    at_s: float
    reaches: Callable[[str, int], bool]  # whether a host and port can be reached from this pod
    memory_limit: float = 0.0  # bytes; 0 is none
    pod: Frozen = field(default_factory=Frozen, repr=False)  # the pod it is started in
    cpu_limit: float = inf  # cores
    around: Callable[[], Machine] | None = None  # the world as it is by now; `machine` is how it was at the start

    @property
    def present(self) -> Machine:
        """The world around it as it is now."""
        return self.around() if self.around else self.machine

    @property
    def tag(self) -> str:
        """The image's tag."""
        return self.image.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class End:
    """How a container ends: after how many seconds, with which code, and what the runtime says of it."""

    after_s: float
    code: int
    reason: str = "Error"
    message: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program, as it will go unless it is stopped."""

    tells: Callable[[float], list[Line]]  # what it has logged until a moment
    end: End | None = None
    listens_after_s: float = 1.0
    answers: Callable[[str, float], int] = field(default=lambda _path, _after: OK)  # to a probe, by path and age
    changes_after_s: float = inf  # when it begins to answer otherwise
    uses: Callable[[float], tuple[float, float]] = field(default=lambda _: (0.005, 2.0**24))  # cores, bytes
    stops_after_s: float = 1.0
    stop_code: int = 0


class StartError(Exception):
    """The runtime cannot start the container at all; the message is the runtime's."""


Program = Callable[[Start], Run]


def program_of(image: str) -> Program:
    """The program in an image; one that nobody knows runs and says nothing."""
    repository = image.rpartition(":")[0] or image
    return PROGRAMS.get(repository.removeprefix("docker.io/library/").removeprefix("docker.io/"), _silent)


def said(*lines: tuple[float, str]) -> Callable[[float], list[Line]]:
    """A log that says these lines, each at its moment."""
    return lambda until_s: [line for line in lines if line[0] <= until_s]


def go_line(at_s: float, text: str) -> Line:
    """A line as Go's log package prints it."""
    return at_s, f"{datetime.fromtimestamp(at_s, UTC):%Y/%m/%d %H:%M:%S} {text}"


def _silent(start: Start) -> Run:
    if start.command and start.command[0] in {"true", "echo"}:
        return Run(said((start.at_s, " ".join(start.command[1:]))), End(0.2, 0, "Completed"))
    return Run(said())


# The backend


def backend(start: Start) -> Run:
    """VolatiCloud's backend: reads its settings, opens the database, migrates it, serves."""
    flaw = start.machine.releases.get(start.tag, "none")
    if start.command and start.command[0] not in {"/volaticloud", "volaticloud"}:
        raise StartError(_no_such_file(start.command[0]))
    if flaw == "arm64":
        return Run(said((start.at_s, "exec /volaticloud: exec format error")), End(0.1, 255))
    complaint = _complaint(start)
    if complaint:
        after_s = _PATIENCE_S if complaint.endswith("i/o timeout") else 1.0
        lines = (_starting(start), go_line(start.at_s + after_s, complaint))
        return Run(said(*lines), End(after_s + 0.2, 1), listens_after_s=inf)
    return _FLAWED[flaw](start)


def _complaint(start: Start) -> str:
    """Why the backend gives up before it serves, or nothing."""
    if not all(start.env.get(name) for name in KEYCLOAK_SETTINGS):
        return "keycloak configuration is required (URL, ClientID, ClientSecret must be set)"
    return _database_complaint(start)


def _database_complaint(start: Start) -> str:
    database = start.machine.database
    address = urlsplit(start.env.get("VOLATICLOUD_DATABASE", ""))
    host, port = address.hostname or "localhost", address.port or 5432
    opening = "failed opening connection to postgres: "
    if not start.reaches(host, port):
        return f"{opening}dial tcp {host}:{port}: i/o timeout"
    if database.trouble:
        return f"{opening}{database.trouble}"
    if not database.listening:
        return f"{opening}dial tcp {host}:{port}: connect: connection refused"
    if start.env.get("PGPASSWORD") != database.password or address.username != database.user:
        return f'{opening}pq: password authentication failed for user "{address.username}"'
    if not database.may_create:
        return (
            'failed creating schema resources: sql/schema: create "bots" table: pq: permission denied for schema public'
        )
    return ""


def _no_such_file(path: str) -> str:
    where = f"stat {path}: no such file or directory" if "/" in path else "executable file not found in $PATH"
    created = "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    begun = "runc create failed: unable to start container process: error during container init: "
    return f'{created}{begun}exec: "{path}": {where}'


def _starting(start: Start) -> Line:
    return go_line(start.at_s + 0.2, f"starting volaticloud server version={start.tag}")


def _sound(start: Start) -> Run:
    began = (
        _starting(start),
        go_line(start.at_s + 0.9, "database migration finished"),
        go_line(start.at_s + 1.1, "UMA client initialized realm=volaticloud client=volaticloud-api"),
        go_line(start.at_s + 1.3, "listening on :8080"),
    )
    return Run(
        lambda until: [*(line for line in began if line[0] <= until), *_talk(start, until)],
        listens_after_s=1.5,
        answers=lambda path, _: _known(path),
        uses=lambda after: _busy(start, after),
    )


def _known(path: str) -> int:
    return OK if path in {HEALTH, READY} else NOT_FOUND


def _requests(began_s: float, until_s: float) -> list[Line]:
    """What a busy backend logs: a line each quarter of a minute, of which the last half hour is kept."""
    first = max(began_s + 5, until_s - _KEPT_S)
    first += -first % 15
    paths = ("POST /gateway/v1/query 200 18ms", "GET /gateway/v1/health 200 1ms", "POST /gateway/v1/query 200 31ms")
    count = max(0, int((until_s - first) // 15) + 1)
    return [go_line(first + 15 * number, f"request {paths[number % 3]}") for number in range(count)]


def _talk(start: Start, until_s: float) -> list[Line]:
    """What it logs of its requests, and each minute what it has to grumble about."""
    requests = _requests(start.at_s, until_s)
    grumbles = start.present.grumbles
    if not grumbles:
        return requests
    first = int(max(0.0, until_s - _KEPT_S - start.at_s) // 60) + 1
    last = int((until_s - start.at_s) // 60)
    told = [go_line(start.at_s + 60 * number, grumbles[number % len(grumbles)]) for number in range(first, last + 1)]
    return sorted([*requests, *told])


def _busy(start: Start, after_s: float) -> tuple[float, float]:
    warm = min(1.0, after_s / 60)
    wave = 1 + 0.1 * ((int(after_s) // 60) % 3 - 1)
    wave_s = start.present.wave_s
    if wave_s:  # by the clock, so that all pods are busy and calm at the same time
        wave = 1.0 if (start.at_s + after_s) % wave_s < wave_s / 2 else _CALM
    return min(0.25 * start.present.load * wave, start.cpu_limit), (110 + 40 * warm) * 2.0**20


def _bloated(start: Start) -> Run:
    """Serves, and keeps nearly all the memory it may have."""
    limit = start.memory_limit or 2.0**29
    return replace(_sound(start), uses=lambda after: (_busy(start, after)[0], limit * 0.95))


def _unready(start: Start) -> Run:
    """Serves, but says where it is asked whether it is ready that it is not: something it needs is not there."""
    run = _sound(start)
    return replace(
        run,
        tells=lambda until: sorted([*run.tells(until), *_unwell(start.at_s, until)]),
        answers=lambda path, _: UNAVAILABLE if path == READY else _known(path),
    )


def _unwell(began_s: float, until_s: float) -> list[Line]:
    first = max(0, int((until_s - _KEPT_S - began_s) // 10)) + 1
    last = int((until_s - began_s) // 10)
    return [
        go_line(began_s + 10 * number, "not ready: monitor coordinator has no leader")
        for number in range(first, last + 1)
    ]


def _hanging(start: Start) -> Run:
    """Serves for a while, then answers nothing any more."""
    run = _sound(start)
    hangs_at = start.at_s + _HANGS_AFTER_S
    return Run(
        lambda until: run.tells(min(until, hangs_at)),
        listens_after_s=1.5,
        answers=lambda path, after: HANGS if after >= _HANGS_AFTER_S else _known(path),
        changes_after_s=_HANGS_AFTER_S,
        uses=run.uses,
        stops_after_s=30,  # it does not hear SIGTERM either
        stop_code=137,
    )


def _leaking(start: Start) -> Run:
    """Takes all the memory it may have at once, some time after it began to serve, and is killed. The log just ends."""
    run = _sound(start)
    killed_s, limit = 40.0, start.memory_limit or 2.0**29
    return Run(
        lambda until: run.tells(min(until, start.at_s + killed_s)),
        End(killed_s, 137, "OOMKilled"),
        listens_after_s=1.5,
        uses=lambda after: (0.06, limit * (0.35 if after < killed_s - 1 else 1.0)),
    )


def _panicking(start: Start) -> Run:
    at = start.at_s + 2.0
    told = (
        "panic: runtime error: invalid memory address or nil pointer dereference",
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x11c2f3a]",
        "",
        "goroutine 1 [running]:",
        "volaticloud/internal/monitor.(*Coordinator).Start(0x0, {0x1f2a8d8, 0xc0000b4000})",
        "\t/src/internal/monitor/coordinator.go:112 +0x3a",
        "main.runServer({0x1f2a8d8, 0xc0000b4000}, 0xc0003e2000)",
        "\t/src/cmd/server/main.go:288 +0x9c5",
        "main.main()",
        "\t/src/cmd/server/main.go:71 +0x1b1",
    )
    began = _sound(start)
    return Run(lambda until: [*began.tells(min(until, at)), *said(*((at, text) for text in told))(until)], End(2.1, 2))


_FLAWED: dict[Flaw, Program] = {
    "none": _sound,
    "unready": _unready,
    "hanging": _hanging,
    "leaking": _leaking,
    "bloated": _bloated,
    "panicking": _panicking,
}


# What else the platform runs


def _nginx(start: Start) -> Run:
    notice = f"{datetime.fromtimestamp(start.at_s, UTC):%Y/%m/%d %H:%M:%S} [notice] 1#1: start worker processes"
    return Run(said((start.at_s + 0.3, notice)), uses=lambda _: (0.002, 12 * 2.0**20))


def _keycloak(start: Start) -> Run:
    from playground.world.docker.volaticloud import line  # noqa: PLC0415 the same words as the container's

    began = "Keycloak 26.4.5 on JVM (powered by Quarkus 3.27.1) started in 8.920s. Listening on: http://0.0.0.0:8080"
    entries = (
        line(start.at_s + 9, "INFO", "io.quarkus", "main", began),
        line(start.at_s + 9, "INFO", "io.quarkus", "main", "Profile prod activated."),
    )
    return Run(
        said(*((one.at_s, one.text) for one in entries)),
        listens_after_s=9.0,
        uses=lambda _: (0.03, 620 * 2.0**20),
        stop_code=143,  # the Java machine's answer to SIGTERM
    )


def _fluent_bit(start: Start) -> Run:
    at = f"{datetime.fromtimestamp(start.at_s, UTC):%Y/%m/%d %H:%M:%S}"
    told = (
        "Fluent Bit v4.0.3",
        f"[{at}] [error] [config] section 'output' is missing the 'name' property",
        f"[{at}] [error] configuration file contains errors, aborting.",
    )
    return Run(said(*((start.at_s + 0.2, text) for text in told)), End(0.5, 1))


def _shell(start: Start) -> Run:
    """Busybox: what the init containers of the platform do with it."""
    script = " ".join((*start.command, *start.args))
    if "cp /defaults/" in script:
        return Run(
            said((start.at_s + 0.1, "cp: can't stat '/defaults/config.yaml': No such file or directory")), End(0.3, 1)
        )
    return Run(said((start.at_s + 0.1, "done")), End(0.5, 0, "Completed"))


def _backup(start: Start) -> Run:
    if start.machine.releases.get(start.tag):
        return Run(said((start.at_s + 1, "pg_dump: error: connection to server lost")), End(2.0, 1))
    return Run(said((start.at_s + 6, "backup finished: 214 MB")), End(6.0, 0, "Completed"))


def _logging(*texts: str, cores: float = 0.004, megabytes: float = 48) -> Program:
    """A program that says these lines when it starts, and then works."""

    def run(start: Start) -> Run:
        lines = [(start.at_s + 0.3 + 0.1 * number, text) for number, text in enumerate(texts)]
        return Run(said(*lines), uses=lambda _: (cores, megabytes * 2.0**20))

    return run


PROGRAMS: dict[str, Program] = {
    "ghcr.io/volaticloud/volaticloud": backend,
    "ghcr.io/volaticloud/dashboard": _nginx,
    "ghcr.io/volaticloud/backup": _backup,
    "quay.io/keycloak/keycloak": _keycloak,
    "fluent/fluent-bit": _fluent_bit,
    "busybox": _shell,
    "quay.io/prometheus/prometheus": _logging(
        'level=INFO source=main.go:1261 msg="Server is ready to receive web requests."', cores=0.04, megabytes=410
    ),
    "registry.k8s.io/etcd": _logging(
        '{"level":"info","caller":"embed/serve.go:124","msg":"ready to serve client requests"}',
        cores=0.02,
        megabytes=70,
    ),
    "registry.k8s.io/coredns/coredns": _logging(".:53", "CoreDNS-1.12.1", "linux/amd64, go1.24.1, 707c7c1"),
    "registry.k8s.io/metrics-server/metrics-server": _logging(
        'I0101 00:00:00.000000       1 secure_serving.go:213] "Serving securely on [::]:10250"'
    ),
    "registry.k8s.io/kube-proxy": _logging("Using iptables proxy mode"),
}
