"""`rsdat`: which subcommand does what."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rsdat import __version__
from rsdat.base.errors import RsdatError
from rsdat.cli import dcache, demo, doctor


def parser() -> argparse.ArgumentParser:
    """The whole command line. Each subcommand sets `run`: what to call with the arguments."""
    root = argparse.ArgumentParser(
        prog="rsdat", description="Dask clusters on Slurm, and dCache, in JupyterLab."
    )
    root.add_argument("--version", action="version", version=f"rsdat {__version__}")
    commands = root.add_subparsers(metavar="COMMAND", required=True)
    demo.add_commands(commands)
    dcache.add_commands(commands)
    doctor.add_commands(commands)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status, 1 with a message for our own errors."""
    args = parser().parse_args(argv)
    try:
        status: int = args.run(args)
    except RsdatError as error:
        sys.stderr.write(f"rsdat: {error.message}\n")
        if error.hint:
            sys.stderr.write(f"{error.hint}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
