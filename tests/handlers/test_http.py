"""The way in over HTTP: what Slack posts, verified and answered once."""

import asyncio
import json
import time
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from handlers import http as module
from handlers.http import BODY_AT_MOST, PATH, RefusedError, payload_of
from playground.slack.http_delivery import signed_headers
from playground.slack.server import SimulatedSlack
from tests.handlers.ear import Ear
from tests.handlers.site import FORM, JSON, SIGNING, post_to

COMMAND = urlencode({"command": "/volati", "text": "hello", "trigger_id": "1.2.3", "team_id": "T"}).encode()
EVENT = {"type": "event_callback", "event_id": "Ev1", "team_id": "T", "event": {"type": "app_mention", "user": "U"}}


async def test_answers_a_command() -> None:
    """It gives the app's answer in the response."""
    ear = Ear()
    async with post_to(ear.app()) as post:
        assert await post.signed(COMMAND) == (200, "heard hello")
        assert post.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert post.count('volati_deliveries_total{kind="slash_commands",outcome="answered"}') == 1


async def test_serves_the_simulated_slack() -> None:
    """It takes commands and events of a Slack that posts them, each acknowledged far within three seconds."""
    ear = Ear()
    async with SimulatedSlack() as slack, post_to(ear.app()) as post:
        slack.core.credentials = type(slack.core.credentials)(signing=SIGNING)
        carrier = slack.deliver_over_http(f"{post.url}{PATH}")
        assert await carrier.verify_url()
        outcomes = [await slack.person("oncall").command("engineering", f"/volati n{n}") for n in range(50)]
        record = await slack.person("oncall").mention("engineering", "hello")
        assert all(outcome.acknowledged for outcome in outcomes)
        assert sum(outcome.latency_ms for outcome in outcomes) / len(outcomes) < 50
        assert record.acknowledged
        assert len(ear.events) == 1


async def test_repeats_its_challenge() -> None:
    """It answers Slack's question whether the address is ours."""
    async with post_to(Ear().app()) as post:
        status, text = await post.signed(b'{"type":"url_verification","challenge":"abc"}', JSON)
        assert (status, json.loads(text)) == (200, {"challenge": "abc"})


async def test_says_when_its_clock_or_its_secret_may_be_wrong() -> None:
    """It warns in the log, once a minute at most, of requests that Slack itself may have sent; of others not at all."""
    async with post_to(Ear().app()) as post:
        wrong = {"clock": (SIGNING, int(time.time()) - 400), "secret": ("another", int(time.time()))}
        with capture_logs() as logs:
            for secret, moment in (*wrong.values(), *wrong.values()):
                headers = {"Content-Type": FORM, **signed_headers(COMMAND, secret, moment)}
                assert (await post.ask("POST", PATH, data=COMMAND, headers=headers))[0] == 401
            assert (await post.ask("POST", PATH, data=COMMAND, headers={"Content-Type": FORM}))[0] == 401
        told = [log["reason"] for log in logs if log["log_level"] == "warning"]
        assert len(told) == 2
        assert "clock" in told[0]
        assert "slack.signing_secret" in told[1]


def test_complains_again_after_a_while() -> None:
    """It warns again of the same after a minute, also when the clock was set back."""
    complaints = module.Complaints()
    with capture_logs() as logs:
        for now in (1_000.0, 1_059.0, 1_060.0, 500.0):
            complaints.of(module.Refusal.STALE, now)
    assert len(logs) == 3


@pytest.mark.parametrize("challenge", ["", "x" * 201, None, 7, ["a"]])
async def test_repeats_no_nonsense(challenge: object) -> None:
    """It repeats nothing that is no challenge."""
    async with post_to(Ear().app()) as post:
        body = json.dumps({"type": "url_verification", "challenge": challenge}).encode()
        assert await post.signed(body, JSON) == (400, "malformed")


async def test_acts_once_on_a_repeat() -> None:
    """It gives a repeated command or event the same answer, and does not act again."""
    ear = Ear()
    async with post_to(ear.app()) as post:
        event = json.dumps(EVENT).encode()
        for attempt in range(3):
            retry = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"} if attempt else {}
            assert (await post.signed(event, JSON, **retry))[0] == 200
            assert await post.signed(COMMAND) == (200, "heard hello")
        assert (ear.events, ear.commands) == (["Ev1"], ["hello"])
        assert post.count('volati_deliveries_total{kind="events_api",outcome="repeated"}') == 2


async def test_acts_once_on_repeats_at_the_same_time() -> None:
    """It lets a repeat wait for the answer that the first one is about to get."""
    ear = Ear()
    ear.gate.clear()
    async with post_to(ear.app()) as post:
        asking = [asyncio.create_task(post.signed(COMMAND)) for _ in range(5)]
        await ear.began.wait()
        ear.gate.set()
        assert {await one for one in asking} == {(200, "heard hello")}
        assert ear.commands == ["hello"]


async def test_while_stopping_events_are_left_to_slack() -> None:
    """It still answers people while it stops, and leaves events for Slack to repeat elsewhere."""
    ear = Ear()
    async with post_to(ear.app()) as post:
        post.intake.stop()
        assert (await post.signed(COMMAND))[0] == 200
        assert (await post.signed(json.dumps(EVENT).encode(), JSON))[0] == 503
        assert ear.events == []
        assert post.count('volati_deliveries_total{kind="events_api",outcome="stopping"}') == 1


async def test_a_failure_is_answered_and_may_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers 500 with nothing in it when the app fails as a whole, and tries a repeat anew."""
    ear = Ear()
    app = ear.app()

    async def broken(*_: object) -> None:
        raise RuntimeError("the inside story")

    async with post_to(app) as post:
        with monkeypatch.context() as patch:
            patch.setattr(app, "async_dispatch", broken)
            assert await post.signed(COMMAND) == (500, "")
        assert (await post.signed(COMMAND))[0] == 200
        assert post.count('volati_errors_total{where="delivery"}') == 1


async def test_reads_interactivity() -> None:
    """It understands what people press: JSON in a form."""
    payload = {"type": "block_actions", "actions": [{"type": "button", "action_id": "a"}], "team": {"id": "T"}}
    async with post_to(Ear().app()) as post:
        assert (await post.signed(urlencode({"payload": json.dumps(payload)}).encode()))[0] == 200
        assert post.count('volati_deliveries_total{kind="interactive",outcome="unhandled"}') == 1


async def test_a_slow_body_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives up on a body that does not come."""
    monkeypatch.setattr(module, "BODY_SECONDS", 0.05)
    async with post_to(Ear().app()) as post:
        reader, writer = await asyncio.open_connection("127.0.0.1", post.port)
        signed = {**signed_headers(COMMAND, SIGNING, int(time.time())), "Content-Type": FORM, "Content-Length": "100"}
        head = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: volati\r\n{head}\r\ncommand=".encode())
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 408")
        assert post.count('volati_requests_refused_total{reason="slow"}') == 1
        writer.close()


@pytest.mark.parametrize("size", [BODY_AT_MOST, BODY_AT_MOST + 1])
async def test_takes_a_body_of_one_megabyte(size: int) -> None:
    """It takes a body of 1 MB, and none with a byte more."""
    ear = Ear()
    async with post_to(ear.app()) as post:
        body = COMMAND + b"&text2="
        body += b"x" * (size - len(body))
        assert (await post.signed(body))[0] == (200 if size == BODY_AT_MOST else 413)
        assert len(ear.commands) == (1 if size == BODY_AT_MOST else 0)


class TestPayload:
    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b"\xff", b"a=b", b"payload=", b"payload=[]", b"payload={", b"command=", b"payload=%FF", b"&" * 50),
            b"&".join(b"a%d=b" % n for n in range(101)) + b"&command=x",
            b"payload=" + b"[" * 100_000,
        ],
    )
    def test_refuses_forms_of_no_use(self, body: bytes) -> None:
        """It refuses a form that is no command and holds no payload."""
        with pytest.raises(RefusedError, match="MALFORMED"):
            payload_of(body, form=True)

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"{}", b'{"type":1}', b"{", b"\xff", b"[" * 100_000])
    def test_refuses_json_of_no_use(self, body: bytes) -> None:
        """It refuses JSON that is no payload."""
        with pytest.raises(RefusedError, match="MALFORMED"):
            payload_of(body, form=False)

    def test_a_payload_is_believed_before_a_command(self) -> None:
        """It reads the payload where a form has both, as Bolt does."""
        assert payload_of(b'payload={"type":"shortcut"}&command=/volati', form=True) == {"type": "shortcut"}


async def test_headers_of_repeats_are_read_with_care() -> None:
    """It takes a strange repeat number for none."""
    ear = Ear()
    async with post_to(ear.app()) as post:
        for number, odd in enumerate(["x", "-1", "1" * 50, "²"]):
            event = json.dumps(EVENT | {"event_id": f"Ev{number}"}).encode()
            assert (await post.signed(event, JSON, **{"X-Slack-Retry-Num": odd}))[0] == 200
        assert len(ear.events) == 4


async def test_each_delivery_has_an_id_of_its_own() -> None:
    """It binds one short id for all that is done for a delivery, and another for the next."""
    ear = Ear()
    async with post_to(ear.app()) as post:
        for event in ("Ev1", "Ev2"):
            await post.signed(json.dumps(EVENT | {"event_id": event}).encode(), JSON)
        first, again, second, again_second = ear.ids
        assert (first, second) == (again, again_second)
        assert first != second
