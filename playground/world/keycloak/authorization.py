"""Whether a user may do something to a resource: the rules of the authorization services, pure.

Written after the server's authorization services guide: policies say who, permissions tie policies to
resources and scopes, strategies combine. Without any permission the answer is no (mode ENFORCING) or yes
(PERMISSIVE), and without any policy being asked it is yes (DISABLED); owning a resource permits nothing by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from playground.world.keycloak.realm import Authorization, Client, Permission, Policy, Resource, Strategy, User


@dataclass(frozen=True, slots=True)
class Judged:
    """One permission, whether it permits, and what each of its policies said."""

    permission: Permission
    permits: bool
    policies: tuple[tuple[Policy, bool], ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one resource: which of the asked scopes are granted, and by what."""

    resource: Resource
    asked: tuple[str, ...]
    granted: tuple[str, ...]
    permits: bool
    judged: tuple[Judged, ...]


def decide(rights: Authorization, user: User, resource: Resource, asked: tuple[str, ...]) -> Decision:
    """Whether `user` may do `asked` to `resource`; no scopes asked means the resource as such."""
    if rights.enforcement == "DISABLED":
        return Decision(resource, asked, asked, permits=True, judged=())
    judged = tuple(_judged(rights, one, user) for one in _about(rights, resource))
    granted = tuple(scope for scope in asked if _permits(rights, judged, scope))
    permits = bool(granted) if asked else _permits(rights, judged, None)
    return Decision(resource, asked, granted, permits, judged)


def everything(rights: Authorization, client: Client, user: User) -> list[Resource]:
    """What "all resources" means to the server: the client's own and the user's own, not other people's."""
    return [one for one in rights.resources.values() if one.owner in (client.id, user.id)]


def _about(rights: Authorization, resource: Resource) -> Iterable[Permission]:
    for one in rights.permissions.values():
        by_type = bool(one.resource_type) and one.resource_type == resource.type
        by_scope = not one.resources and not one.resource_type and set(one.scopes) & set(resource.scopes)
        if resource.id in one.resources or by_type or by_scope:
            yield one


def _judged(rights: Authorization, permission: Permission, user: User) -> Judged:
    said = [(rights.policies[key], _means(rights.policies[key], user)) for key in permission.policies]
    permits = _combined(permission.strategy, [yes for _, yes in said])
    return Judged(permission, permits, tuple(said))


def _means(policy: Policy, user: User) -> bool:
    if policy.kind == "js":  # the only script the server comes with grants everything
        return True
    return user.id in policy.members if policy.kind == "user" else bool({*policy.members} & {*user.realm_roles})


def _permits(rights: Authorization, judged: tuple[Judged, ...], scope: str | None) -> bool:
    counted = [one.permits for one in judged if not one.permission.scopes or scope in one.permission.scopes]
    if not counted:
        return rights.enforcement == "PERMISSIVE"
    return _combined(rights.strategy, counted)


def _combined(strategy: Strategy, answers: list[bool]) -> bool:
    if not answers:
        return False
    if strategy == "UNANIMOUS":
        return all(answers)
    return any(answers) if strategy == "AFFIRMATIVE" else sum(answers) * 2 > len(answers)
