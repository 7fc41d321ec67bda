"""What is measured in the page: a script of this folder, in a Chromium that opens Lab."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.stand import REPOSITORY, CannotMeasureError, Jupyter


def needs_chromium() -> None:
    """Look before anything is started.

    Raises:
        CannotMeasureError: Node, Chromium or what drives it is not here.
    """
    if shutil.which("node") is None or not Path("/usr/bin/chromium").exists():
        raise CannotMeasureError("there is no node or no chromium")
    if not (REPOSITORY / "ui-tests" / "node_modules").exists():
        raise CannotMeasureError("`npm test -- --only browser` has not set up ui-tests yet")


def measured_in_page(
    name: str,
    server: Jupyter,
    *arguments: object,
    limit_s: float,
    env: Mapping[str, str] | None = None,
) -> Any:
    """What `bench/{name}.mjs` prints in its last line.

    Args:
        name: The script's, without its ending.
        server: Lab's address is the script's first argument.
        arguments: The others.
        limit_s: For all of it.
        env: Variables besides ours: what may not stand on a command line.

    Raises:
        RuntimeError: It failed; with its own words.
    """
    script = str(REPOSITORY / "bench" / f"{name}.mjs")
    address = f"{server.url}lab?token={server.token}"
    done = subprocess.run(
        ["node", script, address, *map(str, arguments)],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])
