"""A real Slurm in one private folder: own ports, own keys, nothing of the system is touched.

`python tests/support/slurm_site.py up FOLDER [--nodes 3]` starts it, prints `{"SLURM_CONF": …}`
as soon as every node is idle, and leaves it running; `… down FOLDER` ends it. Tests use the
class, or the fixture `slurm_site`. Several sites can run side by side.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

CLUSTER_NAME = "rsdat-test"
PREFIX = "rsdat-slurm-"
CPUS_PER_NODE = 4
MEMORY_PER_NODE_MB = 8000
START_LIMIT_S = 60
STOP_LIMIT_S = 20
#: sockaddr_un holds 108 bytes; slurmstepd's socket adds up to 40 to its spool folder's path.
LONGEST_SOCKET_FOLDER = 60
PROGRAMS = {
    "munged": "munge",
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "sbatch": "slurm-client",
}
# Daemons live in sbin, which is not on every user's PATH.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])

CONF = """\
ClusterName={cluster}
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={run}/munge.sock
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/pid/slurmctld.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdSpoolDir={run}/%n
SlurmdPidFile={folder}/pid/slurmd-%n.pid
SlurmdLogFile={folder}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
PropagateResourceLimits=NONE
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=1,sched_interval=1
ReturnToService=2
MinJobAge=300
KillWait=5
SlurmdTimeout=20
MaxArraySize=2001
DefMemPerCPU=1000
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=2-00:00:00 DefaultTime=01:00:00 State=UP
PartitionName=short Nodes=ALL MaxTime=01:00:00 State=UP
"""


class SlurmUnavailable(Exception):
    """This machine can't run it; the text says why."""


def missing_programs() -> str | None:
    """Why no Slurm can be started here; None if one can."""
    missing = sorted({p for name, p in PROGRAMS.items() if not _program(name)})
    return f"not installed: {' '.join(missing)} (Debian packages)" if missing else None


class SlurmSite:
    """One private Slurm.

    Args:
        folder: Holds everything of it; made if absent. What an earlier site left there is ended.
        nodes: How many (emulated) nodes, each with 4 CPUs and 8000 MB.
        owner: If given, `sweep` may end the site as soon as the process with this id is gone.
    """

    def __init__(self, folder: Path, *, nodes: int = 3, owner: int | None = None) -> None:
        self.folder = Path(folder).resolve()
        self.nodes = nodes
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
            [_program(argv[0]) or argv[0], *argv[1:]],
            env={**_clean_environment(), **self.env(), "LC_ALL": "C"},
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
        for name in sorted(daemons, key=lambda name: name == "munged"):  # munge is needed longest
            self._end_daemon(name)
        for pid in list(_job_processes(self.conf)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
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

        if not _poll(idle, timeout_s):
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
        _daemon([_must("slurmctld"), "-f", str(self.conf)], self._boot_log)
        if wait and not _poll(self._controller_answers, START_LIMIT_S):
            raise SlurmUnavailable("slurmctld does not answer")

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _boot_log(self) -> Path:
        return self.folder / "log" / "boot.log"

    def _node_names(self) -> list[str]:
        return [f"n{number}" for number in range(1, self.nodes + 1)]

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
            self.start_controller(wait=False)
            for node in self._node_names():
                _daemon([_must("slurmd"), "-f", str(self.conf), "-N", node], self._boot_log)
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
        ports = _free_ports(self.nodes + 1)
        host = socket.gethostname().split(".")[0]
        nodes = []
        for name, port in zip(self._node_names(), ports[1:], strict=True):
            (run / name).mkdir()
            nodes.append(
                f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
                f"CPUs={CPUS_PER_NODE} RealMemory={MEMORY_PER_NODE_MB} State=UNKNOWN"
            )
        self.conf.write_text(
            CONF.format(
                cluster=CLUSTER_NAME,
                host=host,
                user=_user(),
                folder=self.folder,
                run=run,
                ctld_port=ports[0],
                nodes="\n".join(nodes),
            )
        )
        about = {"run": str(run), "owner": self._owner and [self._owner, _born(self._owner)]}
        (self.folder / "site.json").write_text(json.dumps(about))

    def _run_folder(self) -> Path | None:
        about = _about(self.folder)
        return Path(about["run"]) if about else None

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
        argv = [_must("munged"), "--force", *(f"--{k}={v}" for k, v in options.items())]
        _daemon(argv, self._boot_log)
        if not _poll((run / "munge.sock").is_socket, 10):
            raise SlurmUnavailable("munged made no socket")

    def _end_jobs(self) -> None:
        try:
            self.command("scancel", f"--user={_user()}", timeout_s=15, check=False)
            _poll(lambda: not self._unfinished(), STOP_LIMIT_S)
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
        return pid if str(self.folder) in command and not _is_zombie(pid) else None

    def _controller(self) -> int:
        pid = self._pid("slurmctld")
        if pid is None:
            raise SlurmUnavailable("slurmctld does not run")
        return pid

    def _end_daemon(self, name: str) -> None:
        pid = self._pid(name)
        if pid is not None:
            _end(pid)
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
        about = _about(folder)
        owner = about.get("owner") if about else None
        if owner and _born(owner[0]) != owner[1]:
            SlurmSite(folder).stop()
            shutil.rmtree(folder, ignore_errors=True)


def _about(folder: Path) -> dict[str, object] | None:
    try:
        return dict(json.loads((folder / "site.json").read_text()))
    except (OSError, ValueError):
        return None


def _user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def _program(name: str) -> str | None:
    return shutil.which(name, path=SEARCH_PATH)


def _must(name: str) -> str:
    path = _program(name)
    if path is None:
        raise SlurmUnavailable(f"'{name}' is not installed")
    return path


def _clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "SBATCH", "SQUEUE"))}


def _daemon(argv: list[str], log: Path) -> None:
    """Start a program that detaches itself; what it says until then goes to `log`."""
    with log.open("ab") as out:
        done = subprocess.run(
            argv,
            env=_clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            timeout=30,
            check=False,
        )
    if done.returncode:
        raise SlurmUnavailable(f"{Path(argv[0]).name} ended with exit code {done.returncode}")


def _free_ports(count: int) -> list[int]:
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


def _poll(condition: Callable[[], bool], timeout_s: float) -> bool:
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


def _born(pid: int) -> str | None:
    """When a process was started, in clock ticks: with its id, its identity. None: not there."""
    fields = _stat(pid)
    return fields[19] if fields and fields[0] not in "ZX" else None


def _is_zombie(pid: int) -> bool:
    fields = _stat(pid)
    return fields is None or fields[0] in "ZX"


def _end(pid: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            return
        if _poll(lambda: _is_zombie(pid), STOP_LIMIT_S / 2):
            return


def _job_processes(conf: Path) -> Iterator[int]:
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


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["up", "down"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nodes", type=int, default=3)
    options = parser.parse_args()
    site = SlurmSite(options.folder, nodes=options.nodes)
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
