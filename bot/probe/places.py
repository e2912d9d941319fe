"""Which addresses no probe goes to, whatever was configured or a name resolves to. Pure.

A probe runs beside the platform, and may reach what nobody outside may. Of these addresses some answer with the
credentials of the machine; others are no host at all.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

#: Where clouds answer for machines and pods, outside the link-local networks that are refused as a whole: Amazon (of
#: the machine, and of EKS pod identities) and Google by version 6, Scaleway, Alibaba, Oracle, Azure.
_METADATA = {
    ip_address(one)
    for one in (
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:42::42",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
    )
}
#: Networks whose addresses carry one of version 4 (RFC 6052, 3056), and how many bits stand to the right of it.
_TRANSLATED = ip_network("64:ff9b::/96")
_CARRIERS = ((_TRANSLATED, 0), (ip_network("2002::/16"), 80))
_LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")
_METADATA_NAMES = ("metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal")

Address = IPv4Address | IPv6Address


def why_not(host: str) -> str:
    """Why a probe does not go to an address or a name, as the end of a sentence; empty when nothing is against it."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return _of_name(host.lower().rstrip("."))
    return next((why for one in _meant(address) if (why := _of_address(one))), "")


def _of_name(name: str) -> str:
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return "is the probe's own pod"
    return "is a metadata service, which a probe never asks" if name in _METADATA_NAMES else ""


def _meant(address: Address) -> tuple[Address, ...]:
    """The address, and the one of version 4 that it carries, if any."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    inside = (IPv4Address(int(address) >> shift & 0xFFFFFFFF) for net, shift in _CARRIERS if address in net)
    return (address, *inside)


def _of_address(address: Address) -> str:
    if address in _METADATA:
        return "is a metadata service, which a probe never asks"
    if address.is_link_local:
        return "is a link-local address, where metadata services answer"
    if address.is_loopback:
        return "is the probe's own pod"
    if address.is_unspecified or address.is_multicast or (address.is_reserved and address not in _TRANSLATED):
        return "is the address of no host"
    return ""
