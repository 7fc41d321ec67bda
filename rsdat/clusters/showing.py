"""A cluster as a notebook shows it: one line of text, or a small table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from rsdat.base.units import format_bytes

_SHOWN_JOBS = 10


def cluster_text(state: Mapping[str, Any]) -> str:
    """One line, and the diagnosis if there is one.

    Args:
        state: The `Cluster` of docs/api.yaml.
    """
    workers = state["workers"]
    text = (
        f"<rsdat cluster {state['name']!r}: {state['state']}, "
        f"{workers['connected']} of {workers['wanted']} workers>"
    )
    return f"{text}\n{state['diagnosis']['message']}" if state["diagnosis"] else text


def cluster_html(state: Mapping[str, Any]) -> str:
    """A table of what counts, and the first jobs.

    Args:
        state: The `Cluster` of docs/api.yaml.
    """
    workers = state["workers"]
    counts = ", ".join(
        f"{workers[key]} {key}" for key in ("connected", "starting", "queued") if workers[key]
    )
    rows = [
        ("State", state["state"]),
        ("Workers", f"{workers['wanted']} wanted" + (f": {counts}" if counts else "")),
        ("Resources", f"{state['cores']} cores, {format_bytes(state['memory'])}"),
        ("Scheduler", state["scheduler"]["address"] or "not up"),
        ("Cost", f"{state['cost']['core_hours']:g} core-hours"),
    ]
    if state["diagnosis"]:
        diagnosis = state["diagnosis"]
        words = [diagnosis["message"], diagnosis["hint"]]
        rows.append(("Diagnosis", ". ".join(word for word in words if word)))
    body = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(str(value))}</td></tr>"
        for name, value in rows
    )
    table = f"<table>{body}</table>"
    return f"<div><b>{escape(state['name'])}</b>{table}{_jobs_html(state['jobs'])}</div>"


def _jobs_html(jobs: list[Mapping[str, Any]]) -> str:
    if not jobs:
        return ""
    cells = "".join(
        "<tr>"
        + "".join(
            f"<td style='text-align:left'>{escape(str(value or ''))}</td>"
            for value in (job["id"], job["state"], job["node"], job["explanation"])
        )
        + "</tr>"
        for job in jobs[:_SHOWN_JOBS]
    )
    head = "<tr><th>Job</th><th>State</th><th>Node</th><th></th></tr>"
    more = f"<p>and {len(jobs) - _SHOWN_JOBS} more</p>" if len(jobs) > _SHOWN_JOBS else ""
    return (
        f"<details><summary>Jobs: {len(jobs)}</summary><table>{head}{cells}</table>{more}</details>"
    )
