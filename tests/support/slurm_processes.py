"""Processes, ports and waiting for the private Slurm. Nothing of one site in particular."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

CLUSTER_NAME = "rsdat-test"
STOP_LIMIT_S = 20
# Daemons live in sbin, which is not on every user's PATH.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


class SlurmUnavailable(Exception):
    """This machine can't run it; the text says why."""


def this_user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def program(name: str) -> str | None:
    return shutil.which(name, path=SEARCH_PATH)


def must(name: str) -> str:
    path = program(name)
    if path is None:
        raise SlurmUnavailable(f"'{name}' is not installed")
    return path


def clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "SBATCH", "SQUEUE"))}


def daemon(argv: list[str], log: Path, more: Mapping[str, str] | None = None) -> None:
    """Start a program that detaches itself; what it says until then goes to `log`.

    Args:
        argv: Program and arguments.
        log: Is appended to.
        more: Environment beside ours.
    """
    with log.open("ab") as out:
        done = subprocess.run(
            argv,
            env={**clean_environment(), **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            timeout=30,
            check=False,
        )
    if done.returncode:
        raise SlurmUnavailable(f"{Path(argv[0]).name} ended with exit code {done.returncode}")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, below the range from which outgoing connections are made."""
    found: list[int] = []
    for _try in range(1000):
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
        if len(found) == count:
            return found
    raise SlurmUnavailable("no free ports")


def poll(condition: Callable[[], bool], timeout_s: float) -> bool:
    until = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the program's name: state first, start time at 19."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def born(pid: int) -> str | None:
    """When a process was started, in clock ticks: with its id, its identity. None: not there."""
    fields = _stat(pid)
    return fields[19] if fields and fields[0] not in "ZX" else None


def is_zombie(pid: int) -> bool:
    fields = _stat(pid)
    return fields is None or fields[0] in "ZX"


def end(pid: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            return
        if poll(lambda: is_zombie(pid), STOP_LIMIT_S / 2):
            return


def job_processes(conf: Path) -> Iterator[int]:
    """What is left of jobs of this site when its controller could not end them."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if f"SLURM_CONF={conf}".encode() not in environment:
            continue
        in_job = f"SLURM_CLUSTER_NAME={CLUSTER_NAME}".encode() in environment
        if in_job or command.startswith(b"slurmstepd:"):
            yield int(folder.name)


def end_job_processes(conf: Path) -> None:
    """End them, also what one of them starts while it is looked for."""

    def none_left() -> bool:
        left = list(job_processes(conf))
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left

    poll(none_left, STOP_LIMIT_S / 2)
