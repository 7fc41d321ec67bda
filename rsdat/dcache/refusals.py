"""Remembers which credential a door refused, so that it never gets to the third time.

dCache blocks everybody behind an address for ten seconds after the third 401 within 20 s of each
other; a success in between does not count (seen on 11.2.5).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from yarl import URL

from rsdat.base.errors import NoCredential, RsdatError
from rsdat.base.secret import Secret

REFUSED_S = 20.0
MOST = 2


class Refusals:
    """Of one client's doors.

    Args:
        now: Seconds that never run backwards.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        # By door: the credential, how often it was refused, when last, and in which words.
        self._known: dict[URL, tuple[Secret, int, float, RsdatError]] = {}

    def check(self, door: URL, credential: Secret) -> None:
        """Pass if this credential may be sent to this door.

        Raises:
            NoCredential: It was refused twice within seconds.
        """
        known = self._known.get(door)
        if known is None:
            return
        refused, times, last, error = known
        if refused == credential and times >= MOST and self._now() - last < REFUSED_S:
            raise NoCredential(
                error.message,
                hint="Get a new token and put it where the old one is. The old one is not tried "
                f"again for {REFUSED_S:g} s: the third time would block everybody on this "
                "computer.",
                **error.details,
            )

    def note(self, door: URL, credential: Secret, error: RsdatError) -> None:
        """The door refused it once more."""
        now = self._now()
        refused, times, last, _ = self._known.get(door, (None, 0, now, error))
        again = refused == credential and now - last < REFUSED_S
        self._known[door] = (credential, times + 1 if again else 1, now, error)
