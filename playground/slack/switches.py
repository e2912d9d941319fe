"""What can be made to go wrong at the simulated Slack while it runs, in one place."""

from dataclasses import dataclass, field

# What a workspace admin would grant: the app's own scopes. Reading history is left out on purpose.
DEFAULT_SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "app_mentions:read",
        "usergroups:read",
        "users:read",
        "users:read.email",
        "files:read",
        "files:write",
        "channels:read",
        "groups:read",
        "reactions:write",
    }
)


@dataclass(slots=True)
class Storm:
    """Calls answered with 429 whatever the tier: the next `left` calls of `method` (`*` for all)."""

    method: str
    left: int
    retry_after_s: int = 1


@dataclass(slots=True)
class Switches:
    """Plain values a test or the page may set at any time.

    `commands` are the slash commands the app registered; those in `unescaped` get names as they were typed.
    `shortcuts` are callback ids with their type (message or global); None lets any be chosen.
    `events` are the event types the app subscribed to.
    `fail_with` answers a method with this error code (for instance `token_revoked` for `*`).
    `duplicates` is how many further times each event is delivered, unchanged.
    `edit_window_s` is how long a message may be edited; None for ever.
    """

    strict_tiers: bool = True
    storms: list[Storm] = field(default_factory=list)
    fail_with: dict[str, str] = field(default_factory=dict)
    scopes: set[str] = field(default_factory=lambda: set(DEFAULT_SCOPES))
    commands: set[str] = field(default_factory=lambda: {"/volati"})
    unescaped: set[str] = field(default_factory=set)
    shortcuts: dict[str, str] | None = None
    events: set[str] = field(default_factory=lambda: {"app_mention", "app_home_opened"})
    interactivity: bool = True
    home_tab: bool = True
    free_plan: bool = False
    file_uploads_disabled: bool = False
    duplicates: int = 0
    edit_window_s: float | None = None
    expire_tickets: bool = False

    def storm(self, method: str = "*", *, calls: int = 1, retry_after_s: int = 1) -> None:
        """Answer the next calls with 429."""
        self.storms.append(Storm(method, calls, retry_after_s))
