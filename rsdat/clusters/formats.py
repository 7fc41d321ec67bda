"""Brings what an older rsdat wrote into `cluster.json` up to date, format by format. Pure.

Each step is for records as that rsdat wrote them, and stays as it is; `tests/clusters/records` has
one of every format. Whoever changes the record's meaning adds a step and a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rsdat.base.errors import Conflict

#: 2: worker groups.
FORMAT = 2


def up_to_date(value: Mapping[str, Any]) -> dict[str, Any]:
    """The record in today's format.

    Raises:
        Conflict: No rsdat wrote such a format.
        KeyError: It lacks what a record of its format has.
    """
    record = dict(value)
    while (written := record["format"]) < FORMAT:
        step = _STEPS.get(written)
        if step is None:
            raise Conflict(f"cluster.json has an unknown format ({written})", code="damaged_file")
        record = {**step(record), "format": written + 1}
    return record


def _to_groups(old: dict[str, Any]) -> dict[str, Any]:
    """1 to 2: the size of a cluster, and what befell its jobs, became that of its first group."""
    of_group = ("options", "wanted", "adapt", "wished", "failures", "losses", "held", "problem")
    group = {key: old[key] for key in of_group if key in old}
    rest = {key: item for key, item in old.items() if key not in of_group}
    ended = old.get("ended", [])
    if old["phase"] == "stopped":
        rest["stopped"] = old.get("stop_asked") or old["created"]
    if old["phase"] in ("stopping", "stopped", "failed"):
        rest["end_reason"] = "failed" if old["phase"] == "failed" else "asked"
    if "scheduler" not in old or old["scheduler"] is None:
        # What kept it from starting, and not what kept its jobs from being taken.
        rest["problem"] = group.pop("problem", None)
    return {
        **rest,
        "groups": [{"name": "workers", **group}],
        "jobs_ended": len(ended),
        "jobs_failed": sum(not each["expected"] for each in ended),
    }


_STEPS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _to_groups}
