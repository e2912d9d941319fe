"""Commands as findings show them: filled in for this platform, with every name quoted. Pure."""

from shlex import quote

from diagnostics.context import Context
from diagnostics.evidence.cluster.names import Name


def kubectl(context: Context, words: str, name: Name | str = "", *more: str) -> str:
    """A command about a thing, or about a namespace: its words, the name quoted, the namespace always given."""
    thing = [quote(name.name)] if isinstance(name, Name) else []
    space = name.namespace if isinstance(name, Name) else name
    where = ["-n", quote(space)] if space else []
    return " ".join((context.cluster.kubectl, words, *thing, *where, *more))


def curl(ca_file: str) -> str:
    """How a command begins that asks over https. A private CA is named: without it curl refuses a sound certificate."""
    return f"curl -sS --cacert {quote(ca_file)}" if ca_file else "curl -sS"


def describe(context: Context, kind: str, name: Name) -> str:
    """The command that shows a thing with its events."""
    return kubectl(context, f"describe {kind.lower()}", name)
