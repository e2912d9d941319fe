"""What is told of the certificate of cert-manager's that keeps a secret, so that this one can be renewed. Pure."""

from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Fact


def kept_facts(certificate: Name | None) -> tuple[Fact, ...]:
    """By the labels under which the advice is filled in; nothing where none is known."""
    if certificate is None:
        return ()
    return (Fact("certificate", certificate.name), Fact("certificate namespace", certificate.namespace))
