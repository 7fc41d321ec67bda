"""A real STAC API server (stac-fastapi on pgSTAC) with a PostgreSQL of its own, for one test run.

PostgreSQL refuses to run as root, so it runs as its package's user then, in a private folder.
"""

from __future__ import annotations

import contextlib
import functools
import getpass
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.slurm_processes import free_ports

#: Ends what `running` started.
_undo = contextlib.ExitStack()
_START_S = 60.0
_ASK_S = 30.0


class Missing(Exception):
    """It can't be started here."""


@dataclass
class StacApi:
    """The running server.

    Attributes:
        url: Of its landing page.
        started_s: How long it took to start.
    """

    url: str
    started_s: float

    def post(self, path: str, value: Any) -> Any:
        """Ask the API itself, as whoever fills it does."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            data=json.dumps(value).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_ASK_S) as answer:
            return json.load(answer)

    def add(self, collection: str, items: list[dict[str, Any]], **more: Any) -> None:
        """Make a collection and put items into it."""
        self.post(
            "/collections",
            {
                "type": "Collection",
                "stac_version": "1.0.0",
                "id": collection,
                "description": f"Collection {collection}",
                "license": "CC-BY-4.0",
                "links": [],
                "extent": {
                    "spatial": {"bbox": [[-180, -90, 180, 90]]},
                    "temporal": {"interval": [["2024-01-01T00:00:00Z", None]]},
                },
                **more,
            },
        )
        for start in range(0, len(items), 500):
            part = [{**each, "collection": collection} for each in items[start : start + 500]]
            self.post(
                f"/collections/{collection}/bulk_items",
                {"items": {each["id"]: each for each in part}, "method": "insert"},
            )


@functools.cache
def running() -> StacApi | str:
    """The server of this process, started at the first call; why it can't be, otherwise."""
    try:
        return _start()
    except Missing as error:
        return str(error)


@pytest.fixture(scope="session")
def stac_api() -> Iterator[StacApi]:
    """The server; tests make collections of their own names.

    It is ended here and not at the end of the process: those of pytest-xdist are killed.
    """
    found = running()
    if isinstance(found, str):
        pytest.skip(f"no STAC API server: {found}")
    yield found
    _undo.close()  # once for each file that imports the fixture, all at the end of the session


def _start() -> StacApi:
    began_s = time.monotonic()
    programs = _programs()
    with contextlib.ExitStack() as undo:
        folder = Path(tempfile.mkdtemp(prefix="rsdat-pgstac-"))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        port, password = free_ports(1)[0], secrets.token_hex(8)
        database = {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(port),
            "PGUSER": "rsdat",
            "PGPASSWORD": password,
            "PGDATABASE": "postgres",
        }
        # Its imports take as long as the database needs to start.
        server, url = _prepare_server(database, folder, undo)
        _start_database(programs, folder, port, password, undo)
        _run([sys.executable, "-m", "pypgstac.pypgstac", "migrate"], env={**os.environ, **database})
        assert server.stdin is not None
        server.stdin.close()
        _until(lambda: _answers(url), server, folder / "server.log")
        _undo.push(undo.pop_all())
    return StacApi(url, time.monotonic() - began_s)


def _programs() -> Path:
    """The folder of PostgreSQL's programs, of a version that has PostGIS."""
    for bin_ in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        share = Path("/usr/share/postgresql") / bin_.parent.name / "extension"
        if (bin_ / "initdb").exists() and (share / "postgis.control").exists():
            return bin_
    raise Missing(
        "PostgreSQL with PostGIS is not installed (Debian: postgresql postgresql-postgis)"
    )


def _identity() -> dict[str, Any]:
    """As whom PostgreSQL runs."""
    if os.getuid() != 0:
        return {}
    import pwd

    try:
        user = pwd.getpwnam("postgres")
    except KeyError as error:
        raise Missing("this is root, and there is no user postgres") from error
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _start_database(
    programs: Path, folder: Path, port: int, password: str, undo: contextlib.ExitStack
) -> None:
    identity = _identity()
    secret = folder / "password"
    secret.write_text(password)
    if identity:
        for path in (folder, secret):
            os.chown(path, identity["user"], identity["group"])
    data = folder / "data"
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    _run(
        [
            *(str(programs / "initdb"), "-D", str(data), "-U", "rsdat", "-E", "UTF8"),
            *("--locale=C", "--no-sync", "--auth=scram-sha-256", f"--pwfile={secret}"),
        ],
        env=environment,
        cwd="/",
        **identity,
    )
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "32MB",
        "max_connections": 20,
        "autovacuum": "off",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    log = (folder / "postgres.log").open("wb")
    undo.callback(log.close)
    process = subprocess.Popen(
        [str(programs / "postgres"), "-D", str(data), *options],
        stdout=log,
        stderr=log,
        env=environment,
        cwd="/",
        **identity,
    )
    undo.callback(_end, process)
    _until(lambda: _listens(port), process, folder / "postgres.log")


#: Waits for the end of its input between import and start.
_SERVER = """
import sys, uvicorn
from stac_fastapi.pgstac.app import create_app
sys.stdin.read()
uvicorn.run(create_app(), host="127.0.0.1", port=int(sys.argv[1]), access_log=False)
"""


def _prepare_server(
    database: dict[str, str], folder: Path, undo: contextlib.ExitStack
) -> tuple[subprocess.Popen[bytes], str]:
    port = free_ports(1)[0]
    log = (folder / "server.log").open("wb")
    undo.callback(log.close)
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(port)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        env={
            **os.environ,
            **database,
            "ENABLE_TRANSACTIONS_EXTENSIONS": "TRUE",
            "STAC_FASTAPI_TITLE": "Test API",
        },
    )
    undo.callback(_end, process)
    return process, f"http://127.0.0.1:{port}"


def _answers(url: str) -> bool:
    return _listens(int(url.rpartition(":")[2]))


def _run(argv: list[str], **options: Any) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=_START_S, **options)
    if done.returncode:
        raise AssertionError(f"{argv[0]} as {getpass.getuser()}: {done.stdout}{done.stderr}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(condition: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + _START_S
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline_s:
            raise AssertionError(f"it did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    # SIGINT is PostgreSQL's fast shutdown, and uvicorn's end.
    process.send_signal(2)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
