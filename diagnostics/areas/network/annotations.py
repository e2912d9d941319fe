"""The annotations that ingress-nginx knows, the misspelt ones among those an ingress bears, and those that clash."""

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches

from diagnostics.evidence.cluster.services import Ingress

PREFIX = "nginx.ingress.kubernetes.io/"

#: From the controller's own list "Annotations Scope and Risk" (kubernetes/ingress-nginx, commit 03c5ce57), with the two
#: that v1.12.0 added (relative-redirects, proxy-busy-buffers-size) and the two older names it still takes. The change
#: logs up to v1.15.0 name no other.
KNOWN = frozenset(
    """
    affinity affinity-canary-behavior affinity-mode allowlist-source-range app-root auth-always-set-cookie
    auth-cache-duration auth-cache-key auth-keepalive auth-keepalive-requests auth-keepalive-share-vars
    auth-keepalive-timeout auth-method auth-proxy-set-headers auth-realm auth-request-redirect auth-response-headers
    auth-secret auth-secret-type auth-signin auth-signin-redirect-param auth-snippet auth-tls-error-page
    auth-tls-match-cn auth-tls-pass-certificate-to-upstream auth-tls-secret auth-tls-verify-client
    auth-tls-verify-depth auth-type auth-url backend-protocol canary canary-by-cookie canary-by-header
    canary-by-header-pattern canary-by-header-value canary-weight canary-weight-total client-body-buffer-size
    configuration-snippet connection-proxy-header cors-allow-credentials cors-allow-headers cors-allow-methods
    cors-allow-origin cors-expose-headers cors-max-age custom-headers custom-http-errors default-backend
    denylist-source-range disable-proxy-intercept-errors enable-access-log enable-cors enable-global-auth
    enable-modsecurity enable-opentelemetry enable-owasp-core-rules enable-rewrite-log fastcgi-index
    fastcgi-params-configmap force-ssl-redirect from-to-www-redirect http2-push-preload limit-allowlist
    limit-burst-multiplier limit-connections limit-rate limit-rate-after limit-rpm limit-rps load-balance mirror-host
    mirror-request-body mirror-target modsecurity-snippet modsecurity-transaction-id opentelemetry-operation-name
    opentelemetry-trust-incoming-span permanent-redirect permanent-redirect-code preserve-trailing-slash
    proxy-body-size proxy-buffer-size proxy-buffering proxy-buffers-number proxy-busy-buffers-size
    proxy-connect-timeout proxy-cookie-domain proxy-cookie-path proxy-http-version proxy-max-temp-file-size
    proxy-next-upstream proxy-next-upstream-timeout proxy-next-upstream-tries proxy-read-timeout proxy-redirect-from
    proxy-redirect-to proxy-request-buffering proxy-send-timeout proxy-ssl-ciphers proxy-ssl-name proxy-ssl-protocols
    proxy-ssl-secret proxy-ssl-server-name proxy-ssl-verify proxy-ssl-verify-depth relative-redirects rewrite-target
    satisfy server-alias server-snippet service-upstream session-cookie-change-on-failure
    session-cookie-conditional-samesite-none session-cookie-domain session-cookie-expires session-cookie-max-age
    session-cookie-name session-cookie-partitioned session-cookie-path session-cookie-samesite session-cookie-secure
    ssl-ciphers ssl-passthrough ssl-prefer-server-ciphers ssl-redirect stream-snippet temporal-redirect
    temporal-redirect-code upstream-hash-by upstream-hash-by-subset upstream-hash-by-subset-size upstream-vhost
    use-port-in-redirects use-regex x-forwarded-prefix
    limit-whitelist whitelist-source-range
    """.split()  # noqa: SIM905 a table to read, not one word to a line
)
#: Taken by older controllers and by this one no more: whoever finds one has upgraded, not misspelt.
RETIRED = frozenset(
    """
    enable-influxdb enable-opentracing global-rate-limit global-rate-limit-ignored-cidrs global-rate-limit-key
    global-rate-limit-window influxdb-host influxdb-measurement influxdb-port influxdb-server-name
    opentracing-trust-incoming-span secure-backends session-cookie-hash
    """.split()  # noqa: SIM905 a table to read, not one word to a line
)
_PROTOCOLS = ("HTTP", "HTTPS", "AUTO_HTTP", "GRPC", "GRPCS", "FCGI")
#: What needs the controller to see inside TLS, which a passed-through connection does not let it.
_INSIDE_TLS = (
    "rewrite-target",
    "app-root",
    "force-ssl-redirect",
    "auth-tls-secret",
    "auth-url",
    "backend-protocol",
    "configuration-snippet",
    "enable-cors",
    "proxy-body-size",
)
_CANARY_RULES = ("canary-weight", "canary-by-header", "canary-by-cookie")
_CAPTURE = re.compile(r"(?<!\\)\$(\d)")
_GROUP = re.compile(r"(?<!\\)\((?!\?[:=!<])")


def own(ingress: Ingress) -> dict[str, str]:
    """The annotations of an ingress that are meant for ingress-nginx, without their prefix."""
    return {key.removeprefix(PREFIX): value for key, value in ingress.annotations.items() if key.startswith(PREFIX)}


def unknown(ingress: Ingress) -> tuple[tuple[str, str], ...]:
    """The annotations that ingress-nginx does not know, each with what is to be said of it."""
    return tuple((name, _meant(name)) for name in sorted(own(ingress)) if name not in KNOWN)


def clashes(ingress: Ingress) -> tuple[str, ...]:
    """What is wrong between the annotations of an ingress, or between one and its paths; one phrase for each."""
    mine = own(ingress)
    return tuple(words for look in _CLASHES for words in look(mine, ingress))


def _meant(name: str) -> str:
    if name in RETIRED:
        return "taken by older controllers only"
    near = get_close_matches(name, sorted(KNOWN), n=1, cutoff=0.75)
    return f"perhaps {near[0]} is meant" if near else "no known one is like it"


def _captures(mine: Mapping[str, str], ingress: Ingress) -> Iterator[str]:
    target = mine.get("rewrite-target", "")
    wanted = max((int(number) for number in _CAPTURE.findall(target)), default=0)
    short = [route.path for route in ingress.routes if len(_GROUP.findall(route.path)) < wanted]
    if wanted and short:
        yield f"rewrite-target {target} wants capture group {wanted}, and path {short[0]} has {_groups(short[0])}"


def _groups(path: str) -> str:
    return str(len(_GROUP.findall(path)) or "none")


def _regex(mine: Mapping[str, str], ingress: Ingress) -> Iterator[str]:
    shaped = [route.path for route in ingress.routes if _GROUP.search(route.path)]
    if mine.get("use-regex") == "false" and shaped and "rewrite-target" not in mine:
        yield f"use-regex is false, and path {shaped[0]} is a pattern"


def _passthrough(mine: Mapping[str, str], _: Ingress) -> Iterator[str]:
    inside = [name for name in _INSIDE_TLS if name in mine]
    if mine.get("ssl-passthrough") == "true" and inside:
        yield f"ssl-passthrough hands TLS on unopened, so {', '.join(inside)} has no effect"


def _canary(mine: Mapping[str, str], _: Ingress) -> Iterator[str]:
    rules = [name for name in _CANARY_RULES if name in mine]
    if mine.get("canary") == "true" and not rules:
        yield "canary is true without canary-weight, canary-by-header or canary-by-cookie, so nothing is sent to it"
    if mine.get("canary") != "true" and rules:
        yield f"{', '.join(rules)} has no effect without canary: true"
    if "canary-by-header-value" in mine and "canary-by-header" not in mine:
        yield "canary-by-header-value has no effect without canary-by-header"


def _weight(mine: Mapping[str, str], _: Ingress) -> Iterator[str]:
    weight, total = mine.get("canary-weight"), mine.get("canary-weight-total", "100")
    if weight is not None and not (weight.isdecimal() and total.isdecimal() and int(weight) <= int(total)):
        yield f"canary-weight is {weight or 'empty'}, and must be a number from 0 to {total}"


def _both_lists(mine: Mapping[str, str], _: Ingress) -> Iterator[str]:
    if {"whitelist-source-range", "allowlist-source-range"} <= set(mine):
        yield "allowlist-source-range and its older name whitelist-source-range are both set, and only one is taken"
    if {"limit-whitelist", "limit-allowlist"} <= set(mine):
        yield "limit-allowlist and its older name limit-whitelist are both set, and only one is taken"


def _protocol(mine: Mapping[str, str], _: Ingress) -> Iterator[str]:
    protocol = mine.get("backend-protocol")
    if protocol is not None and protocol.upper() not in _PROTOCOLS:
        yield f"backend-protocol is {protocol or 'empty'}, and can be {', '.join(_PROTOCOLS)}"


def _redirects(mine: Mapping[str, str], _: Ingress) -> Iterator[str]:
    if {"permanent-redirect", "temporal-redirect"} <= set(mine):
        yield "permanent-redirect and temporal-redirect are both set, and only the temporal one is followed"
    if mine.get("ssl-redirect") == "false" and mine.get("force-ssl-redirect") == "true":
        yield "ssl-redirect is false and force-ssl-redirect is true"


def _authentication(mine: Mapping[str, str], _: Ingress) -> Iterator[str]:
    if "auth-type" in mine and "auth-secret" not in mine:
        yield "auth-type has no effect without auth-secret"
    if "auth-type" in mine and mine["auth-type"] not in {"basic", "digest"}:
        yield f"auth-type is {mine['auth-type'] or 'empty'}, and can be basic or digest"


_CLASHES: tuple[Callable[[Mapping[str, str], Ingress], Iterator[str]], ...] = (
    _captures,
    _regex,
    _passthrough,
    _canary,
    _weight,
    _both_lists,
    _protocol,
    _redirects,
    _authentication,
)
