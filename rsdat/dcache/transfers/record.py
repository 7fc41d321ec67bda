"""What is known of one transfer: what was asked, how far it is, how it ended; as REST shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rsdat.base.errors import RsdatError

FORMAT = 1
#: So many failures, and so many paths of a side, are kept and shown.
SHOWN = 100
#: So many reasons why bytes came through this computer.
REASONS = 5

Kind = Literal["upload", "download", "copy", "assets"]
#: Of these no browser gets or sends the bytes.
BY_ITSELF: frozenset[Kind] = frozenset({"copy", "assets"})
Choice = Literal["ask", "replace", "keep-both", "skip"]
State = Literal["waiting", "running", "asking", "done", "failed", "cancelled", "interrupted"]
#: It goes on, or will.
ACTIVE: frozenset[State] = frozenset({"waiting", "running", "asking"})


@dataclass(frozen=True)
class Side:
    """One end: a dCache endpoint, or the workspace (endpoint None), and paths there."""

    endpoint: str | None
    paths: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The Side of `docs/api.yaml`; of many paths the first hundred."""
        return {"endpoint": self.endpoint, "paths": list(self.paths[:SHOWN])}

    @property
    def folder(self) -> str:
        """The one folder of a destination."""
        return self.paths[0]


@dataclass
class Record:
    """A transfer as it lies on disk and is shown. Times are ISO 8601 texts, sizes bytes.

    Attributes:
        planned: Its list of files is whole; else it must be made anew.
        resumed: An earlier companion worked on it: what it did last may not be written down.
        sums: Kinds of checksums that were compared so far.
        unverified: Files of which dCache had no checksum.
        by_doors: Files that dCache copied by itself.
        streamed: Files whose bytes came through this computer, where it was to be seen.
        reasons: Why, of those that dCache might have copied by itself.
        spoilt: Of a download: what was sent is not what dCache stored, and nothing to go on from.
    """

    id: str
    kind: Kind
    source: Side | None
    destination: Side | None
    format: str | None
    conflict: Choice
    title: str
    created: str
    state: State = "waiting"
    started: str | None = None
    ended: str | None = None
    problem: dict[str, Any] | None = None
    seen: bool = False
    planned: bool = False
    resumed: bool = False
    total: int | None = None
    done: int = 0
    skipped: int = 0
    failed: int = 0
    total_bytes: int | None = None
    done_bytes: int = 0
    sums: list[str] = field(default_factory=list)
    unverified: int = 0
    by_doors: int = 0
    streamed: int = 0
    reasons: list[str] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    spoilt: bool = False
    owner: str = ""

    @property
    def active(self) -> bool:
        """Whether it goes on, or will."""
        return self.state in ACTIVE

    def add_failure(self, path: str, error: RsdatError) -> None:
        """Note why a file failed; the first hundred are kept."""
        if len(self.failures) < SHOWN:
            self.failures.append({"path": path, "message": error.message, "hint": error.hint})

    def add_reason(self, reason: str | None) -> None:
        """Note why bytes came through this computer; a few reasons are kept."""
        if reason is not None and reason not in self.reasons and len(self.reasons) < REASONS:
            self.reasons.append(reason)

    @property
    def between_doors(self) -> bool:
        """Whether both ends are in dCache: it may copy by itself."""
        ends = (self.source, self.destination)
        return self.kind == "copy" and all(end and end.endpoint is not None for end in ends)

    def as_dict(self) -> dict[str, Any]:
        """For its file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Record:
        """The inverse of `as_dict`.

        Raises:
            TypeError: It is something else.
        """
        known = {key: value[key] for key in cls.__dataclass_fields__ if key in value}
        for side in ("source", "destination"):
            if known.get(side) is not None:
                known[side] = Side(known[side]["endpoint"], tuple(known[side]["paths"]))
        return cls(**known)

    def shown(
        self,
        *,
        moving: int = 0,
        rate: float | None = None,
        current: str | None = None,
        question: dict[str, Any] | None = None,
        ours: bool = True,
    ) -> dict[str, Any]:
        """The Transfer of `docs/api.yaml`.

        Args:
            moving: Bytes of files under way that have arrived.
            rate: Bytes a second.
            current: Path of a file under way.
            question: What it waits for.
            ours: Whether this companion may act for it.
        """
        arrived = self.done_bytes + moving
        left = None if self.total_bytes is None else max(self.total_bytes - arrived, 0)
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "title": self.title,
            "source": None if self.source is None else self.source.as_dict(),
            "destination": None if self.destination is None else self.destination.as_dict(),
            "format": self.format,
            "files": {
                "total": self.total,
                "done": self.done,
                "skipped": self.skipped,
                "failed": self.failed,
            },
            "bytes": {"total": self.total_bytes, "done": arrived},
            "rate": rate,
            "remaining": round(left / rate) if rate and left is not None else None,
            "created": self.created,
            "started": self.started,
            "ended": self.ended,
            "current": current,
            "question": question,
            "verified": self._verified(),
            "way": self._way(),
            "problem": self.problem,
            "failures": self.failures,
            "content": None if self.kind in BY_ITSELF else f"rsdat/transfers/{self.id}/content",
            "can": self._can() if ours else [],
            "seen": self.seen,
        }

    def _verified(self) -> str | None:
        whole = self.state == "done" and not self.unverified and self.sums
        return ", ".join(sorted(self.sums)) if whole else None

    def _way(self) -> dict[str, Any] | None:
        if not (self.between_doors or self.kind == "assets"):
            return None
        return {
            "by_doors": self.by_doors,
            "streamed": self.streamed,
            "reasons": self.reasons,
        }

    def _can(self) -> list[str]:
        if self.active:
            return ["cancel"]
        return ["forget"] if self.state == "done" else ["retry", "forget"]


def diagnosis(error: RsdatError) -> dict[str, Any]:
    """An error as `problem` of a transfer."""
    return {"message": error.message, "hint": error.hint}
