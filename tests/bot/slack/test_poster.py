"""How messages leave."""

import pytest

from bot.slack.errors import ChannelClosed, SlackBusy, SlackError, SlackUnreachable, refusal
from bot.slack.message import Message, section
from bot.slack.poster import PATIENCE_SECONDS, Place, Poster
from diagnostics.redaction import KnownSecret, Redactor
from tests.bot.slack.wire import Wire

MESSAGE = Message("hello", (section("*hello*"),))
AWAY = SlackUnreachable("away", sent=False)
MAYBE_SENT = SlackUnreachable("timeout", sent=True)
PLACE = Place("C0ENGINE0", "100.001")


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
    assert place == PLACE


async def test_redacts_everything_that_leaves() -> None:
    """It is the one outlet: no way out shows a secret, in text or in blocks."""
    wire = Wire()
    poster = poster_of(wire)
    leaky = Message("it is s3cr3t-v4lu3-9f8e7d", (section("also `s3cr3t-v4lu3-9f8e7d`"),))
    await poster.post("C1", leaky)
    await poster.update(PLACE, leaky)
    await poster.try_update(PLACE, leaky)
    await poster.whisper("C1", "U1", leaky)
    await poster.answer("https://hooks.example.com/1", leaky)
    sent = repr([wire.calls, wire.answers, poster.cleaned(leaky)])
    assert "s3cr3t" not in sent
    assert sent.count("client secret") == 12


async def test_waits_as_long_as_slack_says() -> None:
    """It honours Retry-After, and then the message is there."""
    naps = Naps()
    wire = Wire(SlackBusy("busy", 7.0), SlackBusy("busy", 2.0))
    await poster_of(wire, naps).post("C1", MESSAGE)
    assert naps.taken == [7.0, 2.0]
    assert len(wire.calls) == 3


async def test_has_limited_patience() -> None:
    """It gives up when Slack wants it to wait for longer than anybody would."""
    with pytest.raises(SlackBusy):
        await poster_of(Wire(SlackBusy("busy", PATIENCE_SECONDS + 1))).post("C1", MESSAGE)


async def test_tries_again_while_nothing_was_sent() -> None:
    """It tries a lost connection again, a bounded number of times."""
    wire, naps = Wire(AWAY, AWAY), Naps()
    await poster_of(wire, naps).post("C1", MESSAGE)
    assert len(wire.calls) == 3
    with pytest.raises(SlackUnreachable):
        await poster_of(Wire(*[AWAY] * 9), naps).post("C1", MESSAGE)


async def test_never_posts_twice() -> None:
    """It does not repeat a post that may have arrived, and does repeat such an edit."""
    wire = Wire(MAYBE_SENT)
    with pytest.raises(SlackUnreachable):
        await poster_of(wire).post("C1", MESSAGE)
    assert len(wire.calls) == 1
    wire = Wire(MAYBE_SENT)
    await poster_of(wire).update(PLACE, MESSAGE)
    assert len(wire.calls) == 2


async def test_a_refusal_is_final() -> None:
    """It does not repeat what Slack refuses."""
    wire = Wire(refusal("not_in_channel", "chat.postMessage"))
    with pytest.raises(ChannelClosed, match="/invite @volati"):
        await poster_of(wire).post("C1", MESSAGE)
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("not_in_channel", "/invite @volati"),
        ("channel_not_found", "slack.channel"),
        ("token_revoked", "slack.bot_token"),
        ("missing_scope", "manifest.yml"),
        ("msg_too_long", "report it"),
        ("something_new", "docs.slack.dev"),
    ],
)
def test_says_what_a_person_must_do(code: str, remedy: str) -> None:
    """It names the method, the code, and the remedy."""
    error: SlackError = refusal(code, "chat.postMessage")
    assert f"chat.postMessage: {code}" in str(error)
    assert remedy in str(error)
