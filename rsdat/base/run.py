"""Run a command of another system: argument list, time limit, both outputs kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from rsdat.base.errors import RsdatError
from rsdat.base.limit import within


@dataclass(frozen=True)
class Completed:
    """How a command ended. `stdout` and `stderr` are text, undecodable bytes replaced."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


class CommandMissing(RsdatError):
    """The program is not on the PATH."""

    status = 503
    default_code = "command_missing"


class CommandTimeout(RsdatError):
    """The program did not end within its limit and was killed. It may have acted all the same."""

    status = 503
    default_code = "command_timeout"


class Run(Protocol):
    """A function that runs a command, here or (later) over ssh."""

    async def __call__(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
        cwd: str | None = None,
    ) -> Completed:
        """See `run`."""
        ...


_HANDED_ON: ContextVar[tuple[int, ...]] = ContextVar("rsdat_handed_on", default=())


@contextlib.contextmanager
def handed_on(descriptor: int) -> Iterator[None]:
    """Commands that are run inside inherit an open file.

    A lock on it is then held until they have ended, even where we are killed and they live on.
    """
    token = _HANDED_ON.set((*_HANDED_ON.get(), descriptor))
    try:
        yield
    finally:
        _HANDED_ON.reset(token)


async def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    cwd: str | None = None,
) -> Completed:
    """Run a command on this computer and wait for its end.

    Its process group is killed at the limit and when the caller is cancelled.

    Args:
        argv: Program and arguments; never a shell line.
        timeout_s: Seconds until it is killed.
        env: The whole environment, if not ours. `LC_ALL=C` is set in any case.
        stdin: Text for its standard input; otherwise that is empty.
        cwd: Where it runs.

    Raises:
        CommandMissing: There is no such program.
        CommandTimeout: It took longer than `timeout_s`.
    """
    environment = {**(os.environ if env is None else env), "LC_ALL": "C"}
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            cwd=cwd,
            start_new_session=True,
            pass_fds=_HANDED_ON.get(),
        )
    except (FileNotFoundError, PermissionError) as error:
        raise CommandMissing(f"'{argv[0]}' can't be run here: {error.strerror}") from error
    try:
        out, err = await within(
            timeout_s, process.communicate(None if stdin is None else stdin.encode())
        )
    except asyncio.TimeoutError as error:
        raise CommandTimeout(
            f"'{argv[0]}' gave no answer within {timeout_s:g} s", command=argv[0]
        ) from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(asyncio.TimeoutError):
                await within(5, process.wait())
    assert process.returncode is not None  # noqa: S101 - communicate() has returned
    return Completed(
        tuple(argv), process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
    )
