"""The Docker Engine by its Python library, the only module that knows it: containers and the end of their logs.

The library waits while it works, so every call runs in a thread; it is imported by the first call. Nothing here
changes anything: only what `docker inspect` and `docker logs` show is asked for.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote

from bot.clients.docker_log import BrokenLogError, newest
from diagnostics.evidence.containers import ContainerState, LogTail, LogWanted
from diagnostics.model import CouldNotLookError, Reason

#: Seconds for one call, and for each wait within it. Two calls stay below a source's 5 s, so that a log that does
#: not come leaves the state known; and a thread that nobody waits for any more ends soon after.
CALL_SECONDS = 2.0
#: Bytes of a log that are gone through for its newest lines: 200 lines of Docker's longest (16 kB) are 3.3 MB.
LOG_AT_MOST = 4_000_000
#: Bytes taken from the connection at once: one of Docker's longest lines.
_CHUNK = 16_384
_OK, _BAD, _NOT_FOUND = 200, 400, 404
_NO_RIGHT = {401, 403}
#: The library's version of the API for the first question, which is asked without one.
_ANY_VERSION = "1.24"
T = TypeVar("T")


class DockerClient:
    """One daemon; satisfies `diagnostics.evidence.containers.Containers`.

    Args:
        host: `unix:///path/to/socket` or `tcp://host:port`.
        cert_path: the folder with ca.pem, and cert.pem and key.pem where the daemon asks for them; with it, TLS is
            spoken. The file names are those of DOCKER_CERT_PATH.
        seconds: the deadline of one call.
    """

    def __init__(self, host: str, cert_path: Path | None = None, seconds: float = CALL_SECONDS) -> None:
        self.host = host
        self._cert_path = cert_path
        self._seconds = seconds
        self._api: Any = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closed = True
        if self._api is not None:
            self._api.close()

    async def state(self, name: str) -> ContainerState | None:
        """As `Containers.state`."""
        return await self._asked(lambda api: _state(name, _inspected(api, name)))

    async def log(self, container: ContainerState, wanted: LogWanted) -> LogTail:
        """As `Containers.log`."""
        return await self._asked(lambda api: self._log(api, container, wanted))

    async def _asked(self, act: Callable[[Any], T]) -> T:
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.to_thread(self._act, act)
        except TimeoutError as error:
            raise self._silent() from error

    def _act(self, act: Callable[[Any], T]) -> T:
        """In a thread: connect if need be, ask, and translate what goes wrong."""
        import docker.errors  # noqa: PLC0415 heavy: 40 ms and 6 MB that only those who use Docker pay

        try:
            self._api = self._api or self._connected()
            return act(self._api)
        # The library of the library raises OSErrors and, for answers that are not the Engine's, the others.
        except (docker.errors.DockerException, OSError, LookupError, TypeError, ValueError) as error:
            raise self._translated(error) from error
        finally:
            if self._closed and self._api is not None:
                self._api.close()

    def _connected(self) -> Any:  # noqa: ANN401 the library ships no types
        """The library's client, speaking the daemon's version: the newest Engines refuse old ones, and old ones new."""
        self._knock()
        asking = self._client(_ANY_VERSION)
        try:
            version = asking.version(api_version=False)["ApiVersion"]
        finally:
            asking.close()
        return self._client(str(version))

    def _knock(self) -> None:
        """Try a socket file first: where that fails, the library would leave its own attempt open."""
        if self.host.startswith("unix://"):
            with socket.socket(socket.AF_UNIX) as attempt:
                attempt.settimeout(self._seconds)
                attempt.connect(self.host.removeprefix("unix://"))

    def _client(self, version: str) -> Any:  # noqa: ANN401 the library ships no types
        import docker  # noqa: PLC0415 as above

        client = docker.APIClient(self.host, version=version, timeout=self._seconds, tls=self._tls())
        client.trust_env = False  # the environment's proxies are not for us: the daemon itself is what is looked at
        return client

    def _tls(self) -> Any:  # noqa: ANN401 the library ships no types
        import docker.tls  # noqa: PLC0415 as above

        if self._cert_path is None:
            return False
        own = (str(self._cert_path / "cert.pem"), str(self._cert_path / "key.pem"))
        has_own = (self._cert_path / "cert.pem").exists()
        authority = self._cert_path / "ca.pem"
        if not authority.is_file():
            detail = f"There is no {authority}. Put the daemon's authority there, or set keycloak.container.cert_path."
            raise CouldNotLookError(Reason.FAILED, detail)
        return docker.tls.TLSConfig(client_cert=own if has_own else None, ca_cert=str(authority), verify=True)

    def _log(self, api: Any, container: ContainerState, wanted: LogWanted) -> LogTail:  # noqa: ANN401 as above
        # Not by the library's own `logs`: it either takes all of it into memory or waits without an end.
        url = f"{api.base_url}/v{api.api_version}/containers/{quote(container.name, safe='')}/logs"
        params = {"stdout": 1, "stderr": 1, "tail": wanted.lines, "since": int(wanted.since.timestamp())}
        with api.get(url, params=params, stream=True, timeout=self._seconds) as answer:
            _raise_refusal(answer)
            try:
                return newest(_chunks(answer), raw=container.tty, most=wanted.bytes)
            except BrokenLogError as error:
                detail = f"The log of {container.name} at {self.host} cannot be read: {error}. Read it by docker logs."
                raise CouldNotLookError(Reason.FAILED, detail) from error

    def _silent(self) -> CouldNotLookError:
        detail = f"Docker at {self.host} gave no answer within {self._seconds:g} s. Check the daemon: docker info."
        return CouldNotLookError(Reason.TIMEOUT, detail)

    def _translated(self, error: Exception) -> CouldNotLookError:
        status = getattr(error, "status_code", None)
        if status is not None:
            return self._refused(status, str(getattr(error, "explanation", "") or ""))
        for link in _chain(error):
            for kind, reason, words in _FAILURES:
                if isinstance(link, kind):
                    return CouldNotLookError(reason, words.format(host=self.host, error=_words(link)))
        detail = f"What answers at {self.host} does not answer like Docker: {_words(error)}. Check keycloak.container."
        return CouldNotLookError(Reason.FAILED, detail)

    def _refused(self, status: int, explanation: str) -> CouldNotLookError:
        said = f"Docker at {self.host} answers HTTP {status}: {explanation.strip() or 'nothing more'}"
        if status in _NO_RIGHT:
            detail = f"{said}. Let the bot read containers there: GET /version and /containers are all it asks for."
            return CouldNotLookError(Reason.FORBIDDEN, detail)
        if status == _BAD and "HTTPS server" in explanation:
            return CouldNotLookError(Reason.REFUSED, f"{said} Set keycloak.container.cert_path: the daemon speaks TLS.")
        return CouldNotLookError(Reason.REFUSED, f"{said}. Its own log says more: journalctl -u docker.")


_SETTING = "keycloak.container.docker_host"
#: By the kind of what lies at the bottom of the library's error: the reason, and what to do. The first that fits.
_FAILURES: tuple[tuple[type[Exception], Reason, str], ...] = (
    (
        PermissionError,
        Reason.FORBIDDEN,
        "Permission denied on {host}. Let the bot's user into the socket's group (docker), or use a read-only proxy.",
    ),
    (
        FileNotFoundError,
        Reason.UNREACHABLE,
        f"There is no {{host}} here. Mount the socket into the bot's container, or set {_SETTING}.",
    ),
    (
        ssl.SSLError,
        Reason.UNREACHABLE,
        "TLS with {host} fails: {error}. Check ca.pem, cert.pem and key.pem in keycloak.container.cert_path.",
    ),
    (socket.gaierror, Reason.UNREACHABLE, f"The name in {{host}} is not known: {{error}}. Check {_SETTING}."),
    (
        ConnectionRefusedError,
        Reason.UNREACHABLE,
        f"Nothing listens at {{host}}. Start the daemon there (systemctl start docker), or set {_SETTING}.",
    ),
    (
        TimeoutError,
        Reason.TIMEOUT,
        "Docker at {host} gave no answer in time. Check the daemon (docker info) and the way to it.",
    ),
    (
        ConnectionError,
        Reason.UNREACHABLE,
        f"Docker at {{host}} hung up: {{error}}. Check {_SETTING}, and whether it wants TLS (cert_path).",
    ),
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what lies below it, in the order Python would print them backwards."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _inspected(api: Any, name: str) -> Any:  # noqa: ANN401 JSON, and a library without types
    """What `docker inspect` shows, or None when there is no such container."""
    try:
        return api.inspect_container(name)
    except OSError as error:
        if getattr(error, "status_code", None) == _NOT_FOUND:
            return None
        raise


def _raise_refusal(answer: Any) -> None:  # noqa: ANN401 the library ships no types
    import docker.errors  # noqa: PLC0415 as above

    if answer.status_code != _OK:
        try:
            answer.raise_for_status()
        except OSError as error:
            docker.errors.create_api_error_from_http_exception(error)
        raise ValueError(f"HTTP {answer.status_code} instead of a log")


def _chunks(answer: Any) -> Iterator[bytes]:  # noqa: ANN401 the library ships no types
    read = 0
    for chunk in answer.iter_content(_CHUNK):
        read += len(chunk)
        if read > LOG_AT_MOST:
            raise BrokenLogError(f"its newest lines are longer than {LOG_AT_MOST // 1_000_000} MB")
        yield chunk


def _state(name: str, found: Any) -> ContainerState | None:  # noqa: ANN401 JSON from outside
    """The facts of `docker inspect`. What is missing or of another type counts as not there, but for the status.

    Raises:
        ValueError: it has no status, so it is no container that Docker describes.
    """
    if found is None:
        return None
    document, state = _part(found), _part(_part(found).get("State"))
    if not _text(state.get("Status")):
        raise ValueError("a container without State.Status")
    return ContainerState(
        name=name,
        status=_text(state.get("Status")),
        exit_code=_number(state.get("ExitCode")),
        out_of_memory=state.get("OOMKilled") is True,
        restarts=_number(document.get("RestartCount")),
        started_at=_time(state.get("StartedAt")),
        ended_at=_time(state.get("FinishedAt")),
        error=_text(state.get("Error")),
        tty=_part(document.get("Config")).get("Tty") is True,
    )


def _part(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _time(value: object) -> datetime | None:
    """An RFC 3339 time; None when it cannot be read, or is Go's zero time: it has not happened."""
    try:
        time = datetime.fromisoformat(_text(value)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time if time.year > 1 else None
