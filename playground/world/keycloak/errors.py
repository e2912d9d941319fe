"""How the server refuses: status, JSON body and headers in its own words. It decides nothing.

Every wording here was read from a Keycloak 26.4.5 and is compared with one by `tests/live`.
"""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):  # noqa: N818  # it is an answer, not a failure of the playground
    """An answer other than success. `body` None is an empty one."""

    def __init__(self, status: int, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def oauth(status: int, error: str, description: str) -> Refusal:
    """An OAuth error (RFC 6749, section 5.2)."""
    return Refusal(status, {"error": error, "error_description": description})


def plain(status: int, error: str) -> Refusal:
    """An error with one field only, as the server's outer layers give it."""
    return Refusal(status, {"error": error})


def no_such_path() -> Refusal:
    """Outside of any realm: the base path is another one."""
    return plain(404, "Unable to find matching target resource method")


def not_found() -> Refusal:
    """Inside a realm, but no such page."""
    return plain(404, "HTTP 404 Not Found")


def nothing_there(headers: Mapping[str, str] | None = None) -> Refusal:
    """A resource or policy that does not exist: an empty answer."""
    return Refusal(404, None, headers)


def no_such_realm() -> Refusal:
    """The realm was deleted, renamed, or never was."""
    return plain(404, "Realm does not exist")


def realm_disabled() -> Refusal:
    """Told by the token and introspection endpoints only; everything else goes on."""
    return oauth(403, "access_denied", "Realm not enabled")


def https_required() -> Refusal:
    """Told to plain http where the realm forbids it, by everything that logs somebody in or helps to."""
    return oauth(403, "invalid_request", "HTTPS required")


def unknown_client() -> Refusal:
    """The client is missing or disabled: the server gives both the same answer."""
    return oauth(401, "invalid_client", "Invalid client or Invalid client credentials")


def wrong_secret() -> Refusal:
    """The client exists, its secret is another."""
    return oauth(401, "unauthorized_client", "Invalid client or Invalid client credentials")


def unauthorized_client(description: str) -> Refusal:
    """The client may not do this."""
    return oauth(401, "unauthorized_client", description)


def invalid_request(description: str, status: int = 400) -> Refusal:
    """The request lacks something or contradicts itself."""
    return oauth(status, "invalid_request", description)


def invalid_grant(status: int, description: str) -> Refusal:
    """The password, the refresh token or the bearer token is no good."""
    return oauth(status, "invalid_grant", description)


def not_authorized() -> Refusal:
    """No policy lets this user do this."""
    return oauth(403, "access_denied", "not_authorized")


def invalid_bearer() -> Refusal:
    """The protection interface's answer to a missing, damaged or expired token: 403, not 401."""
    return oauth(403, "invalid_bearer_token", "Could not obtain bearer access_token from request.")


def server_failed() -> Refusal:
    """What the server says when it trips over a request (an owner who does not exist, for one)."""
    return oauth(500, "unknown_error", "For more on this error consult the server log.")
