"""Runs a kubeconfig's login plugin (exec), which prints who we are; one that hangs is ended with all it started.

The library's own way only logs why a plugin failed, goes on as nobody, and waits as long as the plugin lives.
"""

import asyncio
import base64
import contextlib
import json
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from diagnostics.redaction import first_words_of

#: Seconds a plugin may take: below those of the whole login, so that the reason is told.
PLUGIN_SECONDS = 4.0
_WORDS = 200  # characters kept of what a plugin says of its failure; what it prints as its answer is never shown
_ANSWER = ("apiVersion", "kind", "status")


class PluginError(Exception):
    """The plugin gave nothing to log in with; the message says why."""


async def answered(args: Sequence[str], env: Mapping[str, str], version: str) -> Mapping[str, Any]:
    """The `status` of the ExecCredential that the plugin prints.

    Raises:
        PluginError: it failed, or printed something else.
        TimeoutError: it took too long, and was ended.
    """
    name = Path(args[0]).name
    told = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
    code, out, err = await _ran(args, {**env, "KUBERNETES_EXEC_INFO": json.dumps(told)})
    if code:
        words = first_words_of(err, _WORDS)
        raise PluginError(
            f"its login plugin {name} ended with exit code {code}{f' and said: {words}' if words else ''}"
        )
    status = _status(out, version)
    if not status:
        raise PluginError(f"its login plugin {name} printed no ExecCredential of {version}")
    if "token" not in status and not {"clientCertificateData", "clientKeyData"} <= status.keys():
        raise PluginError(f"its login plugin {name} gave neither a token nor a certificate with its key")
    return status


def as_user(status: Mapping[str, Any]) -> dict[str, str]:
    """The same as the entries that a kubeconfig's user would have."""
    if "token" in status:
        return {"token": status["token"]}
    parts = {"client-certificate-data": "clientCertificateData", "client-key-data": "clientKeyData"}
    return {mine: base64.b64encode(status[theirs].encode()).decode() for mine, theirs in parts.items()}


async def _ran(args: Sequence[str], env: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """Its exit code, and what it printed to both outputs."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *args, env=dict(env), stdin=nothing, stdout=pipe, stderr=pipe, start_new_session=True
        )
    except OSError as error:
        raise PluginError(f"its login plugin {args[0]} cannot be run ({error.strerror})") from error
    try:
        async with asyncio.timeout(PLUGIN_SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()
    return process.returncode or 0, out, err


def _status(out: bytes, version: str) -> Mapping[str, Any]:
    try:
        answer = json.loads(out)
    except ValueError:
        return {}
    whole = isinstance(answer, dict) and all(part in answer for part in _ANSWER) and answer["apiVersion"] == version
    return answer["status"] if whole and isinstance(answer["status"], dict) else {}
