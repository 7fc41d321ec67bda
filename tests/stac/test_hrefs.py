"""Where links lead, as tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsdat.stac.hrefs import absolute, parent, relative, resolve


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("memory:///a/b.json", "memory://a/b.json"),
        ("memory://a/b.json", "memory://a/b.json"),
        ("memory:/a/b.json", "memory://a/b.json"),
        ("dcache:/a/b.json", "dcache://a/b.json"),
        ("/a/b.json", "/a/b.json"),
        ("/a:/b.json", "/a:/b.json"),
        ("file:///a/b c#d.json", "/a/b c#d.json"),
        ("https://host/a.json?x=1#y", "https://host/a.json?x=1#y"),
    ],
)
def test_one_form(href: str, expected: str) -> None:
    assert absolute(href) == expected


def test_local_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("a/b.json") == str(tmp_path / "a" / "b.json")


@pytest.mark.parametrize(
    ("href", "base", "expected"),
    [
        ("./c/d.json", "memory://a/b.json", "memory://a/c/d.json"),
        ("../d.json", "memory://a/b/c.json", "memory://a/d.json"),
        ("../../../../d.json", "memory://a/b/c.json", "memory://d.json"),
        ("d #1?%41.tif", "memory://a #?/c.json", "memory://a #?/d #1?%41.tif"),
        ("/x/y.tif", "memory://a/b.json", "memory://x/y.tif"),
        ("memory:///x/y.tif", "https://host/a.json", "memory://x/y.tif"),
        ("./c.json", "/a/b/d.json", "/a/b/c.json"),
        ("../c.json", "/a/b/d.json", "/a/c.json"),
        ("/c.json", "/a/b/d.json", "/c.json"),
        ("./b.tif", "unheard://host/a/c.json", "unheard://host/a/b.tif"),
        ("./c.json", "file:///a/b/d.json", "/a/b/c.json"),
        ("file:///x/y.tif", "memory://a/b.json", "/x/y.tif"),
        ("b.tif", "https://host/a/c.json?key=1", "https://host/a/b.tif"),
        ("/b.tif", "https://host/a/c.json", "https://host/b.tif"),
    ],
)
def test_resolve(href: str, base: str, expected: str) -> None:
    assert resolve(href, base) == expected


@pytest.mark.parametrize(
    ("target", "base", "expected"),
    [
        ("memory://a/c/d.json", "memory://a/b.json", "./c/d.json"),
        ("memory://a/d.json", "memory://a/b/c.json", "../d.json"),
        ("memory://x/d #1?%41.tif", "memory://a #?/c.json", "../x/d #1?%41.tif"),
        ("memory://x/y.tif", "https://host/a.json", "memory://x/y.tif"),
        ("/a/b/c.json", "/a/b/d.json", "./c.json"),
        ("/a/b/c #1.json", "memory://a/b/d.json", "file:///a/b/c #1.json"),
        ("/a/b/c.json", "https://host/d.json", "file:///a/b/c.json"),
        ("https://host/a/b.tif?x=1", "https://host/a/c.json", "./b.tif?x=1"),
        ("https://other/b.tif", "https://host/a/c.json", "https://other/b.tif"),
        ("s3://bucket/a/b.json", "s3://bucket/c.json", "./a/b.json"),
        ("s3://other/a/b.json", "s3://bucket/c.json", "s3://other/a/b.json"),
    ],
)
def test_relative_and_back(target: str, base: str, expected: str) -> None:
    assert relative(target, base) == expected
    assert resolve(expected, base) == target


def test_parent() -> None:
    assert parent("memory://a/b/c.json") == "memory://a/b"
    assert parent("/a/b.json") == "/a"
    assert parent("https://host/a/b.json?x=1") == "https://host/a"
