"""Commands that findings show."""

from msgspec.structs import replace

from diagnostics.commands import curl, describe, kubectl
from diagnostics.evidence.cluster.names import Name
from tests.diagnostics.areas.cases.case import CONTEXT


def test_commands_name_things_safely() -> None:
    """Quotes names, and always gives the namespace."""
    assert kubectl(CONTEXT, "get pods", Name("a b", "$(x)")) == "kubectl get pods '$(x)' -n 'a b'"
    configured = replace(CONTEXT, expected=replace(CONTEXT.expected, cluster=None))
    assert kubectl(configured, "get pods", "x") == "kubectl get pods -n x"


def test_describe() -> None:
    """Writes a thing's kind as kubectl's users do."""
    assert describe(CONTEXT, "StatefulSet", Name("a", "b")) == "kubectl describe statefulset b -n a"


def test_a_private_authority_is_named() -> None:
    """Gives curl the CA by which the bot itself trusts, quoted."""
    assert (curl(""), curl("/etc/our ca.pem")) == ("curl -sS", "curl -sS --cacert '/etc/our ca.pem'")
