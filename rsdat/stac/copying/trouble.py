"""What a failure means for a copy: try again, give up this file, or give up all like it."""

from __future__ import annotations

import asyncio
import errno
import logging
from typing import Any

from rsdat.base.errors import (
    Conflict,
    DoorBroken,
    InvalidInput,
    NoCredential,
    NoSpace,
    NotFound,
    NotPermitted,
    QueueSilent,
    Refused,
    RsdatError,
)
from rsdat.stac.hrefs import shown

_log = logging.getLogger(__name__)

_PASSING_STATUS = (408, 425, 429, 500, 502, 503, 504)
#: Conflicts that another try may end: the source was replaced, or somebody writes there too.
_PASSING_CONFLICTS = ("changed", "contended", "exists", "changed_since", "uploading")
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Damaged(DoorBroken):
    """The bytes that came are not those that were promised."""

    default_code = "wrong_checksum"


def web_failure(href: str, error: BaseException) -> RsdatError:
    """The error for a request that got no whole answer; the library's own words may hold it all."""
    if isinstance(error, RsdatError):
        return error
    slow = isinstance(error, asyncio.TimeoutError)
    return DoorBroken(
        f"{shown(href)} gave no answer in time"
        if slow
        else f"The connection for {shown(href)} broke ({type(error).__name__})",
        hint="Run it again: only what is missing is copied.",
        code="timeout" if slow else "cut",
    )


def web_refusal(href: str, status: int, retry_after: str | None) -> RsdatError:
    """The error for an HTTP status that is no answer."""
    where = shown(href)
    if status in (404, 410):
        return NotFound(f"There is no file at {where}", code="asset_gone")
    if status in (401, 403):
        kind: type[RsdatError] = NoCredential if status == 401 else NotPermitted
        return kind(
            f"{where} may not be read (HTTP {status})",
            hint="If its address was signed, the signature may have ended: give modifier=.",
            status=status,
            web=True,
        )
    if status in _PASSING_STATUS:
        facts: dict[str, Any] = {"status": status}
        if retry_after and retry_after.isdigit():
            facts["retry_after_s"] = int(retry_after)
        return DoorBroken(f"{where} is not to be had now (HTTP {status})", code="status", **facts)
    return Refused(f"{where} was refused (HTTP {status})", status=status)


def understood(error: Exception, href: str) -> RsdatError:
    """Any failure as one of ours."""
    if isinstance(error, RsdatError):
        return error
    where = shown(href)
    if isinstance(error, FileNotFoundError):
        return NotFound(f"There is no file at {where}", code="asset_gone")
    if isinstance(error, IsADirectoryError):
        return Conflict(f"{where} is a folder", code="is_a_folder")
    if isinstance(error, PermissionError):
        return NotPermitted(f"{where} may not be used: {error.strerror or error}")
    if isinstance(error, OSError) and error.errno in _FULL:
        return NoSpace(
            f"There is no space left for {where}", hint="Make room there, then run it again."
        )
    if isinstance(error, (OSError, asyncio.TimeoutError)):
        words = getattr(error, "strerror", None) or type(error).__name__
        return DoorBroken(f"{where} can't be read or written: {words}", code="io")
    if isinstance(error, (ValueError, ImportError)):
        return InvalidInput(f"{where} can't be used: {error}")
    _log.error("Copying %s failed in an unexpected way", where, exc_info=error)
    return DoorBroken(f"{where} failed ({type(error).__name__})", code="unexpected")


def passes(error: RsdatError) -> bool:
    """Whether another try may go well."""
    status = error.details.get("status")
    if isinstance(error, DoorBroken):
        return error.code not in ("unavailable", "unverified", "unexpected", "bad_redirect")
    if isinstance(error, QueueSilent):
        return True
    if isinstance(error, Conflict):
        return error.code in _PASSING_CONFLICTS
    return isinstance(status, int) and status in _PASSING_STATUS
