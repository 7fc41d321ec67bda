"""Searching STAC APIs: thin over pystac-client, errors in words, nothing of the user's sent."""

from __future__ import annotations

from rsdat.stac.searching.python import search

__all__ = ["search"]
