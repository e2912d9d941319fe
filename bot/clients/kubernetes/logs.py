"""Reading the end of a container's log from an API server. What is in it is as it was written: nothing is masked."""

from http import HTTPStatus

from bot.clients.kubernetes import paths
from bot.clients.kubernetes.connection import Connection, Question, RefusedError
from bot.clients.kubernetes.log_text import fewer_and_fewer, log_query, newest
from diagnostics.evidence.cluster.client import GoneError, LogAsked, LogText
from diagnostics.evidence.cluster.kinds import Right


async def log_of(connection: Connection, asked: LogAsked) -> LogText:
    """The newest lines of a log, as many as fit.

    Raises:
        GoneError: the pod is not there any more.
        CouldNotLookError: it cannot be read.
    """
    text = LogText()
    path = paths.single("v1", "pods", asked.pod.namespace, asked.pod.name, "log")
    right = Right("get", "pods/log", asked.pod.namespace)
    for lines in fewer_and_fewer(asked.lines):
        body = await _asked(connection, Question(path, right, log_query(asked, lines)), asked)
        text = newest(body, asked)
        if len(body) < asked.bytes:
            break
    return text


async def _asked(connection: Connection, question: Question, asked: LogAsked) -> bytes:
    try:
        return await connection.ask(question)
    except RefusedError as error:
        # The same status is that of a node that is gone, or of a kubelet that knows no such path: the words tell.
        if error.status != HTTPStatus.NOT_FOUND or f'pods "{asked.pod.name}" not found' not in error.detail:
            raise
        detail = f"Pod {asked.pod} is not there any more: {error.detail} Look again: another may be in its place."
        raise GoneError(error.reason, detail) from error
