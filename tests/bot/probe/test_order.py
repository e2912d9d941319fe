"""Tests of what a probe is to do: from words and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.probe.order import Order, TargetUnreadable, Way, read


@pytest.mark.parametrize(
    ("way", "text", "order"),
    [
        (Way.TCP, "volaticloud-backend:8080", Order(Way.TCP, "volaticloud-backend", 8080)),
        (Way.TCP, " API.volaticloud.com ", Order(Way.TCP, "api.volaticloud.com")),
        (Way.TCP, "[2001:DB8::7]:5432", Order(Way.TCP, "2001:db8::7", 5432)),
        (
            Way.HTTP,
            "HTTPS://Api.Volaticloud.com/Health",
            Order(Way.HTTP, "api.volaticloud.com", 443, "https", "/Health"),
        ),
        (Way.HTTP, "backend:8080/a/B", Order(Way.HTTP, "backend", 8080, "", "/a/B")),
        (Way.HTTP, "http://backend", Order(Way.HTTP, "backend", 80, "http")),
        (Way.DNS, "api.volaticloud.com", Order(Way.DNS, "api.volaticloud.com")),
        (Way.POSTGRES, "database", Order(Way.POSTGRES)),
        (Way.ROUTE, "database", Order(Way.ROUTE)),
        (Way.HTTP, "database", Order(Way.HTTP, "database")),
    ],
)
def test_targets(way: Way, text: str, order: Order) -> None:
    """Reads a target as people write it; a path keeps its letters."""
    assert read(way, text) == order


@pytest.mark.parametrize(
    ("way", "text", "says"),
    [
        (Way.TCP, "", "is no target"),
        (Way.TCP, "user:secret@host:80", "is no target"),
        (Way.TCP, "host:80\nhost:81", "is no target"),
        (Way.TCP, "-rf", "is no target"),
        (Way.TCP, "--help", "is no target"),
        (Way.TCP, "$(id)", "is no target"),
        (Way.TCP, "ho\u212at:80", "is no target"),
        (Way.TCP, "host:0", "is no port"),
        (Way.TCP, "host:65536", "is no port"),
        (Way.TCP, "host:8o", "is no target"),
        (Way.TCP, "[::1", "is no target"),
        (Way.TCP, "[1:2]:80", "no address of version 6"),
        (Way.TCP, "x" * 100_000, "is no target"),
        (Way.TCP, "http://host", "takes no address with a scheme"),
        (Way.ROUTE, "host/path", "takes no address with a scheme"),
        (Way.DNS, "host:53", "without a port"),
        (Way.HTTP, "ftp://host/", "is no target"),
        (Way.HTTP, "file:///etc/passwd", "is no target"),
        (Way.HTTP, "http://host/?query=1", "is no target"),
        (Way.HTTP, "http://host\\@other/", "is no target"),
        (Way.HTTP, "http://host#@other/", "is no target"),
        (Way.HTTP, "http://host/a b", "is no target"),
    ],
)
def test_what_is_no_target(way: Way, text: str, says: str) -> None:
    """Refuses what is none, and says how one is written."""
    with pytest.raises(TargetUnreadable, match=says) as caught:
        read(way, text)
    assert len(str(caught.value)) < 200


HOSTS = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?", fullmatch=True) | st.ip_addresses().map(str)
PATHS = st.just("") | st.from_regex(r"/[A-Za-z0-9._~/-]{0,30}", fullmatch=True)


@given(st.sampled_from(list(Way)), HOSTS, st.integers(1, 65_535), st.sampled_from(["http", "https"]), PATHS)
def test_there_and_back(way: Way, host: str, port: int, scheme: str, path: str) -> None:
    """Writes an order as a target from which the same order is read."""
    order = {
        Way.HTTP: Order(way, host, port, scheme, path),
        Way.DNS: Order(way, host),
    }.get(way, Order(way, host, port))
    again = read(way, str(order))
    assert again == order or (host == "database" and again.of_database)
    assert again.complete


@given(st.sampled_from(list(Way)), st.text(max_size=60))
def test_any_text(way: Way, text: str) -> None:
    """Reads or refuses whatever it is given; what it reads holds nothing that a shell or a header would act on."""
    try:
        order = read(way, text)
    except TargetUnreadable:
        return
    assert str(order).isascii()
    assert not set(str(order)) & set(" \t\r\n\"'`\\|<>{}?#")
    assert "@" not in order.host
