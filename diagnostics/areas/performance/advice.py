"""What to do about what the performance checks find: advice by the id of the cause, and by what the time goes into."""

from diagnostics.advice import Advice
from diagnostics.areas.performance.scaling import MEASURED, UNREADY

_OUT = Advice(
    "Scale out. Where an autoscaler is, raise its bounds instead: it sets the count back.",
    "{kubectl} scale {kind}/{name} -n {namespace} --replicas={one pod more}",
    "scale {namespace}/{name} {one pod more}",
)
_UP = Advice(
    "Scale up: raise the limits in the chart's values.yaml; what is set by hand, the next upgrade undoes.",
    "helm upgrade {name} <CHART> -n {namespace} --reuse-values --set deployment.resources.limits.cpu=<CPU> "
    "--set deployment.resources.limits.memory=<MEMORY>",
)
_PROFILE = Advice(
    "Profile it under this load, to see what the time is spent in.",
    "{kubectl} port-forward -n {namespace} {kind}/{name} 6060:6060 & "
    "go tool pprof -top 'http://localhost:6060/debug/pprof/profile?seconds=30'",
)
_HEAP = Advice(
    "Profile its heap, to see what keeps the memory.",
    "{kubectl} port-forward -n {namespace} {kind}/{name} 6060:6060 & "
    "go tool pprof -top http://localhost:6060/debug/pprof/heap",
)
_QUERIES = Advice(
    "Look for statements that run once for each row: load what belongs together at once with ENT (WithStrategy(), "
    "WithMetrics(), Limit()), or by a DataLoader."
)
_INDEX = Advice('Add an index where tables are scanned: index.Fields("owner_id", "created_at") in the ENT schema.')
_LIMIT = Advice("Limit how complex a query may be, and have clients ask by pages.")
_DATABASE = Advice("See what the database does meanwhile: `volati diagnose database`.")
_HPA = Advice("See what it measures and why it acts.", "{kubectl} describe hpa -n {namespace}")
_RAISE = Advice(
    "Raise its maximum, if the nodes have room.",
    '{kubectl} patch hpa {name} -n {namespace} -p \'{"spec":{"maxReplicas":<N>}}\'',
)
_TOP = Advice(
    "See what the backend uses.", "{kubectl} top pods --containers -n {backend_namespace} && {kubectl} top nodes"
)
_METRICS = (
    Advice("See whether the metrics API is served.", "{kubectl} get apiservice v1beta1.metrics.k8s.io"),
    Advice(
        "Read the metrics server's log, and restart it.",
        "{kubectl} logs deployment/metrics-server -n kube-system --tail=100 && "
        "{kubectl} rollout restart deployment/metrics-server -n kube-system",
    ),
    Advice(
        "If it is not installed, install it.",
        "helm upgrade --install metrics-server metrics-server --repo https://kubernetes-sigs.github.io/metrics-server "
        "-n kube-system",
    ),
)
_SLOW = (_TOP, _DATABASE, _QUERIES, _INDEX, _LIMIT)

ADVICE: dict[str, tuple[Advice, ...]] = {
    "performance.node-pressure": (
        Advice("See what the node lacks, and what uses it.", "{kubectl} describe node {node}"),
        Advice("Keep new pods off it until it has enough.", "{kubectl} cordon {node}"),
        Advice("Give it more, or add a node, on the provider's control panel."),
    ),
    "performance.node-busy": (
        Advice("See which pods use most.", "{kubectl} top pods -A --sort-by=memory"),
        Advice("Add a node on the provider's control panel, or take work from this one."),
    ),
    "performance.memory-near-limit": (_OUT, _UP, _HEAP),
    "performance.cpu-at-limit": (_OUT, _UP, _PROFILE, _DATABASE),
    "performance.autoscaler-no-target": (
        _HPA,
        Advice("Correct the name in the chart's values.yaml, or remove the autoscaler of what is gone."),
    ),
    "performance.autoscaler-without-metrics": (_HPA, *_METRICS),
    "performance.autoscaler-flapping": (
        _HPA,
        Advice(
            "Have it wait before it takes pods away: five minutes are Kubernetes' own default.",
            "{kubectl} patch hpa {name} -n {namespace} -p "
            '\'{"spec":{"behavior":{"scaleDown":{"stabilizationWindowSeconds":300}}}}\'',
        ),
        Advice("Or raise the least number of replicas, so that a wave of requests is met without a swing."),
    ),
    "performance.autoscaler-at-max": (_HPA, _RAISE, _UP, _DATABASE),
    "performance.endpoint-not-answering": (
        Advice(
            "Find out why: `volati diagnose graphql` says what is answered, `volati diagnose server` why pods fail."
        ),
    ),
    "performance.endpoint-unsteady": (
        Advice("See whether one pod differs from the others.", "{kubectl} get pods -n {backend_namespace} -o wide"),
        Advice("Look at the way there: `volati diagnose network`."),
    ),
    "performance.endpoint-slow": _SLOW,
    "performance.slower-than-usual": _SLOW,
    "performance.queries-too-complex": (_QUERIES, _LIMIT),
}
_BY_PART: dict[str, tuple[Advice, ...]] = {
    "name": (
        Advice("Check the resolvers: one that is down costs its timeout on every lookup.", "cat /etc/resolv.conf"),
    ),
    "connect": (Advice("Look at the way there and the load balancer: `volati diagnose network`."),),
    "tls": (
        Advice(
            "Check the ingress controller's processors: handshakes are its work.",
            "{kubectl} top pods -n {controller_namespace}",
        ),
        Advice("Have clients keep their connections open."),
    ),
    "transfer": (Advice("Ask for less at once, and have answers compressed."), _LIMIT),
}
#: Advice by the form: why there are no metrics; and the part that takes longest, but for the wait for the first byte,
#: which is the backend's own: that is the table above.
FORMS: dict[tuple[str, str], tuple[Advice, ...]] = {
    ("performance.autoscaler-without-metrics", UNREADY): (
        Advice(
            "Find out why its pods are not ready: `volati diagnose server`. Once they are, it measures them by itself.",
            "{kubectl} get pods -n {namespace} -o wide",
        ),
    ),
    ("performance.autoscaler-without-metrics", MEASURED): (
        _HPA,
        Advice(
            "The metrics server measures other pods here. See whether each container has the requests that the "
            "autoscaler counts by.",
            "{kubectl} get {kind} {name} -n {namespace} -o jsonpath='{.spec.template.spec.containers[*].resources}'",
        ),
        Advice(
            "If it counts by metrics of its own, look at the adapter that serves them.", "{kubectl} get apiservices"
        ),
    ),
} | {
    (id, part): steps
    for id in ("performance.endpoint-slow", "performance.slower-than-usual")
    for part, steps in _BY_PART.items()
}
