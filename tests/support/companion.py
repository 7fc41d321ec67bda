"""A companion in a process of its own, so that it can be killed: `Companion(home)`.

As a program it runs a `ClusterManager` and does what each line of its standard input says; another
program may do so with another manager.
`{"do": "create", "args": [{…}]}` names one of the manager's methods; the answer is one line
`{"answer": …}` or `{"error": …, "status": …}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from queue import Queue as Lines
from typing import Any, final

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60.0


@final
class Companion:
    """One such process. A context manager: killed at its end at the latest."""

    def __init__(
        self,
        home: Path,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        program: str = "tests.support.companion",
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", program, str(home), *arguments],
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self._lines: Lines[str] = Lines()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._line() == "ready\n"

    def __enter__(self) -> Companion:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def do(self, method: str, *args: Any) -> Any:
        """Call a method of the manager; its answer."""
        self.tell(method, *args)
        answer = json.loads(self._line())
        assert "error" not in answer, answer
        return answer["answer"]

    def tell(self, method: str, *args: Any) -> None:
        """Call a method of the manager and wait for nothing."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": method, "args": args}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """The answer to what it was told, be it an error."""
        return json.loads(self._line())

    def stop_now(self) -> None:
        """SIGSTOP: it holds what it holds, and does nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End `stop_now`."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, as by a node that goes down or a memory limit."""
        self._process.kill()
        self._process.wait(10)
        self._reader.join(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def _line(self) -> str:
        return self._lines.get(timeout=LIMIT_S)


def _move_to(computer: str) -> None:
    """Be on another computer, whose flocks are its own, on a shared file system."""
    import fcntl

    from rsdat.base import lease, lock

    fcntl.flock = lambda *_: None  # type: ignore[assignment]  # no two tests share a computer
    lease.this_computer = lambda: computer  # type: ignore[assignment]
    lease.STALE_S, lease.BEAT_S = 15.0, 1.0
    lock.flock_is_local = lambda _: True  # type: ignore[assignment]


async def serve(manager: Any) -> None:
    """Do with a manager what standard input says, until that ends."""
    from rsdat.base.errors import RsdatError

    await manager.start()
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        try:
            answer = {"answer": await getattr(manager, order["do"])(*order["args"])}
        except RsdatError as error:
            answer = {"error": error.message, "status": error.status}
        print(json.dumps(answer), flush=True)
    await manager.stop()


async def _serve(home: Path) -> None:
    from rsdat.clusters.manager import ClusterManager
    from rsdat.queue.detect import detect_queue

    await serve(ClusterManager(home, await asyncio.to_thread(detect_queue, home)))


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
