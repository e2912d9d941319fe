"""What all tests share: the options of the run, the servers that the store is tried on, and the realms' keys."""

import gc
import logging
import signal
from collections.abc import Iterator
from itertools import cycle

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from bot.clients.kubernetes import connection, paging
from playground.world.keycloak import tokens

# How long an example takes says how busy the machine is, since files of tests run side by side. What hangs is ended by
# the timeout of its test. The examples are the same in each run, so that who changes nothing breaks nothing; `--fuzz`
# takes others and more.
_BESIDE_OTHERS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("seeded", _BESIDE_OTHERS, derandomize=True)
settings.register_profile("fuzz", _BESIDE_OTHERS, max_examples=2_000)

#: How the files begin that share a real server, which takes many seconds to start.
SERVERS = ("tests/live/test_keycloak", "tests/live/test_docker")

pytest_plugins = ("tests.redis_server", "tests.postgres_server")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that `make live` and the build server use."""
    parser.addoption(
        "--require-live",
        action="store_true",
        help="fail, instead of skipping, when a real server cannot be had for want of a tool",
    )
    parser.addoption(
        "--fuzz",
        action="store_true",
        help="try other examples in each run, and twenty times as many (with -m hypothesis: the tests that have some)",
    )
    parser.addoption(
        "--record",
        action="store_true",
        help="write down anew what the real servers answer (tests marked live)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose the examples of property tests, before any of them is read."""
    settings.load_profile("fuzz" if config.getoption("fuzz") else "seeded")


class ByServer(LoadFileScheduling):  # type: ignore[misc] # xdist ships no types
    """Files go whole to one process; those of one real server go together, as each process would start its own."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return next((server for server in SERVERS if file.startswith(server)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByServer:
    """Say which tests go to which process, where they run in several."""
    return ByServer(config, log)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what lasts for the whole run: to walk through all tests took 0.3 s each time.

    That was a seventh of all computing, and a pause that a test of the bot could take for a slow platform.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Give the next test its log back: a bot that was started has set it up, for a stream that is closed by then."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)


PAIRS = 24
"""RSA pairs that a process of the tests makes: a realm needs three, so that several realms of a test share none."""


@pytest.fixture(scope="session", autouse=True)
def few_pairs() -> Iterator[None]:
    """Give the simulated realms real keys in turn: to make three anew for each test took longer than most tests."""
    made: dict[int, rsa.RSAPrivateKey] = {}
    turns = cycle(range(PAIRS))
    fresh = tokens.new_pair

    def in_turn() -> rsa.RSAPrivateKey:
        turn = next(turns)
        if turn not in made:
            made[turn] = fresh()
        return made[turn]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "new_pair", in_turn)
        yield


CALL_SECONDS = 15.0
"""How long an API server may take in tests. The bot's own 4.5 s tell a person in time what hangs; here a whole cluster
shares a processor with other tests. What is tried of the deadline itself sets its own."""


@pytest.fixture(scope="session", autouse=True)
def patient() -> Iterator[None]:
    """Do not take a busy machine for an API server that hangs."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (connection, paging):
            patch.setattr(module, "CALL_SECONDS", CALL_SECONDS)
        yield


@pytest.fixture
def hearing_children() -> Iterator[None]:
    """Let children hear a closed terminal and Ctrl-C: under nohup, or behind a script's `&`, they inherit deaf ears."""
    deaf = [which for which in (signal.SIGHUP, signal.SIGINT) if signal.getsignal(which) is signal.SIG_IGN]
    for which in deaf:
        signal.signal(which, signal.SIG_DFL)
    yield
    for which in deaf:
        signal.signal(which, signal.SIG_IGN)
