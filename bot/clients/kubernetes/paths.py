"""Where things are at an API server: the path of a kind, and of one thing of it. It asks nothing."""

from urllib.parse import quote


def collection(group: str, resource: str, namespace: str = "") -> str:
    """The path of all things of a kind; `group` with its version, as apps/v1, and v1 for the oldest kinds."""
    root = f"/apis/{group}" if "/" in group else f"/api/{group}"
    return f"{root}/namespaces/{_quoted(namespace)}/{resource}" if namespace else f"{root}/{resource}"


def single(group: str, resource: str, namespace: str, name: str, part: str = "") -> str:
    """The path of one thing, or of a part of it, such as `scale`. A name is quoted, whatever is in it."""
    return f"{collection(group, resource, namespace)}/{_quoted(name)}{f'/{part}' if part else ''}"


def named(group: str, resource: str) -> str:
    """A resource as rights name it: `pods`, `deployments.apps`."""
    return f"{resource}.{group.partition('/')[0]}" if "/" in group else resource


def _quoted(name: str) -> str:
    """A name as one part of a path, whatever is in it."""
    return quote(name, safe="")
