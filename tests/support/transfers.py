"""Transfers in tests of the server: begin one, send, fetch, wait for its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPResponse

from tests.support.server import Lab, until

ENDED = ("done", "failed", "cancelled", "interrupted")


class Transfers:
    """The routes of transfers of a server, and what is behind them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    @property
    def root(self) -> Path:
        """The workspace."""
        return Path(self.lab.app.contents_manager.root_dir)

    @property
    def companion(self) -> Any:
        """The server's companion."""
        return self.lab.app.web_app.settings["rsdat_companion"]

    async def begin(self, kind: str, status: int = 201, **request: Any) -> Any:
        """POST one; sides as `("endpoint", path, …)` with None for the workspace."""
        for side in ("source", "destination"):
            if side in request:
                endpoint, *paths = request[side]
                request[side] = {"endpoint": endpoint, "paths": paths}
        value = {"kind": kind, **request}
        return await self.lab.call("POST", "/api/transfers", status, value=value)

    async def get(self, id_: str) -> Any:
        """How far it is."""
        return await self.lab.call("GET", "/api/transfers/{id}", 200, id=id_)

    async def act(self, id_: str, action: str, status: int = 202) -> Any:
        """cancel, retry or seen."""
        return await self.lab.call(
            "POST", "/api/transfers/{id}/{action}", status, id=id_, action=action
        )

    async def answer(self, id_: str, path: str, choice: str, *, for_all: bool = False) -> Any:
        """Answer its question."""
        value = {"path": path, "choice": choice, "for_all": for_all}
        return await self.lab.call("POST", "/api/transfers/{id}/answer", 200, id=id_, value=value)

    async def until(self, id_: str, *states: str, within_s: float = 60) -> Any:
        """Wait for one of some states; by default any end."""

        async def look() -> Any:
            transfer = await self.get(id_)
            return transfer if transfer["state"] in (states or ENDED) else None

        return await until(look, within_s=within_s)

    async def done(self, id_: str, *, within_s: float = 60) -> Any:
        """Wait for its end, which must be a good one."""
        transfer = await self.until(id_, within_s=within_s)
        assert transfer["state"] == "done", transfer
        return transfer

    async def send(
        self, id_: str, path: str, body: bytes, conflict: str | None = None
    ) -> HTTPResponse:
        """PUT one file of an upload."""
        query = {"path": path} | ({"conflict": conflict} if conflict else {})
        return await self.lab.ask("PUT", f"/transfers/{id_}/content", query=query, body=body)

    async def fetch(self, id_: str, **headers: str) -> HTTPResponse:
        """GET the content of a download."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.lab.ask("GET", f"/transfers/{id_}/content", headers=named)


def listing(files: dict[str, bytes]) -> Sequence[dict[str, Any]]:
    """What an upload says it will send."""
    return [{"path": path, "size": len(body)} for path, body in files.items()]


def names(folder: Path) -> list[str]:
    """All files and folders below one, hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


async def leave_in_the_middle(lab: Lab, path: str, count: int) -> bytes:
    """GET, take so many bytes of the body, and go as a closed tab does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.port)
    target = lab.url(path).removeprefix(lab.origin)
    head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{lab.port}\r\n"
    writer.write(f"{head}Authorization: token {lab.token}\r\n\r\n".encode())
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    body = await asyncio.wait_for(reader.readexactly(count), 30)
    writer.transport.abort()
    return body
