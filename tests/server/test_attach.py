"""Attached schedulers through REST, and their dashboards through the proxy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.other_scheduler import other_scheduler, pretender
from tests.support.server import Lab, check_error, until

ONE = "/api/clusters/{id}"
ADDRESS = "tcp://127.0.0.1:8786"


async def test_attached_and_detached(lab: Lab, tmp_path: Path) -> None:
    """A real scheduler: every answer is what the contract says, its plots open, it lives on."""
    with other_scheduler(tmp_path / "other") as other:
        asked = {"name": "theirs", "attach": {"scheduler_file": str(other.file)}}
        made = await lab.call("POST", "/api/clusters", 201, value=asked)
        assert made["scheduler"]["mode"] == "attached"
        id_ = made["id"]

        async def connected() -> Any:
            cluster = await lab.call("GET", ONE, 200, id=id_)
            return cluster["workers"]["connected"] == 1 and cluster

        cluster = await until(connected, within_s=60, every_s=0.2)
        assert [worker["name"] for worker in cluster["dask_workers"]] == ["alien"]
        listed = await lab.call("GET", "/api/clusters", 200)
        assert [each["id"] for each in listed["clusters"]] == [id_]
        page = "/" + cluster["scheduler"]["dashboard"].removeprefix("rsdat/")
        plots = await lab.ask("GET", f"{page}individual-plots.json")
        assert "Individual Task Stream" in json.loads(plots.body)
        logs = await lab.call("GET", "/api/clusters/{id}/logs", 200, id=id_)
        assert logs["logs"] == []
        check_error(await lab.ask("GET", f"/api/clusters/{id_}/logs/scheduler"), 404, "not_found")
        check_error(
            await lab.ask("PATCH", f"/api/clusters/{id_}", value={"workers": 2}), 409, "attached"
        )
        check_error(await lab.ask("POST", "/api/clusters", value=asked), 409, "name_taken")
        await lab.call("DELETE", ONE, 202, id=id_)

        async def gone() -> Any:
            return (await lab.call("GET", ONE, 200, id=id_))["state"] == "stopped"

        await until(gone, within_s=30, every_s=0.1)
        assert other.process.poll() is None
        assert other.worker.poll() is None
    past = await lab.call("GET", "/api/clusters/past", 200)
    assert [each["mode"] for each in past["clusters"]] == ["attached"]


async def test_what_its_dashboard_is_sent(lab: Lab) -> None:
    """No secret of ours, no cookie, no token; and only its host and port are asked."""
    seen: list[dict[str, str]] = []
    identity = json.dumps({"id": "S-1", "address": ADDRESS, "workers": {}}).encode()
    with (
        pretender({}) as elsewhere,
        pretender({"/json/identity.json": identity}, headers=seen) as http,
    ):
        attach = {"address": ADDRESS, "dashboard_port": http.port}
        made = await lab.call("POST", "/api/clusters", 201, value={"attach": attach})

        async def up() -> Any:
            return (await lab.call("GET", ONE, 200, id=made["id"]))["state"] == "running"

        await until(up, within_s=20, every_s=0.1)
        page = f"/clusters/{made['id']}/dashboard"
        seen.clear()
        answer = await lab.ask("GET", f"{page}/json/identity.json", headers={"Cookie": "a=b"})
        assert json.loads(answer.body)["id"] == "S-1"
        told = {name.lower() for headers in seen for name in headers}
        assert told.isdisjoint({"x-rsdat-cluster-key", "cookie", "authorization"})
        for path in (f"@127.0.0.1:{elsewhere.port}/", f"/127.0.0.1:{elsewhere.port}/"):
            await lab.ask("GET", f"{page}/{path}")
        assert elsewhere.asked == []
        await lab.call("DELETE", ONE, 202, id=made["id"])


async def test_refused(lab: Lab, tmp_path: Path) -> None:
    """A wrong address is told to whoever gave it, and leaves nothing."""
    with pretender({}) as http:
        silent = {"address": ADDRESS, "dashboard_port": http.port}
        check_error(
            await lab.ask("POST", "/api/clusters", value={"attach": silent}), 502, "door_broken"
        )
    for attach in ({}, {"address": "http://x:1"}, {"scheduler_file": str(tmp_path / "none")}):
        answer = await lab.ask("POST", "/api/clusters", value={"attach": attach})
        check_error(answer, 400, "invalid_input")
    both = {"attach": {"address": ADDRESS}, "workers": 2}
    check_error(await lab.ask("POST", "/api/clusters", value=both), 400, "invalid_input")
    assert (await lab.call("GET", "/api/clusters", 200))["clusters"] == []


async def test_where_the_scheduler_is_to_run(lab: Lab) -> None:
    """A scheduler in a job of its own, by the contract."""
    scheduler = {"mode": "job", "memory": "600MiB", "walltime": "00:20:00", "partition": None}
    asked = {"options": {"cores": 1, "memory": "600MiB"}, "scheduler": scheduler}
    preview = await lab.call("POST", "/api/clusters/preview", 200, value=asked)
    assert preview["core_hours_per_hour"] == 1.0
    made = await lab.call("POST", "/api/clusters", 201, value=asked)
    try:

        async def up() -> Any:
            cluster = await lab.call("GET", ONE, 200, id=made["id"])
            assert cluster["state"] in ("starting", "running"), cluster["diagnosis"]
            return cluster["state"] == "running" and cluster

        cluster = await until(up, within_s=60, every_s=0.2)
        assert cluster["scheduler"]["mode"] == "job"
        assert [job["kind"] for job in cluster["jobs"]] == ["scheduler"]
        assert cluster["scheduler"]["job"] == cluster["jobs"][0]["id"]
    finally:
        await lab.call("DELETE", ONE, 202, id=made["id"])

        async def stopped() -> Any:
            return (await lab.call("GET", ONE, 200, id=made["id"]))["state"] == "stopped"

        await until(stopped, within_s=60, every_s=0.2)
    for wrong in ({"mode": "inside"}, {"mode": "job", "cores": 0}, {"host": "x"}):
        answer = await lab.ask("POST", "/api/clusters", value={"scheduler": wrong})
        check_error(answer, 400, "invalid_input")
