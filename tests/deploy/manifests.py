"""Reads the manifests of `deploy/` as kustomize would build them. It knows just what they use, and fails at the rest.

`tests/live/test_kustomize.py` holds it to the real tool.
"""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
EXAMPLE = DEPLOY / "example"
Thing = dict[str, Any]
_KNOWN = {"apiVersion", "kind", "resources", "namespace", "images", "configMapGenerator"}
_WHOLE_CLUSTER = {"Namespace", "ClusterRole", "ClusterRoleBinding"}


def built(folder: Path) -> list[Thing]:
    """Every object of a folder with a kustomization, in its order."""
    (told,) = documents(folder / "kustomization.yaml")
    assert set(told) <= _KNOWN, f"{folder}: teach tests/deploy/manifests.py what {set(told) - _KNOWN} does"
    found: list[Thing] = []
    for name in told["resources"]:
        at = folder / name
        found.extend(built(at) if at.is_dir() else documents(at))
    found.extend(_config_map(folder, one) for one in told.get("configMapGenerator", ()))
    for one in found:
        _placed(one, told.get("namespace", ""))
        _imaged(one, told.get("images", ()))
    return found


def documents(path: Path) -> list[Thing]:
    """The documents of a YAML file, none of which is empty."""
    found = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    assert all(isinstance(one, dict) and one for one in found), path
    return found


def of(things: list[Thing], kind: str) -> list[Thing]:
    """Those of a kind."""
    return [one for one in things if one["kind"] == kind]


def the(things: list[Thing], kind: str, name: str = "volati") -> Thing:
    """The one of a kind and a name."""
    (found,) = [one for one in of(things, kind) if one["metadata"]["name"] == name]
    return found


def _config_map(folder: Path, told: Thing) -> Thing:
    data = {name: (folder / name).read_text(encoding="utf-8") for name in told["files"]}
    about = {"name": told["name"], "namespace": told["namespace"]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": data}


def _placed(one: Thing, namespace: str) -> None:
    if namespace and one["kind"] not in _WHOLE_CLUSTER:
        one["metadata"]["namespace"] = namespace


def _imaged(one: Thing, images: list[Thing]) -> None:
    pod = one.get("spec", {}).get("template", {}).get("spec", {})
    for container in pod.get("containers", ()):
        for image in images:
            name, _, tag = container["image"].partition(":")
            if name == image["name"]:
                container["image"] = f"{image.get('newName', name)}:{image.get('newTag', tag)}"
