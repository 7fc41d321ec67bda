"""Logs, past and damaged clusters through REST, held against the contract."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rsdat.base.files import private_folder
from rsdat.clusters.folder import ClusterFolder
from tests.support.cluster_parts import ago, record
from tests.support.server import Lab, check_error, until

PAST = "/api/clusters/past"
ONE_PAST = "/api/clusters/past/{id}"
LOGS = "/api/clusters/{id}/logs"
SEARCH = "/api/clusters/{id}/search-logs"


@pytest.fixture
def ended(rsdat_home: Path) -> ClusterFolder:
    """A cluster that ended yesterday, with a log of two and a half parts."""
    folder = ClusterFolder(rsdat_home / "clusters" / "c1")
    private_folder(folder.logs)
    folder.write_record(
        replace(
            record(),
            id="c1",
            name="sunny",
            phase="stopped",
            stopped=ago(60),
            end_reason="idle",
        )
    )
    folder.scheduler_log.write_text("Scheduler at tls://1\n")
    (folder.logs / "7_0.log").write_text("line\n" * 130_000 + "the Needle & co\n")
    return folder


async def test_past_clusters(lab: Lab, ended: ClusterFolder) -> None:
    (told,) = (await lab.call("GET", PAST, 200))["clusters"]
    assert (told["name"], told["end"]["code"]) == ("sunny", "idle")
    assert (await lab.call("GET", "/api/clusters", 200))["clusters"] == []
    await lab.call("DELETE", ONE_PAST, 204, id="c1")
    assert not ended.path.exists()
    assert (await lab.call("GET", PAST, 200))["clusters"] == []
    check_error(await lab.ask("DELETE", f"{PAST}/c1"), 404, "not_found")


async def test_logs_of_a_past_cluster(lab: Lab, ended: ClusterFolder) -> None:
    answer = await lab.call("GET", LOGS, 200, id="c1")
    assert answer["name"] == "sunny"
    assert [log["source"] for log in answer["logs"]] == ["scheduler", "7_0"]
    size = (ended.logs / "7_0.log").stat().st_size
    assert answer["logs"][1]["size"] == size
    part = await lab.ask("GET", "/api/clusters/c1/logs/7_0", query={"offset": "-16"})
    assert part.body == b"the Needle & co\n"
    whole = await lab.ask("GET", "/api/clusters/c1/logs/7_0", query={"download": "1"})
    assert whole.body == (ended.logs / "7_0.log").read_bytes()
    assert whole.headers["Content-Disposition"].startswith('attachment; filename="c1-7_0.log"')
    gone = await lab.ask("GET", "/api/clusters/c1/logs/9_9", query={"download": "1"})
    check_error(gone, 404, "not_found")
    check_error(await lab.ask("GET", "/api/clusters/c9/logs"), 404, "not_found")


async def test_search(lab: Lab, ended: ClusterFolder) -> None:
    found = await lab.call("GET", SEARCH, 200, id="c1", query={"text": "needle &"})
    assert found == {
        "matches": [
            {"source": "7_0", "line": 130_001, "offset": 650_004, "text": "the Needle & co"}
        ],
        "more": False,
    }
    exact = {"text": "needle &", "case": "1"}
    assert (await lab.call("GET", SEARCH, 200, id="c1", query=exact))["matches"] == []
    some = {"text": "line", "limit": "3", "source": "7_0"}
    found = await lab.call("GET", SEARCH, 200, id="c1", query=some)
    assert [match["line"] for match in found["matches"]] == [1, 2, 3]
    assert found["more"] is True
    for query in ({}, {"text": ""}, {"text": "a\nb"}, {"text": "x", "limit": "0"}):
        answer = await lab.ask("GET", "/api/clusters/c1/search-logs", query=query)
        check_error(answer, 400, "invalid_input")
    other = await lab.ask("GET", "/api/clusters/c9/search-logs", query={"text": "x"})
    check_error(other, 404, "not_found")


async def test_a_damaged_cluster(lab: Lab, ended: ClusterFolder) -> None:
    ended.record_file.write_text("{")

    async def told() -> list[object]:
        damaged: list[object] = (await lab.call("GET", "/api/clusters", 200))["damaged"]
        return damaged

    (damaged,) = await until(told)
    assert (damaged["id"], damaged["can_delete"]) == ("c1", True)
    assert (await lab.call("GET", LOGS, 200, id="c1"))["name"] is None
    await lab.call("DELETE", ONE_PAST, 204, id="c1")
    assert (await lab.call("GET", "/api/clusters", 200))["damaged"] == []


async def test_a_living_cluster_is_not_deleted(lab: Lab, ended: ClusterFolder) -> None:
    ended.update(lambda r: setattr(r, "phase", "failed"))
    check_error(await lab.ask("DELETE", f"{PAST}/c1"), 409, "not_stopped")
    assert json.loads(ended.record_file.read_text())["phase"] == "failed"
    again = await lab.ask("POST", "/api/clusters/preview", value={"again": "c9"})
    check_error(again, 404, "not_found")
    preview = await lab.call("POST", "/api/clusters/preview", 200, value={"again": "c1"})
    assert "dask" in preview["script"]
