"""Writes what somebody wishes of a cluster into its record. All of it blocks: call it in a thread.

Nothing is done yet: whoever acts for the cluster reads the record at its next turn.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

from rsdat.base.errors import Conflict, InvalidInput, NotFound
from rsdat.clusters.caps import check_room, read_caps
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.record import EndReason, Group, Record
from rsdat.clusters.register import check_free, names_held, others_held
from rsdat.clusters.request import SIZES, Change, GroupRequest, apply_change


def wish_change(
    home: Path,
    folder: ClusterFolder,
    change: Change,
    now: datetime,
    *,
    queued: int = 0,
) -> None:
    """Change what `Change` can; `drop_queued` must know how many jobs are `queued`.

    Raises:
        NotFound: There is no such cluster or group.
        Conflict: The name is taken, the cluster is not up, or a cap is in the way.
        InvalidInput: The caps that are configured make no sense.
    """

    def apply(record: Record) -> None:
        _check_up(record, failed_too=change.key == "name")
        apply_change(record, change, now, queued)

    if change.key == "name":
        with names_held(home) as taken:
            taken.pop(folder.id, None)
            check_free(change.value, taken)
            folder.update(apply)
        return

    def resize(record: Record) -> None:
        before = record.wanted
        apply(record)
        if record.wanted > before:
            check_room(record, read_caps(), others)

    with others_held(home, folder.id) as others:
        folder.update(resize)
    facts = {change.key: change.value}
    if change.key in SIZES and change.group is not None:
        facts["group"] = change.group
    folder.add_event(now, "asked", **facts)


def wish_group(home: Path, folder: ClusterFolder, request: GroupRequest, now: datetime) -> None:
    """Add workers of another kind.

    Raises:
        NotFound: There is no such cluster.
        Conflict: It has such a group already, is not up, or a cap is in the way.
        InvalidInput: The caps that are configured make no sense.
    """

    def add(record: Record) -> None:
        _check_up(record)
        if record.group(request.name) is not None:
            raise Conflict(
                f"'{record.name}' has workers of the kind '{request.name}' already",
                code="name_taken",
            )
        record.groups.append(
            Group(
                request.name,
                request.options,
                request.workers,
                adapt=request.adapt,
                resources=dict(request.resources),
                wished=now,
            )
        )
        check_room(record, read_caps(), others)

    with others_held(home, folder.id) as others:
        folder.update(add)
    folder.add_event(now, "asked", group=request.name, workers=request.workers)


def wish_no_group(folder: ClusterFolder, name: str, now: datetime) -> None:
    """Let the workers of a group go, and forget the group after that.

    Raises:
        NotFound: There is no such cluster or group.
        InvalidInput: It is the first group.
        Conflict: The cluster is not up.
    """

    def remove(record: Record) -> None:
        _check_up(record)
        group = record.group(name)
        if group is None:
            raise NotFound(f"'{record.name}' has no workers of the kind '{name}'")
        if group is record.first:
            raise InvalidInput(
                "The first kind of workers stays", hint="Scale it to 0, or shut the cluster down."
            )
        group.adapt, group.wanted, group.removing = None, 0, True

    folder.update(remove)
    folder.add_event(now, "asked", group=name, remove=True)


def wish_job_gone(folder: ClusterFolder, job_id: str, group_name: str, now: datetime) -> None:
    """Send one job away, its data handed over, and want one worker less.

    Raises:
        NotFound: There is no such cluster.
        Conflict: It is not up.
    """

    def dismiss(record: Record) -> None:
        _check_up(record)
        if job_id in record.dismissed or job_id in record.leaving:
            return
        record.dismissed.append(job_id)
        group = record.group(group_name)
        if group is not None:
            group.wanted = max(group.wanted - 1, 0)

    folder.update(dismiss)
    folder.add_event(now, "asked", cancel=job_id)


def wish_end(folder: ClusterFolder, now: datetime, reason: EndReason = "asked") -> None:
    """End the cluster.

    Raises:
        NotFound: There is no such cluster.
    """
    if folder.read_record().phase in ("stopping", "stopped"):
        return
    # Workers look for it before they hand data over: there will be nobody to take them. Without
    # room for it they try in vain, and end all the same.
    with contextlib.suppress(OSError):
        folder.stopping_file.touch(mode=0o600)
    folder.update(lambda record: mark_ending(record, now, reason))
    folder.add_event(now, "asked", stop=True, reason=reason)


def mark_ending(record: Record, now: datetime, reason: EndReason = "asked") -> None:
    """Write into a record that the cluster is to end, if it does not already."""
    if record.phase in ("stopping", "stopped"):
        return
    record.phase = "stopping"
    record.stop_asked = now
    record.end_reason = record.end_reason or reason
    for group in record.groups:
        group.wanted_before_end, group.adapt_before_end = group.wanted, group.adapt
        group.adapt, group.wanted = None, 0


def check_ours(record: Record) -> None:
    """Refuse to act upon what somebody else has started.

    Raises:
        Conflict: The cluster is attached.
    """
    if record.attached is not None:
        raise Conflict(
            f"'{record.name}' is attached: that can only be changed where it was started",
            hint="Here it can be renamed and detached.",
            code="attached",
        )


def _check_up(record: Record, *, failed_too: bool = False) -> None:
    if not failed_too:
        check_ours(record)
    if record.phase in ("stopping", "stopped"):
        raise Conflict(f"'{record.name}' is {record.phase}", code="not_up")
    if record.phase == "failed" and not failed_too:
        raise Conflict(
            f"'{record.name}' has failed",
            hint="Shut it down and make a new one.",
            code="not_up",
        )
