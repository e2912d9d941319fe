"""The settings of Slack: the app, and who may do what, where."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import (
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from bot.people.access import Holders, Role, Rules
from bot.settings.forms import ChannelId, GroupId, Part, SettingsError, TeamId, Url, UserId, slack_id


class SlackSettings(Part):
    """The Slack app. `channel` is the id of #engineering (in its details, at the bottom)."""

    mode: Literal["socket", "http"] = Field(
        default="socket", description="socket: the bot connects to Slack; http: Slack posts to /slack/events"
    )
    bot_token: SecretStr
    app_token: SecretStr | None = Field(
        default=None, validate_default=True, description="for mode socket: begins with xapp-"
    )
    signing_secret: SecretStr | None = Field(
        default=None, validate_default=True, description="for mode http: under App Credentials in Basic Information"
    )
    channel: Annotated[str, slack_id("channel", "CG")]
    # Slack allows ten connections, those of all replicas together.
    sockets: Annotated[int, Field(ge=1, le=10)] = 2
    api_url: Url = "https://slack.com/api"

    @field_validator("app_token", "signing_secret")
    @classmethod
    def _way_in(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        over_http = info.data.get("mode") == "http"
        needed = info.field_name == ("signing_secret" if over_http else "app_token")
        if needed and not (secret and secret.get_secret_value().strip()):
            raise ValueError("it is missing, and mode http needs it" if over_http else "it is missing")
        return secret

    def secrets(self) -> Iterator[tuple[str, str]]:
        """Every secret in here, with what it is called."""
        yield "Slack bot token", self.bot_token.get_secret_value()
        if self.app_token:
            yield "Slack app token", self.app_token.get_secret_value()
        if self.signing_secret:
            yield "Slack signing secret", self.signing_secret.get_secret_value()


class HolderSettings(Part):
    """Who holds a role: members of user groups, and people by id. Ids also count where groups cannot be read."""

    groups: tuple[GroupId, ...] = ()
    users: tuple[UserId, ...] = ()

    def holders(self, *, everyone: bool = False) -> Holders:
        """The same as the rules want it."""
        return Holders(frozenset(self.users), frozenset(self.groups), everyone)


class ViewerSettings(HolderSettings):
    """Who may read."""

    everyone: bool = Field(
        default=False, description="every full member of the workspace; the default when viewer is not set"
    )


class RoleSettings(Part):
    """Who holds which role. A role includes those before it."""

    viewer: ViewerSettings = ViewerSettings(everyone=True)
    operator: HolderSettings = HolderSettings()
    approver: HolderSettings = HolderSettings()
    admin: HolderSettings = HolderSettings()


class AccessSettings(Part):
    """Who may do what, and where. By default every full member may read, and nobody may act."""

    team: TeamId | None = Field(default=None, description="the workspace; by default the one of the bot's token")
    channels: tuple[ChannelId, ...] = Field(
        default=(), description="where Volati listens, beside its own channel; by default everywhere it is"
    )
    roles: RoleSettings = RoleSettings()

    def rules(self, token_team: str, own_channel: str) -> Rules:
        """The rules for the workspace of the bot's token. Its own channel is always listened to: its buttons are there.

        Raises:
            SettingsError: the token is of another workspace than the one that is set.
        """
        if self.team not in {None, token_team}:
            raise SettingsError(
                f"access.team is {self.team}, and slack.bot_token is a token of the workspace {token_team}. "
                "Correct access.team, or give the token that belongs to it."
            )
        roles = self.roles
        holders = {
            Role.VIEWER: roles.viewer.holders(everyone=roles.viewer.everyone),
            Role.OPERATOR: roles.operator.holders(),
            Role.APPROVER: roles.approver.holders(),
            Role.ADMIN: roles.admin.holders(),
        }
        return Rules(token_team, frozenset({*self.channels, own_channel} if self.channels else ()), holders)
