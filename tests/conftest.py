"""What all tests share: the options of the test run, and the servers that the store is tried on."""

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
