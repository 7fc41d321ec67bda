"""Items whose assets are copied in tests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timezone

import pystac

_CODES = {"sha1": "11", "sha256": "12", "sha512": "13", "md5": "d501"}


def item(id_: str, hrefs: Mapping[str, str]) -> pystac.Item:
    """An item with assets at these addresses."""
    made = pystac.Item(id_, None, None, datetime(2024, 1, 1, tzinfo=timezone.utc), {})
    for key, href in hrefs.items():
        made.add_asset(key, pystac.Asset(href))
    return made


def multihash(kind: str, data: bytes) -> str:
    """What `file:checksum` says of these bytes."""
    digest = hashlib.new(kind, data)
    return f"{_CODES[kind]}{digest.digest_size:02x}{digest.hexdigest()}"
