"""Searching: against a real STAC API server, and against servers that behave badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from rsdat.base.errors import DoorBroken, InvalidInput, NotFound, Refused, RsdatError
from rsdat.stac import search
from rsdat.stac.index.query import Filter
from rsdat.stac.searching import api, apis, conditions, request
from rsdat.stac.searching.running import Search
from tests.support.stac_api import StacApi, stac_api  # noqa: F401 - a fixture
from tests.support.stac_catalog import item
from tests.support.web import Asked, Web, web

QUERY = "https://api.stacspec.org/v1.0.0/item-search#query"
FILTER = "https://api.stacspec.org/v1.0.0/item-search#filter"
CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json"


@pytest.fixture(scope="module")
def scenes(stac_api: StacApi) -> StacApi:  # noqa: F811
    """An API with 250 items."""
    stac_api.add("python-scenes", [item(n) for n in range(250)])
    return stac_api


@pytest.fixture
def site() -> Iterator[Web]:
    """A web server that behaves as a test says."""
    with web() as running:
        yield running


@pytest.mark.parametrize("dialect", ["query", "filter"])
def test_conditions_in_both_dialects(
    scenes: StacApi, monkeypatch: pytest.MonkeyPatch, dialect: str
) -> None:
    """The real server knows both."""
    monkeypatch.setattr(request, "abilities", lambda _client: {dialect})
    for query, wanted in (
        (["eo:cloud_cover<20"], {n for n in range(250) if n % 101 < 20}),
        (["eo:cloud_cover>=99", "eo:cloud_cover != 100"], {n for n in range(250) if n % 101 == 99}),
        (["platform = 'test-1'", "eo:cloud_cover==5"], {5, 106, 207}),
        (["platform<>test-1"], set()),
    ):
        found = search(scenes.url, collections=["python-scenes"], query=query)
        assert {each.id for each in found} == {f"scene-{n:06}" for n in wanted}


def test_conditions_as_text(scenes: StacApi) -> None:
    """What a GET sends is CQL2 that the real server understands."""
    given = conditions.parameters(["eo:cloud_cover<3", "platform=test-1"], {"filter"}, "GET")
    answer = requests.get(
        f"{scenes.url}/search",
        params={
            "collections": "python-scenes",
            "limit": "100",
            "filter": given["filter"],
            "filter-lang": given["filter_lang"],
        },
        timeout=30,
    )
    assert len(answer.json()["features"]) == len([n for n in range(250) if n % 101 < 3])


def test_conditions_of_one_property_and_operator() -> None:
    """`query` has room for one of them: none may be forgotten."""
    both = ["platform!=landsat-8", "platform!=landsat-9"]
    given = conditions.parameters(both, {"query", "filter"}, "POST")
    assert [part["args"][1] for part in given["filter"]["args"]] == ["landsat-8", "landsat-9"]
    with pytest.raises(Refused, match="platform !="):
        conditions.parameters(both, {"query"}, "POST")
    assert conditions.parameters([both[0], both[0]], {"query"}, "POST") == {
        "query": {"platform": {"neq": "landsat-8"}}
    }


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("eo:cloud_cover<20", ("eo:cloud_cover", "<", 20)),
        (" view:off_nadir >= -1.5 ", ("view:off_nadir", ">=", -1.5)),
        ("a.b==true", ("a.b", "=", True)),
        ("platform=landsat 8", ("platform", "=", "landsat 8")),
        ("name='it is 5'", ("name", "=", "it is 5")),
        ('code="007"', ("code", "=", "007")),
        ("x!=1", ("x", "<>", 1)),
    ],
)
def test_conditions_are_read(text: str, wanted: tuple[Any, ...]) -> None:
    assert tuple(conditions.parse(text)) == wanted


@pytest.mark.parametrize("text", ["", "x", "<5", "x<", "5<x", "a b<1"])
def test_no_conditions(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no condition"):
        conditions.parse(text)


def test_an_api_that_can_t_filter(site: Web) -> None:
    site.api()
    with pytest.raises(Refused, match="can't filter by properties"):
        search(site.url, query=["a<1"])
    site.api(FILTER, CQL2)
    sent: list[dict[str, Any]] = []

    def found(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        sent.append(json.loads(asked.body))
        return 200, {}, json.dumps({"type": "FeatureCollection", "features": []}).encode()

    site.answers["/search"] = found
    assert search(site.url, query=["a<1"], bbox=(170, 0, -170, 1)) == []
    assert sent[0]["filter"] == {"op": "<", "args": [{"property": "a"}, 1]}
    assert sent[0]["intersects"]["type"] == "MultiPolygon"
    assert "bbox" not in sent[0]


@pytest.mark.parametrize(
    ("datetime", "sent"),
    [
        ("2024", "2024-01-01T00:00:00Z/2024-12-31T23:59:59.999Z"),
        ("/2024-01-06", "../2024-01-06T23:59:59.999Z"),
        ("2024-01-05T00:00Z/..", "2024-01-05T00:00:00Z/.."),
        (" 2024-01-05T02:00:00+02:00 ", "2024-01-05T00:00:00Z"),
    ],
)
def test_times_are_sent_in_the_form_that_all_take(site: Web, datetime: str, sent: str) -> None:
    site.api()
    bodies: list[dict[str, Any]] = []

    def found(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        bodies.append(json.loads(asked.body))
        return 200, {}, json.dumps({"type": "FeatureCollection", "features": []}).encode()

    site.answers["/search"] = found
    assert search(site.url, datetime=datetime) == []
    assert bodies[0]["datetime"] == sent


def test_a_bug_is_told(site: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_request: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("rsdat.stac.searching.running.pages", broken)
    running = Search("s", request.Request(site.url))
    running.start()
    assert not running.wait(30)
    assert (running.state, "ended" in running.as_dict()["problem"]["message"]) == ("failed", True)
    running.close()


def test_paging_ends(site: Web) -> None:
    """The limit is held though a server gives the same page for ever."""
    site.api(QUERY)
    page = {
        "type": "FeatureCollection",
        "numberMatched": 7,
        "features": [item(n) for n in range(10)],
        "links": [{"rel": "next", "href": f"{site.url}/search", "method": "POST", "body": {}}],
    }
    site.json("/search", page)
    assert len(search(site.url, max_items=25)) == 25
    running = Search("s", request.Request(site.url, limit=1000))
    running.start()
    assert running.wait(30)
    assert (len(running.table), running.matched) == (10, 7)  # ten addresses, again and again
    running.close()


def test_a_search_that_breaks_off_keeps_what_it_found(site: Web) -> None:
    site.api()

    def found(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if b"token" in asked.body:
            return 400, {"Content-Type": "application/json"}, b'{"detail": "token has expired"}'
        link = {
            "rel": "next",
            "href": f"{site.url}/search",
            "method": "POST",
            "body": {"token": "a"},
        }
        features = [*(item(n) for n in range(10)), {"type": "Feature"}]
        page = {"type": "FeatureCollection", "features": features, "links": [link]}
        return 200, {}, json.dumps(page).encode()

    site.answers["/search"] = found
    told: list[int] = []
    running = Search("s", request.Request(site.url), lambda: told.append(len(running.table)))
    running.start()
    assert not running.wait(30)
    assert (running.state, len(running.table), len(running.problems)) == ("failed", 10, 1)
    problem = running.as_dict()["problem"]
    assert "answered 400: token has expired" in problem["message"]
    assert told[-1] == 10
    running.close()


def test_passing_failures_are_tried_again_and_lasting_ones_told(
    site: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "_RETRIES", api._RETRIES.new(backoff_factor=0.01))
    site.api()
    answers = [(503, {}, b"busy"), (429, {"Retry-After": "3600"}, b"slowly")]
    last: tuple[int, dict[str, str], bytes] = (
        200,
        {},
        json.dumps({"features": [item(1)], "type": "FeatureCollection"}).encode(),
    )
    site.answers["/search"] = lambda _: answers.pop(0) if answers else last
    assert len(search(site.url)) == 1
    site.answers["/search"] = (503, {}, b"down for maintenance")
    with pytest.raises(DoorBroken, match="503: down for maintenance"):
        search(site.url)
    assert len(site.asked) < 20
    site.answers["/search"] = (200, {}, b"no json")
    with pytest.raises(DoorBroken, match="can't be read"):
        search(site.url)


def test_a_next_page_on_this_computer_is_not_read(site: Web) -> None:
    site.api()
    link = {"rel": "next", "href": "file:///etc/passwd", "method": "GET"}
    site.json("/search", {"type": "FeatureCollection", "features": [item(1)], "links": [link]})
    with pytest.raises(RsdatError, match="not on the web"):
        search(site.url)


def test_what_is_no_api(site: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_RETRIES", api._RETRIES.new(total=1, backoff_factor=0.01))
    site.json("/catalog.json", {"type": "Catalog", "id": "c", "stac_version": "1.0.0", "links": []})
    site.answers["/html"] = (200, {"Content-Type": "text/html"}, b"<html>")
    for path, kind, words in (
        ("/nothing", NotFound, "There is no STAC API"),
        ("/html", InvalidInput, "no STAC API"),
        ("/catalog.json", InvalidInput, "no STAC API"),
    ):
        with pytest.raises(kind, match=words):
            search(site.url + path)
    import time

    def slow(_: Asked) -> tuple[int, dict[str, str], bytes]:
        time.sleep(1)
        return 200, {}, b"{}"

    site.answers["/slow"] = slow
    with monkeypatch.context() as impatient:
        impatient.setattr(api, "TIMEOUT_S", (10.0, 0.3))
        with pytest.raises(DoorBroken, match="did not answer in time"):
            search(f"{site.url}/slow")
    with pytest.raises(DoorBroken, match=r"certificate|can't be reached|broke off"):
        search(site.url.replace("http:", "https:"))


def test_names_of_apis(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import dask.config

    monkeypatch.setenv("RSDAT_HOME", str(tmp_path))
    with dask.config.set(
        {"rsdat.stac.apis": {"mine": "https://a.example/", "copernicus": None, "bad": 5}}
    ):
        names = [each["name"] for each in apis.known()]
        assert names == ["earth-search", "planetary-computer", "mine"]
        assert apis.address("mine") == "https://a.example/"
    apis.save("mine", "https://b.example/", "B")
    assert apis.address("mine") == "https://b.example/"
    with pytest.raises(NotFound, match="No STAC API is called 'x'"):
        apis.address("x")
    with pytest.raises(InvalidInput):
        apis.save("../x", "https://b.example/", "B")


def test_a_search_that_is_stopped_keeps_what_it_found(site: Web) -> None:
    """At once, although the API still thinks about the next page; that page is not wanted then."""
    site.api()
    asked, gate = threading.Event(), threading.Event()

    def page(request_: Asked) -> tuple[int, dict[str, str], bytes]:
        second = b"token" in request_.body
        if second:
            asked.set()
            gate.wait(60)
        value = {
            "type": "FeatureCollection",
            "features": [item(n) for n in ((2, 3) if second else (0, 1))],
            "numberMatched": 4,
            "links": []
            if second
            else [
                {
                    "rel": "next",
                    "href": f"{site.url}/search",
                    "method": "POST",
                    "body": {"token": "next"},
                    "merge": True,
                }
            ],
        }
        return 200, {}, json.dumps(value).encode()

    site.answers["/search"] = page
    told: list[str] = []
    running = Search("s", request.Request(site.url), lambda: told.append(running.state))
    running.start()
    try:
        assert asked.wait(30)
        running.stop()
        assert running.wait(0)
        expected = {"state": "cancelled", "found": 2, "matched": 4, "problem": None}
        assert expected.items() <= running.as_dict().items()
        assert told[-1] == "cancelled"
        running.stop()
    finally:
        gate.set()
    running._thread.join(30)
    assert not running._thread.is_alive()
    assert expected.items() <= running.as_dict().items()
    assert len(running.chosen(Filter())) == 2
    running.close()
