"""A large catalog that is opened again stays small: 100 000 items in less than 300 MiB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stac_catalog import write_deep

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

COUNT = 100_000
#: Of the whole process that the product promises, and what its imports take where it was measured.
MOST_MIB = 300
IMPORTS_MIB = 140
_OPEN_S = 600

#: A process of its own opens a catalog and asks what a page asks.
_CHILD = """
import json, sys
from pathlib import Path
from rsdat.stac.index import open_index, parse_filter

index = open_index(sys.argv[1])
index.wait(500)
wanted = parse_filter()
answers = [
    index.page(parse_filter(text="0042"), "id", 0),
    index.page(wanted, "-datetime", max(0, len(index.table) - 200)),
    index.summary(wanted),
    index.footprints(wanted, 2000),
]
kept = index.kept_at is not None
total, complete = answers[2]["total"], answers[2]["complete"]
index.close()
# The high-water mark of this program alone: `ru_maxrss` is handed down from whoever started it.
peak = next(
    line.split()[1] for line in Path("/proc/self/status").read_text().splitlines()
    if line.startswith("VmHWM:")
)
print(json.dumps({"total": total, "complete": complete, "kept": kept, "mib": int(peak) / 1024}))
"""


def opened(path: Path) -> dict[str, float]:
    """What a process says that opened a catalog."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(path)],
        capture_output=True,
        text=True,
        timeout=_OPEN_S,
        check=True,
    )
    value: dict[str, float] = json.loads(done.stdout)
    return value


def test_a_large_catalog_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path / "home"))
    small, large = write_deep(tmp_path / "small", 1), write_deep(tmp_path / "large", COUNT)
    opened(small)
    assert opened(large)["kept"]
    base, again = opened(small), opened(large)
    print(f"one item {base['mib']:.0f} MiB, {COUNT} {again['mib']:.0f} MiB")
    assert (again["total"], again["complete"]) == (COUNT, True)
    # Against the same with one item: the imports of another Python, or machine, count for nothing.
    assert again["mib"] - base["mib"] < MOST_MIB - IMPORTS_MIB
