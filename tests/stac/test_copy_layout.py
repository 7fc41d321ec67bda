"""Names of copies: safe, apart, and the same in every run."""

from __future__ import annotations

import pytest

from rsdat.dcache import paths
from rsdat.stac.copying.layout import (
    file_name,
    file_names,
    named_folder,
    plain_folder,
    safe_name,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("S2B_31UFU_20240101_0_L2A", "S2B_31UFU_20240101_0_L2A"),
        ("a/b", "a=2Fb"),
        ("a=2Fb", "a=3D2Fb"),
        ("a=b", "a=b"),
        ("..", "=2E."),
        (".hidden", "=2Ehidden"),
        ("a\nb\x00\x7f", "a=0Ab=00=7F"),
        ("50%#?\\", "50=25=23=3F=5C"),
        ("urn:x:é 日", "urn:x:é 日"),
        ("end ", "end=20"),
        ("", "=00"),
        ("\ud800", "=ED=A0=80"),
    ],
)
def test_odd_names(text: str, name: str) -> None:
    assert safe_name(text) == name
    assert paths.parse(f"/x/{name}") == f"/x/{name}"


def test_long_names_are_cut_and_stay_apart() -> None:
    one, two = safe_name("é" * 300 + "1.tif"), safe_name("é" * 300 + "2.tif")
    assert one != two
    assert one.endswith(".tif")
    assert max(len(one.encode()), len(two.encode())) <= 200


def test_names_of_files() -> None:
    assert file_name("https://x/a/b%20c.tif?sig=1#x", "k") == "b c.tif"
    assert file_name("https://x/a%2Fb", "k") == "a=2Fb"
    assert file_name("dcache:///a/50%41.tif", "k") == "50=2541.tif"
    assert file_name("https://x/?id=5", "my key") == "my key"


def test_two_files_with_one_name_are_kept_apart() -> None:
    hrefs = {
        "red": "https://x/10m/band.tif",
        "nir": "https://x/20m/Band.tif",
        "also red": "https://x/10m/band.tif",
        "other": "https://x/other.tif",
        "meta": "https://x/i.json",
    }
    names = file_names("i", hrefs)
    assert names == {
        "red": "also red-band.tif",
        "also red": "also red-band.tif",
        "nir": "nir-Band.tif",
        "other": "other.tif",
        # The item's own file has that name.
        "meta": "meta-i.json",
    }
    assert file_names("i", dict(reversed(hrefs.items()))) == names


def test_folders_of_collections_are_kept_apart() -> None:
    assert plain_folder("/to", "b/c") == "/to/b=2Fc"
    assert named_folder("/to", "l2a", "a") == "/to/l2a~a"
    assert named_folder("/to", "a~b", "c") != named_folder("/to", "a", "b~c")
