"""Which keywords `DCacheFileSystem` takes: a misspelt one would be ignored, and be missed."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from rsdat.base.errors import InvalidInput
from rsdat.dcache.endpoint import OPTIONS

#: Named in the signature.
_OURS = (
    "endpoint",
    "block_size",
    "batch_size",
    "client_kwargs",
    "request_kwargs",
    "encoded",
    "asynchronous",
    "loop",
)
#: fsspec's own, of all file systems. Source: `AbstractFileSystem.__init__`, `_Cached.__call__` and
#: `DirCache.__init__` of fsspec 2024.6 to 2026.9.
_FSSPEC = (
    "use_listings_cache",
    "listings_expiry_time",
    "max_paths",
    "skip_instance_cache",
    "add_docs",
    "add_aliases",
)
#: What the nearest name is looked for among; the rest is seldom typed.
_TYPED = (*OPTIONS, *_OURS, *_FSSPEC[:4])


def refuse_unknown(given: Iterable[str]) -> None:
    """Nothing but what has a meaning, or what fsspec itself may pass.

    Raises:
        InvalidInput: There is another one (`unknown_option`).
    """
    for name in sorted(set(given) - {*OPTIONS, *_FSSPEC}):
        near = get_close_matches(name.lower(), _TYPED, 1, 0.6)
        raise InvalidInput(
            f"dcache has no option '{name}'",
            hint=f"Did you mean '{near[0]}'?"
            if near
            else f"There are: {', '.join((*_OURS, *OPTIONS))}.",
            code="unknown_option",
        )
