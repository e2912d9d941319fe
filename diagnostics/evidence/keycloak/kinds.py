"""The kinds of evidence about Keycloak: plain facts, nothing judged, no secret in them."""

from datetime import datetime
from typing import ClassVar

from diagnostics.evidence.http import SERVER_FAILED, Answer, Exchange, NoAnswer, silence
from diagnostics.evidence.network import Reached
from diagnostics.evidence.tokens import Key, Signature, TokenFacts
from diagnostics.model import Evidence, Fact, Value

_SETTING = "environments.<name>.keycloak.url"
_SECRET_SETTING = "environments.<name>.keycloak.client_secret"  # noqa: S105 a setting's name, no secret
_ADMIN_SETTING = "environments.<name>.keycloak.admin"
#: How a fingerprint ends that another process would give differently: it says nothing about a change.
OF_THIS_PROCESS = " (this process only)"


class KeycloakReach(Evidence, frozen=True):
    """Whether Keycloak's host can be found, connected to and trusted."""

    KIND: ClassVar[str] = "keycloak.reach"
    WHAT: ClassVar[str] = "the connection to Keycloak"
    SETTING: ClassVar[str] = _SETTING

    reached: Reached

    def marks(self) -> tuple[Fact, ...]:
        """The certificate and the addresses."""
        certificate = self.reached.certificate
        addresses = Fact("addresses of Keycloak's host", ", ".join(sorted(self.reached.addresses)))
        if certificate is None:
            return (addresses,) if self.reached.addresses else ()
        return (Fact("certificate of Keycloak's host", certificate.fingerprint[:16]), addresses)

    def unanswered(self) -> str:
        """Where the connection ended."""
        return silence(self.reached.failure)


class RealmPage(Value, frozen=True):
    """The realm's page as it answers under one base path, such as `/auth`."""

    base_path: str
    exchange: Exchange
    realm: str = ""


class KeycloakRealm(Evidence, frozen=True):
    """The realm's page under the base paths Keycloak is known to use."""

    KIND: ClassVar[str] = "keycloak.realm"
    WHAT: ClassVar[str] = "the realm page"
    SETTING: ClassVar[str] = _SETTING

    pages: tuple[RealmPage, ...]

    @property
    def served(self) -> RealmPage | None:
        """The first page that is the realm's own, or None."""
        return next((page for page in self.pages if page.realm), None)

    @property
    def unserved(self) -> str:
        """Why it is served nowhere, in a sentence: silence and a server's own fault say nothing of paths."""
        first = self.pages[0].exchange if self.pages else None
        if isinstance(first, NoAnswer):
            return f"The realm page gave no answer: {first.detail.rstrip('.')}."
        if first is not None and first.status_class == SERVER_FAILED:
            return f"The realm page was not given: {first.refusal.rstrip('.')}."
        return "The realm is served under no known path."

    def marks(self) -> tuple[Fact, ...]:
        """The path the realm is served at."""
        page = self.served
        return (Fact("path of the realm", f"{page.base_path}/realms"),) if page else ()

    def unanswered(self) -> str:
        """Why no path was answered."""
        return silence(*(page.exchange for page in self.pages))


class KeycloakDiscovery(Evidence, frozen=True):
    """The realm's OpenID configuration document."""

    KIND: ClassVar[str] = "keycloak.discovery"
    WHAT: ClassVar[str] = "the discovery document"
    SETTING: ClassVar[str] = _SETTING

    exchange: Exchange
    issuer: str = ""
    token_endpoint: str = ""
    jwks_uri: str = ""

    def marks(self) -> tuple[Fact, ...]:
        """The issuer."""
        return (Fact("issuer", self.issuer),) if self.issuer else ()

    def unanswered(self) -> str:
        """Why there was no answer."""
        return silence(self.exchange)


class KeycloakKeys(Evidence, frozen=True):
    """The realm's published signing keys."""

    KIND: ClassVar[str] = "keycloak.keys"
    WHAT: ClassVar[str] = "the signing keys (JWKS)"
    SETTING: ClassVar[str] = _SETTING

    exchange: Exchange
    keys: tuple[Key, ...] = ()

    def marks(self) -> tuple[Fact, ...]:
        """The ids of the signing keys."""
        ids = ", ".join(sorted(key.key_id for key in self.keys if key.use == "sig"))
        return (Fact("signing keys", ids),) if ids else ()

    def unanswered(self) -> str:
        """Why there was no answer."""
        return silence(self.exchange)


class KeycloakClientSecret(Evidence, frozen=True):
    """The client secret as it is configured for the bot, without the secret."""

    KIND: ClassVar[str] = "keycloak.client-secret"
    WHAT: ClassVar[str] = "the configured client secret"
    SETTING: ClassVar[str] = _SECRET_SETTING

    origin: str
    empty: bool
    surrounding_space: bool
    fingerprint: str

    def marks(self) -> tuple[Fact, ...]:
        """The keyed fingerprint of the secret, where it is the same for every process."""
        if self.fingerprint.endswith(OF_THIS_PROCESS):
            return ()
        return (Fact("client secret (keyed fingerprint)", self.fingerprint),)


class KeycloakLogin(Evidence, frozen=True):
    """What the token endpoint said to the client's own credentials.

    `client_page` is what the login page says of the client: the token endpoint gives a missing and a disabled
    client the same answer, the login page does not. `secret` is what can be said of the secret that was sent.
    """

    KIND: ClassVar[str] = "keycloak.login"
    WHAT: ClassVar[str] = "the client's login"
    SETTING: ClassVar[str] = _SECRET_SETTING

    exchange: Exchange
    token: TokenFacts | None = None
    received_at: datetime | None = None
    client_page: str = ""
    secret: KeycloakClientSecret | None = None

    def unanswered(self) -> str:
        """Why there was no answer."""
        return silence(self.exchange)


class KeycloakToken(Evidence, frozen=True):
    """The client's token held against the published keys."""

    KIND: ClassVar[str] = "keycloak.token"
    WHAT: ClassVar[str] = "the signature of the client's token"
    SETTING: ClassVar[str] = _SECRET_SETTING

    token: TokenFacts
    signature: Signature
    published: tuple[str, ...]
    received_at: datetime


class KeycloakProtection(Evidence, frozen=True):
    """What the protection API said to the client's token: may it register resources.

    `roles` are the client roles in the token. `introspected` are those that introspection gives for a lightweight
    token, which holds none itself; None where the token is another, or introspection did not say.
    """

    KIND: ClassVar[str] = "keycloak.protection"
    WHAT: ClassVar[str] = "the protection API (resource registration)"
    SETTING: ClassVar[str] = _SECRET_SETTING

    exchange: Exchange
    roles: tuple[str, ...]
    lightweight: bool = False
    introspected: tuple[str, ...] | None = None

    def unanswered(self) -> str:
        """Why there was no answer."""
        return silence(self.exchange)


class Resource(Value, frozen=True):
    """A registered resource: its Keycloak owner, and the owner the platform noted in `ownerId`."""

    id: str
    name: str
    kind: str
    owner_id: str
    owner_name: str
    noted_owner: str
    scopes: tuple[str, ...]


class KeycloakResources(Evidence, frozen=True):
    """The registered resources, up to a bound; `more` says that there are others beyond it."""

    KIND: ClassVar[str] = "keycloak.resources"
    WHAT: ClassVar[str] = "the registered resources"
    SETTING: ClassVar[str] = _SECRET_SETTING

    resources: tuple[Resource, ...]
    more: bool


class KeycloakOwners(Evidence, frozen=True):
    """Which of the resources' noted owners the realm does not know, asked through the admin API."""

    KIND: ClassVar[str] = "keycloak.owners"
    WHAT: ClassVar[str] = "the owners of resources (admin API)"
    SETTING: ClassVar[str] = _ADMIN_SETTING

    asked: int
    unknown: tuple[str, ...]


class KeycloakEvaluation(Evidence, frozen=True):
    """What Keycloak said when the client asked which permissions it has itself (a UMA ticket request)."""

    KIND: ClassVar[str] = "keycloak.evaluation"
    WHAT: ClassVar[str] = "permission evaluation (UMA ticket)"
    SETTING: ClassVar[str] = _SECRET_SETTING

    exchange: Exchange

    def unanswered(self) -> str:
        """Why there was no answer."""
        return silence(self.exchange)


class ProbeLeft(Value, frozen=True):
    """A probe that may still be there: its name, its id (empty when it was never told), and why that is not certain."""

    name: str
    id: str
    why: str


class KeycloakRegistration(Evidence, frozen=True):
    """A marked probe resource created, read and deleted. Steps that were not come to, or not answered, are None.

    `left_behind` counts probes of earlier, interrupted runs that were found and removed.
    """

    KIND: ClassVar[str] = "keycloak.registration"
    WHAT: ClassVar[str] = "registering and removing a probe resource"
    SETTING: ClassVar[str] = _SECRET_SETTING

    created: Exchange | None
    read: Exchange | None
    deleted: Exchange | None
    left_behind: int
    may_remain: ProbeLeft | None = None


class KeycloakAdmin(Evidence, frozen=True):
    """The admin client's own login: what it may see needs it."""

    KIND: ClassVar[str] = "keycloak.admin"
    WHAT: ClassVar[str] = "the admin client's login"
    SETTING: ClassVar[str] = _ADMIN_SETTING

    exchange: Exchange

    def unanswered(self) -> str:
        """Why there was no answer."""
        return silence(self.exchange)


class KeycloakResourceServer(Evidence, frozen=True):
    """How the client is set up as a resource server. `enforcement` is Keycloak's own word, such as ENFORCING."""

    KIND: ClassVar[str] = "keycloak.resource-server"
    WHAT: ClassVar[str] = "the resource server's settings (admin API)"
    SETTING: ClassVar[str] = _ADMIN_SETTING

    enforcement: str
    remote_management: bool

    def marks(self) -> tuple[Fact, ...]:
        """Both settings."""
        allowed = "allowed" if self.remote_management else "not allowed"
        return (Fact("policy enforcement", self.enforcement), Fact("remote resource management", allowed))


class AskedUser(Evidence, frozen=True):
    """The user a question is about, by name or by id."""

    KIND: ClassVar[str] = "why.user"
    WHAT: ClassVar[str] = "the user (admin API)"
    SETTING: ClassVar[str] = _ADMIN_SETTING

    asked: str
    found: bool
    id: str = ""
    username: str = ""
    enabled: bool = False


class AskedResource(Evidence, frozen=True):
    """The resource a question is about, by id or by name; None when no such resource is registered."""

    KIND: ClassVar[str] = "why.resource"
    WHAT: ClassVar[str] = "the resource (protection API)"
    SETTING: ClassVar[str] = _SECRET_SETTING

    asked: str
    action: str
    resource: Resource | None


class Vote(Value, frozen=True):
    """What one permission, or a policy under it, said."""

    name: str
    kind: str
    granted: bool
    under: str


class KeycloakDecision(Evidence, frozen=True):
    """How Keycloak decides the question: granted or not, and each vote."""

    KIND: ClassVar[str] = "why.decision"
    WHAT: ClassVar[str] = "Keycloak's decision (admin API)"
    SETTING: ClassVar[str] = _ADMIN_SETTING

    granted: bool
    allowed: tuple[str, ...]
    votes: tuple[Vote, ...]


class PresentedToken(Evidence, frozen=True):
    """A token somebody wants explained, without the token."""

    KIND: ClassVar[str] = "token.presented"
    WHAT: ClassVar[str] = "the presented token"
    SETTING: ClassVar[str] = _SETTING

    token: TokenFacts
    signature: Signature
    published: tuple[str, ...]
    received_at: datetime


class TokenActivity(Evidence, frozen=True):
    """Whether Keycloak still counts a presented token as active: its session lives, its user is enabled."""

    KIND: ClassVar[str] = "token.activity"
    WHAT: ClassVar[str] = "whether the token is active (introspection)"
    SETTING: ClassVar[str] = _SECRET_SETTING

    exchange: Exchange
    active: bool

    def unanswered(self) -> str:
        """Why there was no answer."""
        return silence(self.exchange)


class KeycloakContainer(Evidence, frozen=True):
    """Keycloak's own container: its state, and the lines of its log that are errors, already redacted.

    `status` is Docker's own word, or `missing`. `ended_at` is set when it has ended; `error` is what Docker says
    when it could not start it. `log_gap` says which part of the log could not be read, and why.
    """

    KIND: ClassVar[str] = "keycloak.container"
    WHAT: ClassVar[str] = "Keycloak's own container"
    SETTING: ClassVar[str] = "environments.<name>.keycloak.container"

    name: str
    host: str
    status: str
    exit_code: int
    out_of_memory: bool
    restarts: int
    started_at: datetime | None
    error_lines: tuple[str, ...]
    lines_read: int
    ended_at: datetime | None = None
    error: str = ""
    log_gap: str = ""

    def marks(self) -> tuple[Fact, ...]:
        """When it was started."""
        return (Fact("start of Keycloak's container", self.started_at.isoformat()),) if self.started_at else ()


def status_of(exchange: Exchange) -> str:
    """An exchange in a few words, for the facts of a finding."""
    if isinstance(exchange, Answer):
        return exchange.refusal
    return exchange.detail
