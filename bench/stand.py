"""What the measurements stand on: a private Slurm, the dCache stand-in, a Jupyter server."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

REPOSITORY = Path(__file__).resolve().parents[1]
if str(REPOSITORY) not in sys.path:
    sys.path.insert(0, str(REPOSITORY))

from tests.support.door import Door, door  # noqa: E402
from tests.support.slurm_site import SlurmSite, missing_programs  # noqa: E402

VENV_BIN = Path(sys.executable).parent
START_S = 60.0
STOP_S = 20.0
CALL_S = 60.0
T = TypeVar("T")


class CannotMeasureError(Exception):
    """This machine lacks something; the text says what."""


@dataclass(frozen=True)
class Jupyter:
    """A running Jupyter server with the companion."""

    process: subprocess.Popen[bytes]
    url: str
    token: str

    def ask(self, method: str, path: str, value: Any = None) -> Any:
        """The JSON answer of a route below `rsdat/`; urllib's HTTPError if it refuses."""
        request = urllib.request.Request(
            f"{self.url}rsdat/{path}",
            method=method,
            data=None if value is None else json.dumps(value).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=CALL_S) as answer:
            return json.loads(answer.read() or b"null")


@dataclass(frozen=True)
class Stand:
    """One folder, thrown away at the end, with an `RSDAT_HOME` in it."""

    folder: Path

    @property
    def home(self) -> Path:
        """`$RSDAT_HOME`."""
        return self.folder / "home"

    @contextlib.contextmanager
    def slurm(self) -> Iterator[SlurmSite]:
        """A real Slurm of its own, which this process's commands talk to.

        Raises:
            CannotMeasureError: Slurm is not installed.
        """
        missing = missing_programs()
        if missing:
            raise CannotMeasureError(missing)
        site = SlurmSite(self.folder / "slurm", owner=os.getpid())
        site.start()
        os.environ.update(site.env())
        os.environ["RSDAT_QUEUE"] = "slurm"
        try:
            yield site
        finally:
            site.stop()

    @contextlib.contextmanager
    def door(self, *arguments: str) -> Iterator[Door]:
        """The dCache stand-in with these arguments more, as the endpoint `bench`."""
        with door(self.folder, stage_delay_s=1, arguments=arguments) as dcache:
            dcache.write_endpoint(self.home, name="bench")
            yield dcache

    @contextlib.contextmanager
    def jupyter(
        self, *, modules: Path | None = None, extension: str | None = None
    ) -> Iterator[Jupyter]:
        """JupyterLab as users start it. Clusters that are left are shut down at the end.

        Args:
            modules: A folder of modules that it can import besides.
            extension: One of them, which it loads as a server extension.
        """
        runtime = self.folder / "jupyter-runtime"
        token = secrets.token_hex(16)
        env = os.environ | {
            "JUPYTER_TOKEN": token,
            "JUPYTER_CONFIG_DIR": str(self.folder / "jupyter-config"),
            "JUPYTER_RUNTIME_DIR": str(runtime),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.folder / "workspaces"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"),
        }
        argv = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
        if modules is not None:
            env["PYTHONPATH"] = str(modules)
        if extension is not None:
            argv.append(f"--ServerApp.jpserver_extensions={extension}=True")
        argv += ["--ip=127.0.0.1", "--ServerApp.port=0", f"--ServerApp.root_dir={self.folder}"]
        with (self.folder / "jupyter.log").open("ab") as log:
            process = subprocess.Popen(argv, env=env, stdout=log, stderr=log)
        try:
            facts = until(lambda: _facts(runtime / f"jpserver-{process.pid}.json"), START_S)
            server = Jupyter(process, facts["url"], token)
            until(lambda: _answers(server), START_S)
            yield server
            shut_down_all(server)
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def stand() -> Iterator[Stand]:
    """A folder of its own; `RSDAT_HOME` and `PATH` of this process point to what is measured."""
    folder = Path(tempfile.mkdtemp(prefix="rsdat-bench-"))
    before = dict(os.environ)
    made = Stand(folder)
    made.home.mkdir(mode=0o700)
    os.environ["RSDAT_HOME"] = str(made.home)
    os.environ["PATH"] = f"{VENV_BIN}{os.pathsep}{os.environ['PATH']}"
    try:
        yield made
    finally:
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


def shut_down(server: Jupyter, cluster_id: str) -> None:
    """End a cluster and wait until nothing of it is left."""
    server.ask("DELETE", f"api/clusters/{cluster_id}")
    until(lambda: server.ask("GET", f"api/clusters/{cluster_id}")["state"] == "stopped", CALL_S)


def shut_down_all(server: Jupyter) -> None:
    """End every cluster that is left."""
    for cluster in server.ask("GET", "api/clusters")["clusters"]:
        shut_down(server, cluster["id"])


def until(condition: Callable[[], T], limit_s: float, every_s: float = 0.05) -> T:
    """Look until a condition gives something true, and return that.

    Raises:
        TimeoutError: It did not within the limit.
    """
    deadline = time.monotonic() + limit_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {limit_s:g} s")
        time.sleep(every_s)
    return value


def _facts(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        return None


def _answers(server: Jupyter) -> bool:
    with contextlib.suppress(OSError):
        return bool(server.ask("GET", "api/info"))
    return False
