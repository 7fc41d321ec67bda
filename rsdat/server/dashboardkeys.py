"""Keys that open the dashboard of one cluster and nothing else of the Jupyter server."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

#: A key that nobody used for so long is forgotten; an open tab uses its own at every reconnection.
LIFE_S = 24 * 3600.0
_MOST = 1000


@dataclass
class _Key:
    cluster: str
    used: float


class DashboardKeys:
    """The keys, in memory only: a restart of the server ends them, and pages ask for new ones.

    A page of a scheduler runs in a frame of an origin of its own, so that it can't act as the user
    in Jupyter. Such a frame sends no cookies; the key in its address says instead which cluster it
    may see.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._keys: dict[str, _Key] = {}

    def key_of(self, cluster: str) -> str:
        """A key for a cluster; the same for all its pages while it lives."""
        self._forget_old()
        for key, known in self._keys.items():
            if known.cluster == cluster:
                known.used = self._clock()
                return key
        key = secrets.token_urlsafe(32)
        self._keys[key] = _Key(cluster, self._clock())
        return key

    def cluster_of(self, key: str) -> str | None:
        """The cluster that a key opens; None if it opens none."""
        self._forget_old()
        # A dictionary finds by hash: nothing can be learnt by timing of 256 random bits.
        known = self._keys.get(key)
        if known is None:
            return None
        known.used = self._clock()
        return known.cluster

    def _forget_old(self) -> None:
        oldest = self._clock() - LIFE_S
        for key in [key for key, known in self._keys.items() if known.used < oldest]:
            del self._keys[key]
        while len(self._keys) > _MOST:
            del self._keys[min(self._keys, key=lambda key: self._keys[key].used)]
