"""Catalogs on several file systems."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from rsdat.base.files import read_json, write_json
from tests.support.door import Door, door
from tests.support.ranges import CountedFileSystem


@pytest.fixture(scope="session")
def stac_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One dCache stand-in for all tests here."""
    with door(tmp_path_factory.mktemp("stac-door")) as running:
        yield running


@pytest.fixture
def dcache(stac_door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """The stand-in as the default endpoint."""
    home = tmp_path / "rsdat-home"
    stac_door.write_endpoint(home)
    monkeypatch.setenv("RSDAT_HOME", str(home))
    kind = fsspec.get_filesystem_class("dcache")
    kind.clear_instance_cache()
    stac_door.forget()
    yield stac_door
    kind.clear_instance_cache()


@pytest.fixture(scope="session")
def other_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(tmp_path_factory.mktemp("other-door")) as running:
        yield running


@pytest.fixture
def other(other_door: Door, dcache: Door, tmp_path: Path) -> Iterator[Door]:
    """Another dCache, as the endpoint `other` beside `default`."""
    home = tmp_path / "rsdat-home"
    known = read_json(home / "endpoints.json", format_version=1)["endpoints"]
    other_door.write_endpoint(home, name="other")
    known += read_json(home / "endpoints.json", format_version=1)["endpoints"]
    write_json(home / "endpoints.json", {"endpoints": known}, format_version=1)
    fsspec.get_filesystem_class("dcache").clear_instance_cache()
    other_door.forget()
    yield other_door
    other_door.configure(plain_macaroons=True)


@pytest.fixture(params=["local", "memory", "odd names", "dcache", "dcache, odd names"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A folder's address: where PySTAC's URL arithmetic is right, and where it is not."""
    if request.param.startswith("dcache"):
        request.getfixturevalue("dcache")
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    new = secrets.token_hex(6)
    yield {
        "local": str(tmp_path),
        "memory": "memory:///demo",
        "odd names": "memory://demo/a #1?/50%41 é",
        "dcache": f"dcache:///{new}/demo",
        "dcache, odd names": f"dcache://{new}/a #1?/50%41 + é 日",
    }[request.param]
    memory.store.clear()


@pytest.fixture
def counted() -> type[CountedFileSystem]:
    """A file system that counts what is read."""
    CountedFileSystem.start()
    return CountedFileSystem
