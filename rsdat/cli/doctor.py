"""`rsdat doctor`: whether what rsdat needs is here, and what to do where it is not."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from rsdat.cli.words import sentence, table


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add `doctor`."""
    words = "look whether what rsdat needs is here: Jupyter, Slurm, folder, dCache"
    doctor = commands.add_parser("doctor", help=words, description=sentence(words))
    doctor.set_defaults(run=_run)


def _run(_args: argparse.Namespace) -> int:
    # Imported here: other commands needn't wait for it.
    from rsdat.cli.checks import all_checks

    found = asyncio.run(all_checks())
    for line in table(found):
        sys.stdout.write(line + "\n")
    return 1 if any(each.state == "failed" for each in found) else 0
