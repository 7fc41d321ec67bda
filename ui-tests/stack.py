"""Everything the browser tests need, started together: Slurm, the dCache door, Lab, a JupyterHub.

Runs until SIGTERM and then ends all it started. A Lab server that is killed is started again on
its port, as a supervisor (systemd, JupyterHub) would: the kill test relies on it. What the tests
must know stands in the file named by --state.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
sys.path.insert(0, str(REPOSITORY))

from rsdat.demo.folder import DemoFolder  # noqa: E402
from tests.support.door import Door, door  # noqa: E402
from tests.support.slurm_site import SlurmSite, missing_programs, sweep  # noqa: E402

VENV_BIN = Path(sys.executable).parent
MANY = 50_000
OWNER_LOOK_S = 2.0


class Server:
    """One server that is started again whenever it dies before `stop`."""

    def __init__(self, name: str, argv: list[str], env: dict[str, str], log: Path) -> None:
        self._argv, self._env, self._log = argv, env, log
        self._stopping = threading.Event()
        self.name = name
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._argv,
                env=self._env,
                # Extensions write beside them where they are started, as collaboration its store.
                cwd=self._log.parent,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def watch(self, changed: threading.Event) -> None:
        """Start it again when it died; returns after `stop`."""
        while True:
            self.process.wait()
            if self._stopping.is_set():
                return
            self.process = self._start()
            changed.set()

    def stop(self) -> None:
        """End it: politely, then for good."""
        self._stopping.set()
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def fill(dcache: Door) -> None:
    """Folders that only the tests need: one with very many files, one with a file on tape."""
    many = dcache.root / "many"
    many.mkdir()
    for number in range(MANY):
        (many / f"file-{number:05}.dat").touch()
    tape = dcache.root / "tape"
    tape.mkdir()
    (tape / "old.txt").write_text("from tape\n")
    dcache.set_file("/tape/old.txt", locality="NEARLINE")


def main() -> None:
    """Start all, write the state file, wait for SIGTERM, end all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--hub-port", type=int, help="without it, no hub")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--owner", type=int, required=True, help="ends with this process")
    arguments = parser.parse_args()

    stop = threading.Event()
    changed = threading.Event()

    def on_signal(*_: object) -> None:
        stop.set()
        changed.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)

    with contextlib.ExitStack() as everything:
        start(arguments, everything, stop, changed)


def start(
    arguments: argparse.Namespace,
    everything: contextlib.ExitStack,
    stop: threading.Event,
    changed: threading.Event,
) -> None:
    """Start one after the other; `everything` ends what was started, also after a failure."""
    folder = Path(tempfile.mkdtemp(prefix="rsdat-ui-"))
    if not os.environ.get("RSDAT_UI_KEEP"):
        everything.callback(shutil.rmtree, folder, ignore_errors=True)
    home = folder / "home"
    home.mkdir(mode=0o700)
    env = {
        **os.environ,
        "RSDAT_HOME": str(home),
        "PATH": f"{VENV_BIN}:{os.environ['PATH']}",
        # Nothing of the developer's own Jupyter takes part.
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter-config"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter-data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "jupyter-runtime"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
    }
    missing = missing_programs()
    if missing:
        print(f"browser tests on the local queue: no {', '.join(missing)} here", file=sys.stderr)
        env["RSDAT_QUEUE"] = "local"
    else:
        sweep()
        site = SlurmSite(folder / "slurm", owner=os.getpid())
        everything.callback(site.stop)
        site.start()
        env |= site.env() | {"RSDAT_QUEUE": "slurm"}

    demo = DemoFolder(folder / "demo")
    demo.prepare()
    dcache = everything.enter_context(door(folder, root=demo.dcache, stage_delay_s=1))
    dcache.write_endpoint(home, name="demo")
    fill(dcache)
    serve(arguments, folder, env | {"RSDAT_UI_ROOT": str(demo.work)}, dcache, stop, changed)


def hub_settings(port: int) -> dict[str, str]:
    """Where the hub is, and what opens it."""
    return {
        "url": f"http://127.0.0.1:{port}/hub-prefix/",
        "password": secrets.token_urlsafe(),
        "token": secrets.token_urlsafe(),
    }


def start_hub(folder: Path, env: dict[str, str], hub: dict[str, str], port: int) -> Server:
    """A JupyterHub whose servers know of our Slurm and our files."""
    (folder / "home").mkdir(parents=True)
    kept = (
        *("RSDAT_HOME", "RSDAT_QUEUE", "SLURM_CONF", "PATH"),
        *("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"),
    )
    servers = {name: env[name] for name in kept if name in env} | {
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
    }
    return Server(
        "hub",
        [sys.executable, "-m", "jupyterhub", "--config", str(HERE / "hub_config.py")],
        env
        | {
            "RSDAT_UI_PORT": str(port),
            "RSDAT_UI_HUB_FOLDER": str(folder),
            "RSDAT_UI_HUB_PASSWORD": hub["password"],
            "RSDAT_UI_HUB_TOKEN": hub["token"],
            "RSDAT_UI_HUB_SERVERS": json.dumps(servers),
        },
        folder / "hub.log",
    )


def serve(
    arguments: argparse.Namespace,
    folder: Path,
    env: dict[str, str],
    dcache: Door,
    stop: threading.Event,
    changed: threading.Event,
) -> None:
    """Run Lab and the hub until `stop`, then end them and the clusters that are left."""
    jupyter = [sys.executable, "-m", "jupyter", "lab", "--no-browser"]
    labs = [
        Server(
            "galata",
            [*jupyter, "--config", str(HERE / "galata_config.py")],
            env | {"RSDAT_UI_PORT": str(arguments.port)},
            folder / "galata.log",
        )
    ]
    hub = None
    if arguments.hub_port and find_spec("jupyterhub"):
        hub = hub_settings(arguments.hub_port)
        labs.append(start_hub(folder / "hub", env, hub, arguments.hub_port))
    for lab in labs:
        threading.Thread(target=lab.watch, args=(changed,), daemon=True).start()

    arguments.state.parent.mkdir(parents=True, exist_ok=True)
    while not stop.is_set():
        changed.clear()
        state = {
            "queue": env["RSDAT_QUEUE"],
            "folder": str(folder),
            "home": env["RSDAT_HOME"],
            "slurm_conf": env.get("SLURM_CONF"),
            "door": {
                "pid": dcache.process.pid,
                "root": str(dcache.root),
                "webdav_url": dcache.proxy_url,
                "control_url": dcache.control_url,
                "token": dcache.token,
            },
            "root": env["RSDAT_UI_ROOT"],
            "labs": {lab.name: lab.process.pid for lab in labs},
            "hub": hub,
        }
        beside = arguments.state.with_suffix(".new")
        beside.write_text(json.dumps(state, indent=1))
        beside.replace(arguments.state)
        if not changed.wait(OWNER_LOOK_S) and not Path(f"/proc/{arguments.owner}").exists():
            break  # killed without a word to us

    for lab in labs:
        lab.stop()
    arguments.state.unlink(missing_ok=True)
    # Clusters outlive Jupyter on purpose; here nothing may stay.
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import rsdat.clusters as c\nfor cluster in c.list():\n    cluster.close()",
        ],
        env=env,
        timeout=40,
        check=False,
    )


if __name__ == "__main__":
    main()
