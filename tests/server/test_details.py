"""Attributes, labels, quotas and previews over REST."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp, Resampling
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from rsdat.dcache import preview
from tests.support.door import Door
from tests.support.server import Lab, check_error, until

ON = {"endpoint": "default"}


async def details(lab: Lab, path: str, status: int = 200) -> Any:
    """All attributes."""
    return await lab.call(
        "GET", "/api/dcache/{endpoint}/details", status, query={"path": path}, **ON
    )


async def change(lab: Lab, path: str, status: int = 200, **changes: Any) -> Any:
    """Change labels and attributes."""
    value = {"path": path, **changes}
    return await lab.call("POST", "/api/dcache/{endpoint}/attributes", status, value=value, **ON)


async def test_details(lab: Lab, dcache: Door, folder: str) -> None:
    """One file with everything; one request for it."""
    (dcache.root / folder[1:] / "f").write_bytes(b"hello")
    dcache.set_file(
        f"{folder}/f",
        locality="ONLINE_AND_NEARLINE",
        labels=["x"],
        xattrs={"k": "v"},
        checksums={"ADLER32": "062c0215", "MD5_TYPE": "5d41402abc4b2a76b9719d911017c592"},
    )
    dcache.forget()
    found = await details(lab, f"{folder}/f")
    assert found["entry"]["size"] == 5
    assert found["checksums"] == [
        {"type": "ADLER32", "value": "062c0215"},
        {"type": "MD5", "value": "5d41402abc4b2a76b9719d911017c592"},
    ]
    assert (found["labels"], found["xattrs"]) == (["x"], {"k": "v"})
    assert found["qos"] is not None
    assert (found["owner_name"], found["access_latency"]) == ("alice", "NEARLINE")
    assert found["pinned"] is None
    asked = [r for r in dcache.requests("frontend", "GET") if "/namespace/" in r["path"]]
    assert len(asked) == 1
    assert (await details(lab, folder))["entry"]["type"] == "directory"
    assert (await details(lab, f"{folder}/nope", 404))["details"]["code"] == "not_found"


@pytest.mark.parametrize("status", [403, 500])
async def test_parts_that_are_refused(lab: Lab, dcache: Door, folder: str, status: int) -> None:
    """Less is asked for, and told; a door that is down is an error at once."""
    (dcache.root / folder[1:] / "f").write_bytes(b"hello")
    dcache.fault("status", status=status, server="frontend", prefix=f"/api/v1/namespace{folder}/f")
    found = await details(lab, f"{folder}/f")
    assert (found["qos"], found["owner"]) == (None, 1000)
    dcache.fault(
        "status", status=status, server="frontend", prefix=f"/api/v1/namespace{folder}/f", times=4
    )
    refused = await details(lab, f"{folder}/f", 403 if status == 403 else 502)
    assert refused["message"]


async def test_attributes(lab: Lab, dcache: Door, folder: str) -> None:
    """Set and removed, in one go; refused in dCache's own words."""
    (dcache.root / folder[1:] / "f").write_bytes(b"")
    path = f"{folder}/f"
    found = await change(lab, path, add_labels=["a b", "é"], set_xattrs={"k": "1", "l": ""})
    assert (found["labels"], found["xattrs"]) == (["a b", "é"], {"k": "1", "l": ""})
    found = await change(
        lab, path, remove_labels=["a b"], set_xattrs={"k": "2"}, remove_xattrs=["l"]
    )
    assert (found["labels"], found["xattrs"]) == (["é"], {"k": "2"})
    refused = await change(lab, path, 409, remove_xattrs=["nope"])
    assert "No such attribute" in refused["message"]
    refused = await change(lab, path, 422, add_labels=["z"], remove_labels=["nope"])
    assert "No such label nope" in refused["message"]
    assert "1 of 2 changes" in refused["hint"]
    assert (await details(lab, path))["labels"] == ["é", "z"]
    await change(lab, path, 400)
    await change(lab, path, 400, add_labels=["q"], remove_labels=["q"])
    await change(lab, path, 400, set_xattrs={"": "x"})
    await change(lab, f"{folder}/nope", 404, add_labels=["q"])


async def quota(lab: Lab, status: int = 200) -> Any:
    """The quotas."""
    return await lab.call("GET", "/api/dcache/{endpoint}/quota", status, **ON)


async def test_quota(lab: Lab, dcache: Door) -> None:
    """The user's and his group's; none, or a dCache that keeps none, is no error."""
    dcache.set_quota(
        user=[{"id": 1000, "replica": 5, "replicaLimit": 10, "custodial": 2**50}],
        group=[{"id": 1000, "output": 7}],
    )
    nothing = {"custodial": None, "replica": None, "output": None}
    assert await quota(lab) == {
        "quotas": [
            {
                "kind": "user",
                "id": 1000,
                "used": {"custodial": 2**50, "replica": 5, "output": 0},
                "limit": {**nothing, "replica": 10},
            },
            {
                "kind": "group",
                "id": 1000,
                "used": {"custodial": 0, "replica": 0, "output": 7},
                "limit": nothing,
            },
        ],
        "message": None,
    }
    dcache.set_quota(user=[{"id": 1000}])
    assert [each["kind"] for each in (await quota(lab))["quotas"]] == ["user"]
    dcache.set_quota()
    answer = await quota(lab)
    assert (answer["quotas"], answer["message"]) == ([], "This dCache has no quota for you.")
    dcache.set_quota(configured=False)
    assert (await quota(lab))["message"] == "This dCache keeps no quotas."
    dcache.fault("status", status=500, server="frontend", prefix="/api/v1/quota", times=2)
    await quota(lab, 502)
    dcache.set_quota()


def raster(count: int = 1, size: int = 64, **options: Any) -> bytes:
    """A GeoTIFF; band n holds n times its column's number."""
    profile = {
        "driver": "GTiff",
        "dtype": "uint16",
        "crs": "EPSG:32631",
        "transform": from_origin(0, 0, 10, 10),
        **options,
    }
    columns = np.tile(np.arange(size), (size, 1))
    with MemoryFile() as memory:
        with memory.open(width=size, height=size, count=count, **profile) as target:
            for number in range(1, count + 1):
                target.write((columns * number).astype(profile["dtype"]), number)
        return bytes(memory.read())


async def picture(lab: Lab, path: str, size: int = 32) -> Any:
    """The preview as an array of four bands."""
    response = await lab.ask("GET", f"/preview/default{path}", query={"size": size})
    assert response.code == 200, response.body
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    with MemoryFile(response.body) as memory, memory.open() as shown:
        return shown.read()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "complex64"])
async def test_contrast(lab: Lab, dcache: Door, folder: str, dtype: str) -> None:
    """Whatever the numbers are, the picture shows a slope."""
    (dcache.root / folder[1:] / "a.tif").write_bytes(raster(dtype=dtype))
    shown = await picture(lab, f"{folder}/a.tif")
    assert shown.shape == (4, 32, 32)
    assert (shown[3] == 255).all()
    row = shown[0, 5].astype(int)
    assert (np.diff(row) >= 0).all()
    if dtype != "uint8":
        assert row[0] < 10
        assert row[-1] > 245


async def test_no_data_is_clear(lab: Lab, dcache: Door, folder: str) -> None:
    """Nodata and NaN; the rest is stretched without them."""
    (dcache.root / folder[1:] / "n.tif").write_bytes(raster(nodata=0))
    shown = await picture(lab, f"{folder}/n.tif", 64)
    assert (shown[3, :, 0] == 0).all()
    assert (shown[3, :, 1:] == 255).all()


async def test_colours(lab: Lab, dcache: Door, folder: str) -> None:
    """Red, green and blue where they are told; else the first band as grey."""
    data = raster(4, photometric="RGB", dtype="uint8")
    (dcache.root / folder[1:] / "rgb.tif").write_bytes(data)
    shown = await picture(lab, f"{folder}/rgb.tif", 64)
    assert shown[:3, 0, 20].tolist() == [20, 40, 60]
    (dcache.root / folder[1:] / "many.tif").write_bytes(raster(5, dtype="uint8"))
    shown = await picture(lab, f"{folder}/many.tif", 64)
    assert shown[:3, 0, 20].tolist() == [20, 20, 20]


async def test_palette(lab: Lab, dcache: Door, folder: str) -> None:
    """Classes have the colours that the file gives them."""
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", width=2, height=1, count=1, dtype="uint8") as target:
            target.write(np.array([[[1, 2]]], np.uint8))
            target.write_colormap(1, {1: (255, 0, 0, 255), 2: (0, 0, 255, 255)})
            target.colorinterp = [ColorInterp.palette]
        (dcache.root / folder[1:] / "p.tif").write_bytes(bytes(memory.read()))
    shown = await picture(lab, f"{folder}/p.tif")
    assert shown[:, 0].T.tolist() == [[255, 0, 0, 255], [0, 0, 255, 255]]


async def test_only_overviews_are_read(lab: Lab, dcache: Door, folder: str) -> None:
    """Of 32 MB of pixels a small part."""
    path = dcache.root / folder[1:] / "big.tif"
    random = np.random.default_rng(1).integers(0, 60_000, (4096, 4096), dtype=np.uint16)
    with rasterio.open(
        path, "w", driver="GTiff", width=4096, height=4096, count=1, dtype="uint16", tiled=True
    ) as target:
        target.write(random, 1)
    with rasterio.open(path, "r+") as target:
        target.build_overviews([4, 16, 32], Resampling.nearest)
    dcache.forget()
    shown = await picture(lab, f"{folder}/big.tif", 128)
    assert shown.shape == (4, 128, 128)
    ranges = [each["range"] for each in dcache.requests("pool", "GET")]
    assert ranges
    read = 0
    for each in ranges:
        start, _, end = each.removeprefix("bytes=").partition("-")
        read += int(end) - int(start) + 1
    assert read < path.stat().st_size / 20


async def test_pictures_of_other_kinds(lab: Lab, dcache: Door, folder: str) -> None:
    """PNG and JPEG; a name with everything in it."""
    for driver, name in (("PNG", "odd #?%+&é 日.png"), ("JPEG", "b.jpg")):
        with MemoryFile() as memory:
            with memory.open(driver=driver, width=40, height=20, count=3, dtype="uint8") as target:
                target.write(np.full((3, 20, 40), 200, np.uint8))
            (dcache.root / folder[1:] / name).write_bytes(bytes(memory.read()))
        shown = await picture(lab, f"{folder}/{name}")
        assert shown.shape == (4, 16, 32)
        assert abs(int(shown[0, 8, 8]) - 200) < 5


async def test_what_has_no_preview(
    lab: Lab, dcache: Door, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On tape, no picture, a folder, not there, too large, no rasterio: words for each."""
    for name in ("tape.tif", "ok.tif"):
        (dcache.root / folder[1:] / name).write_bytes(raster())
    dcache.set_file(f"{folder}/tape.tif", locality="NEARLINE")
    (dcache.root / folder[1:] / "text.tif").write_bytes(b"no picture at all")
    (dcache.root / folder[1:] / "cut.tif").write_bytes(raster(size=512)[:5000])
    (dcache.root / folder[1:] / "e.vrt").write_bytes(
        b'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1">'
        b"<SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource>"
        b"</VRTRasterBand></VRTDataset>"
    )

    async def refused(name: str, status: int, code: str) -> None:
        response = await lab.ask("GET", f"/preview/default{folder}/{name}")
        check_error(response, status, code)

    await refused("tape.tif", 409, "on_tape")
    await refused("text.tif", 409, "no_preview")
    await refused("cut.tif", 409, "no_preview")
    await refused("e.vrt", 409, "no_preview")
    await refused("nope.tif", 404, "not_found")
    await refused("", 409, "is_a_folder")
    check_error(
        await lab.ask("GET", f"/preview/default{folder}/ok.tif", query={"size": 5}),
        400,
        "invalid_input",
    )
    monkeypatch.setattr(preview, "MAX_PIXELS", 100)
    await refused("ok.tif", 409, "too_large")
    monkeypatch.undo()
    monkeypatch.setattr(preview, "MAX_BYTES", 100)
    await refused("ok.tif", 409, "too_large")
    monkeypatch.undo()
    monkeypatch.setattr(preview, "MAX_S", -1.0)
    await refused("ok.tif", 409, "too_large")
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "rasterio", None)
    await refused("ok.tif", 409, "no_rasterio")


async def test_nobody_waits_for_a_preview(lab: Lab, dcache: Door, folder: str) -> None:
    """Who closes the tab leaves no read behind, which others would have to wait for."""
    (dcache.root / folder[1:] / "a.tif").write_bytes(raster(size=512))
    dcache.fault("hang", server="pool", times=2)
    path = lab.url(f"/preview/default{folder}/a.tif").partition(str(lab.port))[2]
    asked = (
        f"GET {path} HTTP/1.1\r\nHost: localhost:{lab.port}\r\n"
        f"Authorization: token {lab.token}\r\n\r\n"
    )
    writers, before = [], dcache.movers()
    for _ in range(2):  # as many as there are threads
        _, writer = await asyncio.open_connection("127.0.0.1", lab.port)
        writer.write(asked.encode())
        writers.append(writer)

    async def both_hang() -> bool:
        return await asyncio.to_thread(dcache.movers) >= before + 2

    await until(both_hang)
    for writer in writers:
        writer.close()
    shown = await asyncio.wait_for(picture(lab, f"{folder}/a.tif"), preview.MAX_S / 2)
    assert shown.shape == (4, 32, 32)
