"""Copies that dCache does by itself: its pool fetches the bytes, they don't pass this computer.

A door is asked to pull (`COPY` with `Source`) into a temporary name. Within one endpoint the pool
gets our credential, which that dCache has anyway. Another dCache never does: it gets a macaroon of
the source's door that is good for reading this one file for some hours, or nothing.

What goes wrong here is no failure: the bytes are streamed through this computer then.

Source: dCache's RemoteTransferHandler.java; answers as seen on 11.2.5.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timezone

import aiohttp

from rsdat.base.errors import (
    Conflict,
    DoorBroken,
    NoCredential,
    NoSpace,
    OnTape,
    RsdatError,
)
from rsdat.base.secret import Secret
from rsdat.dcache import minting, rest
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.entry import Entry
from rsdat.dcache.http import CONNECT_S, door_failure
from rsdat.dcache.read import check_readable
from rsdat.dcache.transfers.carry import Arrived, relay, same_entries
from rsdat.dcache.transfers.items import Way

_log = logging.getLogger(__name__)

#: Where it was refused, it is tried again after so long.
REFUSED_S = 900.0
#: Refusals in a row after which the door counts as unable.
MOST_REFUSALS = 2
#: dCache sends a marker every 5 s; without one for so long it is dead.
SILENCE_S = 90.0
#: A macaroon for the pool is good for this, and for the bytes at a slow rate.
_TOKEN_S = 3600.0
_SLOWEST = 1_000_000.0
_MOVED = "Stripe Bytes Transferred:"
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S)


@dataclass(frozen=True)
class Copied:
    """How a file was copied.

    Attributes:
        checksum: The kind that was compared; None if dCache has none.
        way: Which way it went from dCache to dCache; None for other files, and where an earlier
            companion copied it.
        streamed: Why its bytes came through this computer, where dCache might have copied it.
    """

    checksum: str | None
    way: Way | None = None
    streamed: str | None = None


def unable(origin: DCacheClient, client: DCacheClient) -> str:
    """In words, why bytes between two endpoints came through this computer."""
    one, other = _pair(origin, client)
    ends = f"within '{one}'" if one == other else f"from '{one}' to '{other}'"
    return f"dCache did not copy {ends} by itself"


class ThirdParty:
    """Copies between endpoints, and remembers which pairs of them can't do it themselves."""

    def __init__(self) -> None:
        self._refusals: dict[tuple[str, str], int] = {}
        self._until_s: dict[tuple[str, str], float] = {}

    async def copy(
        self,
        origin: DCacheClient,
        source: str,
        client: DCacheClient,
        target: str,
        *,
        replace: bool,
        arrived: Arrived,
    ) -> Copied:
        """Copy a file; by the doors themselves where they can, else through this computer.

        Args:
            origin: Where it comes from.
            source: Its literal path there.
            client: Where it goes.
            target: Its literal path there.
            replace: Whether something there is replaced.
            arrived: Told how far it is.

        Raises:
            Conflict: The name is taken (`exists`).
            OnTape: The source's only copy is on tape.
            RsdatError: dCache refused, or gave no usable answer.
        """
        why = unable(origin, client)
        try:
            entry = await origin.info(source, checksums=True)
        except DoorBroken:
            kind = None  # asked again, with pauses, by who streams it
        else:
            kind = await self.attempt(
                origin, entry, client, target, replace=replace, arrived=arrived
            )
            if not entry.checksums:
                why = "dCache has no checksum to compare a copy with"
        if kind is not None:
            return Copied(kind, "doors")
        kind = await relay(origin, source, client, target, replace=replace, arrived=arrived)
        return Copied(kind, "here", why)

    def may(self, origin: DCacheClient, client: DCacheClient) -> bool:
        """Whether it is worth an attempt: they did not refuse it a short while ago."""
        return time.monotonic() >= self._until_s.get(_pair(origin, client), 0.0)

    async def attempt(
        self,
        origin: DCacheClient,
        entry: Entry,
        client: DCacheClient,
        target: str,
        *,
        replace: bool,
        parents: bool = False,
        arrived: Arrived,
    ) -> str | None:
        """Copy a file by the doors themselves, where they can.

        Args:
            origin: As all these, as for `copy`.
            entry: The file there, with its checksums.
            client: Where it goes.
            target: Its literal path there.
            replace: Whether something there is replaced.
            parents: Whether to make folders that are missing.
            arrived: Told how far it is.

        Returns:
            The kind of checksum that was compared; None: they could not, and nothing is left of it.

        Raises:
            Conflict: The name is taken (`exists`).
            OnTape: The source's only copy is on tape.
            NoCredential: A door refused it. Who asks again soon has this whole computer blocked.
            NoSpace: There is no room for it, whoever brings the bytes.
        """
        if not entry.checksums or not self.may(origin, client):
            return None
        pair = _pair(origin, client)
        try:
            kind = await _pull(origin, entry, client, target, replace, parents, arrived)
        except (Conflict, NoCredential, NoSpace, OnTape):
            raise
        except RsdatError as error:
            # Its words may be a pool's about our request to it: for the log alone.
            _log.info("Third-party copy from %s to %s: %s", *pair, error.message)
            refusals = self._refusals[pair] = self._refusals.get(pair, 0) + 1
            if refusals >= MOST_REFUSALS:
                self._until_s[pair] = time.monotonic() + REFUSED_S
                self._refusals[pair] = 0
            return None
        self._refusals[pair] = 0
        return kind


def _pair(origin: DCacheClient, client: DCacheClient) -> tuple[str, str]:
    return origin.endpoint.name, client.endpoint.name


async def _pull(
    origin: DCacheClient,
    entry: Entry,
    client: DCacheClient,
    target: str,
    replace: bool,
    parents: bool,
    arrived: Arrived,
) -> str:
    size = check_readable(entry)
    arrived(0)

    async def send(temporary: str) -> Entry:
        authorization = await _authorization(origin, client, entry)
        await _order(origin, entry.path, client, temporary, authorization, arrived)
        there = await rest.info(client.http, temporary, checksums=True)
        if not same_entries(there, entry):
            raise DoorBroken("dCache's copy has other bytes", code="wrong_checksum")
        return there

    brought = await client.bring(target, send, replace=replace, parents=parents)
    arrived(size)
    await brought.place()
    common = set(brought.entry.checksums.items()) & set(entry.checksums.items())
    return sorted(kind.lower() for kind, _ in common)[0]


async def _authorization(origin: DCacheClient, client: DCacheClient, entry: Entry) -> Secret | None:
    """What the pool that fetches the file identifies itself with."""
    credential = await origin.endpoint.credential.header()
    if credential is None or origin.endpoint == client.endpoint:
        return credential
    minted = await minting.mint(
        origin.http,
        entry.path,
        activities=["DOWNLOAD"],
        validity_s=min(_TOKEN_S + (entry.size or 0) / _SLOWEST, minting.MOST_S),
        now=datetime.now(timezone.utc),
    )
    return Secret(f"Bearer {minted.token.reveal()}")


async def _order(
    origin: DCacheClient,
    source: str,
    client: DCacheClient,
    temporary: str,
    authorization: Secret | None,
    arrived: Arrived,
) -> None:
    """Have the pool fetch it, and follow its markers to the end."""
    headers = {
        "Source": str(origin.http.door_url(source)),
        "Credential": "none",
        # Compared by us, with what both sides have stored.
        "RequireChecksumVerification": "false",
        "Overwrite": "F",
    }
    if authorization is not None:
        headers["TransferHeaderAuthorization"] = authorization.reveal()
    url = client.http.door_url(temporary)
    async with client.http.exchange(
        "COPY",
        url,
        doing=f"copy '{source}'",
        path=source,
        ok=(201, 202),
        headers=headers,
        timeout=_TIMEOUT,
    ) as response:
        if response.status == 201:
            return
        last = ""
        try:
            async for line in _lines(response):
                if line.startswith(_MOVED):
                    moved = line.removeprefix(_MOVED).strip()
                    if moved.isdigit():
                        arrived(int(moved))
                elif line:
                    last = line
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            raise door_failure(url, error) from error
    if not last.lower().startswith("success"):
        raise DoorBroken(f"dCache could not copy it: {last[:200] or 'no word'}", code="no_copy")


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    async for line in response.content:
        yield line.decode(errors="replace").strip()
