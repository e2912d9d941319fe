"""What to do about the faults of a server that does not start. `FORMS` has what differs by the form of a fault."""

from diagnostics.advice import Advice

_LOG = Advice(
    "Read the log of the run that failed.", "{kubectl} logs {pod} -n {namespace} -c {container} --previous --tail=100"
)
_LOG_NOW = Advice("Read its log.", "{kubectl} logs {pod} -n {namespace} -c {container} --tail=100")
_EVENTS = Advice("Read the pod's events.", "{kubectl} describe pod {pod} -n {namespace}")
_RESTART = Advice(
    "Then have new pods made.", "{kubectl} rollout restart {kind}/{name} -n {namespace}", "restart {namespace}/{name}"
)
_UNDO = Advice(
    "If it began with a rollout, go back to the revision before; a release by Helm is taken back with helm rollback.",
    "{kubectl} rollout undo {kind}/{name} -n {namespace}",
    "rollback {namespace}/{name}",
)
_HISTORY = Advice("See what was rolled out last, and when.", "{kubectl} rollout history {kind}/{name} -n {namespace}")
_VALUES = Advice(
    "Change it in values.yaml and run helm upgrade: a change by hand is undone by the next release.",
    "helm upgrade {name} <CHART> -n {namespace} -f values.yaml",
)
_SECRET_KEYS = Advice(
    "See which keys the secret has; this shows their names and lengths, never a value.",
    "{kubectl} describe secret {secret} -n {namespace}",
)
_PUT_KEY = Advice(
    "Put the right value in. It is read from your terminal, so it is in no history, and has no line break at its end.",
    'read -rs VALUE && printf %s "$VALUE" | {kubectl} create secret generic {secret} -n {namespace} '
    "--from-file={key}=/dev/stdin --dry-run=client -o yaml | {kubectl} patch secret {secret} -n {namespace} "
    "--type merge --patch-file /dev/stdin",
)
_USAGE = Advice("See what it uses against its limit.", "{kubectl} top pods -n {namespace} --containers")
_MANIFEST = Advice("Ask the registry for the image.", "docker manifest inspect {image}")
_READY = Advice(
    "Ask the database from inside the cluster whether it takes connections; this needs no password.",
    "{kubectl} run psql-test --rm -it --restart=Never --image=postgres:14 -n {namespace} -- "
    "pg_isready -h {host} -p {port}",
)
_NODES = Advice("List the nodes' addresses.", "{kubectl} get nodes -o wide")
_PROVIDER = Advice("Look in the provider's control panel whether the database runs, and whether it is in maintenance.")
_COMES_BACK = Advice("Once the database answers, the pods connect at their next start; to have it sooner, restart.")

_OTHER_NAME = Advice("If it goes by another name, mend the name in values.yaml and run helm upgrade.")
_GOES_ON = Advice("Waiting pods start by themselves within two minutes, once it is there.")

ADVICE: dict[str, tuple[Advice, ...]] = {
    "server.workload-missing": (
        Advice("See whether its release is there, and what became of it.", "helm list -n {namespace} --all"),
        Advice("Install it again from its chart.", "helm upgrade --install {name} <CHART> -n {namespace}"),
        Advice("If it goes by another name here, set kubernetes.backend in Volati's configuration."),
    ),
    "server.scaled-to-zero": (
        Advice(
            "Ask in #engineering whether somebody works on it: recovery of the database begins with scaling to 0.",
        ),
        Advice(
            "Then scale it up again; 2 is the usual.",
            "{kubectl} scale {kind}/{name} -n {namespace} --replicas=2",
            "scale {namespace}/{name} 2",
        ),
    ),
    "server.node-not-ready": (
        Advice("See since when, and what it said last.", "{kubectl} describe node {node}"),
        Advice("The machines are the provider's: look in its control panel, and replace the node where it is gone."),
        Advice(
            "Pods that stay Terminating on a machine that is surely off can be let go; on one that still runs, never.",
            "{kubectl} get pods -A -o wide --field-selector spec.nodeName={node}",
        ),
    ),
    "server.node-pressure": (
        Advice("See what uses it up.", "{kubectl} describe node {node}"),
        Advice("With disk pressure: remove old images and logs on the node, or give it a larger disk."),
        Advice("With memory pressure: move pods away, and give those without requests some."),
    ),
    "server.evicted": (
        Advice("See whether the node is still short.", "{kubectl} describe node {node}"),
        Advice("Those that use more than they request go first: raise the request in values.yaml to what it uses."),
        Advice(
            "Remove what is left of the evicted pods; they hold nothing but their message.",
            "{kubectl} delete pods -n {evicted in} {evicted pods}",
        ),
        Advice(
            "Or remove every pod of the namespace that has failed: those of failed jobs go too, with their logs.",
            "{kubectl} delete pods -n {evicted in} --field-selector=status.phase=Failed",
            "delete-failed-pods {evicted in}",
        ),
    ),
    "server.quota-exceeded": (
        Advice("See what is used, and of how much.", "{kubectl} describe resourcequota -n {namespace}"),
        Advice("End what is not needed, such as finished bots; or raise the quota, which whoever set it must do."),
        Advice(
            "The controller tries again by itself, later and later; to have it at once, restart.",
            "{kubectl} rollout restart {kind}/{name} -n {namespace}",
            "restart {namespace}/{name}",
        ),
    ),
    "server.pods-not-admitted": (
        Advice("Read the whole refusal.", "{kubectl} describe {kind} {name} -n {namespace}"),
        Advice(
            "With a webhook that does not answer: see whether its pods run; with a policy: mend the pod's template."
        ),
    ),
    "server.unschedulable": (
        Advice("See what the nodes have left.", "{kubectl} describe nodes"),
        _EVENTS,
    ),
    "server.volume-not-mounting": (
        _EVENTS,
        Advice("See which claims there are and whether they are bound.", "{kubectl} get pvc -n {namespace}"),
    ),
    "server.pod-starting-slowly": (
        _EVENTS,
        Advice("A large image takes its time on a new node; an init container waits for what it names: look there."),
    ),
    "server.secret-untidy": (
        _SECRET_KEYS,
        _PUT_KEY,
        Advice(
            "Then restart what reads it, and nothing else; variables are read at the start only.",
            "{kubectl} rollout restart {readers} -n {namespace}",
        ),
    ),
    "server.secret-key-empty": (_SECRET_KEYS, _PUT_KEY),
    "server.secret-missing": (
        Advice("See which secrets there are.", "{kubectl} get secrets -n {namespace}"),
        Advice("If it goes by another name here, set it under kubernetes.secrets in Volati's configuration."),
    ),
    "server.secret-key-missing": (
        _SECRET_KEYS,
        Advice("If the key goes by another name here, set it under kubernetes.secrets in Volati's configuration."),
    ),
    "server.reference-missing": (
        Advice("See which there are.", "{kubectl} get secrets,configmaps -n {namespace}"),
        Advice(
            "If it was never made or is gone, make it; a value is read from your terminal, so it is in no history.",
            'read -rs VALUE && printf %s "$VALUE" | {kubectl} create secret generic {secret} -n {namespace} '
            "--from-file={key}=/dev/stdin",
        ),
        _OTHER_NAME,
        _GOES_ON,
    ),
    "server.image-name-invalid": (
        Advice("Mend the image's name in values.yaml: {image}."),
        _VALUES,
    ),
    "server.image-not-found": (
        _MANIFEST,
        Advice(
            "If the tag was never pushed, build and push it.",
            "docker build -t {image} . && docker push {image}",
        ),
        _UNDO,
    ),
    "server.image-denied": (
        Advice(
            "See which login the pods use, and that it is there.",
            "{kubectl} get {kind} {name} -n {namespace} -o jsonpath='{.spec.template.spec.imagePullSecrets}'",
        ),
        Advice(
            "Make the login anew with a token that may read packages; it is read from your terminal.",
            "read -rs TOKEN && {kubectl} create secret docker-registry registry-login -n {namespace} "
            '--docker-server={registry} --docker-username=<USER> --docker-password="$TOKEN"',
        ),
        Advice(
            "A registry says the same of an image that does not exist: check name and tag.",
            "docker manifest inspect {image}",
        ),
    ),
    "server.image-rate-limited": (
        Advice("Wait: such a limit is counted over hours (Docker Hub's over six), and the kubelet goes on trying."),
        Advice(
            "Give the pods a login, which has a limit of its own; it is read from your terminal. Then name it under "
            "imagePullSecrets in values.yaml.",
            "read -rs TOKEN && {kubectl} create secret docker-registry registry-login -n {namespace} "
            '--docker-server={registry} --docker-username=<USER> --docker-password="$TOKEN"',
        ),
        Advice("In the long run, pull from a mirror of your own, and use imagePullPolicy IfNotPresent."),
    ),
    "server.image-registry-unreachable": (
        Advice(
            "Look the registry's name up from inside the cluster.",
            "{kubectl} run dns-test --rm -it --restart=Never --image=busybox -n {namespace} -- nslookup {registry}",
        ),
        Advice(
            "See whether the registry itself has trouble (its status page), then the nodes' way out: firewall, NAT."
        ),
        Advice("A certificate that is not trusted (x509) is mended on the node, or is of a proxy on the way."),
    ),
    "server.image-not-built-for-node": (
        Advice("See for which processors it is built.", "docker manifest inspect {image}"),
        Advice("Build it for the nodes' processor.", "docker buildx build --platform linux/amd64 -t {image} --push ."),
        _UNDO,
    ),
    "server.image-no-space": (
        Advice("See the node's disk.", "{kubectl} describe node {node}"),
        Advice("Remove unused images there, or give the node a larger disk.", "crictl rmi --prune"),
    ),
    "server.image-pull-failed": (_EVENTS, _MANIFEST),
    "server.database-connection-failed": (_LOG, _READY, _PROVIDER),
    "server.keycloak-settings-missing": (
        Advice("See what the deployment sets, and from where.", "{kubectl} describe {kind} {name} -n {namespace}"),
        Advice(
            "Add what is missing to values.yaml, under deployment.env: "
            "VOLATICLOUD_KEYCLOAK_URL (value: https://keycloak.volaticloud.com), "
            "VOLATICLOUD_KEYCLOAK_REALM (value: volaticloud), "
            "VOLATICLOUD_KEYCLOAK_CLIENT_ID (value: volaticloud-api), "
            "VOLATICLOUD_KEYCLOAK_CLIENT_SECRET "
            "(valueFrom: secretKeyRef: name: keycloak-client-secret, key: client-secret)."
        ),
        _VALUES,
    ),
    "server.keycloak-initialization-failed": (
        Advice(
            "Have all of Keycloak looked at: the answer, the realm and the client's login.", "volati diagnose keycloak"
        ),
        Advice("See whether it runs in the cluster.", "{kubectl} get pods -n keycloak"),
        _RESTART,
    ),
    "server.migration-failed": (
        Advice(
            "Read PostgreSQL's own reason, after the last colon.",
            "{kubectl} logs {pod} -n {namespace} -c {container} --previous --tail=100",
        ),
        Advice("Undo what was changed in the schema by hand, and let ENT bring it up to date at the next start."),
        Advice(
            "If it stays, restore into a fresh database and migrate that; ask the administrators in #database first."
        ),
    ),
    "server.out-of-memory": (
        _USAGE,
        Advice(
            "Raise the memory limit in values.yaml, or until the next release by hand.",
            "{kubectl} set resources {kind}/{name} -n {namespace} -c {container} --limits=memory=<SIZE>",
        ),
        Advice("If its use only ever grows, it leaks: a larger limit buys time. If it began with a rollout, go back."),
        _HISTORY,
    ),
    "server.command-not-found": (
        Advice(
            "See what it shall run, and compare it with the image.",
            "{kubectl} get pod {pod} -n {namespace} -o jsonpath='{.spec.containers[*].command}'",
        ),
        _UNDO,
    ),
    "server.wrong-architecture": (
        Advice("See for which processor the image is built.", "docker manifest inspect {image}"),
        Advice("Build it for the nodes' processor.", "docker buildx build --platform linux/amd64 -t {image} --push ."),
        _UNDO,
    ),
    "server.container-cannot-start": (_EVENTS, _UNDO),
    "server.init-container-failing": (
        Advice("Read the init container's log.", "{kubectl} logs {pod} -n {namespace} -c {container} --tail=100"),
        Advice("It is started again by itself; the others begin as soon as it has succeeded."),
        _UNDO,
    ),
    "server.crash-loop": (
        _LOG,
        Advice("With a panic: pass stack and version on to the developers; the first frame that is ours says where."),
        _UNDO,
    ),
    "server.container-exited": (_LOG_NOW, _EVENTS),
    "server.restarting-often": (_LOG, _EVENTS, _USAGE),
    "server.probe-failing": (
        _LOG_NOW,
        Advice(
            "Compare the probe's path and port with what the server serves.",
            "{kubectl} describe pod {pod} -n {namespace}",
        ),
        _UNDO,
    ),
    "server.database-name-unknown": (
        Advice(
            "Look it up from inside the cluster.",
            "{kubectl} run dns-test --rm -it --restart=Never --image=busybox -n {namespace} -- nslookup {host}",
        ),
        Advice("Compare the host in the secret with the one in the provider's control panel."),
        _SECRET_KEYS,
    ),
    "server.database-refused": (_READY, _PROVIDER, Advice("If it runs, compare the port in the secret with its own.")),
    "server.database-timeout": (
        Advice("Allow the nodes' addresses in the database's firewall: these.", "{kubectl} get nodes -o wide"),
        _READY,
        _PROVIDER,
    ),
    "server.rollout-stuck": (
        Advice("See why the new pods are not ready.", "{kubectl} get pods -n {namespace} -o wide"),
        Advice(
            "Go back to the revision before.",
            "{kubectl} rollout undo {kind}/{name} -n {namespace}",
            "rollback {namespace}/{name}",
        ),
    ),
    "server.rollout-paused": (
        Advice("Let it go on, if nobody holds it on purpose.", "{kubectl} rollout resume {kind}/{name} -n {namespace}"),
    ),
    "server.replicas-missing": (
        Advice("See its pods and its events.", "{kubectl} describe {kind} {name} -n {namespace}"),
        Advice("See what its pods say.", "{kubectl} get events -n {namespace} --sort-by=.lastTimestamp"),
        Advice(
            "If nobody says why none are made, see whether the controller manager works: who holds its lease, and "
            "when it was renewed.",
            "{kubectl} describe lease kube-controller-manager -n kube-system",
        ),
    ),
    "server.not-acted-on": (
        Advice(
            "See whether the controller manager works: its lease is renewed every few seconds.",
            "{kubectl} describe lease kube-controller-manager -n kube-system",
        ),
        Advice(
            "Where it runs in the cluster, read its log; on a managed cluster it is the provider's: write to its "
            "support.",
            "{kubectl} logs -n kube-system -l component=kube-controller-manager --tail=50",
        ),
        Advice(
            "With one that works, see whether a webhook keeps it from writing.",
            "{kubectl} get events -A --field-selector type=Warning",
        ),
    ),
    "server.stuck-terminating": (
        Advice("See what it waits for.", "{kubectl} describe pod {pod} -n {namespace}"),
        Advice(
            "If its node is surely off, let it go; while its node still runs, it may still write.",
            "{kubectl} delete pod {pod} -n {namespace} --grace-period=0 --force",
        ),
    ),
    "server.job-failed": (
        Advice("Read the log of its pods.", "{kubectl} logs job/{name} -n {namespace} --all-containers --tail=100"),
        Advice("Once the reason is mended, run it again: from its schedule.", "{kubectl} get cronjobs -n {namespace}"),
    ),
    "server.log-errors": (_LOG_NOW,),
}

#: By the fault and its form, as the finding's fact says it.
FORMS: dict[tuple[str, str], tuple[Advice, ...]] = {
    ("server.database-connection-failed", "name"): (
        Advice(
            "Look the database's name up from inside the cluster.",
            "{kubectl} run dns-test --rm -it --restart=Never --image=busybox -n {namespace} -- nslookup {host}",
        ),
        Advice("If other names work, compare the host in the secret with the one in the provider's control panel."),
        Advice(
            "If none works, see the cluster's name service.", "{kubectl} get pods -n kube-system -l k8s-app=kube-dns"
        ),
    ),
    ("server.database-connection-failed", "refused"): (
        _READY,
        _PROVIDER,
        Advice("If it runs, compare host and port with those in the log line: {host}:{port}."),
        _COMES_BACK,
    ),
    ("server.database-connection-failed", "timeout"): (
        _NODES,
        Advice("Allow these addresses in the database's firewall (trusted sources, in the provider's control panel)."),
        Advice(
            "See whether a network policy of our own cuts the way out.",
            "{kubectl} get networkpolicies -n {namespace}",
        ),
        _READY,
    ),
    ("server.database-connection-failed", "not allowed"): (
        _NODES,
        Advice("Allow these addresses for user {user} and database {database}; the log line names what was refused."),
    ),
    ("server.database-connection-failed", "login"): (
        Advice("Compare user and password with the provider's control panel; never paste them into a channel."),
        _SECRET_KEYS,
        Advice(
            "If the password was changed on one side only, put it into the secret from your terminal; then restart."
        ),
        _RESTART,
    ),
    ("server.database-connection-failed", "tls"): (
        Advice(
            "See what the database asks for: with a managed one, write sslmode=require (or verify-full) in the URL."
        ),
        Advice("With an authority that is not known, mount the provider's CA certificate and name it in sslrootcert."),
        _RESTART,
    ),
    ("server.database-connection-failed", "no database"): (
        Advice(
            "List the databases there are.",
            "psql -h {host} -p {port} -U {user} -d postgres -c '\\l'",
        ),
        Advice(
            "If the name is wrong, mend it in the secret. If it was dropped, do not make it anew: restore it first."
        ),
    ),
    ("server.database-connection-failed", "slots"): (
        Advice(
            "See who holds the connections.",
            'psql -h {host} -p {port} -U {user} -d {database} -c "SELECT usename, application_name, state, count(*) '
            'FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC"',
        ),
        Advice("End sessions that are idle in transaction; then make the pools smaller: replicas times pool must fit."),
        Advice("Or raise max_connections in the provider's control panel, which restarts the database."),
    ),
    ("server.database-connection-failed", "starting up"): (
        Advice("Wait: it says itself when it takes connections; after a crash that may take minutes."),
        _READY,
        Advice("If it goes on for longer, read the database's own log in the provider's control panel."),
    ),
    ("server.database-connection-failed", "shutting down"): (_PROVIDER, _COMES_BACK),
    ("server.database-connection-failed", "lost"): (_PROVIDER, _READY),
    ("server.migration-failed", "permission"): (
        Advice(
            "Give the right, as the owner of the schema.",
            'psql -h {host} -p {port} -d {database} -c "GRANT USAGE, CREATE ON SCHEMA public TO {user}"',
        ),
        Advice('With "must be owner of": give the table to that user (ALTER TABLE … OWNER TO), as its owner.'),
        _RESTART,
    ),
    ("server.migration-failed", "deadlock"): (
        Advice(
            "See whether the pods have come up since: each tries again at its next start.",
            "{kubectl} rollout status {kind}/{name} -n {namespace}",
        ),
        Advice(
            "If it persists, start with one pod, then scale up.",
            "{kubectl} scale {kind}/{name} -n {namespace} --replicas=1",
            "scale {namespace}/{name} 1",
        ),
    ),
    ("server.migration-failed", "lock"): (
        Advice(
            "See who holds the lock.",
            'psql -h {host} -p {port} -U {user} -d {database} -c "SELECT pid, pg_blocking_pids(pid), state, '
            'left(query, 80) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0"',
        ),
        Advice("End that session, or raise statement_timeout for the migration; then let it try again."),
    ),
    ("server.unschedulable", "too large"): (
        Advice("No node is as large: lower the request in values.yaml, or add a larger kind of node."),
        _VALUES,
        _UNDO,
    ),
    ("server.unschedulable", "room"): (
        Advice("See what the nodes have left.", "{kubectl} describe nodes"),
        Advice("Add a node in the provider's control panel, or lower requests and end what is not needed."),
    ),
    ("server.reference-missing", "key"): (_SECRET_KEYS, _PUT_KEY, _OTHER_NAME, _GOES_ON),
    ("server.reference-missing", "config map"): (
        Advice("See which there are, and which keys they have.", "{kubectl} describe configmaps -n {namespace}"),
        Advice("A config map comes with the release: put what is missing into the chart's values, and helm upgrade."),
        _OTHER_NAME,
        _GOES_ON,
    ),
    ("server.unschedulable", "taint"): (
        Advice(
            "See what marks the nodes.", "{kubectl} get nodes -o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints"
        ),
        Advice("A mark for pressure goes when the node has room again; one set by hand: remove it, or tolerate it."),
    ),
    ("server.unschedulable", "cordoned"): (
        Advice("Nodes are closed for maintenance; if it is over, open them.", "{kubectl} uncordon <NODE>"),
    ),
    ("server.unschedulable", "affinity"): (
        Advice(
            "No node has the labels it asks for: compare its nodeSelector and affinity.",
            "{kubectl} get nodes --show-labels",
        ),
    ),
    ("server.unschedulable", "volume"): (
        Advice("Its volume lives in another zone than the nodes with room.", "{kubectl} get pv,pvc -n {namespace}"),
        Advice("Add a node in that zone."),
    ),
    ("server.volume-not-mounting", "reference"): (
        Advice("See which there are.", "{kubectl} get secrets,configmaps -n {namespace}"),
        Advice("Make what is missing, or mend its name in values.yaml; the pod goes on by itself within two minutes."),
    ),
    ("server.volume-not-mounting", "claim"): (
        Advice("See why the claim is not bound.", "{kubectl} describe pvc -n {namespace}"),
        Advice("With a storage class that does not exist: mend its name. With no room: ask the provider for more."),
    ),
    ("server.volume-not-mounting", "volume"): (
        _EVENTS,
        Advice(
            "A volume still held by another node comes free when the pod there is gone.",
            "{kubectl} get volumeattachments",
        ),
    ),
    ("server.stuck-terminating", "finalizer"): (
        Advice(
            "Find the controller that owns the finalizer; see whether it runs.",
            "{kubectl} describe pod {pod} -n {namespace}",
        ),
        Advice(
            "Only if that controller is gone for good, take the finalizer away.",
            '{kubectl} patch pod {pod} -n {namespace} --type merge -p \'{"metadata":{"finalizers":null}}\'',
        ),
    ),
    ("server.probe-failing", "liveness"): (
        _LOG,
        Advice(
            "If it is only slow, see whether it lacks processor time.", "{kubectl} top pods -n {namespace} --containers"
        ),
        Advice("If it hangs, keep a goroutine dump before the next restart; if it began with a rollout, go back."),
        Advice(
            "Go back to the revision before.",
            "{kubectl} rollout undo {kind}/{name} -n {namespace}",
            "rollback {namespace}/{name}",
        ),
    ),
    ("server.probe-failing", "startup"): (
        _LOG_NOW,
        Advice("If it needs longer, raise failureThreshold of the startup probe in values.yaml."),
    ),
}
