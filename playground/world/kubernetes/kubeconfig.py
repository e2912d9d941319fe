"""A kubeconfig file that leads `kubectl`, and the bot, to the simulated cluster."""

import json
from pathlib import Path

CONTEXT = "simulated"


def written(file: Path, url: str, ca_file: Path, token: str, namespace: str = "volaticloud") -> Path:
    """The file, readable by its owner only. It is JSON, which every reader of YAML takes."""
    told = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": {"server": url, "certificate-authority": str(ca_file)}}],
        "users": [{"name": CONTEXT, "user": {"token": token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT, "namespace": namespace}}],
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(told, indent=2), encoding="utf-8")
    return file
