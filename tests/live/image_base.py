"""Makes a base image from this machine's own files: Python, glibc, a shell, and the locked wheels. It fetches no image.

It stands in for the Dockerfile's BASE where no registry can be reached. pip finds the wheels by the image's own
/etc/pip.conf, so that the Dockerfile's steps run as they are, without a network.
"""

import io
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.live.docker_daemon import NoDaemon

ROOT = Path(__file__).parents[2]
DOWNLOAD_S = 300.0  # some 60 wheels, 60 MB
_BUSYBOX = Path("/bin/busybox")
#: What the Dockerfile runs besides Python; the rest of busybox is there as well.
_PROGRAMS = ("/usr/sbin/useradd", "/usr/sbin/groupadd")
_APPLETS = ("sh", "env", "sed", "ls", "cat", "id", "touch", "mkdir", "rm", "find", "sleep")
_LEFT_OUT = re.compile(r"(^|/)(__pycache__|test|tests|idlelib|turtledemo|site-packages|config-[^/]*)(/|$)|\.a$")
#: What wheels for any glibc may link to: these are in every image that has a glibc and C++.
_RUNTIME = (
    *("libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1"),
    *("libresolv.so.2", "libnss_files.so.2", "libnss_dns.so.2"),
)
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\n",
    "etc/gshadow": "root:*::\n",
    "etc/pip.conf": "[global]\nno-index = true\nfind-links = /wheelhouse\n",
}


def wheelhouse(folder: Path) -> Path:
    """The locked wheels for this machine, in a folder.

    Raises:
        NoDaemon: they cannot be had.
    """
    build = folder / "build.lock"
    lock = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    found = re.search(r"^setuptools==(?:.*\\\n)*.*\n", lock, re.MULTILINE)
    assert found is not None
    build.write_text(found[0])
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--require-hashes"]
    command += ["--requirement", str(ROOT / "requirements.lock"), "--requirement", str(build), "--dest", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_S, check=False)  # noqa: S603 ours
    if done.returncode != 0:
        raise NoDaemon(f"the locked wheels cannot be had, so no image can be built: {done.stderr[-500:]}")
    build.unlink()
    return folder


def packed(wheels: Path) -> bytes:
    """The base image as a tar, to be imported."""
    archived = io.BytesIO()
    with tarfile.open(fileobj=archived, mode="w") as archive:
        for name, text in _FILES.items():
            _text(archive, name, text)
        for at, path in {**_python(), **_programs()}.items():
            archive.add(path.resolve(), arcname=at, recursive=False)
        for applet in _APPLETS:
            _link(archive, f"bin/{applet}", "/bin/busybox")
        _link(archive, "usr/local/bin/python", f"python3.{sys.version_info.minor}")
        for wheel in wheels.iterdir():
            archive.add(wheel, arcname=f"wheelhouse/{wheel.name}")
        _folder(archive, "tmp", 0o1777)
    return archived.getvalue()


def _python() -> dict[str, Path]:
    """This machine's Python, at /usr/local: its program, its library, its pip, and the libraries these link to."""
    version = f"python3.{sys.version_info.minor}"
    program, library = Path(sys.base_prefix, "bin", version), Path(sys.base_prefix, "lib", version)
    files = {f"usr/local/bin/{version}": program}
    inside = (path for path in library.rglob("*") if path.is_file())
    files |= {
        f"usr/local/lib/{version}/{name}": path for path in inside if _wanted(name := str(path.relative_to(library)))
    }
    pip = [path for path in (library / "site-packages").glob("pip*/**/*") if path.is_file()]
    files |= {f"usr/local/lib/{version}/{path.relative_to(library)}": path for path in pip}
    linked = [path for path in files.values() if path.suffix == ".so" or path == program]
    return files | {str(path).lstrip("/"): path for path in _libraries(linked)} | _runtime()


def _wanted(name: str) -> bool:
    return not _LEFT_OUT.search(name)


def _runtime() -> dict[str, Path]:
    """What wheels link to, and what names and certificates are looked up with."""
    found = (next(iter(Path("/usr/lib").glob(f"*/{name}")), None) for name in _RUNTIME)
    certificates = Path("/etc/ssl/certs/ca-certificates.crt")
    return {str(path).lstrip("/"): path for path in (*found, certificates) if path is not None and path.exists()}


def _programs() -> dict[str, Path]:
    programs = [Path(name) for name in _PROGRAMS]
    files = {str(path).lstrip("/"): path for path in (_BUSYBOX, *programs, *_libraries(programs))}
    optional = Path("/etc/login.defs")
    return files | ({"etc/login.defs": optional} if optional.exists() else {})


def _libraries(programs: Iterable[Path]) -> Iterator[Path]:
    """The shared libraries that programs link to, the loader among them."""
    ldd = shutil.which("ldd")
    assert ldd is not None
    done = subprocess.run([ldd, *map(str, programs)], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 this machine's own files
    yield from (Path(name) for name in sorted(set(re.findall(r"(/\S+\.so\S*) \(0x", done.stdout))))


def _text(archive: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(text.encode())
    entry.mode = 0o644
    archive.addfile(entry, io.BytesIO(text.encode()))


def _link(archive: tarfile.TarFile, name: str, to: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, to
    archive.addfile(entry)


def _folder(archive: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    archive.addfile(entry)
