"""The faults of the simulated Keycloak: one literal table, each a function from one state to another."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from playground.world.faults.model import Fault
from playground.world.keycloak.realm import UMA_PROTECTION, Authorization, Client, Realm, Resource
from playground.world.keycloak.state import State
from playground.world.keycloak.volaticloud import API

Change = Callable[[State], State]

CLOCK_AHEAD_S = 600.0  # ten minutes: more than any leeway that token checks grant
SLOW_S = 2.0  # a login page that takes this long is felt by everybody
WRONG_HOST = "https://keycloak.old.example.org"


def _service(name: str, breaks: str, expect: str | None, apply: Change) -> Fault[State]:
    return Fault(name, "keycloak", "Keycloak Integration Issues", breaks, expect, apply)


def _set(**values: object) -> Change:
    """The change that gives these fields of the state these values."""
    return lambda state: replace(state, **values)  # type: ignore[arg-type]  # names are checked by a test


def _client(change: Callable[[Client], Client]) -> Change:
    """The change of the backend's client."""
    return lambda state: state.with_client(API, change)


def _realm(change: Callable[[Realm], Realm]) -> Change:
    return lambda state: state.with_realm(change)


def _other_base_path(state: State) -> State:
    return replace(state, base_path="" if state.base_path else "/auth")


def _keys_rotated(state: State) -> State:
    return replace(state, ring=state.ring.unlisted(state.spare))


def _https_required(state: State) -> State:
    demanding = state.with_realm(lambda realm: replace(realm, demands_https=True))
    return replace(demanding, tls_ends_before=True)


def _service_account_off(client: Client) -> Client:
    # The server cannot keep authorization services without a service account: both go.
    return replace(client, service_account=False, authorization=None)


def _resource_server(**values: object) -> Change:
    """The change that gives these settings of the backend's resource server these values."""

    def changed(client: Client) -> Client:
        rights = client.authorization
        return replace(client, authorization=replace(rights, **values)) if rights else client  # type: ignore[arg-type]  # names are checked by a test

    return _client(changed)


def _no_uma_protection(realm: Realm) -> Realm:
    client = realm.client(API)
    user = realm.service_account(client) if client else None
    if user is None:
        return realm
    roles = {**user.client_roles, API: tuple(r for r in user.client_roles.get(API, ()) if r != UMA_PROTECTION)}
    return realm.with_user(replace(user, client_roles=roles))


def _registered(client: Client, change: Callable[[Resource], Resource]) -> Client:
    """The client with its first registered resource (not the default one) changed."""
    rights = client.authorization
    thing = first_registered(rights) if rights else None
    if rights is None or thing is None:
        return client
    return replace(client, authorization=rights.with_resource(change(thing)))


def first_registered(rights: Authorization) -> Resource | None:
    """The resource that the resource faults spoil: the first that the backend registered."""
    return next((one for one in rights.resources.values() if one.attributes.get("type")), None)


def _without_owner(thing: Resource) -> Resource:
    # The server always writes an owner down (the client, when nobody is named); what gets lost is the attribute.
    return replace(thing, attributes={k: v for k, v in thing.attributes.items() if k != "ownerId"})


def _owned_by_another(realm: Realm) -> Realm:
    client, bob = realm.client(API), realm.user("bob")
    if client is None or bob is None:
        return realm
    return realm.with_client(_registered(client, lambda thing: replace(thing, owner=bob.id)))


KEYCLOAK_FAULTS: tuple[Fault[State], ...] = (
    _service("healthy", "Nothing is broken.", None, lambda state: state),
    _service("realm-gone", "The realm was deleted.", "keycloak.realm-missing", _set(realm=None)),
    _service(
        "realm-disabled",
        "The realm is disabled: its pages are there, nobody gets a token.",
        "keycloak.realm-disabled",
        _realm(lambda realm: replace(realm, enabled=False)),
    ),
    _service(
        "wrong-base-path",
        "The realm is served under another base path than the platform is configured for.",
        "keycloak.wrong-base-path",
        _other_base_path,
    ),
    _service(
        "issuer-mismatch",
        "Keycloak's hostname setting is wrong: it calls itself by an address that nobody asked it at.",
        "keycloak.issuer-mismatch",
        _set(public_url=WRONG_HOST),
    ),
    _service(
        "https-required",
        "The realm demands https, and the proxy that ends TLS before Keycloak does not say that it did.",
        "keycloak.https-required",
        _https_required,
    ),
    _service(
        "wrong-client-secret",
        "The client's secret was regenerated; the platform still holds the old one.",
        "keycloak.client-secret-wrong",
        _client(lambda client: replace(client, secret=f"regenerated-{client.secret}")),
    ),
    _service(
        "client-disabled",
        "The backend's client is disabled; the token endpoint answers as if it did not exist.",
        "keycloak.client-disabled",
        _client(lambda client: replace(client, enabled=False)),
    ),
    _service(
        "client-missing",
        "The backend's client was deleted.",
        "keycloak.client-missing",
        _realm(lambda realm: realm.without_client(API)),
    ),
    _service(
        "service-account-off",
        "The client has no service account, so it gets no token for itself.",
        "keycloak.service-account-off",
        _client(_service_account_off),
    ),
    _service(
        "authorization-services-off",
        "Authorization services are off for the client, and with them every registered resource is gone.",
        "keycloak.authorization-services-off",
        _client(lambda client: replace(client, authorization=None)),
    ),
    _service(
        "no-uma-protection",
        "The client's service account has lost the role uma_protection.",
        "keycloak.uma-protection-missing",
        _realm(_no_uma_protection),
    ),
    _service(
        "lightweight-tokens",
        "The client's access tokens are lightweight: the role is there, and its tokens do not say so.",
        "keycloak.token-lightweight",
        _client(lambda client: replace(client, lightweight=True)),
    ),
    _service(
        "remote-management-off",
        "Remote resource management is off: the backend cannot register anything new.",
        "keycloak.remote-management-off",
        _resource_server(remote_management=False),
    ),
    _service(
        "enforcement-disabled",
        "The resource server enforces no policy: everybody may do everything.",
        "keycloak.enforcement-disabled",
        _resource_server(enforcement="DISABLED"),
    ),
    _service(
        "enforcement-permissive",
        "The resource server lets everybody at what no permission guards.",
        "keycloak.enforcement-permissive",
        _resource_server(enforcement="PERMISSIVE"),
    ),
    _service(
        "certificate-expired",
        "The certificate ended yesterday.",
        "keycloak.certificate-expired",
        _set(certificate="expired"),
    ),
    _service(
        "certificate-expiring",
        "The certificate ends in less than a week.",
        "keycloak.certificate-expiring",
        _set(certificate="expiring"),
    ),
    _service(
        "certificate-not-yet-valid",
        "The certificate begins tomorrow.",
        "keycloak.certificate-not-yet-valid",
        _set(certificate="not-yet-valid"),
    ),
    _service(
        "certificate-wrong-name",
        "The certificate is for another name, as an ingress shows when it has none of its own.",
        "keycloak.certificate-wrong-name",
        _set(certificate="wrong-name"),
    ),
    _service(
        "certificate-untrusted",
        "The certificate is signed by an authority that nobody trusts.",
        "keycloak.certificate-untrusted",
        _set(certificate="untrusted"),
    ),
    _service(
        "keys-rotated",
        "Tokens are signed with a key that the published key set, kept by a cache, does not list.",
        "keycloak.token-key-unknown",
        _keys_rotated,
    ),
    _service(
        "clock-skewed",
        "Keycloak's clock is ten minutes ahead: its tokens are issued in the future.",
        "keycloak.clock-skewed",
        _set(clock_ahead_s=CLOCK_AHEAD_S),
    ),
    _service("slow", "Each answer takes two seconds.", "keycloak.slow", _set(delay_s=SLOW_S)),
    _service(
        "hanging",
        "Connections are accepted and never answered.",
        "keycloak.not-answering",
        _set(front="silent"),
    ),
    _service(
        "login-hanging",
        "The realm's pages are served, and the token endpoint never answers.",
        "keycloak.login-not-answering",
        _set(silent_path="/protocol/openid-connect/token"),
    ),
    _service(
        "protection-hanging",
        "Logins work, and the protection API never answers.",
        "keycloak.protection-not-answering",
        _set(silent_path="/authz/protection/resource_set"),
    ),
    _service(
        "server-error-503",
        "The proxy in front has no Keycloak to pass requests to.",
        "keycloak.server-error",
        _set(front="unavailable"),
    ),
    _service(
        "html-instead-of-json",
        "Another application's page is served in Keycloak's place, with status 200.",
        "keycloak.not-json",
        _set(front="page"),
    ),
    _service(
        "redirect-to-login",
        "A proxy sends every request to a login page of its own.",
        "keycloak.redirected",
        _set(front="login"),
    ),
    _service("stopped", "Nothing listens at Keycloak's address.", "keycloak.refused", _set(listening=False)),
    _service(
        "resource-without-owner",
        "A registered resource does not say whose it is (no attribute ownerId).",
        "keycloak.resource-without-owner",
        _client(partial(_registered, change=_without_owner)),
    ),
    _service(
        "owner-differs",
        "A resource belongs to another user than its attribute ownerId says.",
        "keycloak.owner-differs",
        _realm(_owned_by_another),
    ),
)
