"""Many paths looked at at once: by few requests, and by few of them together."""

from __future__ import annotations

from typing import Any

import pytest

from rsdat.base.errors import NotPermitted
from rsdat.dcache import DCacheFileSystem
from rsdat.dcache.entry import Entry
from tests.support.dcache import run
from tests.support.door import Door

AT_ONCE = 6


def make(site: Door, folder: str, count: int) -> list[str]:
    """So many empty files; their paths."""
    place = site.root / folder[1:]
    place.mkdir(parents=True, exist_ok=True)
    names = [f"f{number:04}" for number in range(count)]
    for name in names:
        (place / name).write_bytes(b"")
    return [f"{folder}/{name}" for name in names]


def find_all(site: Door, wanted: list[str]) -> list[Entry | None]:
    """What a client finds."""

    async def work(client: Any) -> list[Entry | None]:
        return list(await client.find_all(wanted))

    return run(site, work)


def asked(site: Door) -> list[str]:
    """The queries of what the frontend was asked, without who one is."""
    return [r["query"] for r in site.requests("frontend") if "namespace" in r["path"]]


def test_those_of_one_folder_by_its_listing(site: Door, folder: str) -> None:
    paths = make(site, folder, 300)
    none = [f"{folder}/none", f"{folder}/no/folder"]
    site.forget()
    found = find_all(site, [*paths, *none, paths[0]])
    assert [each and each.path for each in found] == [*paths, None, None, paths[0]]
    # One listing, and a look at what is not in it.
    assert len(asked(site)) == 3


def test_a_few_of_a_much_larger_folder(site: Door, folder: str) -> None:
    """It is not listed to its end for them."""
    paths = make(site, folder, 1500)[:25]
    site.forget()
    found = find_all(site, paths)
    assert [each and each.path for each in found] == paths
    assert [query for query in asked(site) if "children" in query] == [
        "children=true&locality=true&limit=1250"
    ]


def test_few_questions_at_once(site: Door, folder: str) -> None:
    """Of files that have a folder each."""
    paths = [path for number in range(60) for path in make(site, f"{folder}/d{number}", 1)]
    site.forget()
    assert None not in find_all(site, paths)
    assert len(asked(site)) == 60
    assert site.most()["frontend GET"] <= AT_ONCE


def test_a_folder_that_may_not_be_listed(site: Door, folder: str) -> None:
    """Its files may be looked at all the same."""
    paths = make(site, folder, 25)
    site.set_file(folder, forbidden=["list"])
    with pytest.raises(NotPermitted):
        run(site, lambda client: client.rows(folder))
    assert None not in find_all(site, paths)


def test_locality_of_many(site: Door, folder: str, fs: DCacheFileSystem) -> None:
    """As of one: a path that is missing is told."""
    paths = make(site, folder, 200)
    site.set_file(paths[7], locality="NEARLINE")
    site.forget()
    where = fs.locality(paths)
    assert list(where) == paths
    assert (where[paths[7]], where[paths[8]]) == ("NEARLINE", "ONLINE")
    assert len(asked(site)) == 1
    with pytest.raises(FileNotFoundError, match="none"):
        fs.locality([*paths, f"{folder}/none"])
