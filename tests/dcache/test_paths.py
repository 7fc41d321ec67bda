"""Paths are literal; only their encoded form knows about URLs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rsdat.base.errors import InvalidInput
from rsdat.dcache import paths


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("dcache://pnfs/x", "/pnfs/x"),
        ("dcache:///pnfs/x", "/pnfs/x"),
        ("/pnfs/x", "/pnfs/x"),
        ("pnfs/x", "/pnfs/x"),
        ("/pnfs/x/", "/pnfs/x"),
        ("//pnfs//x", "/pnfs/x"),
        ("/a/./b/../c", "/a/c"),
        ("", "/"),
        ("/", "/"),
        ("dcache://", "/"),
        ("/a/h#ash?q%20+&;.txt", "/a/h#ash?q%20+&;.txt"),
        ("/a/.hidden", "/a/.hidden"),
        ("/a/...", "/a/..."),
        ("/a/ lead and trail ", "/a/ lead and trail "),
        ("/x/dcache://y", "/x/dcache:/y"),  # only in front is it a protocol
    ],
)
def test_parse(text: str, path: str) -> None:
    assert paths.parse(text) == path
    assert paths.parse(path) == path


@pytest.mark.parametrize(
    "text", ["/..", "/a/../..", "/a\nb", "/a\x00", "/a\x7f", "/a\x85b", "/\ud800", "/" + "x" * 256]
)
def test_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        paths.parse(text)
    assert caught.value.code == "bad_path"
    caught.value.message.encode()  # can be shown


@pytest.mark.parametrize("take", [paths.parse, paths.encode])
@pytest.mark.parametrize("text", ["/a/b\udcff", "/b\udcff/c", "/a/b\udcff/c\n"])
def test_no_utf8(take: Callable[[str], str], text: str) -> None:
    """Which name it is, and what to do about it."""
    with pytest.raises(InvalidInput, match=r"The name 'b\\udcff' is no UTF-8") as caught:
        take(text)
    assert caught.value.hint is not None
    assert "NFS" in caught.value.hint


def test_longest_name_counts_characters() -> None:
    assert paths.parse("/" + "é" * 255) == "/" + "é" * 255


@pytest.mark.parametrize(
    ("path", "encoded"),
    [
        ("/", "/"),
        ("/a b", "/a%20b"),
        ("/a#1.txt", "/a%231.txt"),
        ("/q?x", "/q%3Fx"),
        ("/50%", "/50%25"),
        ("/%2e%2e/x", "/%252e%252e/x"),
        ("/a:b;c+d&e=f,g@h", "/a%3Ab%3Bc%2Bd%26e%3Df%2Cg%40h"),
        ("/é日😀", "/%C3%A9%E6%97%A5%F0%9F%98%80"),
        ("/keeps-._~", "/keeps-._~"),
        ("/\\[x]\"'|", "/%5C%5Bx%5D%22%27%7C"),
    ],
)
def test_encode(path: str, encoded: str) -> None:
    assert paths.encode(path) == encoded


def test_composed() -> None:
    assert paths.composed("/e\u0301") == "/é"


def test_parts() -> None:
    assert paths.name_of("/a/b") == "b"
    assert paths.name_of("/") == ""
    assert paths.parent_of("/a/b") == "/a"
    assert paths.parent_of("/a") == "/"
    assert paths.parent_of("/") == "/"
    assert paths.join("/", "a") == "/a"
    assert paths.join("/a", "b") == "/a/b"


@pytest.mark.parametrize(
    ("path", "folder", "inside"),
    [("/a/b", "/a", True), ("/a", "/a", True), ("/ab", "/a", False), ("/a", "/", True)],
)
def test_is_inside(path: str, folder: str, inside: bool) -> None:
    assert paths.is_inside(path, folder) is inside
