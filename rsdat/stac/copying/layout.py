"""Where copies go: `<to>/<item id>/<file name>`, in names that every file system takes.

Names of files depend on the item alone, never on which of its assets are copied or in what order: a
second run finds what the first one wrote. Whose items have folders of that form, and whose carry
the name of their collection besides, says `owners.py`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from rsdat.stac.hrefs import scheme_of

#: dCache takes 255 characters, Linux 255 bytes; some room for what is put before or behind.
MOST_BYTES = 200
#: Between a collection's id and an item's.
MARK = "~"
# What ends a path, or that a URL takes for something else.
_ODD = frozenset("/\\#?%")
_LOOKS_ENCODED = re.compile(r"=(?=[0-9A-F]{2})")


def safe_name(text: str) -> str:
    """A text as the name of a file or folder; different texts give different names.

    Odd characters become `=` and their hexadecimal UTF-8 bytes. Too long ones end in a hash.
    """
    text = _LOOKS_ENCODED.sub("=3D", text)
    name = "".join(_encoded(each) if _is_odd(each) else each for each in text)
    if name.startswith((".", " ")):
        name = _encoded(name[0]) + name[1:]
    if name.endswith(" "):
        name = name[:-1] + "=20"
    if not name:
        return "=00"
    if len(name.encode()) <= MOST_BYTES:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    stem, dot, suffix = name.rpartition(".")
    ending = f"~{digest}" + (f".{suffix}" if dot and stem and len(suffix) <= 10 else "")
    room = MOST_BYTES - len(ending.encode())
    return name.encode()[:room].decode(errors="ignore") + ending


def _is_odd(character: str) -> bool:
    return character in _ODD or unicodedata.category(character) in ("Cc", "Cs")


def _encoded(character: str) -> str:
    return "".join(f"={byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def file_name(href: str, key: str) -> str:
    """The name of a file by its address, or by the asset's key where the address has none."""
    if scheme_of(href) in ("http", "https"):
        name = unquote(urlsplit(href).path.rpartition("/")[2])
    else:
        name = href.rpartition("/")[2]
    return safe_name(name or key)


def file_names(item_id: str, hrefs: Mapping[str, str]) -> dict[str, str]:
    """The name of each asset's file in the item's folder.

    Assets with the same address share one file. Of different addresses that end alike, and where
    the item's own JSON would have the name, the asset's key comes before it.

    Args:
        item_id: The item's id.
        hrefs: Absolute addresses by asset key, of all assets of the item.
    """
    names = {key: file_name(href, key) for key, href in hrefs.items()}
    users: dict[str, set[str]] = {}
    for key, name in names.items():
        users.setdefault(name.casefold(), set()).add(hrefs[key])
    taken = {f"{safe_name(item_id)}.json".casefold()}
    alone = {name for name, sources in users.items() if len(sources) == 1} - taken
    taken |= alone
    found: dict[str, str] = {}
    by_source: dict[str, str] = {}
    for key in sorted(names):
        name = names[key]
        if name.casefold() not in alone:
            if hrefs[key] in by_source:
                name = by_source[hrefs[key]]
            else:
                name = _apart(key, name, taken)
                by_source[hrefs[key]] = name
        found[key] = name
    return found


def _apart(key: str, name: str, taken: set[str]) -> str:
    long = safe_name(f"{key}-{name}")
    if long.casefold() in taken:
        digest = hashlib.sha256(f"{key}/{name}".encode()).hexdigest()[:12]
        long = safe_name(f"{digest}-{name}")
    taken.add(long.casefold())
    return long


def plain_folder(to: str, item_id: str) -> str:
    """The folder of an item of the collection that was copied to `to` first."""
    return f"{to}/{safe_name(item_id)}"


def named_folder(to: str, collection: str, item_id: str) -> str:
    """The folder of an item of any other collection."""
    before = collection.replace(MARK, "=7E")
    return f"{to}/{safe_name(f'{before}{MARK}{item_id}')}"
