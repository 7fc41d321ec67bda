"""The example runs from top to bottom: stand-in, cluster, workers, maps, results in dCache."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio

from rsdat.demo.sample import DATA, mean_amplitude
from tests.examples.running import Runner


@pytest.mark.timeout(600)
def test_runs_on_a_cluster(runner: Runner) -> None:
    runner.run("mean-reflectance", pictures=2)

    # The radar's truth and the scene's, both from elsewhere than the notebook.
    results = runner.demo.dcache / "demo/results"
    with rasterio.open(results / "mean-amplitude/mean.tif") as image:
        np.testing.assert_allclose(image.read(1), mean_amplitude(512), rtol=1e-5)
        assert image.crs.to_epsg() == 32631
    with rasterio.open(results / "mean-reflectance/mean.tif") as image:
        bands = [
            rasterio.open(DATA / f"sentinel2/coast/S2-18SVG-coast/{band}.tif").read(1)
            for band in ("B02", "B03", "B04", "B08")
        ]
        np.testing.assert_allclose(image.read(1), np.mean(bands, axis=0) / 10_000, atol=1e-6)
        assert image.crs.to_epsg() == 32618
    catalog = json.loads((results / "catalog.json").read_text(encoding="utf-8"))
    assert [link["href"] for link in catalog["links"] if link["rel"] == "item"] == [
        "./mean-amplitude/mean-amplitude.json",
        "./mean-reflectance/mean-reflectance.json",
    ]

    # Again, in the demo it was left in.
    runner.run("mean-reflectance", pictures=2)
