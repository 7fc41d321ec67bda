"""Small files in one request each, and what becomes of one that is on tape after all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from rsdat.base.errors import Conflict, NotFound, OnTape, Refused
from rsdat.dcache import small
from rsdat.dcache.client import DCacheClient
from tests.support.dcache import run
from tests.support.door import Door
from tests.support.waiting import wait_for

COUNT = 12


@pytest.fixture
def files(site: Door, folder: str) -> Sequence[str]:
    """Paths of files, each in a folder of its own, whose bytes are their names."""
    for number in range(COUNT):
        place = Path(site.root) / folder[1:] / str(number)
        place.mkdir()
        (place / f"{number}.json").write_text(f"{number}.json")
    return [f"{folder}/{number}/{number}.json" for number in range(COUNT)]


def asked(site: Door) -> int:
    """How often a file's attributes were asked for."""
    return len(site.requests("frontend", "GET"))


@pytest.mark.parametrize("proxy", [False, True])
def test_after_a_few_the_others_are_just_read(
    site: Door, files: Sequence[str], proxy: bool
) -> None:
    async def work(client: DCacheClient) -> None:
        for path in files:
            assert await client.read_small(path) == path.rpartition("/")[2].encode()

    run(site, work, proxy=proxy)
    assert asked(site) == small.SURE_AFTER
    got = site.requests("proxy" if proxy else "pool", "GET")
    assert len(got) == COUNT
    wait_for(lambda: site.movers() == 0)


def test_where_files_have_copies_on_tape_each_is_asked_about(
    site: Door, files: Sequence[str]
) -> None:
    site.set_files([{"path": path, "locality": "ONLINE_AND_NEARLINE"} for path in files])

    async def work(client: DCacheClient) -> None:
        for path in files:
            await client.read_small(path)

    run(site, work)
    assert asked(site) == COUNT


def test_one_on_tape_where_nobody_thought_so(
    site: Door, files: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """dCache blocks its GET until it is staged; we don't wait for that."""
    monkeypatch.setattr(small, "LIMIT_S", 1.0)
    site.set_file(files[6], locality="NEARLINE", stage_delay_s=600)

    async def work(client: DCacheClient) -> None:
        for path in files[:6]:
            await client.read_small(path)
        before = asked(site)
        with pytest.raises(OnTape):
            await client.read_small(files[6])
        for path in files[7:10]:
            await client.read_small(path)
        # The folder is not trusted any more.
        assert asked(site) - before == 4

    run(site, work)


def test_what_is_not_as_it_should_be_is_told_as_ever(
    site: Door, folder: str, files: Sequence[str]
) -> None:
    (site.root / files[8][1:]).write_bytes(b"x" * 3_000_000)

    async def work(client: DCacheClient) -> None:
        async def sure() -> None:
            while not client._small._is_sure(folder):
                await client.read_small(files[0])

        await sure()
        with pytest.raises(NotFound):
            await client.read_small(f"{folder}/0/none.json")
        with pytest.raises(Refused) as caught:
            await client.read_small(files[8], 1 << 20)
        assert caught.value.code == "too_large"
        with pytest.raises(Conflict) as folder_error:
            await client.read_small(f"{folder}/0/")
        assert folder_error.value.code == "is_a_folder"
        await sure()
        (site.root / files[1][1:]).write_bytes(b"")
        assert await client.read_small(files[1]) == b""
        site.fault("cut_download", prefix=files[2], at_bytes=2)
        assert await client.read_small(files[2]) == b"2.json"
        await sure()
        site.fault("status", server="redirect", prefix=files[3], status=503)
        assert await client.read_small(files[3]) == b"3.json"

    run(site, work)
    wait_for(lambda: site.movers() == 0)
