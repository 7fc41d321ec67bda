"""Names that are no UTF-8: listed, refused in words, and no harm to what lies beside."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from rsdat.dcache import entry, rows
from tests.support.server import Lab, check_error
from tests.support.transfers import Transfers

BAD = "bad\udcff"
WHY = "The name 'bad\\udcff' is no UTF-8: dCache's HTTP doors can't be asked for it"


@pytest.fixture(autouse=True)
def _as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo door sends U+FFFD for such bytes; others send the bytes."""
    names_of = entry.names_of

    def names(children: Iterable[Mapping[str, Any]]) -> list[str]:
        return [name.replace("\ufffd", "\udcff") for name in names_of(children)]

    monkeypatch.setattr(entry, "names_of", names)
    monkeypatch.setattr(rows, "names_of", names)


def put(place: Path, *, as_folder: bool = False) -> None:
    """A good file, and something whose name is no UTF-8."""
    (place / "good").write_bytes(b"g")
    bad = place / os.fsdecode(b"bad\xff")
    if as_folder:
        bad.mkdir()
    else:
        bad.write_bytes(b"b")


def unpacked(body: bytes, format_: str) -> dict[str, bytes]:
    """Files of an archive, without their folder."""
    if format_ == "zip":
        with zipfile.ZipFile(io.BytesIO(body)) as found:
            files = {each: found.read(each) for each in found.namelist() if each[-1] != "/"}
    else:
        with tarfile.open(fileobj=io.BytesIO(body)) as found:
            files = {
                each.name: file.read()
                for each in found.getmembers()
                if (file := found.extractfile(each)) is not None
            }
    return {name.rpartition("/")[2]: content for name, content in files.items()}


@pytest.mark.parametrize("as_folder", [False, True])
@pytest.mark.parametrize("format_", ["zip", "tar"])
async def test_archive(
    transfers: Transfers, folder: str, place: Path, format_: str, as_folder: bool
) -> None:
    """All else is in it, and what is not is told in it."""
    put(place, as_folder=as_folder)
    made = await transfers.begin("download", source=("default", folder), format=format_)
    response = await transfers.fetch(made["id"])
    files = unpacked(response.body, format_)
    assert files.pop("good") == b"g"
    told = files.pop("FAILED.txt").decode()
    assert f"{folder}/bad\\udcff: {WHY}. Rename it" in told
    assert files == {}
    ended = await transfers.until(made["id"])
    assert (ended["files"]["failed"], ended["failures"][0]["path"]) == (1, f"{folder}/{BAD}")


async def test_copy(transfers: Transfers, folder: str, place: Path) -> None:
    """It is told, and the others arrive."""
    (place / "from").mkdir()
    (place / "to").mkdir()
    put(place / "from")
    made = await transfers.begin(
        "copy", source=("default", f"{folder}/from"), destination=("default", f"{folder}/to")
    )
    ended = await transfers.until(made["id"])
    assert [failure["message"] for failure in ended["failures"]] == [WHY]
    assert (place / "to/from/good").read_bytes() == b"g"
    # Also in the list, as the panel asks for it.
    assert (await transfers.get(made["id"]))["failures"] == ended["failures"]


async def test_asked_for(lab: Lab, transfers: Transfers, folder: str, place: Path) -> None:
    """Whatever the panel does with it is refused, and nothing else is taken for it."""
    put(place)
    listed = await lab.call(
        "GET", "/api/dcache/{endpoint}/list", 200, endpoint="default", query={"path": folder}
    )
    assert [each["name"] for each in listed["entries"]] == [BAD, "good"]
    path = f"{folder}/{BAD}"
    for action, value in {
        "delete": {"path": path},
        "mkdir": {"path": f"{path}/new"},
        "move": {"source": path, "destination": f"{folder}/new"},
        "stage": {"paths": [path]},
        "attributes": {"path": path, "add_labels": ["x"]},
    }.items():
        answer = await lab.ask("POST", f"/api/dcache/default/{action}", value=value)
        assert check_error(answer, 400, "bad_path")["message"] == WHY, action
    for format_ in ("file", "zip"):
        refused = await lab.ask(
            "POST",
            "/api/transfers",
            value={
                "kind": "download",
                "source": {"endpoint": "default", "paths": [path]},
                "format": format_,
            },
        )
        assert check_error(refused, 400, "bad_path")["message"] == WHY
    assert sorted(os.fsencode(each.name) for each in place.iterdir()) == [b"bad\xff", b"good"]
