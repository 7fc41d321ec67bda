"""Everything the browser tests need, started together: Slurm, the dCache door, two Lab servers.

Runs until SIGTERM and then ends all it started. A Lab server that is killed is started again on
its port, as a supervisor (systemd, JupyterHub) would: the kill test relies on it. What the tests
must know stands in the file named by --state.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
sys.path.insert(0, str(REPOSITORY))

from rsdat.demo.sample import fill_door  # noqa: E402
from tests.support.slurm_site import SlurmSite, missing_programs  # noqa: E402

VENV_BIN = Path(sys.executable).parent
HUB_TOKEN = "hub-like-token"


class Lab:
    """One Lab server that is started again whenever it dies before `stop`."""

    def __init__(self, name: str, argv: list[str], env: dict[str, str], log: Path) -> None:
        self._argv, self._env, self._log = argv, env, log
        self._stopping = threading.Event()
        self.name = name
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._argv, env=self._env, stdout=log, stderr=log, start_new_session=True
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


def start_door(root: Path, home: Path) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """The dCache stand-in with sample data, configured as the home's default endpoint."""
    process = subprocess.Popen(
        [str(VENV_BIN / "rsdat"), "demo", "dcache", "--root", str(root)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    token = home / "door.token"
    token.write_text(ready["token"])
    token.chmod(0o600)
    endpoints = home / "endpoints.json"
    endpoint = {
        "name": "demo",
        "api_url": ready["api_url"],
        "webdav_url": ready["webdav_url"],
        "token_file": str(token),
        "home": "/",
    }
    endpoints.write_text(json.dumps({"format": 1, "endpoints": [endpoint]}))
    endpoints.chmod(0o600)
    return process, ready


def main() -> None:
    """Start all, write the state file, wait for SIGTERM, end all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--hub-port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    arguments = parser.parse_args()

    stop = threading.Event()
    changed = threading.Event()

    def on_signal(*_: object) -> None:
        stop.set()
        changed.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)

    folder = Path(tempfile.mkdtemp(prefix="rsdat-ui-"))
    home = folder / "home"
    home.mkdir(mode=0o700)
    work = folder / "work"
    work.mkdir()
    env = {
        **os.environ,
        "RSDAT_HOME": str(home),
        "PATH": f"{VENV_BIN}:{os.environ['PATH']}",
        "RSDAT_UI_ROOT": str(work),
        # Nothing of the developer's own Jupyter takes part.
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter-config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "jupyter-runtime"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
    }
    site = None
    missing = missing_programs()
    if missing:
        print(f"browser tests on the local queue: no {', '.join(missing)} here", file=sys.stderr)
        env["RSDAT_QUEUE"] = "local"
    else:
        site = SlurmSite(folder / "slurm")
        site.start()
        env |= site.env() | {"RSDAT_QUEUE": "slurm"}

    door, ready = start_door(folder / "door", home)
    fill_door(ready)
    for notebook in (REPOSITORY / "examples").glob("*.ipynb"):
        shutil.copy(notebook, work)

    jupyter = [sys.executable, "-m", "jupyter", "lab", "--no-browser"]
    labs = [
        Lab(
            "galata",
            [*jupyter, "--config", str(HERE / "galata_config.py")],
            env | {"RSDAT_UI_PORT": str(arguments.port)},
            folder / "galata.log",
        ),
        Lab(
            "hub",
            [*jupyter, "--config", str(HERE / "hub_config.py")],
            env | {"RSDAT_UI_PORT": str(arguments.hub_port), "JUPYTER_TOKEN": HUB_TOKEN},
            folder / "hub.log",
        ),
    ]
    for lab in labs:
        threading.Thread(target=lab.watch, args=(changed,), daemon=True).start()

    arguments.state.parent.mkdir(parents=True, exist_ok=True)
    while not stop.is_set():
        changed.clear()
        state = {
            "queue": env["RSDAT_QUEUE"],
            "folder": str(folder),
            "home": str(home),
            "slurm_conf": env.get("SLURM_CONF"),
            "door": {"pid": door.pid, "root": str(folder / "door"), **ready},
            "labs": {lab.name: lab.process.pid for lab in labs},
            "hub_url": f"http://127.0.0.1:{arguments.hub_port}/user/ann/",
            "hub_token": HUB_TOKEN,
        }
        beside = arguments.state.with_suffix(".new")
        beside.write_text(json.dumps(state, indent=1))
        beside.replace(arguments.state)
        changed.wait()

    for lab in labs:
        lab.stop()
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
    door.terminate()
    door.wait(10)
    if site:
        site.stop()
    if not os.environ.get("RSDAT_UI_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
