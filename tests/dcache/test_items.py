"""The list of a transfer's files on disk: what is torn costs its last line, not the transfer."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import NoSpace
from rsdat.dcache.transfers.items import DONE, FAILED, PENDING, Item, Items
from rsdat.dcache.transfers.uploading import title

THREE = [Item(f"/s/{name}", name, 3) for name in "abc"]


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (["a.txt"], "a.txt"),
        (["a.txt", "b.txt", "c.txt"], "a.txt and 2 more"),
        (["scene/a.txt"], "scene (1 file)"),
        (["scene/a.txt", "scene/in/b.txt", "scene/in/c.txt"], "scene (3 files)"),
        (["one/a", "one/b", "two/a"], "one and 1 more (3 files)"),
        (["a.txt", "one/a", "one/b"], "a.txt and 1 more (3 files)"),
    ],
)
def test_title_of_an_upload(targets: list[str], words: str) -> None:
    assert title([Item("", target, 1) for target in targets]) == words


async def reread(folder: Path) -> list[int]:
    items = Items(folder)
    await items.load()
    return [items.state(number) for number in range(len(items))]


def test_which_way_files_went_is_known_again(tmp_path: Path) -> None:
    """Of a file that an earlier companion was found to have copied it is not."""

    async def work() -> None:
        items = Items(tmp_path)
        await items.extend(THREE)
        items.mark(0, DONE, "adler32", "doors")
        items.mark(1, DONE, "", "here")
        items.mark(2, DONE, "adler32")
        await items.flush()
        again = Items(tmp_path)
        await again.load()
        assert again.ways == ["doors", "here"]
        assert again.compared == ["adler32", "", "adler32"]

    asyncio.run(work())


def test_goes_on_behind_a_torn_line(tmp_path: Path) -> None:
    """A companion died in the middle of a line; the next one adds its own."""

    async def work() -> None:
        items = Items(tmp_path)
        await items.extend(THREE)
        items.mark(0, DONE, "adler32")
        await items.flush()
        with (tmp_path / "ends.jsonl").open("ab") as file:
            file.write(b'[1, "d", "adl')
        again = Items(tmp_path)
        await again.load()
        again.mark(2, FAILED)
        await again.flush()
        assert await reread(tmp_path) == [DONE, PENDING, FAILED]

    asyncio.run(work())


def test_a_full_disk_leaves_no_part_of_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had no room is written when there is room again; it must be readable then."""

    async def work() -> None:
        items = Items(tmp_path)
        await items.extend(THREE)
        items.mark(0, DONE, "")
        await items.flush()
        items.mark(1, DONE, "")
        real = os.write

        def full(descriptor: int, data: Any) -> int:
            if len(data) > 4:
                return real(descriptor, bytes(data)[:4])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def half(descriptor: int, data: Any) -> int:
            monkeypatch.setattr(os, "write", lambda *_: full(descriptor, b""))
            return full(descriptor, data)

        monkeypatch.setattr(os, "write", half)
        with pytest.raises(NoSpace):
            await items.flush()
        monkeypatch.undo()
        assert await reread(tmp_path) == [DONE, PENDING, PENDING]
        items.mark(2, FAILED)
        await items.flush()
        assert await reread(tmp_path) == [DONE, DONE, FAILED]

    asyncio.run(work())
