"""`scripts/replace.mjs`: a Lab that is open always finds a whole build of the page's part."""

from __future__ import annotations

import json
import subprocess
import threading
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


#: Watches a file, and writes the builder's entry before ours replaces anything.
WATCH = """
const webpack = require("webpack");
const { readdirSync, writeFileSync } = require("node:fs");
const [script, source, fresh, shown] = process.argv.slice(1);
import(script).then(({ ReplacePlugin }) => {
  const entry = { apply: compiler => compiler.hooks.done.tap("entry", ({ compilation }) => {
    const [name] = Object.keys(compilation.assets);
    writeFileSync(`${fresh}/package.json`, JSON.stringify({ load: `static/${name}` }));
  }) };
  webpack({
    mode: "none",
    entry: source,
    output: { path: `${fresh}/static`, filename: "[contenthash].js", clean: true },
    plugins: [entry, new ReplacePlugin(fresh, shown)]
  }).watch({}, (error, stats) => console.log(error || stats.hasErrors() ? "bad" : "good"));
});
"""


def test_watched(tmp_path: Path) -> None:
    """Each whole build of a watch is shown; one with errors leaves that before in its place."""
    source, shown = tmp_path / "source.js", tmp_path / "shown"
    source.write_text("window.said = 'one';")
    folders = (tmp_path / "fresh", shown)
    argv = ["node", "-e", WATCH, str(SCRIPT), str(source), *map(str, folders)]
    watch = subprocess.Popen(argv, cwd=SCRIPT.parents[1], stdout=subprocess.PIPE, text=True)
    limit = threading.Timer(120, watch.kill)
    limit.start()
    try:
        assert watch.stdout is not None
        for text, ending, said in (
            (None, "good", "one"),
            ("window.said = 'two", "bad", "one"),
            ("window.said = 'three';", "good", "three"),
        ):
            if text:
                # At once: half a file might be built, too.
                (tmp_path / "next.js").write_text(text)
                (tmp_path / "next.js").replace(source)
            # What has just been written may be built twice.
            assert any(line.strip() == ending for line in watch.stdout)
            assert said in loaded(shown)
    finally:
        limit.cancel()
        watch.kill()
        watch.wait()
