"""Keycloak's address as people write it, brought into the one form in which it is compared and asked for."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: What a path may hold (RFC 3986, 3.3), without the quote that would end a shown command's own.
_PATH = re.compile("^[A-Za-z0-9._~!$&()*+,;=:@%/-]*$")
_LABEL = re.compile("^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$")
#: Letters that the old and the new rules for names (IDNA 2003 and 2008) write differently.
_DISPUTED = re.compile("[\u00df\u03c2\u200c\u200d]")


def keycloak_address(text: str) -> str:
    """The address in the form that is compared: host in lower case and ASCII, no port that is the scheme's own.

    Raises:
        ValueError: it is none, or holds what does not belong into it; the message repeats no part that may be secret.
    """
    _in_one_piece(text)
    parts = _parts(text)
    if not _PATH.match(parts.path):
        raise ValueError("has a path with characters that no path has; write them percent-encoded")
    if "/realms" in parts.path:
        raise ValueError("is the address of a realm; give the part before /realms, and the realm's name as realm")
    port = f":{parts.port}" if parts.port not in {None, _DEFAULT_PORTS[parts.scheme]} else ""
    return f"{parts.scheme}://{_host(parts.hostname or '')}{port}{parts.path.rstrip('/')}"


def _in_one_piece(text: str) -> None:
    if re.search(r"[\s\x00-\x1f\x7f]", text):
        raise ValueError("has white space in it; remove it")
    if "@" in text.partition("//")[2].partition("/")[0]:
        raise ValueError("has a user name or a password before the @; remove it, the client logs in by its secret")
    if "?" in text or "#" in text:
        raise ValueError("has a query (?…) or a fragment (#…); remove it")


def _parts(text: str) -> SplitResult:
    """The parts of an address that has a scheme, a host and, if any, a port from 1 to 65535."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, good = urlsplit(""), False
    if not good:
        raise ValueError("must be an address such as https://keycloak.example.com")
    return parts


def _host(name: str) -> str:
    """A host as DNS and certificates write it: an address in its shortest form, a name in ASCII without a last dot."""
    try:
        address = ip_address(name)
    except ValueError:
        return _name(name.removesuffix("."))
    return str(address) if address.version == 4 else f"[{address}]"  # noqa: PLR2004 the version's own number


def _name(name: str) -> str:
    if _DISPUTED.search(name):
        raise ValueError("has a letter in its host that is written in two ways; give the host in its form xn--…")
    try:
        plain = name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        plain = ""
    if not all(_LABEL.match(label) for label in plain.split(".")):
        raise ValueError("has a host that can be no name; check its spelling")
    return plain
