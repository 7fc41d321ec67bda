"""`rsdat dcache`: which endpoints there are, what the token is, what is wrong."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rsdat.base.clock import SystemClock, to_iso
from rsdat.base.files import rsdat_home
from rsdat.cli.words import sentence, table

if TYPE_CHECKING:
    from rsdat.dcache.tokens import Report


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add `dcache` with its parts."""
    about = "look at the configured dCache endpoints"
    dcache = commands.add_parser("dcache", help=about, description=sentence(about))
    parts = dcache.add_subparsers(metavar="PART", required=True)
    about = "list the endpoints; the first is the default"
    listed = parts.add_parser("endpoints", help=about, description=sentence(about))
    listed.set_defaults(run=_run_endpoints)
    for name, run, words in (
        ("token", _run_token, "say what the credential is, may do and until when"),
        ("doctor", _run_doctor, "try an endpoint out, step by step, and say what is wrong"),
    ):
        part = parts.add_parser(name, help=words, description=sentence(words))
        part.add_argument("--endpoint", metavar="NAME", help="which one (default: the first)")
        part.set_defaults(run=run)


# What they import takes half a second, which other commands needn't wait for.


def _run_endpoints(_args: argparse.Namespace) -> int:
    from rsdat.dcache.configured import load_endpoints

    endpoints = load_endpoints(rsdat_home())
    if not endpoints:
        _say("No dCache endpoint is configured.")
    for endpoint in endpoints:
        _say(endpoint.name)
        for what, value in (
            ("REST", endpoint.api_url or "to be found"),
            ("WebDAV", endpoint.webdav_url or "to be found"),
            ("credential", endpoint.credential.source),
            ("start", endpoint.home),
        ):
            _say(f"  {what:<11} {value}")
    return 0


def _run_token(args: argparse.Namespace) -> int:
    from rsdat.dcache.configured import find_endpoint
    from rsdat.dcache.http import Http
    from rsdat.dcache.tokens import WORDS, ask

    endpoint = find_endpoint(rsdat_home(), args.endpoint)
    now = SystemClock().now()

    async def look() -> Report:
        http = Http(endpoint)
        try:
            return await ask(http, now)
        finally:
            await http.close()

    report = asyncio.run(look())
    source = "" if report.kind == "none" else f" from {report.source}"
    _say(f"{endpoint.name}: {WORDS[report.kind]}{source}")
    for line in _about(report, now):
        _say(f"  {line}")
    if report.problem is None:
        return 0
    _say(f"  problem: {report.problem.message}")
    if report.problem.hint:
        _say(f"  {report.problem.hint}")
    return 1


def _about(report: Report, now: datetime) -> list[str]:
    lines = []
    if report.expires is not None:
        hours = (report.expires - now).total_seconds() / 3600
        left = f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"
        lines.append(f"until: {to_iso(report.expires)} ({left if hours > 0 else 'it has ended'})")
    claims = report.claims
    if claims is not None:
        for what, values in (
            ("root", [claims.root] if claims.root else []),
            ("only below", claims.paths),
            ("only from", claims.ips),
        ):
            if values:
                lines.append(f"{what}: {', '.join(values)}")
        if claims.activities is not None:
            lines.append(f"may: {', '.join(claims.activities) or 'nothing'}")
    if report.identity is not None:
        lines.append(f"dCache knows you as: {report.identity.username}")
    return lines


def _run_doctor(args: argparse.Namespace) -> int:
    from rsdat.dcache.configured import described_endpoint
    from rsdat.dcache.doctor import examine

    endpoint = described_endpoint(rsdat_home(), args.endpoint)
    found = asyncio.run(examine(endpoint, SystemClock().now()))
    _say(f"{endpoint.name}:")
    for line in table(found.steps):
        _say(f"  {line}")
    return 0 if found.ok else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
