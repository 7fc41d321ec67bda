"""The part of `DCacheFileSystem` that fsspec has no words for: tape, checksums, labels, quota."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from fsspec.asyn import sync_wrapper

from rsdat.base.clock import SystemClock
from rsdat.base.errors import InvalidInput, NotFound, OnTape, RsdatError
from rsdat.dcache import details, paths, quota, requests, rest
from rsdat.dcache.adler import adler32
from rsdat.dcache.entry import Entry
from rsdat.dcache.fs_base import Connected
from rsdat.dcache.minting import LEAST_S, mint
from rsdat.dcache.orders.noted import Handed, note
from rsdat.dcache.oserrors import file_errors
from rsdat.dcache.rest import login_root
from rsdat.dcache.tape import MAX_PATHS

DEFAULT_KEEP = timedelta(days=7)
# What `info` gives by name, and what dCache must be asked for it.
_ASKED = {
    "locality": "locality",
    "checksums": "checksum",
    "labels": "labels",
    "xattrs": "xattr",
    "qos": "qos",
    "target_qos": "qos",
    "locations": "locations",
    "mode": "",
    "links": "",
    "mime": "",
    "pnfs_id": "",
    "owner": "optional",
    "group": "optional",
    "changed": "optional",
    "accessed": "optional",
    "access_latency": "optional",
    "retention_policy": "optional",
}
DETAILS = tuple(_ASKED)
_LOOK_EVERY_S = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0)
_ON_DISK = ("ONLINE", "ONLINE_AND_NEARLINE")
_SHOWN_IDS = 3
_log = logging.getLogger(__name__)


class Beyond(Connected):
    """dCache's own: details, checksums, labels, extended attributes, tape, quota."""

    async def _details(self, path: str, names: str | Iterable[str]) -> dict[str, Any]:
        """As `info`, with more of what dCache knows.

        Args:
            path: Of a file or folder.
            names: Any of `DETAILS`, or "all". The QoS costs dCache a question to another service.

        Raises:
            ValueError: An unknown name.
        """
        asked = list(DETAILS) if names == "all" else [names] if isinstance(names, str) else [*names]
        with file_errors():
            unknown = sorted(set(asked) - set(DETAILS))
            if unknown:
                raise InvalidInput(
                    f"There is no detail '{unknown[0]}'", hint=f"There are {', '.join(DETAILS)}."
                )
            flags = sorted({"locality", *(_ASKED[name] for name in asked)} - {""})
            http = (await self.connect()).http
            literal = self._strip_protocol(path)
            url = http.rest_url("namespace", literal, "&".join(f"{flag}=true" for flag in flags))
            answer = await http.ask("GET", url, doing=f"look at '{literal}'", path=literal)
            attributes = rest.json_object(answer)
            found = details.details_from_rest(literal, attributes)
        known = {
            "checksums": {
                kind.removesuffix("_TYPE").lower(): value
                for kind, value in found.entry.checksums.items()
            },
            "labels": list(found.labels),
            "xattrs": dict(found.xattrs),
            "locations": list(attributes.get("locations") or ()),
        }
        more = {
            name: known[name] if name in known else getattr(found, name, None)
            for name in asked
            if name not in ("locality", "mime", "pnfs_id")
        }
        return self.describe(found.entry) | more

    # ---------------------------------------------------------------- checksums

    async def _checksum(
        self, path: str, algorithm: str | None = None, compute: bool = False
    ) -> int | str:
        """A file's checksum at dCache; without `algorithm` a number that changes with the file.

        Args:
            path: Of a file.
            algorithm: Such as "adler32" or "md5".
            compute: Read the file and compute it, if dCache keeps none of that kind.

        Returns:
            Hexadecimal digits; without `algorithm` fsspec's number.

        Raises:
            FileNotFoundError: There is no such file, or dCache keeps no such checksum of it.
            ValueError: An unknown algorithm.
        """
        if algorithm is None:
            return int(hashlib.sha256(str(await self._info(path)).encode()).hexdigest()[:16], 16)
        kind = algorithm.lower().replace("-", "")
        with file_errors():
            if kind != "adler32" and kind not in ("md5", "sha1", "sha256", "sha512"):
                raise InvalidInput(
                    f"There is no checksum '{algorithm}'",
                    hint="There are adler32, md5, sha1, sha256 and sha512.",
                )
        stored: dict[str, str] = (await self._details(path, "checksums"))["checksums"]
        if kind in stored:
            return stored[kind].zfill(8) if kind == "adler32" else stored[kind]
        with file_errors():
            if compute:
                return await self._compute(path, kind)
            raise NotFound(
                f"dCache keeps no {algorithm} of '{path}'",
                hint=f"It keeps {', '.join(stored) or 'none'}; compute=True reads the file.",
                code="no_checksum",
            )

    async def _compute(self, path: str, kind: str) -> str:
        total, digest = 1, None if kind == "adler32" else hashlib.new(kind, usedforsecurity=False)
        async with (await self.connect()).open_read(path) as download:
            async for chunk in download:
                if digest is not None:
                    await asyncio.to_thread(digest.update, chunk)
                else:
                    total = adler32(chunk, total)
        return f"{total:08x}" if digest is None else digest.hexdigest()

    # ---------------------------------------------------------------- labels and attributes

    async def _xattrs(self, path: str) -> dict[str, str]:
        """The extended attributes of a file or folder."""
        return (await self._details(path, "xattrs"))["xattrs"]  # type: ignore[no-any-return]

    async def _set_xattr(self, path: str, attributes: Mapping[str, str]) -> None:
        """Set extended attributes; the others stay."""
        await self._change(path, set_xattrs=attributes)

    async def _rm_xattr(self, path: str, names: str | Sequence[str]) -> None:
        """Remove extended attributes; they must be there."""
        await self._change(path, remove_xattrs=_several(names))

    async def _labels(self, path: str) -> list[str]:
        """The labels of a file or folder."""
        return (await self._details(path, "labels"))["labels"]  # type: ignore[no-any-return]

    async def _add_label(self, path: str, labels: str | Sequence[str]) -> None:
        """Add one label or several; one that is there already is no error."""
        await self._change(path, add_labels=_several(labels))

    async def _remove_label(self, path: str, labels: str | Sequence[str]) -> None:
        """Remove one label or several; they must be there."""
        await self._change(path, remove_labels=_several(labels))

    async def _change(self, path: str, **changes: Any) -> None:
        with file_errors():
            await (await self.connect()).change_attributes(path, **changes)

    # ---------------------------------------------------------------- tape

    async def _locality(self, path: str | list[str]) -> Any:
        """Where the bytes are: ONLINE, NEARLINE (tape only) and so on.

        Returns:
            dCache's word, None for a folder; for a list a dictionary by path.
        """
        if not isinstance(path, list):
            return (await self._info(path))["locality"]
        return {entry.path: entry.locality for entry in await self._entries(path)}

    async def _entries(self, wanted: Sequence[str]) -> list[Entry]:
        """What is at each path.

        Raises:
            FileNotFoundError: There is nothing at one of them.
        """
        with file_errors():
            found = await (await self.connect()).find_all(wanted)
            for path, entry in zip(wanted, found, strict=True):
                if entry is None:
                    raise NotFound(f"There is no '{self._strip_protocol(path)}'", path=path)
        return [entry for entry in found if entry is not None]

    async def _stage(
        self,
        path: str | list[str],
        keep: float | timedelta = DEFAULT_KEEP,
        wait: float | timedelta | None = None,
    ) -> list[str]:
        """Ask for files to be brought from tape to disk, and to be kept there.

        Args:
            path: Files, patterns, or folders with everything in them.
            keep: How long, in seconds or as a timedelta.
            wait: Come back when all are on disk, at most so long. Tape takes minutes to hours.

        Returns:
            dCache's ids of the requests, one for each 500 files.

        Raises:
            OnTape: Not all came within `wait`; the requests go on. Of this and any other failure
                after dCache took requests `details["requests"]` has their ids, and Lab lists
                them among its orders, if the endpoint is configured.
        """
        return await self._order("stage", path, keep, wait)

    async def _pin(
        self, path: str | list[str], keep: float | timedelta = DEFAULT_KEEP
    ) -> list[str]:
        """Keep files on disk that are there already; what is on tape comes to disk.

        Args:
            path: As `stage`.
            keep: As `stage`.

        Returns:
            As `stage`.
        """
        return await self._order("pin", path, keep, None)

    async def _release(self, path: str | list[str]) -> bool:
        """End one's own pins on files, so that dCache may take them off the disk.

        Args:
            path: As `stage`.

        Returns:
            Whether dCache has done it; else it goes on with it.
        """
        with file_errors():
            files = await self._files_of(path)
            client = await self.connect()
            done = [
                await client.release(files[start : start + MAX_PATHS])
                for start in range(0, len(files), MAX_PATHS)
            ]
        return all(done)

    async def _order(
        self,
        activity: requests.Activity,
        path: str | list[str],
        keep: float | timedelta,
        wait: float | timedelta | None,
    ) -> list[str]:
        with file_errors():
            keep_s = _seconds(keep)
            if keep_s < 1:
                raise InvalidInput("Files are kept on disk for at least one second")
            files = await self._files_of(path)
            http = (await self.connect()).http
            root = await login_root(http)
            handed: list[Handed] = []
            try:
                for start in range(0, len(files), MAX_PATHS):
                    part = files[start : start + MAX_PATHS]
                    sent = SystemClock().now()
                    targets = [root + file for file in part]
                    request = await requests.submit(http, activity, targets, keep_s)
                    handed.append(Handed(part, request, sent))
                if wait is not None:
                    await self._wait_for(files, _seconds(wait))
            except BaseException as error:
                # dCache goes on with what it took, and nobody else knows of it.
                if handed:
                    order = await self._note(activity, root, handed, keep_s)
                    if isinstance(error, RsdatError):
                        _tell_handed(error, handed, order)
                raise
        return [each.request for each in handed]

    async def _note(
        self, activity: requests.Activity, root: str, handed: Sequence[Handed], keep_s: int
    ) -> str | None:
        """Have Lab list requests; the order's id, None where it can't."""
        try:
            return await asyncio.to_thread(note, self.endpoint, activity, root, handed, keep_s)
        except (RsdatError, OSError) as error:
            _log.warning("Lab is not told of files that come from tape: %s", error)
            return None

    async def _files_of(self, path: str | list[str]) -> list[str]:
        """Literal paths of the files that are meant.

        Raises:
            NotFound: There are none.
        """
        found: list[str] = []
        for entry in await self._entries(await self._expand_path(path)):
            if entry.is_folder:
                found += await self._find(entry.path)
            else:
                found.append(entry.path)
        if not found:
            raise NotFound(f"There are no files in '{path}'", code="no_files")
        return list(dict.fromkeys(found))

    async def _wait_for(self, files: Sequence[str], limit_s: float) -> None:
        client = await self.connect()
        missing = list(files)
        pauses = iter(_LOOK_EVERY_S)
        waited = 0.0
        while True:
            found = await self._locality(missing)
            missing = [name for name, where in found.items() if where not in _ON_DISK]
            if not missing:
                return
            pause = min(next(pauses, _LOOK_EVERY_S[-1]), limit_s - waited)
            if pause <= 0:
                # No TimeoutError: fsspec would take it for its own and drop the words.
                raise OnTape(
                    f"{len(missing)} of {len(files)} files are not on disk after {limit_s:g} s, "
                    f"such as '{missing[0]}'",
                    hint="Ask locality() later.",
                    path=missing[0],
                )
            await client.http.sleep(pause)
            waited += pause

    # ---------------------------------------------------------------- quota

    async def _quota(self) -> list[dict[str, Any]]:
        """What you and your main group have used and may use, in bytes by retention policy.

        Returns:
            For each quota `kind` ("user" or "group"), `id`, `used` and `limit`; the latter two by
            "custodial" (tape), "replica" (disk) and "output"; None is no limit.

        Raises:
            FileNotFoundError: dCache has no quota for you; the text says why.
        """
        with file_errors():
            found, reason = await quota.quotas((await self.connect()).http)
            if not found:
                raise NotFound(reason or "This dCache has no quota for you.", code="no_quota")
        return [each.as_dict() for each in found]

    # ---------------------------------------------------------------- macaroons

    async def _macaroon(
        self,
        path: str = "/",
        activities: str | Sequence[str] = ("DOWNLOAD", "LIST"),
        validity: float | timedelta = timedelta(days=1),
        ip: str | Sequence[str] = (),
    ) -> str:
        """A token that may do less than one's own, to hand out. It is a secret.

        Args:
            path: What it opens, with everything below.
            activities: Of LIST, DOWNLOAD, UPLOAD, DELETE, MANAGE, READ_METADATA, UPDATE_METADATA,
                STAGE.
            validity: Seconds or a timedelta, a minute to seven days; not longer than one's own.
            ip: Addresses or networks from which it may be used; none is no limit.

        Raises:
            ValueError: Something that can't be asked for.
            PermissionError: It would be wider than one's own.
        """
        with file_errors():
            minted = await mint(
                (await self.connect()).http,
                self._strip_protocol(path),
                activities=_several(activities),
                validity_s=_seconds(validity),
                ips=_several(ip),
                now=SystemClock().now(),
            )
        return minted.token.reveal()

    async def _sign(self, path: str, expiration: float = 100, **kwargs: Any) -> str:
        """A link that opens one file for reading, with a macaroon in it. It is a secret.

        Args:
            path: Of a file.
            expiration: How long, in seconds; a minute at least.
            **kwargs: Ignored, as fsspec does.
        """
        token = await self._macaroon(path, ("DOWNLOAD",), max(expiration, LEAST_S))
        door = self.endpoint.webdav_url
        return f"{door}{paths.encode(self._strip_protocol(path))}?authz={token}"

    macaroon = sync_wrapper(_macaroon)
    sign = sync_wrapper(_sign)
    checksum = sync_wrapper(_checksum)
    details = sync_wrapper(_details)
    xattrs = sync_wrapper(_xattrs)
    set_xattr = sync_wrapper(_set_xattr)
    rm_xattr = sync_wrapper(_rm_xattr)
    labels = sync_wrapper(_labels)
    add_label = sync_wrapper(_add_label)
    remove_label = sync_wrapper(_remove_label)
    locality = sync_wrapper(_locality)
    stage = sync_wrapper(_stage)
    pin = sync_wrapper(_pin)
    release = sync_wrapper(_release)
    quota = sync_wrapper(_quota)


def _tell_handed(error: RsdatError, handed: Sequence[Handed], order: str | None) -> None:
    """Add to an error which requests dCache has taken before it."""
    ids = [each.request for each in handed]
    error.details["requests"] = ids
    more = f" and {len(ids) - _SHOWN_IDS} more" if len(ids) > _SHOWN_IDS else ""
    several = "s" if len(ids) > 1 else ""
    words = f"dCache goes on with the request{several} {', '.join(ids[:_SHOWN_IDS])}{more}"
    if order is not None:
        error.details["order"] = order
        words += ", which Lab lists among its orders for tape"
    error.hint = f"{words}. {error.hint or ''}".strip()


def _several(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _seconds(given: float | timedelta) -> int:
    return int(given.total_seconds() if isinstance(given, timedelta) else given)
