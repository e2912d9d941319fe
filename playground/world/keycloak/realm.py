"""What a realm is made of, as frozen values: users, clients, resources, policies. It answers no request.

Names and meanings follow the server's administration guide and its authorization services guide (version 26).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

Strategy = Literal["UNANIMOUS", "AFFIRMATIVE", "CONSENSUS"]
Enforcement = Literal["ENFORCING", "PERMISSIVE", "DISABLED"]
EMPTY: Mapping[str, tuple[str, ...]] = MappingProxyType({})

ACCOUNT_ROLES = ("manage-account", "manage-account-links", "view-profile")
UMA_PROTECTION = "uma_protection"
ACCESS_TOKEN_S = 300  # the platform's realm: access tokens live five minutes
SESSION_IDLE_S = 1800  # and a session ends after half an hour without use
DEFAULT_SCOPES = ("service_account", "web-origins", "acr", "roles", "profile", "basic", "email")
OPTIONAL_SCOPES = ("address", "phone", "organization", "offline_access", "microprofile-jwt")


@dataclass(frozen=True, slots=True)
class User:
    """A person, or the service account of a client (`service_account_of` is then that client's id)."""

    id: str
    username: str
    password: str = field(default="", repr=False)
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    enabled: bool = True
    realm_roles: tuple[str, ...] = ()
    client_roles: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)  # clientId -> roles
    service_account_of: str = ""
    created_ms: int = 0  # since 1970, as the admin interface shows it


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing under UMA protection. `owner` is the id of a user or of the client itself: there is always one."""

    id: str
    name: str
    owner: str
    type: str | None = None
    display_name: str | None = None
    scopes: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)
    uris: tuple[str, ...] = ()
    owner_managed: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is meant: `kind` is user (members are user ids), role (members are realm roles) or js (everybody)."""

    id: str
    name: str
    kind: Literal["user", "role", "js"]
    members: tuple[str, ...] = ()
    description: str | None = None
    strategy: Strategy = "UNANIMOUS"


@dataclass(frozen=True, slots=True)
class Permission:
    """Which policies (by id) guard what: a resource by id, every resource of a type, or scopes by name."""

    id: str
    name: str
    policies: tuple[str, ...]
    resources: tuple[str, ...] = ()
    resource_type: str = ""
    scopes: tuple[str, ...] = ()
    description: str | None = None
    strategy: Strategy = "UNANIMOUS"

    @property
    def kind(self) -> Literal["resource", "scope"]:
        """The word the admin interface uses for it."""
        return "scope" if self.scopes else "resource"


@dataclass(frozen=True, slots=True)
class Authorization:
    """The authorization services of one client. A client without them has no such value."""

    scopes: Mapping[str, str]  # name -> id
    resources: Mapping[str, Resource] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    permissions: Mapping[str, Permission] = field(default_factory=dict)
    strategy: Strategy = "UNANIMOUS"
    enforcement: Enforcement = "ENFORCING"
    remote_management: bool = True  # whether the client itself may register resources

    def with_resource(self, resource: Resource) -> "Authorization":
        """The same with this resource added or put in place of the one with its id."""
        return replace(self, resources={**self.resources, resource.id: resource})

    def without_resource(self, resource_id: str) -> "Authorization":
        """The same without that resource, and without the permissions that guarded nothing else."""
        kept = {key: one for key, one in self.resources.items() if key != resource_id}
        guarding = {key: one for key, one in self.permissions.items() if set(one.resources) != {resource_id}}
        return replace(self, resources=kept, permissions=guarding)

    def named(self, name: str, owner: str) -> Resource | None:
        """The resource of that name and owner: the pair is unique."""
        return next((one for one in self.resources.values() if (one.name, one.owner) == (name, owner)), None)


@dataclass(frozen=True, slots=True)
class Client:
    """An application known to the realm. `id` is the server's own uuid, `client_id` the name people use."""

    id: str
    client_id: str
    secret: str = field(default="", repr=False)
    name: str | None = None
    public: bool = False
    enabled: bool = True
    service_account: bool = False
    password_grant: bool = False
    redirect_uris: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    authorization: Authorization | None = None
    lightweight: bool = False  # the client's own access tokens leave out all that introspection can add


@dataclass(frozen=True, slots=True)
class Realm:
    """One realm. Every change gives another value, so a fault is a function and switching it off is forgetting it."""

    id: str
    name: str
    clients: Mapping[str, Client]  # by id
    users: Mapping[str, User]  # by id
    enabled: bool = True
    access_token_s: int = ACCESS_TOKEN_S
    demands_https: bool = False  # sslRequired ALL; the default, EXTERNAL, means nobody on loopback

    def client(self, client_id: str) -> Client | None:
        """The client people call `client_id`, or None."""
        return next((one for one in self.clients.values() if one.client_id == client_id), None)

    def user(self, username: str) -> User | None:
        """The user of that name, or None."""
        return next((one for one in self.users.values() if one.username == username), None)

    def service_account(self, client: Client) -> User | None:
        """The user a client's own tokens are made for; None while service accounts are off."""
        if not client.service_account:
            return None
        return next((one for one in self.users.values() if one.service_account_of == client.id), None)

    def owner_name(self, owner: str) -> str | None:
        """What to call the owner of a resource: the user's name, or the client's."""
        if owner in self.users:
            return self.users[owner].username
        return self.clients[owner].client_id if owner in self.clients else None

    def owner_id(self, text: str) -> str | None:
        """The id behind a user's name or id, or a client's name or id; None when it is nobody."""
        if text in self.users or text in self.clients:
            return text
        found = self.user(text) or self.client(text)
        return found.id if found else None

    def with_client(self, client: Client) -> "Realm":
        """The same realm with this client added or replaced."""
        return replace(self, clients={**self.clients, client.id: client})

    def without_client(self, client_id: str) -> "Realm":
        """The same realm without that client and its service account."""
        gone = self.client(client_id)
        if gone is None:
            return self
        clients = {key: one for key, one in self.clients.items() if key != gone.id}
        users = {key: one for key, one in self.users.items() if one.service_account_of != gone.id}
        return replace(self, clients=clients, users=users)

    def with_user(self, user: User) -> "Realm":
        """The same realm with this user added or replaced."""
        return replace(self, users={**self.users, user.id: user})
