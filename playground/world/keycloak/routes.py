"""Which page answers which path: one literal table, and how a path is found in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playground.world.keycloak import admin, discovery, errors, introspection, login_page, protection, token_endpoint
from playground.world.keycloak import admin_authorization as authz
from playground.world.keycloak.calls import Call, Reply

Page = Callable[[Call], Reply]

_OIDC = "protocol/openid-connect"
_SET = "authz/protection/resource_set"
_SERVER = "clients/{client}/authz/resource-server"

# Below /realms/{realm}: for everybody.
PUBLIC: Mapping[str, Mapping[str, Page]] = {
    "": {"GET": discovery.realm_page},
    ".well-known/openid-configuration": {"GET": discovery.openid_configuration},
    ".well-known/uma2-configuration": {"GET": discovery.uma_configuration},
    f"{_OIDC}/certs": {"GET": discovery.certs},
    f"{_OIDC}/auth": {"GET": login_page.show},
    f"{_OIDC}/token": {"POST": token_endpoint.token},
    f"{_OIDC}/token/introspect": {"POST": introspection.introspect},
    _SET: {"GET": protection.list_resources, "POST": protection.create_resource},
    f"{_SET}/{{id}}": {
        "GET": protection.read_resource,
        "PUT": protection.update_resource,
        "DELETE": protection.delete_resource,
    },
}

#: What is refused over plain http where the realm demands https; its own page and the protection interface are not.
OVER_HTTPS = frozenset(
    {
        *(".well-known/openid-configuration", ".well-known/uma2-configuration"),
        *(f"{_OIDC}/certs", f"{_OIDC}/token", f"{_OIDC}/token/introspect"),
    }
)

# Below /admin/realms/{realm}: for holders of management roles.
ADMIN: Mapping[str, Mapping[str, Page]] = {
    "": {"GET": admin.read_realm},
    "users": {"GET": admin.list_users},
    "users/{user}": {"GET": admin.read_user},
    "users/{user}/role-mappings": {"GET": admin.read_role_mappings},
    "users/{user}/role-mappings/clients/{client}": {"GET": admin.read_client_role_mappings},
    "clients": {"GET": admin.list_clients},
    "clients/{client}": {"GET": admin.read_client},
    "clients/{client}/roles": {"GET": admin.list_client_roles},
    "clients/{client}/service-account-user": {"GET": admin.read_service_account},
    _SERVER: {"GET": authz.read_server},
    f"{_SERVER}/resource": {"GET": authz.list_resources},
    f"{_SERVER}/resource/{{id}}": {"GET": authz.read_resource},
    f"{_SERVER}/resource/{{id}}/permissions": {"GET": authz.list_permissions_of_resource},
    f"{_SERVER}/scope": {"GET": authz.list_scopes},
    f"{_SERVER}/permission": {"GET": authz.list_permissions},
    f"{_SERVER}/policy": {"GET": authz.list_policies},
    f"{_SERVER}/policy/evaluate": {"POST": authz.evaluate},
    f"{_SERVER}/policy/{{id}}": {"GET": authz.read_policy},
    f"{_SERVER}/policy/{{id}}/associatedPolicies": {"GET": authz.list_associated_policies},
}


@dataclass(frozen=True, slots=True)
class Found:
    """The pages at a path, by method, and what the path's blanks stand for."""

    pages: Mapping[str, Page]
    path: Mapping[str, str]

    def page(self, method: str) -> Page:
        """The page for a method. Raises Refusal (405) when there is none."""
        if method not in self.pages:
            raise errors.plain(405, "HTTP 405 Method Not Allowed")
        return self.pages[method]


@dataclass(frozen=True, slots=True)
class Address:
    """A path below the base path, taken apart: which table, which realm, what is left."""

    table: Mapping[str, Mapping[str, Page]]
    realm: str
    rest: str


def address(path: str) -> Address | None:
    """Where a path below the base path leads; None when it is not a realm's at all."""
    match path.strip("/").split("/"):
        case ["realms", realm, *rest] if realm:
            return Address(PUBLIC, realm, "/".join(rest))
        case ["admin", "realms", realm, *rest] if realm:
            return Address(ADMIN, realm, "/".join(rest))
        case _:
            return None


def find(at: Address) -> Found:
    """The pages at an address. Raises Refusal (404) when there are none."""
    for template, pages in at.table.items():
        blanks = _match(template.split("/"), at.rest.split("/"))
        if blanks is not None:
            return Found(pages, blanks)
    raise errors.not_found()


def _match(template: list[str], parts: list[str]) -> dict[str, str] | None:
    if len(template) != len(parts):
        return None
    blanks: dict[str, str] = {}
    for wanted, part in zip(template, parts, strict=True):
        if wanted.startswith("{"):
            blanks[wanted.strip("{}")] = part
        elif wanted != part:
            return None
    return blanks
