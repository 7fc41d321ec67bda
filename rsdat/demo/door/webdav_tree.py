"""DELETE, MKCOL and MOVE at a door, with the order of steps that loses targets."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes, urlsplit

from aiohttp import web

from rsdat.demo.door import paths
from rsdat.demo.door.http import Answer, Call
from rsdat.demo.door.site import Site
from rsdat.demo.door.tree import ExistsError, MissingError, NotDirectoryError, NotEmptyError
from rsdat.demo.door.webdav_errors import ConflictError, DoorError, forbidden, not_allowed


class Changes:
    """The verbs of one door that change the name space without bytes."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tree = site.tree

    async def delete(self, call: Call, path: str) -> web.StreamResponse:
        """Delete a file, or a directory with all it holds."""
        self._tree.entry(path)
        if path == call.rights.root or self._site.refuses(call.rights, path, "DELETE"):
            raise forbidden("DELETE", path)
        self._tree.remove_tree(path)
        return Answer(204)

    async def make_directory(self, call: Call, path: str) -> web.StreamResponse:
        """Make one directory; a body is ignored."""
        await call.read()
        if self._site.refuses(call.rights, path, "UPLOAD", "MANAGE"):
            raise forbidden("MKCOL", path)
        try:
            self._tree.make_directory(path)
        except ExistsError as error:
            raise not_allowed("MKCOL") from error
        except (MissingError, NotDirectoryError) as error:
            raise ConflictError from error
        return Answer(201)

    async def move(self, call: Call, path: str) -> web.StreamResponse:
        """Rename.

        With `Overwrite: T` the target is deleted, with all it holds, before anything else can
        fail: onto itself, or onto a file inside the moved directory, the target is lost.
        """
        self._tree.entry(path)
        target = _destination(call)
        holder = self._tree.find(paths.parent(target))
        if holder is None or not holder.is_directory:
            raise ConflictError
        existed = self._tree.find(target) is not None
        if existed:
            if call.header("Overwrite").upper() != "T":
                raise DoorError(412)
            if target == "/" or self._site.refuses(call.rights, target, "DELETE"):
                raise forbidden("MOVE", path)
            self._tree.remove_tree(target)
        if any(self._site.refuses(call.rights, each, "MANAGE") for each in (path, target)):
            raise forbidden("MOVE", path)
        if paths.is_below(target, path):
            raise DoorError(500, "Internal problem: Cannot move directory into itself.")
        try:
            self._tree.move(path, target)
        except (MissingError, ExistsError, NotEmptyError, NotDirectoryError) as error:
            raise DoorError(500, f"Internal problem: {error}") from error
        return Answer(204 if existed else 201)


def _destination(call: Call) -> str:
    """The path of the Destination header; its host, whatever it is, is ignored."""
    value = call.header("Destination")
    try:
        path = urlsplit(value).path if "://" in value else value.partition("?")[0]
        unquote_to_bytes(path).decode()
        if not path.startswith("/") or " " in value:
            raise DoorError(500, "Internal problem: Invalid Destination header")
        return call.rights.absolute(paths.from_webdav(path))
    except (ValueError, UnicodeDecodeError) as error:
        raise DoorError(500, "Internal problem: Invalid Destination header") from error
