"""Tests of response times: percentiles, where the time goes, and the figures that are kept."""

import pytest

from diagnostics.evidence.surface.times import PARTS, Endpoint, ResponseTimes, Sample, label, percentile
from diagnostics.model import Figure


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 50, 0), ([7], 95, 7), ([1, 2, 3, 4], 50, 2), ([5, 1, 3], 50, 3), ([1, 2, 3, 4, 5], 95, 5), ([1, 2], 1, 1)],
)
def test_a_percentile(values: list[float], percent: int, expected: int) -> None:
    """Gives the value by nearest rank: one that was measured, whatever the order."""
    assert percentile(values, percent) == expected


def test_where_the_time_goes() -> None:
    """Names the part that takes longest by its median, so that one stray sample does not."""
    usual, stray = Sample(1, 2, 30, 9, 0), Sample(900, 2, 30, 9, 0)
    endpoint = Endpoint("health", "https://x/health", (usual, stray, usual))
    assert PARTS[endpoint.slowest_part] == "TLS"
    assert (endpoint.at(50), endpoint.at(95)) == (42, 941)


def test_figures() -> None:
    """Keeps p50, p95 and each part of an endpoint that was answered, and nothing of one that was not."""
    seen = ResponseTimes((Endpoint("health", "u", (Sample(1, 2, 3, 4, 5),)), Endpoint("GraphQL", "v")))
    figures = seen.figures()
    assert len(figures) == 2 + len(PARTS)
    assert figures[0] == Figure(label("health", "p50"), 15)
    assert seen.marks() == ()
