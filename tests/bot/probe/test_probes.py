"""Tests of probes against servers on loopback: what is seen of each, and where the way ends."""

import asyncio
import socket
import ssl
import struct
from pathlib import Path

import pytest

from bot.probe import route
from bot.probe.order import Way
from bot.probe.postgres import Account
from bot.probe.result import Outcome, Result, found_in
from bot.probe.road import Means
from bot.probe.route import Hop
from playground.port import LOOPBACK
from playground.world.certificates import Authority
from playground.world.edge.nameserver import Nameserver
from playground.world.edge.state import EdgeState, Resolver
from tests.bot.clients.servers import forsaken_port
from tests.bot.probe.servers import (
    anywhere,
    login,
    postgres,
    refusal,
    saying,
    seen,
    serving,
    silent,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def value(result: Result, label: str) -> str:
    return next((fact.value for fact in result.facts if fact.label == label), "")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.new(tmp_path_factory.mktemp("ca"))


def shown(authority: Authority, kind: str, host: str, folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate of a kind."""
    certificate, key = authority.issued(kind, host)  # type: ignore[arg-type]  # a kind of the playground's
    chain = folder / f"{kind}.pem"
    chain.write_text(certificate + key, encoding="ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


def resolving(*addresses: str, trust: ssl.SSLContext | None = None, seconds: float = 2.0) -> Means:
    """Means by which every name leads to loopback; to these addresses under the real rule of where probes may go."""

    async def look_up(_: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
        return [(socket.AF_INET, (address, port)) for address in addresses or (LOOPBACK,)]

    trusting = trust or ssl.create_default_context()
    return Means(seconds, trusting, look_up) if addresses else Means(seconds, trusting, look_up, lambda _: "")


# TCP


async def test_a_port_that_listens() -> None:
    """Says that a port takes connections, by which address, and how long each part took."""
    async with serving(silent) as server:
        result = await seen(Way.TCP, server.place)
    assert (result.outcome, result.text) == (Outcome.REACHED, f"{server.place} takes connections")
    assert [fact.label for fact in result.facts] == ["name lookup", "address", "connect"]
    assert (server.lines, bytes(server.heard)) == (1, b"")


async def test_a_port_that_refuses() -> None:
    """Says that a port refuses."""
    result = await seen(Way.TCP, f"{LOOPBACK}:{forsaken_port()}")
    assert result.outcome is Outcome.LOST
    assert result.text.endswith("takes no connection: Connection refused")


async def test_a_second_address() -> None:
    """Goes to the next address of a host where the first one refuses."""
    async with serving(silent) as server:
        means = resolving()

        async def two(_: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
            return [(socket.AF_INET, ("127.0.0.2", forsaken_port())), (socket.AF_INET, (LOOPBACK, port))]

        result = await seen(Way.TCP, f"two.example.com:{server.port}", Means(2.0, means.trust, two, means.why_not))
    assert result.outcome is Outcome.REACHED
    assert value(result, "address") == "127.0.0.2, 127.0.0.1"


async def test_a_name_that_is_not_there() -> None:
    """Says that a name cannot be looked up."""

    async def none(*_: object) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    result = await seen(Way.TCP, "gone.example.com:80", Means(1.0, look_up=none, why_not=lambda _: ""))
    assert result.text == "gone.example.com cannot be looked up: Name or service not known"


async def test_a_resolver_that_hangs() -> None:
    """Ends where nobody says what a name leads to."""

    async def never(*_: object) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
        await asyncio.Event().wait()
        return []

    result = await seen(Way.TCP, "slow.example.com:80", Means(0.05, look_up=never, why_not=lambda _: ""))
    assert result.text.startswith("slow.example.com cannot be looked up: nothing within 0.")


# Where a probe does not go


@pytest.mark.parametrize("way", [Way.TCP, Way.ROUTE, Way.POSTGRES, Way.HTTP])
@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("169.254.169.254", "link-local"),
        ("127.0.0.1", "own pod"),
        ("100.100.100.200", "metadata"),
        ("0.0.0.0", "no host"),  # noqa: S104 not bound: refused
    ],
)
async def test_a_name_that_leads_elsewhere(way: Way, address: str, why: str) -> None:
    """Refuses a name that leads where no probe goes, also as one of several, and connects to none of them."""
    async with serving(silent) as server:
        text = f"http://trap.example.com:{server.port}/" if way is Way.HTTP else f"trap.example.com:{server.port}"
        result = await seen(way, text, resolving("203.0.113.7", address))
    assert (result.outcome, server.lines) == (Outcome.REFUSED, 0)
    assert result.text.startswith(f"trap.example.com leads to {address}, which ")
    assert why in result.text


async def test_an_answer_that_changes() -> None:
    """Connects to the very address that was checked: a name is looked up once, whatever it would answer then."""
    asked = 0

    async def changing(_: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
        nonlocal asked
        asked += 1
        return [(socket.AF_INET, (LOOPBACK if asked == 1 else "169.254.169.254", port))]

    async with serving(saying(OK)) as server:
        url = f"http://rebound.example.com:{server.port}/"
        means = Means(2.0, look_up=changing, why_not=lambda host: "is out" if host.startswith("169") else "")
        result = await seen(Way.HTTP, url, means)
    assert (result.outcome, asked) == (Outcome.REACHED, 1)


# HTTP


async def test_an_answer_by_http() -> None:
    """Sends one plain GET to the path, and tells status, size and times; the content stays there."""
    async with serving(saying(b"HTTP/1.1 503 Gone Away\r\n\r\ntoken=planted-secret")) as server:
        result = await seen(Way.HTTP, f"http://{server.place}/gateway/v1/health")
    assert result.outcome is Outcome.REACHED
    assert result.text == f"http://{server.place}/gateway/v1/health answers HTTP 503, 20 bytes"
    assert server.heard.startswith(b"GET /gateway/v1/health HTTP/1.1\r\nHost: " + server.place.encode())
    assert b"Authorization" not in server.heard
    assert "planted-secret" not in result.line()
    assert [fact.label for fact in result.facts][-3:] == ["connect", "first answer", "the rest"]


async def test_a_redirect() -> None:
    """Follows no redirect, and tells where it leads without its query and without a password."""
    place = b"http://user:planted-secret@169.254.169.254/latest?code=planted-secret"
    async with serving(saying(b"HTTP/1.1 302 Found\r\nLocation: " + place + b"\r\n\r\n")) as server:
        result = await seen(Way.HTTP, f"http://{server.place}/")
    assert result.text.endswith("HTTP 302, 0 bytes, and leads to http://169.254.169.254/latest, which was not followed")
    assert (server.lines, "planted-secret" in result.line()) == (1, False)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "is no HTTP"),
        (b"\x00" * 1000, "is no HTTP"),
        (b"HTTP/1.1 999 No\r\n\r\n", "is no HTTP"),
        (b"A" * 200_000, "is no HTTP"),
    ],
)
async def test_what_is_no_http(answer: bytes, says: str) -> None:
    """Says that what answers is no HTTP, whatever it is."""
    async with serving(saying(answer)) as server:
        result = await seen(Way.HTTP, f"http://{server.place}/")
    assert (result.outcome, says in result.text) == (Outcome.LOST, True), result.text


async def test_an_endless_answer() -> None:
    """Stops counting an answer that does not end."""
    async with serving(saying(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000)) as server:
        result = await seen(Way.HTTP, f"http://{server.place}/", anywhere(5.0))
    assert result.text.endswith("answers HTTP 200, 1000000 bytes and more")


async def test_no_answer() -> None:
    """Says that a server took the question and did not answer, once the time is over."""
    async with serving(silent) as server:
        result = await seen(Way.HTTP, f"http://{server.place}/", anywhere(0.2))
    assert "was asked and did not answer: nothing within 0." in result.text


async def test_https(authority: Authority, tmp_path: Path) -> None:
    """Tells of a trusted certificate for whom it is and until when."""
    host = "api.volaticloud.com"
    trust = ssl.create_default_context(cafile=authority.ca_file)
    async with serving(saying(OK), shown(authority, "good", host, tmp_path)) as server:
        result = await seen(Way.HTTP, f"https://{host}:{server.port}/", resolving(trust=trust))
    assert result.outcome is Outcome.REACHED, result.words
    assert value(result, "certificate").startswith(f"for {host}, until 20")
    assert value(result, "TLS handshake").endswith(" ms")


@pytest.mark.parametrize(
    ("kind", "trusted", "says"),
    [
        ("good", False, "unable to get local issuer certificate"),
        ("expired", True, "certificate has expired"),
        ("wrong-name", True, "Hostname mismatch"),
    ],
)
async def test_a_certificate_that_is_refused(
    authority: Authority,
    tmp_path: Path,
    kind: str,
    trusted: bool,  # noqa: FBT001 a case
    says: str,
) -> None:
    """Asks nothing of a server whose certificate is refused, says why, and shows whose it is."""
    host = "api.volaticloud.com"
    trust = ssl.create_default_context(cafile=authority.ca_file if trusted else None)
    async with serving(saying(OK), shown(authority, kind, host, tmp_path)) as server:
        result = await seen(Way.HTTP, f"https://{host}:{server.port}/", resolving(trust=trust))
    assert result.outcome is Outcome.LOST
    assert f"The certificate of {host}:{server.port} is refused: " in result.text
    assert says in result.text
    assert value(result, "certificate").startswith("for ")
    assert bytes(server.heard) == b""


async def test_plain_http_where_tls_is_expected() -> None:
    """Says that a server speaks no TLS."""
    async with serving(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        result = await seen(Way.HTTP, f"https://{server.place}/")
    assert f"{server.place} takes no TLS: " in result.text


# DNS


@pytest.mark.parametrize(
    ("resolver", "name", "outcome", "says"),
    [
        ("answering", "api.volaticloud.com", Outcome.REACHED, "api.volaticloud.com has 2 addresses"),
        ("answering", "gone.volaticloud.com", Outcome.LOST, "NXDOMAIN"),
        ("failing", "api.volaticloud.com", Outcome.LOST, "SERVFAIL"),
        ("silent", "api.volaticloud.com", Outcome.LOST, "no answer from nameserver"),
    ],
)
async def test_names(resolver: Resolver, name: str, outcome: Outcome, says: str) -> None:
    """Tells the addresses of a name by record, or why there are none."""
    state = EdgeState({"api.volaticloud.com": ("203.0.113.7", "2001:db8::7")}, resolver=resolver)
    async with Nameserver(lambda: state) as server:
        result = await seen(Way.DNS, name, anywhere(0.4), nameserver=server.address)
    assert (result.outcome, says in result.text) == (outcome, True), result.text
    if outcome is Outcome.REACHED:
        assert (value(result, "A"), value(result, "AAAA")) == ("203.0.113.7", "2001:db8::7")


# PostgreSQL


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        (login(10, b"SCRAM-SHA-256\0\0"), Outcome.REACHED, "asks for a password (SCRAM); a login was not tried"),
        (login(0), Outcome.REACHED, "asks for no password"),
        (login(99), Outcome.REACHED, "asks for a login of another kind"),
        (
            refusal("57P03", "the database system is starting up"),
            Outcome.LOST,
            "nobody just now: the database system is",
        ),
        (refusal("53300", "sorry, too many clients already"), Outcome.REACHED, "it has no connection slot left"),
        (refusal("28000", 'no pg_hba.conf entry for host "10.0.0.1"'), Outcome.REACHED, "by no rule of pg_hba.conf"),
        (refusal("XX000", "odd\x1b[31m words"), Outcome.REACHED, "answers and refuses: odd [31m words"),
        (b"E" + struct.pack("!i", 5) + b"\0", Outcome.REACHED, "refuses: nothing more"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Outcome.LOST, "is no PostgreSQL"),
        (b"R" + struct.pack("!i", 2**31 - 1), Outcome.LOST, "is no PostgreSQL"),
        (b"R" + struct.pack("!i", -1), Outcome.LOST, "is no PostgreSQL"),
        (b"R\0\0", Outcome.LOST, "did not answer"),
    ],
)
async def test_how_postgres_answers(answer: bytes, outcome: Outcome, says: str) -> None:
    """Tells how the start of a session is answered, as pg_isready does and more."""
    async with serving(postgres(answer)) as server:
        result = await seen(Way.POSTGRES, server.place, anywhere(0.5))
    assert (result.outcome, says in result.text) == (outcome, True), result.text
    assert value(result, "TLS") == "it has none"


async def test_postgres_over_tls(authority: Authority, tmp_path: Path) -> None:
    """Begins the session over TLS where the server has it, as the account it was given; no password goes anywhere."""
    context = shown(authority, "good", "db.example.com", tmp_path)
    async with serving(postgres(login(10), tls=context)) as server:
        account = Account("volaticloud", "platform")
        result = await seen(Way.POSTGRES, server.place, anywhere(), account=account)
    assert result.outcome is Outcome.REACHED, result.words
    assert value(result, "certificate").startswith("for db.example.com")
    assert bytes(server.heard) == (
        struct.pack("!i", 196_608) + b"user\0volaticloud\0database\0platform\0application_name\0volati-probe\0\0"
    )


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "closed the connection when it was asked for TLS"),
        (b"H", "is no PostgreSQL"),
        (b"S", "takes no TLS"),
    ],
)
async def test_what_is_no_postgres(answer: bytes, says: str) -> None:
    """Says that what answers is no PostgreSQL, or ends in the middle."""
    async with serving(saying(answer)) as server:
        result = await seen(Way.POSTGRES, server.place, anywhere(0.5))
    assert (result.outcome, says in result.text) == (Outcome.LOST, True), result.text


async def test_a_silent_database() -> None:
    """Ends when a server takes the connection and says nothing."""
    async with serving(silent) as server:
        result = await seen(Way.POSTGRES, server.place, anywhere(0.2))
    assert "was asked for TLS and did not answer: nothing within 0." in result.text


async def test_the_database_by_its_secret() -> None:
    """Goes for the word `database` where its secret says, and says when that is nowhere."""
    async with serving(postgres(login(3))) as server:
        result = await seen(Way.POSTGRES, "database", database_host=LOOPBACK, database_port=server.port)
        assert (result.outcome, result.target) == (Outcome.REACHED, "database")
    nowhere = await seen(Way.POSTGRES, "database")
    assert (nowhere.outcome, "its secret has no host" in nowhere.text) == (Outcome.UNSEEN, True)


# The route


async def test_a_route() -> None:
    """Counts the hops to a port that listens, with one connection, and to one that refuses."""
    async with serving(silent) as server:
        result = await seen(Way.ROUTE, server.place)
        assert result.text == f"{server.place} is 1 hop away, and takes the connection"
        await server.met.wait()
        assert (value(result, "hop 1"), server.lines) == (LOOPBACK, 1)
    refused = await seen(Way.ROUTE, server.place)
    assert refused.text == f"{server.place} is 1 hop away, and refuses the connection"


async def test_a_route_that_may_not_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Says that it could not look where the system lets nobody choose how far packets go."""

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(socket.socket, "setsockopt", refused)
    result = await seen(Way.ROUTE, f"{LOOPBACK}:{forsaken_port()}")
    assert (result.outcome, result.text) == (
        Outcome.UNSEEN,
        "The route cannot be seen from here: Operation not permitted",
    )


def reported(origin: int, icmp: int, place: bytes) -> bytes:
    """A message of a connection's error queue, as Linux lays it out."""
    return struct.pack("=IBBBBII", 113, origin, icmp, 0, 0, 0, 0) + place


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ((0, 11, reported(2, 11, b"\x02\0\0\0\x0a\1\0\2" + bytes(8))), ("10.1.0.2", True)),
        ((0, 11, reported(2, 3, b"\x02\0\0\0\x0a\1\0\2" + bytes(8))), ("10.1.0.2", False)),
        ((41, 25, reported(3, 3, bytes(8) + b"\xfd" + bytes(14) + b"\1" + bytes(4))), ("fd00::1", True)),
        ((41, 25, reported(3, 1, bytes(8) + b"\xfd" + bytes(14) + b"\1" + bytes(4))), ("fd00::1", False)),
        ((0, 11, reported(1, 0, bytes(16))), None),
        ((0, 11, b"short"), None),
        ((1, 29, bytes(64)), None),
    ],
)
def test_who_reports(message: tuple[int, int, bytes], found: tuple[str, bool] | None) -> None:
    """Reads from an error queue which router reports, and whether it would have passed the packet on."""
    assert route._message(*message) == found


@pytest.mark.parametrize(
    ("hops", "told", "facts"),
    [
        (
            [Hop(1, 113, "10.1.0.2", passed=True), Hop(2, -1), Hop(3, -1), Hop(4, 0, "10.3.0.2")],
            "db:1 is 4 hops away, and takes the connection",
            {"hop 1": "10.1.0.2", "hops 2 to 3": "no answer", "hop 4": "10.3.0.2"},
        ),
        (
            [Hop(1, 113, "10.1.0.2", passed=True), Hop(2, 113, "10.2.0.2")],
            "db:1 is not reached: 10.2.0.2 says: No route to host",
            {"hop 1": "10.1.0.2", "hop 2": "10.2.0.2"},
        ),
        ([Hop(1, 101)], "db:1 is not reached: Network is unreachable", {"hop 1": "Network is unreachable"}),
        (
            [Hop(1, 113, "10.1.0.2", passed=True), *(Hop(number, -1) for number in range(2, 16))],
            "db:1 is not reached within 15 hops; the last that answers is 10.1.0.2 at hop 1",
            {"hop 1": "10.1.0.2", "hops 2 to 15": "no answer"},
        ),
        (
            [Hop(number, -1) for number in range(1, 16)],
            "db:1 is not reached within 15 hops; nobody on the way answers",
            {"hops 1 to 15": "no answer"},
        ),
    ],
)
async def test_what_a_route_tells(
    monkeypatch: pytest.MonkeyPatch, hops: list[Hop], told: str, facts: dict[str, str]
) -> None:
    """Tells who passes packets on, who does not, and where nobody answers."""

    async def attempt(_: object, number: int) -> Hop:
        return hops[number - 1]

    monkeypatch.setattr(route, "_attempt", attempt)
    found = await seen(Way.ROUTE, "db:1", resolving())
    assert found.text == told
    assert {one.label: one.value for one in found.facts if one.label.startswith("hop")} == facts


# Its one line


async def test_the_line() -> None:
    """Prints what it saw as one line, from which it is read again."""
    async with serving(saying(OK)) as server:
        result = await seen(Way.HTTP, f"http://{server.place}/")
    assert "\n" not in result.line()
    assert found_in(["something before", result.line(), ""]) == result
