"""`audit`: a page of who did what, as the answer to one person."""

from bot.audit.ledger import Wanted
from bot.slack.message import Message
from bot.slack.views.answers import told
from bot.slack.views.audit import audit, on_page
from bot.words.commands import Audit
from handlers.desk import Desk

_NO_MEMORY = (
    "Volati has no memory just now, so there is no audit to look at. `volati doctor`, on the command line, says why."
)


async def audited(desk: Desk, command: Audit) -> Message:
    """Look into the audit. Raises StoreError."""
    if desk.ledger is None:
        return told(_NO_MEMORY)
    most, passing = on_page(command)
    found = await desk.ledger.newest(most, Wanted(environment=command.environment), passing)
    return audit(found, command)
