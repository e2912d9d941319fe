"""The one place of wiring: from settings to the services that the front doors use."""

import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog

from bot import log
from bot.actions.hands import Hands
from bot.actions.lifecycle import Opens
from bot.catalogue import Shelf, open_shelf
from bot.clock import SystemClock
from bot.errors import CannotAct, StoreError
from bot.footprint import settled, short_turns, tight_heaps
from bot.platform.environment import Platform, fingerprints
from bot.runs.examiner import Examiner, Frame
from bot.runs.glances import Glances
from bot.settings import Settings
from bot.store import Store, open_store
from diagnostics.evidence.cluster.reading import Marks
from diagnostics.observe import Deadlines
from diagnostics.redaction import KnownSecret, LearningRedactor, Redactor

_log = structlog.get_logger()
#: Bytes of the key for fingerprints of secrets: the size of its hash (RFC 2104).
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Services:
    """What the front doors work with. `store` is None where the bot's memory cannot be had.

    `hands` opens an environment for guarded acts. `shelf` gives the known errors; the first call reads files, so it is
    made in a thread.
    `folder_fault` says why the data folder cannot be used, and what that means; empty where it can.
    """

    settings: Settings
    clock: SystemClock
    redactor: Redactor
    examiner: Examiner
    store: Store | None
    shelf: Callable[[], Shelf]
    glances: Glances
    hands: Opens
    folder_fault: str = ""

    @property
    def environments(self) -> tuple[str, ...]:
        """Their names; the one that is meant when none is named comes first."""
        first = self.settings.environment
        return (first, *(name for name in self.settings.environments if name != first))


@dataclass(frozen=True, slots=True)
class _Key:
    """The key for fingerprints of secrets. With a fault it is of this process only, and was written nowhere."""

    content: bytes = field(repr=False)
    fault: str = ""


@asynccontextmanager
async def open_services(settings: Settings, *, memory_required: bool) -> AsyncIterator[Services]:
    """Open everything the settings name, and close it at the end.

    Args:
        settings: what to open.
        memory_required: whether to fail without the store; reading commands go on without it, and say so.

    Raises:
        SettingsError: a file that a setting names cannot be used.
        StoreError: the store cannot be had, and it is required.
    """
    key = _fingerprint_key(settings.data_dir)
    fingerprint = fingerprints(key.content, lasting=not key.fault)
    patience = settings.limits.request_seconds
    platforms = {name: Platform(name, one, fingerprint, patience) for name, one in settings.environments.items()}
    redactor = _redactor(settings, platforms)
    log.set_up(settings.log, redactor)
    if key.fault:
        _log.warning("fingerprints of secrets are of this process only", reason=key.fault)
    tight_heaps()
    async with AsyncExitStack() as stack:
        store = await _store(settings, stack, required=memory_required)
        clock = SystemClock()
        deadlines = Deadlines(settings.limits.source_seconds, settings.limits.run_seconds)
        shelf = cache(partial(open_shelf, settings.catalogue))
        frame = Frame(clock, redactor, deadlines, settings.seen_from, lambda: shelf().catalogue)
        examiner, glances = Examiner(platforms, frame, store), Glances(platforms, frame)
        stack.enter_context(settled())
        stack.enter_context(short_turns())
        hands = partial(_hands, platforms, frame)
        yield Services(settings, clock, redactor, examiner, store, shelf, glances, hands, key.fault)


@asynccontextmanager
async def _hands(platforms: Mapping[str, Platform], frame: Frame, environment: str) -> AsyncIterator[Hands]:
    """An environment opened for one step of an act. Raises CannotAct where there is none."""
    platform = platforms.get(environment)
    if platform is None:
        raise CannotAct(
            f"There is no environment {environment[:40]!r} in the settings any more; nothing can be done there."
        )
    async with platform.hands(Marks(frame.catalogue, LearningRedactor(frame.redactor))) as hands:
        yield hands


def _redactor(settings: Settings, platforms: dict[str, Platform]) -> Redactor:
    known = [secret for platform in platforms.values() for secret in platform.known_secrets()]
    ordinary = [name for platform in platforms.values() for name in platform.ordinary_names()]
    return Redactor([*known, *_own_secrets(settings)], ordinary)


def _own_secrets(settings: Settings) -> Iterator[KnownSecret]:
    if settings.slack:
        yield from (KnownSecret(name, secret) for name, secret in settings.slack.secrets())
    if settings.pagerduty:
        yield from (KnownSecret(name, secret) for name, secret in settings.pagerduty.secrets())
    if settings.store.url:
        yield from _store_secrets(settings.store.url.get_secret_value())


def _store_secrets(url: str) -> Iterator[KnownSecret]:
    """The address, and its password by itself: a server's error may repeat either."""
    yield KnownSecret("Redis address", url)
    with contextlib.suppress(ValueError):  # an address that cannot be read; opening the store will say so
        if password := urlsplit(url).password:
            yield KnownSecret("Redis password", unquote(password))


async def _store(settings: Settings, stack: AsyncExitStack, *, required: bool) -> Store | None:
    url = settings.store.url.get_secret_value() if settings.store.url else None
    try:
        return await stack.enter_async_context(open_store(url, settings.data_dir))
    except StoreError as error:
        if required:
            raise
        _log.warning("this run is not remembered", reason=str(error))
        return None


def _fingerprint_key(data_dir: Path) -> _Key:
    """The installation's own key, made at the first start and kept readable by its owner alone.

    Where the folder cannot be used, looking goes on with a key of this process: only what two processes say of a
    secret can then not be compared.
    """
    path = data_dir / "fingerprint.key"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path, secrets.token_bytes(_KEY_BYTES))
        content = path.read_bytes()
    except OSError as error:
        return _Key(secrets.token_bytes(_KEY_BYTES), _unusable(f"The data folder {data_dir}", error.strerror))
    if len(content) < _KEY_BYTES:
        return _Key(secrets.token_bytes(_KEY_BYTES), _unusable(f"The key {path}", "it is cut short; remove it"))
    return _Key(content)


def _unusable(what: str, why: str | None) -> str:
    return (
        f"{what} cannot be used: {why}. Fingerprints of secrets are of this process only, so that runs are not "
        "compared by them. Set data_dir to a folder of the bot's own, with room on its disk."
    )


def _write_once(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; where two start at once, the first one's stays."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    try:
        draft.write_bytes(content)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
