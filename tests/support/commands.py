"""Commands of Slurm that can be made to wait, or to lie: wrappers in a folder on the PATH."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

_WRAPPER = """\
#!{python} -IS
import os, subprocess, sys, time
here, real = {here!r}, {real!r}
submits = "--version" not in sys.argv and "--test-only" not in sys.argv
def mode():
    try:
        return open(here + ".mode").read()
    except OSError:
        return ""
def note(what):
    with open(here + ".notes", "a") as notes:
        notes.write(what + "\\n")
def wait():
    while mode() == wanted:
        time.sleep(0.02)
wanted = mode() if submits else ""
if submits:
    note("called")
if wanted.startswith("sleep "):
    time.sleep(float(wanted.split()[1]))
if wanted == "before":
    note("before")
    wait()
if wanted != "after":
    os.execv(real, [real, *sys.argv[1:]])
done = subprocess.run([real, *sys.argv[1:]], capture_output=True)
note("after")
wait()
sys.stdout.buffer.write(done.stdout)
sys.stderr.buffer.write(done.stderr)
sys.exit(done.returncode)
"""


class SlowCommand:
    """One wrapped command, by default the one that submits.

    Args:
        folder: Is to stand first on the PATH.
    """

    def __init__(self, folder: Path, name: str = "sbatch") -> None:
        real = shutil.which(name)
        assert real is not None
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self._file = folder / name
        self._file.write_text(
            _WRAPPER.format(python=sys.executable, here=str(self._file), real=real)
        )
        self._file.chmod(0o700)

    def path(self) -> str:
        """What PATH is to be."""
        return f"{self.folder}{os.pathsep}{os.environ['PATH']}"

    def set(self, mode: str = "") -> None:
        """How it behaves from now on; those that wait go on with another mode.

        `before`: it waits and does nothing; `after`: it does its work and waits before it says so;
        `sleep 30`: it starts late; nothing: it behaves as ever.
        """
        beside = self._file.with_suffix(".new")
        beside.write_text(mode)
        beside.replace(self._file.with_suffix(".mode"))

    def notes(self) -> list[str]:
        """`called` for each call that submits, and `before` or `after` for those that wait."""
        try:
            return self._file.with_suffix(".notes").read_text().split()
        except FileNotFoundError:
            return []

    def wait_for(self, note: str, times: int = 1, limit_s: float = 60) -> None:
        """Wait until something was noted so often."""
        deadline = time.monotonic() + limit_s
        while self.notes().count(note) < times:
            assert time.monotonic() < deadline, self.notes()
            time.sleep(0.02)
