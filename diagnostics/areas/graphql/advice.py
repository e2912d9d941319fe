"""What to do about what the checks of the HTTP surface find: a table of advice by the id of the cause."""

from diagnostics.advice import RENEW, Advice
from diagnostics.areas.database.advice import READY

_LOG = Advice(
    "Read the backend's log at that moment.",
    "{kubectl} logs deployment/{backend} -n {backend_namespace} --since=15m --tail=300",
)
_PODS = Advice(
    "See whether its pods are ready; `volati diagnose server` says why they are not.",
    "{kubectl} get pods -n {backend_namespace} -o wide",
)
_RESTART = Advice(
    "Restart the backend, one pod after another.",
    "{kubectl} rollout restart deployment/{backend} -n {backend_namespace}",
    "restart {backend_namespace}/{backend}",
)
_WAY = Advice("Follow the way from outside: `volati diagnose network` looks at names, load balancer, ingress, service.")
_INGRESS = Advice(
    "Compare host and path with the ingresses, and with the dashboard's proxy, which passes /gateway/v1 on.",
    "{kubectl} get ingress -A",
)
_SETTINGS = Advice(
    "If the platform moved, set backend.health_url and backend.graphql_url to where it answers: {health_url}, "
    "{graphql_url}."
)
_CERTIFICATE = (
    Advice(
        "See what cert-manager says of the certificate, its order and its challenge.",
        "{kubectl} get certificates -A && {kubectl} describe certificaterequest,order,challenge -A",
    ),
    RENEW,
)
_DATABASE = Advice("Look at the database itself: `volati diagnose database` says what refuses, blocks or is used up.")
_ROLLBACK = Advice(
    "If it began with a release, go back to the one before.",
    "{kubectl} rollout undo deployment/{backend} -n {backend_namespace}",
    "rollback {backend_namespace}/{backend}",
)
#: The runbook's steps where the schema is out of sync.
_REGENERATE = (
    Advice("Make the schema anew, and see what was not committed.", "make generate && git status"),
    Advice(
        "Build and push an image with it.",
        "make build && docker build -t ghcr.io/volaticloud/volaticloud:latest . && "
        "docker push ghcr.io/volaticloud/volaticloud:latest",
    ),
    Advice(
        "Roll it out. A dashboard of another version must follow.",
        "{kubectl} rollout restart deployment/{backend} -n {backend_namespace}",
        "restart {backend_namespace}/{backend}",
    ),
)
_WHY = Advice("Walk through the decision for a person.", "volati why <USER> <ACTION> <RESOURCE>")
_TOKEN = Advice(
    "Have a person's token explained: issuer, audience, expiry, clock. It is read from the terminal, and kept nowhere.",
    "volati token -",
)

ADVICE: dict[str, tuple[Advice, ...]] = {
    "graphql.name-unknown": (
        Advice("Check the host name in backend.graphql_url against the DNS record: {graphql_url}."),
        _WAY,
    ),
    "graphql.refused": (_WAY, _PODS),
    "graphql.connect-timeout": (
        _WAY,
        Advice("See which policies stand in the way.", "{kubectl} get networkpolicies -A"),
    ),
    "graphql.certificate-expired": _CERTIFICATE,
    "graphql.certificate-not-yet-valid": (
        Advice("Compare the clocks: the certificate's and ours.", "date -u"),
        *_CERTIFICATE,
    ),
    "graphql.certificate-wrong-name": (_INGRESS, *_CERTIFICATE),
    "graphql.certificate-untrusted": (
        Advice("Serve the whole chain, or give clients the private CA; for Volati that is backend.ca_file."),
        *_CERTIFICATE,
    ),
    "graphql.certificate-expiring": _CERTIFICATE,
    "graphql.tls-failed": (Advice("Check that {graphql_url} is a TLS port, and which proxy answers there."), _WAY),
    "graphql.database-unavailable": (
        _DATABASE,
        Advice(
            "Read what the backend says of it.",
            "{kubectl} logs deployment/{backend} -n {backend_namespace} --since=15m | grep -iE 'postgres|database|pq:'",
        ),
        Advice(
            "See whether it answers from inside the cluster; no response means its firewall or a policy.",
            READY.command,
        ),
        Advice("On the provider's control panel, see whether the database runs and who may connect to it."),
    ),
    "graphql.health-failing": (_LOG, _PODS),
    "graphql.keycloak-trouble": (Advice("Have Keycloak looked at: `volati diagnose keycloak`."),),
    "graphql.keycloak-not-reached": (
        Advice(
            "Compare the address the backend has with the one that works from here.",
            "{kubectl} get deployment {backend} -n {backend_namespace} -o yaml | grep -A 2 KEYCLOAK",
        ),
        Advice("See which policies stand in the way.", "{kubectl} describe networkpolicy -n {backend_namespace}"),
        _LOG,
    ),
    "graphql.token-refused": (
        Advice(
            "Compare issuer and client with what the backend is set to expect.",
            "{kubectl} get deployment {backend} -n {backend_namespace} -o yaml | grep -A 2 KEYCLOAK",
        ),
        _TOKEN,
        Advice("Compare the clocks of the nodes with Keycloak's.", "{kubectl} get nodes -o wide && date -u"),
        _LOG,
        _RESTART,
    ),
    "graphql.forbidden": (
        _WHY,
        Advice("Check the roles of the service account: `volati diagnose keycloak` looks at them."),
        _LOG,
    ),
    "graphql.gateway-error": (_PODS, _WAY, _LOG),
    "graphql.server-error": (_LOG, _DATABASE, _ROLLBACK),
    "graphql.not-answering": (_LOG, _DATABASE, _RESTART),
    "graphql.endpoint-missing": (_INGRESS, _SETTINGS, _ROLLBACK),
    "graphql.redirected": (
        Advice("Find the proxy or rule that redirects {graphql_url}; paths of the API must pass it untouched."),
        _INGRESS,
    ),
    "graphql.not-graphql": (
        Advice("Find out what answers at {graphql_url}: a maintenance page, the dashboard, another service."),
        _INGRESS,
        _SETTINGS,
    ),
    "graphql.request-rejected": (
        Advice("Find the firewall, rate limit or proxy login that turns requests for {graphql_url} away."),
        _INGRESS,
    ),
    "graphql.query-fails": (_LOG, _ROLLBACK, _DATABASE),
    "graphql.path-differs": (_SETTINGS,),
    "graphql.introspection-broken": (_LOG, *_REGENERATE),
    "graphql.schema-differs": (
        Advice(
            "See which release runs, and whether {schema} is of the same.",
            "{kubectl} get deployment {backend} -n {backend_namespace} -o wide",
        ),
        *_REGENERATE,
        _ROLLBACK,
    ),
    "graphql.introspection-off": (
        Advice("Nothing, if it is meant so. To have the schema compared, switch it on for the bot's client."),
    ),
    "graphql.schema-newer": (Advice("Put the schema of the running release into {schema}."),),
    "graphql.log-panics": (
        Advice(
            "Find the stack.",
            "{kubectl} logs deployment/{backend} -n {backend_namespace} --tail=1000 | grep -B 2 -A 20 panic",
        ),
        _ROLLBACK,
    ),
    "graphql.log-unknown-fields": (
        Advice(
            "Compare the versions of backend and dashboard.",
            "{kubectl} get deployments -n {backend_namespace} -o wide",
        ),
        *_REGENERATE,
    ),
    "graphql.log-freqtrade-schema": (
        Advice(
            "Try it from inside the cluster.",
            "{kubectl} run -it --rm curl-test --image=curlimages/curl --restart=Never -n {backend_namespace} -- "
            "curl -sSI https://schema.freqtrade.io/schema.json",
        ),
    ),
    "graphql.log-config-invalid": (
        Advice(
            "Check the fields that the line names against https://schema.freqtrade.io/schema.json: all required ones "
            "are there (stake_currency, stake_amount, …), numbers are no text, nested objects such as entry_pricing "
            "and exit_pricing are whole."
        ),
        Advice("Run the tests of the validation.", "go test -v ./internal/bot -run TestValidateConfig"),
    ),
    "graphql.log-permission-denied": (
        _WHY,
        Advice("Check that the thing is registered in Keycloak with its owner: `volati diagnose keycloak`."),
        _TOKEN,
    ),
}
