"""Listing, folders, renaming, deleting, staging, releasing through the facade."""

from __future__ import annotations

import asyncio
import time
import unicodedata
from typing import Any

import pytest

from rsdat.base.errors import (
    Conflict,
    DoorBroken,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refused,
)
from rsdat.dcache import tape
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.delete import Deletion
from tests.support.dcache import endpoint_of, names, read, run, stream, until
from tests.support.door import Door

ODD_NAMES = [
    "a b.txt",
    " lead and trail ",
    "h#ash.txt",
    "q?mark.txt",
    "50%.txt",
    "%2e%2e",
    "co:lon.txt",
    "plus+and&.txt",
    "semi;colon.txt",
    "é日😀.txt",
    ".hidden",
    "...",
    "[br]*{ack}.txt",
    "quo\"te'.txt",
    "back\\slash|pipe<>^~`.txt",
    "x=1,y=$2@z.txt",
    "Case.TXT",
    "case.txt",
]


@pytest.mark.parametrize("proxy", [False, True])
def test_odd_names_round_trip(site: Door, folder: str, proxy: bool) -> None:
    async def work(client: DCacheClient) -> None:
        for name in ODD_NAMES:
            inside = await client.mkdir(f"{folder}/d {name}")
            path = f"{inside.path}/{name}"
            data = name.encode()
            entry, created = await client.write(path, stream(data), len(data), replace=False)
            assert (entry.name, entry.path, created) == (name, path, True)
            assert await read(client, path) == data
            assert [each.name for each in await client.list(inside.path)] == [name]
            moved = await client.move(path, f"{folder}/{name}")
            assert moved.pnfs_id == entry.pnfs_id
            assert await read(client, moved.path, -1) == data[-1:]
            await client.delete(inside.path)
        assert sorted(each.name for each in await client.list(folder)) == sorted(ODD_NAMES)

    run(site, work, proxy=proxy)
    assert names(site, folder) == sorted(ODD_NAMES)
    for name in ODD_NAMES:
        assert (site.root / folder[1:] / name).read_bytes() == name.encode()


def test_decomposed_names_are_sent_composed(site: Door, folder: str) -> None:
    decomposed = unicodedata.normalize("NFD", "né/é.txt")

    async def work(client: DCacheClient) -> None:
        await client.mkdir(f"{folder}/{decomposed.split('/')[0]}")
        await client.write(f"{folder}/{decomposed}", stream(b"x"), 1, replace=False)
        assert await read(client, f"{folder}/{decomposed}") == b"x"
        # A decomposed name of another program's can be reached, listed and deleted.
        (site.root / folder[1:] / unicodedata.normalize("NFD", "ü.txt")).write_text("old")
        (old,) = [each for each in await client.list(folder) if not each.is_folder]
        assert await read(client, old.path) == b"old"
        await client.delete(old.path)

    run(site, work, proxy=True)
    assert names(site, folder) == ["né"]
    assert names(site, f"{folder}/né") == ["é.txt"]


def test_list_and_info(site: Door, folder: str) -> None:
    base = site.root / folder[1:]
    (base / "d").mkdir()
    (base / "f.txt").write_bytes(b"12345")
    site.set_file(f"{folder}/f.txt", locality="ONLINE_AND_NEARLINE")

    async def work(client: DCacheClient) -> None:
        found = {each.name: each for each in await client.list(f"dcache:/{folder}/")}
        assert set(found) == {"d", "f.txt"}
        assert found["d"].as_dict()["type"] == "directory"
        assert found["f.txt"].size == 5
        assert found["f.txt"].locality == "ONLINE_AND_NEARLINE"
        assert await client.info(f"{folder}/f.txt") == found["f.txt"]
        assert (await client.info("/")).path == "/"
        assert len(await client.list(folder, limit=1)) == 1
        assert await client.list(folder, offset=2) == []
        with pytest.raises(Conflict) as caught:
            await client.list(f"{folder}/f.txt")
        assert caught.value.code == "not_a_folder"
        for call in (client.info, client.list):
            with pytest.raises(NotFound, match="nothing' does not exist"):
                await call(f"{folder}/nothing")

    run(site, work)


def test_fifty_thousand_entries_do_not_block_the_loop(site: Door, folder: str) -> None:
    base = site.root / folder[1:]
    for number in range(50_000):
        (base / f"image-{number:06d}.tif").touch()

    async def work(client: DCacheClient) -> None:
        longest_s = busiest_s = 0.0

        async def watch() -> None:
            nonlocal longest_s, busiest_s
            while True:
                before, worked = time.monotonic(), time.thread_time()
                await asyncio.sleep(0.01)
                longest_s = max(longest_s, time.monotonic() - before)
                busiest_s = max(busiest_s, time.thread_time() - worked)

        watching = asyncio.ensure_future(watch())
        try:
            entries = await client.list(folder)
            await asyncio.sleep(0.05)  # or the last step is not seen
        finally:
            watching.cancel()
        assert len({each.path for each in entries}) == 50_000
        # Building the entries in the loop takes some 0.6 s of its thread.
        assert busiest_s < 0.25
        # The json module holds the interpreter while it parses the 17 MB: some 0.2 s on a machine
        # at rest.
        assert longest_s < 8

    run(site, work)


def test_mkdir(site: Door, folder: str) -> None:
    (site.root / folder[1:] / "file").touch()

    async def work(client: DCacheClient) -> None:
        assert (await client.mkdir(f"{folder}/new")).is_folder
        for taken in ("new", "file"):
            with pytest.raises(Conflict) as caught:
                await client.mkdir(f"{folder}/{taken}")
            assert caught.value.code == "exists"
        with pytest.raises(NotFound):
            await client.mkdir(f"{folder}/no/where")
        with pytest.raises(Conflict):
            await client.mkdir("/")
        await client.make_folders(f"{folder}/a/b/c")
        await client.make_folders(f"{folder}/a/b/c")
        assert (await client.info(f"{folder}/a/b/c")).is_folder
        with pytest.raises(Conflict) as caught:
            await client.make_folders(f"{folder}/file/b")
        assert caught.value.code == "not_a_folder"

    run(site, work)


def test_move_never_replaces(site: Door, folder: str) -> None:
    base = site.root / folder[1:]
    for name in ("a", "b"):
        (base / name).write_text(name)
    (base / "d" / "inner").mkdir(parents=True)

    async def work(client: DCacheClient) -> None:
        for source, destination in (("a", "b"), ("a", "d"), ("a", "a"), ("d", "a")):
            with pytest.raises(Conflict) as caught:
                await client.move(f"{folder}/{source}", f"{folder}/{destination}")
            assert caught.value.code == "exists"
        with pytest.raises(Conflict, match="into itself"):
            await client.move(f"{folder}/d", f"{folder}/d/inner/e")
        with pytest.raises(NotFound, match="a/none' does not exist"):
            await client.move(f"{folder}/a/none", f"{folder}/c")
        with pytest.raises(NotFound, match="nowhere' does not exist"):
            await client.move(f"{folder}/a", f"{folder}/nowhere/c")
        with pytest.raises(InvalidInput):
            await client.move("/", f"{folder}/c")
        moved = await client.move(f"{folder}/d", f"{folder}/e")
        assert moved.is_folder

    run(site, work)
    assert names(site, folder) == ["a", "b", "e"]
    assert (base / "a").read_text() + (base / "b").read_text() == "ab"


def make_tree(site: Door, folder: str, files: int = 20) -> None:
    for sub in ("t", "t/x y", "t/x y/deep", "t/empty"):
        (site.root / folder[1:] / sub).mkdir()
        for number in range(0 if sub.endswith("empty") else files):
            (site.root / folder[1:] / sub / f"f {number}?#").touch()


def test_delete(site: Door, folder: str) -> None:
    make_tree(site, folder)
    (site.root / folder[1:] / "one").touch()

    async def work(client: DCacheClient) -> None:
        await client.delete(f"{folder}/one")
        await client.delete(f"{folder}/t/empty")
        with pytest.raises(Conflict) as caught:
            await client.delete(f"{folder}/t")
        assert caught.value.code == "not_empty"
        await client.delete(f"{folder}/t", recursive=True)
        for recursive in (False, True):
            with pytest.raises(NotFound):
                await client.delete(f"{folder}/t", recursive=recursive)
            with pytest.raises(InvalidInput):
                await client.delete("/", recursive=recursive)

    run(site, work)
    assert names(site, folder) == []
    # A WebDAV DELETE of a folder is recursive: never sent.
    assert not site.requests("redirect", "DELETE")


def test_delete_stops_at_the_first_refusal(site: Door, folder: str) -> None:
    make_tree(site, folder)
    site.fault("status", status=403, server="frontend", method="DELETE", times=1)

    async def work(client: DCacheClient) -> None:
        with pytest.raises(NotPermitted):
            await client.delete(f"{folder}/t", recursive=True)

    run(site, work)
    assert "t" in names(site, folder)
    assert len(site.requests("frontend", "DELETE")) < 20


def test_delete_says_what_was_deleted_before_it_failed(site: Door, folder: str) -> None:
    make_tree(site, folder)

    async def work(client: DCacheClient) -> None:
        before = await count_below(client, f"{folder}/t")
        site.fault("status", status=403, server="frontend", method="DELETE", skip=3, times=1)
        with pytest.raises(NotPermitted) as caught:
            await client.delete(f"{folder}/t", recursive=True)
        left = await count_below(client, f"{folder}/t")
        assert caught.value.details["deleted"] == before - left > 0

    run(site, work)


class StoppedAtTheFifth(Deletion):
    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if (name, value) == ("deleted", 5):
            self.stop()


def test_delete_is_stopped(site: Door, folder: str) -> None:
    """Nothing more is begun; what is gone is counted; a second one deletes the rest."""
    make_tree(site, folder)

    async def work(client: DCacheClient) -> None:
        deletion = StoppedAtTheFifth()
        before = await count_below(client, f"{folder}/t")
        with pytest.raises(Conflict) as caught:
            await client.delete(f"{folder}/t", recursive=True, deletion=deletion)
        left = await count_below(client, f"{folder}/t")
        assert caught.value.code == "stopped"
        assert caught.value.details["deleted"] == before - left == deletion.deleted >= 5
        assert left > 0
        await client.delete(f"{folder}/t", recursive=True, deletion=Deletion())

    run(site, work)
    assert names(site, folder) == []


def test_delete_is_stopped_while_it_is_listing(site: Door, folder: str) -> None:
    make_tree(site, folder)

    async def work(client: DCacheClient) -> None:
        deletion = Deletion()
        deletion.stop()
        with pytest.raises(Conflict) as caught:
            await client.delete(f"{folder}/t", recursive=True, deletion=deletion)
        assert caught.value.details["deleted"] == 0

    run(site, work)
    assert not site.requests("frontend", "DELETE")


async def count_below(client: DCacheClient, path: str) -> int:
    entries = await client.list(path)
    below = [await count_below(client, each.path) for each in entries if each.is_folder]
    return len(entries) + sum(below)


def test_delete_takes_what_vanishes_for_deleted(site: Door, folder: str) -> None:
    make_tree(site, folder)

    async def work(client: DCacheClient) -> None:
        await asyncio.gather(
            *(client.delete(f"{folder}/t", recursive=True) for _ in range(2)),
            return_exceptions=True,
        )

    run(site, work)
    assert names(site, folder) == []


def test_stage(site: Door, folder: str) -> None:
    paths = [f"{folder}/{name}" for name in ("a", "b #")]
    for path in paths:
        (site.root / path[1:]).write_bytes(b"x")
    site.set_files([{"path": path, "locality": "NEARLINE"} for path in paths])

    async def work(client: DCacheClient) -> None:
        assert await client.stage(paths, keep_s=3600)
        for path in paths:
            await until(lambda path=path: is_online(site.entry(path)))
            assert await read(client, path) == b"x"
        for wrong in ([], [paths[0]] * 501):
            with pytest.raises(InvalidInput):
                await client.stage(wrong, keep_s=3600)

    run(site, work)


def test_release(site: Door, folder: str) -> None:
    """A pin keeps a file on disk; released, it leaves when a pool needs room, and not before."""
    paths = [f"{folder}/{name}" for name in ("a", "b #", "kept")]
    for path in paths:
        (site.root / path[1:]).write_bytes(b"x")
    site.set_files([{"path": path, "locality": "NEARLINE"} for path in paths])

    async def work(client: DCacheClient) -> None:
        await client.stage(paths, keep_s=3600)
        for path in paths:
            await until(lambda path=path: is_online(site.entry(path)))
        assert not set(paths) & set(await asyncio.to_thread(site.sweep))

        assert await client.release(paths[:2]) is True
        assert all(is_online(site.entry(path)) for path in paths)
        assert set(paths) & set(await asyncio.to_thread(site.sweep)) == set(paths[:2])
        assert [(await client.info(path)).locality for path in paths] == [
            "NEARLINE",
            "NEARLINE",
            "ONLINE_AND_NEARLINE",
        ]
        assert await client.release([paths[0]]) is True  # no pin, no error
        for wrong in ([], [paths[0]] * 501):
            with pytest.raises(InvalidInput):
                await client.release(wrong)

    site.forget()
    run(site, work)
    bulk = [each for each in site.requests("frontend") if "bulk-requests/" in each["path"]]
    assert bulk[-1]["method"] == "DELETE"  # nothing piles up at dCache


def test_release_that_fails_for_a_file(site: Door, folder: str) -> None:
    """dCache's own words, with our path; the other files are released all the same."""
    good = f"{folder}/good"
    for name in ("good", "not mine"):
        (site.root / folder[1:] / name).write_bytes(b"x")
    site.set_file(good, locality="NEARLINE")
    site.set_file(f"{folder}/not mine", forbidden=["write"])

    async def work(client: DCacheClient) -> None:
        await client.stage([good], keep_s=3600)
        await until(lambda: is_online(site.entry(good)))
        with pytest.raises(Refused, match="not mine' and 1 more: Access denied") as caught:
            await client.release([f"{folder}/not mine", f"{folder}/gone", good])
        assert caught.value.details["path"] == f"{folder}/not mine"
        with pytest.raises(Refused, match=f": No such file or directory {folder}/gone$"):
            await client.release([f"{folder}/gone"])
        assert good in await asyncio.to_thread(site.sweep)

    run(site, work)


def test_release_that_takes_long(site: Door, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not waited for without end, nor called done."""
    monkeypatch.setattr(tape, "_LOOK_AFTER_S", (0.0, 0.0))
    (site.root / folder[1:] / "a").write_bytes(b"x")
    site.configure(bulk_delay_s=60)
    try:
        run(site, lambda client: released(client, f"{folder}/a"))
    finally:
        site.configure(bulk_delay_s=0.05)


async def released(client: DCacheClient, path: str) -> None:
    assert await client.release([path]) is False


def is_online(entry: dict[str, Any]) -> bool:
    return str(entry["fileLocality"]).startswith("ONLINE")


def test_something_else_at_the_address(site: Door) -> None:
    async def work(client: DCacheClient) -> None:
        with pytest.raises(DoorBroken) as caught:
            await client.list("/")
        assert "api_url" in (caught.value.hint or "")

    run(endpoint_of(site, api_url=f"{site.api_url}/nonsense"), work)
