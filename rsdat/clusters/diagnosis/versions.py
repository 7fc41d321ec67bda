"""Whether notebook, scheduler and workers run versions that go together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distributed.versions import get_versions

from rsdat.base.errors import RsdatError
from rsdat.base.run import Run, run

#: By weight. Of Python only the minor version counts: pickled functions don't cross it.
_NEEDED = ("python", "dask", "distributed", "msgpack", "cloudpickle")
#: These may be absent; where they are there, they must read each other's data.
_OPTIONAL = ("numpy", "pandas")
#: With these apart, tasks fail in ways that nobody understands.
_SERIOUS = ("python", "dask", "distributed")
#: Reading a fresh environment from a shared disk takes its time.
CHECK_S = 60.0

#: Versions by package; None or absent: it is not there.
Versions = Mapping[str, str | None]

_STEP = (
    "Let workers run the notebook's Python, or install the same versions there; "
    "then make a new cluster."
)
_PROGRAM = (
    "import json\n"
    "from distributed.versions import get_versions\n"
    "print('rsdat-versions', json.dumps(get_versions()['packages']))\n"
)


@dataclass(frozen=True)
class Mismatch:
    """Versions that do not go together.

    Attributes:
        serious: Work will most likely fail; else it may.
    """

    message: str
    step: str
    serious: bool


def own_versions() -> dict[str, str | None]:
    """Those of this process: the companion's, which most often are the notebook's too."""
    return packages_in(get_versions()) or {}


def packages_in(answer: Any) -> dict[str, str | None] | None:
    """The packages in what scheduler or worker say to the op `versions`; None if they are none."""
    packages = answer.get("packages") if isinstance(answer, Mapping) else None
    # Before 2023 it was a list of pairs.
    if isinstance(packages, Sequence) and not isinstance(packages, str):
        packages = {pair[0]: pair[1] for pair in packages if len(pair) == 2}
    if not isinstance(packages, Mapping):
        return None
    return {str(key): None if value is None else str(value) for key, value in packages.items()}


def compare(
    notebook: Versions, scheduler: Versions | None, workers: Mapping[str, Versions]
) -> Mismatch | None:
    """What does not go together; None when all does.

    Args:
        notebook: The client's, as far as they are known.
        scheduler: None where it did not say.
        workers: By job or address.
    """
    apart = []
    for package in (*_NEEDED, *_OPTIONAL):
        places: dict[str | None, list[str]] = {}
        for place, versions in (("the notebook", notebook), ("the scheduler", scheduler or {})):
            # The scheduler may well do without numpy; and what nobody told is no difference.
            if versions.get(package):
                places.setdefault(_told(package, versions), []).append(place)
        by_version: dict[str | None, list[str]] = {}
        for name, versions in workers.items():
            if package in _NEEDED or versions.get(package):
                by_version.setdefault(_told(package, versions), []).append(name)
        for version, names in by_version.items():
            places.setdefault(version, []).append(_some_workers(names, len(workers)))
        if len(places) > 1:
            apart.append((package, places))
    if not apart:
        return None
    package, places = apart[0]
    told = "; ".join(
        f"{version or 'none'} in {' and '.join(where)}" for version, where in places.items()
    )
    others = [name for name, _ in apart[1:]]
    also = f" (also of {', '.join(others)})" if others else ""
    title = "Python" if package == "python" else package
    return Mismatch(f"Versions of {title} differ: {told}{also}", _STEP, package in _SERIOUS)


async def check_environment(
    argv: Sequence[str], *, run: Run = run, limit_s: float = CHECK_S
) -> list[str]:
    """What of an environment does not go with the notebook's, before workers are started in it.

    Runs its Python on this computer for a moment; the nodes may see something else.

    Args:
        argv: How its Python is called: `["/x/python"]`, `["apptainer", "exec", image, "python"]`.
        run: Runs a command.
        limit_s: Seconds that it may take.

    Returns:
        Sentences; none when all is well.
    """
    name = argv[0] if len(argv) == 1 else " ".join(argv)
    try:
        done = await run([*argv, "-c", _PROGRAM], timeout_s=limit_s)
    except RsdatError as error:
        return [f"The workers' Python can't be run here: {error.message.rstrip('.')}"]
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        said = f": {lines[-1].strip()[:200]}" if lines else ""
        return [f"'{name}' can't be a worker's Python{said}"]
    theirs = _printed(done.stdout)
    if theirs is None:
        return [f"'{name}' did not tell its versions"]
    mine = await asyncio.to_thread(own_versions)
    found = compare(mine, None, {name: theirs})
    return [found.message.replace("the one worker", f"'{name}'")] if found else []


def _printed(stdout: str) -> dict[str, str | None] | None:
    for line in reversed(stdout.splitlines()):
        mark, _, text = line.partition(" ")
        if mark == "rsdat-versions":
            try:
                return packages_in({"packages": json.loads(text)})
            except ValueError:
                return None
    return None


def _told(package: str, versions: Versions) -> str | None:
    version = versions.get(package)
    if version is None:
        return None
    return ".".join(version.split(".")[:2]) if package == "python" else version


def _some_workers(names: Sequence[str], total: int) -> str:
    if total == 1:
        return "the one worker"
    if len(names) == total:
        return "the workers"
    return f"{len(names)} of {total} workers" if len(names) > 1 else f"worker {names[0]}"
