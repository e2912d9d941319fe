"""Hundreds of hostile requests at the whole bot: each gets the right status, and none changes anything."""

import asyncio
import gzip
import io
import random
import string
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from handlers.app import build_app
from handlers.http import BODY_AT_MOST, PATH
from playground.slack.http_delivery import signed_headers
from tests.handlers.ear import Ear
from tests.handlers.site import FORM, JSON, SIGNING, Post, post_to
from tests.handlers.world import CHANNEL, World, world

EACH = 28
"""Requests of each kind, of which there are thirteen."""


@dataclass
class Attack:
    """One request, and the statuses that refuse it rightly."""

    kind: str
    right: tuple[int, ...]
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    method: str = "POST"
    path: str = PATH
    chunked: bool = False


def command(chance: random.Random) -> bytes:
    """A command that would begin a diagnosis, unlike any other."""
    trigger = "".join(chance.choices(string.digits, k=20))
    fields = {"command": "/volati", "text": "diagnose keycloak", "trigger_id": trigger, "user_id": "U0ONCALL0"}
    more = {"team_id": "T0VOLATI0", "channel_id": CHANNEL, "response_url": "http://127.0.0.1:9/x"}
    return urlencode(fields | more).encode()


def genuine(body: bytes, kind: str = FORM, secret: str = SIGNING, ago: int = 0) -> list[tuple[str, str]]:
    """The headers that Slack sends with a body."""
    return [("Content-Type", kind), *signed_headers(body, secret, int(time.time()) - ago).items()]


def _without(headers: list[tuple[str, str]], name: str) -> list[tuple[str, str]]:
    return [(key, value) for key, value in headers if key != name]


def _noise(chance: random.Random, most: int = 200) -> str:
    return "".join(chance.choices(string.printable[:94], k=chance.randint(1, most)))


def methods(chance: random.Random) -> Attack:
    """Any method but POST."""
    body = command(chance)
    return Attack("method", (405,), body, genuine(body), chance.choice(["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]))


def unsigned(chance: random.Random) -> Attack:
    """A header of the two missing, empty, or there twice."""
    body = command(chance)
    headers = genuine(body)
    name = chance.choice(["X-Slack-Signature", "X-Slack-Request-Timestamp"])
    rest = _without(headers, name)
    value = dict(headers)[name]
    return Attack("unsigned", (401,), body, chance.choice([rest, [*rest, (name, "")], [*headers, (name, value)]]))


def timestamps(chance: random.Random) -> Attack:
    """A timestamp that is no number of seconds."""
    body = command(chance)
    now = str(int(time.time()))
    odd = [f"-{now}", f"{now}.0", f"+{now}", f"{now}e0", f"0x{now}", "nan", "1" * 400, f"{now} {now}", "٣" * 10]
    odd += [_noise(chance, 12).strip() or "x", "null", "1_0", f"{now},{now}"]
    wrong = chance.choice([one for one in odd if not one.isdecimal() or not one.isascii() or len(one) > 12])
    return Attack(
        "timestamp",
        (401,),
        body,
        [*_without(genuine(body), "X-Slack-Request-Timestamp"), ("X-Slack-Request-Timestamp", wrong)],
    )


def stale(chance: random.Random) -> Attack:
    """Signed by Slack itself, too long ago, or by a clock too far ahead."""
    body = command(chance)
    ago = chance.choice([1, -1]) * chance.choice([310, 3_600, 86_400, 1_000_000_000])
    return Attack("stale", (401,), body, genuine(body, ago=ago))


def forged(chance: random.Random) -> Attack:
    """A signature of another secret, another body, another version, or of nothing."""
    body = command(chance)
    good = dict(genuine(body))["X-Slack-Signature"]
    bad = chance.choice(
        [
            dict(genuine(body, secret="another"))["X-Slack-Signature"],
            dict(genuine(body + b"&"))["X-Slack-Signature"],
            good.replace("v0=", "v1="),
            good.upper(),
            good[:-1],
            good[3:],
            "v0=" + "".join(chance.choices("0123456789abcdef", k=64)),
            "v0=",
            "é" * 10,
            _noise(chance),
        ]
    )
    return Attack(
        "signature", (401,), body, [*_without(genuine(body), "X-Slack-Signature"), ("X-Slack-Signature", bad)]
    )


def replayed(chance: random.Random) -> Attack:
    """Recorded headers with other words."""
    recorded = genuine(command(chance))
    body = bytearray(command(chance))
    body[chance.randrange(len(body))] ^= 1
    return Attack("signature", (401,), bytes(body), recorded)


def oversized(chance: random.Random) -> Attack:
    """More than 1 MB, announced or in chunks."""
    body = command(chance) + b"&x=" + b"y" * (BODY_AT_MOST + chance.randrange(1, 200_000))
    return Attack("too-large", (413,), body, genuine(body), chunked=chance.random() < 0.5)


def mistyped(chance: random.Random) -> Attack:
    """A body of another type, or of none."""
    body = command(chance)
    kinds = [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
        "application/json+x",
        _noise(chance, 20),
    ]
    return Attack("content-type", (415,), body, genuine(body, chance.choice(kinds)))


def packed(chance: random.Random) -> Attack:
    """Compressed, which may be small here and large there."""
    body = gzip.compress(command(chance) * 1000)
    return Attack(
        "content-type", (415,), body, [*genuine(body), ("Content-Encoding", chance.choice(["gzip", "deflate", "br"]))]
    )


def malformed(chance: random.Random) -> Attack:
    """Signed, and no payload all the same."""
    form = [
        b"",
        b"text=diagnose+keycloak",
        b"payload=%7B",
        b"payload=[]",
        b"\xff\xfe",
        b"command=",
        b"payload=" + b"[" * 50_000,
    ]
    events = [b"", b"[]", b"null", b"{", b'{"type":{}}', b"\xff", b'{"event":' * 5_000, _noise(chance).encode()]
    kind = chance.choice([FORM, JSON])
    body = chance.choice(form if kind == FORM else events)
    return Attack("malformed", (400,), body, genuine(body, kind))


def lost(chance: random.Random) -> Attack:
    """A path that is none of ours."""
    body = command(chance)
    paths = [
        "/",
        "/slack",
        f"{PATH}/",
        f"{PATH}/../x",
        "//slack/events",
        "/slack/event",
        f"/{chance.randrange(10**9)}",
        "/.env",
    ]
    return Attack("path", (404,), body, genuine(body), path=chance.choice(paths))


def swollen(chance: random.Random) -> Attack:
    """A header, or a first line, too long; or too many headers."""
    body = command(chance)
    more = chance.choice([[("X-Long", "x" * 10_000)], [(f"X-{n}", "x") for n in range(200)]])
    path = PATH + "?" + "x" * chance.choice([0, 20_000])
    return Attack("header", (400,), body, genuine(body) + more, path=path)


def strange(chance: random.Random) -> Attack:
    """From a workspace that is not ours, rightly signed: Bolt answers, and nothing is done."""
    fields = {
        "command": "/volati",
        "text": "diagnose keycloak",
        "team_id": f"T{chance.randrange(10**8)}",
        "user_id": "U1",
    }
    body = urlencode(fields | {"trigger_id": str(chance.random()), "channel_id": CHANNEL}).encode()
    return Attack("elsewhere", (200,), body, genuine(body))


KINDS: tuple[Callable[[random.Random], Attack], ...] = (
    *(
        methods,
        unsigned,
        timestamps,
        stale,
        forged,
        replayed,
        oversized,
        mistyped,
        packed,
        malformed,
        lost,
        swollen,
        strange,
    ),
)


def attacks(seed: int) -> Iterator[Attack]:
    """All of them, in no order."""
    chance = random.Random(seed)  # noqa: S311 -- the same attacks in each run
    found = [kind(chance) for kind in KINDS for _ in range(EACH)]
    chance.shuffle(found)
    return iter(found)


async def _sent(post: Post, attack: Attack) -> int:
    """The status it got; a connection that is closed before the answer is read counts as a refusal of its size."""
    session = post.session

    async def in_chunks() -> Any:
        for start in range(0, len(attack.body), 65_536):
            yield attack.body[start : start + 65_536]

    data = in_chunks() if attack.chunked else io.BytesIO(attack.body)
    try:
        async with session.request(
            attack.method, f"{post.url}{attack.path}", data=data, headers=attack.headers
        ) as response:
            text = await response.text()
            assert len(text) < 200
            assert "Traceback" not in text
            assert SIGNING not in text
            return response.status
    except aiohttp.ClientOSError:
        return attack.right[0] if attack.kind in {"too-large", "header"} else 0


def changed(here: World) -> tuple[object, ...]:
    """All that a request could have changed."""
    jobs = here.desk.tasks.count + here.desk.errands.count
    posted = {
        method: n for method, n in here.slack.ledger.calls.items() if method.startswith(("chat.", "views.", "files"))
    }
    return jobs, posted, len(here.examines.orders), set(here.memory.seen), here.memory.begun


@pytest.mark.parametrize("seed", [1, 2])
async def test_hostile_requests_change_nothing(seed: int) -> None:
    """It refuses 364 hostile requests, each with the right status, and begins, posts and remembers nothing."""
    async with world() as here:
        app = build_app(here.desk, here.transport, await here.transport.identity())
        async with post_to(app) as post:
            before, wrong, counted = changed(here), [], Counter[str]()
            for attack in attacks(seed):
                status = await _sent(post, attack)
                counted[attack.kind] += 1
                if status not in attack.right:
                    wrong.append(
                        (status, attack.kind, attack.method, attack.path[:40], attack.headers, attack.body[:80])
                    )
            assert wrong == []
            assert sum(counted.values()) == EACH * len(KINDS) >= 300
            assert changed(here) == before
            for kind in ("method", "unsigned", "timestamp", "stale", "signature", "content-type", "malformed"):
                assert post.count(f'volati_requests_refused_total{{reason="{kind}"}}') == counted[kind]
            # And Slack's own request is still answered.
            body = command(random.Random(0))  # noqa: S311 -- an example
            assert (await post.ask("POST", PATH, data=body, headers=genuine(body)))[0] == 200
            await here.done()
            assert len(here.examines.orders) == 1


@pytest.mark.parametrize(
    "bytes_sent",
    [
        *(
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
            b"GET\r\n\r\n",
            b"POST / HTTP/9.9\r\n\r\n",
            b"\x00" * 100,
            b"\r\n" * 500,
        ),
        b"POST /slack/events HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nzzzz",
    ],
)
async def test_what_is_no_http_is_hung_up_on(bytes_sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """It answers what is no HTTP with 400 or not at all, fills no log with it, and goes on."""
    async with post_to(Ear().app()) as post:
        reader, writer = await asyncio.open_connection("127.0.0.1", post.port)
        writer.write(bytes_sent)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await writer.wait_closed()
        assert answer == b"" or b" 400 " in answer.partition(b"\r\n")[0]
        assert (await post.ask("GET", "/healthz"))[0] == 200
    assert caplog.records == []
