"""Whether the workers' Python goes with the notebook's; asked once for each, in the background."""

from __future__ import annotations

import asyncio
import contextlib
import shlex

from rsdat.base.limit import within
from rsdat.clusters.diagnosis.versions import check_environment
from rsdat.clusters.options import Options

#: So long a preview waits for an answer that is not there yet; the next one finds it.
PATIENCE_S = 3.0
_KEPT = 32


class Environments:
    """What is known of other Pythons than this one. `close` it."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, ...], asyncio.Task[list[str]]] = {}

    async def complaints(self, options: Options) -> list[str]:
        """What does not go with this Python; nothing where that is not known (yet).

        Args:
            options: Of the worker jobs.
        """
        argv = python_of(options)
        if argv is None:
            return []
        task = self._asked.get(argv)
        if task is None:
            task = self._asked[argv] = asyncio.create_task(
                check_environment(argv), name="rsdat asks a Python"
            )
            while len(self._asked) > _KEPT:
                self._asked.pop(next(iter(self._asked))).cancel()
        with contextlib.suppress(asyncio.TimeoutError):
            return await within(PATIENCE_S, asyncio.shield(task))
        return []

    async def close(self) -> None:
        """End the questions under way."""
        tasks = list(self._asked.values())
        self._asked.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def python_of(options: Options) -> tuple[str, ...] | None:
    """How the workers' Python is called here; None where it is this one, or can't be told.

    A prologue may put another one on the PATH: that shows on the node alone.
    """
    try:
        python = shlex.split(options.python or "")
    except ValueError:
        return None
    argv = (
        ["apptainer", "exec", options.image, *(python or ["python"])] if options.image else python
    )
    if not argv:
        return None
    # Only the shell of the job knows what stands for these.
    return None if any("$" in word or "~" in word for word in argv) else tuple(argv)
