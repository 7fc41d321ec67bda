"""Secrets of endpoints: sent to whom they were given for; files that can't be written are named."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.door import Door
from tests.support.server import Lab, check_error

ROUTE = "/api/endpoints/mine"


async def test_no_other_host_is_sent_a_secret(lab: Lab, running_door: Door) -> None:
    """Neither saved nor tried out, by a slip of the finger or by somebody else's advice."""
    heads: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.2", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        there = {"api_url": f"http://127.0.0.2:{port}/api/v1"}
        given = {"api_url": running_door.api_url, "token": running_door.token}
        assert (await lab.ask("PUT", ROUTE, value=given)).code == 201
        for verb, route in (("POST", f"{ROUTE}/test"), ("PUT", ROUTE)):
            check_error(await lab.ask(verb, route, value=there), 400, "another_host")
        assert heads == []
        # Given anew it is meant for that.
        await lab.ask("POST", f"{ROUTE}/test", value={**there, "token": "another"})
        assert heads
        assert not any(running_door.token.encode() in head for head in heads)
        # Another port or door of the same host is no other.
        same = {"webdav_url": running_door.proxy_url, "api_url": running_door.api_url}
        assert (await lab.ask("PUT", ROUTE, value=same)).code == 200


async def test_a_token_that_can_not_be_put_in_place(
    lab: Lab, running_door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that somebody else keeps, such as a secret that Kubernetes mounts."""
    file = tmp_path / "mounted" / "token"
    file.parent.mkdir()
    file.write_text(running_door.token)
    file.chmod(0o600)
    given = {"api_url": running_door.api_url, "token_file": str(file)}
    assert (await lab.ask("PUT", ROUTE, value=given)).code == 201
    real = os.open

    def read_only(path: Any, flags: int, *args: Any, **options: Any) -> int:
        if str(path).startswith(f"{file.parent}/") and flags & os.O_CREAT:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return real(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", read_only)
    answer = await lab.ask("PUT", "/api/dcache/mine/token", value={"token": running_door.token})
    check_error(answer, 403, "not_renewable")
    said = json.loads(answer.body)["message"]
    assert str(file) in said
    assert "Read-only" in said
    assert running_door.token not in said
