"""PROPFIND and PROPPATCH: a door's answers in XML, right and wrong ones as the real door's."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from aiohttp import web

from rsdat.demo.door import paths
from rsdat.demo.door.checksums import ADLER32, MD5, known
from rsdat.demo.door.http import Answer, Call, http_date
from rsdat.demo.door.rights import Rights
from rsdat.demo.door.site import Site
from rsdat.demo.door.tree import Entry
from rsdat.demo.door.webdav_errors import forbidden

DAV = "DAV:"
SRM = "http://srm.lbl.gov/StorageResourceManager"
DCACHE = "http://www.dcache.org/2013/webdav"
XATTR = "http://www.dcache.org/2020/xattr"
_XML = "application/xml; charset=utf-8"


class _Name(NamedTuple):
    space: str
    local: str


_DEFAULT = [
    _Name(DAV, local)
    for local in (
        "resourcetype",
        "getcontentlength",
        "getetag",
        "displayname",
        "getcontenttype",
        "getlastmodified",
        "creationdate",
    )
]
_ALL = [
    *_DEFAULT,
    *(_Name(DAV, local) for local in ("getcreated", "iscollection", "isreadonly", "name")),
    *(_Name(SRM, local) for local in ("AccessLatency", "RetentionPolicy", "FileLocality")),
    _Name(DCACHE, "Checksums"),
]


class Properties:
    """PROPFIND and PROPPATCH of a door."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tree = site.tree

    async def find(self, call: Call, path: str) -> web.StreamResponse:
        """Properties of an entry, and of those in it; any Depth but 0 and 1 walks everything."""
        body = await call.read()
        names = _asked(body)
        entry = self._tree.entry(path)
        depth = call.header("Depth")
        found = (
            [entry, *self._inside(call.rights, entry, deep=depth != "1")]
            if depth != "0"
            else [entry]
        )
        spaces = [DAV, *dict.fromkeys(name.space for name in names if name.space != DAV)]
        prefixes = {space: f"ns{i}" if i else "d" for i, space in enumerate(spaces)}
        declared = "".join(f' xmlns:{prefixes[s]}="{escape(s)}"' for s in spaces)
        parts = [f'<?xml version="1.0" encoding="utf-8" ?>\n<d:multistatus{declared}>']
        with_sums = _Name(DCACHE, "Checksums") in names
        for item in found:
            sums = await known(self._tree, item) if with_sums else {}
            href = paths.to_href(call.rights.shown(item.path), directory=item.is_directory)
            parts.append(_response(item, href, names, prefixes, sums))
        parts.append("</d:multistatus>\n")
        text = "".join(parts).encode("utf-8", "replace")
        return Answer(207, headers=[("Content-Type", _XML)], body=text)

    def _inside(self, rights: Rights, entry: Entry, *, deep: bool) -> Iterator[Entry]:
        # A directory that may not be listed looks empty; there is no error.
        if not entry.is_directory or self._site.refuses(rights, entry.path, "LIST"):
            return
        for child in self._tree.children(entry.path):
            yield child
            if deep:
                yield from self._inside(rights, child, deep=True)

    async def patch(self, call: Call, path: str) -> web.StreamResponse:
        """Store extended attributes; the answer says 404 for them all the same."""
        entry = self._tree.entry(path)
        body = await call.read()
        if self._site.refuses(call.rights, path, "UPDATE_METADATA"):
            raise forbidden("PROPPATCH", path)
        try:
            root = ET.fromstring(body)  # noqa: S314 - a stand-in for tests, on loopback
        except ET.ParseError:
            return Answer(400)
        wanted = {
            _split(item.tag): item.text or ""
            for prop in root.iter(f"{{{DAV}}}prop")
            for item in prop
        }
        new = {name.local: text for name, text in wanted.items() if name.space == XATTR}
        xattrs = {**entry.attributes.xattrs, **new}
        self._tree.update(entry, replace(entry.attributes, xattrs=xattrs))
        rows = "".join(f'<x:{name.local} xmlns:x="{escape(name.space)}"/>' for name in wanted)
        href = paths.to_href(call.rights.shown(path), directory=entry.is_directory)
        text = (
            '<?xml version="1.0" encoding="utf-8" ?>\n<d:multistatus xmlns:d="DAV:"><d:response>'
            f"<d:href>{href}</d:href><d:propstat><d:prop>{rows}</d:prop>"
            "<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response></d:multistatus>"
        )
        return Answer(207, headers=[("Content-Type", _XML)], body=text.encode())


def _split(tag: str) -> _Name:
    space, _, local = tag.rpartition("}")
    return _Name(space.lstrip("{"), local)


def _asked(body: bytes) -> list[_Name]:
    """The properties that a request asks for; anything odd asks for the default set."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - a stand-in for tests, on loopback
    except ET.ParseError:
        return _DEFAULT
    if root.find(f"{{{DAV}}}allprop") is not None:
        return _ALL
    prop = root.find(f"{{{DAV}}}prop")
    return _DEFAULT if prop is None else [_split(item.tag) for item in prop]


def _response(
    entry: Entry, href: str, names: list[_Name], prefixes: dict[str, str], sums: dict[str, str]
) -> str:
    found: list[str] = []
    missing: list[str] = []
    for name in names:
        value = _value(entry, name, sums)
        tag = f"{prefixes[name.space]}:{name.local}"
        if value is None:
            missing.append(f"<{tag}></{tag}>")
        else:
            found.append(f"<{tag}>{value}</{tag}>")
    text = f"<d:response><d:href>{href}</d:href>"
    for rows, status in ((found, "200 OK"), (missing, "404 Not Found")):
        if rows:
            props = "".join(rows)
            text += (
                f"<d:propstat><d:prop>{props}</d:prop>"
                f"<d:status>HTTP/1.1 {status}</d:status></d:propstat>"
            )
    return text + "</d:response>"


def _value(entry: Entry, name: _Name, sums: dict[str, str]) -> str | None:
    """A property as XML text; None if the entry has no such one."""
    if name.space == XATTR:
        kept = entry.attributes.xattrs.get(name.local)
        return None if kept is None else escape(kept)
    if name.space == DCACHE and name.local == "Checksums":
        return _checksums(sums) if sums else None
    if name.space == SRM and not entry.is_directory:
        on_tape = "NEARLINE" in entry.locality
        return {
            "AccessLatency": "NEARLINE" if on_tape else "ONLINE",
            "RetentionPolicy": "CUSTODIAL" if on_tape else "REPLICA",
            "FileLocality": entry.locality,
        }.get(name.local)
    return _dav_value(entry, name.local) if name.space == DAV else None


def _dav_value(entry: Entry, local: str) -> str | None:
    if local == "resourcetype":
        return "<d:collection/>" if entry.is_directory else None
    if local == "getcontentlength":
        return None if entry.is_directory or entry.size is None else str(entry.size)
    if local == "getetag":
        return escape(entry.etag)
    if local in ("displayname", "name"):
        # No escaping of control characters: with one in a name the answer is not XML.
        return escape(entry.name) if entry.path != "/" else None
    if local == "getcontenttype":
        mime = "text/html; charset=utf-8" if entry.is_directory else entry.mime_type
        return None if mime is None else escape(mime)
    if local == "getlastmodified":
        return http_date(entry.mtime_ns)
    if local in ("creationdate", "getcreated"):
        moment = datetime.fromtimestamp(entry.created_ms / 1000, timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if local == "iscollection":
        return "TRUE" if entry.is_directory else "FALSE"
    if local == "isreadonly":
        return "FALSE"
    return None


def _checksums(sums: dict[str, str]) -> str:
    """`md5=<base64>,adler32=<hex>`, of those that are stored."""
    texts = []
    if MD5 in sums:
        texts.append("md5=" + base64.b64encode(bytes.fromhex(sums[MD5])).decode())
    if ADLER32 in sums:
        texts.append("adler32=" + sums[ADLER32])
    return ",".join(texts)
