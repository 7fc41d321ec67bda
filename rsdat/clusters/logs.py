"""Finds and reads the logs of scheduler and jobs."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

from rsdat.base.errors import NotFound
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.naming import job_order

SCHEDULER = "scheduler"
MAX_PART_BYTES = 256 * 1024
_TAIL_BYTES = 8 * 1024
_JOB = re.compile(r"\d+(_\d+)?\Z", re.ASCII)


@dataclass(frozen=True)
class LogPart:
    """A part of a log: its bytes, where the next part begins, and the size of the whole."""

    text: bytes
    next_offset: int
    size: int


@dataclass(frozen=True)
class LogFile:
    """A log that is there: whose, its size in bytes, and when it was last written to."""

    source: str
    size: int
    modified: datetime


def list_logs(folder: ClusterFolder) -> list[LogFile]:
    """The logs that are there: the scheduler's, then the jobs' as they were submitted. Blocks."""
    found = []
    files: dict[str, int] = {}
    try:
        with os.scandir(folder.logs) as entries:
            for entry in entries:
                source = entry.name.removesuffix(".log")
                if source == entry.name or not (source == SCHEDULER or _JOB.match(source)):
                    continue
                facts = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(facts.st_mode):
                    modified = datetime.fromtimestamp(facts.st_mtime, timezone.utc)
                    found.append(LogFile(source, facts.st_size, modified))
                    files[source] = facts.st_ino
    except FileNotFoundError:
        return []
    # The job that a scheduler has for itself writes one log under two names.
    own = files.pop(SCHEDULER, None)
    found = [log for log in found if log.source == SCHEDULER or files[log.source] != own]
    return sorted(found, key=lambda log: (log.source != SCHEDULER, job_order(log.source)))


def open_log(folder: ClusterFolder, source: str) -> BinaryIO:
    """A log, to be read without a buffer; the caller closes it. Blocks.

    Raises:
        NotFound: There is no such log (yet).
    """
    file = _file(folder, source)
    try:
        # A job could have replaced its log by a link to somewhere else, or by a pipe that nobody
        # ever writes to.
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise NotFound(
            f"There is no log of '{source}'", hint="A job has one as soon as it has started."
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotFound(f"The log of '{source}' is no file")
    return os.fdopen(descriptor, "rb", buffering=0)


def read_part(folder: ClusterFolder, source: str, offset: int) -> LogPart:
    """At most 256 KiB from `offset` on; a negative one counts from the end. Blocks.

    Args:
        folder: The cluster's.
        source: `scheduler`, or the id of a job of this cluster.
        offset: The first byte wanted.

    Raises:
        NotFound: There is no such log (yet).
    """
    with open_log(folder, source) as log:
        size = os.fstat(log.fileno()).st_size
        start = max(size + offset, 0) if offset < 0 else min(offset, size)
        text = os.pread(log.fileno(), MAX_PART_BYTES, start)
    return LogPart(text, start + len(text), size)


def tail(folder: ClusterFolder, source: str) -> str | None:
    """The last 8 KiB of a log, for a diagnosis; None where there is nothing. Blocks."""
    try:
        text = read_part(folder, source, -_TAIL_BYTES).text.decode(errors="replace")
    except NotFound:
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines) or None


def _file(folder: ClusterFolder, source: str) -> Path:
    if source == SCHEDULER:
        return folder.scheduler_log
    if not _JOB.match(source):
        raise NotFound(f"There is no log of '{source}'")
    return folder.logs / f"{source}.log"
