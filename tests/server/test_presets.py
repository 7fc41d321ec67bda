"""The site's description, saved presets, previews and the last request, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Lab, check_error, until

REQUEST = {
    "preset": "local",
    "workers": 3,
    "idle_after": 600,
    "options": {"cores": 1, "memory": "700MiB", "environment": {"OMP_NUM_THREADS": "1"}},
}


async def preset_named(lab: Lab, name: str) -> dict[str, Any] | None:
    site = await lab.call("GET", "/api/site", 200)
    return next((preset for preset in site["presets"] if preset["name"] == name), None)


async def save(lab: Lab, name: str, status: int, **more: Any) -> Any:
    body = {"title": "Mine", "request": {**REQUEST, **more}}
    return await lab.call("PUT", "/api/presets/{name}", status, name=name, value=body)


async def test_the_site_of_a_computer(lab: Lab) -> None:
    site = await lab.call("GET", "/api/site", 200)
    assert (site["queue"], site["default_partition"], site["last"]) == ("local", "local", None)
    (partition,) = site["partitions"]
    assert partition["node_kinds"][0]["cores"] == partition["cores_per_node"]
    assert all(preset["problem"] is None for preset in site["presets"])
    assert {preset["source"] for preset in site["presets"]} == {"shipped"}


async def test_a_preset_of_ones_own(lab: Lab, rsdat_home: Path) -> None:
    made = await save(lab, "mine", 201)
    assert (made["own"], made["source"], made["title"]) == (True, "saved", "Mine")
    assert (made["request"], made["options"]["memory"]) == (
        {"workers": 3, "idle_after": 600},
        "700MiB",
    )
    assert made == await preset_named(lab, "mine")
    again = await save(lab, "mine", 200, preset="mine", options={"memory": "800MiB"})
    assert again["options"]["memory"] == "800MiB"
    assert again["options"]["environment"] == {"OMP_NUM_THREADS": "1"}
    preview = await lab.call("POST", "/api/clusters/preview", 200, value={"preset": "mine"})
    assert "export OMP_NUM_THREADS=1" in preview["script"]
    assert "--mem=800M" in preview["script"]
    assert (preview["core_hours_per_hour"], preview["core_hours"]) == (3, 36)
    body = {"preset": "mine", "workers": 1}
    preview = await lab.call("POST", "/api/clusters/preview", 200, value=body)
    assert preview["core_hours_per_hour"] == 1
    await lab.call("DELETE", "/api/presets/{name}", 204, name="mine")
    assert await preset_named(lab, "mine") is None
    response = await lab.ask("DELETE", "/api/presets/mine")
    check_error(response, 404, "not_found")
    response = await lab.ask("POST", "/api/clusters/preview", value=body)
    check_error(response, 400, "invalid_input")


async def test_presets_that_are_refused(lab: Lab) -> None:
    body = {"title": "Mine", "request": REQUEST}
    check_error(await lab.ask("PUT", "/api/presets/generic", value=body), 409, "exists")
    check_error(await lab.ask("DELETE", "/api/presets/generic"), 404, "not_found")
    for name in ("a b", "a/b", "x" * 65):
        assert (await lab.ask("PUT", f"/api/presets/{name}", value=body)).code == 404
    for request in ({"options": {"memory": "much"}}, {"preset": "nosuch"}, {"colour": "red"}):
        body = {"title": "Mine", "request": request}
        check_error(await lab.ask("PUT", "/api/presets/mine", value=body), 400, "invalid_input")
    assert await preset_named(lab, "mine") is None


async def test_a_preview_tells_problems_and_notes(lab: Lab) -> None:
    options = {"cores": 9999, "memory": "9GiB", "environment": {"MY_TOKEN": "x"}}
    body = {"preset": "local", "workers": 1, "options": options}
    preview = await lab.call("POST", "/api/clusters/preview", 200, value=body)
    assert any("cores, not 9999" in words for words in preview["problems"])
    assert any("MY_TOKEN can be read" in words for words in preview["notes"])


async def test_the_last_request_is_remembered(lab: Lab, rsdat_home: Path) -> None:
    body = {"name": "one", "preset": "local", "workers": 0, "options": {"memory": "900MiB"}}
    await lab.call("GET", "/api/site", 200)
    made = await lab.call("POST", "/api/clusters", 201, value=body)
    await lab.call("DELETE", "/api/clusters/{id}", 202, id=made["id"])
    site = await lab.call("GET", "/api/site", 200)
    assert site["last"] == {key: body[key] for key in ("preset", "workers", "options")}
    file = rsdat_home / "last-request.json"
    assert file.stat().st_mode & 0o777 == 0o600
    click = await lab.call("POST", "/api/clusters", 201, value={})
    await lab.call("DELETE", "/api/clusters/{id}", 202, id=click["id"])
    assert (await lab.call("GET", "/api/site", 200))["last"] == site["last"]
    file.write_text("{")
    assert (await lab.call("GET", "/api/site", 200))["last"] is None

    async def stopped() -> bool:
        clusters = [
            await lab.call("GET", "/api/clusters/{id}", 200, id=each["id"])
            for each in (made, click)
        ]
        return all(each["state"] == "stopped" for each in clusters)

    # Else their schedulers would outlive the test.
    await until(stopped, within_s=60, every_s=0.2)


@pytest.mark.parametrize("text", ['{"format": 1, "sites": []}', '{"format": 9}', "[]"])
async def test_a_damaged_memory_is_none(lab: Lab, rsdat_home: Path, text: str) -> None:
    rsdat_home.mkdir(exist_ok=True)
    (rsdat_home / "last-request.json").write_text(text)
    assert (await lab.call("GET", "/api/site", 200))["last"] is None
