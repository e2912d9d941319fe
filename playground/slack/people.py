"""Who and what is in the workspace: people of every kind, channels, user groups, and the app itself."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class App:
    """The app that is tested, as Slack knows it."""

    team_id: str = "T0VOLATI0"
    team_domain: str = "volaticloud"
    api_app_id: str = "A0VOLATI0"
    bot_id: str = "B0VOLATI0"
    bot_user_id: str = "U0VOLATI0"
    bot_name: str = "volati"
    verification: str = "verification-of-the-playground"  # the old, deprecated `token` in payloads


@dataclass(frozen=True, slots=True)
class Person:
    """A user; `restricted` is a guest of several channels, `ultra_restricted` of one."""

    id: str
    name: str
    real_name: str
    team_id: str = "T0VOLATI0"
    bot: bool = False
    restricted: bool = False
    ultra_restricted: bool = False
    deleted: bool = False
    admin: bool = False

    @property
    def email(self) -> str:
        """Their address at the workspace."""
        return f"{self.name}@volaticloud.example"


@dataclass(slots=True)
class Channel:
    """A conversation and who is in it; a direct message has two members."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    private: bool = False
    archived: bool = False
    direct: bool = False


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A user group, as in `@operators`."""

    id: str
    handle: str
    users: tuple[str, ...]
    disabled: bool = False


def default_people() -> list[Person]:
    """One person of every kind the bot must tell apart."""
    return [
        Person("U0ONCALL0", "oncall", "On-call engineer"),
        Person("U0ENGINE0", "engineer", "Engineer"),
        Person("U0OPERAT0", "operator", "Operator"),
        Person("U0APPROV0", "approver", "Approver"),
        Person("U0ADMIN00", "admin", "Workspace admin", admin=True),
        Person("U0GUEST00", "guest", "Guest of several channels", restricted=True),
        Person("U0GUEST01", "guest1", "Guest of one channel", restricted=True, ultra_restricted=True),
        Person("U0GONE000", "gone", "Deactivated person", deleted=True),
        Person("U0STRANG0", "stranger", "Person of another workspace", team_id="T0OTHER00"),
        Person("U0ROBOT00", "robot", "Another bot", bot=True),
        Person("U0VOLATI0", "volati", "Volati", bot=True),
        Person("USLACKBOT", "slackbot", "Slackbot"),
    ]


def default_channels() -> list[Channel]:
    """The team's channel, one more, one without the bot, a private one, an archived one."""
    all_ids = {person.id for person in default_people()}
    people = all_ids - {"USLACKBOT"}
    without_bot = people - {"U0VOLATI0"}
    return [
        Channel("C0ENGINE0", "engineering", set(people)),
        Channel("C0DEVOPS0", "devops", set(people)),
        Channel("C0RANDOM0", "random", without_bot),
        Channel("C0PRIVAT0", "incidents-private", {"U0ONCALL0", "U0ADMIN00", "U0VOLATI0"}, private=True),
        Channel("C0SECRET0", "leadership", {"U0ADMIN00"}, private=True),
        Channel("C0ARCHIV0", "archive", set(people), archived=True),
    ]


def default_groups() -> list[UserGroup]:
    """The groups roles are made of."""
    return [
        UserGroup("S0OPERAT0", "operators", ("U0OPERAT0", "U0ONCALL0")),
        UserGroup("S0APPROV0", "approvers", ("U0APPROV0",)),
        UserGroup("S0ADMINS0", "admins", ("U0ADMIN00",)),
        UserGroup("S0FORMER0", "former", ("U0GONE000",), disabled=True),
    ]
