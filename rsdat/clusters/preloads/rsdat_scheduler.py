"""Runs in the scheduler: its HTTP side answers only who carries the cluster's secret.

Without this, Dask's dashboard is open to everybody who reaches the port, TLS or not, and shows
the code and the data of the user. Besides, it tells of the workers what the companion shows, and no
more: Dask's own `identity` is fifty times as long, and read by the companion every few seconds.
Needs nothing but tornado: the Python may have no rsdat.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

from tornado import httputil

HEADER = "X-Rsdat-Cluster-Key"
_SECRET_FILE = Path(__file__).resolve().parent.parent / "dashboard.key"


class _Denied(httputil.HTTPMessageDelegate):
    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def headers_received(self, start_line: Any, headers: httputil.HTTPHeaders) -> Any:
        return None

    def data_received(self, chunk: bytes) -> Any:
        return None

    def finish(self) -> None:
        self.connection.write_headers(
            httputil.ResponseStartLine("HTTP/1.1", 403, "Forbidden"),
            httputil.HTTPHeaders({"Content-Length": "0"}),
        )
        self.connection.finish()

    def on_connection_close(self) -> None:
        pass


class _Gate(httputil.HTTPMessageDelegate):
    def __init__(
        self, application: Any, server_connection: Any, request_connection: Any, secret: bytes
    ) -> None:
        self.application = application
        self.server_connection = server_connection
        self.request_connection = request_connection
        self.secret = secret
        self.behind: Any = None

    def headers_received(self, start_line: Any, headers: httputil.HTTPHeaders) -> Any:
        given = headers.get(HEADER, "").encode("utf-8", "surrogateescape")
        if hmac.compare_digest(given, self.secret):
            # The pages have no use for it, and might show or hand on what they were sent.
            del headers[HEADER]
            self.behind = self.application.start_request(
                self.server_connection, self.request_connection
            )
        else:
            self.behind = _Denied(self.request_connection)
        return self.behind.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Any:
        return self.behind.data_received(chunk)

    def finish(self) -> None:
        self.behind.finish()

    def on_connection_close(self) -> None:
        if self.behind is not None:
            self.behind.on_connection_close()


class _Guard(httputil.HTTPServerConnectionDelegate):
    def __init__(self, application: Any, secret: bytes) -> None:
        self.application = application
        self.secret = secret

    def start_request(self, server_connection: Any, request_connection: Any) -> _Gate:
        return _Gate(self.application, server_connection, request_connection, self.secret)

    def on_close(self, server_connection: Any) -> None:
        self.application.on_close(server_connection)


def _look(scheduler: Any) -> dict[str, Any]:
    # Lists in the order of `WorkerSeen` in link.py: names for each value are most of an answer.
    workers = []
    for worker in scheduler.workers.values():
        metrics = worker.metrics or {}
        # By state, with no entry for none.
        tasks = metrics.get("task_counts") or {}
        workers.append(
            [
                str(worker.name),
                worker.address,
                worker.nthreads,
                worker.memory_limit or 0,
                metrics.get("memory", 0),
                float(metrics.get("cpu", 0.0)),
                worker.status.name,
                tasks.get("executing", 0) + tasks.get("long-running", 0),
                tasks.get("ready", 0),
                tasks.get("memory", 0),
            ]
        )
    ports = {key: service.port for key, service in scheduler.services.items()}
    return {"id": scheduler.id, "dashboard": ports.get("dashboard"), "workers": workers}


def dask_setup(scheduler: Any) -> None:
    """Put the guard before the HTTP server. Dask only logs a preload that fails: so fail closed."""
    scheduler.handlers["rsdat_look"] = lambda: _look(scheduler)
    try:
        secret = _SECRET_FILE.read_bytes().strip()
        if len(secret) < 32:
            raise ValueError("the dashboard's secret is too short")
        scheduler.http_server.request_callback = _Guard(scheduler.http_application, secret)
    except BaseException:
        scheduler.http_server.stop()
        raise
