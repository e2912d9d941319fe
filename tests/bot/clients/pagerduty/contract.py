"""Holds requests to PagerDuty, and its answers, to the vendor's OpenAPI files. It sends nothing."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker

from playground.world.pagerduty.server import Asked

FOLDER = Path(__file__).parents[3] / "payloads" / "pagerduty"
Json = dict[str, Any]


@cache
def document(name: str) -> Json:
    """One of the files, in the words of JSON Schema: OpenAPI 3.0 says `nullable` where that has a type."""
    found = _nullable(json.loads((FOLDER / f"{name}.openapi.json").read_text(encoding="utf-8")))
    assert isinstance(found, dict)
    return found


def _nullable(one: Any) -> Any:
    if isinstance(one, list):
        return [_nullable(each) for each in one]
    if not isinstance(one, dict):
        return one
    changed = {name: _nullable(value) for name, value in one.items() if name != "nullable"}
    if one.get("nullable") is not True:
        return changed
    return {"anyOf": [changed, {"type": "null"}]}


def faults(asked: Asked) -> list[str]:
    """What is wrong with a request, by the file of its API: an unknown path, query, header or field."""
    name = "events-v2" if asked.path.startswith("/v2/") else "rest"
    path = asked.path.removeprefix("/v2")
    template, operation = _operation(document(name), path, asked.method.lower())
    if operation is None:
        return [f"no {asked.method} {path}"]
    return [*_parameter_faults(document(name), operation, asked), *_body_faults(name, template, asked)]


def answer_faults(path: str, method: str, status: int, body: Json) -> list[str]:
    """What is wrong with an answer of the REST API."""
    template, operation = _operation(document("rest"), path, method)
    assert operation is not None
    place = ("paths", template, method, "responses", str(status), "content", "application/json", "schema")
    return _schema_faults("rest", place, _without_known_nulls(body))


def _without_known_nulls(one: Any) -> Any:
    """The file's words say that these are null for somebody who is always on call; its schema does not."""
    if isinstance(one, list):
        return [_without_known_nulls(each) for each in one]
    if not isinstance(one, dict):
        return one
    known = {"schedule", "start", "end"}
    return {name: _without_known_nulls(value) for name, value in one.items() if value is not None or name not in known}


def _operation(document: Json, path: str, method: str) -> tuple[str, Json | None]:
    for template, methods in document["paths"].items():
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path):
            return template, methods.get(method)
    return "", None


def _parameter_faults(document: Json, operation: Json, asked: Asked) -> Iterator[str]:
    listed = [_resolved(document, one) for one in operation.get("parameters", [])]
    queries = {one["name"]: one["schema"] for one in listed if one["in"] == "query"}
    yield from (f"no query {name}" for name in asked.query if name not in queries)
    for name, values in asked.query.items():
        yield from _value_faults(name, queries.get(name, {}), values)
    for one in listed:
        if one["in"] == "header" and one.get("required") and one["name"].lower() not in asked.headers:
            yield f"no header {one['name']}"


def _value_faults(name: str, schema: Json, values: list[str]) -> Iterator[str]:
    allowed = schema.get("enum") or schema.get("items", {}).get("enum")
    if allowed:
        yield from (f"{name}={value}" for value in values if value not in allowed)
    if schema.get("type") == "integer":
        yield from (f"{name}={value}" for value in values if not value.isdecimal())


def _resolved(document: Json, one: Json) -> Json:
    while "$ref" in one:
        found: Any = document
        for step in one["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/")]
        one = found
    return one


def _body_faults(name: str, template: str, asked: Asked) -> list[str]:
    if not asked.body:
        return []
    place = ("paths", template, asked.method.lower(), "requestBody", "content", "application/json", "schema")
    body = json.loads(asked.body)
    return [*_schema_faults(name, place, body), *_unknown_fields(document(name), place, body)]


def _schema_faults(name: str, place: tuple[str, ...], body: Any) -> list[str]:
    pointer = "/".join(step.replace("/", "~1") for step in place)
    validator = Draft7Validator({**document(name), "$ref": f"#/{pointer}"}, format_checker=FormatChecker())
    return [f"{'.'.join(map(str, one.path))}: {one.message[:200]}" for one in validator.iter_errors(body)]


def _unknown_fields(document: Json, place: tuple[str, ...], body: Mapping[str, Any]) -> list[str]:
    """Fields at the top that the file does not have: it forbids none, and PagerDuty drops them in silence."""
    schema: Any = document
    for step in place:
        schema = _resolved(document, schema[step])
    return [f"no field {name}" for name in body if name not in schema.get("properties", {})]
