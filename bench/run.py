"""npm run bench: all measurements, printed as a table and written to docs/performance.md."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import version

from bench import (
    activation,
    array_submit,
    copy_estimate,
    first_worker,
    listing,
    main_job,
    mean_reflectance,
    overview,
    panel_live,
    panel_scroll,
    panel_update,
    queries,
    random_reads,
    reconcile_pass,
    responsive,
    small_files,
    stac_index,
    transfer,
    transfers,
)
from bench.measured import Measured, show
from bench.stand import REPOSITORY, CannotMeasureError

PARTS = {
    "activation": activation,
    "first_worker": first_worker,
    "array_submit": array_submit,
    "transfer": transfer,
    "transfers": transfers,
    "listing": listing,
    "main_job": main_job,
    "mean_reflectance": mean_reflectance,
    "overview": overview,
    "queries": queries,
    "reconcile_pass": reconcile_pass,
    "responsive": responsive,
    "panel_live": panel_live,
    "panel_scroll": panel_scroll,
    "panel_update": panel_update,
    "random_reads": random_reads,
    "small_files": small_files,
    "stac_index": stac_index,
    "copy_estimate": copy_estimate,
}
PAGE = REPOSITORY / "docs" / "performance.md"
INTRODUCTION = """\
Written by `npm run bench`, which measures both ways of doing a thing in turn, in one run on one
machine. Ratios count; seconds are this machine's. Figures are medians, in brackets the smallest and
the largest. *Medians* is the ratio of the medians, *paired* the median of the rounds' ratios; the
worse one is held against the bar. Load is how many processes wanted a core, before → after."""
PACKAGES = ("dask", "distributed", "dask-jobqueue", "jupyter_server", "tornado", "aiohttp")


def main() -> int:
    """Measure; 1 if a bar is missed or a part could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="measure but don't write")
    parser.add_argument("--rounds", type=int, help="of each part, instead of its own number")
    options = parser.parse_args()

    lines: list[Measured] = []
    problems: list[str] = []
    for name in options.only or PARTS:
        try:
            measured = PARTS[name].measure(options.rounds or PARTS[name].ROUNDS)
        except CannotMeasureError as error:
            problems.append(f"{name} was not measured: {error}")
            continue
        show(measured)
        lines += measured
    for problem in problems:
        print(problem, file=sys.stderr)
    if not options.only and not problems:
        PAGE.write_text(page(lines), encoding="utf-8")
        print(f"written: {PAGE.relative_to(REPOSITORY)}")
    return 1 if problems or any(line.passed is False for line in lines) else 0


def page(lines: Sequence[Measured]) -> str:
    """The whole of docs/performance.md."""
    rows = [
        f"| {line.what} | {line.ours} | {line.other} | {line.ratio} | {_bar(line)} | {line.load} |"
        for line in lines
    ]
    notes = [f"- {line.what}: {' '.join(line.notes)}" for line in lines if line.notes]
    how = [f"- `bench/{name}.py`. {_paragraph(part.__doc__)}" for name, part in PARTS.items()]
    parts = [
        "# Performance",
        INTRODUCTION,
        machine(),
        "| measured | rsdat | compared with | ratio | bar | load |\n|---|---|---|---|---|---|\n"
        + "\n".join(rows),
        "\n".join(notes),
        "## How",
        "\n".join(how),
    ]
    return "\n\n".join(parts) + "\n"


def machine() -> str:
    """When and on what: nothing that tells which machine."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    kernel = ".".join(platform.release().split(".")[:2])
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d}: {len(os.sched_getaffinity(0))} cores, "
        f"{memory_gib:.0f} GiB of memory, Linux {kernel}, {_slurm()}, "
        f"Python {platform.python_version()}, {packages}."
    )


def _slurm() -> str:
    # Of Slurm's programs only the daemons tell their version without a configuration (22.05).
    for program in ("slurmctld", "slurmd"):
        try:
            answer = subprocess.run(
                [program, "-V"], capture_output=True, text=True, check=True, timeout=30
            )
        except (OSError, subprocess.SubprocessError):
            continue
        return answer.stdout.strip().replace("slurm-wlm", "Slurm")
    return "no Slurm"


def _bar(line: Measured) -> str:
    verdict = {None: "–", True: f"{line.bar}: met", False: f"{line.bar}: **missed**"}
    return verdict[line.passed]


def _paragraph(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    sys.exit(main())
