"""A Jupyter server with the companion, below a base URL as JupyterHub gives it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403 - its fixtures, for this folder only

from tests.support.door import Door, door
from tests.support.server import Lab
from tests.support.transfers import Transfers


@pytest.fixture
def jp_base_url() -> str:
    """As JupyterHub has it."""
    return "/user/ann/"


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """The companion alone, nothing for strangers."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"rsdat": True, "jupyter_server_terminals": False},
            "allow_unauthenticated_access": False,
        }
    }


@pytest.fixture
def rsdat_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own."""
    home = tmp_path / "rsdat-home"
    monkeypatch.setenv("RSDAT_HOME", str(home))
    monkeypatch.setenv("RSDAT_QUEUE", "local")
    return home


@pytest.fixture
def lab(
    rsdat_home: Path,
    jp_serverapp: Any,
    jp_base_url: str,
    http_server_client: Any,
) -> Lab:
    """The server; its endpoints and clusters are read when first asked for."""
    return Lab(
        app=jp_serverapp,
        origin=http_server_client.get_url("").rstrip("/"),
        base_url=jp_base_url,
        token=jp_serverapp.identity_provider.token,
        client=_Plain(http_server_client),  # type: ignore[arg-type]
    )


class _Plain:
    """The test server's client, asked by whole addresses instead of paths."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def fetch(self, request: Any, **options: Any) -> Any:
        """As `AsyncHTTPClient.fetch`."""
        return super(type(self._client), self._client).fetch(request, **options)


@pytest.fixture(scope="session")
def running_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One dCache stand-in for all tests of this folder."""
    with door(tmp_path_factory.mktemp("door")) as running:
        yield running


@pytest.fixture
def dcache(running_door: Door, rsdat_home: Path, tmp_path: Path) -> Iterator[Door]:
    """The stand-in as the endpoint `default`; tests use a folder of their own, `folder`."""
    running_door.write_endpoint(rsdat_home)
    yield running_door
    running_door.forget()


@pytest.fixture
def folder(dcache: Door) -> str:
    """An empty folder in dCache."""
    return "/" + Path(tempfile.mkdtemp(prefix="test-", dir=dcache.root)).name


@pytest.fixture
def place(dcache: Door, folder: str) -> Path:
    """The test's folder in dCache, on disk."""
    return dcache.root / folder[1:]


@pytest.fixture
def transfers(lab: Lab, dcache: Door) -> Transfers:
    """The routes of transfers."""
    return Transfers(lab)
