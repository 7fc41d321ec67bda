"""npm run pictures: runs every example on this computer and keeps its last picture for the docs.

Each picture is written to docs/pictures/<example>.png with the digest of the notebook that it is
of; tests/examples/test_pictures.py fails when a notebook has changed since. Prints how long each
took, which docs/examples.md tells.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image, PngImagePlugin

from rsdat.base.examples import examples
from rsdat.demo.children import Records, ensure_door
from rsdat.demo.folder import DemoFolder
from rsdat.demo.launcher import lab_environment

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
#: Few colours are enough for plots, and a fifth of the bytes.
COLOURS = 128
CELL_S = 300


def main(names: list[str]) -> None:
    """Make the pictures of the examples of these names, or of all."""
    PICTURES.mkdir(exist_ok=True)
    folder = DemoFolder(Path(tempfile.mkdtemp(prefix="rsdat-pictures-")))
    records = Records(folder.processes_file)
    try:
        folder.prepare()
        addresses = ensure_door(folder, records)
        folder.write_endpoint(addresses["api_url"], addresses["webdav_url"])
        os.environ.update(lab_environment(folder), RSDAT_QUEUE="local")
        for example in examples():
            if not names or example.stem in names:
                started = time.monotonic()
                picture = last_picture(example, folder.work)
                keep(picture, example)
                sys.stdout.write(f"{example.stem}: {time.monotonic() - started:.0f} s\n")
                sys.stdout.flush()
    finally:
        records.end("door")
        shutil.rmtree(folder.path, ignore_errors=True)


def last_picture(example: Path, place: Path) -> bytes:
    """Run a notebook; the PNG that it shows last."""
    notebook = nbformat.read(example, as_version=4)
    resources = {"metadata": {"path": os.fspath(place)}}
    NotebookClient(notebook, timeout=CELL_S, resources=resources).execute()
    pictures = [
        output["data"]["image/png"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    return base64.b64decode(pictures[-1])


def keep(picture: bytes, example: Path) -> None:
    """Write it, small, and with what it is of."""
    facts = PngImagePlugin.PngInfo()
    facts.add_text("notebook", hashlib.sha256(example.read_bytes()).hexdigest())
    with Image.open(io.BytesIO(picture)) as image:
        small = image.convert("RGB").quantize(COLOURS)
        small.save(PICTURES / f"{example.stem}.png", optimize=True, pnginfo=facts)


if __name__ == "__main__":
    main(sys.argv[1:])
