"""Reads a settings file: YAML by the safe loader only, and each name that is given twice. It knows no setting."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.settings.forms import FILE_AT_MOST, SHOWN, SettingsError


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds. `faults` tell of names that stand twice in one place, where YAML would take the last."""

    values: dict[str, Any]
    faults: tuple[str, ...] = ()


def document_of(path: Path) -> Document:
    """The document in a file.

    Raises:
        SettingsError: the file cannot be read, or is not YAML of names and values.
    """
    try:
        with path.open("rb") as file:
            text = file.read(FILE_AT_MOST + 1)
        document, faults = _parsed(text, path)
    except OSError as error:
        remedy = "Copy volati.example.yaml to start from, or name another file with --config."
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}. {remedy}") from error
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f" at line {place.line + 1}, column {place.column + 1}" if place else ""
        raise SettingsError(f"The settings file {path} is not YAML{where}: {_problem(error)}.") from None
    except (ValueError, OverflowError, RecursionError):  # a date with a 13th month, a number of no digits, deep nesting
        raise SettingsError(f"The settings file {path} holds a value that cannot be read; quote it as text.") from None
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise SettingsError(f"The settings file {path} must hold names and values; see volati.example.yaml.")
    return Document(document, faults)


def _parsed(text: bytes, path: Path) -> tuple[Any, tuple[str, ...]]:
    """What the text holds, and its faults. Aliases are refused: unfolded, a page of them may fill the memory."""
    if len(text) > FILE_AT_MOST:
        raise SettingsError(f"The settings file {path} has more than {FILE_AT_MOST} bytes; is it the right one?")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
        raise SettingsError(f"The settings file {path} has an alias (*name), which is not taken; write it out.")
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        faults = tuple(_given_twice(node, ""))
        return (loader.construct_document(node) if node is not None else None), faults
    finally:
        loader.dispose()


def _given_twice(node: yaml.Node | None, place: str) -> Iterator[str]:
    """Every name that stands twice in one mapping, with its lines."""
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _given_twice(item, f"{place}.{number}")
    if isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            name = str(key.value)[:SHOWN]
            here, line = f"{place}.{name}".lstrip("."), key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode) and key.value in first:
                yield f"{here}: it is given twice, in line {first[key.value]} and in line {line}; keep one"
            elif isinstance(key, yaml.ScalarNode):
                first[key.value] = line
            yield from _given_twice(value, here)


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or "it cannot be parsed")
