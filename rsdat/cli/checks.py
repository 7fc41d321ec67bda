"""Whether what rsdat needs is here: its two parts in Jupyter, a queue, a folder, a dCache."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rsdat import __version__
from rsdat.base.errors import RsdatError
from rsdat.base.files import private_folder, rsdat_home
from rsdat.base.found import Found
from rsdat.base.limit import within
from rsdat.base.mounts import mount_of, parse_mounts
from rsdat.base.pagepart import as_python, page_file, version_in
from rsdat.base.run import CommandTimeout, run

#: Without one of these no cluster can be followed to its end.
NEEDED = ("sbatch", "squeue", "scancel", "scontrol", "sinfo")
_PATHS_S = 30.0
_NODES_S = 60.0
_TRY = "Does squeue answer in this shell? RSDAT_QUEUE=local lets workers run on this computer."
#: File systems that are in this computer's memory, or of a container's layers.
_OWN = frozenset({"tmpfs", "ramfs", "overlay"})


async def all_checks() -> list[Found]:
    """One after the other; none raises. Asks Slurm, and no dCache."""
    home = rsdat_home()
    paths = await _jupyter_paths()
    return [
        _versions(),
        *([_no_jupyter()] if paths is None else [server_part(paths), page_part(paths)]),
        *await queue(home),
        *folder(home),
        endpoints(home),
    ]


def _versions() -> Found:
    found = []
    for package in ("dask", "distributed", "jupyterlab"):
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{package} {version(package)}")
    python = ".".join(map(str, sys.version_info[:3]))
    return Found(
        "rsdat", "ok", f"{__version__}, Python {python}, {', '.join(found)} in {sys.prefix}"
    )


async def _jupyter_paths() -> Mapping[str, list[str]] | None:
    """Where this environment's Jupyter looks for what belongs to it; None where there is none."""
    argv = [sys.executable, "-m", "jupyter", "--paths", "--json"]
    try:
        done = await run(argv, timeout_s=_PATHS_S)
        told: Mapping[str, list[str]] = json.loads(done.stdout)
    except (CommandTimeout, ValueError):
        return None
    return told


def _no_jupyter() -> Found:
    return Found(
        "Jupyter",
        "failed",
        f"There is no Jupyter in {sys.prefix}",
        "Install rsdat in the environment that starts JupyterLab; notebooks' kernels need none.",
    )


def server_part(paths: Mapping[str, list[str]]) -> Found:
    """Whether a Jupyter server that starts here loads us."""
    name = "server part"
    wanted = None
    # The first folders count most, and in each the file of the server itself.
    for place in map(Path, reversed(paths["config"])):
        extras = sorted((place / "jupyter_server_config.d").glob("*.json"))
        for file in (*extras, place / "jupyter_server_config.json"):
            settings = _read(file).get("ServerApp")
            switches = settings.get("jpserver_extensions") if isinstance(settings, dict) else None
            if isinstance(switches, dict) and "rsdat" in switches:
                wanted = (bool(switches["rsdat"]), file)
    hint = "jupyter server extension enable rsdat --sys-prefix, then restart Jupyter."
    if wanted is None:
        return Found(name, "failed", "Jupyter is not told to load rsdat", hint)
    is_on, file = wanted
    if not is_on:
        return Found(name, "failed", f"Switched off in {file}", hint)
    return Found(name, "ok", f"loaded by Jupyter ({file})")


def page_part(paths: Mapping[str, list[str]]) -> Found:
    """Whether JupyterLab finds our part of the page, and of which version it is."""
    name = "page part"
    file = page_file(Path(place) / "labextensions" for place in paths["data"])
    if file is None:
        return Found(
            name,
            "failed",
            "JupyterLab finds no part of the page",
            "Install rsdat from a wheel, or build it: npm ci && npm run build && pip install .",
        )
    found = version_in(file) or "?"
    if as_python(found) != __version__:
        return Found(
            name,
            "failed",
            f"{file.parent} is of rsdat {found}, the rest of {__version__}",
            "Install one version of both, and reload the page.",
        )
    return Found(name, "ok", f"found by JupyterLab ({file.parent})")


def _read(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


async def queue(home: Path) -> list[Found]:
    """Which queue clusters would use, and whether it answers."""
    from rsdat.queue.detect import detect_queue

    name = "queue"
    try:
        found = await asyncio.to_thread(detect_queue, home)
    except RsdatError as error:
        return [Found(name, "failed", error.message, error.hint)]
    if found.kind == "local":
        return [
            Found(
                name,
                "warning",
                "No Slurm here: workers are processes of this computer",
                "Start Jupyter where sbatch works: on a login node, or in a job.",
            )
        ]
    missing = [command for command in NEEDED if not shutil.which(command)]
    if missing:
        return [
            Found(
                name,
                "failed",
                f"Not on the PATH: {', '.join(missing)}",
                "All of Slurm's commands are needed where Jupyter runs.",
            )
        ]
    try:
        site = await within(_NODES_S, found.site())
    except asyncio.TimeoutError:
        return [Found(name, "failed", f"Slurm gave no answer within {_NODES_S:g} s", _TRY)]
    except RsdatError as error:
        return [Found(name, "failed", error.message, error.hint or _TRY)]
    names = ", ".join(each.name for each in site.partitions)
    told = [Found(name, "ok", f"{await found.version() or 'Slurm'} answers; partitions: {names}")]
    if not shutil.which("sacct"):
        told.append(
            Found(
                name,
                "warning",
                "There is no sacct",
                "How a job ended is then known by its log and by scontrol only.",
            )
        )
    return told


def folder(home: Path) -> Iterator[Found]:
    """Whether records can be written, and nodes could read them."""
    name = "folder"
    try:
        private_folder(home)
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"rsdat")
            file.flush()
            os.fsync(file.fileno())
    except (OSError, RsdatError) as error:
        yield Found(
            name,
            "failed",
            f"{home} can't be written to: {error}",
            "Make room there, or set RSDAT_HOME to another folder that the nodes share.",
        )
        return
    mount = None
    with contextlib.suppress(OSError):
        text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        mount = mount_of(home.resolve(), parse_mounts(text))
    kind = mount.kind if mount else "an unknown file system"
    if shutil.which("sbatch") and kind in _OWN:
        yield Found(
            name,
            "warning",
            f"{home} is on {kind}, which belongs to this computer alone",
            "Workers on other nodes read it: set RSDAT_HOME to a folder that they share.",
        )
        return
    yield Found(name, "ok", f"{home} ({kind})")


def endpoints(home: Path) -> Found:
    """Which dCaches are configured; whether they answer is asked by `rsdat dcache doctor`."""
    from rsdat.dcache.configured import load_endpoints

    name = "dCache"
    try:
        found = load_endpoints(home)
    except RsdatError as error:
        return Found(name, "failed", error.message, error.hint)
    if not found:
        return Found(
            name,
            "warning",
            "No endpoint is configured",
            "Give its address and token in the dCache panel: Endpoints…",
        )
    names = ", ".join(each.name for each in found)
    return Found(name, "ok", names, "rsdat dcache doctor tries the first one out.")
