"""What `npm run release` builds, and an environment in which nothing but the wheel is installed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
BUILD_S = 1200
INSTALL_S = 400
COMMAND_S = 120


@dataclass(frozen=True)
class Release:
    """The files of a release."""

    folder: Path

    @property
    def wheel(self) -> Path:
        return self._only("*.whl")

    @property
    def sdist(self) -> Path:
        return self._only("*.tar.gz")

    @property
    def npm(self) -> Path:
        return self._only("*.tgz")

    def _only(self, pattern: str) -> Path:
        [file] = self.folder.glob(pattern)
        return file


@dataclass(frozen=True)
class Installed:
    """A Python environment, and the environment variables of who uses it: no Node on the PATH."""

    bin: Path
    env: dict[str, str]

    def run(self, *argv: str) -> str:
        """What a command of this environment prints, both streams."""
        done = subprocess.run(
            [self.bin / argv[0], *argv[1:]],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def build(folder: Path) -> None:
    """As `npm run release` does, from the checkout as it is."""
    done = subprocess.run(
        ["node", "scripts/release.mjs", "--as-is", "--unchecked", "--out", folder],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The files in $RSDAT_DIST, which `npm run release` sets, or else built here."""
    given = os.environ.get("RSDAT_DIST")
    if given:
        return Release(Path(given))
    if not (REPOSITORY / ".git").exists():
        pytest.skip("a release is made from a checkout of git, and this is none")
    # Of all processes of pytest-xdist one builds, and the others wait for it.
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "release"
    with (shared / "release.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "SHA256SUMS").exists():
            build(folder)
    return Release(folder)


@pytest.fixture(scope="session")
def installed(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel and JupyterLab in a new environment, and nothing else that we know of."""
    folder = tmp_path_factory.mktemp("installed")
    place = folder / "venv"
    uv = shutil.which("uv", path=os.fspath(Path(sys.executable).parent)) or "uv"
    constraints = REPOSITORY / "scripts" / "constraints.txt"
    for argv in (
        [sys.executable, "-m", "venv", "--without-pip", place],
        [
            *(uv, "pip", "install", "-q", "--python", place / "bin" / "python"),
            *("-c", constraints, release.wheel, "jupyterlab"),
        ],
    ):
        subprocess.run(argv, check=True, timeout=INSTALL_S, cwd=folder)
    home = folder / "home"
    home.mkdir()
    env = {
        "PATH": os.fspath(place / "bin"),
        "HOME": os.fspath(home),
        "RSDAT_HOME": os.fspath(home / "rsdat"),
        "LANG": "C.UTF-8",
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    assert shutil.which("node", path=env["PATH"]) is None
    return Installed(place / "bin", env)
