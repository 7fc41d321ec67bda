"""The process of a copy in the background: `python -m rsdat.stac.copying <its folder>`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType

from rsdat.stac.copying.worker import Worker


def main(argv: list[str]) -> int:
    """Do the copy that the folder describes."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return Worker(Path(argv[1])).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
