"""What holds for every text a person, or nobody, could type."""

from hypothesis import example, given
from hypothesis import strategies as st

from bot.people.access import RIGHTS
from bot.slack.limits import faults
from bot.slack.views.answers import refused
from bot.words.acts import Wish
from bot.words.commands import COMMANDS, ECHO, Diagnose, Events, Logs, Refusal, Status, Token, Why, parse, right
from diagnostics.areas import AREAS

PLACES = ("production", "staging")
WORDS = st.sampled_from(
    [word.word for word in COMMANDS]
    + ["backend", "previous", "since", "15m", "0m", "container", "page", "2", "keycloak/volaticloud-keycloak"]
    + ["keycloak", "in", "deep", "production", "<!channel>", "<@U1|x>", "&lt;!here&gt;", "@everyone", "<!subteam^S1>"]
)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(WORDS, st.text()), max_size=12).map(" ".join))


@given(TEXTS)
@example("<!channel> <!here> <!everyone>")
@example("&lt;!channel&gt;")
@example("diagnose &lt;!channel&gt;")
@example("\ud800")
@example("x" * 100_000)
@example("ﷺ" * 900)
def test_every_text_has_an_answer(text: str) -> None:
    """It gives a command of known areas and places, or a short refusal, mostly with an example, whatever is typed."""
    found = parse(text, PLACES)
    if isinstance(found, Diagnose):
        assert set(found.areas) <= {area.name for area in AREAS}
        assert found.environment in PLACES
    elif isinstance(found, Refusal):
        assert 0 < len(found.text) < 300
        assert found.example or "is not there yet" in found.text
        assert "\n" not in found.text
    elif isinstance(found, Token | Why):
        assert found.environment in PLACES
    elif isinstance(found, Status | Events | Logs):
        assert found.environment in {*PLACES, ""}
        assert parse(found.words, PLACES) == found
    elif isinstance(found, Wish):
        assert found.environment in PLACES
        assert parse(found.words, (found.environment,)) == found
    else:
        assert right(found) in RIGHTS


@given(TEXTS)
@example("diagnose &lt;!channel&gt;")
@example("&lt;!channel&gt;")
@example("&amp;lt;!channel&amp;gt;")
def test_no_text_becomes_markup(text: str) -> None:
    """It never lets a person's text become a mention, a link, or anything Slack would not take."""
    found = parse(text, PLACES)
    if not isinstance(found, Refusal):
        return
    message = refused(found)
    assert faults(message.text, message.blocks) == ()
    assert "<" not in message.text
    assert "<" not in message.blocks[0]["text"]["text"]


@given(st.text(alphabet="bcxyz€ß", min_size=ECHO + 1, max_size=900))
def test_long_words_are_not_repeated(word: str) -> None:
    """It repeats at most forty characters of a word."""
    found = parse(f"diagnose {word}", PLACES)
    assert isinstance(found, Refusal)
    assert all(len(part) <= ECHO for part in found.text.split("“")[1].split("”")[:1])
