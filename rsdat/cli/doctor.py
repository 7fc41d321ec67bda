"""`rsdat doctor`: whether what rsdat needs is here, and what to do where it is not."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from rsdat.cli.words import MARKS, sentence


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add `doctor`."""
    words = "look whether what rsdat needs is here: Jupyter, Slurm, folder, dCache"
    doctor = commands.add_parser("doctor", help=words, description=sentence(words))
    doctor.set_defaults(run=_run)


def _run(_args: argparse.Namespace) -> int:
    # Imported here: other commands needn't wait for it.
    from rsdat.cli.checks import all_checks

    found = asyncio.run(all_checks())
    for check in found:
        sys.stdout.write(f"{MARKS[check.state]} {check.name:<11} {check.message}\n")
        if check.hint:
            sys.stdout.write(f"{'':<9} {'':<11} {check.hint}\n")
    return 1 if any(check.state == "failed" for check in found) else 0
