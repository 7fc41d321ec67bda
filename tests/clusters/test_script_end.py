"""A script that used the handles ends without a word, whatever their background work does then."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(120)

EMPTY = """
import rsdat.clusters
assert rsdat.clusters.list() == []
"""
#: Its loop reads files all the time, so at the end too.
BUSY = """
import time
from rsdat.clusters import office

manager = office.office().manager
manager._rounds._pause_s = lambda: 0.0
manager._rounds._wake.set()
time.sleep(1)
"""
WHOLE_LIFE = """
import rsdat.clusters
cluster = rsdat.clusters.create(workers=0)
for each in rsdat.clusters.list():
    each.close()
"""


@pytest.mark.parametrize("code", [EMPTY, BUSY, WHOLE_LIFE], ids=["empty", "busy", "whole life"])
def test_a_script_ends_without_a_word(tmp_path: Path, code: str) -> None:
    environment = {**os.environ, "RSDAT_HOME": str(tmp_path), "RSDAT_QUEUE": "local"}
    began_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began_s < 60
