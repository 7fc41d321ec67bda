"""One order as it lies on disk: a folder of its own with what was asked for and how far it is.

`order.json` is small and replaced at each step; the paths, up to 200 000 of them, are written once
into `asked` and `targets`, one a line as JSON. `seen` is an empty file, so that a companion that
does not follow the order can leave that note too.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from rsdat.base.clock import from_iso, to_iso, to_iso_ms
from rsdat.base.errors import Conflict, NotFound
from rsdat.base.files import read_json, write_bytes, write_json
from rsdat.dcache.requests import Activity, State

FORMAT = 1
OrderState = Literal["running", "done", "failed", "cancelled"]
SHOWN_PATHS = 100
_LETTERS: Mapping[State, str] = {
    "waiting": "w",
    "running": "r",
    "done": "d",
    "failed": "f",
    "cancelled": "c",
}
_STATES: Mapping[str, State] = {letter: state for state, letter in _LETTERS.items()}


@dataclass
class Part:
    """Up to 500 targets that are one request to dCache.

    Attributes:
        first: Place of its first target.
        states: A letter for each target.
        request: dCache's id, once it has taken it.
        sent: When that was.
        lost: How often dCache did not know it any more.
        on_disk: Of so many nothing has to be read from tape; None as long as that is not known.
    """

    first: int
    states: str
    request: str | None = None
    sent: datetime | None = None
    lost: int = 0
    on_disk: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether a target of it may still change."""
        return "w" in self.states or "r" in self.states


@dataclass
class Order:
    """An order of a user.

    Attributes:
        id: Of the order, not of dCache's requests.
        endpoint: Name of the endpoint.
        activity: What is to be done.
        paths: The first hundred of what was asked for.
        recursive: Whether also what lies deeper in folders.
        keep_s: How long to keep files on disk; None for release.
        created: When it was asked for.
        root: What dCache wants in front of paths.
        state: As the contract has it.
        ended: When it did.
        parts: None until the folders were looked through.
        bytes: Of all targets, as far as known.
        messages: Why targets failed, by their place.
        problem: What keeps the order from going on, or why it failed.
        seen: The user was told how it ended.
    """

    id: str
    endpoint: str
    activity: Activity
    paths: Sequence[str]
    recursive: bool
    keep_s: int | None
    created: datetime
    root: str | None = None
    state: OrderState = "running"
    ended: datetime | None = None
    parts: list[Part] | None = None
    bytes: int | None = None
    messages: dict[int, str] = field(default_factory=dict)
    problem: dict[str, Any] | None = None
    seen: bool = False

    def counts(self) -> Counter[State]:
        """How many targets are in each state."""
        # For 200 000 targets, and for each look at the list: a Counter of letters takes ten times
        # as long.
        parts = self.parts or ()
        numbers = {
            state: sum(part.states.count(letter) for part in parts)
            for letter, state in _STATES.items()
        }
        return Counter({state: number for state, number in numbers.items() if number})

    def state_of(self, number: int) -> State:
        """How a target is."""
        for part in self.parts or ():
            if part.first <= number < part.first + len(part.states):
                return _STATES[part.states[number - part.first]]
        raise IndexError(number)

    def set_state(self, part: Part, place: int, state: State, message: str | None = None) -> bool:
        """Note how a target is; whether that is news."""
        if part.states[place] == _LETTERS[state]:
            return False
        part.states = part.states[:place] + _LETTERS[state] + part.states[place + 1 :]
        if message is not None:
            self.messages[part.first + place] = message
        return True

    def ready_estimate(self, now: datetime) -> datetime | None:
        """When all will be done, by the rate so far; None as long as there is none.

        As long as something comes from tape, that is tape's rate: what is on disk already is done
        within seconds, and says nothing of it.
        """
        if self.state != "running" or self.activity == "release":
            return None
        found = [_from_tape(part) for part in self.parts or ()]
        done, left = sum(done for done, _ in found), sum(left for _, left in found)
        if not left:
            counts = self.counts()
            done, left = counts["done"], counts["waiting"] + counts["running"]
        return now + (now - self.created) / done * left if done and left else None

    def pins_until(self, part: Part) -> datetime | None:
        """Until when what is done of a part is kept on disk, at least."""
        if self.keep_s is None or part.sent is None:
            return None
        return part.sent + timedelta(seconds=self.keep_s)

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """The TapeRequest of `docs/api.yaml`, without its targets."""
        counts = self.counts()
        estimate = self.ready_estimate(now)
        return {
            "id": self.id,
            "endpoint": self.endpoint,
            "activity": self.activity,
            "state": self.state,
            "paths": list(self.paths),
            "keep": self.keep_s,
            "created": to_iso(self.created),
            "ended": None if self.ended is None else to_iso(self.ended),
            "files": {
                "total": None if self.parts is None else sum(counts.values()),
                "done": counts["done"],
                "failed": counts["failed"],
            },
            "bytes": self.bytes,
            "ready_estimate": None if estimate is None else to_iso(estimate),
            "problem": self.problem,
            "seen": self.seen,
        }


def _from_tape(part: Part) -> tuple[int, int]:
    """How many have come from tape, and how many will; what is on disk is done first."""
    left = part.states.count("w") + part.states.count("r")
    on_disk = part.on_disk or 0
    done = max(part.states.count("d") - on_disk, 0)
    return done, left - max(on_disk - (len(part.states) - left), 0)


def new_id(now: datetime) -> str:
    """The name of a new order."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


class OrderFolder:
    """The files of one order. All methods block: call them in a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        self.record = path / "order.json"
        self.lock = path / ".lock"
        self._seen = path / "seen"

    def create(
        self, order: Order, asked: Iterable[str], targets: Iterable[str] | None = None
    ) -> None:
        """Write a new order; the record last: from then on it may be followed.

        Args:
            order: The record.
            asked: Paths as they were asked for.
            targets: The files that come of them, where they are known.

        Raises:
            NoSpace: There is no room; nothing of it is left.
        """
        self.path.mkdir(mode=0o700)
        try:
            self.write_paths("asked", asked)
            if targets is not None:
                self.write_paths("targets", targets)
            self.save(order)
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise

    def save(self, order: Order) -> None:
        """Replace the record.

        Raises:
            NotFound: The order was deleted meanwhile, maybe by another companion.
            NoSpace: There is no room; the old record stands.
        """
        try:
            write_json(self.record, _to_json(order), format_version=FORMAT)
        except FileNotFoundError as error:
            raise gone(order.id) from error

    def load(self) -> Order:
        """Read the record.

        Raises:
            NotFound: There is none.
            Conflict: It is damaged, or a newer rsdat wrote it.
        """
        try:
            value = read_json(self.record, format_version=FORMAT)
        except FileNotFoundError as error:
            raise gone(self.id) from error
        try:
            order = _from_json(value)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Conflict(f"The order '{self.id}' is damaged", code="damaged_file") from error
        return replace(order, seen=self._seen.exists())

    def stamp(self) -> tuple[int, bool]:
        """What changes when the record or the note does; FileNotFoundError without a record."""
        return self.record.stat().st_mtime_ns, self._seen.exists()

    def see(self) -> None:
        """Note that the user was told how it ended."""
        try:
            self._seen.touch(mode=0o600)
        except FileNotFoundError as error:
            raise gone(self.id) from error

    def write_paths(self, name: Literal["asked", "targets"], paths: Iterable[str]) -> None:
        """Write a list of paths."""
        lines = "".join(json.dumps(path) + "\n" for path in paths)
        write_bytes(self.path / name, lines.encode())

    def read_paths(self, name: Literal["asked", "targets"]) -> list[str]:
        """Read a list of paths; empty if there is none."""
        try:
            lines = (self.path / name).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines]

    def place_of(self, path: str) -> int | None:
        """Which target a path is."""
        try:
            lines = (self.path / "targets").read_bytes().splitlines()
        except FileNotFoundError:
            return None
        try:
            return lines.index(json.dumps(path).encode())
        except ValueError:
            return None

    def delete(self) -> None:
        """Remove it, in one step for all who look."""
        beside = self.path.with_name(f".{self.id}.gone")
        try:
            self.path.rename(beside)
        except FileNotFoundError:
            return
        shutil.rmtree(beside, ignore_errors=True)


def gone(order_id: str) -> NotFound:
    """The error for an order that is not there."""
    return NotFound(
        f"There is no order '{order_id}'", hint="It may have been deleted.", code="order_gone"
    )


def split(waiting: Sequence[bool], on_disk: Sequence[bool], size: int) -> list[Part]:
    """Parts for targets, in their order; those that need no request (not `waiting`) are done."""
    return [
        Part(
            first,
            "".join("w" if each else "d" for each in waiting[first : first + size]),
            on_disk=sum(on_disk[first : first + size]),
        )
        for first in range(0, len(waiting), size)
    ]


def _to_json(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "endpoint": order.endpoint,
        "activity": order.activity,
        "paths": list(order.paths),
        "recursive": order.recursive,
        "keep": order.keep_s,
        # The latest word on a file counts, and two may be said within a second.
        "created": to_iso_ms(order.created),
        "root": order.root,
        "state": order.state,
        "ended": None if order.ended is None else to_iso(order.ended),
        "parts": None
        if order.parts is None
        else [
            {
                "first": part.first,
                "states": part.states,
                "request": part.request,
                "sent": None if part.sent is None else to_iso(part.sent),
                "lost": part.lost,
                "on_disk": part.on_disk,
            }
            for part in order.parts
        ],
        "bytes": order.bytes,
        "messages": {str(number): text for number, text in order.messages.items()},
        "problem": order.problem,
    }


def _from_json(value: dict[str, Any]) -> Order:
    parts = value["parts"]
    return Order(
        id=value["id"],
        endpoint=value["endpoint"],
        activity=value["activity"],
        paths=value["paths"],
        recursive=value["recursive"],
        keep_s=value["keep"],
        created=from_iso(value["created"]),
        root=value["root"],
        state=value["state"],
        ended=_moment(value["ended"]),
        parts=None
        if parts is None
        else [
            Part(
                part["first"],
                part["states"],
                part["request"],
                _moment(part["sent"]),
                part["lost"],
                part.get("on_disk"),
            )
            for part in parts
        ],
        bytes=value["bytes"],
        messages={int(number): text for number, text in value["messages"].items()},
        problem=value["problem"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)
