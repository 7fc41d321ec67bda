"""What is known of a file before and while it is copied, and what there is to copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: What is read and written at once.
BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Facts:
    """A file as its store describes it.

    Attributes:
        size: Bytes; None where nobody says.
        sums: Hexadecimal checksums by kind, which must fit.
        hints: Checksums that prove something only where they fit: an ETag may be an MD5, or not.
        modified: When it was changed.
        version: Another one for another content, such as a strong ETag; None if there is none.
        ranges: Whether reading may begin in the middle.
        on_tape: Its only copy is on tape.
    """

    size: int | None
    sums: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    modified: datetime | None = None
    version: str | None = None
    ranges: bool = False
    on_tape: bool = False

    @property
    def same_again(self) -> str | None:
        """What tells this content from a later one; None: nothing does."""
        if self.version is not None:
            return self.version
        if self.sums and self.size is not None:
            return f"{self.size}:{sorted(self.sums.items())}"
        return None


@dataclass(frozen=True)
class Job:
    """One file to copy.

    Attributes:
        item: Id of its item.
        keys: Keys of the assets that it is.
        source: Absolute address, as the item has it.
        target: Absolute address of the copy.
        size: What the item says (`file:size`).
        sums: What the item says (`file:checksum`).
        signed_by: The item as a dictionary, where its addresses must be signed first.
        access: Options of file systems that the source is read with; None: those of the copy.
    """

    item: str
    keys: tuple[str, ...]
    source: str
    target: str
    size: int | None = None
    sums: Mapping[str, str] = field(default_factory=dict)
    signed_by: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    access: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Outcome:
    """How one file ended.

    Attributes:
        job: Which.
        state: "copied", "skipped" (it is there and whole) or "failed".
        bytes: That went over the wire for it.
        size: Of the copy; None if that is not known.
        verified: The kind of checksum by which it was compared with its source; "size" if only
            that could be; None if nothing could.
        reason: Why it failed; never holds a secret.
        hint: What to do about it.
        code: What programs decide by.
        stops: Which others would fail in the same way: "all", those of its "host", or "".
        by_doors: DCache copied it by itself; the bytes did not pass this computer.
        streamed: Why they did, where dCache might have done it by itself.
    """

    job: Job
    state: str
    bytes: int = 0
    size: int | None = None
    verified: str | None = None
    reason: str | None = None
    hint: str | None = None
    code: str | None = None
    stops: str = ""
    by_doors: bool = False
    streamed: str | None = None
