"""The example notebooks that come with rsdat: where they lie, and what they say of themselves."""

from __future__ import annotations

import json
import site
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rsdat.base.errors import NotFound


@dataclass(frozen=True)
class Example:
    """One notebook.

    Attributes:
        name: Of its file, without `.ipynb`.
        title: Its heading.
        caption: The paragraph below that, one sentence.
    """

    name: str
    title: str
    caption: str

    def as_dict(self) -> dict[str, str]:
        """As the REST contract has it."""
        return asdict(self)


def examples() -> list[Path]:
    """The notebooks: of this checkout, or of the installed package; none where left out."""
    checkout = Path(__file__).parents[2]
    folders = [Path(prefix, "share", "rsdat") for prefix in (sys.prefix, site.getuserbase())]
    if (checkout / "pyproject.toml").exists():
        folders.insert(0, checkout)
    for folder in folders:
        found = sorted((folder / "examples").glob("*.ipynb"))
        if found:
            return found
    return []


def described_examples() -> list[Example]:
    """What each notebook says of itself in its first cell. Reads files.

    Raises:
        OSError: One can't be read.
    """
    return [_described(path) for path in examples()]


def read_example(name: str) -> dict[str, Any]:
    """A notebook, as JSON. Reads a file.

    Raises:
        NotFound: There is no example of that name.
        OSError: It can't be read.
    """
    for path in examples():
        if path.stem == name:
            notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return notebook
    raise NotFound(
        f"There is no example '{name}'", hint="Reload the page: it lists those there are."
    )


def _described(path: Path) -> Example:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    heading, *paragraphs = "".join(cells[0]["source"]).split("\n\n")
    caption = " ".join(paragraphs[0].split()) if paragraphs else ""
    return Example(path.stem, heading.removeprefix("# ").strip(), caption)
