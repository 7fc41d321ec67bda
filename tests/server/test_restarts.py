"""A download goes on after the Jupyter server was killed and started again, as a real one."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.door import Door

MIB = 1 << 20
SIZE = 24 * MIB + 321
TOKEN = "token-of-this-test"
LIMIT_S = 60.0


class Server:
    """Jupyter's, on one port in all its lives."""

    def __init__(self, folder: Path, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._folder = folder
        self._env = os.environ | {
            "RSDAT_HOME": str(home),
            "RSDAT_QUEUE": "local",
            "JUPYTER_TOKEN": TOKEN,
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        }

    @contextmanager
    def life(self) -> Iterator[None]:
        """From a start to a SIGKILL."""
        argv = [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root"]
        argv += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}"]
        argv += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={self._folder}"]
        argv += ["--ServerApp.jpserver_extensions={'rsdat': True}"]
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(argv, env=self._env, stdout=log, stderr=log)
        try:
            end = time.monotonic() + LIMIT_S
            while True:
                try:
                    self.ask("GET", "api/info")
                    break
                except OSError:
                    assert time.monotonic() < end, (self._folder / "log").read_text()
                    assert process.poll() is None, (self._folder / "log").read_text()
                    time.sleep(0.1)
            yield
        finally:
            process.kill()
            process.wait(10)

    def open(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> http.client.HTTPResponse:
        """A request, its answer's body still to be read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body)
        connection.request(
            method, f"/rsdat/{path}", data, {"Authorization": f"token {TOKEN}", **named}
        )
        return connection.getresponse()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer."""
        with self.open(method, path, body) as answer:
            value = json.load(answer)
            assert answer.status < 300, value
            return value

    def ended(self, id_: str) -> Any:
        """A transfer, when it no longer goes on."""
        end = time.monotonic() + LIMIT_S
        while (asked := self.ask("GET", f"api/transfers/{id_}"))["state"] == "running":
            assert time.monotonic() < end, asked
            time.sleep(0.05)
        return asked


@pytest.fixture
def server(tmp_path: Path, dcache: Door, rsdat_home: Path) -> Server:
    """Not started yet."""
    folder = tmp_path / "jupyter"
    folder.mkdir()
    return Server(folder, rsdat_home)


@pytest.mark.parametrize("changed", [False, True])
def test_download_goes_on(
    server: Server, dcache: Door, folder: str, place: Path, changed: bool
) -> None:
    """As a browser does it: Range and If-Range. A file that is another one by now comes whole."""
    body = os.urandom(SIZE)
    (place / "big").write_bytes(body)
    side = {"endpoint": "default", "paths": [f"{folder}/big"]}
    with server.life():
        id_ = server.ask("POST", "api/transfers", {"kind": "download", "source": side})["id"]
        answer = server.open("GET", f"transfers/{id_}/content")
        begun = answer.read(6 * MIB)
        etag = answer.headers["ETag"]
        assert begun == body[: 6 * MIB]
    if changed:
        body = os.urandom(SIZE)
        (place / "big").unlink()
        (place / "big").write_bytes(body)
    with server.life():
        broken = server.ask("GET", f"api/transfers/{id_}")
        assert broken["state"] == "interrupted"
        assert "restarted" in broken["problem"]["message"]
        with server.open(
            "GET", f"transfers/{id_}/content", Range=f"bytes={6 * MIB}-", If_Range=etag
        ) as answer:
            rest = answer.read()
            assert (answer.status, rest) == ((200, body) if changed else (206, body[6 * MIB :]))
            assert (answer.headers["ETag"] == etag) != changed
        # The reader has the last byte before the companion has written down that all are sent.
        ended = server.ended(id_)
        assert (ended["state"], ended["verified"]) == ("done", "adler32")
