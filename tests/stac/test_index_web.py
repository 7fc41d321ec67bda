"""Catalogs on the web: read with limits, and nothing of the user's is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rsdat.base.errors import DoorBroken, InvalidInput, NotFound, NotPermitted, Refused
from rsdat.stac import open_index
from rsdat.stac.index import Index, parse_filter
from rsdat.stac.index import web as web_module
from rsdat.stac.index.web import WebSource
from tests.support.stac_catalog import catalog, item
from tests.support.web import Asked, Web, web

ALL = parse_filter()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An rsdat home of the test's own."""
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path / "rsdat-home"))
    return tmp_path / "rsdat-home"


@pytest.fixture
def site() -> Iterator[Web]:
    """A web server."""
    with web() as running:
        yield running


def test_unchanged_items_are_not_sent_again(site: Web, home: Path) -> None:
    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        import json

        number = int(asked.path.rpartition("/")[2].removesuffix(".json"))
        tag = '"changed"' if number in changed else '"first"'
        if asked.headers.get("If-None-Match") == tag:
            return 304, {}, b""
        value = item(number, platform="new" if number in changed else "old")
        return 200, {"ETag": tag}, json.dumps(value).encode()

    changed: set[int] = set()
    names = [f"items/{n}.json" for n in range(210)]
    site.json("/catalog.json", catalog("web", names))
    site.answers |= {f"/{name}": answer for name in names}
    index = open_index(f"{site.url}/catalog.json")
    assert index.wait(60), index.failure
    assert index.page(ALL)["total"] == 210
    index.close()
    assert len(list((home / "stac").glob("*.parquet"))) == 1
    changed.add(7)
    again = open_index(f"{site.url}/catalog.json")
    assert again.wait(60), again.failure
    known = again.by_id("scene-000007")
    assert known is not None
    assert known[1]["properties"]["platform"] == "new"
    assert again.page(ALL)["total"] == 210
    again.close()


def test_nothing_of_the_user_is_sent(
    site: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    site.json("/catalog.json", catalog("web", ["a.json", "b.json"]), **{"Set-Cookie": "a=b"})
    site.json("/a.json", item(1), **{"Set-Cookie": "c=d"})
    site.json("/b.json", item(2))
    index = open_index(f"{site.url}/catalog.json")
    assert index.wait(30), index.failure
    index.close()
    assert len(site.asked) == 3
    for asked in site.asked:
        assert not {"authorization", "cookie"} & {name.lower() for name in asked.headers}


def test_the_web_leads_to_the_web_only(site: Web, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"type": "Feature", "id": "secret"}')
    site.json(
        "/catalog.json",
        catalog("web", [f"file://{secret}", str(secret), "to-file", "dcache://x/y"]),
    )
    site.answers["/to-file"] = (302, {"Location": f"file://{secret}"}, b"")
    index = open_index(f"{site.url}/catalog.json")
    assert index.wait(30), index.failure
    assert (index.page(ALL)["total"], len(index.problems)) == (0, 4)
    index.close()


def test_refusals_in_words(site: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_module, "MOST_BYTES", 1000)
    source = WebSource()
    site.answers["/circle"] = (302, {"Location": "/circle"}, b"")
    site.answers["/large"] = (200, {}, b"x" * 2000)
    site.answers["/no"] = (403, {"Content-Type": "application/json"}, b'{"detail": "not you"}')
    site.answers["/broken"] = (500, {"Content-Type": "text/html"}, b"<html>inner words</html>")
    site.answers["/cut"] = (200, {"Content-Length": "100"}, b"x")
    for path, kind, words in (
        ("/nothing?key=secret", NotFound, "/nothing answered 404: nothing here"),
        ("/circle", DoorBroken, "redirects in circles"),
        ("/large", Refused, "larger than"),
        ("/no", NotPermitted, "answered 403: not you"),
        ("/broken", DoorBroken, "/broken answered 500"),
    ):
        with pytest.raises(kind) as caught:
            source.read(site.url + path, None)
        assert words in caught.value.message
        assert "secret" not in caught.value.message
        assert "inner words" not in caught.value.message
    with pytest.raises(DoorBroken, match="can't be reached"):
        source.read("http://127.0.0.1:9/", None)
    with pytest.raises(InvalidInput, match="not on the web"):
        source.read("file:///etc/passwd", None)
    # The rest of this one never comes.
    monkeypatch.setattr(web_module, "TIMEOUT_S", (10.0, 0.3))
    with pytest.raises(DoorBroken):
        source.read(f"{site.url}/cut", None)


def test_one_request_in_twenty_fails(site: Web) -> None:
    import json
    import threading

    lock, count = threading.Lock(), 0

    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        nonlocal count
        with lock:
            count += 1
            if count % 20 == 0:
                return 503, {}, b"busy"
        return 200, {}, json.dumps(item(int(asked.path[1:]))).encode()

    site.json("/catalog.json", catalog("web", [str(n) for n in range(100)]))
    site.answers |= {f"/{n}": answer for n in range(100)}
    index = Index(f"{site.url}/catalog.json", WebSource(), keep=False)
    index.refresh()
    assert index.wait(60), index.failure
    assert (index.page(ALL)["total"], len(index.problems)) == (100, 0)
    index.close()


def test_pages_of_an_api_s_collection(site: Web) -> None:
    for page in range(3):
        links = [{"rel": "next", "href": f"{site.url}/items{page + 1}"}] if page < 2 else []
        features = [item(page * 10 + n) for n in range(10)]
        site.json(
            f"/items{page}", {"type": "FeatureCollection", "features": features, "links": links}
        )
    site.json(
        "/collection",
        {
            **catalog("c", [], type="Collection"),
            "links": [{"rel": "items", "href": "items0", "type": "application/geo+json"}],
        },
    )
    index = Index(f"{site.url}/collection", WebSource(), keep=False)
    index.refresh()
    assert index.wait(60), index.failure
    assert (index.page(ALL)["total"], len(index.problems)) == (30, 0)
    index.close()
