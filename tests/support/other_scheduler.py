"""Schedulers that rsdat did not start, as real processes; and things that only look like one."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tornado import httpserver, netutil, web

from rsdat.clusters.certificate import make_certificate

LIMIT_S = 60.0


@dataclass
class OtherScheduler:
    """A running scheduler with one worker."""

    file: Path
    process: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]
    keys: dict[str, str]

    @property
    def facts(self) -> dict[str, Any]:
        """What its scheduler file says."""
        facts: dict[str, Any] = json.loads(self.file.read_text())
        return facts

    @property
    def address(self) -> str:
        return str(self.facts["address"])

    @property
    def dashboard_port(self) -> int:
        return int(self.facts["services"]["dashboard"])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(LIMIT_S)


def make_keys(folder: Path) -> dict[str, str]:
    """Certificate and key of a cluster that is not rsdat's, as files of an AttachRequest."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = make_certificate("other", datetime.now(timezone.utc))
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    cert = str(folder / "cert.pem")
    return {"ca_file": cert, "cert_file": cert, "key_file": str(folder / "key.pem")}


@contextlib.contextmanager
def other_scheduler(
    folder: Path, *, keys: dict[str, str] | None = None, port: int = 0
) -> Iterator[OtherScheduler]:
    """A scheduler and a worker on this computer; with TLS if there are keys."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "scheduler.json"
    tls = []
    if keys:
        tls = ["--tls-ca-file", keys["ca_file"]]
        tls += ["--tls-cert", keys["cert_file"], "--tls-key", keys["key_file"]]
    host = f"{'tls' if keys else 'tcp'}://127.0.0.1:{port}"
    running = []

    def start(module: str, *more: str) -> subprocess.Popen[bytes]:
        with (folder / f"{module}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *more, *tls],
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        running.append(process)
        return process

    try:
        dashboard = ["--dashboard-address", "127.0.0.1:0"]
        process = start("dask_scheduler", "--host", host, "--scheduler-file", str(file), *dashboard)
        _wait(file.exists)
        small = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", "alien"]
        worker = start("dask_worker", "--scheduler-file", str(file), *small)
        yield OtherScheduler(file, process, worker, keys or {})
    finally:
        for process in running:
            process.terminate()
        for process in running:
            _end(process)


@dataclass
class Pretender:
    """An HTTP server of any answers; what was asked of it."""

    port: int
    asked: list[str]


@contextlib.contextmanager
def pretender(
    answers: dict[str, Any], headers: list[dict[str, str]] | None = None
) -> Iterator[Pretender]:
    """Serves `answers` by path in the running loop: bytes, or (status, headers, bytes).

    The headers of what was asked go into `headers`.
    """
    asked: list[str] = []

    class Page(web.RequestHandler):
        def get(self) -> None:
            asked.append(self.request.path)
            if headers is not None:
                headers.append(dict(self.request.headers))
            answer = answers.get(self.request.path, (404, {}, b""))
            status, more, body = answer if isinstance(answer, tuple) else (200, {}, answer)
            self.set_status(status)
            for name, value in more.items():
                self.set_header(name, value)
            self.finish(body)

    (socket,) = netutil.bind_sockets(0, "127.0.0.1")
    server = httpserver.HTTPServer(web.Application([(r"/.*", Page)]))
    server.add_socket(socket)
    try:
        yield Pretender(socket.getsockname()[1], asked)
    finally:
        server.stop()


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def _wait(condition: Any) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
