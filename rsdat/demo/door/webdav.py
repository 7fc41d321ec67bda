"""A WebDAV door: which verb is answered where, and the errors they share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from rsdat.demo.door import paths
from rsdat.demo.door.copying import Copying
from rsdat.demo.door.http import Answer, Call, line
from rsdat.demo.door.minting import MEDIA_TYPE, mint
from rsdat.demo.door.propfind import Properties
from rsdat.demo.door.reading import Reading
from rsdat.demo.door.site import Site
from rsdat.demo.door.tree import MissingError, NameTooLongError, NotDirectoryError
from rsdat.demo.door.webdav_errors import DoorError, forbidden
from rsdat.demo.door.webdav_tree import Changes
from rsdat.demo.door.writing import Writing

_ALLOWED = "GET, HEAD, PUT, OPTIONS, MKCOL, DELETE, MOVE, COPY, PROPFIND, PROPPATCH, LOCK, UNLOCK"
Verb = Callable[[Call, str], Awaitable[web.StreamResponse]]


class WebDav:
    """One door. With `redirects` it sends readers, and writers that ask first, to the pool."""

    def __init__(self, site: Site, *, redirects: bool) -> None:
        self._site = site
        self._logins = site.logins
        reading = Reading(site, redirects=redirects)
        changes = Changes(site)
        properties = Properties(site)
        self._verbs: dict[str, Verb] = {
            "GET": reading.get,
            "HEAD": reading.head,
            "PUT": Writing(site, redirects=redirects).put,
            "DELETE": changes.delete,
            "MKCOL": changes.make_directory,
            "MOVE": changes.move,
            "COPY": Copying(site).copy,
            "PROPFIND": properties.find,
            "PROPPATCH": properties.patch,
            "OPTIONS": _options,
        }

    async def answer(self, call: Call) -> web.StreamResponse:
        """Answer a request whose client was let in."""
        verb = self._verbs.get(call.method)
        if verb is None:
            if call.method == "POST" and call.header("Content-Type") == MEDIA_TYPE:
                return await mint(call, self._logins)
            if call.method in ("LOCK", "UNLOCK", "POST"):
                return line(501, f"Method {call.method} is not implemented.")
            return Answer(500, close=True)
        try:
            path = call.rights.absolute(paths.from_webdav(call.raw_path))
            if not call.rights.allows("READ_METADATA", path):
                raise forbidden(call.method, call.raw_path)
            self._site.vanish(call.fault, path)
            return await verb(call, path)
        except (MissingError, paths.BadPathError):
            # The path stays encoded in this text.
            return line(404, f"Path not found: {call.raw_path.rstrip('/') or '/'}")
        except NameTooLongError:
            return line(500, "Internal problem: Name too long")
        except NotDirectoryError as error:
            return line(500, f"Internal problem: Not a directory: {error}")
        except DoorError as error:
            return error.answer()


async def _options(_call: Call, _path: str) -> web.StreamResponse:
    headers = [("DAV", "1, 2"), ("MS-Author-Via", "DAV"), ("Allow", _ALLOWED)]
    return Answer(200, headers=headers)
