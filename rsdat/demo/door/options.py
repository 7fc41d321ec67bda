"""How a stand-in is set up, and the command line that says so."""

from __future__ import annotations

import argparse
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from rsdat.base.errors import InvalidInput
from rsdat.base.secret import Secret

STATE_FOLDER = ".rsdat-door"


def _random_secret() -> Secret:
    return Secret(secrets.token_urlsafe(24))


@dataclass
class Options:
    """Everything a stand-in can be told at its start; times in seconds.

    `port` is the frontend's; the other servers take any free one. `state` holds what a disk
    can't, and is invisible to clients. The defaults of the times are the real server's.
    """

    root: Path
    state: Path
    port: int = 0
    token: Secret = field(default_factory=_random_secret)
    password: Secret = field(default_factory=_random_secret)
    stage_delay_s: float = 5.0
    tape_drives: int | None = None
    block_s: float = 9.0
    movers: int = 100
    mover_timeout_s: float = 300.0
    read_wait_s: float = 180.0
    mover_cost_ms: float = 0.0
    requests_per_s: float | None = None
    macaroons_over_http: bool = True
    entry_cost_us: float = 0.0
    bytes_per_s: float | None = None
    bytes_per_s_each: float | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line's options, for `rsdat demo dcache` and `python -m rsdat.demo.door`."""
    add = parser.add_argument
    add("--root", type=Path, required=True, metavar="DIR", help="the folder to serve")
    add("--port", type=int, default=0, metavar="N", help="the REST port (default: any free one)")
    add(
        "--state",
        type=Path,
        metavar="DIR",
        help=f"keeps localities, checksums, labels (default: {STATE_FOLDER} in the root)",
    )
    add(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="read the bearer token from here (default: $RSDAT_DOOR_TOKEN, else a random one)",
    )
    add(
        "--stage-delay",
        type=float,
        default=Options.stage_delay_s,
        metavar="S",
        help="seconds that tape takes per file (default: %(default)g)",
    )
    add(
        "--tape-drives",
        type=int,
        metavar="N",
        help="files that tape reads at once (default: no limit)",
    )
    add(
        "--block",
        type=float,
        default=Options.block_s,
        metavar="S",
        help="seconds of 429 after the third 401 (default: %(default)g)",
    )
    add(
        "--movers",
        type=int,
        default=Options.movers,
        metavar="N",
        help="transfers that the pool serves at once (default: %(default)d)",
    )
    add(
        "--mover-timeout",
        type=float,
        default=Options.mover_timeout_s,
        metavar="S",
        help="seconds that the pool waits for a redirected client (default: %(default)g)",
    )
    add(
        "--mover-cost-ms",
        type=float,
        default=Options.mover_cost_ms,
        metavar="MS",
        help="milliseconds that the start of a mover takes (default: %(default)g; 14 makes reads "
        "at the doors as slow as a real server's)",
    )
    add(
        "--requests-per-s",
        type=float,
        metavar="N",
        help="requests of one client that a server answers per second, others get 429 (default: "
        "no limit; a real one has 250)",
    )
    add(
        "--entry-cost-us",
        type=float,
        default=Options.entry_cost_us,
        metavar="US",
        help="microseconds that a listing takes at least for each entry (default: %(default)g; a "
        "real frontend was seen to take 450)",
    )
    add(
        "--rate",
        type=float,
        metavar="BYTES",
        help="bytes per second of all transfers together (default: no limit)",
    )
    add(
        "--rate-each",
        type=float,
        metavar="BYTES",
        help="bytes per second of each transfer (default: no limit)",
    )
    add(
        "--no-plain-macaroons",
        action="store_true",
        help="refuse macaroon requests, which a real door does over http (default: this one is "
        "on loopback and mints them)",
    )


def from_arguments(args: argparse.Namespace) -> Options:
    """The options of a parsed command line; makes no folder.

    Raises:
        InvalidInput: The root is no folder, or the token file can't be read.
    """
    root: Path = args.root
    if not root.is_dir():
        raise InvalidInput(f"{root} is not a folder", hint="Make it first: it will be served.")
    options = Options(
        root=root,
        state=args.state or root / STATE_FOLDER,
        port=args.port,
        stage_delay_s=args.stage_delay,
        tape_drives=args.tape_drives,
        block_s=args.block,
        movers=args.movers,
        mover_timeout_s=args.mover_timeout,
        mover_cost_ms=args.mover_cost_ms,
        requests_per_s=args.requests_per_s,
        entry_cost_us=args.entry_cost_us,
        bytes_per_s=args.rate,
        bytes_per_s_each=args.rate_each,
        macaroons_over_http=not args.no_plain_macaroons,
    )
    token = os.environ.get("RSDAT_DOOR_TOKEN", "")
    if args.token_file is not None:
        try:
            token = args.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"the token file can't be read: {args.token_file}") from error
        if not token:
            raise InvalidInput(f"the token file is empty: {args.token_file}")
    if token:
        options.token = Secret(token)
    if password := os.environ.get("RSDAT_DOOR_PASSWORD"):
        options.password = Secret(password)
    return options
