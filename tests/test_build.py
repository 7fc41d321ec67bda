"""`scripts/replace.mjs`: a Lab that is open always finds a whole build of the page's part."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "replace.mjs"


def build(folder: Path, name: str, *more: str) -> Path:
    """A build as the builder leaves it: the entry names a bundle by its content."""
    files = {
        "package.json": json.dumps({"load": f"static/{name}.js"}),
        f"static/{name}.js": name,
        "static/same.js": "same",
        **dict.fromkeys(more, name),
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def replace(fresh: Path, shown: Path) -> int:
    """Status of a process that replaces `shown`."""
    code = "import(process.argv[1]).then(m => m.replaceBuild(...process.argv.slice(2)))"
    argv = ["node", "-e", code, str(SCRIPT), str(fresh), str(shown)]
    return subprocess.run(argv, timeout=60, check=False, stderr=subprocess.PIPE).returncode


def loaded(shown: Path) -> str:
    """The text of the bundle that a page would load now."""
    return (shown / json.loads((shown / "package.json").read_text())["load"]).read_text()


def files(folder: Path) -> set[str]:
    """All that lies in a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_replaced(tmp_path: Path) -> None:
    """The new build, and of the one before the bundles that an open page may still ask for."""
    shown = tmp_path / "shown"
    schema = "schemas/old/plugin.json"
    assert replace(build(tmp_path / "1", "one", schema), shown) == 0
    assert loaded(shown) == "one"
    (shown / ".rsdat-setup").write_text("what was built")
    assert replace(build(tmp_path / "2", "two"), shown) == 0
    assert loaded(shown) == "two"
    one_and_two = {"package.json", "static/one.js", "static/two.js", "static/same.js"}
    assert files(shown) == one_and_two
    assert replace(build(tmp_path / "3", "three"), shown) == 0
    assert files(shown) == (one_and_two - {"static/one.js"}) | {"static/three.js"}


def test_broken_off(tmp_path: Path) -> None:
    """A replacement that fails on its way leaves the old build whole."""
    shown = tmp_path / "shown"
    replace(build(tmp_path / "1", "one"), shown)
    (shown / "static" / "last.js").mkdir()
    assert replace(build(tmp_path / "2", "two", "static/last.js"), shown) != 0
    assert loaded(shown) == "one"
    assert {"static/one.js", "static/same.js"} <= files(shown)
