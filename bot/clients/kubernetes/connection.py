"""One connection to an API server: configuration and login by the official library, raw answers, errors in our words.

It never sends a request again but where the server said that it did not take it; what writes need beyond that is in
writing.py. The library is imported, and the configuration read, in a thread and for each run anew: a rotated token, a
changed kubeconfig or a login plugin's new token needs no refreshing of ours, and the loop never waits for them.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from bot.clients import failures
from bot.clients.kubernetes import wire
from bot.clients.kubernetes.plugin import PLUGIN_SECONDS, answered, as_user
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.redaction import first_words, first_words_of

#: Seconds for one question, all its pages together: below a source's 5 s, so that the reason is told and not just that
#: time was up.
CALL_SECONDS = 4.5
#: Bytes of one answer: 500 pods have some 5 MB.
ANSWER_AT_MOST = 64_000_000
#: Seconds a 429 may ask us to wait, once.
_PATIENCE_SECONDS = 1.0
#: The deadline is ours, around all there is to a question; the library's own would be 5 minutes.
_NO_DEADLINE = aiohttp.ClientTimeout(total=None)
_CHUNK = 1 << 18
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE, _TOO_MANY = 401, 403, 404, 410, 429
_SERVER_FAILED = 500
_WORDS = 300  # characters kept of the server's own words


@dataclass(frozen=True, slots=True)
class Address:
    """Which cluster, and as whom: a kubeconfig and its context, or the pod's own service account."""

    kubeconfig: Path | None = None
    context: str = ""

    @property
    def setting(self) -> str:
        """What a person looks at when it does not work."""
        return f"kubernetes.kubeconfig ({self.kubeconfig})" if self.kubeconfig else "the pod's service account"


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `right` is what it needs, as it is named to people; `query` its parameters.

    Without a method, it is a GET, or with a body a POST.
    """

    path: str
    right: Right
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    method: str = ""
    content_type: str = "application/json"

    @property
    def verb(self) -> str:
        """HTTP's method."""
        return self.method or ("GET" if self.body is None else "POST")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `wait_s` is how long a busy server wants to be left alone, in seconds."""

    status: int
    body: bytes
    wait_s: float

    @property
    def good(self) -> bool:
        """Whether it was done; what was made is 201, and a review too."""
        return self.status < 300  # noqa: PLR2004 the class of success

    @property
    def busy(self) -> bool:
        """Whether the server did not take it and asks to wait, for no longer than we do."""
        return self.status == _TOO_MANY and self.wait_s <= _PATIENCE_SECONDS


class LostError(Exception):
    """The connection broke before there was a whole answer: the request may have been taken."""


class RefusedError(CouldNotLookError):
    """The server answered with another status than 200."""

    def __init__(self, status: int, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.status = status


class Connection:
    """An opened connection. Made by `opened`."""

    def __init__(self, api: Any, address: Address) -> None:  # noqa: ANN401 the library's client, known here alone
        self._api = api
        self._address = address

    @property
    def host(self) -> str:
        """The server's address."""
        return str(self._api.configuration.host)

    @property
    def setting(self) -> str:
        """What a person looks at when it does not work."""
        return self._address.setting

    async def ask(self, question: Question) -> bytes:
        """The body of a good answer.

        Raises:
            CouldNotLookError: there was none; as RefusedError where the server refused.
        """
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self.patiently(question)
        except TimeoutError as error:
            words = f"The API server at {self.host} gave no answer to {question.right} within {CALL_SECONDS:g} s"
            raise CouldNotLookError(Reason.TIMEOUT, f"{words}. Ask it yourself: kubectl get --raw /readyz") from error
        except LostError as error:
            raise self._unreachable(error, question) from error
        if not answer.good:
            raise self.refused(answer, question)
        return answer.body

    async def patiently(self, question: Question) -> Answer:
        """The answer, whatever it says. A server that is busy is asked once more: it did not take the request.

        Raises:
            CouldNotLookError: it was never sent, or its answer is too long.
            LostError: the connection broke after that. There is no deadline here.
        """
        answer = await self._once(question)
        if answer.busy:
            await asyncio.sleep(answer.wait_s)
            answer = await self._once(question)
        return answer

    async def _once(self, question: Question) -> Answer:
        form = {"Content-Type": question.content_type} if question.body is not None else {}
        call = await self._api.param_serialize(
            question.verb,
            question.path,
            query_params=list(question.query.items()),
            header_params={"Accept": "application/json, text/plain", **form},
            body=question.body,
            auth_settings=["BearerToken"],
        )
        try:
            answer = await self._api.call_api(*call[:4], _request_timeout=_NO_DEADLINE)
            async with answer.response as response:
                return Answer(response.status, await _read(response, question), _asked_to_wait(response))
        except aiohttp.ClientConnectorError as error:
            raise self._unreachable(error, question) from error
        except (aiohttp.ClientError, OSError, ssl.SSLError) as error:
            raise LostError(_words(error)) from error

    def refused(self, answer: Answer, question: Question) -> RefusedError:
        """What an answer that is not good means, and what to do about it."""
        reason, meaning = _meaning(answer.status, question.right, self._address)
        heard = said(answer.body)
        words = f" It said: {heard}." if heard else ""
        return RefusedError(answer.status, reason, f"{meaning} (HTTP {answer.status} from {self.host}).{words}")

    def _unreachable(self, error: Exception, question: Question) -> CouldNotLookError:
        words = f"{question.right}: the API server at {self.host} cannot be reached"
        remedy = f"Check {self._address.setting} and the way there: kubectl get --raw /readyz"
        return CouldNotLookError(Reason.UNREACHABLE, f"{words} ({_words(error)}). {remedy}")


@asynccontextmanager
async def opened(address: Address) -> AsyncIterator[Connection]:
    """A connection to a cluster, closed at the end of the block.

    Raises:
        CouldNotLookError: the configuration cannot be used.
    """
    try:
        async with asyncio.timeout(CALL_SECONDS):
            api = await asyncio.to_thread(_made, address)
    except TimeoutError as error:
        raise _no_token(address, CALL_SECONDS) from error
    try:
        yield Connection(api, address)
    finally:
        await api.close()


def _no_token(address: Address, seconds: float) -> CouldNotLookError:
    detail = f"{address.setting}: its login plugin gave no token within {seconds:g} s. Run it by hand."
    return CouldNotLookError(Reason.TIMEOUT, detail)


def _made(address: Address) -> Any:  # noqa: ANN401 the library ships no types of use
    """In a thread: import the library, read the configuration, log in. A login plugin runs in a loop of this thread."""
    from kubernetes.aio import client, config  # noqa: PLC0415 heavy: 0.4 s and 20 MB that only those who use it pay

    configuration = client.Configuration()
    try:
        asyncio.run(_configured(config, configuration, address))
        _tidy(configuration)
        configuration.client_session_kwargs = {"middlewares": (_sent_once,)}
        api = client.ApiClient(configuration)
    except TimeoutError as error:
        raise _no_token(address, PLUGIN_SECONDS) from error
    except Exception as error:  # the library raises whatever its parsers and plugins do
        detail = f"{address.setting} cannot be used: {_words(error)}. Check it: kubectl config view"
        raise CouldNotLookError(Reason.FAILED, detail) from error
    api.user_agent = "volati"
    return api


async def _configured(config: Any, configuration: Any, address: Address) -> None:  # noqa: ANN401 as above
    if address.kubeconfig is None:
        config.load_incluster_config(client_configuration=configuration, try_refresh_token=False)
        return
    if not address.kubeconfig.is_file():
        raise FileNotFoundError(f"there is no file {address.kubeconfig}")
    loader = _loader(config.kube_config, address)
    await loader.load_and_set(configuration)


def _loader(library: Any, address: Address) -> Any:  # noqa: ANN401 as above
    """The library's reader of a kubeconfig, but for its login plugins. It writes nothing: the file is the user's."""

    class Loader(library.KubeConfigLoader):  # type: ignore[misc] # the library ships no types
        async def load_from_exec_plugin(self) -> bool:
            provider = library.ExecProvider(self._user["exec"])
            self._user.value.update(as_user(await answered(provider.args, provider.env, provider.api_version)))
            return bool(self._user.safe_get("client-certificate-data") or self._load_user_token())

    found = library.KubeConfigMerger(str(address.kubeconfig)).config
    return Loader(config_dict=found, active_context=address.context or None, config_base_path=None)


async def _sent_once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keeps aiohttp from sending a write again by itself: it does so with PUT and DELETE when the connection breaks."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if request.method == "GET":
            raise
        raise LostError(_words(error)) from error


def _tidy(configuration: Any) -> None:  # noqa: ANN401 as above
    """A line break after the token in its file would break the header."""
    token = configuration.api_key.get("BearerToken")
    if token:
        configuration.api_key["BearerToken"] = token.strip()


async def _read(response: aiohttp.ClientResponse, question: Question) -> bytes:
    """All of an answer, as long as it is not too long."""
    pieces, size = [], 0
    async for piece in response.content.iter_chunked(_CHUNK):
        pieces.append(piece)
        size += len(piece)
        if size > ANSWER_AT_MOST:
            detail = (
                f"The answer to {question.right} has more than {ANSWER_AT_MOST:,} bytes and was not read to its end."
            )
            raise CouldNotLookError(Reason.FAILED, detail)
    return b"".join(pieces)


def _asked_to_wait(response: aiohttp.ClientResponse) -> float:
    """Seconds until the server wants to be asked again; more than we wait where it does not say."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return 2 * _PATIENCE_SECONDS


def said(body: bytes) -> str:
    """The server's own words: a Status' message, or the beginning of whatever it sent."""
    try:
        message = msgspec.json.decode(body, type=wire.Status).message
    except msgspec.DecodeError:
        return first_words_of(body, _WORDS).rstrip(".")
    return first_words(" ".join((message or "").split()), _WORDS).rstrip(".")


def _meaning(status: int, right: Right, address: Address) -> tuple[Reason, str]:
    """Which kind of blindness a refusal is, and what to do about it."""
    reason, words = _MEANINGS.get(status) or (_FAILED if status >= _SERVER_FAILED else _OTHER)
    return reason, words.format(right=right, setting=address.setting)


_MEANINGS = {
    _UNAUTHORIZED: (Reason.FORBIDDEN, "The API server does not know who asks to {right}. Renew {setting}"),
    _FORBIDDEN: (Reason.FORBIDDEN, "The right to {right} is missing. Grant it to the account that Volati uses"),
    _NOT_FOUND: (Reason.REFUSED, "There is nothing to {right}"),
    _GONE: (Reason.FAILED, "The list changed too fast to {right} to its end. Ask again"),
    _TOO_MANY: (Reason.REFUSED, "The API server is too busy to {right}. Ask again in a moment"),
}
_FAILED = (Reason.FAILED, "The API server failed to {right}. See its health: kubectl get --raw '/readyz?verbose'")
_OTHER = (Reason.REFUSED, "The API server refused to {right}")


def _words(error: Exception) -> str:
    """Why, in words: the library has none for a file that is no kubeconfig, and aiohttp wraps the system's own."""
    if isinstance(error, UnicodeDecodeError | TypeError | AttributeError):
        return "it is no kubeconfig"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return first_words(failures.words(error.certificate_error), _WORDS)
    if isinstance(error, aiohttp.ClientConnectorError):
        return first_words(failures.words(error.os_error), _WORDS)
    where = f": {error.filename}" if isinstance(error, OSError) and error.filename else ""
    return f"{first_words(failures.words(error), _WORDS)}{where}"
