"""A real cluster through REST: made, looked into, scaled, ended; its real dashboard on the way."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tests.support.server import Lab, check_error, until

ONE = "/api/clusters/{id}"
PULSE = "/api/clusters/pulse"


async def test_whole_life(lab: Lab, jp_ws_fetch: Any) -> None:
    """On the local queue, with Dask's own scheduler and worker."""
    events = await jp_ws_fetch("api", "events", "subscribe")
    asked = {"name": "sunny", "workers": 1, "options": {"cores": 1, "memory": "512MiB"}}
    preview = await lab.call("POST", "/api/clusters/preview", 200, value=asked)
    assert "dask" in preview["script"]
    made = await lab.call("POST", "/api/clusters", 201, value=asked)
    assert (made["name"], made["state"]) == ("sunny", "starting")
    id_ = made["id"]
    try:
        told = json.loads(await asyncio.wait_for(events.read_message(), 10))
        assert (told["kind"], told["id"]) == ("cluster", id_)
        check_error(await lab.ask("POST", "/api/clusters", value=asked), 409, "name_taken")

        async def connected() -> Any:
            cluster = await lab.call("GET", ONE, 200, id=id_)
            assert cluster["state"] in ("starting", "running"), cluster["diagnosis"]
            return cluster["workers"]["connected"] == 1 and cluster

        cluster = await until(connected, within_s=60, every_s=0.2)
        listed = await lab.call("GET", "/api/clusters", 200)
        assert [each["id"] for each in listed["clusters"]] == [id_]
        await _look_at_dashboard(lab, cluster["scheduler"]["dashboard"])
        await _read_logs(lab, id_, [job["id"] for job in cluster["jobs"]])
        await _ask_about_clients(lab, id_)
        await _look_at_overview(lab, id_)
        both = {"workers": 1, "name": "x"}
        check_error(
            await lab.ask("PATCH", f"/api/clusters/{id_}", value=both), 400, "invalid_input"
        )
        changed = await lab.call("PATCH", ONE, 200, id=id_, value={"workers": 2})
        assert changed["workers"]["wanted"] == 2
        renamed = await lab.call("PATCH", ONE, 200, id=id_, value={"name": "rainy"})
        assert renamed["name"] == "rainy"
    finally:
        await lab.call("DELETE", ONE, 202, id=id_)

        async def stopped() -> bool:
            return (await lab.call("GET", ONE, 200, id=id_))["state"] == "stopped"

        await until(stopped, within_s=60, every_s=0.2)
    assert (await lab.call("GET", "/api/clusters", 200))["clusters"] == []
    gone = await lab.ask("GET", f"/clusters/{id_}/dashboard/status")
    check_error(gone, 409, "scheduler_not_up")
    check_error(await lab.ask("GET", f"/api/clusters/{id_}/clients"), 409, "scheduler_not_up")


async def _look_at_dashboard(lab: Lab, dashboard: str) -> None:
    assert dashboard.startswith("rsdat/clusters/")
    path = "/" + dashboard.removeprefix("rsdat/")
    plots = await lab.ask("GET", f"{path}individual-plots.json")
    assert "Individual Task Stream" in json.loads(plots.body)
    page = await lab.ask("GET", f"{path}individual-progress")
    assert page.code == 200
    assert b"bokeh" in page.body
    url = lab.url(f"{path}individual-progress/ws").replace("http", "ws", 1)
    headers = {"Authorization": f"token {lab.token}"}
    # Without a session's token Bokeh accepts, and says by the close code that it wants one.
    connection = await websocket_connect(
        HTTPRequest(url, headers=headers), subprotocols=["bokeh", "no-token"]
    )
    assert connection.selected_subprotocol == "bokeh"
    assert await asyncio.wait_for(connection.read_message(), 20) is None


async def _ask_about_clients(lab: Lab, id_: str) -> None:
    told = await lab.call("GET", f"{ONE}/clients", 200, id=id_)
    assert (told["clients"], told["tasks"]["in_memory"]) == ([], 0)
    packages = {"dask": "2021.1.0", "numpy": None}
    answer = await lab.call("POST", f"{ONE}/versions", 200, id=id_, value={"packages": packages})
    assert answer["workers"] == 1
    assert "2021.1.0 in the notebook" in answer["mismatch"]["message"]


async def _read_logs(lab: Lab, id_: str, jobs: list[str]) -> None:
    for source in ("scheduler", *jobs):
        whole = await lab.ask("GET", f"/api/clusters/{id_}/logs/{source}")
        assert whole.code == 200
        assert whole.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert b"Scheduler" in whole.body or b"orker" in whole.body
        assert int(whole.headers["X-Rsdat-Next-Offset"]) == len(whole.body)
        last = await lab.ask("GET", f"/api/clusters/{id_}/logs/{source}", query={"offset": "-5"})
        assert len(last.body) <= 5
    check_error(await lab.ask("GET", f"/api/clusters/{id_}/logs/999_9"), 404, "not_found")
    path = f"/api/clusters/{id_}/logs/..%2Fcluster.json"
    assert (await lab.ask("GET", path)).code in (400, 404)


async def _look_at_overview(lab: Lab, id_: str) -> None:
    """What its scheduler tells of itself; the second time only what is new."""

    async def alive() -> Any:
        told = await lab.call("GET", PULSE, 200)
        assert told["whole"]
        [pulse] = told["clusters"]
        return pulse["id"] == id_ and pulse["state"] == "live" and told

    told = await until(alive, within_s=30, every_s=0.2)
    [pulse] = told["clusters"]
    now = pulse["now"]
    assert (now["workers"], now["cores"], now["run"]) == (1, 1, None)
    assert 0 < now["memory"] < now["memory_limit"]
    assert set(now["tasks"].values()) == {0}
    assert pulse["samples"]
    news = await lab.call("GET", PULSE, 200, query={"since": told["cursor"]})
    assert not news["whole"]
    check_error(await lab.ask("GET", PULSE, query={"since": "x" * 61}), 400, "invalid_input")
