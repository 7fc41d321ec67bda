"""What a bulk request does to one path, for each activity."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from rsdat.demo.door.durations import seconds_of
from rsdat.demo.door.rights import Rights
from rsdat.demo.door.tree import Entry, NotEmptyError

if TYPE_CHECKING:
    from rsdat.demo.door.site import Site

ACTIVITIES = ("PIN", "UNPIN", "DELETE", "UPDATE_QOS", "STAGE", "RELEASE", "LOG_TARGET")
_UNITS_S = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3600, "DAYS": 86400}
_PIN_S = 5 * 60.0
_STAGE_S = 2 * 86400.0
_NEEDS = {
    "STAGE": "STAGE",
    "UNPIN": "UPDATE_METADATA",
    "RELEASE": "UPDATE_METADATA",
    "DELETE": "DELETE",
}


@dataclass(frozen=True)
class Failure:
    """Why a target failed: dCache's class of it, and its words."""

    kind: str
    text: str


# It failed, it takes a while, or it is done.
Work = Failure | Callable[[], Awaitable[Failure | None]] | None


class Plan:
    """One request's activity, its arguments read."""

    def __init__(
        self,
        site: Site,
        activity: str,
        effect: Callable[[str, str, Entry, float | None, Rights], Work],
        *,
        takes_directories: bool,
    ) -> None:
        self._site = site
        self._activity = activity
        self._effect = effect
        self.takes_directories = takes_directories

    def begin(
        self, job_id: str, path: str, entry: Entry | None, rights: Rights, lifetime_s: float | None
    ) -> Work:
        """Do it to one path; what takes longer is to be awaited."""
        if entry is None:
            return missing(path)
        needed = _NEEDS.get(self._activity, "READ_METADATA")
        if self._site.refuses(rights, path, needed):
            return denied(path)
        return self._effect(job_id, path, entry, lifetime_s, rights)


def plan(site: Site, activity: str, arguments: dict[str, Any]) -> Plan | None:
    """Read the arguments; None if they can't be read, which dCache tells nobody."""
    try:
        return _plan(site, activity, arguments)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _plan(site: Site, activity: str, arguments: dict[str, Any]) -> Plan:
    if activity in ("STAGE", "PIN"):
        lifetimes, default_s = _lifetimes(activity, arguments)
        pin_id = str(arguments.get("id") or "")

        def stage(
            job_id: str, path: str, entry: Entry, lifetime_s: float | None, _rights: Rights
        ) -> Work:
            if lifetime_s is None:
                lifetime_s = lifetimes.get(path, default_s)
            return _stage(site, activity, pin_id or job_id, path, entry, lifetime_s)

        return Plan(site, activity, stage, takes_directories=False)
    if activity in ("UNPIN", "RELEASE"):
        of = arguments.get("id")

        def unpin(
            _job: str, path: str, _entry: Entry, _life: float | None, _rights: Rights
        ) -> Work:
            site.pins.end(path, None if of is None else str(of))
            return None

        return Plan(site, activity, unpin, takes_directories=False)
    if activity == "UPDATE_QOS":
        wanted = str(arguments["targetQos"])
        if wanted not in site.qos.NAMES:
            raise ValueError(wanted)

        def update(_job: str, path: str, entry: Entry, _life: float | None, rights: Rights) -> Work:
            if not site.qos.may_change(rights):
                return denied(path)
            return partial(_change, site, entry, wanted)

        return Plan(site, activity, update, takes_directories=False)
    if activity == "DELETE":
        skips = str(arguments.get("skipDirs", "false")).lower() == "true"

        def delete(
            _job: str, path: str, _entry: Entry, _life: float | None, _rights: Rights
        ) -> Work:
            try:
                site.tree.remove(path)
            except NotEmptyError:
                return Failure("CacheException", f"Directory is not empty: {path}")
            return None

        return Plan(site, activity, delete, takes_directories=not skips)
    return Plan(site, activity, lambda *_: None, takes_directories=True)


def _lifetimes(activity: str, arguments: dict[str, Any]) -> tuple[dict[str, float], float]:
    """Seconds by path, and for all others.

    `diskLifetime` must be a string that holds a JSON object; a plain duration is no such thing.
    """
    default_s = _PIN_S if activity == "PIN" else _STAGE_S
    if "lifetime" in arguments or "lifetimeUnit" in arguments:
        unit_s = _UNITS_S[str(arguments.get("lifetimeUnit", "MINUTES")).upper()]
        default_s = float(int(arguments.get("lifetime", 5)) * unit_s)
    given = arguments.get("diskLifetime") if activity == "STAGE" else None
    if given is None:
        return {}, default_s
    by_path = json.loads(given)
    return {path: seconds_of(text) for path, text in by_path.items()}, default_s


def _stage(site: Site, activity: str, pin: str, path: str, entry: Entry, lifetime_s: float) -> Work:
    if entry.locality == "ONLINE":
        if activity == "PIN":
            site.pins.add(path, pin, lifetime_s)
            return None
        return Failure("CacheException", "Cannot stage DISK only files")
    if entry.locality in ("LOST", "UNAVAILABLE", "NONE"):
        text = f"CacheException(rc=10011;msg=File is {entry.locality.lower()})"
        return Failure("CacheException", text)
    site.pins.add(path, pin, lifetime_s)
    return partial(_bring, site, pin, path)


async def _change(site: Site, entry: Entry, wanted: str) -> Failure | None:
    error = await site.qos.change(entry, wanted)
    return Failure("CacheException", error) if error else None


async def _bring(site: Site, pin: str, path: str) -> Failure | None:
    error = await site.stager.bring(path)
    if error:
        site.pins.end(path, pin)
        return Failure("CacheException", error)
    return None


def missing(path: str) -> Failure:
    """Nothing is there."""
    text = f"CacheException(rc=10001;msg=No such file or directory {path})"
    return Failure("FileNotFoundCacheException", text)


def denied(path: str) -> Failure:
    """The user may not."""
    return Failure("PermissionDeniedCacheException", f"Access denied: {path}")
