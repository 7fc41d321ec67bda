"""`rsdat demo`: a dCache stand-in with sample data, and JupyterLab that knows it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rsdat.base.errors import Conflict, RsdatError
from rsdat.base.files import PRIVATE_FILE, private_folder
from rsdat.base.limit import within
from rsdat.demo.children import Records, ensure_door
from rsdat.demo.folder import DemoFolder

DEFAULT_FOLDER = ".rsdat-demo"
# Signals that ask Lab to end, and how it is asked.
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CLUSTERS_END_S = 30.0
_LOOK_AGAIN_S = 1.0


def main(args: argparse.Namespace) -> int:
    """Run the demo until Lab ends; returns Lab's exit status.

    At a normal end the demo's own clusters on this computer are shut down, and the stand-in
    with them. If Lab is killed both go on, and the next start finds them again.

    Args:
        args: `port` (int or None), `no_browser`, `home` (Path or None, the demo's folder).

    Raises:
        Conflict: A demo runs in this folder already.
        DoorBroken: The stand-in did not start.
    """
    folder = DemoFolder((args.home or Path(DEFAULT_FOLDER)).expanduser().absolute())
    private_folder(folder.path)
    with _alone(folder):
        records = Records(folder.processes_file)
        # Of a start that was killed; its door may have clusters that read from it.
        records.end("lab")
        if not records.lives("door"):
            folder.prepare()
        addresses = ensure_door(folder, records)
        folder.write_endpoint(addresses["api_url"], addresses["webdav_url"])
        status = _run_lab(folder, records, port=args.port, browser=not args.no_browser)
        if status >= 0:
            _say_goodbye(folder)
            records.end("door")
            return status
        sys.stderr.write(
            f"rsdat: JupyterLab was killed (signal {-status}). Clusters and the dCache stand-in go "
            "on; start the demo again to come back to them.\n"
        )
        return 128 - status


@contextlib.contextmanager
def _alone(folder: DemoFolder) -> Iterator[None]:
    """Holds the folder's lock, which the system lets go however we end."""
    descriptor = os.open(folder.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _runs_already(folder) from error
        yield
    finally:
        os.close(descriptor)


def _runs_already(folder: DemoFolder) -> Conflict:
    """Says where the demo that runs in a folder is found.

    Not with its token: Jupyter leaves a page in the demo's private folder that logs in.
    """
    pid = Records(folder.processes_file).pid("lab")
    runtime = folder.jupyter / "runtime"
    page = runtime / f"jpserver-{pid}-open.html"
    try:
        # As Jupyter writes them, once it listens (jupyter_server, serverapp.py).
        record = json.loads((runtime / f"jpserver-{pid}.json").read_text(encoding="utf-8"))
        found = f", at {record['url']}"
        hint = f"Open file://{page} in a browser on this computer"
    except (OSError, ValueError, KeyError):
        found = ""
        hint = "It is starting: look for its address in the other terminal"
    return Conflict(
        f"a demo runs in {folder.path} already{found}",
        hint=f"{hint}, or choose another folder with --home.",
        code="demo_runs",
    )


def lab_environment(folder: DemoFolder) -> dict[str, str]:
    """The environment for Lab: everything that it keeps goes into the demo's folder."""
    # An outer Jupyter's: a kernel with its parent's id would end with that.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("JPY_")}
    # Not resolved: the environment's own programs lie beside its link to Python.
    programs = os.fspath(Path(sys.executable).parent)
    return {
        **inherited,
        "PATH": os.pathsep.join([programs, inherited.get("PATH", os.defpath)]),
        "RSDAT_HOME": os.fspath(folder.home),
        "JUPYTER_CONFIG_DIR": os.fspath(folder.jupyter / "config"),
        "JUPYTER_DATA_DIR": os.fspath(folder.jupyter / "data"),
        "JUPYTER_RUNTIME_DIR": os.fspath(folder.jupyter / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": os.fspath(folder.jupyter / "config" / "lab" / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": os.fspath(folder.jupyter / "workspaces"),
        "IPYTHONDIR": os.fspath(folder.jupyter / "ipython"),
    }


def lab_command(folder: DemoFolder, *, port: int | None, browser: bool) -> list[str]:
    """The command line for Lab, on loopback, with a random token as Jupyter makes it."""
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder.work}",
        # Ctrl-C ends the demo; nobody is there to answer when npm or a service has started it.
        "--JupyterApp.answer_yes=True",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    if os.geteuid() == 0:
        command.append("--allow-root")
    if not browser:
        command.append("--no-browser")
    if port is not None:
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    return command


def _run_lab(folder: DemoFolder, records: Records, *, port: int | None, browser: bool) -> int:
    """Run Lab in the foreground; returns its exit status, negative if a signal killed it."""
    child: subprocess.Popen[bytes] | None = None
    wanted_end = False

    def forward(_number: int, _frame: object) -> None:
        nonlocal wanted_end
        wanted_end = True
        if child is not None and child.poll() is None:
            # Lab asks back on SIGINT, whatever the terminal; SIGTERM means the same, asked once.
            child.terminate()

    before = {
        number: signal.signal(number, forward)
        for number in _FORWARDED
        # Started with nohup: it shall outlive its terminal.
        if (number, signal.getsignal(number)) != (signal.SIGHUP, signal.SIG_IGN)
    }
    try:
        # A session of its own, or Ctrl-C would reach it twice: from the terminal and from us.
        child = subprocess.Popen(
            lab_command(folder, port=port, browser=browser),
            env=lab_environment(folder),
            cwd=folder.work,
            start_new_session=True,
        )
        records.put("lab", child.pid)
        if wanted_end:
            child.terminate()
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0 if wanted_end and status == -signal.SIGTERM else status


def _say_goodbye(folder: DemoFolder) -> None:
    """Shut down the clusters of this computer's own queue; name those that live on elsewhere."""
    try:
        left = asyncio.run(_end_clusters(folder.home))
    except RsdatError as error:
        sys.stderr.write(f"rsdat: clusters may still run: {error.message}\n")
        return
    if left:
        sys.stderr.write(
            f"rsdat: still running: {', '.join(left)}. Start the demo again to use them or to "
            "shut them down.\n"
        )


async def _end_clusters(home: Path) -> list[str]:
    """Shut down what the local queue runs; returns the names of clusters that are still up."""
    if not any((home / "clusters").glob("*/cluster.json")):
        return []
    # Imported here: Dask takes seconds, and Lab is to open first.
    from rsdat.clusters.open import open_clusters

    changed = asyncio.Event()
    opened = await open_clusters(home, lambda _: changed.set())
    try:
        clusters = (await opened.manager.list())["clusters"]
        if opened.queue.kind == "local":
            for cluster in clusters:
                await opened.manager.shutdown(cluster["id"])
            limit = time.monotonic() + _CLUSTERS_END_S
            while clusters and time.monotonic() < limit:
                changed.clear()
                with contextlib.suppress(asyncio.TimeoutError):
                    await within(_LOOK_AGAIN_S, changed.wait())
                clusters = (await opened.manager.list())["clusters"]
        return [each["name"] for each in clusters if each["state"] != "failed"]
    finally:
        await opened.manager.stop()
