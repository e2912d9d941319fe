"""Tests of the house itself: what a linter cannot hold, and what would be forgotten otherwise."""

import ast
import asyncio
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest

from bot.platform.environment import Platform, fingerprints
from bot.settings import EnvironmentSettings, Settings
from diagnostics import evidence
from diagnostics.areas import AREAS, EXPLANATIONS
from diagnostics.causes import RULES
from diagnostics.evidence import KINDS
from diagnostics.evidence.keycloak import Question
from diagnostics.model import Evidence
from diagnostics.observe import Source, View
from diagnostics.remedies import ADVICE
from diagnostics.runbook import Section
from playground.world.platform import FAULTS
from tests.diagnostics.areas.cases import CASES
from tests.diagnostics.toys import marks

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "handlers", "diagnostics", "playground")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
ALL_AREAS = (*AREAS, *EXPLANATIONS)
CHECKS = {check.id: check for area in ALL_AREAS for check in area.checks}
LONGEST_FUNCTION = 45  # lines; hardly any has more than 25
MOST_PARAMETERS = 6  # where there are more, a noun is missing
#: One parameter for each option a person may give.
OPTIONS = {"bot/cli/app.py"}

#: Where each foreign library is at home, outside the playground: a module, or the one package whose subject it is.
HOMES: dict[str, tuple[str, ...]] = {
    "aiohttp": ("bot/slack/", "handlers/", "bot/clients/kubernetes/"),
    "cryptography": ("bot/clients/certificates.py",),
    "dns": ("bot/clients/nameserver.py",),
    "docker": ("bot/clients/docker.py",),
    "graphql": ("bot/clients/schemas.py",),
    "httpx": ("bot/clients/http.py",),
    "jwt": ("bot/clients/tokens.py",),
    "kubernetes": ("bot/clients/kubernetes/",),
    "matplotlib": ("bot/clients/drawing.py",),
    "prometheus_client": ("bot/metrics.py",),
    "psycopg": ("bot/clients/postgres.py",),
    "pydantic": ("bot/settings/",),
    "pydantic_core": ("bot/settings/whole.py",),
    "pydantic_settings": ("bot/settings/whole.py",),
    "re2": ("diagnostics/patterns.py",),
    "redis": ("bot/store.py",),
    "slack_bolt": ("handlers/",),
    "slack_sdk": ("bot/slack/",),
    "typer": ("bot/cli/",),
    "yaml": ("bot/settings/document.py", "bot/catalogue.py"),
}
#: At home everywhere: values that travel as JSON, and the log.
EVERYWHERE = {"msgspec", "structlog"}

#: Modules of the domain whose tests stand elsewhere than the tree says.
TESTED_ELSEWHERE = {
    "diagnostics/advice.py": "tests/diagnostics/test_remedies.py",
    **{
        f"diagnostics/areas/{area}/{name}.py": "tests/diagnostics/areas/test_checks.py"
        for area, names in {
            "graphql": ("advice", "answers", "authorization", "connection", "health", "loglines", "platform", "schema"),
            "performance": ("advice", "database", "queries", "responses", "scaling", "usage"),
        }.items()
        for name in names
    },
    "diagnostics/evidence/cluster/use.py": "tests/diagnostics/areas/test_performance.py",
    "diagnostics/evidence/surface/client.py": "tests/bot/clients/test_schemas.py",
    "diagnostics/evidence/surface/kinds.py": "tests/diagnostics/evidence/surface/test_look.py",
    "diagnostics/evidence/surface/views.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/keycloak/authorization.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/keycloak/connection.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/keycloak/container.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/keycloak/enforcement.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/keycloak/login.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/keycloak/platform.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/keycloak/realm.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/keycloak/token.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/network/naming.py": "tests/diagnostics/areas/test_network.py",
    "diagnostics/areas/server/advice.py": "tests/diagnostics/test_remedies.py",
    "diagnostics/areas/server/ailments.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/containers.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/database.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/images.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/jobs.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/loglines.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/platform.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/probes.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/references.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/refusals.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/rollout.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/scheduling.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/startup.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/server/telling.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/token.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/why.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/database/advice.py": "tests/diagnostics/test_remedies.py",
    "diagnostics/areas/database/connection.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/database/platform.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/database/pressure.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/database/statements.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/database/tables.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/areas/database/upkeep.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/evidence/database/client.py": "tests/bot/clients/test_postgres.py",
    "diagnostics/evidence/database/facts.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/evidence/database/kinds.py": "tests/diagnostics/test_runs.py",
    "diagnostics/evidence/database/questions.py": "tests/bot/clients/test_postgres.py",
    "diagnostics/evidence/database/reading.py": "tests/bot/platform/test_database.py",
    "diagnostics/evidence/database/sources.py": "tests/bot/platform/test_database.py",
    "diagnostics/evidence/database/views.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/context.py": "tests/diagnostics/areas/test_checks.py",
    "diagnostics/evidence/cluster/client.py": "tests/bot/clients/kubernetes/test_connection.py",
    "diagnostics/evidence/cluster/kinds.py": "tests/diagnostics/test_runs.py",
    "diagnostics/evidence/cluster/logs.py": "tests/diagnostics/evidence/cluster/test_reading.py",
    "diagnostics/evidence/cluster/machines.py": "tests/bot/clients/kubernetes/test_readers.py",
    "diagnostics/evidence/cluster/sealed.py": "tests/diagnostics/evidence/cluster/test_sources.py",
    "diagnostics/evidence/cluster/pods.py": "tests/bot/clients/kubernetes/test_readers.py",
    "diagnostics/evidence/cluster/services.py": "tests/bot/clients/kubernetes/test_readers.py",
    "diagnostics/evidence/cluster/workloads.py": "tests/bot/clients/kubernetes/test_readers.py",
    "diagnostics/redaction/learning.py": "tests/diagnostics/evidence/cluster/test_reading.py",
    "diagnostics/evidence/cluster/database.py": "tests/diagnostics/areas/test_server.py",
    "diagnostics/areas/network/annotations.py": "tests/diagnostics/areas/test_network.py",
    "diagnostics/areas/network/controller.py": "tests/diagnostics/areas/test_network.py",
    "diagnostics/areas/network/edge.py": "tests/diagnostics/areas/test_network.py",
    "diagnostics/areas/network/ingresses.py": "tests/diagnostics/areas/test_network.py",
    "diagnostics/areas/network/readiness.py": "tests/diagnostics/areas/test_network.py",
    "diagnostics/areas/network/policies.py": "tests/diagnostics/areas/test_network.py",
    "diagnostics/areas/network/advice.py": "tests/diagnostics/areas/test_network.py",
    "diagnostics/areas/network/services.py": "tests/diagnostics/areas/test_network.py",
    "diagnostics/evidence/cluster/edge_client.py": "tests/diagnostics/evidence/cluster/test_edge.py",
    "diagnostics/evidence/containers.py": "tests/diagnostics/evidence/keycloak/test_container.py",
    "diagnostics/evidence/keycloak/kinds.py": "tests/diagnostics/test_runs.py",
    "diagnostics/evidence/network.py": "tests/bot/clients/test_network.py",
    "diagnostics/evidence/tokens.py": "tests/bot/clients/test_tokens.py",
    "diagnostics/excerpts.py": "tests/diagnostics/test_triage.py",
    "diagnostics/signatures/compiled.py": "tests/diagnostics/test_signatures.py",
    "diagnostics/signatures/entry.py": "tests/diagnostics/test_signatures.py",
    "diagnostics/signatures/passages.py": "tests/diagnostics/test_signatures.py",
    "diagnostics/signatures/proof.py": "tests/diagnostics/test_signatures.py",
    "diagnostics/signatures/source.py": "tests/diagnostics/test_signatures.py",
    "diagnostics/unwrapping.py": "tests/diagnostics/test_triage.py",
}


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


# What the domain says of itself.


def test_ids_of_checks() -> None:
    """Names every check once, after its area."""
    ids = [check.id for area in ALL_AREAS for check in area.checks]
    assert [id for id, times in Counter(ids).items() if times > 1] == []
    for area in ALL_AREAS:
        assert [check.id for check in area.checks if check.area != area.name] == []
    assert [id for id in ids if not re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*", id)] == []


@pytest.mark.parametrize("id", CHECKS)
def test_a_check_is_explained(id: str) -> None:
    """Says of every check in a sentence why it matters, and in a title what it is."""
    check = CHECKS[id]
    assert re.fullmatch(r"[A-Z].{20,}[.]", check.reason)
    assert re.fullmatch(r"[A-Z].*[^.]", check.title)
    assert check.section in Section


def test_every_check_is_tested() -> None:
    """Has for every check a case that triggers it and one that just does not."""
    assert {case.id for case in CASES} == set(CHECKS)
    assert [case.id for case in CASES if not (case.fires and case.silent)] == []


def _made_of(kind: type[Evidence]) -> Iterator[type[Evidence]]:
    """What must be looked at for this kind: itself, or what a view needs, however many views deep."""
    if not issubclass(kind, View):
        yield kind
    for need in kind.NEEDS if issubclass(kind, View) else ():
        yield from _made_of(need)


def test_checks_use_what_their_area_looks_at() -> None:
    """Judges in an area only what that area looks at, and looks at nothing that could not be saved."""
    for area in ALL_AREAS:
        assert {kind for check in area.checks for kind in _made_of(check.evidence)} <= set(area.kinds)
        assert set(area.kinds) <= set(KINDS.values())
        assert len(set(area.kinds)) == len(area.kinds)


def domain_kinds() -> set[type[Evidence]]:
    """Every kind of evidence that is looked at, found without its table: no base of others, and no view."""
    for module in pkgutil.walk_packages(evidence.__path__, "diagnostics.evidence."):
        importlib.import_module(module.name)
    found: set[type[Evidence]] = set()
    waiting = [Evidence]
    while waiting:
        subclasses = waiting.pop().__subclasses__()
        waiting.extend(subclasses)
        found.update(kind for kind in subclasses if kind.__module__.startswith("diagnostics."))
    return {kind for kind in found if getattr(kind, "KIND", "") and not issubclass(kind, View)}


def test_every_kind_is_in_the_table() -> None:
    """Lists every kind of evidence, each under an id of its own."""
    kinds = domain_kinds()
    assert set(KINDS.values()) == kinds
    assert len({kind.KIND for kind in kinds}) == len(kinds)
    assert {id for id in KINDS if not re.fullmatch(r"[a-z]+\.[a-z-]+", id)} == set()


def leads_somewhere(setting: str) -> bool:
    """Whether a dotted name, such as `environments.<name>.keycloak.url`, is a setting."""
    here: Any = Settings
    for step in setting.split("."):
        here = next((one for one in inside(here) if hasattr(one, "model_fields") or get_origin(one) is dict), None)
        if get_origin(here) is dict:
            here = get_args(here)[1]
        elif here is None or step not in here.model_fields:
            return False
        else:
            here = here.model_fields[step].annotation
    return True


def inside(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)


@pytest.mark.parametrize("kind", list(KINDS.values()), ids=list(KINDS))
def test_a_kind_says_what_it_is(kind: type[Evidence]) -> None:
    """Says in words what is looked at, and names a setting that exists."""
    assert re.fullmatch(r"\S.*[^.\s]", kind.WHAT)
    assert leads_somewhere(kind.SETTING), kind.SETTING


def test_the_search_for_settings_finds() -> None:
    """Knows a setting that is none."""
    assert leads_somewhere("limits.run_seconds")
    assert not leads_somewhere("environments.<name>.keycloak.nonsense")


def test_rules_and_advice_speak_of_checks() -> None:
    """Has no rule and no advice for a check that does not exist."""
    assert {id for rule in RULES for id in (rule.cause, *rule.explains)} <= set(CHECKS)
    assert set(ADVICE) <= set(CHECKS)


def test_scenarios_owe_findings_that_exist() -> None:
    """Owes for every scenario a finding that exists, under a heading of the runbook, in a sentence."""
    assert {fault.expect for fault in FAULTS if fault.expect} <= set(CHECKS)
    assert {fault.section for fault in FAULTS} <= {str(section) for section in Section}
    assert [fault.name for fault in FAULTS if not re.fullmatch(r"[A-Z].*[.]", fault.breaks)] == []


def every_source() -> list[tuple[Source[Any], ...]]:
    """The sources of each kind of examination, with everything configured."""
    secret = {"client_secret": "x"}
    keycloak = {"url": "https://keycloak.example.com", **secret, "admin": secret, "container": {}}
    everything = {
        "keycloak": keycloak,
        "kubernetes": {"kubeconfig": "/nowhere/kubeconfig"},
        "postgres": {"host": "db.example.com"},
        "backend": {},
    }
    platform = Platform("here", EnvironmentSettings.model_validate(everything), fingerprints(b"key"))

    async def opened() -> list[tuple[Source[Any], ...]]:
        async with platform.opened("run", marks()) as view:
            return [view.diagnosis(), view.question(Question("a", "b", "c")), view.token("t", lambda: None)]  # type: ignore[arg-type, return-value]  # never called

    return asyncio.run(opened())


def test_sources_need_one_another_in_no_circle() -> None:
    """Can look at every source: what it needs has a source too, and nothing needs itself."""
    for sources in every_source():
        waiting = {source.kind: set(source.needs) for source in sources}
        while ready := {kind for kind, needs in waiting.items() if not needs & set(waiting)}:
            for kind in ready:
                del waiting[kind]
        assert waiting == {}
        kinds = {source.kind for source in sources}
        assert {need.KIND for source in sources for need in source.needs if need not in kinds} == set()


def test_every_kind_has_a_source() -> None:
    """Can look at every kind of evidence that an area wants."""
    looked_at = {source.kind for sources in every_source() for source in sources}
    assert {kind.KIND for area in ALL_AREAS for kind in area.kinds if kind not in looked_at} == set()


# What the source looks like.


def test_a_module_says_what_it_does() -> None:
    """Says in the first sentence of every module what that file alone does."""
    silent = {named(path) for path in MODULES if tree(path).body and not says_what_it_does(path)}
    assert silent == set()


def says_what_it_does(path: Path) -> bool:
    """Whether the module begins with a sentence, or with one that leads to a list."""
    return bool(re.search(r"[.:]$", (ast.get_docstring(tree(path)) or "").split("\n\n", maxsplit=1)[0]))


def test_functions_are_small() -> None:
    """Keeps functions short, and their parameters few."""
    every = [(named(path), function) for path in MODULES for function in functions(path)]
    assert [(where, one.name) for where, one in every if lines_of(one) > LONGEST_FUNCTION] == []
    crowded = [(where, one.name) for where, one in every if len(parameters(one)) > MOST_PARAMETERS]
    assert [one for one in crowded if one[0] not in OPTIONS] == []


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    listed = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return [one.arg for one in listed if one.arg not in {"self", "cls"}]


def test_names_of_files() -> None:
    """Has no drawer for what belongs nowhere."""
    drawers = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
    paths = [*MODULES, *(ROOT / "tests").rglob("*.py")]
    assert [named(path) for path in paths if drawers & {path.stem, *(part.name for part in path.parents)}] == []


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


def users() -> set[tuple[str, str]]:
    """Which library is used in which module, outside the playground."""
    ours = {*sys.stdlib_module_names, *PACKAGES, *EVERYWHERE}
    outside = [path for path in MODULES if not named(path).startswith("playground/")]
    return {(library, named(path)) for path in outside for library in imported(path) - ours}


def test_libraries_stay_at_home() -> None:
    """Uses each foreign library at its home alone, so that it can be replaced there."""
    assert [(library, user) for library, user in users() if not user.startswith(HOMES.get(library, ()))] == []


def test_no_home_stands_empty() -> None:
    """Names no home at which nobody lives."""
    lived_in = {(library, home) for library, user in users() for home in HOMES[library] if user.startswith(home)}
    assert {(library, home) for library, homes in HOMES.items() for home in homes} == lived_in


def test_the_log_is_set_up_in_one_place() -> None:
    """Sets the log up in one module, and keeps it out of the domain."""
    setters = [named(path) for path in MODULES if "structlog.configure(" in path.read_text(encoding="utf-8")]
    assert setters == ["bot/log.py"]
    assert [named(path) for path in MODULES if "structlog" in imported(path) and "diagnostics" in path.parts] == []


def test_the_environment_is_read_in_one_place() -> None:
    """Reads the environment in the settings alone."""
    reads = re.compile(r"\bos\.(environ|getenv)|from os import .*(environ|getenv)")
    readers = [named(path) for path in MODULES if reads.search(path.read_text(encoding="utf-8"))]
    assert set(readers) <= {"bot/settings/whole.py"}


def swallows_everything(node: ast.ExceptHandler) -> bool:
    """Whether it catches whatever there is, and ends it there instead of raising it on, or as an error of ours."""
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    names = {one.id if isinstance(one, ast.Name) else "" for one in caught if one}
    broad = node.type is None or bool(names & {"Exception", "BaseException"})
    last = node.body[-1]
    return broad and not isinstance(last, ast.Raise)


def broad_excepts() -> list[tuple[str, str]]:
    """Every such place: the module, and the line."""
    return [
        (named(path), path.read_text(encoding="utf-8").splitlines()[node.lineno - 1])
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and swallows_everything(node)
    ]


def test_broad_excepts_have_a_reason() -> None:
    """Catches everything only with its reason beside it."""
    assert [where for where, line in broad_excepts() if not re.search(r"# noqa: BLE001 .*\w+ \w+ \w+", line)] == []


def test_broad_excepts_are_few() -> None:
    """Catches everything at most once in a thousand lines of source."""
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES)
    assert len(broad_excepts()) <= lines / 1000


def test_tests_finish_the_sentence() -> None:
    """Says of every test in a sentence what "it" does."""
    tests = {path: [one for one in functions(path) if one.name.startswith("test_")] for path in TESTS}
    assert [named(path) for path, listed in tests.items() if not listed] == []
    sentence = re.compile(r"[A-Z`].*[.]", re.DOTALL)
    every = [(named(path), one.name, ast.get_docstring(one) or "") for path, listed in tests.items() for one in listed]
    assert [(where, name) for where, name, said in every if not sentence.fullmatch(said.rstrip())] == []


def test_the_domain_is_tested() -> None:
    """Has for every module of the domain a file of tests at the same place, or at a place that is written down."""
    for path in sorted((ROOT / "diagnostics").rglob("*.py")):
        where = path.relative_to(ROOT)
        if path.name == "__init__.py" or "redaction" in where.parts:
            continue  # redaction is tested as one, through its outlet
        default = Path("tests", *where.parts[:-1], f"test_{path.name}").as_posix()
        assert (ROOT / TESTED_ELSEWHERE.get(named(path), default)).is_file(), named(path)
    assert [name for name in TESTED_ELSEWHERE if not (ROOT / name).is_file()] == []


# What is told to others.


def tracked() -> list[Path]:
    """Every text file that is part of the project, by git where this is a checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)  # noqa: S607 whichever git there is
    names = listed.stdout.decode().split("\0")
    paths = [ROOT / name for name in names if name] if listed.returncode == 0 else [*MODULES, *TESTS]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:1000]]


def test_no_machine_is_named() -> None:
    """Names no path of the machine it was made on, and no address of a package index."""
    parts = (
        "/" + "work/",
        "../" + "shared",
        "/" + "root/",
        "index" + "-url",
        "files." + "pythonhosted",
        "pypi." + "org",
    )
    told = [(named(path), part) for path in tracked() for part in parts if part in path.read_text(encoding="utf-8")]
    assert told == []


def rows(document: str, heading: str) -> list[list[str]]:
    """The rows of the Markdown table whose first heading is this."""
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |")) + 2
    table = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def test_the_table_of_areas() -> None:
    """Tells in the README of every area what the code has: its section, its checks, and whether it is there."""
    told = {row[0]: row[1:] for row in rows("README.md", "Area")}
    assert {name for name, (_, count, _) in told.items() if count.isdecimal()} == {area.name for area in AREAS}
    for area in AREAS:
        assert told[area.name][:2] == [area.section.value, str(len(area.checks))]
    assert {section for section, _, _ in told.values()} <= {section.value for section in Section}


def test_the_map_of_the_bot() -> None:
    """Says in CONTRIBUTING of every package of the bot what its subject is, in the order in which they are listed."""
    told = [row[0].strip("`/") for row in rows("CONTRIBUTING.md", "In `bot/`")]
    assert told == sorted(path.parent.name for path in (ROOT / "bot").glob("*/__init__.py"))


def test_the_reason_of_every_dependency() -> None:
    """Says in CONTRIBUTING why each library is here, and of none that is not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[<>=\[~! ]", line)[0].lower() for line in project["dependencies"]}
    told = {name.lower() for row in rows("CONTRIBUTING.md", "Library") for name in re.findall(r"[\w-]+", row[0])}
    assert needed - told == set()


def test_commands_of_the_readme() -> None:
    """Shows in the README only commands that exist."""
    from bot.cli.app import app  # noqa: PLC0415 the one test that needs the command line

    known = {command.callback.__name__ for command in app.registered_commands if command.callback}
    known |= {group.name or "" for group in app.registered_groups}
    _, _, without_slack = (ROOT / "README.md").read_text(encoding="utf-8").partition("## The same without Slack")
    shown = set(re.findall(r"\bvolati ([a-z]+)\b", without_slack.partition("\n## ")[0]))
    assert shown <= known
    assert "diagnose" in shown
