"""What a request may do: the caveats of its macaroon, read in their order; or everything."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from rsdat.demo.door import paths

ACTIVITIES = frozenset(
    (
        "LIST",
        "DOWNLOAD",
        "MANAGE",
        "UPLOAD",
        "DELETE",
        "READ_METADATA",
        "UPDATE_METADATA",
        "STAGE",
    )
)
CAVEATS = ("iid", "id", "before", "home", "root", "path", "activity", "ip", "max-upload")
# What a path caveat leaves open above it: all that is on the way to it can be looked at.
_OPEN_ABOVE = ("LIST", "READ_METADATA")


class CaveatError(Exception):
    """A caveat is malformed, or refuses the request; the text goes into the reason phrase."""


@dataclass(frozen=True)
class Rights:
    """The sum of all caveats. `root` and `path` are of the served name space.

    `max_upload` is in bytes.
    """

    activities: frozenset[str] = ACTIVITIES
    root: str = "/"
    path: str = "/"
    home: str = "/"
    max_upload: int | None = None
    roles: tuple[str, ...] = ()
    expires: datetime | None = None

    def allows(self, activity: str, path: str) -> bool:
        """Whether something may be done at a path of the name space."""
        if activity != "READ_METADATA" and activity not in self.activities:
            return False
        if not _within(path, self.root):
            return False
        if _within(path, self.path):
            return True
        return activity in _OPEN_ABOVE and _within(self.path, path)

    def absolute(self, path: str) -> str:
        """A path that a client of a door gave: below its root, always."""
        return path if self.root == "/" else paths.normalise(f"{self.root}/{path}")

    def absolute_rest(self, path: str) -> str:
        """A path that a client of the frontend gave: below its root, or the full one."""
        return path if _within(path, self.root) else self.absolute(path)

    def shown(self, path: str) -> str:
        """A path of the name space as a client of a door sees it."""
        return path if self.root == "/" else path[len(self.root) :] or "/"

    def narrowed(self, caveat: str, client: str) -> Rights:
        """With one caveat more.

        Raises:
            CaveatError: It is unknown or malformed, or refuses this client now.
        """
        kind, value = split(caveat)
        if kind == "before":
            moment = moment_of(value)
            if moment <= datetime.now(timezone.utc):
                raise CaveatError(f"expired: {caveat}")
            soonest = moment if self.expires is None else min(moment, self.expires)
            return replace(self, expires=soonest)
        if kind == "root":
            root = paths.normalise(f"{self.root}/{value}")
            path = self.path if _within(self.path, root) else root
            return replace(self, root=root, path=path, home="/")
        if kind == "path":
            # Relative to the path so far; a full path inside of it opens nothing.
            return replace(self, path=paths.normalise(f"{self.path}/{value}"))
        if kind == "home":
            return replace(self, home=paths.normalise(value))
        if kind == "activity":
            return replace(self, activities=self._activities(value))
        if kind == "ip" and not _is_among(client, value):
            raise CaveatError(f"Client fails to match IP caveat {caveat}")
        if kind == "max-upload":
            if not value.isdecimal():
                raise CaveatError(f"Bad max-upload value: {value}")
            limit = int(value) if self.max_upload is None else min(int(value), self.max_upload)
            return replace(self, max_upload=limit)
        return self

    def _activities(self, value: str) -> frozenset[str]:
        wanted = frozenset(item.strip().upper() for item in value.split(","))
        for item in sorted(wanted - ACTIVITIES):
            raise CaveatError(f"Bad activity value: {item}")
        if wanted - self.activities - {"READ_METADATA"}:
            raise CaveatError(f"Bad activity value: {value} is wider than before")
        return wanted


EVERYTHING = Rights()


def split(caveat: str) -> tuple[str, str]:
    """Kind and value.

    Raises:
        CaveatError: No caveat of dCache's.
    """
    kind, colon, value = caveat.partition(":")
    if not colon or kind not in CAVEATS:
        raise CaveatError(f"Unknown caveat {kind}")
    return kind, value


def moment_of(text: str) -> datetime:
    """The moment of a `before` caveat; nanoseconds are cut to microseconds.

    Raises:
        CaveatError: It is none.
    """
    plain, dot, fraction = text.rstrip("Z").partition(".")
    try:
        moment = datetime.fromisoformat(f"{plain}{dot}{fraction[:6].ljust(6, '0') if dot else ''}")
    except ValueError as error:
        raise CaveatError(f"Bad before value: {text}") from error
    if not text.endswith("Z"):
        raise CaveatError(f"Bad before value: {text}")
    return moment.replace(tzinfo=timezone.utc)


def _within(path: str, folder: str) -> bool:
    return path == folder or paths.is_below(path, folder)


def _is_among(client: str, value: str) -> bool:
    try:
        address = ipaddress.ip_address(client)
        return any(
            address in ipaddress.ip_network(item.strip(), strict=False) for item in value.split(",")
        )
    except ValueError:
        return False
