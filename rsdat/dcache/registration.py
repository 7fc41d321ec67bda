"""Who `dcache://` belongs to when dcachefs is installed as well: to us, said once."""

from __future__ import annotations

import importlib.util
import warnings

import fsspec

PROTOCOL = "dcache"


def take_protocol(cls: type) -> None:
    """Let fsspec use our class, also if dcachefs registered its own before or will do so later.

    fsspec asks its registry of loaded classes first, so that a later `import dcachefs`, which
    enters the name of its class only, changes nothing.
    """
    fsspec.register_implementation(PROTOCOL, cls, clobber=True)
    if importlib.util.find_spec("dcachefs") is not None:
        warnings.warn(
            "dcachefs is installed too: dcache:// addresses are served by rsdat, which takes the "
            "same keywords. Uninstall dcachefs, or use dcachefs.dCacheFileSystem by its name.",
            stacklevel=2,
        )
