"""A stack of a hundred parts, for which some requests fail here and there, is whole."""

from __future__ import annotations

import random

import dask
import numpy as np
import pytest

from rsdat.stac import again, open_stack
from tests.support.cogs import SIZE, put_cogs, truth
from tests.support.door import Door

IMAGES = 7
PART = 256


@pytest.mark.parametrize("seed", [1, 2])
def test_one_request_of_some_tens_fails(
    dcache: Door, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(again, "WAITS_S", (0.01, 0.01, 0.01))
    if not (dcache.root / "faulty").exists():
        put_cogs(dcache.root / "faulty", n=IMAGES)
    stack = open_stack("dcache:///faulty/catalog.json", "red", chunks={"y": PART, "x": PART})
    assert stack.data.npartitions == IMAGES * (SIZE // PART) ** 2 > 100
    dcache.forget()
    dice = random.Random(seed)
    for skip in sorted(dice.sample(range(100), 6)):
        kind = dice.choice(["status", "drop", "cut_download"])
        dcache.fault(kind, server="pool", method="GET", status=503, at_bytes=1000, skip=skip)
    dcache.fault(
        dice.choice(["status", "drop"]), server="redirect", method="GET", skip=dice.randrange(5)
    )
    dcache.fault("status", server="frontend", method="GET", skip=dice.randrange(5))

    with dask.config.set(scheduler="threads", num_workers=4):
        values = stack.compute().values

    for day in range(IMAGES):
        np.testing.assert_array_equal(values[day], truth(day))
    assert dcache.faults_to_come() == 0
