"""The pool: serves and takes the bytes of redirected transfers, by the id in the URL."""

from __future__ import annotations

from aiohttp import web

from rsdat.demo.door import paths
from rsdat.demo.door.checksums import digest_header, md5_of_header
from rsdat.demo.door.http import Answer, Call, CutError, Part
from rsdat.demo.door.listener import connection_of
from rsdat.demo.door.movers import Mover
from rsdat.demo.door.ranges import BadRangeError, Range, read_by_pool
from rsdat.demo.door.site import Site
from rsdat.demo.door.uploads import LostEntryError, Upload

_BOUNDARY = "__AAAAAAAAAAAAAAAA__"
_UNDERSTOOD = ("content-length", "content-md5")
Headers = list[tuple[str, str]]


class DiskFullError(Exception):
    """A quota is used up."""


class Pool:
    """Answers at the pool's port. Errors are told in the reason phrase, without a body."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def answer(self, call: Call) -> web.StreamResponse:
        """Answer a request; the id in its query is the right to it."""
        mover_id = call.query("dcache-http-uuid")
        if mover_id is None:
            return Answer(400, reason="Query string does not include any UUID.", close=True)
        mover = self._site.movers.find(mover_id)
        if mover is None or (mover.upload is None) != (call.method in ("GET", "HEAD")):
            return self._stale(call)
        self._site.movers.connect(mover, connection_of(call))
        if mover.upload is not None and call.method == "PUT":
            return await self._put(call, mover, mover.upload)
        if call.method in ("GET", "HEAD"):
            return await self._get(call, mover)
        return Answer(501, reason=f"{call.method} is not implemented", close=True)

    def _stale(self, call: Call) -> Answer:
        """Back to the door that the URL names, if it is one of ours."""
        door_url = call.query("dcache-http-ref") or ""
        doors = (self._site.urls["redirect"], self._site.urls["proxy"])
        if not any(door_url.startswith(door + "/") for door in doors):
            return Answer(400, reason="Request is no longer valid", close=True)
        headers = [("Location", door_url)]
        return Answer(307, reason="Request is no longer valid", headers=headers, close=True)

    async def _get(self, call: Call, mover: Mover) -> web.StreamResponse:
        if mover.file is None:
            return Answer(500, reason="Not a transfer for reading", close=True)
        size = mover.size or 0
        headers: Headers = [("Accept-Ranges", "bytes"), *mover.headers]
        header = call.header("Range")
        if not header:
            name = paths.name_of(mover.path)
            if name.isprintable():  # a header can't carry a control character
                headers.append(("Content-Disposition", f"attachment;filename={name}"))
            headers.append(("Content-Location", mover.door_url))
            answer = Answer(200, headers=headers, length=size)
            return await answer.send_file(call, [Part(mover.file, 0, size)])
        try:
            ranges = read_by_pool(header, size)
        except BadRangeError:
            return Answer(416, reason="Invalid (empty) list of valid ranges")
        if len(ranges) > 1:
            return await _send_many(call, ranges, headers, Part(mover.file, 0, size))
        wanted = ranges[0]
        headers.append(("Content-Range", wanted.content_range(size)))
        answer = Answer(206, headers=headers, length=wanted.length)
        return await answer.send_file(call, [Part(mover.file, wanted.first, wanted.length)])

    async def _put(self, call: Call, mover: Mover, upload: Upload) -> web.StreamResponse:
        try:
            return await self._take(call, mover, upload)
        except OSError as error:
            upload.leave_broken()
            if isinstance(error, ConnectionError):
                raise
            return Answer(500, reason="Disk I/O error", close=True)
        finally:
            self._site.movers.end(mover)

    async def _take(self, call: Call, mover: Mover, upload: Upload) -> web.StreamResponse:
        for name in call.request.headers:
            if name.lower().startswith("content-") and name.lower() not in _UNDERSTOOD:
                upload.abandon()
                return Answer(501, reason=f"{name} is not implemented", close=True)
        announced = call.header("Content-MD5")
        if announced:
            upload.content_md5 = md5_of_header(announced)
            upload.need_md5()
        quotas = self._site.quotas

        def take(data: bytes) -> None:
            if not quotas.has_room(upload.received + len(data)):
                raise DiskFullError
            upload.write(data)

        call.send_continue()
        try:
            await call.receive(take)
        except DiskFullError:
            upload.leave_broken()
            return Answer(507, reason="SER_DISK_FULL", close=True)
        except CutError:
            upload.leave_broken()
            raise
        if mover.size is not None and upload.received != mover.size:
            upload.leave_broken()
            text = f"File size mismatch (expected={mover.size}, actual={upload.received})"
            return Answer(400, reason=text, close=True)
        if not upload.matches:
            upload.leave_broken(mistrusted=True)
            sums = upload.checksums()
            text = (
                f"Checksum mismatch (expected=2:{upload.content_md5}, actual=2:{sums['MD5_TYPE']})"
            )
            return Answer(400, reason=text, close=True)
        try:
            upload.commit()
            quotas.add(upload.received)
        except LostEntryError:
            return Answer(500, reason="No such file or directory", close=True)
        headers = [
            ("Content-Type", "text/plain; charset=UTF-8"),
            ("Location", mover.door_url),
            ("X-OC-MTime", "accepted"),
            *digest_header(upload.checksums(), mover.want_digest or call.header("Want-Digest")),
        ]
        return Answer(201, headers=headers, body=f"{upload.received} bytes uploaded".encode())


async def _send_many(
    call: Call, ranges: list[Range], headers: Headers, whole: Part
) -> web.StreamResponse:
    """Several ranges as a strict client wants them: CRLF, and a closing boundary."""
    parts: list[Part] = []
    for wanted in ranges:
        head = f"\r\n--{_BOUNDARY}\r\nContent-Range: {wanted.content_range(whole.size)}\r\n\r\n"
        parts += [Part(text=head.encode()), Part(whole.file, wanted.first, wanted.length)]
    parts.append(Part(text=f"\r\n--{_BOUNDARY}--\r\n".encode()))
    headers.append(("Content-Type", f'multipart/byteranges; boundary="{_BOUNDARY}"'))
    length = sum(len(part) for part in parts)
    return await Answer(206, headers=headers, length=length).send_file(call, parts)
