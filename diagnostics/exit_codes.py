"""Exit codes of containers in words."""

import signal

#: What the codes mean that shells, Docker and Kubernetes give; above 128 a signal ended the process.
_KNOWN = {
    0: "it ended by itself, without an error",
    1: "the program failed",
    2: "the program was called wrongly",
    125: "Docker could not run it",
    126: "its command cannot be executed",
    127: "its command was not found",
    137: "it was killed (137: out of memory, or a stop that took too long)",
    143: "it was stopped (143: SIGTERM)",
}
_SIGNALS_FROM = 128
#: What Go's runtime exits with after a panic, and how its last words begin.
_GO_PANIC = 2
_PANICKED = ("panic: ", "fatal error: ")


def in_words(code: int) -> str:
    """An exit code with its meaning, as in "exit code 127: its command was not found"."""
    return f"exit code {code}: {_KNOWN.get(code) or _by_signal(code)}"


def ended_in_words(code: int, says: str) -> str:
    """The same of a program whose log says so much: 2 is a panic of Go's runtime, and elsewhere a wrong call."""
    if code == _GO_PANIC and any(words in says for words in _PANICKED):
        return f"exit code {code}: the program panicked"
    return in_words(code)


def _by_signal(code: int) -> str:
    try:
        return f"ended by {signal.Signals(code - _SIGNALS_FROM).name}"
    except ValueError:
        return "the program's own code"
