"""Slurm's job ids between text and single array tasks: `671`, `671_5`, `671_[2-4,7%2]`."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ID = re.compile(r"(\d+)(?:_(?:(\d+)|\[([\d,:-]+)(?:%\d+)?\]))?\Z")


def array_of(job_id: str) -> str:
    """The id of the whole array: `671` of `671_5`."""
    return job_id.partition("_")[0]


def expand(job_id: str) -> list[str]:
    """One id an array task: `671_[2-3%2]` is `671_2` and `671_3`; a plain id stays alone.

    Empty if this is no job id.
    """
    match = _ID.match(job_id)
    if not match:
        return []
    if match[3] is None:
        return [job_id]
    return [f"{match[1]}_{task}" for task in expand_tasks(match[3])]


def expand_tasks(ranges: str) -> list[int]:
    """Task indices of `0,4-6,10-20:5`, with or without a `%limit`; empty if it is none."""
    tasks: list[int] = []
    for part in ranges.partition("%")[0].split(","):
        match = re.match(r"(\d+)(?:-(\d+)(?::(\d+))?)?\Z", part)
        if not match:
            return []
        first, last, step = int(match[1]), int(match[2] or match[1]), int(match[3] or 1)
        tasks.extend(range(first, last + 1, max(step, 1)))
    return tasks


def by_array(job_ids: Iterable[str]) -> dict[str, set[int] | None]:
    """Task indices by array; None is the array as a whole. What is no job id is left out."""
    arrays: dict[str, set[int] | None] = {}
    for job_id in (single for given in job_ids for single in expand(given)):
        array, underscore, task = job_id.partition("_")
        known = arrays.setdefault(array, set())
        if not underscore:
            arrays[array] = None
        elif known is not None:
            known.add(int(task))
    return arrays


def fold(job_ids: Iterable[str]) -> list[str]:
    """The inverse of `expand`, one entry an array, so that one scancel takes thousands of tasks.

    An array asked for as a whole swallows its tasks. What is no job id is left out.
    """
    return [
        array if tasks is None else f"{array}_[{_ranges(sorted(tasks))}]"
        for array, tasks in by_array(job_ids).items()
    ]


def _ranges(tasks: list[int]) -> str:
    parts: list[list[int]] = []
    for task in tasks:
        if parts and task == parts[-1][1] + 1:
            parts[-1][1] = task
        else:
            parts.append([task, task])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in parts)
