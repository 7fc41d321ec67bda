"""What a copy came to: for people in a notebook or a terminal, and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

from rsdat.base.errors import RsdatError
from rsdat.base.units import format_bytes
from rsdat.stac.copying.facts import Outcome
from rsdat.stac.hrefs import shown

_SHOWN = 20


class CopyFailed(RsdatError):
    """Some files of a copy failed."""

    default_code = "copy_failed"


@dataclass
class CopyReport:
    """How a copy ended.

    Attributes:
        copied: Files that were copied, and verified as far as their source tells (`verified`).
        skipped: Files that were there and whole.
        failed: Files that failed: `job.source`, `reason`, `hint`, `code`.
        absent: How many items have no asset of a key that was asked for.
        bytes: That were read for it.
        seconds: It took.
        catalog: Address of the catalog that was written.
        problems: Items or catalogs that could not be saved, by address.
        by_doors: Files that dCache copied by itself: their bytes did not pass this computer.
        streamed: Why those of others did, that might have been; and of how many files.
    """

    copied: list[Outcome] = field(default_factory=list)
    skipped: list[Outcome] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)
    absent: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    seconds: float = 0.0
    catalog: str | None = None
    problems: dict[str, RsdatError] = field(default_factory=dict)
    by_doors: int = 0
    streamed: Counter[str] = field(default_factory=Counter)
    again: Callable[[list[Outcome]], CopyReport] | None = field(default=None, repr=False)

    def add(self, outcome: Outcome) -> None:
        """Take in how a file ended."""
        self.count(outcome)
        lists = {"copied": self.copied, "skipped": self.skipped, "failed": self.failed}
        lists[outcome.state].append(outcome)

    def count(self, outcome: Outcome) -> None:
        """Take in how a file ended, without listing it."""
        self.bytes += outcome.bytes
        self.by_doors += outcome.by_doors
        if outcome.streamed is not None:
            self.streamed[outcome.streamed] += 1

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failed and not self.problems

    @property
    def verified(self) -> dict[str, int]:
        """How many files were compared by which kind of checksum; "size" and "nothing" too."""
        done = [*self.copied, *self.skipped]
        return dict(Counter(outcome.verified or "nothing" for outcome in done))

    def retry(self) -> CopyReport:
        """Copy again what failed, and save what could not be saved; its own report."""
        if self.ok or self.again is None:
            return CopyReport(again=self.again, catalog=self.catalog)
        return self.again(self.failed)

    def raise_for_failures(self) -> None:
        """Be an error where something failed.

        Raises:
            CopyFailed: Names the first of them.
        """
        if self.ok:
            return
        if not self.failed:
            href, error = next(iter(self.problems.items()))
            raise CopyFailed(f"{shown(href)} could not be saved: {error.message}", hint=error.hint)
        first = self.failed[0]
        more = len(self.failed) - 1
        raise CopyFailed(
            f"{shown(first.job.source)} was not copied: {first.reason}"
            + (f" ({more} more failed)" if more else ""),
            hint=first.hint,
            code=first.code,
        )

    def __str__(self) -> str:
        rate = f" ({format_bytes(int(self.bytes / self.seconds))}/s)" if self.seconds > 0 else ""
        counts = f"{len(self.copied)} copied, {len(self.skipped)} were there"
        counts += f", {len(self.failed)} failed"
        lines = [f"{counts}: {format_bytes(self.bytes)} in {self.seconds:.1f} s{rate}"]
        for outcome in self.failed[:_SHOWN]:
            lines.append(f"  failed: {shown(outcome.job.source)}: {outcome.reason}")
            if outcome.hint:
                lines.append(f"          {outcome.hint}")
        if len(self.failed) > _SHOWN:
            lines.append(f"  and {len(self.failed) - _SHOWN} more")
        return "\n".join(lines + [f"  {line}" for line in self._notes()])

    def _notes(self) -> list[str]:
        notes = [f"not saved: {shown(href)}: {error}" for href, error in self.problems.items()]
        if self.by_doors:
            notes.append(f"copied by dCache itself: {_files(self.by_doors)}")
        for why, count in sorted(self.streamed.items()):
            notes.append(f"streamed through this computer: {_files(count)} ({why})")
        absent = sorted(self.absent.items())
        return notes + [f"{count} items have no asset '{key}'" for key, count in absent]

    def _repr_html_(self) -> str:
        head, *_ = str(self).split("\n")
        rows = "".join(
            f"<tr><td style='text-align:left'>{escape(outcome.job.item)}</td>"
            f"<td style='text-align:left'>{escape(', '.join(outcome.job.keys))}</td>"
            f"<td style='text-align:left'>{escape(outcome.reason or '')} "
            f"{escape(outcome.hint or '')}</td>"
            f"<td style='text-align:left'>{escape(shown(outcome.job.source))}</td></tr>"
            for outcome in self.failed[:_SHOWN]
        )
        more = len(self.failed) - _SHOWN
        tail = f"<p>and {more} more</p>" if more > 0 else ""
        table = (
            "<table><thead><tr><th>Item</th><th>Assets</th><th>Why</th><th>Address</th></tr>"
            f"</thead><tbody>{rows}</tbody></table>{tail}<p><code>.retry()</code> copies these.</p>"
            if rows
            else ""
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self._notes())
        return f"<p>{escape(head)}</p>{table}{notes}"


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
