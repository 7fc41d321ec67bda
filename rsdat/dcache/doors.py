"""Finds the address that was not given: a WebDAV door by the REST address, or the other way.

Sources: dCache's frontend serves its settings as `/scripts/config.js` (JSON if asked for) and all
doors as `/doors`; which of them is chosen follows ada (`get_webdav_door`). A door does not tell
where the frontend is: the usual ports are tried, without a credential.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from rsdat.base.errors import DoorBroken, InvalidInput, NoCredential, RsdatError
from rsdat.base.files import private_folder, read_json, write_json
from rsdat.dcache.credentials import Anonymous
from rsdat.dcache.endpoint import Endpoint
from rsdat.dcache.http import Http

FORMAT = 1
MEMORY = "doors.json"
_WEBDAV = "dcache-view.endpoints.webdav"
#: dCache's default for the frontend, and SURF's.
FRONTEND_PORTS = (3880, 22880)
#: Sites whose frontend is another computer than their doors.
_KNOWN = ((("grid.surfsara.nl", "grid.sara.nl"), "https://dcacheview.grid.surfsara.nl:22880"),)
_ASK = aiohttp.ClientTimeout(total=10.0, sock_connect=6.0)
_WAIT_S = 60.0
_MOST_REMEMBERED = 100


def completed(home: Path | None, endpoint: Endpoint) -> Endpoint:
    """As `complete`, blocking; may be called from anywhere."""
    if endpoint.complete:
        return endpoint
    if home is not None:
        endpoint = remembered(home, endpoint)
        if endpoint.complete:
            return endpoint
    # In a thread of its own: this one may be running an event loop already.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, complete(home, endpoint)).result(_WAIT_S)


async def complete(home: Path | None, endpoint: Endpoint) -> Endpoint:
    """The endpoint with both addresses.

    Args:
        home: `$RSDAT_HOME`, where what was found is remembered; None asks anew.
        endpoint: With at least one address.

    Raises:
        DoorBroken: The other can't be found out (`doors_unknown`), or dCache is not reached.
        NoCredential: dCache tells it to nobody without a valid one.
    """
    if home is not None and not endpoint.complete:
        endpoint = await asyncio.to_thread(remembered, home, endpoint)
    if endpoint.complete:
        return endpoint
    given = _given(endpoint)
    if endpoint.api_url:
        found = replace(endpoint, webdav_url=await _find_door(endpoint))
    else:
        found = replace(endpoint, api_url=await _find_frontend(endpoint))
    if home is not None:
        with suppress(OSError, RsdatError):  # it costs the question once more
            await asyncio.to_thread(_remember, home, given, found)
    return found


def remembered(home: Path, endpoint: Endpoint) -> Endpoint:
    """The endpoint with the address that was found for it before, if it was. Blocks."""
    if endpoint.complete:
        return endpoint
    known = _memory(home).get(_given(endpoint))
    if not isinstance(known, dict):
        return endpoint
    with suppress(InvalidInput, KeyError):
        return replace(endpoint, api_url=str(known["api_url"]), webdav_url=str(known["webdav_url"]))
    return endpoint


def _given(endpoint: Endpoint) -> str:
    return endpoint.api_url or endpoint.webdav_url


def _memory(home: Path) -> dict[str, Any]:
    try:
        doors = read_json(home / MEMORY, format_version=FORMAT).get("doors")
    except (OSError, RsdatError):
        return {}
    return doors if isinstance(doors, dict) else {}


def _remember(home: Path, given: str, found: Endpoint) -> None:
    doors = _memory(home)
    doors[given] = {"api_url": found.api_url, "webdav_url": found.webdav_url}
    private_folder(home)
    latest = dict(list(doors.items())[-_MOST_REMEMBERED:])
    write_json(home / MEMORY, {"doors": latest}, format_version=FORMAT)


async def _find_door(endpoint: Endpoint) -> str:
    origin = URL(endpoint.api_url, encoded=True).origin()
    http = Http(endpoint, busy_waits_s=())
    try:
        settings = await _json(http, origin.with_path("/scripts/config.js"))
        told = settings.get(_WEBDAV) if isinstance(settings, dict) else None
        if isinstance(told, str) and _usable(told, origin):
            return told.rstrip("/")
        doors = await _json(http, http.rest_url("doors"))
    finally:
        await http.close()
    best = best_door(doors, secure=origin.scheme == "https")
    if best is None:
        raise DoorBroken(
            f"{origin.host}:{origin.port} does not tell where its WebDAV doors are",
            hint="Give webdav_url too: the address that rclone or curl would use.",
            code="doors_unknown",
        )
    return best


def best_door(doors: Any, *, secure: bool) -> str | None:
    """The address of the door to use, out of the frontend's list of all.

    It shows the whole tree and lets everybody read and write; of such the one with most tags (it
    is advertised), on port 443, with the least load.

    Args:
        doors: As the frontend gives them.
        secure: Only https; else http will do.
    """
    fitting = (
        [
            door
            for door in doors
            if isinstance(door, dict)
            if door.get("protocol") in (("https",) if secure else ("https", "http"))
            and door.get("root") in ("/", None)
            and "/" in (door.get("readPaths") or ["/"])
            and "/" in (door.get("writePaths") or ["/"])
            and door.get("addresses")
            and isinstance(door.get("port"), int)
        ]
        if isinstance(doors, list)
        else []
    )

    def rank(door: dict[str, Any]) -> tuple[int, bool, bool, float]:
        load = door.get("load")
        return (
            -len(door.get("tags") or ()),
            door["protocol"] != "https",
            door["port"] != 443,
            load if isinstance(load, (int, float)) else 0.0,
        )

    for door in sorted(fitting, key=rank):
        with suppress(ValueError, TypeError):
            url = URL.build(
                scheme=door["protocol"], host=str(door["addresses"][0]), port=door["port"]
            )
            return str(url).rstrip("/")
    return None


async def _find_frontend(endpoint: Endpoint) -> str:
    door = URL(endpoint.webdav_url, encoded=True)
    candidates = frontend_candidates(door)
    answers = await asyncio.gather(*(_is_frontend(endpoint, each) for each in candidates))
    for candidate, found in zip(candidates, answers, strict=True):
        if found:
            return f"{candidate}/api/v1"
    tried = ", ".join(candidate.removeprefix(f"{door.scheme}://") for candidate in candidates)
    raise DoorBroken(
        f"The REST address that belongs to {door.host}:{door.port} can't be found out: no frontend "
        f"answers at {tried}",
        hint="Give the REST address (api_url) too: https://HOST:PORT/api/v1, as dCacheView's.",
        code="doors_unknown",
    )


def frontend_candidates(door: URL) -> list[str]:
    """Where the frontend of a door may be, the likeliest first."""
    host = door.host or ""
    found = [
        origin
        for domains, origin in _KNOWN
        if any(host == domain or host.endswith("." + domain) for domain in domains)
    ]
    found += [
        str(URL.build(scheme=door.scheme, host=host, port=port)).rstrip("/")
        for port in (*FRONTEND_PORTS, door.port)
    ]
    return list(dict.fromkeys(found))


async def _is_frontend(endpoint: Endpoint, origin: str) -> bool:
    # Never with the credential: who listens there is not known yet.
    stranger = replace(endpoint, credential=Anonymous(), api_url=f"{origin}/api/v1")
    http = Http(stranger, busy_waits_s=())
    try:
        settings = await _json(http, URL(origin).with_path("/scripts/config.js"))
        if isinstance(settings, dict) and any(key.startswith("dcache-view.") for key in settings):
            return True
        user = await _json(http, http.rest_url("user"))
        return isinstance(user, dict) and user.get("status") in ("ANONYMOUS", "AUTHENTICATED")
    except NoCredential as error:
        # A service that lets no stranger in says so to every path. At the frontend's own port it
        # is taken for one; at the door's it is the door.
        is_door = URL(origin) == URL(endpoint.webdav_url, encoded=True).origin()
        return error.details.get("status") == 401 and not is_door
    except RsdatError:
        return False
    finally:
        await http.close()


async def _json(http: Http, url: URL) -> Any:
    """What is there, if it is JSON; None if there is nothing.

    Raises:
        NoCredential: The service wants another credential; not asked again.
        DoorBroken: Nobody answers.
    """
    try:
        answer = await http.ask(
            "GET",
            url,
            doing="find the doors",
            headers={"Accept": "application/json"},
            timeout=_ASK,
        )
    except NoCredential:
        raise
    except DoorBroken as error:
        if "status" in error.details or error.code == "not_dcache":
            return None
        raise
    except RsdatError:
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def _usable(url: str, origin: URL) -> bool:
    try:
        parsed = URL(url, encoded=True)
    except ValueError:
        return False
    schemes: Sequence[str] = ("https",) if origin.scheme == "https" else ("https", "http")
    return parsed.scheme in schemes and bool(parsed.host) and not parsed.query_string
