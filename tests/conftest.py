"""What all tests share: the options of the test run, and the servers that the store is tried on."""

import signal
from collections.abc import Iterator

import pytest

pytest_plugins = ("tests.redis_server",)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that `make live` and the build server use."""
    parser.addoption(
        "--require-live",
        action="store_true",
        help="fail, instead of skipping, when a real server cannot be had for want of a tool",
    )
    parser.addoption(
        "--record",
        action="store_true",
        help="write down anew what the real servers answer (tests marked live)",
    )


@pytest.fixture
def hears_hangups() -> Iterator[None]:
    """Let children hear a closed terminal: where the tests run under nohup, they would inherit that it is ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
