"""Tests of the page in a real browser: what a person sees, presses and types. They need Chromium."""

from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncApp

from playground.page.stage import Stage
from playground.slack.messages import Content
from playground.slack.server import SimulatedSlack
from tests.playground.page.chromium import MissingBrowser, Page, chromium, opened
from tests.playground.page.stand_ins import HOSTILE, FakeBot, FakePlatform

pytestmark = pytest.mark.live

DESKTOP, PHONE = (1440, 900), (390, 844)  # CSS pixels


@pytest.fixture
async def control(pytestconfig: pytest.Config) -> AsyncIterator[str]:
    """A Chromium, or a visible reason why there is none."""
    try:
        async with chromium() as address:
            yield address
    except MissingBrowser as missing:
        if pytestconfig.getoption("require_live"):
            raise
        pytest.skip(str(missing))


@pytest.fixture
async def desktop(control: str, address: str) -> AsyncIterator[Page]:
    """The page on a wide screen, once it is live; at the end it has complained of nothing."""
    async with opened(control, address, *DESKTOP) as page:
        await page.until(
            "document.querySelector('#link').textContent === 'live' && document.querySelector('#place').textContent"
        )
        yield page
        assert page.complaints == []


async def _type(page: Page, field: str, words: str) -> None:
    """Type into a field, and press Enter."""
    await page.run(f"document.querySelector('{field}').focus()")
    await page.call("Input.insertText", text=words)
    await page.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", windowsVirtualKeyCode=13)


async def _press(page: Page, button: str, within: str = "body") -> None:
    """Press the button with this label."""
    fits = f"one.offsetParent && one.textContent.trim() === '{button}'"
    found = f"[...document.querySelectorAll('{within} button')].find(one => {fits})"
    await page.until(f"Boolean({found})")
    await page.run(f"{found}.click()")


async def test_command_thread_and_modal(desktop: Page, app: AsyncApp, slack: SimulatedSlack) -> None:
    """It shows every block of an answer, opens the thread, and takes a modal through its errors to its end."""
    await _type(desktop, "#line", "/volati show")
    await desktop.until("document.querySelector('.message.private .only')")
    assert await desktop.until("document.querySelector('#messages table').innerText.includes('CrashLoopBackOff')")
    assert await desktop.run("document.querySelector('#messages .mention.mine').textContent") == "@oncall"
    assert await desktop.until("document.querySelectorAll('#replies .message').length === 2")
    assert await desktop.run("document.querySelector('#replies .message:last-child .content').textContent") == HOSTILE
    assert (
        await desktop.run("document.querySelectorAll('#messages img:not(.avatar), #replies img:not(.avatar)').length")
        == 0
    )
    await _press(desktop, "Explain a token")
    await desktop.until("document.querySelector('#modal').open")
    await _press(desktop, "Explain")
    assert await desktop.until("document.querySelector('#modal .error').textContent") == "Please fill this in."
    await desktop.run("document.querySelector('#modal textarea').focus()")
    await desktop.call("Input.insertText", text="nonsense")
    await desktop.run(
        "(() => { const menu = document.querySelector('#modal select'); menu.focus(); menu.value = 'production';"
        " menu.dispatchEvent(new Event('change')); })()"
    )
    await _press(desktop, "Explain")
    wrong = await desktop.until(
        "[...document.querySelectorAll('#modal .error')].find(one => one.textContent.includes('JWT'))?.textContent"
    )
    assert wrong == "This is no JWT: it has no two dots."
    await desktop.run("document.querySelector('#modal textarea').select()")
    await desktop.call("Input.insertText", text="a.b.c")
    await desktop.run("document.querySelector('#modal select').focus()")
    await _press(desktop, "Explain")
    assert await desktop.until("!document.querySelector('#modal').open")
    assert slack.person("oncall").modal.view is None


async def _modal_with(page: Page, words: str) -> None:
    """Open the modal, choose in it, and type into its text, which keeps the focus."""
    await _type(page, "#line", "/volati show")
    await _press(page, "Explain a token")
    await page.until("document.querySelector('#modal').open")
    await page.run(
        "(() => { const menu = document.querySelector('#modal select'); menu.focus(); menu.value = 'production';"
        " menu.dispatchEvent(new Event('change')); })()"
    )
    await page.run("document.querySelector('#modal textarea').focus()")
    await page.call("Input.insertText", text=words)


async def test_modal_sent_while_typing(desktop: Page, app: AsyncApp, slack: SimulatedSlack) -> None:
    """It sends what is typed even when the button is pressed without leaving the field, as screen readers do."""
    await _modal_with(desktop, "a.b.c")
    await _press(desktop, "Explain")
    assert await desktop.until("!document.querySelector('#modal').open")
    assert slack.person("oncall").modal.view is None


async def test_modal_closed_while_typing(desktop: Page, app: AsyncApp, slack: SimulatedSlack) -> None:
    """It forgets what was typed when the modal is closed, and complains of nothing."""
    await _modal_with(desktop, "half a word")
    await desktop.call("Input.dispatchKeyEvent", type="keyDown", key="Escape", code="Escape", windowsVirtualKeyCode=27)
    assert await desktop.until("!document.querySelector('#modal').open")
    await _type(desktop, "#line", "/volati show")  # by its answer everything before has been heard
    assert await desktop.until("document.querySelectorAll('#messages .message.private').length === 2")
    assert await desktop.run("document.querySelector('.notice')?.textContent ?? ''") == ""


async def test_confirmation_and_edit(desktop: Page, app: AsyncApp) -> None:
    """It asks before a dangerous button, does nothing on no, and shows the edit after yes."""
    await _type(desktop, "#line", "/volati show")
    await _press(desktop, "Restart", "#messages")
    await _press(desktop, "Leave it")
    await desktop.until("!document.querySelector('#confirm').open")
    assert await desktop.run("document.querySelector('#messages .edited')") is None
    await _press(desktop, "Restart", "#messages")
    await _press(desktop, "Restart it")
    assert await desktop.until("document.querySelector('#messages .edited').textContent") == "(edited)"
    assert await desktop.until("document.querySelector('#messages').innerText.includes('Restarted.')")


async def test_edit_keeps_the_reader_in_place(desktop: Page, slack: SimulatedSlack) -> None:
    """It changes only what an edit changes: the focused button stays, and nothing below it moves."""
    space = slack.workspace
    actions = {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Stop"}}],
    }

    def content(done: int) -> Content:
        rows = {
            "type": "section",
            "text": {"type": "mrkdwn", "text": f"*{done} of 9*\n✓ one\n▸ two"},
            "block_id": "rows",
        }
        return Content("progress", (rows, {**actions, "block_id": "acts"}))

    message = space.post(space.write("C0ENGINE0", space.app.bot_user_id, content(1)))
    await desktop.until("document.querySelector('#messages .actions button')")
    await desktop.run("(window.before = document.querySelector('#messages .actions button')).focus()")
    top = await desktop.run("before.getBoundingClientRect().top")
    for done in range(2, 10):
        space.edit(message, content(done))
    await desktop.until("document.querySelector('#messages').innerText.includes('9 of 9')")
    assert await desktop.run("document.activeElement === before && before.isConnected")
    assert await desktop.run("before.getBoundingClientRect().top") == top


async def test_follows_after_a_message_longer_than_the_screen(desktop: Page, slack: SimulatedSlack) -> None:
    """It shows what comes next, though the message before it did not fit; not to somebody who reads further up."""
    space = slack.workspace

    async def post(text: str) -> None:
        block = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
        space.post(space.write("C0ENGINE0", space.app.bot_user_id, Content(text, (block,))))
        await desktop.until(
            f"document.querySelector('#messages .message:last-child').innerText.includes('{text[-5:]}')"
        )

    seen = (
        "((one, list) => one.top < list.bottom && one.bottom > list.top)("
        "document.querySelector('#messages .message:last-child').getBoundingClientRect(), "
        "document.querySelector('#messages').getBoundingClientRect())"
    )
    await post("line\n" * 90 + "long!")
    await post("next one")
    assert await desktop.run(seen)
    await desktop.run("document.querySelector('#messages').scrollTop = 5")
    await post("line\n" * 90 + "later")
    assert await desktop.run("document.querySelector('#messages').scrollTop") == 5


async def test_command_in_a_thread(desktop: Page, app: AsyncApp) -> None:
    """It refuses a slash command in a thread, as Slack does, and takes a reply."""
    await _type(desktop, "#line", "/volati show")
    await desktop.until("document.querySelectorAll('#replies .message').length === 2")
    await _type(desktop, "#reply-line", "/volati help")
    assert "not supported in threads" in await desktop.until("document.querySelector('.notice')?.textContent")
    await _type(desktop, "#reply-line", "thanks")
    assert await desktop.until("document.querySelectorAll('#replies .message').length === 3")


async def test_panel(desktop: Page) -> None:
    """It breaks and heals the platform at a switch, and shows what is broken."""
    await desktop.run("document.querySelector('[data-switch=\"realm-gone\"]').click()")
    assert await desktop.until("document.querySelector('#broken.bad')?.textContent") == "Broken now: realm gone."
    assert await desktop.run("document.querySelector('[data-switch=\"realm-gone\"]').ariaChecked") == "true"
    await _press(desktop, "Heal everything")
    assert await desktop.until("document.querySelector('#broken:not(.bad)')?.textContent") == "Nothing is broken now."


async def test_what_to_ask(control: str, address: str, whole: tuple[Stage, FakePlatform, FakeBot]) -> None:
    """It offers to ask the area of what broke last, also where that broke before it was opened, or elsewhere."""
    faults, asks = whole[0].faults, "document.querySelector('#ask').textContent === '/volati diagnose {}'"
    await faults.switch_on("image-tag-missing")
    async with opened(control, address, *DESKTOP) as page:
        await page.until(asks.format("server"))
        await faults.switch_on("realm-gone")
        await page.until(asks.format("keycloak"))
        await page.run("document.querySelector('[data-switch=\"out-of-memory\"]').click()")
        await page.until(asks.format("server"))


async def test_every_control_has_a_name(desktop: Page, app: AsyncApp) -> None:
    """It names every control for a screen reader."""
    await _type(desktop, "#line", "/volati show")
    await desktop.until("document.querySelector('#messages table')")
    await desktop.call("Accessibility.enable")
    tree = (await desktop.call("Accessibility.getFullAXTree"))["nodes"]
    controls = {"button", "textbox", "combobox", "switch", "searchbox", "link", "checkbox"}
    shown = [node for node in tree if not node["ignored"] and node["role"]["value"] in controls]
    assert len(shown) > 20
    assert [node for node in shown if not node.get("name", {}).get("value")] == []


@pytest.mark.parametrize("view", ["side", "chat", "thread", "lab"])
async def test_phone(control: str, address: str, app: AsyncApp, slack: SimulatedSlack, view: str) -> None:
    """It fits a phone: one view at a time, nothing wider than the screen."""
    await slack.person("oncall").command("#engineering", "/volati show")
    await slack.until(lambda: len(slack.ledger.of("chat.postMessage")) == 2)
    async with opened(control, address, *PHONE) as page:
        await page.until("document.querySelector('#messages table')")
        await page.run(f"document.querySelector('[data-to=\"{view}\"]').click()")
        assert await page.run("document.documentElement.scrollWidth") == PHONE[0]
        parts = "['side', 'channel', 'thread', 'lab']"
        shown = f"{parts}.filter(one => document.querySelector(`.frame > .${{one}}`).offsetParent)"
        assert await page.run(shown) == [{"chat": "channel"}.get(view, view)]
        assert page.complaints == []
