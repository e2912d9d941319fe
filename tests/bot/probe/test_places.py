"""Tests of where no probe goes: machines' own services, the pod itself, what is no host; in every way to write them."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.probe.places import why_not

LINK_LOCAL, LOOPBACK = ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("127.0.0.0/8")


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe"),
        *("2002:a9fe:a9fe::1", "64:ff9b:1::a9fe:a9fe", "::169.254.169.254"),
        *(
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd00:0ec2:0000:0000:0000:0000:0000:0254",
            "fd20:ce::254",
            "fe80::1",
            "fe80::1%eth0",
        ),
        *("100.100.100.200", "192.0.0.192", "168.63.129.16", "::ffff:100.100.100.200"),
        *("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"),
        *("0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1"),  # noqa: S104 not bound
        *("localhost", "LOCALHOST", "localhost.", "db.localhost", "ip6-localhost", "localhost.localdomain"),
        *("metadata", "metadata.google.internal", "Metadata.Google.Internal.", "instance-data.ec2.internal"),
    ],
)
def test_where_it_does_not_go(host: str) -> None:
    """Goes to no metadata service, not to itself, to no address that is no host's; however that is written."""
    assert why_not(host)


@pytest.mark.parametrize(
    "host",
    [
        *("10.0.0.5", "172.16.3.4", "192.168.1.1", "100.64.0.9", "203.0.113.7", "8.8.8.8"),
        *("fd12:3456::1", "2001:db8::7", "::ffff:10.0.0.5", "64:ff9b::a00:5", "2606:4700::1111"),
        *("db.example.com", "volaticloud-backend.volaticloud.svc", "localhost.example.com", "metadata.example.com"),
    ],
)
def test_where_it_goes(host: str) -> None:
    """Has nothing against hosts of a private or a public network."""
    assert not why_not(host)


@given(st.ip_addresses(v=4))
def test_disguised_addresses(address: ipaddress.IPv4Address) -> None:
    """Judges an address alike in whichever address of version 6 it is wrapped."""
    plain = why_not(str(address))
    assert why_not(f"::ffff:{address}") == plain
    assert why_not(str(ipaddress.IPv6Address((0x64FF9B << 96) | int(address)))) == plain
    assert bool(why_not(str(ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80))))) == bool(plain)
    if address in LINK_LOCAL or address in LOOPBACK:
        assert plain


@given(st.text())
def test_any_text(text: str) -> None:
    """Answers whatever it is asked about."""
    assert isinstance(why_not(text), str)
