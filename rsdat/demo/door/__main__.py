"""`python -m rsdat.demo.door`: the same as `rsdat demo dcache`."""

from __future__ import annotations

import sys

from rsdat.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["demo", "dcache", *sys.argv[1:]]))
