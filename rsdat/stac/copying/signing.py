"""Addresses that must be signed: by the modifier of planetary-computer and the like, in time."""

from __future__ import annotations

import asyncio
import copy
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pystac

from rsdat.base.errors import InvalidInput
from rsdat.stac.copying.facts import Job

#: Signed items that are kept: their other assets come next.
_KEPT = 256


class Signer:
    """Gives the signed address of an asset, shortly before it is read.

    Args:
        modifier: As pystac-client's: changes the item in place, or returns another one.
    """

    def __init__(self, modifier: Callable[[Any], Any]) -> None:
        self._modifier = modifier
        self._signed: OrderedDict[int, pystac.Item] = OrderedDict()

    async def __call__(self, job: Job, anew: bool) -> str:
        """The address of a job's source; `anew` if the last one was refused."""
        if job.signed_by is None:
            return job.source
        key = id(job.signed_by)
        if anew or key not in self._signed:
            self._signed[key] = await asyncio.to_thread(self._sign, job)
            while len(self._signed) > _KEPT:
                self._signed.popitem(last=False)
        return self._signed[key].assets[job.keys[0]].href

    def _sign(self, job: Job) -> pystac.Item:
        item = pystac.Item.from_dict(copy.deepcopy(dict(job.signed_by or {})))
        found = self._modifier(item)
        found = item if found is None else found
        if isinstance(found, dict):
            found = pystac.Item.from_dict(found)
        if not isinstance(found, pystac.Item):
            raise InvalidInput(f"The modifier returned a {type(found).__name__}, not an item")
        return found
