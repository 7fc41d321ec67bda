"""Other Pythons are asked whether they go with this one before workers are started in them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from rsdat.clusters.environments import Environments, python_of
from tests.support.cluster_parts import options


@pytest.mark.parametrize(
    ("request_", "argv"),
    [
        ({}, None),
        ({"python": "/x/python"}, ("/x/python",)),
        ({"python": "nice /x/python"}, ("nice", "/x/python")),
        ({"python": "$HOME/env/bin/python"}, None),
        ({"image": "/x/a.sif"}, ("apptainer", "exec", "/x/a.sif", "python")),
        ({"image": "/x/a.sif", "python": "python3"}, ("apptainer", "exec", "/x/a.sif", "python3")),
    ],
)
def test_how_a_python_is_called(request_: dict[str, Any], argv: tuple[str, ...] | None) -> None:
    assert python_of(options(**request_)) == argv


def test_a_python_is_asked_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho x >> {calls}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    broken = tmp_path / "broken"

    async def ask() -> None:
        environments = Environments()
        mine = options(python=str(python))
        # No complaint is also the answer as long as it runs.
        assert await environments.complaints(mine) == []
        assert await environments.complaints(mine) == []
        complaints: list[str] = []
        while not complaints:
            complaints = await environments.complaints(options(python=str(broken)))
        assert "can't be run here" in complaints[0]
        await environments.close()

    asyncio.run(asyncio.wait_for(ask(), 60))
    assert calls.read_text().count("x") == 1
