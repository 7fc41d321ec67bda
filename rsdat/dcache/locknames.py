"""Names of the folders by which writers of one file take turns; see `swap.py`."""

from __future__ import annotations

import re

from rsdat.dcache.write import TEMPORARY_PREFIX

_PREFIX = re.escape(TEMPORARY_PREFIX)
_LOCK = re.compile(rf"{_PREFIX}(?:lock-.+|[0-9a-f]{{16}}\.lock)", re.DOTALL)
_TOKEN = re.compile(r"[0-9a-f]{16}")


def lock_of(name: str) -> str:
    """The name of the lock of a file of this name."""
    return f"{TEMPORARY_PREFIX}lock-{name}"


def waiting_lock(token: str) -> str:
    """The name of a lock that is prepared, or was taken away."""
    return f"{TEMPORARY_PREFIX}{token}.lock"


def is_lock_name(name: str) -> bool:
    """Whether a writer gives such a name to a folder."""
    return name.startswith(TEMPORARY_PREFIX) and _LOCK.fullmatch(name) is not None


def is_token(name: str) -> bool:
    """Whether a writer gives such a name to the one folder in a lock."""
    return _TOKEN.fullmatch(name) is not None
