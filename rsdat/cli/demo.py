"""`rsdat demo`: the embedded default, and the dCache stand-in alone."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from rsdat.cli.words import sentence
from rsdat.demo.door.options import add_arguments, from_arguments


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add `demo` and `demo dcache`."""
    about = "open JupyterLab with sample data, a local dCache stand-in and rsdat"
    demo = commands.add_parser("demo", help=about, description=sentence(about))
    demo.add_argument("--port", type=int, metavar="N", help="JupyterLab's port")
    demo.add_argument("--no-browser", action="store_true", help="print the address only")
    demo.add_argument("--home", type=Path, metavar="DIR", help="where the demo keeps its files")
    demo.set_defaults(run=_run_demo)
    parts = demo.add_subparsers(metavar="PART")
    dcache = parts.add_parser(
        "dcache",
        help="serve a folder as a dCache does, alone",
        description="Serve a folder as a dCache does, on loopback. Prints one JSON line with "
        "api_url, webdav_url and token when ready; ends on SIGTERM or SIGINT.",
    )
    add_arguments(dcache)
    dcache.set_defaults(run=_run_dcache)


def _run_demo(args: argparse.Namespace) -> int:
    # Imported here: the stand-in alone needs no JupyterLab.
    from rsdat.demo.launcher import main

    status: int = main(args)
    return status


def _run_dcache(args: argparse.Namespace) -> int:
    # Imported here: most commands don't need aiohttp.
    from rsdat.demo.door.serve import serve

    asyncio.run(serve(from_arguments(args)))
    return 0
