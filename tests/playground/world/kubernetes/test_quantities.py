"""Amounts as Kubernetes writes them."""

import pytest

from playground.world.kubernetes.quantities import amount, cores, memory, requested


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("250m", 0.25),
        ("1", 1),
        ("512Mi", 2**29),
        ("7341036Ki", 7341036 * 1024),
        ("64Gi", 2**36),
        ("1k", 1000),
        ("20", 20),
    ],
)
def test_reading(text: str, number: float) -> None:
    """Reads cores, bytes and things."""
    assert amount(text) == number


def test_writing() -> None:
    """Writes what it read in the largest unit that keeps it whole."""
    assert [memory(amount(text)) for text in ("640Mi", "64Gi", "1500", "0")] == ["640Mi", "64Gi", "1500", "0"]
    assert [cores(amount(text)) for text in ("600m", "2", "0")] == ["600m", "2", "0"]


def test_what_a_pod_asks_for() -> None:
    """Adds up the containers, and takes the largest init container where that is more."""
    small = {"resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
    large = {"resources": {"requests": {"cpu": "1"}}}
    assert requested({"containers": [small, small, {}]}, "memory") == 2**27
    assert requested({"containers": [small], "initContainers": [large]}, "cpu") == 1
