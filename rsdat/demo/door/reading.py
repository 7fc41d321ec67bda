"""GET and HEAD at a door: proxied or redirected, and what the door gets wrong."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from aiohttp import web

from rsdat.demo.door import paths
from rsdat.demo.door.checksums import digest_header, known
from rsdat.demo.door.faults import Fault
from rsdat.demo.door.http import Answer, Call, Part, http_date
from rsdat.demo.door.movers import Mover, new_id
from rsdat.demo.door.ranges import BadRangeError, Range, read_by_door
from rsdat.demo.door.site import Site
from rsdat.demo.door.tree import Entry
from rsdat.demo.door.webdav_errors import DoorError, forbidden

# The real door uses the same boundary in every answer, too.
_BOUNDARY = "3f0a8dd6-7b4d-4c25-9a4e-6f2f6d1f9c55"
Headers = list[tuple[str, str]]


class Reading:
    """The reading verbs of one door."""

    def __init__(self, site: Site, *, redirects: bool) -> None:
        self._site = site
        self._tree = site.tree
        self._redirects = redirects

    async def head(self, call: Call, path: str) -> web.StreamResponse:
        """Size and dates of a file, without staging it; no length for a directory."""
        entry = self._tree.entry(path)
        if self._tree.forbids(path, "read"):
            raise forbidden("HEAD", path)
        if entry.is_directory:
            return Answer(200, headers=[("Content-Type", "text/html")], length=-1)
        headers = [("Accept-Ranges", "bytes"), *_whole_headers(entry)]
        headers += await self._digest(call, entry)
        return Answer(200, headers=headers, length=-1 if entry.size is None else entry.size)

    async def get(self, call: Call, path: str) -> web.StreamResponse:
        """A file's bytes, or where to get them; a directory as a page."""
        entry = self._tree.entry(path)
        if self._tree.forbids(path, "read"):
            raise forbidden("GET", path)
        if not entry.is_directory and not call.rights.allows("DOWNLOAD", path):
            raise forbidden("GET", path)
        if entry.is_directory:
            return self._directory(call, entry)
        await self._make_readable(entry)
        if self._redirects:
            return await self._redirect(call, entry)
        return await self._proxy(call, entry)

    async def _make_readable(self, entry: Entry) -> None:
        """Wait for the tape, and refuse what no pool can serve."""
        if entry.attributes.state == "uploading":
            raise DoorError(500, "Internal problem: File upload not yet completed")
        if entry.attributes.state == "broken":
            raise DoorError(500, "Internal problem: File is broken")
        if entry.locality in ("LOST", "UNAVAILABLE", "NONE"):
            raise DoorError(500, "Internal problem: File is unavailable")
        if not await self._site.stager.wait(entry.path, self._site.options.read_wait_s):
            raise DoorError(500, "Internal problem: Timeout waiting for the file from tape")

    async def _redirect(self, call: Call, entry: Entry) -> web.StreamResponse:
        movers = self._site.movers
        await movers.slot()
        if call.is_gone:
            movers.free()
            raise ConnectionResetError("the client did not wait for a mover")
        door_url = call.server_url + paths.to_url(call.rights.shown(entry.path))
        try:
            file = self._tree.open(entry.path)
        except OSError as error:  # deleted while we waited
            movers.free()
            raise DoorError(404, f"Path not found: {call.raw_path}") from error
        digest = await self._digest(call, entry)
        mover = Mover(new_id(), entry.path, door_url, entry.size, file=file, headers=digest)
        movers.start(mover)
        return Answer(302, headers=[("Location", pool_url(self._site, mover, call.fault))])

    async def _proxy(self, call: Call, entry: Entry) -> web.StreamResponse:
        size = entry.size or 0
        if not entry.name.isprintable():
            # A control character in the name: the real door breaks before the first byte.
            call.fault = Fault("cut_download")
        await self._site.movers.charge()
        with self._tree.open(entry.path) as file:
            header = call.header("Range")
            condition = call.header("If-Range")
            if not header or condition not in ("", entry.etag):
                headers = [("Accept-Ranges", "bytes"), *_whole_headers(entry)]
                headers += await self._digest(call, entry)
                answer = Answer(200, headers=headers, length=size)
                return await answer.send_file(call, [Part(file, 0, size)])
            try:
                ranges = read_by_door(header, size)
            except BadRangeError as error:
                raise DoorError(500, f"Internal problem: Bad range: {header}") from error
            headers = [("ETag", entry.etag), *await self._digest(call, entry)]
            if len(ranges) > 1:
                return await _send_many(call, entry, ranges, headers, Part(file, 0, size))
            wanted = ranges[0]
            headers.append(("Content-Range", wanted.content_range(size)))
            answer = Answer(206, headers=headers, length=wanted.length)
            return await answer.send_file(call, [Part(file, wanted.first, wanted.length)])

    async def _digest(self, call: Call, entry: Entry) -> Headers:
        want = call.header("Want-Digest")
        return digest_header(await known(self._tree, entry), want) if want else []

    def _directory(self, call: Call, entry: Entry) -> web.StreamResponse:
        if not call.raw_path.endswith("/"):
            return Answer(302, headers=[("Location", call.server_url + call.raw_path + "/")])
        if self._site.refuses(call.rights, entry.path, "LIST"):
            raise forbidden("GET", entry.path)
        rows = [
            f'<li><a href="{quote(child.name)}{"/" * child.is_directory}">{escape(child.name)}</a>'
            for child in self._tree.children(entry.path)
        ]
        page = f"<html><body><h1>{escape(entry.path)}</h1><ul>{''.join(rows)}</ul></body></html>"
        headers = [("Content-Type", "text/html")]
        return Answer(200, headers=headers, body=page.encode("utf-8", "replace"))


def _whole_headers(entry: Entry) -> Headers:
    headers = [("ETag", entry.etag), ("Last-Modified", http_date(entry.mtime_ns))]
    if entry.mime_type:
        headers.append(("Content-Type", entry.mime_type))
    return [*headers, ("Cache-Control", "no-cache"), ("Content-Disposition", "attachment")]


async def _send_many(
    call: Call, entry: Entry, ranges: list[Range], headers: Headers, whole: Part
) -> web.StreamResponse:
    """Several ranges as the door prints them: bare line feeds, and no closing boundary."""
    parts: list[Part] = []
    for wanted in ranges:
        head = f"--{_BOUNDARY}\nContent-Range: {wanted.content_range(whole.size)}\n\n"
        parts += [Part(text=head.encode()), Part(whole.file, wanted.first, wanted.length)]
        parts.append(Part(text=b"\n"))
    headers.append(("Content-Type", f"multipart/byteranges; boundary={_BOUNDARY}"))
    length = sum(len(part) for part in parts)
    return await Answer(206, headers=headers, length=length).send_file(call, parts)


def pool_url(site: Site, mover: Mover, fault: Fault | None = None) -> str:
    """Where the pool waits with a mover; an ordered fault `dead_pool` lies about it."""
    reference = quote(mover.door_url, safe="")
    query = f"dcache-http-uuid={mover.id}&dcache-http-ref={reference}"
    pool = "http://127.0.0.1:1" if fault and fault.kind == "dead_pool" else site.urls["pool"]
    return f"{pool}{paths.to_url(mover.path)}?{query}"
