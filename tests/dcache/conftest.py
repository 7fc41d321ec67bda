"""One stand-in for all tests of this folder, and an empty folder in it for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import fsspec.config
import pytest

from rsdat.dcache import DCacheFileSystem
from tests.support.door import Door, door

_numbers = itertools.count()


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The stand-in; use `site`."""
    with door(tmp_path_factory.mktemp("dcache")) as running:
        yield running


@pytest.fixture
def site(shared_site: Door) -> Iterator[Door]:
    """The stand-in without faults, and with nothing asked so far."""
    shared_site.forget()
    yield shared_site
    shared_site.forget()


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Door]:
    """A stand-in for tests of logins: it counts the refused ones for 20 s."""
    with door(tmp_path / "own") as running:
        yield running


@pytest.fixture
def folder(site: Door) -> str:
    """An empty folder of this test."""
    path = f"/test-{next(_numbers)}"
    (site.root / path[1:]).mkdir()
    return path


@pytest.fixture
def fs(site: Door) -> DCacheFileSystem:
    """The fsspec class, told where and who by keywords."""
    return DCacheFileSystem(api_url=site.api_url, webdav_url=site.webdav_url, token=site.token)


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own dCache, nor of an earlier test's."""
    DCacheFileSystem.clear_instance_cache()
    monkeypatch.setattr(fsspec.config, "conf", {})
    for name in ("BEARER_TOKEN", "BEARER_TOKEN_FILE", "RSDAT_HOME"):
        monkeypatch.delenv(name, raising=False)
