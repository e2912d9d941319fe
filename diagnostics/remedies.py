"""What to do about a cause: one table from a cause's id to advice, with commands filled in for this platform."""

import re
from collections.abc import Iterable, Iterator, Mapping
from shlex import quote

from diagnostics.advice import RENEW, Advice
from diagnostics.areas.database import advice as database
from diagnostics.areas.database.platform import AUTHORITY, SSL_MODE, psql_by
from diagnostics.areas.graphql import advice as graphql
from diagnostics.areas.network import advice as network
from diagnostics.areas.performance import advice as performance
from diagnostics.areas.performance.database import SHARED, shared_id
from diagnostics.areas.server import advice as server
from diagnostics.areas.server.telling import FORM
from diagnostics.context import ClusterExpected, Context, KeycloakExpected, SurfaceExpected
from diagnostics.model import Cause, Finding, Subject, Suggestion, SuggestionKind

_LOGS = Advice("Read Keycloak's own log for the reason.", "{logs}")
_RESTART = Advice(
    "Restart Keycloak. Sessions survive; logins wait until it is up, usually under a minute.", "{restart}"
)
_MEMORY = Advice(
    "If it ran out of memory, raise the container's limit (docker update --memory), or let Java use less of it "
    "(JAVA_OPTS_KC_HEAP)."
)
_WAITS = (
    _LOGS,
    Advice("Check the database behind Keycloak: pages come from a cache, logins and resources wait for it."),
    _RESTART,
)
_CLIENT = "admin console > realm {realm} > Clients > {client}"
_BACKEND = Advice(
    "Then restart the backend, which reads its settings at start.",
    "{kubectl} rollout restart deployment/{backend} -n {backend_namespace}",
    "restart {backend_namespace}/{backend}",
)
_SECRET = (
    Advice(
        "See whether the backend still logs in. If it does, only Volati's copy is old: put the right one into "
        "{secret_origin} and restart Volati; nothing is to be done on the platform.",
        "{kubectl} logs deployment/{backend} -n {backend_namespace} --since=15m | grep -iE 'keycloak|unauthorized'",
    ),
    Advice(
        f"If it does not, compare the secret in {_CLIENT} > Credentials with the one the platform uses; "
        "never paste it into a channel."
    ),
    Advice(
        "Put the right one into the platform's secret. It reads it from your terminal, so it is in no history.",
        'read -rs SECRET && printf %s "$SECRET" | {kubectl} create secret generic keycloak-client-secret '
        "-n {backend_namespace} --from-file=client-secret=/dev/stdin --dry-run=client -o yaml | {kubectl} apply -f -",
    ),
    _BACKEND,
)
_RENEW = (
    Advice(
        "See why cert-manager did not renew it: the certificate's and its order's last events.",
        "{kubectl} get certificates -n keycloak && {kubectl} describe certificaterequest,order -n keycloak",
    ),
    RENEW,
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
    "keycloak.no-route": (
        Advice("Look from the machine Volati runs on which way leads to {url}: its routes, a VPN, its own firewall."),
        Advice("See its routes.", "ip route; ip -6 route"),
        Advice("Then see which network policies stand in the way.", "{kubectl} get networkpolicies -A"),
    ),
    "keycloak.address-unusable": (
        Advice("Take the address out of DNS, or mend what should listen there: the reason is told beside it."),
        Advice("Behind a load balancer, check its targets: one of them takes no connections on Keycloak's port."),
    ),
    "keycloak.connection-unsteady": (
        Advice("Run it again: one lost packet is no fault. If it stays, check the load and the network before {url}."),
        _LOGS,
    ),
    "keycloak.connect-timeout": (
        Advice(
            "Check firewall rules and network policies between the platform and {url}; then whether the host is up."
        ),
        Advice("See which policies stand in the way.", "{kubectl} get networkpolicies -A"),
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
            "{kubectl} get ingress -A",
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
    "keycloak.hangs-up": (
        Advice("Check that {url} is spoken to as its port wants: https on a TLS port, and no other service's port."),
        _LOGS,
        Advice("If it is Keycloak's own port and it closes every connection, restart it.", "{restart}"),
    ),
    "keycloak.server-error": (
        _LOGS,
        Advice("Check the database behind Keycloak: it answers 5xx when it has none."),
        _RESTART,
    ),
    "keycloak.redirected-to-https": (
        Advice(
            "Configure the https address on the platform (VOLATICLOUD_KEYCLOAK_URL), and in Volati's keycloak.url, "
            "in place of {url}."
        ),
        _BACKEND,
    ),
    "keycloak.https-required": (
        Advice("If {url} is plain http, configure Keycloak's https address on the platform and in Volati's settings."),
        Advice(
            "If a proxy ends TLS before Keycloak, have it send X-Forwarded-Proto, and have Keycloak believe it "
            "(KC_PROXY_HEADERS=xforwarded)."
        ),
        Advice(
            "Only where the way is private throughout: admin console > realm {realm} > Realm settings > General > "
            "Require SSL."
        ),
    ),
    "keycloak.redirected": (
        Advice("Find the proxy or ingress rule that redirects {url}; API paths under /realms must pass it untouched."),
    ),
    "keycloak.not-json": (
        Advice("Find out what answers at {url}: a maintenance page, an error page of the ingress, another service."),
    ),
    "keycloak.request-rejected": (
        Advice("On a 404, check host and path of the ingress for {url}, and Keycloak's KC_HTTP_RELATIVE_PATH."),
        Advice("On a 400, check whether {url} is plain http on a TLS port: then configure the https address."),
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
    "keycloak.client-secret-untidy": (
        Advice("Save the secret in {secret_origin} anew, without the space or newline, and restart Volati."),
        *_SECRET,
    ),
    "keycloak.client-secret-spaced": (
        Advice("Nothing now. When the secret is next changed, choose one without space at its ends."),
    ),
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
    "keycloak.login-not-answering": _WAITS,
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
    "keycloak.token-algorithm-unusual": (
        Advice("Find out which algorithm the backend accepts, and set keycloak.algorithm so that Volati knows."),
        Advice(
            "If it accepts only another: admin console > realm {realm} > Realm settings > Tokens > "
            "Default signature algorithm."
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
    "keycloak.token-lightweight": (
        Advice(f"Switch off: {_CLIENT} > Advanced > Always use lightweight access token."),
        Advice(
            "Or have the roles put into lightweight tokens too: Client scopes > roles > Mappers > client roles > "
            "Add to lightweight access token. What reads other claims must ask introspection."
        ),
    ),
    "keycloak.remote-management-off": (
        Advice(f"Switch on: {_CLIENT} > Authorization > Settings > Remote resource management."),
        Advice("Then have the backend register what was made meanwhile."),
    ),
    "keycloak.enforcement-disabled": (
        Advice(f"Set it to Enforcing: {_CLIENT} > Authorization > Settings > Policy enforcement mode."),
        Advice("Then find out since when it was off, and what was done meanwhile by whom (Keycloak's admin events)."),
    ),
    "keycloak.enforcement-permissive": (
        Advice(f"Set it to Enforcing: {_CLIENT} > Authorization > Settings > Policy enforcement mode."),
        Advice("Before that, give a permission to each resource that has none: they will be denied to all."),
    ),
    "keycloak.protection-refused": (_LOGS,),
    "keycloak.protection-not-answering": _WAITS,
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
    "keycloak.probe-may-remain": (
        Advice("Remove it by the command above, with a token of {client}. It is harmless until then."),
        Advice("A later deep run removes it too, if it is still there after a minute."),
    ),
    "keycloak.probe-left-behind": (Advice("Nothing to do: it has been removed."),),
    **server.ADVICE,
    **network.ADVICE,
    **graphql.ADVICE,
    **performance.ADVICE,
    # The database's share of slow answers is mended in the database.
    **{shared_id(check.id): database.ADVICE[check.id] for check in SHARED},
    **database.ADVICE,
}
#: What differs by the form a fault comes in, which is one of the facts of its finding.
FORMS: dict[tuple[str, str], tuple[Advice, ...]] = {
    **server.FORMS,
    **database.FORMS,
    **performance.FORMS,
    # What Keycloak is to blame for is mended there.
    **{("graphql.keycloak-trouble", id): steps for id, steps in ADVICE.items() if id.startswith("keycloak.")},
}

#: What a finding's facts may fill in, and what stands there for a person to fill in where none does.
_FROM_FACTS = {
    "pod": "<POD>",
    "container": "<CONTAINER>",
    "image": "<IMAGE>",
    "secret": "<SECRET>",
    "key": "<KEY>",
    "one pod more": "<N>",
    "node": "<NODE>",
    "host": "<DB_HOST>",
    "port": "5432",
    "database": "volaticloud",
    "user": "volaticloud",
    "registry": "<REGISTRY>",
    "pid": "<PID>",
    "backend start": "<START>",
    "table": "<TABLE>",
    "role": "volaticloud",
    "login from": "Volati's settings",
    "controller kind": "deployment",
    "certificate": "<CERTIFICATE>",
    "certificate namespace": "<NAMESPACE>",
    "readers": "<KIND/NAME>",
    "evicted pods": "<PODS>",
    "evicted in": "<NAMESPACE>",
}
#: Those of them that are several words of a command.
_LISTS = {"readers", "evicted pods"}
#: The kinds that kubectl rolls out, as subjects name them, and what marks the steps that are about these alone.
_ROLLED_OUT = {"deployment", "statefulset", "daemonset"}
_OF_ROLLOUTS = ("{kind}/{name}", "{name} <CHART>")
#: A name, a number or a time that needs no quotes: in a shell, and in SQL.
_PLAIN = re.compile(r"[A-Za-z0-9_.:+-]+")


def suggest(causes: Iterable[Cause], context: Context, findings: Iterable[Finding] = ()) -> tuple[Suggestion, ...]:
    """What to do about each cause, in the order of the causes. The causes' own findings fill in what only they know."""
    facts = {finding.symptom: {fact.label: fact.value for fact in finding.evidence} for finding in findings}
    return tuple(one for cause in causes for one in _about(cause, context, facts.get(cause.itself, {})))


def _about(cause: Cause, context: Context, facts: Mapping[str, str]) -> Iterator[Suggestion]:
    words = {
        **_words(context.expected.keycloak),
        **_cluster_words(context.cluster),
        **_surface_words(context.surface),
        **_place(cause.subject),
        "psql": psql_by(facts.get(SSL_MODE, ""), facts.get(AUTHORITY, "")),
    }
    known = {place: facts.get(place, open_place) for place, open_place in _FROM_FACTS.items()}
    quoted = {place: _quoted(place, facts[place]) if place in facts else known[place] for place in known}
    for advice in FORMS.get((cause.id, facts.get(FORM, "")), ADVICE.get(cause.id, ())):
        if not _fits(advice, cause.subject):
            continue
        text = _filled(advice.text, {**words, **known})
        command = _filled(advice.command, {**words, **quoted, **_in_sql(facts)})
        possible = _possible(advice, cause.subject, context) and _known(advice, facts)
        act = _act(advice, {**facts, **words, **_in_sql(facts)}) if possible else ""
        kind = SuggestionKind.ACT if act else SuggestionKind.ADVICE
        yield Suggestion(kind, cause.id, cause.subject, text, command, act)


def _quoted(place: str, word: str) -> str:
    return " ".join(quote(one) for one in word.split()) if place in _LISTS else quote(word)


def _in_sql(facts: Mapping[str, str]) -> dict[str, str]:
    """What a statement is filled in with: plain names only, since no quotes of the shell's or SQL's are around it."""
    plain = {place: facts[place] for place in _FROM_FACTS if _PLAIN.fullmatch(facts.get(place, ""))}
    return {f"sql {place}": plain.get(place, open_place) for place, open_place in _FROM_FACTS.items()}


def _fits(advice: Advice, subject: Subject) -> bool:
    """Whether a step can be done about this: a job or a single pod has no rollouts, no scale and no release.

    Nor can a daemon set be scaled: it has a pod on each node that fits.
    """
    if subject.kind == "daemonset" and " scale " in advice.command:
        return False
    return subject.kind in _ROLLED_OUT or not any(words in advice.command for words in _OF_ROLLOUTS)


def _act(advice: Advice, words: dict[str, str]) -> str:
    """The act's words; none where a place is open, since no button may stand for what a person must fill in first."""
    act = _filled(advice.act, words)
    return "" if "<" in act else act


def _known(advice: Advice, facts: Mapping[str, str]) -> bool:
    """Whether what the words of an act are filled in with is known, and a plain name or number."""
    return not any(f"{{{place}}}" in advice.act and not _PLAIN.fullmatch(facts.get(place, "")) for place in _FROM_FACTS)


def _possible(advice: Advice, subject: Subject, context: Context) -> bool:
    """Whether the bot can do it to this: only a deployment keeps the revisions it can go back to.

    The backend is one of a cluster, which must be configured.
    """
    if "{backend}" in advice.act and context.expected.cluster is None:
        return False
    if "{name}" not in advice.act:
        return True
    return subject.kind == "deployment" or (subject.kind in _ROLLED_OUT and not advice.act.startswith("rollback"))


def _place(subject: Subject) -> dict[str, str]:
    """What a thing of the cluster is called in kubectl's words; a name without a namespace stands for itself."""
    namespace, slash, name = subject.name.rpartition("/")
    return {"kind": subject.kind, "name": name, **({"namespace": namespace} if slash else {})}


def _filled(text: str, words: dict[str, str]) -> str:
    """The text with its places filled; by replacement, since commands are full of braces of their own."""
    for place, word in words.items():
        text = text.replace(f"{{{place}}}", word)
    return text


def _cluster_words(platform: ClusterExpected) -> dict[str, str]:
    return {
        "kubectl": platform.kubectl,
        "namespace": platform.backend.namespace,
        "controller": platform.controller.name,
        "controller_namespace": platform.controller.namespace,
        "backend": platform.backend.name,
        "backend_namespace": platform.backend.namespace,
    }


def _surface_words(surface: SurfaceExpected) -> dict[str, str]:
    return {
        "graphql_url": surface.graphql_url,
        "health_url": surface.health_url,
        "schema": surface.schema or "<SCHEMA>",
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
        "secret_origin": keycloak.secret_origin or "Volati's settings",
    }
