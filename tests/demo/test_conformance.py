"""The list of what the stand-in imitates names tests that exist, and all of the stand-in's."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
_ROW = re.compile(r"\| (?P<what>.+) \| (?P<where>[^|]+) \| (?P<test>\w+::\w+) \|")
_WHERE = re.compile(r"(obs|ref) \d+(\.\d+)?|own")


def rows() -> list[re.Match[str]]:
    """The table rows, headings and rulers left out."""
    lines = (HERE / "conformance.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("|") and "---" not in line]
    found = [_ROW.fullmatch(line) for line in table if not line.startswith("| behaviour ")]
    assert all(found), "a row is not `| behaviour | where | file::test |`"
    return [row for row in found if row]


def written() -> set[str]:
    """All tests of the stand-in, as the list names them."""
    return {
        f"{file.stem.removeprefix('test_door_')}::{node.name}"
        for file in HERE.glob("test_door_*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_named_test_exists() -> None:
    assert sorted({row["test"] for row in rows()} - written()) == []


def test_every_test_of_the_stand_in_is_named_once() -> None:
    named = [row["test"] for row in rows()]
    assert sorted(written() - set(named)) == []
    assert sorted({test for test in named if named.count(test) > 1}) == []


def test_every_behaviour_says_where_it_was_seen() -> None:
    assert [row["where"] for row in rows() if not _WHERE.fullmatch(row["where"])] == []
