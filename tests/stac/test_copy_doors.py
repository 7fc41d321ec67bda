"""Copies from dCache to dCache: the doors do them, no byte passes us, no token leaves its host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from rsdat.stac.copying import copy_assets, estimate
from tests.support.copies import item, multihash
from tests.support.door import Door
from tests.support.handed import note_handed

SIZE = 1_500_000
NAME = "é 1.raw"


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pools were given to identify themselves with."""
    return note_handed(monkeypatch)


def put(site: Door, folder: str, names: list[str]) -> dict[str, bytes]:
    place = site.root / folder
    place.mkdir()
    bodies = {name: os.urandom(SIZE) for name in names}
    for name, body in bodies.items():
        (place / name).write_bytes(body)
    return bodies


def copied(items: Any, to: str, source: str = "default", **options: Any) -> Any:
    """Copies to a folder of the default endpoint."""
    return copy_assets(
        items,
        None,
        f"dcache:///{to}",
        storage_options={"dcache": {"endpoint": source}},
        target_options={"dcache": {"endpoint": "default"}},
        progress=False,
        **options,
    )


def test_within_one_dcache(dcache: Door, tmp_path: Path) -> None:
    """It makes the missing folder, is skipped when it is there, and an old file is replaced."""
    folder = tmp_path.name
    bodies = put(dcache, folder, [NAME])
    one = item("i", {"a": f"dcache:///{folder}/{NAME}"})
    report = copied(one, f"{folder}/to")
    assert (report.verified, report.by_doors, report.streamed) == ({"adler32": 1}, 1, {})
    assert report.bytes == SIZE
    assert "copied by dCache itself: 1 file" in str(report)
    place = dcache.root / folder / "to/i"
    assert (place / NAME).read_bytes() == bodies[NAME]
    assert dcache.requests(method="PUT") == []
    assert len(dcache.requests("redirect", "COPY")) == 1

    assert copied(one, f"{folder}/to").skipped
    assert len(dcache.requests("redirect", "COPY")) == 1
    (place / NAME).write_bytes(b"old")
    assert copied(one, f"{folder}/to").by_doors == 1
    assert [path.name for path in place.iterdir()] == [NAME]
    assert (place / NAME).read_bytes() == bodies[NAME]


def test_between_two_by_a_macaroon_for_each_file(
    dcache: Door, other: Door, tmp_path: Path, handed: list[str]
) -> None:
    folder = tmp_path.name
    bodies = put(other, folder, ["a.raw", "b.raw"])
    items = [item(name[0], {"x": f"dcache:///{folder}/{name}"}) for name in bodies]
    dcache.forget()
    report = copied(items, folder, "other")
    assert (report.verified, report.by_doors) == ({"adler32": 2}, 2)
    for name, body in bodies.items():
        assert (dcache.root / folder / name[0] / name).read_bytes() == body
    # Ours asked the other door for macaroons and for no byte; theirs alone were handed on.
    assert dcache.requests(method="PUT") == []
    assert len(set(handed)) == 2
    assert not {other.token, dcache.token} & set(handed)


def test_a_door_without_macaroons_is_told_once(
    dcache: Door, other: Door, tmp_path: Path, handed: list[str]
) -> None:
    folder = tmp_path.name
    bodies = put(other, folder, [f"{n}.raw" for n in range(4)])
    other.configure(plain_macaroons=False)
    items = [item(name[0], {"x": f"dcache:///{folder}/{name}"}) for name in bodies]
    report = copied(items, folder, "other")
    assert (len(report.copied), report.failed, report.by_doors) == (4, [], 0)
    assert report.streamed == {"dCache did not copy from 'other' to 'default' by itself": 4}
    assert str(report).count("streamed through this computer") == 1
    for name, body in bodies.items():
        assert (dcache.root / folder / name[0] / name).read_bytes() == body
    assert handed == []
    assert dcache.requests("redirect", "COPY") == []


def test_what_breaks_off_leaves_nothing_and_is_streamed(
    dcache: Door, other: Door, tmp_path: Path
) -> None:
    folder = tmp_path.name
    bodies = put(other, folder, ["a.raw"])
    other.fault("cut_download", server="pool", at_bytes=SIZE // 2)
    report = copied(item("i", {"a": f"dcache:///{folder}/a.raw"}), folder, "other")
    assert (report.verified, report.by_doors) == ({"adler32": 1}, 0)
    assert sum(report.streamed.values()) == 1
    place = dcache.root / folder / "i"
    assert [path.name for path in place.iterdir()] == ["a.raw"]
    assert (place / "a.raw").read_bytes() == bodies["a.raw"]


def test_other_bytes_than_the_item_says_are_not_copied(dcache: Door, tmp_path: Path) -> None:
    folder = tmp_path.name
    put(dcache, folder, ["a.raw"])
    one = item("i", {"a": f"dcache:///{folder}/a.raw"})
    one.assets["a"].extra_fields = {"file:size": SIZE - 1}
    report = copied(one, f"{folder}/to")
    assert [outcome.code for outcome in report.failed] == ["item_differs"]
    assert not (dcache.root / folder / "to/i/a.raw").exists()
    assert copied(one, f"{folder}/to", trust_items=False).by_doors == 1


def test_a_checksum_that_dcache_has_not_is_compared_here(dcache: Door, tmp_path: Path) -> None:
    folder = tmp_path.name
    body = put(dcache, folder, ["a.raw"])["a.raw"]
    one = item("i", {"a": f"dcache:///{folder}/a.raw"})
    one.assets["a"].extra_fields = {"file:checksum": multihash("sha256", body)}
    report = copied(one, f"{folder}/to")
    assert (report.verified, report.by_doors) == ({"sha256": 1}, 0)
    assert "streamed through this computer: 1 file (dCache does not keep" in str(report)


def test_missing_files_say_nothing_of_the_doors(dcache: Door, tmp_path: Path) -> None:
    folder = tmp_path.name
    put(dcache, folder, ["a.raw"])
    lost = [item(f"{n}", {"a": f"dcache:///{folder}/{n}.raw"}) for n in range(3)]
    found = item("i", {"a": f"dcache:///{folder}/a.raw"})
    report = copied([*lost, found], f"{folder}/to", max_concurrency=1)
    assert [outcome.code for outcome in report.failed] == ["not_found"] * 3
    assert report.by_doors == 1


def test_an_estimate_says_what_the_doors_may_do(dcache: Door, tmp_path: Path) -> None:
    """Only of files in dCache, with a checksum by which the copy can be compared."""
    folder = tmp_path.name
    body = put(dcache, folder, ["a.raw", "b.raw"])["b.raw"]
    one = item("i", {name: f"dcache:///{folder}/{name}.raw" for name in "ab"})
    one.assets["b"].extra_fields = {"file:checksum": multihash("sha256", body)}
    assert estimate(one, None, f"dcache:///{folder}/to").by_doors == 1
    assert estimate(one, None, str(tmp_path)).by_doors == 0
