"""Tests of remedies: every fault has advice, every place in it is filled, and no command shows a secret."""

import re
from typing import Any

import msgspec
import pytest

from bot.words.acts import wish
from diagnostics.areas import AREAS, EXPLANATIONS
from diagnostics.areas.database.platform import psql, psql_by, state, where
from diagnostics.areas.server.telling import FORM
from diagnostics.context import ClusterExpected, Context, Expected, KeycloakExpected
from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Cause, Fact, Finding, Severity, Subject, Suggestion, SuggestionKind
from diagnostics.redaction import Redactor
from diagnostics.remedies import ADVICE, suggest
from tests.diagnostics.areas.cases import database
from tests.diagnostics.toys import CONTEXT, NOW

CHECKS = {check.id: check for area in (*AREAS, *EXPLANATIONS) for check in area.checks}
KEYCLOAK = KeycloakExpected(
    url="https://keycloak.example.com",
    realm="volaticloud",
    client_id="volaticloud-api",
    base_path="/auth",
    restart_command="docker restart volaticloud-keycloak",
    logs_command="docker logs --tail 100 volaticloud-keycloak",
)
FULL = Context(at=NOW, seen_from="here", expected=Expected(KEYCLOAK))
#: A place that was not filled. Commands have braces of their own: ${VAR}, %{http_code}, '{iss,aud}'.
PLACE = re.compile(r"(?<![$%])\{[a-z_ ]+\}")
#: Ways a command would print a secret in clear.
DECODES = re.compile(r"base64 +(-d|--decode)|@base64d|get secret[^|]*(-o|--output)[ =]?(yaml|json)|decode64")
GRAVE = sorted(
    id for id, check in CHECKS.items() if check.severity is not Severity.NOTE and check.area in {a.name for a in AREAS}
)


def suggested(id: str, context: Context = FULL) -> tuple[Suggestion, ...]:
    return suggest([Cause(id, about(id), id)], context)


def about(id: str) -> Subject:
    """A subject of the kind that the area's checks name."""
    in_cluster = id.partition(".")[0] in {"server", "network", "performance"}
    return Subject("deployment", "volaticloud/api") if in_cluster else Subject("realm", "volaticloud")


@pytest.mark.parametrize("id", GRAVE)
def test_every_fault_has_advice(id: str) -> None:
    """Says what to do about every finding that moves a verdict."""
    assert suggested(id)


def test_no_advice_for_what_does_not_exist() -> None:
    """Has no advice for a check that does not exist."""
    assert set(ADVICE) <= set(CHECKS)


@pytest.mark.parametrize("id", sorted(ADVICE))
def test_every_place_is_filled(id: str) -> None:
    """Fills every place for this platform, and writes whole sentences."""
    for one in suggested(id):
        assert (one.kind, one.cause) == (SuggestionKind.ACT if one.act else SuggestionKind.ADVICE, id)
        assert not PLACE.search(one.text + one.command + one.act)
        assert one.text[:1].isupper()
        assert one.text.endswith(".")


@pytest.mark.parametrize("id", sorted(ADVICE))
def test_no_command_shows_a_secret(id: str) -> None:
    """Never suggests a command that prints a secret, or that holds one."""
    for one in suggested(id):
        assert not DECODES.search(one.command)
        assert Redactor().text(one.command) == one.command


@pytest.mark.parametrize("id", sorted(ADVICE))
def test_certificates_are_renewed_one_by_one(id: str) -> None:
    """Never has all certificates renewed: each renewal counts against the issuer's limits."""
    assert not [one.command for one in suggested(id) if "cmctl renew" in one.command and "--all" in one.command]


def test_the_certificate_that_is_renewed() -> None:
    """Names the one certificate that keeps the secret, where that is known."""
    known = Fact("certificate", "api-tls"), Fact("certificate namespace", "edge")
    assert "cmctl renew api-tls -n edge" in about_kind("network.certificate-expiring", "host", *known)
    assert "cmctl renew <CERTIFICATE> -n <NAMESPACE>" in about_kind("network.certificate-expired", "host")


def test_the_type_of_a_secret() -> None:
    """Has a secret of another type made anew, since a type cannot be changed."""
    (made,) = [one for one in about_kind("network.tls-secret-unusable", "secret") if "create secret tls" in one]
    assert "replace --force" in made


def test_unknown_causes() -> None:
    """Suggests nothing about a cause it has no advice for."""
    assert suggested("keycloak.no-such-check") == ()


def test_in_the_order_of_causes() -> None:
    """Suggests in the order of the causes."""
    causes = [Cause(id, Subject("realm", "volaticloud"), id) for id in ("keycloak.slow", "keycloak.refused")]
    named = list(dict.fromkeys(one.cause for one in suggest(causes, FULL)))
    assert named == ["keycloak.slow", "keycloak.refused"]


def test_the_platforms_own_words() -> None:
    """Fills in this platform's address, realm, client, issuer and commands."""
    (issuer, restart) = suggested("keycloak.issuer-mismatch")
    assert "https://keycloak.example.com/auth/realms/volaticloud" in issuer.text
    assert restart.command == "docker restart volaticloud-keycloak"
    assert "realm volaticloud > Clients > volaticloud-api" in suggested("keycloak.client-disabled")[0].text


def test_the_cluster_of_the_platform() -> None:
    """Names the configured cluster and backend, also in advice on Keycloak."""
    cluster = ClusterExpected(backend=Name("trading", "api"), kubectl="kubectl --context live")
    context = msgspec.structs.replace(FULL, expected=Expected(KEYCLOAK, cluster))
    commands = [one.command for one in suggested("keycloak.client-secret-wrong", context)]
    assert "kubectl --context live rollout restart deployment/api -n trading" in commands


def test_without_a_platform() -> None:
    """Leaves the places as they are when there is nothing to fill them with, and does not fail."""
    assert suggested("keycloak.refused", CONTEXT)


def test_whose_secret_is_old() -> None:
    """Asks first whether only Volati's own copy is old, and says where that copy is."""
    expected = Expected(msgspec.structs.replace(KEYCLOAK, secret_origin="/run/secrets/client"))
    first = suggested("keycloak.client-secret-wrong", Context(at=NOW, seen_from="here", expected=expected))[0]
    assert "only Volati's copy is old: put the right one into /run/secrets/client" in first.text
    unnamed = suggested("keycloak.client-secret-wrong")[0]
    assert "put the right one into Volati's settings" in unnamed.text


def about_kind(id: str, kind: str, *facts: Fact) -> list[str]:
    """The commands that are shown for a fault of a thing of this kind, with these facts."""
    return [one.command for one in of_finding(id, Subject(kind, "volaticloud/thing"), *facts)]


def acts_about(id: str, *facts: Fact) -> list[str]:
    """The acts that are offered for a fault of a session, with these facts."""
    return [one.act for one in of_finding(id, Subject("session", "4711"), *facts) if one.act]


def of_finding(id: str, subject: Subject, *facts: Fact) -> tuple[Suggestion, ...]:
    check = CHECKS[id]
    words = ("It is so.", facts, "kubectl get pods")
    finding = Finding(id, check.title, check.severity, subject, *words, section=check.section, seen_from="here")
    return suggest([Cause(id, subject, "It is so.")], FULL, [finding])


@pytest.mark.parametrize("kind", ["job", "pod", "cluster"])
@pytest.mark.parametrize("id", ["server.image-not-found", "server.crash-loop", "server.out-of-memory"])
def test_no_rollout_of_what_has_none(id: str, kind: str) -> None:
    """Advises no rollout, scaling or release of a job or a single pod, for which kubectl has none."""
    commands = about_kind(id, kind)
    assert commands
    assert not [one for one in commands if f"{kind}/" in one or "helm upgrade" in one]
    assert [one for one in about_kind(id, "deployment") if "deployment/thing" in one]


def test_a_missing_key_is_put_into_its_secret() -> None:
    """Patches the secret that lacks a key, and makes the one that does not exist: kubectl makes none twice."""
    secret, key, form = Fact("secret", "held"), Fact("key", "url"), Fact(FORM, "key")
    patched = about_kind("server.reference-missing", "deployment", secret, key, form)
    made = about_kind("server.reference-missing", "deployment", secret, key)
    assert any("patch secret held" in one and "--from-file=url=" in one for one in patched)
    assert any("create secret generic held -n volaticloud --from-file=url=" in one for one in made)
    assert not any("patch" in one for one in made)


@pytest.mark.parametrize(
    "id", ["server.image-rate-limited", "server.image-denied", "server.image-registry-unreachable"]
)
def test_the_registry_that_was_asked(id: str) -> None:
    """Logs in at, or looks up, the registry that the image comes from."""
    commands = about_kind(id, "deployment", Fact("registry", "registry.example.com"))
    assert any("--docker-server=registry.example.com" in one or "nslookup registry.example" in one for one in commands)
    assert not any("ghcr.io" in one for one in commands)


@pytest.mark.parametrize("id", sorted(ADVICE))
def test_every_act_is_understood(id: str) -> None:
    """Names acts in words that the bot's own command takes."""
    for one in suggested(id):
        if one.act:
            action, *words = one.act.split()
            assert wish(action, words, "production").action == action


@pytest.mark.parametrize(
    ("id", "act"),
    [
        ("database.idle-in-transaction", "end-session"),
        ("database.blocked-sessions", "end-session"),
        ("database.migration-locked", "end-session"),
        ("database.long-statements", "cancel-query"),
    ],
)
def test_the_very_session(id: str, act: str) -> None:
    """Offers to stop the session of the finding by its pid and its beginning, and none where these are not known."""
    began = "2026-11-26T05:10:17.123456+00:00"
    pid, start = Fact("pid", "4711"), Fact("backend start", began)
    assert acts_about(id, pid, start) == [f"{act} 4711 {began}"]
    assert acts_about(id, pid) == acts_about(id) == []


def test_no_restart_without_a_cluster() -> None:
    """Offers to restart the backend only where it is in a cluster that is configured."""
    platform = Context(at=NOW, seen_from="here", expected=Expected(cluster=ClusterExpected()))
    acts = {one.act for one in suggested("database.slots-nearly-used", platform)} - {""}
    assert acts == {"restart volaticloud/volaticloud-backend"}
    assert {one.act for one in suggested("database.slots-nearly-used", CONTEXT)} == {""}


def test_a_database_that_the_backend_misses() -> None:
    """Reads the backend's log, and looks from inside the cluster by the command that asks the database itself."""
    cause = Cause("graphql.database-unavailable", Subject("endpoint", "x"), "The database is away")
    commands = {one.text: one.command for one in suggest([cause], CONTEXT)}
    (log,) = (command for text, command in commands.items() if text.startswith("Read what the backend says"))
    assert " logs deployment/" in log
    (inside,) = (command for text, command in commands.items() if "from inside the cluster" in text)
    assert "pg_isready -h <DB_HOST> -p 5432" in inside


def test_psql_trusts_as_the_login_does() -> None:
    """Has psql in every step check the server as the finding's own command does."""
    access = database.access(host="db.example.com", user="volaticloud", ssl_mode="verify-full", ca_file="/etc/ca.pem")
    by = "PGSSLMODE=verify-full PGSSLROOTCERT=/etc/ca.pem psql -h db.example.com"
    assert psql(access, "SELECT 1").startswith(by)
    subject = Subject("session", "7")
    title, section = CHECKS["database.blocked-sessions"].title, CHECKS["database.blocked-sessions"].section
    seen = Finding(
        "database.blocked-sessions", title, Severity.CRITICAL, subject, "", where(access), "", section, "here"
    )
    asked = [one.command for one in suggest([Cause(seen.id, subject, "")], CONTEXT, [seen]) if "psql" in one.command]
    assert asked
    assert all(command.startswith(by) for command in asked)
    assert psql_by("prefer", "") == "psql"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"state": "active", "statement_s": 0.2, "transaction_s": 240.0}, "active, in a transaction 4 min old"),
        ({"state": "active", "statement_s": 9.0, "transaction_s": 240.0}, "active for 9 s, in a transaction 4 min old"),
        ({"state": "active", "statement_s": 9.0, "transaction_s": 9.1}, "active for 9 s"),
        ({"state": "idle in transaction", "idle_s": 60.0, "transaction_s": 60.0}, "idle in transaction for 60 s"),
        ({"state": "", "idle_s": 5.0}, "unknown for 5 s"),
    ],
)
def test_the_age_of_a_session(facts: dict[str, Any], words: str) -> None:
    """Tells the age of a transaction where it is older than what is done in it: its locks are as old."""
    assert state(database.session(7, **facts)) == words
