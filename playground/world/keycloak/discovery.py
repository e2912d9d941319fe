"""What anyone may read of a realm: its page, its discovery documents, its signing keys."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from playground.world.keycloak.calls import JSON_UTF8, Call, Reply
from playground.world.keycloak.realm import OPTIONAL_SCOPES

_NO_CACHE = {"Cache-Control": "no-cache"}
_NEVER = {"Cache-Control": "no-cache, must-revalidate, no-transform, no-store"}
_OIDC = "/protocol/openid-connect"

_ASYMMETRIC = ("PS384", "RS384", "EdDSA", "ES384", "ES256", "RS256", "ES512", "PS256", "PS512", "RS512")
_SIGNING = (*_ASYMMETRIC, "HS256", "HS384", "HS512")
_KEY_WRAPPING = ("ECDH-ES+A256KW", "ECDH-ES+A192KW", "ECDH-ES+A128KW", "RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "ECDH-ES")
_CONTENT = ("A256GCM", "A192GCM", "A128GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512")
_CLIENT_AUTHENTICATION = (
    "private_key_jwt",
    "client_secret_basic",
    "client_secret_post",
    "tls_client_auth",
    "client_secret_jwt",
)
_RESPONSE_TYPES = (
    "code",
    "none",
    "id_token",
    "token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
)
_RESPONSE_MODES = ("query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt")
_GRANTS = (
    "authorization_code",
    "client_credentials",
    "implicit",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:uma-ticket",
    "urn:openid:params:grant-type:ciba",
)
_CLAIMS = (
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "email",
    "acr",
    "azp",
    "nonce",
)

# Key of the discovery document -> path below the realm.
_SHARED_PAGES = {
    "authorization_endpoint": f"{_OIDC}/auth",
    "token_endpoint": f"{_OIDC}/token",
    "introspection_endpoint": f"{_OIDC}/token/introspect",
    "end_session_endpoint": f"{_OIDC}/logout",
    "jwks_uri": f"{_OIDC}/certs",
    "registration_endpoint": "/clients-registrations/openid-connect",
}
_LOGIN_PAGES = {
    "userinfo_endpoint": f"{_OIDC}/userinfo",
    "check_session_iframe": f"{_OIDC}/login-status-iframe.html",
    "revocation_endpoint": f"{_OIDC}/revoke",
    "device_authorization_endpoint": f"{_OIDC}/auth/device",
    "backchannel_authentication_endpoint": f"{_OIDC}/ext/ciba/auth",
    "pushed_authorization_request_endpoint": f"{_OIDC}/ext/par/request",
}
_UMA_PAGES = {
    "resource_registration_endpoint": "/authz/protection/resource_set",
    "permission_endpoint": "/authz/protection/permission",
    "policy_endpoint": "/authz/protection/uma-policy",
}
_WITH_CLIENT_CERTIFICATE = (
    "token_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "device_authorization_endpoint",
    "registration_endpoint",
    "userinfo_endpoint",
    "pushed_authorization_request_endpoint",
    "backchannel_authentication_endpoint",
)
_SHARED_FACTS: Mapping[str, Any] = {
    "frontchannel_logout_session_supported": True,
    "frontchannel_logout_supported": True,
    "grant_types_supported": _GRANTS,
    "response_types_supported": _RESPONSE_TYPES,
    "response_modes_supported": _RESPONSE_MODES,
    "token_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
    "token_endpoint_auth_signing_alg_values_supported": _SIGNING,
    "scopes_supported": (
        *("openid", "basic", "profile", "roles", "email", "service_account", "web-origins", "acr"),
        *OPTIONAL_SCOPES,
    ),
}
_LOGIN_FACTS: Mapping[str, Any] = {
    "acr_values_supported": ("0", "1"),
    "subject_types_supported": ("public", "pairwise"),
    "prompt_values_supported": ("none", "login", "consent"),
    "introspection_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
    "introspection_endpoint_auth_signing_alg_values_supported": _SIGNING,
    "revocation_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
    "revocation_endpoint_auth_signing_alg_values_supported": _SIGNING,
    "dpop_signing_alg_values_supported": _ASYMMETRIC,
    "backchannel_authentication_request_signing_alg_values_supported": _ASYMMETRIC,
    "claims_supported": _CLAIMS,
    "claim_types_supported": ("normal",),
    "claims_parameter_supported": True,
    "request_parameter_supported": True,
    "request_uri_parameter_supported": True,
    "require_request_uri_registration": True,
    "code_challenge_methods_supported": ("plain", "S256"),
    "tls_client_certificate_bound_access_tokens": True,
    "backchannel_logout_supported": True,
    "backchannel_logout_session_supported": True,
    "backchannel_token_delivery_modes_supported": ("poll", "ping"),
    "require_pushed_authorization_requests": False,
    "authorization_response_iss_parameter_supported": True,
}


def realm_page(call: Call) -> Reply:
    """GET the realm: its name, its public key (base64 of the DER form), where its services are."""
    body = {
        "realm": call.realm.name,
        "public_key": base64.b64encode(call.ring.signing.public_der).decode(),
        "token-service": f"{call.issuer}{_OIDC}",
        "account-service": f"{call.issuer}/account",
        "tokens-not-before": 0,
    }
    return Reply(body, content_type=JSON_UTF8, headers=_NO_CACHE)


def openid_configuration(call: Call) -> Reply:
    """GET .well-known/openid-configuration (OpenID Connect Discovery 1.0)."""
    pages = _urls(call, {**_SHARED_PAGES, **_LOGIN_PAGES})
    aliases = {name: pages[name] for name in _WITH_CLIENT_CERTIFICATE}
    facts = {**_SHARED_FACTS, **_LOGIN_FACTS, **_sealed()}
    body = {"issuer": call.issuer, **pages, **facts, "mtls_endpoint_aliases": aliases}
    return Reply(body, headers=_NEVER)


def uma_configuration(call: Call) -> Reply:
    """GET .well-known/uma2-configuration (UMA 2.0)."""
    pages = _urls(call, {**_SHARED_PAGES, **_UMA_PAGES})
    return Reply({"issuer": call.issuer, **pages, **_SHARED_FACTS}, headers=_NEVER)


def certs(call: Call) -> Reply:
    """GET …/certs: the JSON Web Key Set (RFC 7517) that the ring lists."""
    return Reply({"keys": [dict(key.jwk) for key in call.ring.listed]}, headers=_NO_CACHE)


def _urls(call: Call, pages: Mapping[str, str]) -> dict[str, str]:
    return {name: f"{call.issuer}{path}" for name, path in pages.items()}


def _sealed() -> dict[str, Sequence[str]]:
    """For each thing that can be signed and encrypted: with which algorithms."""
    facts: dict[str, Sequence[str]] = {}
    for name in ("id_token", "userinfo", "request_object", "authorization"):
        unsigned = ("none",) if name in ("userinfo", "request_object") else ()
        facts[f"{name}_signing_alg_values_supported"] = (*_SIGNING, *unsigned)
        facts[f"{name}_encryption_alg_values_supported"] = _KEY_WRAPPING
        facts[f"{name}_encryption_enc_values_supported"] = _CONTENT
    return facts
