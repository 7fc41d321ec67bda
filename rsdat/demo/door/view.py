"""Entries as the frontend prints them: the fields that were asked for, in batches of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from rsdat.demo.door import jackson
from rsdat.demo.door.http import Call
from rsdat.demo.door.qos import Qos
from rsdat.demo.door.rest import is_true
from rsdat.demo.door.tree import Entry

Fields = dict[str, Any]
_FOLDER_TYPE = "application/vnd.dcache.folder"
_BATCH = 1000


class View:
    """Which fields a client asked for."""

    FLAGS = ("locality", "locations", "qos", "xattr", "labels", "checksum", "optional")

    def __init__(self, flags: frozenset[str], qos: Qos) -> None:
        self._flags = flags
        self._qos = qos

    @classmethod
    def asked(cls, call: Call, qos: Qos) -> View:
        """As the query says."""
        return cls(frozenset(flag for flag in cls.FLAGS if is_true(call.query(flag))), qos)

    def fields(self, entry: Entry, *, named: bool) -> Fields:
        """The entry as JSON fields; absent ones are left out, as the frontend does."""
        flags = self._flags
        known_ = entry.attributes
        is_directory = entry.is_directory
        mime = _FOLDER_TYPE if is_directory else entry.mime_type or "application/octet-stream"
        value: Fields = {"fileName": entry.name} if named else {}
        value["fileMimeType"] = mime
        value["labels"] = known_.labels if "labels" in flags else []
        if "locality" in flags and not is_directory:
            value["fileLocality"] = entry.locality
        if "locations" in flags and not is_directory:
            value["locations"] = ["pool1"] if "ONLINE" in entry.locality else []
        if "qos" in flags:
            value["currentQos"] = self._qos.current(entry)
            if target := self._qos.target(entry):
                value["targetQos"] = target
        if "xattr" in flags:
            value["extendedAttributes"] = known_.xattrs
        if "checksum" in flags and known_.checksums:
            value["checksums"] = [
                {"type": kind, "value": text} for kind, text in known_.checksums.items()
            ]
        value["nlink"] = entry.nlink
        value["mtime"] = entry.mtime_ms
        value["creationTime"] = entry.created_ms
        if entry.size is not None:
            value["size"] = entry.size
        value["mode"] = entry.mode
        if "optional" in flags:
            value |= _optional(entry)
        value["pnfsId"] = entry.pnfs_id
        value["fileType"] = "DIR" if is_directory else "REGULAR"
        return value

    def pieces(self, entry: Entry, children: Iterable[Entry] | None) -> list[bytes]:
        """The whole answer in pieces; of the children none is kept longer than its batch."""
        own = jackson.pretty(self.fields(entry, named=False))
        if children is None:
            return [_encoded(own)]
        pieces = [_encoded(own.removesuffix("\n}") + ',\n  "children" : [')]
        for number, batch in enumerate(_batches(children)):
            texts = (jackson.pretty(self.fields(child, named=True), depth=1) for child in batch)
            pieces.append(_encoded((", " if number else " ") + ", ".join(texts)))
        return [*pieces, b" ]\n}"]


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    rest = iter(entries)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _optional(entry: Entry) -> Fields:
    """About 1 kB more of each entry, as with the real one."""
    on_tape = "NEARLINE" in entry.locality
    latency = "NEARLINE" if on_tape else "ONLINE"
    policy = "CUSTODIAL" if on_tape else "REPLICA"
    group = "tape" if on_tape else "disk"
    value: Fields = {
        "acl": {"pnfsId": {"id": entry.pnfs_id}, "resourceType": "FILE", "list": [], "size": 0},
        "accessLatency": latency,
        "retentionPolicy": policy,
        "atime": entry.mtime_ms,
        "ctime": entry.ctime_ns // 1_000_000,
        "cacheClass": None,
        "group": 1000,
        "owner": 1000,
        "hsm": "osm",
        "storageClass": f"test:{group}",
        "storageInfo": {
            "hsm": "osm",
            "storageClass": f"test:{group}",
            "bitfileId": "<Unknown>",
            "group": group,
            "store": "test",
            "accessLatency": latency,
            "retentionPolicy": policy,
            "cacheClass": None,
            "isNew": False,
            "isStored": on_tape,
            "fileSize": entry.size,
            "locations": [f"osm://osm/?store=test&group={group}&bfid={entry.pnfs_id}"]
            if on_tape
            else [],
            "map": {"uid": "-1", "gid": "-1", "links": f"{entry.pnfs_id} {entry.name}"},
        },
        "suris": [],
    }
    return {key: item for key, item in value.items() if item is not None}
