"""What to do about a cause: one table from a cause's id to advice, with commands filled in for this platform."""

from collections.abc import Iterable, Iterator

from diagnostics.advice import Advice
from diagnostics.areas.network.remedies import ADVICE as NETWORK
from diagnostics.context import ClusterExpected, Context, KeycloakExpected
from diagnostics.model import Cause, Subject, Suggestion, SuggestionKind

_LOGS = Advice("Read Keycloak's own log for the reason.", "{logs}")
_RESTART = Advice(
    "Restart Keycloak. Sessions survive; logins wait until it is up, usually under a minute.", "{restart}"
)
_MEMORY = Advice(
    "If it ran out of memory, raise the container's limit (docker update --memory), or let Java use less of it "
    "(JAVA_OPTS_KC_HEAP)."
)
_CLIENT = "admin console > realm {realm} > Clients > {client}"
_BACKEND = Advice(
    "Then restart the backend, which reads its settings at start.",
    "kubectl rollout restart deployment/volaticloud-backend -n volaticloud",
)
_SECRET = (
    Advice(
        f"Compare the secret in {_CLIENT} > Credentials with the one the platform uses; never paste it into a channel."
    ),
    Advice(
        "Put the right one into the platform's secret. It reads it from your terminal, so it is in no history.",
        'read -rs SECRET && printf %s "$SECRET" | kubectl create secret generic keycloak-client-secret -n volaticloud '
        "--from-file=client-secret=/dev/stdin --dry-run=client -o yaml | kubectl apply -f -",
    ),
    _BACKEND,
)
_RENEW = (
    Advice(
        "See why cert-manager did not renew it: the certificate's and its order's last events.",
        "kubectl describe certificate,certificaterequest,order -n keycloak",
    ),
    Advice("Renew it by hand.", "cmctl renew --all -n keycloak"),
)
_REREGISTER = Advice(
    "If they were off, every registered resource was deleted with them: have the backend register its entities anew."
)

ADVICE: dict[str, tuple[Advice, ...]] = {
    "keycloak.container-stopped": (_LOGS, _RESTART, _MEMORY),
    "keycloak.container-restarting": (
        _LOGS,
        Advice("A start that fails again and again mostly misses its database, or a setting: read what it says first."),
        _MEMORY,
    ),
    "keycloak.container-missing": (
        Advice(
            "If Keycloak should run there, create its container again from the compose file or script it came from."
        ),
        Advice("If it runs elsewhere, set keycloak.container to its name and host, or remove the setting."),
    ),
    "keycloak.container-unstable": (_LOGS, _MEMORY),
    "keycloak.container-log-errors": (_LOGS,),
    "keycloak.container-log-unread": (_LOGS,),
    "keycloak.name-unknown": (
        Advice("Check the host name in the platform's settings against the DNS record: {url}."),
        Advice("If the record is right, check the resolver.", "cat /etc/resolv.conf"),
    ),
    "keycloak.name-lookup-slow": (
        Advice("Check the resolvers: one that is down costs its timeout on every lookup.", "cat /etc/resolv.conf"),
    ),
    "keycloak.refused": (
        _LOGS,
        _RESTART,
        Advice("If it runs, check the port in the platform's settings: {url}."),
    ),
    "keycloak.connect-timeout": (
        Advice(
            "Check firewall rules and network policies between the platform and {url}; then whether the host is up."
        ),
        Advice("See which policies stand in the way.", "kubectl get networkpolicies -A"),
    ),
    "keycloak.certificate-expired": _RENEW,
    "keycloak.certificate-expiring": _RENEW,
    "keycloak.certificate-not-yet-valid": (
        Advice("Compare the clocks: the certificate's and ours.", "date -u"),
        *_RENEW,
    ),
    "keycloak.certificate-wrong-name": (
        Advice(
            "Check which TLS secret the ingress for {url} names, and that the secret exists.",
            "kubectl get ingress -A",
        ),
        *_RENEW,
    ),
    "keycloak.certificate-untrusted": (
        Advice("Serve the whole chain, or give clients the private CA; for Volati that is keycloak.ca_file."),
    ),
    "keycloak.tls-failed": (
        Advice("Check that {url} is a TLS port and not a plain one, and which proxy answers there."),
        _LOGS,
    ),
    "keycloak.not-answering": (_LOGS, _RESTART),
    "keycloak.server-error": (
        _LOGS,
        Advice("Check the database behind Keycloak: it answers 5xx when it has none."),
        _RESTART,
    ),
    "keycloak.redirected": (
        Advice("Find the proxy or ingress rule that redirects {url}; API paths under /realms must pass it untouched."),
    ),
    "keycloak.not-json": (
        Advice("Find out what answers at {url}: a maintenance page, an error page of the ingress, another service."),
    ),
    "keycloak.request-rejected": (
        Advice("On a 404, check host and path of the ingress for {url}, and Keycloak's KC_HTTP_RELATIVE_PATH."),
        Advice("Else find the firewall, rate limit or proxy login that rejects public pages of {url}."),
    ),
    "keycloak.wrong-base-path": (
        Advice(
            "Set VOLATICLOUD_KEYCLOAK_URL to the path Keycloak serves; "
            "or have Keycloak serve the old one (KC_HTTP_RELATIVE_PATH)."
        ),
        _BACKEND,
    ),
    "keycloak.base-path-differs": (
        Advice("Leave out /auth in the runbook's commands, and set keycloak.base_path so that Volati knows."),
    ),
    "keycloak.realm-missing": (
        Advice("Check the realm's name in the platform's settings: {realm}."),
        Advice("If the realm is gone, restore Keycloak's database, or import the realm again (recovery runbook)."),
    ),
    "keycloak.realm-disabled": (Advice("Enable it: admin console > realm {realm} > Realm settings > Enabled."),),
    "keycloak.discovery-broken": (_LOGS, Advice("Check the ingress rules for paths below /.well-known.")),
    "keycloak.issuer-mismatch": (
        Advice("Set Keycloak's hostname (KC_HOSTNAME) so that tokens are issued as {issuer}."),
        _RESTART,
    ),
    "keycloak.keys-unreadable": (_LOGS,),
    "keycloak.no-signing-key": (
        Advice("Add an active signing key: admin console > realm {realm} > Realm settings > Keys > Providers."),
    ),
    "keycloak.slow": (
        _LOGS,
        Advice("Check Keycloak's CPU, memory and database; the realm page is served from its cache."),
    ),
    "keycloak.client-secret-untidy": _SECRET,
    "keycloak.client-secret-wrong": _SECRET,
    "keycloak.client-missing": (
        Advice("Check the client id in the platform's settings: {client}."),
        Advice(
            "If the client is gone, import it again from the realm export, then set its new secret on the platform."
        ),
    ),
    "keycloak.client-disabled": (Advice(f"Enable it: {_CLIENT} > Enabled."),),
    "keycloak.service-account-off": (
        Advice(f"Switch on: {_CLIENT} > Settings > Client authentication and Service accounts roles."),
        Advice("Then switch authorization services on again: they went off with it."),
        _REREGISTER,
    ),
    "keycloak.scope-invalid": (
        Advice(
            f"Assign the scope, or stop asking for it: {_CLIENT} > Client scopes. uma_protection is a role, no scope."
        ),
    ),
    "keycloak.login-refused": (_LOGS,),
    "keycloak.login-broken": (_LOGS, _RESTART),
    "keycloak.clock-skewed": (
        Advice("Find which clock is wrong and have it follow time servers again.", "timedatectl status"),
    ),
    "keycloak.token-key-unknown": (
        Advice("Clear the cache between the platform and the key list, then see that both name the same key."),
        _BACKEND,
    ),
    "keycloak.token-signature-wrong": (
        Advice("Check that all Keycloak instances share one database: two of them sign with different keys."),
    ),
    "keycloak.token-algorithm-wrong": (
        Advice(
            "Set the algorithm: admin console > realm {realm} > Realm settings > Tokens > Default signature algorithm."
        ),
    ),
    "keycloak.token-not-yet-valid": (Advice("Compare the clocks of Keycloak and the platform.", "timedatectl status"),),
    "keycloak.token-expired": (Advice("Compare the clocks of Keycloak and the platform.", "timedatectl status"),),
    "keycloak.token-life-short": (
        Advice("Raise it: admin console > realm {realm} > Realm settings > Tokens > Access token lifespan."),
    ),
    "keycloak.token-issuer-wrong": (
        Advice("Set Keycloak's hostname (KC_HOSTNAME) so that tokens are issued as {issuer}."),
        _RESTART,
    ),
    "keycloak.authorization-services-off": (
        Advice(f"Switch on: {_CLIENT} > Settings > Authorization."),
        _REREGISTER,
    ),
    "keycloak.uma-protection-missing": (
        Advice(
            f"Give the service account the client role: {_CLIENT} > Service accounts roles > Assign > uma_protection."
        ),
        Advice("Tokens already issued keep the old roles until they expire, in 5 minutes."),
    ),
    "keycloak.protection-refused": (_LOGS,),
    "keycloak.evaluation-broken": (
        _LOGS,
        Advice(f"Check policies and permissions: {_CLIENT} > Authorization > Evaluate."),
    ),
    "keycloak.registration-fails": (_LOGS,),
    "keycloak.resource-without-owner": (
        Advice(
            "Set the attribute ownerId of each, or have the backend register them anew: "
            f"{_CLIENT} > Authorization > Resources."
        ),
    ),
    "keycloak.owner-differs": (
        Advice(
            f"Find out whose it is, then set owner and ownerId to that user: {_CLIENT} > Authorization > Resources."
        ),
    ),
    "keycloak.owner-unknown": (
        Advice("Find the entity's owner in the platform's database, then set ownerId to that user's id in Keycloak."),
    ),
    "keycloak.probe-left-behind": (Advice("Nothing to do: it has been removed."),),
    **NETWORK,
}


def suggest(causes: Iterable[Cause], context: Context) -> tuple[Suggestion, ...]:
    """What to do about each cause, in the order of the causes."""
    return tuple(suggestion for cause in causes for suggestion in _about(cause, context))


def _about(cause: Cause, context: Context) -> Iterator[Suggestion]:
    words = {**_words(context.expected.keycloak), **_cluster_words(context.expected.cluster), **_place(cause.subject)}
    for advice in ADVICE.get(cause.id, ()):
        text, command = _filled(advice.text, words), _filled(advice.command, words)
        yield Suggestion(SuggestionKind.ADVICE, cause.id, cause.subject, text, command)


def _place(subject: Subject) -> dict[str, str]:
    """What a thing of the cluster is called in kubectl's words; a name without a namespace stands for itself."""
    namespace, slash, name = subject.name.rpartition("/")
    return {"kind": subject.kind, "name": name, **({"namespace": namespace} if slash else {})}


def _filled(text: str, words: dict[str, str]) -> str:
    """The text with its places filled; by replacement, since commands are full of braces of their own."""
    for place, word in words.items():
        text = text.replace(f"{{{place}}}", word)
    return text


def _cluster_words(cluster: ClusterExpected | None) -> dict[str, str]:
    """The cluster's words; those of the runbook where none is configured."""
    platform = cluster or ClusterExpected()
    return {
        "kubectl": platform.kubectl,
        "controller": platform.controller.name,
        "controller_namespace": platform.controller.namespace,
        "backend": platform.backend.name,
        "backend_namespace": platform.backend.namespace,
    }


def _words(keycloak: KeycloakExpected | None) -> dict[str, str]:
    if keycloak is None:
        return {}
    return {
        "url": keycloak.url,
        "realm": keycloak.realm,
        "client": keycloak.client_id,
        "issuer": keycloak.issuer or f"{keycloak.url}{keycloak.base_path or ''}/realms/{keycloak.realm}",
        "restart": keycloak.restart_command,
        "logs": keycloak.logs_command,
    }
