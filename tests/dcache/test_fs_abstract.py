"""fsspec's own test-suite for file systems, against the stand-in."""

from __future__ import annotations

from collections.abc import Callable

import fsspec.tests.abstract as abstract
import pytest

from rsdat.dcache import DCacheFileSystem
from tests.support.door import Door


class DCacheFixtures(abstract.AbstractFixtures):
    @pytest.fixture
    def fs(self, site: Door) -> DCacheFileSystem:
        return DCacheFileSystem(api_url=site.api_url, webdav_url=site.webdav_url, token=site.token)

    @pytest.fixture
    def fs_path(self, folder: str) -> str:
        return folder

    @pytest.fixture
    def fs_join(self) -> Callable[..., str]:
        return lambda *args: "/".join(args)


class TestCopy(abstract.AbstractCopyTests, DCacheFixtures):
    pass


class TestGet(abstract.AbstractGetTests, DCacheFixtures):
    pass


class TestPut(abstract.AbstractPutTests, DCacheFixtures):
    pass


class TestOpen(abstract.AbstractOpenTests, DCacheFixtures):
    pass


class TestPipe(abstract.AbstractPipeTests, DCacheFixtures):
    pass
