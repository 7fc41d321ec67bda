"""Reads parts of the logs of scheduler and jobs."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from rsdat.base.errors import NotFound
from rsdat.clusters.folder import ClusterFolder

MAX_PART_BYTES = 256 * 1024
_TAIL_BYTES = 8 * 1024
_TAIL_LINES = 12
_JOB = re.compile(r"\d+_\d+\Z", re.ASCII)


@dataclass(frozen=True)
class LogPart:
    """A part of a log: its bytes, where the next part begins, and the size of the whole."""

    text: bytes
    next_offset: int
    size: int


def read_part(folder: ClusterFolder, source: str, offset: int) -> LogPart:
    """At most 256 KiB from `offset` on; a negative one counts from the end. Blocks.

    Args:
        folder: The cluster's.
        source: `scheduler`, or the id of a job of this cluster.
        offset: The first byte wanted.

    Raises:
        NotFound: There is no such log (yet).
    """
    file = _file(folder, source)
    try:
        # A job could have replaced its log by a link to somewhere else.
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise NotFound(
            f"There is no log of '{source}'", hint="A job has one as soon as it has started."
        ) from error
    with os.fdopen(descriptor, "rb") as log:
        size = os.fstat(log.fileno()).st_size
        start = max(size + offset, 0) if offset < 0 else min(offset, size)
        log.seek(start)
        text = log.read(MAX_PART_BYTES)
    return LogPart(text, start + len(text), size)


def tail(folder: ClusterFolder, source: str) -> str | None:
    """The last lines of a log, for a diagnosis; None where there are none. Blocks."""
    try:
        text = read_part(folder, source, -_TAIL_BYTES).text.decode(errors="replace")
    except NotFound:
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-_TAIL_LINES:]) or None


def _file(folder: ClusterFolder, source: str) -> Path:
    if source == "scheduler":
        return folder.scheduler_log
    if not _JOB.match(source):
        raise NotFound(f"There is no log of '{source}'")
    return folder.logs / f"{source}.log"
