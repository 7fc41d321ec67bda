"""Sees to it that no door gets to refuse a credential for the third time.

dCache blocks everybody behind an address for ten seconds after the third 401 within 20 s of each
other; a success in between does not count (seen on 11.2.5). A panel that opens asks several things
at once: of a credential that the door has not taken lately, one request goes ahead, and never more
than may be refused are under way. Requests that are under way when a door begins to refuse what it
has just taken can't be called back; all others are held.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from yarl import URL

from rsdat.base.clock import Clock, SystemClock
from rsdat.base.errors import NoCredential, RsdatError
from rsdat.base.limit import within
from rsdat.base.secret import Secret
from rsdat.dcache.macaroon import ended, expiry_of

REFUSED_S = 20.0
MOST = 2
#: A refusal comes at once; a large listing takes half a minute, and nobody waits for that.
PATIENCE_S = 0.3
#: Where as many are under way as may be refused; an upload by way of the door takes minutes.
FULL_S = 3.0
#: Of one that was refused once the answer is waited for: the next refusal is the last but one.
WARNED_S = 10.0
#: What a door has taken it takes for so long. Afterwards, when the laptop has slept or nobody has
#: asked for a while, one request goes ahead again.
TAKEN_FOR_S = 30.0
_BEARER = "Bearer "


@dataclass
class _Refused:
    credential: Secret
    times: int
    last: float
    error: RsdatError | None = None


class _Trial:
    """Requests under way with a credential of which nobody knows whether the door takes it."""

    def __init__(self) -> None:
        self.running = 0
        self.answered = asyncio.Event()

    def ended(self) -> None:
        self.running -= 1
        answered, self.answered = self.answered, asyncio.Event()
        answered.set()


class Refusals:
    """Of one client's doors, in one event loop.

    Args:
        clock: What the time is.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._refused: dict[URL, _Refused] = {}
        self._taken: dict[URL, tuple[Secret, float]] = {}
        self._trials: dict[URL, _Trial] = {}
        self._ends: tuple[Secret, datetime | None] | None = None

    async def enter(self, door: URL, credential: Secret) -> bool:
        """Pass when this credential may be sent to this door; `leave` afterwards.

        Returns:
            Whether it is sent on trial, for `leave`.

        Raises:
            NoCredential: It was refused twice within seconds, or has ended.
        """
        begin = self._clock.monotonic_s()
        while True:
            warned = self._check(door, credential)
            if self._is_taken(door, credential):
                return False
            trial = self._trials.setdefault(door, _Trial())
            free, full_s = (MOST - 1, WARNED_S) if warned else (MOST, FULL_S)
            patience_s = PATIENCE_S if trial.running < free else full_s
            left_s = begin + patience_s - self._clock.monotonic_s()
            if not trial.running or left_s <= 0:
                trial.running += 1
                return True
            with suppress(asyncio.TimeoutError):
                await within(left_s, trial.answered.wait())

    def _is_taken(self, door: URL, credential: Secret) -> bool:
        taken, when = self._taken.get(door, (None, 0.0))
        return taken == credential and self._clock.monotonic_s() - when < TAKEN_FOR_S

    def leave(
        self, door: URL, credential: Secret, status: int | None, *, on_trial: bool = False
    ) -> None:
        """The door has answered, or failed to (None)."""
        now = self._clock.monotonic_s()
        if status == 401:
            self._taken.pop(door, None)
            known = self._refused.get(door)
            again = (
                known is not None
                and known.credential == credential
                and now - known.last < REFUSED_S
            )
            times = known.times + 1 if known is not None and again else 1
            self._refused[door] = _Refused(credential, times, now)
        elif status is not None and status != 429:
            self._taken[door] = (credential, now)
        trial = self._trials.get(door)
        if on_trial and trial is not None:
            trial.ended()
            if not trial.running:
                del self._trials[door]

    def explain(self, door: URL, error: RsdatError) -> None:
        """In which words it was refused last."""
        known = self._refused.get(door)
        if known is not None:
            known.error = error

    def _check(self, door: URL, credential: Secret) -> bool:
        """Raises if it must not be sent; whether it was refused before."""
        ends = self._end_of(credential)
        if ends is not None and ends <= self._clock.now():
            raise ended(ends)
        known = self._refused.get(door)
        if known is None or known.credential != credential:
            return False
        if self._clock.monotonic_s() - known.last >= REFUSED_S:
            return False
        if known.times >= MOST:
            error = known.error
            raise NoCredential(
                "dCache refused the credential" if error is None else error.message,
                hint="Get a new token and put it where the old one is. The old one is not tried "
                f"again for {REFUSED_S:g} s: the third time would block everybody on this "
                "computer.",
                **({} if error is None else error.details),
            )
        return True

    def _end_of(self, credential: Secret) -> datetime | None:
        """When a bearer token ends by its own words; decoded once."""
        if self._ends is None or self._ends[0] != credential:
            text = credential.reveal()
            ends = expiry_of(text.removeprefix(_BEARER)) if text.startswith(_BEARER) else None
            self._ends = (credential, ends)
        return self._ends[1]
