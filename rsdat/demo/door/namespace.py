"""`/namespace/…` of the frontend: look at entries, make, move, delete and mark them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from aiohttp import web

from rsdat.demo.door import paths
from rsdat.demo.door.checksums import known
from rsdat.demo.door.http import Call, Part
from rsdat.demo.door.rest import RestError, is_true, json_answer, json_body, page, success, text_of
from rsdat.demo.door.rights import Rights
from rsdat.demo.door.site import Site
from rsdat.demo.door.tree import (
    Entry,
    ExistsError,
    MissingError,
    NameTooLongError,
    NotDirectoryError,
    NotEmptyError,
)
from rsdat.demo.door.view import View

Fields = dict[str, Any]
# What a macaroon must allow; pin and unpin nothing, and every other action UPDATE_METADATA.
_NEEDED: dict[str, tuple[str, ...]] = {
    "mkdir": ("UPLOAD", "MANAGE"),
    "mv": ("MANAGE",),
    "pin": (),
    "unpin": (),
}
_PIN_UNITS_S = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3600, "DAYS": 86400}
# The frontend pins and unpins under one name of its own: pins of stage requests are not touched.
_PIN_REQUEST = "frontend"


class Namespace:
    """GET, POST and DELETE of entries."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tree = site.tree
        self._actions: dict[str, Callable[[Entry, Fields, Rights], None]] = {
            "mkdir": self._mkdir,
            "mv": self._mv,
            "pin": self._pin,
            "unpin": self._unpin,
            "set-xattr": self._set_xattr,
            "rm-xattr": self._rm_xattr,
            "set-label": self._set_label,
            "rm-label": self._rm_label,
            "chmod": self._chmod,
            "chgrp": self._chgrp,
            "qos": self._qos,
        }

    async def answer(self, call: Call, rest: str) -> web.StreamResponse:
        """Answer for the path in the rest of the URL."""
        path = call.rights.absolute_rest(paths.from_rest(rest))
        if not call.rights.allows("READ_METADATA", path):
            raise RestError(403, "Forbidden")
        self._site.vanish(call.fault, path)
        try:
            if call.method in ("GET", "HEAD"):
                return await self._get(call, path)
            if call.method == "POST":
                return await self._post(call, path)
            if call.method == "DELETE":
                return self._delete(call, path)
        except MissingError as error:
            raise RestError(404, f"No such file or directory {path}") from error
        except NameTooLongError as error:
            raise RestError(500, "Name too long") from error
        raise RestError(405, "HTTP 405 Method Not Allowed")

    async def _get(self, call: Call, path: str) -> web.StreamResponse:
        if "json" not in (call.header("Accept") or "json") and "*" not in call.header("Accept"):
            raise RestError(406, "HTTP 406 Not Acceptable")
        offset, limit = page(call)
        entry = self._tree.entry(path)
        if path != "/" and self._tree.forbids(paths.parent(path), "read"):
            raise RestError(403, "Forbidden")
        children: Iterable[Entry] | None = None
        if entry.is_directory and is_true(call.query("children")):
            if self._site.refuses(call.rights, path, "LIST") or self._tree.forbids(path, "read"):
                raise RestError(403, "Forbidden")
            children = self._tree.iterate(path, offset=offset, limit=limit)
        if is_true(call.query("checksum")):
            children = None if children is None else list(children)
            for item in [entry, *(children or [])]:
                await known(self._tree, item)
        view = View.asked(call, self._site.qos)
        began = time.monotonic()
        pieces, count = await asyncio.to_thread(_print, view, entry, children)
        # Nothing is streamed: the first byte comes when the last entry is known.
        cost_s = count * self._site.options.entry_cost_us / 1e6
        await asyncio.sleep(cost_s - (time.monotonic() - began))
        answer = json_answer(200, "", length=sum(map(len, pieces)))
        return await answer.send_file(call, [Part(text=piece) for piece in pieces])

    async def _post(self, call: Call, path: str) -> web.StreamResponse:
        body = await json_body(call)
        action = text_of(body, "action")
        if action not in self._actions:
            raise RestError(400, f"No such action {action}")
        entry = self._tree.find(path)
        if entry is None:
            # Each action has its own words for it.
            words = {"mkdir": f": {paths.join(path, str(body.get('name')))}", "mv": ": null"}
            detail = words.get(action, f" {path}")
            raise RestError(404, f"No such file or directory{detail}")
        needed = _NEEDED.get(action, ("UPDATE_METADATA",))
        if needed and self._site.refuses(call.rights, path, *needed):
            raise RestError(403, "Forbidden")
        self._actions[action](entry, body, call.rights)
        return success(201)

    def _delete(self, call: Call, path: str) -> web.StreamResponse:
        self._tree.entry(path)
        if path == call.rights.root or self._site.refuses(call.rights, path, "DELETE"):
            raise RestError(403, "Forbidden")
        try:
            self._tree.remove(path)
        except NotEmptyError as error:
            raise RestError(400, f"Directory is not empty: {path}") from error
        return success(200)

    def _mkdir(self, entry: Entry, body: Fields, _rights: Rights) -> None:
        name = text_of(body, "name")
        if not name:
            raise RestError(400, "Name must be non-empty.")
        if "/" in name:
            raise RestError(400, "Name must not contain '/'.")
        if name in (".", ".."):
            raise RestError(400, f"Name must not be '{name}'.")
        if not entry.is_directory:
            raise RestError(403, "Forbidden")
        path = paths.join(entry.path, name)
        try:
            self._tree.make_directory(path)
        except ExistsError as error:
            raise RestError(400, f"File exists: {path}") from error

    def _mv(self, entry: Entry, body: Fields, rights: Rights) -> None:
        given = text_of(body, "destination")
        absolute = given if given.startswith("/") else f"{paths.parent(entry.path)}/{given}"
        target = rights.absolute_rest(paths.normalise(absolute))
        if self._site.refuses(rights, target, "MANAGE"):
            raise RestError(403, "Forbidden")
        if paths.is_below(target, entry.path):
            raise RestError(400, f"Cannot move directory into itself: {target}")
        # dCache 12.1 PnfsManagerV3.rename: who may not delete the target does not overwrite it.
        there = target != entry.path and self._tree.find(target) is not None
        if there and self._site.refuses(rights, target, "DELETE"):
            raise RestError(400, f"File exists:{target}")
        try:
            self._tree.move(entry.path, target)
        except ExistsError as error:
            raise RestError(400, f"File exists:{target}") from error
        except NotEmptyError as error:
            raise RestError(400, "directory is not empty") from error
        except (MissingError, NotDirectoryError) as error:
            raise RestError(400, f"No such directory: {paths.parent(target)}") from error

    def _pin(self, entry: Entry, body: Fields, _rights: Rights) -> None:
        unit_s = _PIN_UNITS_S.get(str(body.get("lifetime-unit", "SECONDS")).upper())
        if unit_s is None:
            raise RestError(500, "No enum constant java.util.concurrent.TimeUnit")
        if not entry.is_directory:
            lifetime = body.get("lifetime", 0)
            lifetime_s = unit_s * lifetime if isinstance(lifetime, int) else 0
            self._site.pins.add(entry.path, _PIN_REQUEST, lifetime_s)
            self._site.stager.start(entry.path)

    def _unpin(self, entry: Entry, _body: Fields, _rights: Rights) -> None:
        self._site.pins.end(entry.path, _PIN_REQUEST)

    def _set_xattr(self, entry: Entry, body: Fields, _rights: Rights) -> None:
        new = body.get("attributes")
        mode = body.get("mode", "EITHER")
        if not isinstance(new, dict) or not all(isinstance(v, str) for v in new.values()):
            raise RestError(400, 'JSONObject["attributes"] is not a JSONObject of strings.')
        if mode not in ("CREATE", "MODIFY", "EITHER"):
            raise RestError(400, f"Unknown mode {mode}")
        old = entry.attributes.xattrs
        if mode == "CREATE" and old.keys() & new.keys():
            text = "Attribute already exist"
            raise RestError(409, text, title=text)
        if mode == "MODIFY" and new.keys() - old.keys():
            raise RestError(409, "No such attribute", title="No such attribute")
        self._tree.update(entry, replace(entry.attributes, xattrs={**old, **new}))

    def _rm_xattr(self, entry: Entry, body: Fields, _rights: Rights) -> None:
        names = body.get("names")
        gone = [names] if isinstance(names, str) else names
        if not isinstance(gone, list):
            raise RestError(400, 'JSONObject["names"] not found.')
        left = dict(entry.attributes.xattrs)
        for name in gone:
            if name not in left:
                raise RestError(409, "No such attribute", title="No such attribute")
            del left[name]
        self._tree.update(entry, replace(entry.attributes, xattrs=left))

    def _set_label(self, entry: Entry, body: Fields, _rights: Rights) -> None:
        label = text_of(body, "label")
        labels = [*(old for old in entry.attributes.labels if old != label), label]
        self._tree.update(entry, replace(entry.attributes, labels=labels))

    def _rm_label(self, entry: Entry, body: Fields, _rights: Rights) -> None:
        label = text_of(body, "label")
        if label not in entry.attributes.labels:
            raise RestError(400, f"No such label {label}")
        labels = [old for old in entry.attributes.labels if old != label]
        self._tree.update(entry, replace(entry.attributes, labels=labels))

    def _chmod(self, entry: Entry, body: Fields, _rights: Rights) -> None:
        mode = body.get("mode")
        if not isinstance(mode, int):
            raise RestError(400, 'JSONObject["mode"] is not an int.')
        # Only shown: the files on disk stay readable for this process and for tests.
        self._tree.update(entry, replace(entry.attributes, mode=mode & 0o7777))

    def _qos(self, entry: Entry, body: Fields, rights: Rights) -> None:
        target = text_of(body, "target")
        if not self._site.qos.may_change(rights):
            raise RestError(403, "Forbidden")  # it needs a role that an ordinary user doesn't have
        if target not in self._site.qos.NAMES:
            raise RestError(400, f"Unsupported QoS transition to {target}")
        if not entry.is_directory:
            self._site.qos.start(entry, target)

    def _chgrp(self, _entry: Entry, body: Fields, _rights: Rights) -> None:
        if body.get("gid") not in (1000, 1005):
            raise RestError(403, "Forbidden")


def _print(view: View, entry: Entry, children: Iterable[Entry] | None) -> tuple[list[bytes], int]:
    """The answer, and of how many entries it is."""
    count = 0

    def counted(entries: Iterable[Entry]) -> Iterator[Entry]:
        nonlocal count
        for child in entries:
            count += 1
            yield child

    pieces = view.pieces(entry, None if children is None else counted(children))
    return pieces, count
