"""The edge as it follows from a cluster's objects: names of its ingresses, certificates of its secrets, its answers."""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from playground.world.edge.state import EdgeState, Pair

Thing = Mapping[str, Any]
#: The object of a secret by its namespace and name; None where there is none.
Secret = Callable[[str, str], Thing | None]


def edge_of(
    ingresses: Iterable[Thing], secret: Secret, answers: Iterable[tuple[str, int]], names: Mapping[str, str]
) -> EdgeState:
    """The edge of a cluster.

    Args:
        ingresses: their objects.
        secret: finds a secret's object.
        answers: for each host what the gateway answers; the first one counts, as the first path does.
        names: where names lead that do not lead to their ingress; an empty address says that there is no record.
    """
    known = tuple(ingresses)
    records = {host: addresses for one in known for host, addresses in _records(one)}
    certificates = {host: pair for one in known for host, pair in _certificates(one, secret)}
    statuses: dict[str, int] = {}
    for host, status in answers:
        statuses.setdefault(host, status)
    moved = {**records, **{name: (address,) for name, address in names.items()}}
    return EdgeState({name: found for name, found in moved.items() if found != ("",)}, certificates, statuses)


def _records(ingress: Thing) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each name of an ingress, as external-dns keeps it: with the address that the ingress was given."""
    given = ingress.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
    addresses = tuple(one["ip"] for one in given if one.get("ip"))
    for rule in ingress["spec"].get("rules") or ():
        if rule.get("host") and addresses:
            yield rule["host"], addresses


def _certificates(ingress: Thing, secret: Secret) -> Iterator[tuple[str, Pair]]:
    for part in ingress["spec"].get("tls") or ():
        found = secret(ingress["metadata"]["namespace"], part.get("secretName", ""))
        pair = _pair(found.get("data") or {}) if found else None
        if pair:
            yield from ((host, pair) for host in part.get("hosts") or ())


def _pair(data: Mapping[str, str]) -> Pair | None:
    try:
        certificate, key = (base64.b64decode(data[name], validate=True).decode() for name in ("tls.crt", "tls.key"))
    except (KeyError, binascii.Error, UnicodeDecodeError):
        return None
    return Pair(certificate, key)
