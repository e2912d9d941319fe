"""Every guarded act there is, by the word that asks for it. It is read, never added to while the bot runs."""

from collections.abc import Mapping

from bot.actions.act import Act
from bot.actions.debug_logs import DebugLogs
from bot.actions.failed_pods import DeleteFailedPods
from bot.actions.probe import Probe
from bot.actions.restart import Restart
from bot.actions.rollback import Rollback
from bot.actions.scale import Scale
from bot.actions.sessions import CancelQuery, EndSession

ACTIONS: Mapping[str, Act] = {
    "restart": Restart(),
    "rollback": Rollback(),
    "scale": Scale(),
    "delete-failed-pods": DeleteFailedPods(),
    "debug-logs": DebugLogs(),
    "probe": Probe(),
    "cancel-query": CancelQuery(),
    "end-session": EndSession(),
}
"""Each has its right in bot/people/access.py and its word in bot/words/commands.py; a test holds it to that."""
