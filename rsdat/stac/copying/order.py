"""What a copy in the background has to know, as it lies in the folder of its transfer.

`order.json` says how, `items.ndjson` which items, one a line with absolute addresses. No secrets:
the process finds credentials by the name of the endpoint.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pystac

from rsdat.base.errors import InvalidInput
from rsdat.base.files import PRIVATE_FILE, read_json, room_for, write_json
from rsdat.stac.copying.assets import Copying
from rsdat.stac.copying.plan import Broken, hrefs_of, item_of
from rsdat.stac.hrefs import absolute, whole
from rsdat.stac.io import FsspecStacIO
from rsdat.stac.store import portable

FORMAT = 1
ITEMS = "items.ndjson"
_PLAIN = ("keys", "to", "write_catalog", "overwrite", "trust_items", "stage", "stage_wait_s")
_LIMITS = ("at_once", "per_host", "retries")


def write_order(folder: Path, what: Copying) -> None:
    """Write down everything but the items.

    Raises:
        InvalidInput: A modifier that another process can't import.
    """
    value: dict[str, Any] = {name: getattr(what, name) for name in (*_PLAIN, *_LIMITS)}
    if isinstance(what.items, (str, os.PathLike)):
        value["address"] = absolute(os.fspath(what.items))
    value["options"] = portable(what.options)
    value["target_options"] = portable(what.target_options, what.to)
    value["modifier"] = None if what.modifier is None else _name_of(what.modifier)
    write_json(folder / "order.json", value, format_version=FORMAT)


def read_order(folder: Path) -> Copying:
    """What was written; its items are those of the file, or an address still to be read."""
    value = read_json(folder / "order.json", format_version=FORMAT)
    plain = {name: value[name] for name in (*_PLAIN, *_LIMITS)}
    return Copying(
        items=value.get("address"),
        options=value["options"],
        target_options=value["target_options"],
        modifier=None if value["modifier"] is None else _named(value["modifier"]),
        **plain,
    )


def write_items(
    folder: Path,
    items: Iterable[pystac.Item | Broken | Mapping[str, Any]],
    access: Callable[[pystac.Item], Mapping[str, Any] | None] = lambda _: None,
) -> None:
    """Write items as they come; the file has its name when all are in it.

    Args:
        folder: Where.
        items: The items.
        access: Tells what an item's files are read with; None: as the order says.
    """
    beside = folder / f".{ITEMS}"
    with room_for(beside), beside.open("w", encoding="utf-8") as file:
        beside.chmod(PRIVATE_FILE)
        for item in items:
            file.write(json.dumps(_line(item, access)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / ITEMS)


def _line(
    item: pystac.Item | Broken | Mapping[str, Any],
    access: Callable[[pystac.Item], Mapping[str, Any] | None],
) -> Mapping[str, Any]:
    # What is ours has a place of its own: items may have members of any name.
    if isinstance(item, Broken):
        return {"broken": [item.href, item.reason, item.code]}
    if not isinstance(item, pystac.Item):
        return {"item": item}
    value: dict[str, Any] = item.to_dict(include_self_link=False, transform_hrefs=False)
    own = item.get_self_href()
    for key, href in hrefs_of(item).items():
        value["assets"][key]["href"] = whole(href, own or "")
    value["links"] = [link for link in value["links"] if "://" in str(link.get("href"))]
    if own:
        value["links"].append({"rel": "self", "href": absolute(own)})
    options = access(item)
    return {"item": value} | ({} if options is None else {"access": portable(options)})


def read_items(folder: Path) -> Iterator[pystac.Item | Mapping[str, Any] | Broken]:
    """The items of the file."""
    with (folder / ITEMS).open(encoding="utf-8") as file:
        for line in file:
            value = json.loads(line)
            if "broken" in value:
                yield Broken(*value["broken"])
            elif "access" in value:
                item = item_of(value["item"])
                item._stac_io = FsspecStacIO(value["access"])  # noqa: SLF001 - as PySTAC's own
                yield item
            else:
                yield value["item"]


def _name_of(modifier: Callable[[Any], Any]) -> str:
    name = f"{getattr(modifier, '__module__', '')}:{getattr(modifier, '__qualname__', '')}"
    try:
        if _named(name) is modifier and not name.startswith("__main__:"):
            return name
    except (ImportError, AttributeError, ValueError):
        pass
    raise InvalidInput(
        "The modifier of a copy in the background must be a function of an installed module",
        hint="planetary_computer.sign_inplace is one; a function of the notebook is not.",
    )


def _named(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found
