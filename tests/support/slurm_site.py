"""A real Slurm in one private folder: own ports, own keys, nothing of the system is touched.

`python tests/support/slurm_site.py up FOLDER [--nodes 3] [--accounting] [--memory]
[--preemption]` starts it, prints `{"SLURM_CONF": …}` as soon as every node is idle, and leaves it
running; `… down FOLDER` ends it. Tests use the class, or the fixtures `slurm_site` and
`slurm_accounting_site`. Several sites can run side by side.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import zlib
from dataclasses import fields
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.slurm_accounting import missing_accounting_programs, start_accounting
from tests.support.slurm_conf import (
    CGROUP_CONF,
    CPUS_PER_NODE,
    MEMORY_PER_NODE_MB,
    Features,
    MemoryGuard,
    Place,
    cgroups_of,
    memory_guard,
    slurm_conf,
)
from tests.support.slurm_processes import (
    CLUSTER_NAME,
    STOP_LIMIT_S,
    SlurmUnavailable,
    born,
    clean_environment,
    daemon,
    end,
    end_job_processes,
    free_ports,
    is_zombie,
    must,
    poll,
    program,
    this_user,
)

__all__ = [
    "CLUSTER_NAME",
    "CPUS_PER_NODE",
    "MEMORY_PER_NODE_MB",
    "PREFIX",
    "Features",
    "SlurmSite",
    "SlurmUnavailable",
    "missing_accounting_programs",
    "missing_programs",
    "sweep",
]

PREFIX = "rsdat-slurm-"
START_LIMIT_S = 60
#: sockaddr_un holds 108 bytes; slurmstepd's socket adds up to 40 to its spool folder's path.
LONGEST_SOCKET_FOLDER = 60
PROGRAMS = {
    "munged": "munge",
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "sbatch": "slurm-client",
}
#: Who is needed by whom: ended from the left, what is not named here before all.
_ENDED_LAST = ("slurmctld", "slurmdbd", "mariadbd", "munged")


def missing_programs() -> str | None:
    """Why no Slurm can be started here; None if one can (without accounting)."""
    missing = sorted({p for name, p in PROGRAMS.items() if not program(name)})
    return f"not installed: {' '.join(missing)} (Debian packages)" if missing else None


class SlurmSite:
    """One private Slurm.

    Args:
        folder: Holds everything of it; made if absent. What an earlier site left there is ended.
        nodes: How many (emulated) nodes, each with 4 CPUs and 8000 MB.
        owner: If given, `sweep` may end the site as soon as the process with this id is gone.
        features: What it can do beside the least.
    """

    def __init__(
        self,
        folder: Path,
        *,
        nodes: int = 3,
        owner: int | None = None,
        features: Features | None = None,
    ) -> None:
        self.folder = Path(folder).resolve()
        self.nodes = nodes
        self.features = features or Features()
        #: How memory is enforced; None: not at all.
        self.memory_guard: MemoryGuard | None = memory_guard() if self.features.memory else None
        self.conf = self.folder / "slurm.conf"
        self._owner = owner

    def env(self) -> dict[str, str]:
        """The environment that makes Slurm's commands talk to this site: `SLURM_CONF`."""
        return {"SLURM_CONF": str(self.conf)}

    def command(
        self, *argv: str, timeout_s: float = 30, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run one of Slurm's commands against this site."""
        return subprocess.run(
            [program(argv[0]) or argv[0], *argv[1:]],
            env={**clean_environment(), **self.env(), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=check,
        )

    def start(self) -> None:
        """Start munge, the controller and the nodes; returns when every node is idle.

        Raises:
            SlurmUnavailable: Slurm is not installed, or does not come up; with its last words.
        """
        reason = missing_programs()
        if self.features.accounting:
            reason = reason or missing_accounting_programs()
        if reason:
            raise SlurmUnavailable(reason)
        # Somebody else may take a port between our look and our use: up to three times.
        problems = []
        while len(problems) < 3:
            self.stop()
            problem = self._try_to_start()
            if problem is None:
                return
            problems.append(problem)
        self.stop()
        raise SlurmUnavailable(f"Slurm does not start here: {problems[-1]}")

    def stop(self) -> None:
        """End all jobs and daemons of this folder; fine if there are none."""
        if not self.folder.is_dir():
            return
        if self._pid("slurmctld") is not None:
            self.thaw_controller()
            self._end_jobs()
        daemons = [path.stem for path in sorted((self.folder / "pid").glob("*.pid"))]
        order = {name: number for number, name in enumerate(_ENDED_LAST)}
        for name in sorted(daemons, key=lambda name: order.get(name, -1)):
            self._end_daemon(name)
        end_job_processes(self.conf)
        for node in _about(self.folder).get("cgroups", ()):
            for group in cgroups_of(node):
                with contextlib.suppress(OSError):  # somebody lives in it still
                    group.rmdir()
        run = self._run_folder()
        if run is not None and run.is_dir():
            shutil.rmtree(run, ignore_errors=True)

    def wait_idle(self, timeout_s: float = START_LIMIT_S) -> None:
        """Wait until every node is up with nothing running on it.

        Raises:
            SlurmUnavailable: Not within the limit.
        """

        def idle() -> bool:
            try:
                seen = self.command("sinfo", "-h", "-N", "-p", "main", "-o", "%T", timeout_s=5)
            except subprocess.SubprocessError:
                return False
            states = seen.stdout.split()
            return len(states) == self.nodes and set(states) == {"idle"}

        if not poll(idle, timeout_s):
            raise SlurmUnavailable(f"the nodes are not idle after {timeout_s:g} s")

    def freeze_controller(self) -> None:
        """Let commands hang as with an overloaded slurmctld: SIGSTOP."""
        os.kill(self._controller(), signal.SIGSTOP)

    def thaw_controller(self) -> None:
        """End `freeze_controller`; harmless otherwise."""
        pid = self._pid("slurmctld")
        if pid is not None:
            os.kill(pid, signal.SIGCONT)

    def stop_controller(self) -> None:
        """End slurmctld; jobs go on, its state stays on disk."""
        self.thaw_controller()
        self._end_daemon("slurmctld")

    def start_controller(self, *, wait: bool = True) -> None:
        """Start slurmctld, with its old state if there is one."""
        daemon([must("slurmctld"), "-f", str(self.conf)], self._boot_log)
        if wait and not poll(self._controller_answers, START_LIMIT_S):
            raise SlurmUnavailable("slurmctld does not answer")

    def node_names(self) -> list[str]:
        """Its nodes: `n1`, `n2`, …; with cgroups of a name that no other site has."""
        prefix = "n"
        if self.memory_guard == "cgroup":
            # The kernel's groups are named by node and job, and all sites share them.
            prefix = f"n{zlib.crc32(str(self.folder).encode()):08x}x"
        return [f"{prefix}{number}" for number in range(1, self.nodes + 1)]

    def manage(self, *order: str) -> None:
        """An order to the accounting, as `modify user x set …`; returns when slurmctld knows.

        slurmdbd tells slurmctld by itself, within a moment.
        """
        self.command("sacctmgr", "-i", *order)

    def kill_node(self, node: str) -> None:
        """End a node's slurmd with SIGKILL: Slurm calls it down after its SlurmdTimeout, 20 s."""
        pid = self._pid(f"slurmd-{node}")
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def start_node(self, node: str) -> None:
        """Start a node's slurmd (again)."""
        daemon([must("slurmd"), "-f", str(self.conf), "-N", node], self._boot_log)

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _boot_log(self) -> Path:
        return self.folder / "log" / "boot.log"

    def _controller_answers(self) -> bool:
        try:
            return self.command("scontrol", "ping", timeout_s=5, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def _try_to_start(self) -> str | None:
        """Why it did not start; None if it did."""
        try:
            self._prepare()
            self._start_munge()
            self._start_accounting()
            self.start_controller(wait=False)
            for node in self.node_names():
                self.start_node(node)
            self.wait_idle()
        except (SlurmUnavailable, subprocess.SubprocessError, OSError) as error:
            return f"{error}\n{self._last_log_lines()}"
        return None

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("state", "pid", "log"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir(mode=0o700)
        run = self.folder / "run"
        if len(str(run)) > LONGEST_SOCKET_FOLDER:
            run = Path(tempfile.mkdtemp(prefix="rsdat-s-", dir="/tmp"))
        shutil.rmtree(run, ignore_errors=True)
        run.mkdir(mode=0o700)
        ports = free_ports(self.nodes + 3)
        names = self.node_names()
        for name in names:
            (run / name).mkdir()
        place = Place(
            cluster=CLUSTER_NAME,
            user=this_user(),
            host=socket.gethostname().split(".")[0],
            folder=self.folder,
            run=run,
            port=ports[0],
            accounting_port=ports[1],
            nodes=list(zip(names, ports[3:], strict=True)),
        )
        self._accounting_ports = ports[1], ports[2]
        self.conf.write_text(slurm_conf(place, self.features))
        guarded = self.memory_guard == "cgroup"
        if guarded:
            (self.folder / "cgroup.conf").write_text(CGROUP_CONF)
        about = {
            "run": str(run),
            "owner": self._owner and [self._owner, born(self._owner)],
            "cgroups": names if guarded else [],
        }
        (self.folder / "site.json").write_text(json.dumps(about))

    def _run_folder(self) -> Path | None:
        run = _about(self.folder).get("run")
        return Path(run) if run else None

    def _start_munge(self) -> None:
        run = self._run_folder()
        assert run is not None
        key = run / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        # --force: munge dislikes group-writable parents such as /tmp, which we can't change.
        options = {
            "key-file": key,
            "socket": run / "munge.sock",
            "seed-file": run / "munge.seed",
            "pid-file": self.folder / "pid" / "munged.pid",
            "log-file": self.folder / "log" / "munged.log",
        }
        argv = [must("munged"), "--force", *(f"--{k}={v}" for k, v in options.items())]
        daemon(argv, self._boot_log)
        if not poll((run / "munge.sock").is_socket, 10):
            raise SlurmUnavailable("munged made no socket")

    def _start_accounting(self) -> None:
        if self.features.accounting:
            run = self._run_folder()
            assert run is not None
            port, dbport = self._accounting_ports
            start_accounting(self.folder, run, cluster=CLUSTER_NAME, port=port, dbport=dbport)

    def _end_jobs(self) -> None:
        try:
            self.command("scancel", f"--user={this_user()}", timeout_s=15, check=False)
            poll(lambda: not self._unfinished(), STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            return  # a broken controller; its jobs' processes are ended below

    def _unfinished(self) -> str:
        return self.command("squeue", "-h", timeout_s=15, check=False).stdout

    def _pid(self, name: str) -> int | None:
        """The id of a daemon of this folder that runs; a reused id is not taken for it."""
        try:
            pid = int((self.folder / "pid" / f"{name}.pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except (OSError, ValueError):
            return None
        return pid if str(self.folder) in command and not is_zombie(pid) else None

    def _controller(self) -> int:
        pid = self._pid("slurmctld")
        if pid is None:
            raise SlurmUnavailable("slurmctld does not run")
        return pid

    def _end_daemon(self, name: str) -> None:
        pid = self._pid(name)
        if pid is not None:
            end(pid)
        (self.folder / "pid" / f"{name}.pid").unlink(missing_ok=True)

    def _last_log_lines(self) -> str:
        lines = []
        for path in sorted((self.folder / "log").glob("*.log")):
            text = path.read_text(errors="replace").strip()
            if text:
                lines.append(f"{path.name}: " + " / ".join(text.splitlines()[-4:]))
        return "\n".join(lines)


def sweep() -> None:
    """End sites whose test run died without ending them, and remove their folders."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = _about(folder).get("owner")
        if owner and born(owner[0]) != owner[1]:
            SlurmSite(folder).stop()
            shutil.rmtree(folder, ignore_errors=True)


def _about(folder: Path) -> dict[str, Any]:
    """What a site wrote down of itself; empty where it did not come that far."""
    try:
        return dict(json.loads((folder / "site.json").read_text()))
    except (OSError, ValueError):
        return {}


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["up", "down"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nodes", type=int, default=3)
    for field in fields(Features):
        parser.add_argument(f"--{field.name}", action="store_true")
    options = parser.parse_args()
    features = Features(**{field.name: getattr(options, field.name) for field in fields(Features)})
    site = SlurmSite(options.folder, nodes=options.nodes, features=features)
    if options.action == "down":
        site.stop()
        return 0
    try:
        site.start()
    except SlurmUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(site.env()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
