"""What findings tell so that the advice on them names the right thing: a certificate, the controller's kind. Pure."""

from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Fact


def kept_facts(certificate: Name | None) -> tuple[Fact, ...]:
    """The certificate of cert-manager's that keeps a secret, which is the one to renew; nothing where none is known."""
    if certificate is None:
        return ()
    return (Fact("certificate", certificate.name), Fact("certificate namespace", certificate.namespace))


def controller_facts(kind: str) -> tuple[Fact, ...]:
    """The kind of the ingress controller's workload, such as daemonset, where it is no deployment as usual."""
    return (Fact("controller kind", kind),) if kind != "deployment" else ()
