"""Catalogs on several file systems."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from tests.support.ranges import CountedFileSystem


@pytest.fixture(params=["local", "memory", "odd names"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A folder's address: where PySTAC's URL arithmetic is right, and where it is not."""
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    yield {
        "local": str(tmp_path),
        "memory": "memory:///demo",
        "odd names": "memory://demo/a #1?/50%41 é",
    }[request.param]
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]


@pytest.fixture
def counted() -> type[CountedFileSystem]:
    """A file system that counts what is read."""
    CountedFileSystem.start()
    return CountedFileSystem
