"""A dCache stand-in as a process of its own, with a handle for set-up, faults and what was asked.

with door(tmp_path, stage_delay_s=0.2) as dcache:
    (dcache.root / "a.txt").write_text("hello")
    dcache.set_file("/a.txt", locality="NEARLINE")
    dcache.fault("cut_download", at_bytes=3, server="pool")
    ... the code under test, with dcache.api_url, dcache.webdav_url, dcache.token ...
    assert [r["range"] for r in dcache.requests("pool", "GET")] == ["bytes=0-2"]
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rsdat.base.files import write_json, write_text

_START_S = 30
_STOP_S = 10
_CONTROL_S = 30


@dataclass
class Door:
    """A running stand-in.

    `webdav_url` is the door that redirects to the pool, `proxy_url` the one that doesn't.
    `root` is the served folder: look at it, put files there. `user` and `password` are for Basic.
    """

    root: Path
    api_url: str
    webdav_url: str
    proxy_url: str
    pool_url: str
    control_url: str
    token: str
    password: str
    process: subprocess.Popen[str]
    user: str = "alice"

    @property
    def headers(self) -> dict[str, str]:
        """The header that lets a request in."""
        return {"Authorization": f"Bearer {self.token}"}

    def path_url(self, path: str, *, proxy: bool = False) -> str:
        """A door's URL of a literal path."""
        return (self.proxy_url if proxy else self.webdav_url) + quote(path, safe="/")

    def entry(self, path: str, query: str = "locality=true&checksum=true") -> dict[str, Any]:
        """What the REST interface says of a path; urllib's HTTPError if it refuses."""
        url = f"{self.api_url}/namespace{quote(path, safe='/')}?{query}"
        request = urllib.request.Request(url, headers=self.headers)
        with urllib.request.urlopen(request, timeout=_CONTROL_S) as answer:
            return json.load(answer)

    def set_file(self, path: str, **attributes: Any) -> None:
        """Set what a disk doesn't have: locality, labels, xattrs, state ("broken"), forbidden
        (a list of "read", "write", "list"), stage_delay_s, stage_error (why tape can't read
        it), checksums ({"ADLER32": hex})."""
        self.set_files([{"path": path, **attributes}])

    def set_files(self, files: list[dict[str, Any]]) -> None:
        """`set_file` for many, in one go."""
        self._control("PUT", "/files", {"files": files})

    def fault(self, kind: str, **options: Any) -> None:
        """Order a fault: see rsdat.demo.door.faults.Fault for kinds and options."""
        self._control("POST", "/faults", {"kind": kind, **options})

    def requests(self, server: str = "", method: str = "") -> list[dict[str, Any]]:
        """What was asked since the start or `forget`: server, method, path (encoded), query,
        range, connection (a number), status; `server` is frontend, redirect, proxy or pool."""
        seen: list[dict[str, Any]] = self._control("GET", "/report")["requests"]
        return [
            request
            for request in seen
            if server in ("", request["server"]) and method in ("", request["method"])
        ]

    def counts(self) -> dict[str, int]:
        """How often each server saw each verb, like `{"pool GET": 3}`."""
        counts: dict[str, int] = self._control("GET", "/report")["counts"]
        return counts

    def most(self) -> dict[str, int]:
        """How many requests each server had of each verb at once at most, since the start or
        `forget`, like `{"pool GET": 3}`."""
        most: dict[str, int] = self._control("GET", "/report")["most"]
        return most

    def faults_to_come(self) -> int:
        """How many of the ordered faults have not happened yet."""
        number: int = self._control("GET", "/report")["faults"]
        return number

    def movers(self) -> int:
        """How many of the pool's movers are taken."""
        number: int = self._control("GET", "/report")["movers"]
        return number

    def forget(self) -> None:
        """Forget requests and faults; what others left open at the pool ends."""
        self._control("DELETE", "/report")

    def configure(self, **options: Any) -> None:
        """Change options of the running stand-in.

        stage_delay_s, bulk_delay_s, block_s; refuse_token (a reason phrase; "" accepts again);
        token_ends_in_s (seconds from now; None: never); plain_macaroons (False: minting is
        refused as by a real door over http); tape_uri (what .well-known says; "": the truth);
        marker_s (between two markers of a COPY); bytes_per_s and bytes_per_s_each (of all
        transfers together and of each, for those to come; None: no limit); tape_drives (files
        read from tape at once; None: all); bulk_expansion ("NONE", "TARGETS" or "ALL");
        bulk_page (targets a page of a bulk request); qos_for_all (QoS without a role);
        mover_cost_ms (of each start of a mover); requests_per_s (of a client; None: no limit);
        mute_events (True: the open channels send nothing more, as over a dead link).
        """
        self._control("PUT", "/options", options)

    def mint(
        self,
        path: str = "/",
        *caveats: str,
        validity: str = "PT1H",
        token: str = "",
        proxy: bool = False,
    ) -> str:
        """A macaroon of a door, for a path and everything below; `validity` as in `PT48H`.

        Caveats are dCache's: `activity:DOWNLOAD,LIST`, `ip:127.0.0.1`, `max-upload:5`, `root:/a`,
        `path:/sub` (relative to the path). `token` is what asks, by default the stand-in's own.
        urllib's HTTPError, with the reason, if it is refused.
        """
        body = json.dumps({"caveats": list(caveats), "validity": validity}).encode()
        request = urllib.request.Request(
            self.path_url(path, proxy=proxy),
            data=body,
            method="POST",
            headers={
                "Authorization": f"Bearer {token or self.token}",
                "Content-Type": "application/macaroon-request",
            },
        )
        with urllib.request.urlopen(request, timeout=_CONTROL_S) as answer:
            minted: str = json.load(answer)["macaroon"]
        return minted

    def set_quota(
        self,
        user: list[dict[str, Any]] | None = None,
        group: list[dict[str, Any]] | None = None,
        *,
        enforce: bool = False,
        configured: bool = True,
    ) -> None:
        """Set all quotas; none by default, which the frontend answers with 404.

        Each is like `{"id": 1000, "replica": 5, "replicaLimit": 10}` (bytes; also `custodial` and
        `output`; the user is 1000 of groups 1000 and 1005). With `enforce` an upload beyond
        alice's `replicaLimit` gets 507; without, nothing is refused, as by the real server.
        Without `configured` the frontend answers 503.
        """
        body = {"user": user or [], "group": group or []}
        self._control("PUT", "/quota", {**body, "enforce": enforce, "configured": configured})

    def foreign_bulk(self, activity: str, *paths: str) -> str:
        """A bulk request of another user, which the list shows and nobody else may touch."""
        body = {"activity": activity, "target": list(paths)}
        request_id: str = self._control("POST", "/bulk", body)["id"]
        return request_id

    def sweep(self) -> list[str]:
        """Let a pool need room: what is on tape and not pinned leaves the disk. Returns paths."""
        evicted: list[str] = self._control("POST", "/sweep")["evicted"]
        return evicted

    def down(self, server: str, seconds: float) -> None:
        """Let a server refuse connections for a while, and cut those it has."""
        self._control("POST", "/down", {"server": server, "seconds": seconds})

    def restart(self, server: str) -> None:
        """Cut a server's connections and let it listen again at once, on the same port. The
        frontend forgets its event channels, the pool its transfers (see `restart_pool`)."""
        self._control("POST", "/restart", {"server": server})

    def lose_events(self) -> None:
        """Let event channels overflow: kept events are gone, and IN_Q_OVERFLOW is told."""
        self._control("POST", "/lose-events")

    def restart_pool(self) -> list[str]:
        """End all transfers; broken files become readable. Returns their paths."""
        readable: list[str] = self._control("POST", "/restart-pool")["readable"]
        return readable

    def write_endpoint(self, home: Path, *, name: str = "default", folder: str = "/") -> None:
        """Make this the endpoint of an RSDAT_HOME: endpoints.json and a token file."""
        home.mkdir(parents=True, exist_ok=True)
        token_file = home / f"{name}.token"
        write_text(token_file, self.token)
        endpoint = {
            "name": name,
            "api_url": self.api_url,
            "webdav_url": self.webdav_url,
            "token_file": str(token_file),
            "home": folder,
        }
        write_json(home / "endpoints.json", {"endpoints": [endpoint]}, format_version=1)

    def _control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.control_url + path, data=data, method=method, headers=self.headers
        )
        try:
            with urllib.request.urlopen(request, timeout=_CONTROL_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"control: {error.code} {error.read().decode()}") from error


@contextlib.contextmanager
def door(
    folder: Path,
    *,
    root: Path | None = None,
    stage_delay_s: float = 0.2,
    block_s: float = 0.5,
    movers: int = 100,
    mover_timeout_s: float = 300,
    arguments: tuple[str, ...] = (),
) -> Iterator[Door]:
    """Start a stand-in below `folder` and stop it at the end.

    Serves `root`, by default `folder/dcache`; what a disk can't keep is in `folder/door-state`.
    Tape and the block after the third 401 are much faster than the real ones.
    """
    root = root or folder / "dcache"
    root.mkdir(parents=True, exist_ok=True)
    state = folder / "door-state"
    log = folder / "door.log"
    argv = [sys.executable, "-m", "rsdat.demo.door", "--root", str(root), "--state", str(state)]
    argv += ["--stage-delay", str(stage_delay_s), "--block", str(block_s)]
    argv += ["--movers", str(movers), "--mover-timeout", str(mover_timeout_s), *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RSDAT_DOOR_")}
    with log.open("w") as errors:
        process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True
        )
    try:
        _wait_until_ready(process, log)
        known = json.loads((state / "door.json").read_text())
        yield Door(
            root=root,
            api_url=known["api_url"],
            webdav_url=known["webdav_url"],
            proxy_url=known["urls"]["proxy"],
            pool_url=known["urls"]["pool"],
            control_url=known["urls"]["control"],
            token=known["token"],
            password=known["password"],
            process=process,
        )
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_S)
            raise
        finally:
            if process.stdout is not None:
                process.stdout.close()


def _wait_until_ready(process: subprocess.Popen[str], log: Path) -> None:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        ready = selector.select(_START_S)
    line = process.stdout.readline() if ready else ""
    if not line:
        raise AssertionError(f"the stand-in did not start: {log.read_text()}")
