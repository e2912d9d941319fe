"""Tests of the settings: one object, every error at once, and no secret in any of them."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.clients.http import REQUEST_SECONDS
from bot.settings import FILE_AT_MOST, Settings, SettingsError, load, parse

URL = "https://keycloak.example.com"
LEAST: dict[str, Any] = {"environments": {"production": {"keycloak": {"url": URL}}}}
SECRET = "s3cr3t-canary-9f2"
SLACK = {"bot_token": SECRET, "app_token": SECRET, "channel": "C0123456789"}
EXAMPLE = Path(__file__).parents[3] / "volati.example.yaml"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests may have a say."""
    for name in [name for name in os.environ if name.upper().startswith("VOLATI_")]:  # noqa: TID251 to empty it
        monkeypatch.delenv(name)


def keycloak(**fields: Any) -> dict[str, Any]:
    return {"environments": {"production": {"keycloak": {"url": URL, **fields}}}}


def refused(document: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(document, "volati.yaml")
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.__cause__)
    assert caught.value.__suppress_context__ or SECRET not in repr(caught.value.__context__)
    return str(caught.value)


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "volati.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def unloadable(path: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_the_least() -> None:
    """Needs only Keycloak's address; the rest is the runbook's."""
    settings = parse(LEAST, "here")
    environment = settings.environments["production"].keycloak
    assert environment is not None
    assert (environment.url, environment.realm, environment.client_id) == (URL, "volaticloud", "volaticloud-api")
    assert environment.base_path is None
    assert settings.environment == "production"
    assert (settings.limits.source_seconds, settings.limits.run_seconds) == (5.0, 20.0)


@pytest.mark.parametrize(("source", "request_"), [(5, REQUEST_SECONDS), (2, 1.6), (30, 24)])
def test_patience(source: float, request_: float) -> None:
    """Has a request end a little before its source, whatever the source is given, and by default as the client does."""
    limits = parse({**LEAST, "limits": {"source_seconds": source}}, "here").limits
    assert limits.request_seconds == pytest.approx(request_)


def test_the_example() -> None:
    """Reads the example, so that copying it is a start."""
    settings = load(EXAMPLE, files=False)
    assert settings.slack is not None
    assert settings.environment == "production"


def test_every_error_at_once() -> None:
    """Names every error with its place and its reason, and where to look every setting up."""
    document = {
        "environments": {"production": {"keycloak": {"url": "keycloak.example.com", "relm": "x"}}},
        "limits": {"source_seconds": -1, "run_seconds": "long"},
        "log": {"level": "loud"},
        "slack": {"app_token": SECRET, "channel": "engineering"},
        "surprise": 1,
    }
    lines = refused(document).splitlines()
    assert lines[0] == f"The settings in volati.yaml have {len(lines) - 2} errors:"
    assert lines[-1] == "See volati.example.yaml for every setting."
    told = dict(line.strip().split(": ", 1) for line in lines[1:-1])
    assert told["environments.production.keycloak.url"] == "must be an address such as https://keycloak.example.com"
    assert told["environments.production.keycloak.relm"] == "there is no such setting; check its spelling"
    assert told["slack.bot_token"] == "it is missing"
    assert "greater than 0" in told["limits.source_seconds"]
    assert "number" in told["limits.run_seconds"]
    assert "'debug', 'info'" in told["log.level"]
    assert told["slack.channel"] == "must be the id of a channel, such as C0123456789, and not its name"
    assert "surprise" in told


def test_every_kind_of_error_at_once(tmp_path: Path) -> None:
    """Names what only shows between settings, and files of secrets, together with the rest; each by its whole path."""
    text = f"""
environments:
  Prod:
    keycloak:
      url: {URL}
      url: {URL}
      client_secret_file: {tmp_path}/none
  staging: {{postgres: {{host: db, password_file: {tmp_path}}}, postgres: {{host: db, password_file: {tmp_path}}}}}
default_environment: prod
replicas: 2
pagerduty: {{routes: {{oncall: {{routing_key: {"k" * 32}}}, spare: {{routing_key_file: {tmp_path}/none}}}}}}
limits: {{source_seconds: -1}}
"""
    lines = unloadable(written(tmp_path, text)).splitlines()
    assert lines[0].endswith("have 10 errors:")
    told = [line.strip() for line in lines[1:-1]]
    assert "environments.Prod.keycloak.url: it is given twice, in line 5 and in line 6; keep one" in told
    assert "environments.staging.postgres: it is given twice, in line 8 and in line 8; keep one" in told
    starts = (
        "environments.Prod: is no name of an environment",
        "default_environment: 'prod' is none of ['Prod', 'staging']",
        "replicas: replicas is 2, and store.url is not set",
        "pagerduty: pagerduty.routes.spare is paged by no level",
        "limits.source_seconds: must be greater than 0",
        f"environments.Prod.keycloak.client_secret_file: {tmp_path}/none cannot be read: No such file or directory.",
        f"environments.staging.postgres.password_file: {tmp_path} cannot be read: Is a directory.",
        f"pagerduty.routes.spare.routing_key_file: {tmp_path}/none cannot be read: No such file",
    )
    assert [start for start in starts if not any(line.startswith(start) for line in told)] == []


def test_names_given_twice(tmp_path: Path) -> None:
    """Refuses a name that stands twice in one place, and takes the same name in two places."""
    twice = unloadable(written(tmp_path, "environments: {a: {}, b: {}}\nlog: {}\nlog: {}\n"))
    assert "have 1 error:\n  log: it is given twice, in line 2 and in line 3; keep one\n" in twice
    assert list(load(written(tmp_path, "environments: {a: {keycloak: null}, b: {keycloak: null}}")).environments)


def test_an_authority_that_is_not_there(tmp_path: Path) -> None:
    """Names the setting and the file, also where the rest is sound."""
    path = written(tmp_path, yaml.safe_dump(keycloak(ca_file=str(tmp_path / "none"))))
    assert f"environments.production.keycloak.ca_file: {tmp_path / 'none'} cannot be read: No such" in unloadable(path)


def test_a_secret_that_is_elsewhere(tmp_path: Path) -> None:
    """Does without the files of secrets where nothing but the rest is wanted."""
    path = written(tmp_path, yaml.safe_dump(keycloak(client_secret_file=str(tmp_path / "none"))))
    assert "environments.production.keycloak.client_secret_file: " in unloadable(path)
    assert load(path, files=False).environment == "production"


@pytest.mark.parametrize("document", [{**LEAST, "slack": "on"}, {**LEAST, "environments": ["production"]}])
def test_a_value_where_a_group_belongs(document: dict[str, Any]) -> None:
    """Says so in the words of a settings file, and not in those of the program."""
    assert ": must hold names and values\n" in refused(document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"environments": {}},
        {"environments": None},
        {"environments": ["production"]},
        {"environments": {"Production!": {}}},
        {"environments": {"a": {"keycloak": {}}}},
        {"environments": {"a": {"keycloak": "x"}}},
        {**LEAST, "default_environment": "staging"},
        {**LEAST, "slack": {**SLACK, "channel": "#engineering"}},
        {**LEAST, "slack": {**SLACK, "bot_token": 5}},
        {**LEAST, "limits": {"source_seconds": 61}},
        {**LEAST, "limits": {"run_seconds": 301}},
        {**LEAST, "limits": {"run_seconds": float("nan")}},
        {**LEAST, "store": "redis://x"},
        {**LEAST, "runbook_url": "troubleshooting.md"},
        keycloak(base_path="/keycloak"),
        keycloak(client_secret=5),
        keycloak(client_secret=SECRET, client_secret_file="/x"),
        keycloak(admin={"client_secret": [SECRET]}),
        keycloak(realm=None),
    ],
    ids=range(20),
)
def test_wrong_values(document: dict[str, Any]) -> None:
    """Refuses a wrong value with its place, and repeats no value that may be a secret."""
    sentence = refused(document)
    assert "1 error" in sentence
    assert sentence.count("\n") == 2


@pytest.mark.parametrize(
    "url",
    ["", "https://", "https:///x", "http://a:b", f"https://user:{SECRET}/x@host", "https://a:99999", "http://[::1", 5],
)
def test_addresses_that_are_none(url: Any) -> None:
    """Refuses an address without a host or with a port that is none, and does not repeat it."""
    assert "keycloak.url" in refused(keycloak(url=url))


@pytest.mark.parametrize("url", [URL, f"{URL}/", "http://[::1]:8080", "http://localhost:8080//"])
def test_addresses(url: str) -> None:
    """Takes an address without its last slashes."""
    environment = parse(keycloak(url=url), "here").environments["production"].keycloak
    assert environment is not None
    assert environment.url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://KEYCLOAK.Example.com", URL),
        ("HTTPS://keycloak.example.com:443/", URL),
        ("http://keycloak.example.com:80", "http://keycloak.example.com"),
        ("https://keycloak.example.com:80", f"{URL}:80"),
        ("https://keycloak.example.com:8443", f"{URL}:8443"),
        ("https://keycloak.example.com./", URL),
        ("https://Schlüssel.example", "https://xn--schlssel-95a.example"),
        ("https://xn--schlssel-95a.example", "https://xn--schlssel-95a.example"),
        ("http://[2001:DB8:0:0::7]:8080", "http://[2001:db8::7]:8080"),
        ("https://192.0.2.7:443", "https://192.0.2.7"),
        ("http://keycloak_dev:8080/id/Path", "http://keycloak_dev:8080/id/Path"),
    ],
)
def test_one_form(url: str, read: str) -> None:
    """Brings every spelling of an address into one form, in which it can be compared."""
    environment = parse(keycloak(url=url), "here").environments["production"].keycloak
    assert environment is not None
    assert (environment.url, environment.root, environment.path) == (read, read, None)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"https://{SECRET}@keycloak.example.com", "has a user name or a password before the @"),
        (f"https://user:{SECRET}@keycloak.example.com/auth", "has a user name or a password before the @"),
        (f"{URL}?key={SECRET}", "has a query"),
        (f"{URL}?", "has a query"),
        (f"{URL}/#/realms", "a fragment (#"),
        (f" {URL}", "has white space in it; remove it"),
        (f"{URL}\n", "has white space in it; remove it"),
        ("https://key cloak.example.com", "has white space in it; remove it"),
        ("https://keycloak.example.com/\u00a0", "has white space in it; remove it"),
        (f"{URL}/it's", "has a path with characters that no path has"),
        (f"{URL}/realms/volaticloud", "give the part before /realms"),
        ("https://keycloak..example.com", "has a host that can be no name"),
        ("https://-keycloak.example.com", "has a host that can be no name"),
        ("https://straße.example", "in its form xn--"),
        (f"{URL}:0", "must be an address such as"),
        ("ftp://keycloak.example.com", "must be an address such as"),
    ],
)
def test_what_does_not_belong_into_an_address(url: str, says: str) -> None:
    """Refuses an address with anything but scheme, host, port and path, and says what to remove."""
    told = refused(keycloak(url=url))
    assert "keycloak.url: " in told
    assert says in told


@pytest.mark.parametrize(
    ("fields", "root", "path"),
    [
        ({"url": f"{URL}/auth"}, URL, "/auth"),
        ({"url": f"{URL}/auth/"}, URL, "/auth"),
        ({"url": f"{URL}/auth", "base_path": "/auth"}, URL, "/auth"),
        ({"url": f"{URL}/id/auth"}, f"{URL}/id", "/auth"),
        ({"url": f"{URL}/oauth"}, f"{URL}/oauth", None),
        ({"base_path": "/auth"}, URL, "/auth"),
        ({"base_path": ""}, URL, ""),
        ({}, URL, None),
    ],
)
def test_the_path_in_the_address(fields: dict[str, Any], root: str, path: str | None) -> None:
    """Takes an address that ends in /auth for one with that base path, and counts it once."""
    environment = parse(keycloak(**fields), "here").environments["production"].keycloak
    assert environment is not None
    assert (environment.root, environment.path) == (root, path)


def backend(**fields: Any) -> dict[str, Any]:
    return {"environments": {"production": {"backend": fields}}}


def test_the_backend(tmp_path: Path) -> None:
    """Takes the runbook's addresses where none are given, and a schema file that is there."""
    schema = tmp_path / "schema.graphql"
    schema.write_text("type Query { a: Int }", encoding="utf-8")
    found = parse(backend(schema_file=str(schema)), "volati.yaml").environments["production"].backend
    assert found is not None
    assert (found.health_url, found.graphql_url) == (
        "https://api.volaticloud.com/health",
        "https://api.volaticloud.com/query",
    )
    assert (found.samples, found.schema_file) == (5, schema)


def test_every_error_of_the_backend() -> None:
    """Names every error of the backend's settings at once, each with its reason."""
    said = refused(
        backend(health_url="api.volaticloud.com", graphql_url="ftp://x", schema_file="/nowhere/a", samples=0, paths=1)
    )
    assert "have 5 errors" in said
    for words in ("backend.health_url: must be an address", "graphql_url", "there is no file /nowhere/a", "samples"):
        assert words in said
    assert "backend.paths: there is no such setting" in said


def test_two_paths_that_contradict_each_other() -> None:
    """Refuses an address that names a path, beside a setting that says there is none."""
    assert "remove one of them" in refused(keycloak(url=f"{URL}/auth", base_path=""))


@pytest.mark.parametrize("name", ["realm", "client_id", "algorithm", "issuer"])
@pytest.mark.parametrize("value", [" ", "\t\n", "\u2003"])
def test_names_of_white_space(name: str, value: str) -> None:
    """Refuses a name that is white space alone: it would be looked for, and not be found."""
    assert f"keycloak.{name}: is empty; give its name, or remove the setting" in refused(keycloak(**{name: value}))


@pytest.mark.parametrize("name", ["realm", "client_id", "algorithm"])
def test_empty_names(name: str) -> None:
    """Refuses an empty name, also of the admin client, and one with white space around it."""
    assert f"keycloak.{name}: is empty" in refused(keycloak(**{name: ""}))
    assert "begins or ends with white space" in refused(keycloak(**{name: " volaticloud"}))
    assert "keycloak.admin.client_id: is empty" in refused(keycloak(admin={"client_id": ""}))


@pytest.mark.parametrize("name", ["_env_file", "_cli_parse_args", "_secrets_dir", "__pydantic_self__", "_x"])
def test_orders_to_the_library(name: str) -> None:
    """Does not take a setting for an order to the library that reads it."""
    assert f"have '{name}'; there is no such setting" in refused({**LEAST, name: "x"})


@given(
    st.dictionaries(
        st.sampled_from([*Settings.model_fields, "odd"]) | st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=5,
        ),
    )
)
def test_any_document(document: dict[str, Any]) -> None:
    """Either reads a document or says what is wrong with it."""
    try:
        assert parse(document, "here").environments
    except SettingsError:  # anything else fails the test
        return


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a variable override one value of the file and keep the rest."""
    monkeypatch.setenv("VOLATI_ENVIRONMENTS__PRODUCTION__KEYCLOAK__CLIENT_SECRET", SECRET)
    monkeypatch.setenv("VOLATI_LIMITS__RUN_SECONDS", "7")
    settings = parse(keycloak(realm="other"), "here")
    environment = settings.environments["production"].keycloak
    assert environment is not None
    assert (environment.secret(), environment.realm, environment.url) == (SECRET, "other", URL)
    assert settings.limits.run_seconds == 7


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("VOLATI_LIMITS__RUN_SECONDS", "soon", "limits.run_seconds"),
        ("VOLATI_SLACK__BOT_TOKN", SECRET, "slack.bot_tokn: there is no such setting"),
        ("VOLATI_SLACK", "{" + SECRET, "slack: "),
        ("VOLATI_ENVIRONMENTS", SECRET, 'variable cannot be used: error parsing value for field "environments"'),
        ("VOLATI_LOG__LEVEL", SECRET, "log.level"),
    ],
)
def test_a_wrong_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    """Says of a variable that cannot be used which it is, and not what is in it."""
    monkeypatch.setenv(name, value)
    assert says in refused(LEAST)


def test_frozen() -> None:
    """Cannot be changed once it is read."""
    with pytest.raises(ValueError, match="frozen"):
        parse(LEAST, "here").data_dir = Path("/x")


def test_secrets_print_as_stars() -> None:
    """Shows no secret in its repr, or when it is turned into text or JSON."""
    document = {
        **keycloak(client_secret=SECRET, admin={"client_secret": SECRET}),
        "slack": SLACK,
        "store": {"url": f"redis://:{SECRET}@localhost"},
    }
    settings = parse(document, "here")
    for words in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert SECRET not in words
    assert settings.slack is not None
    assert settings.slack.bot_token == SecretStr(SECRET)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (SECRET, SECRET),
        (f"{SECRET}\n", SECRET),
        (f"{SECRET}\r\n", SECRET),
        (f" {SECRET}\n\n", f" {SECRET}\n"),
        ("", ""),
        ("\n", ""),
    ],
)
def test_a_secret_from_a_file(tmp_path: Path, text: str, secret: str) -> None:
    """Reads a secret without the line break that ends its file; any other stray space is a fact worth knowing."""
    path = tmp_path / "secret"
    path.write_bytes(text.encode())
    environment = parse(keycloak(client_secret_file=str(path)), "here").environments["production"].keycloak
    assert environment is not None
    assert environment.secret() == secret
    assert environment.origin() == str(path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_secret_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    """Names the file that cannot be read, and why."""
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    environment = parse(keycloak(client_secret_file=str(path)), "here").environments["production"].keycloak
    assert environment is not None
    with pytest.raises(SettingsError, match=r"client_secret_file .* cannot be read: (No such file|it is not text)"):
        environment.secret()


def test_origins_of_a_secret() -> None:
    """Says where a secret was configured, and nothing when it was not."""
    for fields, origin in (({}, ""), ({"client_secret": "x"}, "the setting client_secret")):
        environment = parse(keycloak(**fields), "here").environments["production"].keycloak
        assert environment is not None
        assert environment.origin() == origin


def test_which_environment_is_meant() -> None:
    """Means the default when none is named, else the first."""
    document: dict[str, Any] = {"environments": {"staging": {}, "production": {}}}
    assert parse(document, "here").environment == "staging"
    assert parse({**document, "default_environment": "production"}, "here").environment == "production"


def test_a_missing_file(tmp_path: Path) -> None:
    """Says how to get a first settings file."""
    sentence = unloadable(tmp_path / "volati.yaml")
    assert "cannot be read: No such file or directory. Copy volati.example.yaml" in sentence


def test_a_folder(tmp_path: Path) -> None:
    """Says of a folder that it cannot be read."""
    assert "cannot be read: Is a directory" in unloadable(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must hold names and values"),
        ("# only a comment", "must hold names and values"),
        ("just words", "must hold names and values"),
        ("- a\n- b", "must hold names and values"),
        ("1: a", "must hold names and values"),
        ("a: [1, 2", "is not YAML at line 1"),
        ("a: b\n c: d", "is not YAML at line 2, column 3"),
        ("a: 1\n--- \nb: 2", "is not YAML"),
        ("a: !!python/object/apply:os.system [ls]", "is not YAML"),
        ("\x00", "is not YAML"),
        (b"\xff\xfe\xff", "is not YAML"),
        ("? [a]\n: b", "is not YAML"),
        ("a: 2024-13-45", "holds a value that cannot be read; quote it as text"),
        ("a: 0x_", "holds a value that cannot be read"),
        ("a: " + "9" * 5000, "holds a value that cannot be read"),
        ("a: " + "[" * 500 + "]" * 500, "holds a value that cannot be read"),
        ("a: &x 1\nb: *x", "has an alias (*name), which is not taken; write it out"),
    ],
    ids=range(17),
)
def test_what_is_no_settings_file(tmp_path: Path, text: str | bytes, says: str) -> None:
    """Says in one sentence what is wrong with a file, and where."""
    sentence = unloadable(written(tmp_path, text))
    assert says in sentence
    assert "\n" not in sentence


def test_a_huge_file(tmp_path: Path) -> None:
    """Refuses a file that is too long, instead of reading the first part of it as the whole."""
    body = yaml.safe_dump(LEAST)
    filled = body + "#" * (FILE_AT_MOST - len(body))
    assert load(written(tmp_path, filled)) == parse(LEAST, "here")
    assert f"more than {FILE_AT_MOST} bytes" in unloadable(written(tmp_path, filled + "#"))


@pytest.mark.parametrize("merge", [False, True])
def test_a_bomb_of_aliases(tmp_path: Path, merge: bool) -> None:  # noqa: FBT001
    """Refuses a page of aliases that stands for more than fits into memory, before it is unfolded."""
    layer = "{{<<: [{0}]}}" if merge else "[{0}]"
    lines = ["a0: &a0 {x: 1}"]
    for level in range(1, 30):
        uses = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} " + layer.format(uses))
    assert "has an alias" in unloadable(written(tmp_path, "\n".join(lines)))


def test_long_names_in_errors() -> None:
    """Shows a long name in an error by its beginning."""
    assert len(refused({**LEAST, "x" * 10_000: 1})) < 300


def test_a_file_as_written(tmp_path: Path) -> None:
    """Reads a file of JSON too, since JSON is YAML."""
    assert load(written(tmp_path, json.dumps(LEAST))) == parse(LEAST, "here")


def kubernetes(**fields: Any) -> dict[str, Any]:
    return {"environments": {"production": {"kubernetes": fields}}}


def test_probes_are_off_by_default() -> None:
    """Has no probes until an image is set; debug logs are switched on as the runbook does it."""
    one = parse(kubernetes(), "here").environments["production"].kubernetes
    assert one is not None
    assert (one.probe.image, one.probe.hosts) == ("", ())
    assert (one.debug_variable, one.debug_value) == ("LOG_LEVEL", "debug")


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("db.example.com", "must be a host and a port"),
        ("http://db.example.com:80", "must be a host and a port"),
        ("db.example.com:0", "must be a host and a port"),
        ("db.example.com:99999", "must be a host and a port"),
        ("user@db.example.com:5432", "must be a host and a port"),
        ("*.example.com:443", "must be a host and a port"),
        ("169.254.169.254:80", "names what no probe goes to: 169.254.169.254 is a link-local address"),
        ("[fd00:ec2::254]:80", "names what no probe goes to: fd00:ec2::254 is a metadata service"),
        ("localhost:5432", "names what no probe goes to: localhost is the probe's own pod"),
    ],
)
def test_places_of_probes(place: str, says: str) -> None:
    """Takes as a place for probes a host with its port, and none that no probe goes to."""
    assert says in refused(kubernetes(probe={"hosts": [place]}))


def test_an_image_that_is_none() -> None:
    """Takes as an image only what can be one."""
    assert "environments.production.kubernetes.probe.image" in refused(kubernetes(probe={"image": "a b; c"}))
