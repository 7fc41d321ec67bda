"""PUT at a door: proxied, or redirected for clients that ask before they send."""

from __future__ import annotations

import unicodedata

from aiohttp import web

from rsdat.demo.door import paths
from rsdat.demo.door.checksums import MD5, digest_header, md5_of_header, wanted
from rsdat.demo.door.http import Answer, Call, CutError
from rsdat.demo.door.movers import Mover, new_id
from rsdat.demo.door.reading import pool_url
from rsdat.demo.door.site import Site
from rsdat.demo.door.tree import NotDirectoryError
from rsdat.demo.door.uploads import LostEntryError, Upload
from rsdat.demo.door.webdav_errors import DoorError, forbidden, not_allowed

_FORM = "application/x-www-form-urlencoded"


class Writing:
    """PUT at one door."""

    def __init__(self, site: Site, *, redirects: bool) -> None:
        self._site = site
        self._tree = site.tree
        self._redirects = redirects

    async def put(self, call: Call, path: str) -> web.StreamResponse:
        """Take a file, or say where to bring it."""
        self._check(call, path)
        if self._redirects and call.wants_continue:
            return await self._redirect(call, path)
        if unicodedata.normalize("NFC", path) != path:
            # Decomposed letters reach the pool by a redirect only.
            raise DoorError(400, "Received a bad PUT request.")
        await self._site.movers.charge()
        upload = self._begin(call, path)
        try:
            return await self._take(call, upload)
        except BaseException:
            upload.discard()
            raise

    def _check(self, call: Call, path: str) -> None:
        if self._site.refuses(call.rights, path, "UPLOAD"):
            raise forbidden("PUT", path)
        entry = self._tree.find(path)
        if entry is not None and entry.is_directory:
            raise not_allowed("PUT")
        if entry is not None and call.header("If-None-Match") == "*":
            raise DoorError(412)
        expected = call.header("If-Match")
        if expected and (entry is None or expected not in ("*", entry.etag)):
            raise DoorError(412)
        if entry is not None and self._site.refuses(call.rights, path, "DELETE"):
            raise forbidden("PUT", path)
        self._check_room(call, path, call.length or 0)

    def _check_room(self, call: Call, path: str, size: int) -> None:
        limit = call.rights.max_upload
        if (limit is not None and size > limit) or not self._site.quotas.has_room(size):
            raise DoorError(507, "Insufficient storage: SER_DISK_FULL")

    def _begin(self, call: Call, path: str) -> Upload:
        announced = call.header("Content-MD5")
        md5 = md5_of_header(announced) if announced else None
        if announced and md5 is None:
            raise DoorError(400, "Received a bad PUT request.")
        mtime = call.header("X-OC-Mtime")
        try:
            upload = Upload(
                self._tree,
                path,
                mime_type=call.header("Content-Type").partition(";")[0].strip(),
                content_md5=md5,
                with_md5=MD5 in wanted(call.header("Want-Digest")),
                mtime_s=int(mtime) if mtime.isdigit() else None,
            )
        except NotDirectoryError as error:
            raise DoorError(500, f"Internal problem: Not a directory: {error}") from error
        if call.fault is not None and call.fault.kind == "no_space":
            upload.discard()
            raise DoorError(507, "Insufficient storage: SER_DISK_FULL")
        return upload

    async def _take(self, call: Call, upload: Upload) -> web.StreamResponse:
        """Proxy the body into the name space; whoever calls removes it on any exception."""
        if call.header("Content-Type").partition(";")[0].strip().lower() == _FORM:
            # The servlet engine reads such a body as parameters; nothing is left of it.
            await call.read()
            text = "Problem with transferred data: insufficient data written"
            raise DoorError(500, f"Internal problem: {text}")
        call.send_continue()
        is_chunked = call.length is None

        def take(data: bytes) -> None:
            self._check_room(call, upload.path, upload.received + len(data))
            upload.write(data)

        try:
            await call.receive(take)
        except CutError:
            # Without a length the door can't tell a cut from the end: it keeps what came.
            if is_chunked:
                upload.commit()
            raise
        if not upload.matches:
            raise DoorError(400, "Received a bad PUT request.")
        try:
            upload.commit()
            self._site.quotas.add(upload.received)
        except LostEntryError as error:
            raise DoorError(500, "Internal problem: File was deleted or replaced") from error
        headers = [("Accept-Ranges", "bytes"), ("ETag", self._tree.entry(upload.path).etag)]
        headers += digest_header(upload.checksums(), call.header("Want-Digest"))
        if call.header("X-OC-Mtime"):
            headers.append(("X-OC-MTime", "accepted"))
        return Answer(201, headers=headers, chunked=True)

    async def _redirect(self, call: Call, path: str) -> web.StreamResponse:
        movers = self._site.movers
        await movers.slot()
        try:
            if call.is_gone:
                raise ConnectionResetError("the client did not wait for a mover")
            upload = self._begin(call, path)
        except BaseException:
            movers.free()
            raise
        door_url = call.server_url + paths.to_url(call.rights.shown(path))
        want = call.header("Want-Digest")
        mover = Mover(new_id(), path, door_url, call.length, upload=upload, want_digest=want)
        movers.start(mover)
        return Answer(
            307, headers=[("Location", pool_url(self._site, mover, call.fault))], close=True
        )
