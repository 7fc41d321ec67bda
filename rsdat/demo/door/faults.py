"""Faults on order, and a record of what was asked: how tests reach into the stand-in."""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

KINDS = (
    "status",
    "delay",
    "hang",
    "drop",
    "cut_upload",
    "cut_download",
    "no_space",
    "flip",
    "vanish",
    "dead_pool",
    "stall_download",
)
SERVERS = ("frontend", "redirect", "proxy", "pool")
_REMEMBERED = 100_000


@dataclass
class Fault:
    """What shall go wrong, for which requests and how often.

    `status` answers with that code; `delay` waits `seconds` first, `hang` for ever; `drop`
    closes the connection unanswered; `cut_upload` and `cut_download` close it after
    `at_bytes` of the body, `stall_download` sends nothing more then; `no_space` makes an upload
    fail with 507; `flip` inverts the byte of an answer's body at `at_bytes`; `vanish` deletes
    what the request is about before it is answered; `dead_pool` redirects to a port where nobody
    listens. Empty `server`,
    `method` and `prefix` (of the URL's path) fit every request. The first `skip` requests that fit
    are let through.
    """

    kind: str
    server: str = ""
    method: str = ""
    prefix: str = ""
    times: int = 1
    status: int = 503
    seconds: float = 0.0
    at_bytes: int = 0
    skip: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.server not in ("", *SERVERS):
            raise ValueError(f"no such fault: {self.kind} at {self.server!r}")

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Fault:
        """The inverse of a JSON object with these keys.

        Raises:
            ValueError: An unknown key, kind or server, or no kind.
        """
        unknown = set(value) - {item.name for item in fields(cls)}
        if unknown or "kind" not in value:
            raise ValueError(f"not a fault: {value}")
        return cls(**value)

    def fits(self, server: str, method: str, path: str) -> bool:
        """Whether it is meant for this request."""
        return (
            self.times > 0
            and self.server in ("", server)
            and self.method in ("", method)
            and path.startswith(self.prefix)
        )


@dataclass(frozen=True)
class Seen:
    """One request as it arrived. Never holds a credential."""

    server: str
    method: str
    path: str
    query: str
    range: str
    connection: int
    status: int = 0


class Faults:
    """The faults still to come and the requests that were seen."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._seen: deque[Seen] = deque(maxlen=_REMEMBERED)
        self._under_way: Counter[str] = Counter()
        self._most: Counter[str] = Counter()

    @contextlib.contextmanager
    def under_way(self, server: str, method: str) -> Iterator[None]:
        """A request is one of those that are worked on together, while the block runs."""
        kind = f"{server} {method}"
        self._under_way[kind] += 1
        self._most[kind] = max(self._most[kind], self._under_way[kind])
        try:
            yield
        finally:
            self._under_way[kind] -= 1

    def order(self, fault: Fault) -> None:
        """Let it happen to the next requests that fit."""
        self._waiting.append(fault)

    def take(self, server: str, method: str, path: str) -> Fault | None:
        """The fault for this request, if one is due; counts it down."""
        for fault in list(self._waiting):
            if fault.fits(server, method, path):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Forget all faults and all requests seen."""
        self._waiting.clear()
        self._seen.clear()
        self._most.clear()

    def note(self, seen: Seen) -> None:
        """Remember a request."""
        self._seen.append(seen)

    def report(self) -> dict[str, Any]:
        """All requests, in order of their answers; their numbers, and how many came at once.

        And how many faults are to come.
        """
        counts = Counter(f"{seen.server} {seen.method}" for seen in self._seen)
        return {
            "requests": [asdict(seen) for seen in self._seen],
            "counts": dict(counts),
            "most": dict(self._most),
            "faults": len(self._waiting),
        }
