"""The settings of the cluster: namespaces, the backend, secrets, probes."""

from pathlib import Path
from typing import Annotated

from pydantic import (
    Field,
    model_validator,
)

from bot.settings.forms import Filled, KubernetesName, Nameserver, Part, Place, QualifiedName, VariableName
from diagnostics.context import ClusterExpected


class SecretSettings(Part):
    """A secret that Volati may look at: which keys it has, never what is in them."""

    name: QualifiedName
    keys: tuple[Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]{1,253}$")], ...] = Field(
        (), description="the keys that must be there"
    )


class ProbeSettings(Part):
    """How in-cluster probes run: as jobs of this program's own image. Without an image there are none."""

    image: Annotated[str, Field(pattern=r"^([a-z0-9][-a-zA-Z0-9_./:@]{0,499})?$")] = Field(
        default="", description="the image that Volati itself runs from"
    )
    namespace: KubernetesName | None = Field(default=None, description="where they run; by default the backend's")
    pull_secrets: tuple[KubernetesName, ...] = Field(default=(), description="by which the image is pulled")
    database_secret: KubernetesName | None = Field(
        default="volaticloud-db-secret", description="the secret of that namespace with the database's host"
    )
    hosts: tuple[Place, ...] = Field(
        default=(), description="hosts and ports of the platform that are not known otherwise"
    )


class KubernetesSettings(Part):
    """The cluster the platform runs in. The defaults are the runbook's."""

    kubeconfig: Path | None = Field(None, description="left out: the service account of the pod that Volati runs in")
    context: Annotated[str, Field(max_length=253)] = Field("", description="by default the file's current one")
    namespaces: Annotated[tuple[KubernetesName, ...], Field(min_length=1, max_length=50)] = (
        "volaticloud",
        "keycloak",
        "ingress-nginx",
    )
    backend: QualifiedName = "volaticloud/volaticloud-backend"
    container: KubernetesName = "volaticloud"
    variables: tuple[VariableName, ...] = Field(
        ClusterExpected().variables, description="the variables the backend cannot start without"
    )
    debug_variable: VariableName = Field("LOG_LEVEL", description="the backend's variable that has it log more")
    debug_value: Filled = "debug"
    probe: ProbeSettings = ProbeSettings()
    secrets: tuple[SecretSettings, ...] = (
        SecretSettings(name="volaticloud/volaticloud-db-secret", keys=("host", "database", "username", "password")),
        SecretSettings(name="volaticloud/keycloak-client-secret", keys=("client-secret",)),
    )
    ingress_controller: QualifiedName = "ingress-nginx/ingress-nginx-controller"
    ingress_controller_class: str = "k8s.io/ingress-nginx"
    keycloak_service: QualifiedName = "keycloak/volaticloud-keycloak-service"
    nameserver: Nameserver = Field(
        "", description="who is asked for the public names, host:port; by default this machine's resolver"
    )
    https_port: int = Field(443, ge=1, le=65535, description="where the load balancer speaks TLS")
    ca_file: Path | None = Field(None, description="a private authority of the public certificates, where there is one")

    @model_validator(mode="after")
    def _seen_namespaces(self) -> "KubernetesSettings":
        for name in (self.backend, *(secret.name for secret in self.secrets)):
            namespace = name.partition("/")[0]
            if namespace not in self.namespaces:
                raise ValueError(f"{name} is in namespace {namespace}, which is none of namespaces; add it there")
        return self
