"""The manifests of `deploy/` as the real kustomize builds them: what the other tests read is what is applied."""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.deploy.manifests import DEPLOY, Thing, built

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def kubectl(pytestconfig: pytest.Config) -> str:
    """The real tool."""
    found = shutil.which("kubectl")
    if found is None:
        assert not pytestconfig.getoption("require_live"), "kubectl is not installed"
        pytest.skip("kubectl is not installed; it has the real kustomize in it")
    return found


def told(things: list[Thing]) -> list[str]:
    """Objects as text, without the hash that ends the name of a generated one."""
    return sorted(re.sub(r"volati-settings-[a-z0-9]{10}\b", "volati-settings", yaml.safe_dump(one)) for one in things)


@pytest.mark.parametrize("folder", ["base", "read", "act", "probe", "example"])
def test_builds_the_same(kubectl: str, folder: str) -> None:
    """It builds from every folder what the tests take it to be, and from the example a name that ends with a hash."""
    command = [kubectl, "kustomize", str(DEPLOY / folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 our own folder
    assert done.returncode == 0, done.stderr
    theirs = [one for one in yaml.safe_load_all(done.stdout) if one]
    assert told(theirs) == told(built(DEPLOY / folder))
    assert ("volati-settings-" in done.stdout) == (folder == "example")
