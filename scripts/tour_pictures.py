"""Makes the pictures of the tour small: called by tour.mjs with their folder."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

#: Lab has few colours, and an eighth of the bytes is enough for them.
COLOURS = 96


def main(folder: Path) -> None:
    """Rewrite every tour-*.png in a folder."""
    for file in sorted(folder.glob("tour-*.png")):
        with Image.open(file) as image:
            small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(file, optimize=True)
        sys.stdout.write(f"{file.name}: {file.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
