"""The realm as VolatiCloud sets it up: its clients, a few people, their bots and strategies."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from playground.world.keycloak.realm import (
    UMA_PROTECTION,
    Authorization,
    Client,
    Permission,
    Policy,
    Realm,
    Resource,
    User,
)

REALM = "volaticloud"
API = "volaticloud-api"
DASHBOARD = "dashboard"
ADMIN = "volati-admin"
MANAGEMENT = "realm-management"  # the server's own client whose roles open the admin interface
BOT_SCOPES = ("view", "edit", "delete", "run", "stop", "backtest")
ADMIN_ROLES = ("view-users", "view-clients", "view-authorization")  # reading only, and no more than is read
CREATED_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z: when the playground's people were added
DEFAULT_ROLES = (f"default-roles-{REALM}", "offline_access", "uma_authorization")


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the clients and people of one run log in with. Made up anew each time, kept nowhere."""

    api: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    admin: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    passwords: Mapping[str, str] = field(
        default_factory=lambda: {name: secrets.token_urlsafe(12) for name in ("alice", "bob", "mallory")},
        repr=False,
    )


def volaticloud(known: Secrets) -> Realm:
    """The healthy realm: two things are alice's, one is bob's, mallory may not log in."""
    api, dashboard, admin = _clients(known)
    people = [_person(name, word) for name, word in known.passwords.items()]
    robots = [
        service_account(api, {API: (UMA_PROTECTION,)}),
        service_account(admin, {MANAGEMENT: ADMIN_ROLES}),
    ]
    realm = Realm(
        id=fresh_id(),
        name=REALM,
        clients={one.id: one for one in (api, dashboard, admin)},
        users={one.id: one for one in (*people, *robots)},
    )
    return _with_authorization(realm)


def _with_authorization(realm: Realm) -> Realm:
    api, alice, bob = realm.client(API), realm.user("alice"), realm.user("bob")
    if api is None or alice is None or bob is None:
        raise LookupError(f"the realm {realm.name} lacks {API}, alice or bob: build it with volaticloud()")
    rights = default_authorization(api)
    rights = registered(rights, alice, "Alice's grid bot", owner=api.id)
    rights = registered(rights, alice, "Alice's breakout strategy", kind="strategy", owner=api.id)
    rights = registered(rights, bob, "Bob's scalper", owner=bob.id)
    return realm.with_client(replace(api, authorization=rights))


def default_authorization(client: Client) -> Authorization:
    """What the server itself sets up when authorization services are switched on for a client."""
    everybody = Policy(
        id=fresh_id(),
        name="Default Policy",
        kind="js",
        description="A policy that grants access only for users within this realm",
        strategy="AFFIRMATIVE",
    )
    kind = f"urn:{client.client_id}:resources:default"
    thing = Resource(id=fresh_id(), name="Default Resource", owner=client.id, type=kind, uris=("/*",))
    permission = Permission(
        id=fresh_id(),
        name="Default Permission",
        policies=(everybody.id,),
        resource_type=kind,
        description="A permission that applies to the default resource type",
    )
    return Authorization(
        scopes={},
        resources={thing.id: thing},
        policies={everybody.id: everybody},
        permissions={permission.id: permission},
    )


def registered(rights: Authorization, person: User, title: str, *, owner: str, kind: str = "bot") -> Authorization:
    """The same with one more thing of `person`, and the policy that lets this person use it.

    `owner` is whom the server writes down as the owner. The platform's backend names nobody, and
    then it is the client itself; whose thing it is, is said by the attribute `ownerId` alone.
    """
    thing = _thing(person, title, owner, kind)
    policy = Policy(id=fresh_id(), name=f"Owner {thing.id}", kind="user", members=(person.id,))
    permission = Permission(id=fresh_id(), name=f"Permission {thing.id}", policies=(policy.id,), resources=(thing.id,))
    return replace(
        rights,
        scopes={**{name: fresh_id() for name in BOT_SCOPES}, **rights.scopes},
        resources={**rights.resources, thing.id: thing},
        policies={**rights.policies, policy.id: policy},
        permissions={**rights.permissions, permission.id: permission},
    )


def _thing(person: User, title: str, owner: str, kind: str) -> Resource:
    key = fresh_id()
    return Resource(
        id=key,
        name=key,
        owner=owner,
        type=f"urn:{API}:resources:{kind}",
        display_name=title,
        scopes=BOT_SCOPES,
        attributes={"ownerId": (person.id,), "type": (kind,)},
        owner_managed=True,
    )


def _clients(known: Secrets) -> tuple[Client, Client, Client]:
    api = Client(
        id=fresh_id(),
        client_id=API,
        secret=known.api,
        name="VolatiCloud API",
        service_account=True,
        password_grant=True,
    )
    dashboard = Client(
        id=fresh_id(),
        client_id=DASHBOARD,
        public=True,
        password_grant=True,
        redirect_uris=("https://console.volaticloud.com/*",),
        origins=("https://console.volaticloud.com",),
    )
    admin = Client(id=fresh_id(), client_id=ADMIN, secret=known.admin, service_account=True)
    return api, dashboard, admin


def _person(name: str, password: str) -> User:
    return User(
        id=fresh_id(),
        username=name,
        password=password,
        first_name=name.title(),
        last_name="Example",
        email=f"{name}@example.org",
        enabled=name != "mallory",
        realm_roles=DEFAULT_ROLES,
        created_ms=CREATED_MS,
    )


def service_account(client: Client, roles: Mapping[str, tuple[str, ...]]) -> User:
    """The user that stands for a client; `roles` are client roles by clientId."""
    return User(
        id=fresh_id(),
        username=f"service-account-{client.client_id}",
        realm_roles=DEFAULT_ROLES,
        client_roles=roles,
        service_account_of=client.id,
        created_ms=CREATED_MS,
    )


def fresh_id() -> str:
    """A new id, as the server makes them: a random uuid."""
    return str(uuid.uuid4())
