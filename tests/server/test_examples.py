"""The examples are listed, and put into the workspace without ever changing what is there."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from rsdat.base import examples as module
from rsdat.base.examples import examples
from tests.support.server import Lab, check_error

OPEN = "/api/examples/{name}/open"
NAME = "mean-reflectance"


@pytest.fixture
def workspace(lab: Lab) -> Path:
    """The folder that Jupyter shows."""
    return Path(lab.app.contents_manager.root_dir)


async def test_list(lab: Lab) -> None:
    """Each says what it is in few words, taken from the notebook itself."""
    found = (await lab.call("GET", "/api/examples", 200))["examples"]
    assert [example["name"] for example in found] == [path.stem for path in examples()]
    for example in found:
        assert example["title"]
        assert not example["title"].startswith("#")
        assert example["caption"].endswith(".")
        assert "\n" not in example["caption"]
        assert len(example["caption"]) < 150


async def test_none_installed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list without anything is no error."""
    monkeypatch.setattr(module, "examples", list)
    assert await lab.call("GET", "/api/examples", 200) == {"examples": []}
    check_error(await lab.ask("POST", f"/api/examples/{NAME}/open", value={}), 404, "not_found")


async def test_opened_once(lab: Lab, workspace: Path) -> None:
    """The first time it is copied; then the copy is found again, also after it was run."""
    made = await lab.call("POST", OPEN, 201, name=NAME, value={})
    assert made == {"path": f"{NAME}.ipynb", "state": "new"}
    file = workspace / f"{NAME}.ipynb"
    copy = json.loads(file.read_text("utf-8"))
    original = next(path for path in examples() if path.stem == NAME)
    assert texts(copy) == texts(json.loads(original.read_text("utf-8")))

    run = next(cell for cell in copy["cells"] if cell["cell_type"] == "code")
    run |= {
        "execution_count": 1,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}],
    }
    file.write_text(json.dumps(copy), "utf-8")
    again = await lab.call("POST", OPEN, 200, name=NAME, value={"folder": ""})
    assert again == {"path": f"{NAME}.ipynb", "state": "same"}
    assert json.loads(file.read_text("utf-8")) == copy


async def test_what_was_edited_stays(lab: Lab, workspace: Path) -> None:
    """It is told, and another copy has another name."""
    (workspace / "my work").mkdir()
    file = workspace / "my work" / f"{NAME}.ipynb"
    asked: dict[str, Any] = {"folder": "my work"}
    await lab.call("POST", OPEN, 201, name=NAME, value=asked)
    mine = json.loads(file.read_text("utf-8"))
    mine["cells"][0]["source"] = "mine"
    file.write_text(json.dumps(mine), "utf-8")

    answer = await lab.call("POST", OPEN, 200, name=NAME, value=asked)
    assert answer == {"path": f"my work/{NAME}.ipynb", "state": "changed"}
    asked["another"] = True
    paths = []
    for _ in range(2):
        made = await lab.call("POST", OPEN, 201, name=NAME, value=asked)
        paths.append(made["path"])
    assert paths == [f"my work/{NAME}-1.ipynb", f"my work/{NAME}-2.ipynb"]
    assert json.loads(file.read_text("utf-8")) == mine


async def test_two_at_once(lab: Lab, workspace: Path) -> None:
    """Two clicks make one copy, two wishes for another one two."""
    answers = await asyncio.gather(
        *(lab.ask("POST", f"/api/examples/{NAME}/open", value={}) for _ in range(2))
    )
    assert sorted(answer.code for answer in answers) == [200, 201]
    await asyncio.gather(
        *(lab.call("POST", OPEN, 201, name=NAME, value={"another": True}) for _ in range(2))
    )
    assert len(list(workspace.glob("*.ipynb"))) == 3


async def test_nowhere(lab: Lab) -> None:
    """No such example, no such folder, no folder of the workspace, no such key."""
    check_error(await lab.ask("POST", "/api/examples/nothing/open", value={}), 404, "not_found")
    for folder in ("not/there", "../.."):
        response = await lab.ask("POST", f"/api/examples/{NAME}/open", value={"folder": folder})
        check_error(response, 404, "not_found")
    response = await lab.ask("POST", f"/api/examples/{NAME}/open", value={"name": "x"})
    check_error(response, 400, "invalid_input")


def texts(notebook: dict[str, Any]) -> list[str]:
    """The text of each cell."""
    return ["".join(cell["source"]) for cell in notebook["cells"]]
