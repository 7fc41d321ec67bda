"""`rsdat demo` from the shell: it starts, starts again, survives a killed Lab, leaves nothing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from rsdat.base.errors import Conflict, DoorBroken
from rsdat.base.examples import examples
from rsdat.base.process import birth
from rsdat.demo import launcher
from rsdat.demo.children import Records, ensure_door
from rsdat.demo.folder import DemoFolder

START_S = 90  # on a machine that is busy with other tests


def wait_for(what: Callable[[], Any], limit_s: float = START_S) -> Any:
    """Poll until it is true; fails at the limit."""
    limit = time.monotonic() + limit_s
    while not (found := what()):
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.1)
    return found


class Demo:
    """The command, run in a home folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = DemoFolder(folder / "demo")
        self.user = folder / "user"
        self.user.mkdir()
        self.output = folder / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        dropped = ("RSDAT_", "JUPYTER", "JPY_", "XDG_", "IPYTHONDIR", "FSSPEC_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
        home = {"HOME": os.fspath(self.user), "RSDAT_QUEUE": "local"}
        command = [sys.executable, "-m", "rsdat.cli.main", "demo", "--no-browser"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "--home", os.fspath(self.folder.path), *arguments],
                env={**kept, **home},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.process

    def wait_until_ready(self) -> None:
        assert self.process is not None
        wait_for(lambda: self._answers() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def _answers(self) -> bool:
        try:
            return bool(self.ask("rsdat/api/info"))
        except (KeyError, OSError, ValueError):
            return False

    def lab(self) -> dict[str, Any]:
        """Jupyter's own record of the server that was started last."""
        pid = self.pid("lab")
        file = self.folder.jupyter / "runtime" / f"jpserver-{pid}.json"
        record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return record

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        lab = self.lab()
        request = urllib.request.Request(
            lab["url"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"token {lab['token']}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def pid(self, part: str) -> int:
        return int(self._record(part)["pid"])

    def lives(self, part: str) -> bool:
        return Records(self.folder.processes_file).lives(part)

    def _record(self, part: str) -> Any:
        text = self.folder.processes_file.read_text(encoding="utf-8")
        return json.loads(text)["processes"][part]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(START_S)

    def processes(self) -> list[str]:
        """Whatever runs and names this demo's folder."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = [*process.cmdline(), process.environ().get("RSDAT_HOME", "")]
                if process.pid != os.getpid() and any(
                    os.fspath(self.folder.path) in word for word in words
                ):
                    found.append(" ".join(process.cmdline()))
        return found


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path)
    try:
        yield running
    finally:
        if running.process is not None and running.process.poll() is None:
            running.process.kill()
            running.process.wait(10)
        records = Records(running.folder.processes_file)
        records.end("lab")
        records.end("door")
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("RSDAT_HOME") == os.fspath(running.folder.home):
                    process.kill()


@pytest.mark.timeout(240)
def test_start_again_and_end(demo: Demo) -> None:
    demo.start()
    demo.wait_until_ready()

    assert demo.ask("rsdat/api/info")["queue"] == "local"
    names = [
        entry["name"] for entry in demo.ask("rsdat/api/dcache/demo/list?path=/demo")["entries"]
    ]
    assert {"radar", "sentinel2", "odd names", "on tape"} <= set(names)
    content = demo.ask("api/contents")["content"]
    assert {each["name"] for each in content} == {path.name for path in examples()}
    listed = demo.ask("rsdat/api/examples")["examples"]
    assert [each["name"] for each in listed] == [path.stem for path in examples()]
    lab = demo.lab()
    assert lab["hostname"] == "127.0.0.1"
    assert len(lab["token"]) >= 32
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(lab["url"] + "rsdat/api/info", timeout=20)
    assert refused.value.code == 403
    command_lines = "\n".join(demo.processes())
    assert lab["token"] not in command_lines
    token = demo.folder.token_file.read_text(encoding="utf-8")
    assert token not in command_lines + demo.said()

    second = Demo.__new__(Demo)
    second.__dict__ = {**demo.__dict__, "output": demo.output.with_name("second.txt")}
    assert second.start().wait(START_S) == 1
    assert f"runs in {demo.folder.path} already, at {lab['url']}" in second.said()
    # The page that it names logs in; the token itself is in nobody's terminal twice.
    assert lab["token"] not in second.said()
    found = re.search(r"file://(\S+)", second.said())
    assert found is not None, second.said()
    assert lab["token"] in Path(found[1]).read_text(encoding="utf-8")

    assert demo.end(signal.SIGINT) == 0
    assert demo.processes() == []
    # Nothing of Jupyter's in the user's own folders.
    assert [file for file in demo.user.rglob("*") if re.search("jupyter|ipython", str(file))] == []

    demo.start()
    demo.wait_until_ready()
    assert demo.folder.token_file.read_text(encoding="utf-8") == token
    assert demo.end() == 0
    assert demo.processes() == []


@pytest.mark.timeout(240)
def test_a_killed_lab_loses_no_cluster(demo: Demo) -> None:
    demo.start()
    demo.wait_until_ready()
    cluster = demo.ask("rsdat/api/clusters", "POST", {"name": "mine", "workers": 1})
    path = f"rsdat/api/clusters/{cluster['id']}"
    up = wait_for(lambda: one_worker(demo.ask(path)))
    door = demo.pid("door")

    os.kill(demo.pid("lab"), signal.SIGKILL)
    assert demo.process is not None
    assert demo.process.wait(START_S) == 128 + signal.SIGKILL
    assert "start the demo again" in demo.said()
    assert demo.lives("door")

    demo.start()
    demo.wait_until_ready()
    assert demo.pid("door") == door
    again = wait_for(lambda: one_worker(demo.ask(path)))
    assert again["scheduler"]["address"] == up["scheduler"]["address"]

    assert demo.end() == 0
    assert demo.processes() == [], demo.said()


def one_worker(cluster: dict[str, Any]) -> dict[str, Any] | None:
    return cluster if cluster["workers"]["connected"] == 1 else None


@pytest.mark.timeout(240)
def test_a_killed_launcher_s_lab_is_ended_by_the_next(demo: Demo) -> None:
    """Two Labs in one folder would each think that they own it."""
    demo.start()
    demo.wait_until_ready()
    lab, door = demo.pid("lab"), demo.pid("door")
    assert demo.process is not None
    demo.process.kill()
    demo.process.wait(10)
    assert birth(lab) is not None

    demo.start()
    wait_for(lambda: demo.pid("lab") != lab)
    assert birth(lab) is None
    demo.wait_until_ready()
    assert demo.pid("door") == door
    assert demo.end() == 0


@pytest.mark.timeout(120)
def test_a_taken_port_is_said_and_ends_all(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert demo.start("--port", str(port)).wait(START_S) != 0
    assert f"port {port} is not available" in demo.said()
    assert demo.processes() == []


def test_a_demo_that_is_still_starting_is_said(tmp_path: Path) -> None:
    """Its address is not known yet, to nobody."""
    folder = DemoFolder(tmp_path)
    with launcher._alone(folder), pytest.raises(Conflict) as refused, launcher._alone(folder):
        pass
    assert refused.value.message == f"a demo runs in {tmp_path} already"
    assert "starting" in str(refused.value.hint)


def test_another_process_with_the_old_id_is_left_alone(tmp_path: Path) -> None:
    """Process ids come back; the start time tells."""
    records = Records(tmp_path / "processes.json")
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        records.put("door", bystander.pid)
        assert records.lives("door")
        text = (tmp_path / "processes.json").read_text(encoding="utf-8")
        value = json.loads(text)
        value["processes"]["door"]["born"] += "0"
        (tmp_path / "processes.json").write_text(json.dumps(value), encoding="utf-8")

        assert not records.lives("door")
        records.end("door")
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.communicate()


def test_a_door_that_does_not_start(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")
    for part in (folder.dcache, folder.home, folder.door_state):
        part.mkdir(parents=True)
    folder.token_file.write_text("", encoding="utf-8")
    with pytest.raises(DoorBroken) as caught:
        ensure_door(folder, Records(folder.processes_file))
    assert "door.log" in (caught.value.hint or "")
    assert "token file is empty" in (folder.path / "door.log").read_text(encoding="utf-8")
    assert not Records(folder.processes_file).lives("door")
