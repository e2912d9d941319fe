"""How messages leave."""

import re
from pathlib import Path

import pytest

from bot.slack import errors
from bot.slack.errors import (
    AccessLost,
    AnswerLate,
    ChannelClosed,
    MessageGone,
    MessageRefused,
    PersonAbsent,
    Scopes,
    SlackBusy,
    SlackRefused,
    SlackUnreachable,
    UploadRefused,
    refusal,
)
from bot.slack.letters import REPEAT, Attachment
from bot.slack.message import Message, section
from bot.slack.outbox import PATIENCE_SECONDS, PAUSES_SECONDS
from bot.slack.poster import Place, Poster
from diagnostics.redaction import KnownSecret, Redactor
from playground.slack import webapi
from tests.bot.slack.wire import Wire

MESSAGE = Message("hello", (section("*hello*"),))
AWAY = SlackUnreachable("away", sent=False)
MAYBE_SENT = SlackUnreachable("timeout", sent=True)
PLACE = Place("C0ENGINE0", "100.001")
PLAYGROUND = Path(webapi.__file__).parent


class Naps:
    """Remembers the pauses instead of taking them."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """Take no time."""
        self.taken.append(seconds)


def poster_of(wire: Wire, naps: Naps | None = None) -> Poster:
    return Poster(wire, Redactor([KnownSecret("client secret", "s3cr3t-v4lu3-9f8e7d")]), naps or Naps())


async def test_posts_as_written() -> None:
    """It posts a reply, with nothing in it turned into mentions or previews, and says where it is."""
    wire = Wire()
    place = await poster_of(wire).post("C0ENGINE0", MESSAGE, "99.1")
    method, arguments = wire.calls[0]
    assert method == "chat.postMessage"
    assert arguments["thread_ts"] == "99.1"
    assert (arguments["parse"], arguments["link_names"], arguments["unfurl_links"]) == ("none", False, False)
    assert "reply_broadcast" not in arguments
    assert place == Place("C0ENGINE0", "100.001", "99.1")
    assert place.posted


async def test_redacts_everything_that_leaves() -> None:
    """It is the one outlet: no way out shows a secret, in text, in blocks or in a file."""
    wire = Wire()
    poster = poster_of(wire)
    leaky = Message("it is s3cr3t-v4lu3-9f8e7d", (section("also `s3cr3t-v4lu3-9f8e7d`"),))
    await poster.post("C1", leaky)
    await poster.update(PLACE, leaky)
    await poster.try_update(PLACE, leaky)
    await poster.whisper("C1", "U1", leaky)
    await poster.answer("https://hooks.example.com/1", leaky)
    await poster.attach(PLACE, Attachment("s3cr3t-v4lu3-9f8e7d.txt", "s3cr3t-v4lu3-9f8e7d", "is s3cr3t-v4lu3-9f8e7d"))
    sent = repr([wire.calls, wire.answers, wire.uploads, poster.cleaned(leaky)])
    assert "s3cr3t" not in sent
    assert sent.count("client secret") == 16


async def test_waits_as_long_as_slack_says() -> None:
    """It honours Retry-After, and then the message is there."""
    naps = Naps()
    wire = Wire(SlackBusy("busy", 2.0), SlackBusy("busy", 1.0))
    assert (await poster_of(wire, naps).post("C1", MESSAGE)).posted is False
    await poster_of(Wire(), naps).close()
    assert naps.taken[0] == pytest.approx(2.0, abs=0.1)


async def test_does_not_hold_up_its_caller() -> None:
    """It lets the caller go on when Slack wants a long wait, and the message follows."""
    wire = Wire(SlackBusy("busy", PATIENCE_SECONDS + 60))
    poster = poster_of(wire)
    await poster.update(PLACE, MESSAGE)
    await poster.close()
    assert len(wire.calls) == 2


async def test_tries_again_while_nothing_was_sent() -> None:
    """It tries a lost connection again, for as long as it takes, and marks nothing."""
    wire, naps = Wire(AWAY), Naps()
    assert (await poster_of(wire, naps).post("C1", MESSAGE)).posted
    assert len(wire.calls) == 2
    wire = Wire(*[AWAY] * 9)
    poster = poster_of(wire, naps)
    place = await poster.post("C1", MESSAGE)
    assert not place.posted
    await until_sent(poster, place)
    assert wire.texts("chat.postMessage") == ["hello"] * 10
    assert [nap for nap in naps.taken if nap in PAUSES_SECONDS and nap > 1] == [3.0, 10.0, *[15.0] * 5]


async def until_sent(poster: Poster, place: Place) -> None:
    """Wait until what waits has been sent."""
    await poster.update(place, MESSAGE)
    await poster.close()


async def test_a_repeat_is_marked() -> None:
    """It repeats a post that may have arrived only with a word that it may be there twice; an edit needs none."""
    wire = Wire(MAYBE_SENT, refusal("missing_scope", "conversations.history"))
    await poster_of(wire).post("C1", MESSAGE)
    assert wire.texts("chat.postMessage") == ["hello", f"hello ({REPEAT})"]
    assert REPEAT in repr(wire.calls[-1][1]["blocks"])
    wire = Wire(MAYBE_SENT)
    await poster_of(wire).update(PLACE, MESSAGE)
    assert wire.texts("chat.update") == ["hello"] * 2


async def test_a_refusal_is_final() -> None:
    """It does not repeat what Slack refuses, and says so to whoever posted it."""
    wire = Wire(refusal("not_in_channel", "chat.postMessage"))
    with pytest.raises(ChannelClosed, match="/invite @volati"):
        await poster_of(wire).post("C1", MESSAGE)
    assert len(wire.calls) == 1


async def test_answers_late_as_a_whisper() -> None:
    """It shows the person in the channel what their command's address takes no more; without a person it says so."""
    wire = Wire(refusal("expired_url", "response_url"))
    await poster_of(wire).answer("https://hooks.example.com/1", MESSAGE, "C1", "U1")
    assert [method for method, _ in wire.calls] == ["chat.postEphemeral"]
    with pytest.raises(AnswerLate, match="half an hour"):
        await poster_of(Wire(refusal("expired_url", "response_url"))).answer("https://hooks.example.com/1", MESSAGE)


@pytest.mark.parametrize(
    ("code", "kind", "remedy"),
    [
        ("not_in_channel", ChannelClosed, "/invite @volati"),
        ("channel_not_found", ChannelClosed, "slack.channel"),
        ("is_archived", ChannelClosed, "Unarchive"),
        ("restricted_action", ChannelClosed, "admin"),
        ("user_not_in_channel", PersonAbsent, "Join the channel"),
        ("used_url", AnswerLate, "Ask again"),
        ("message_not_found", MessageGone, "Ask again"),
        ("cant_update_message", MessageGone, "not Volati's own"),
        ("edit_window_closed", MessageGone, "admin"),
        ("msg_too_long", MessageRefused, "report it"),
        ("msg_blocks_too_long", MessageRefused, "report it"),
        ("invalid_blocks", MessageRefused, "report it"),
        ("no_text", MessageRefused, "report it"),
        ("file_uploads_disabled", UploadRefused, "pages"),
        ("storage_limit_reached", UploadRefused, "Delete old files"),
        ("token_revoked", AccessLost, "slack.bot_token"),
        ("account_inactive", AccessLost, "slack.bot_token"),
        ("invalid_auth", AccessLost, "slack.bot_token"),
        ("not_authed", AccessLost, "slack.bot_token"),
        ("missing_scope", AccessLost, "manifest.yml"),
        ("org_login_required", AccessLost, "organisation"),
        ("something_new", SlackRefused, "docs.slack.dev"),
    ],
)
def test_says_what_a_person_must_do(code: str, kind: type[SlackRefused], remedy: str) -> None:
    """It names the method, the code, and the remedy."""
    error = refusal(code, "chat.postMessage")
    assert type(error) is kind
    assert f"chat.postMessage: {code}" in str(error)
    assert remedy in str(error)


def test_names_the_right_that_lacks() -> None:
    """It says which right Slack wants, and which there are."""
    error = refusal("missing_scope", "chat.postMessage", Scopes("chat:write", "commands,users:read"))
    assert "It needs chat:write, and has commands,users:read." in str(error)


def test_knows_every_refusal_of_the_simulated_slack() -> None:
    """It has a meaning for every code that the methods it calls can be refused with."""
    modules = ("methods/chat.py", "methods/files.py", "call.py", "limits.py", "refusals.py", "webapi.py", "tiers.py")
    source = "\n".join((PLAYGROUND / name).read_text(encoding="utf-8") for name in (*modules, "response_urls.py"))
    codes = set(re.findall(r'SlackRefusal\(\s*"(\w+)"', source)) | set(re.findall(r'needed\("\w+", "(\w+)"', source))
    never_called = {"cant_delete_file", "cant_delete_message", "no_item_specified", "invalid_name", "already_reacted"}
    not_ours = {"user_not_found", "view_too_large", "ratelimited"}  # of views and people; 429 is SlackBusy
    assert len(codes) > 25
    assert codes - never_called - not_ours <= set(errors._MEANINGS)
