"""dCache paths as literal text, and their percent-encoded form for URLs.

A path is literal everywhere in rsdat: `%`, `#`, `?` or `+` in a name are that character. It is
encoded here, segment by segment, at the last moment (a URL library would decide by itself which
characters "need" it: dcachefs wrote `h#ash.txt` to `h` that way).
"""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from rsdat.base.errors import InvalidInput

PROTOCOL = "dcache://"
# In characters, not bytes: 128 'é' are fine, 256 'x' give "500 Internal problem: Name too long"
# (seen on dCache 11.2.5).
MAX_NAME = 255


def parse(text: str) -> str:
    """The absolute path that `dcache://pnfs/x`, `dcache:///pnfs/x`, `/pnfs/x` or `pnfs/x` mean.

    Empty segments, `.` and a slash at the end vanish; `..` goes up one folder, as dCache itself
    reads it.

    Raises:
        InvalidInput: A name that dCache would break or cut or can't be asked for, or `..` above
            the root.
    """
    if text.startswith(PROTOCOL):
        text = text[len(PROTOCOL) :]
    names: list[str] = []
    for name in text.split("/"):
        if name in ("", "."):
            continue
        if name == "..":
            if not names:
                raise InvalidInput(f"{text!r} leads out of the root", code="bad_path")
            names.pop()
            continue
        _check(name)
        names.append(name)
    return "/" + "/".join(names)


def _check(name: str) -> None:
    _check_text(name)
    # Newline, control characters and DEL: dCache takes the upload, then the download through the
    # door gives 0 of n bytes and PROPFIND is no XML any more (seen on dCache 11.2.5).
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise InvalidInput(
            f"{name!r} holds a control character",
            hint="dCache can't give such files back; choose another name.",
            code="bad_path",
        )
    if len(name) > MAX_NAME:
        raise InvalidInput(
            f"'{name[:20]}…' has {len(name)} characters; dCache allows {MAX_NAME}",
            code="bad_path",
        )


def _check_text(name: str) -> None:
    # A listing's name that is no UTF-8 has its other bytes as surrogates (`surrogateescape`).
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"The name {name!r} is no UTF-8: dCache's HTTP doors can't be asked for it",
            hint="Rename it where it was made, such as over NFS.",
            code="bad_path",
        ) from error


def encode(path: str) -> str:
    """The path for a URL: every character of a name encoded except letters, digits and `-._~`.

    Raises:
        InvalidInput: A name of a listing that is no UTF-8.
    """
    for name in path.split("/"):
        _check_text(name)
    return quote(path, safe="/")


def composed(path: str) -> str:
    """The path in Unicode's composed form (NFC), the only one every door takes.

    A proxied PUT of a decomposed name fails with 400 (seen on dCache 11.2.5).
    """
    return unicodedata.normalize("NFC", path)


def name_of(path: str) -> str:
    """The last name; empty for the root."""
    return path.rpartition("/")[2]


def parent_of(path: str) -> str:
    """The folder that holds it; the root's is the root."""
    return path.rpartition("/")[0] or "/"


def join(folder: str, name: str) -> str:
    """The path of a name in a folder."""
    return f"{folder.rstrip('/')}/{name}"


def is_inside(path: str, folder: str) -> bool:
    """Whether it is the folder itself or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def marked(name: str, mark: str) -> str:
    """`scene (1).tif` for `scene.tif` and `1`, not longer than names may be."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 10:
        stem, dot, ending = name, "", ""
    addition = f" ({mark}){dot}{ending}"
    while len((stem + addition).encode("utf-8", "surrogatepass")) > MAX_NAME:
        stem = stem[:-1]
    return stem + addition
