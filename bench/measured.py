"""One line of the table, and the arithmetic behind it."""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Measured:
    """One line of the table.

    Attributes:
        what: What was compared.
        ours: Our figure, with its unit.
        other: What it was compared with.
        ratio: As text; what the bar is held against.
        bar: As text; empty where there is none.
        passed: None where there is no bar.
        notes: More figures, a sentence each.
        load: Of the machine, before and after.
    """

    what: str
    ours: str
    other: str
    ratio: str
    bar: str = ""
    passed: bool | None = None
    notes: Sequence[str] = ()
    load: str = ""


@dataclass
class Rounds:
    """Two ways of doing the same, measured in turn; seconds."""

    ours: list[float] = field(default_factory=list)
    other: list[float] = field(default_factory=list)

    @property
    def median_ratio(self) -> float:
        """Median of ours by the other's median."""
        return statistics.median(self.ours) / statistics.median(self.other)

    @property
    def paired_ratio(self) -> float:
        """Median of the ratios of the rounds: what slows both down together drops out."""
        return statistics.median(a / b for a, b in zip(self.ours, self.other, strict=True))

    def run(
        self, rounds: int, ours: Callable[[], float], other: Callable[[], float], label: str
    ) -> None:
        """Measure so many rounds, beginning with the one and the other in turn."""
        for number in range(rounds):
            if number % 2:
                self.other.append(other())
                self.ours.append(ours())
            else:
                self.ours.append(ours())
                self.other.append(other())
            ratio = self.ours[-1] / self.other[-1]
            print(
                f"{label} {number + 1}/{rounds}: {self.ours[-1]:.3f} s against "
                f"{self.other[-1]:.3f} s, ratio {ratio:.3f}, load {load()}",
                flush=True,
            )


def spread(values: Sequence[float], digits: int = 2, unit: str = " s") -> str:
    """Median and range."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def load() -> str:
    """Processes that want a core, over the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def rounds_of(description: str | None, default: int) -> int:
    """The number of rounds from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=default)
    rounds: int = parser.parse_args().rounds
    return rounds


def show(lines: Sequence[Measured]) -> None:
    """Print what was measured."""
    for line in lines:
        verdict = {None: "", True: " ok", False: " MISSED"}[line.passed]
        bar = f" (bar {line.bar}){verdict}" if line.bar else ""
        print(f"{line.what}: {line.ours} against {line.other}, ratio {line.ratio}{bar}")
        for note in line.notes:
            print(f"  {note}")
