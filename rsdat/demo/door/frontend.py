"""The frontend: which REST route is answered where, and its errors in exact JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from aiohttp import web

from rsdat.demo.door import jackson, qos_routes
from rsdat.demo.door.auth import GIDS, UID, USER
from rsdat.demo.door.bulk_requests import BulkRequests
from rsdat.demo.door.discovery import doors
from rsdat.demo.door.event_routes import EventRoutes
from rsdat.demo.door.http import Call
from rsdat.demo.door.namespace import Namespace
from rsdat.demo.door.rest import RestError, json_answer, only, page
from rsdat.demo.door.site import Site
from rsdat.demo.door.stage_requests import StageRequests

_BASE = "/api/v1/"
Route = Callable[[Call, str], Awaitable[web.StreamResponse]]


class Frontend:
    """The REST service below `/api/v1`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        tape = StageRequests(site)
        # By prefix, the longest first; a handler gets the rest of the raw path.
        self._routes: list[tuple[str, Route]] = [
            ("namespace/", Namespace(site).answer),
            ("tape/stage", tape.stage),
            ("tape/release/", tape.release),
            ("tape/archiveinfo", tape.archive_info),
            ("bulk-requests", BulkRequests(site).answer),
            ("labels/", self._labels),
            ("events", EventRoutes(site).answer),
            ("quota", site.quotas.answer),
            ("qos-management", qos_routes.answer),
            ("space/tokens", _nothing),
            ("id/", _admins_only),
            ("restores", _admins_only),
            ("labels", _no_labels),
            ("user", self._user),
            ("doors", self._doors),
        ]

    async def answer(self, call: Call) -> web.StreamResponse:
        """Answer a request whose client was let in."""
        try:
            if not call.raw_path.startswith(_BASE):
                raise RestError(404, "HTTP 404 Not Found")
            rest = call.raw_path.removeprefix(_BASE)
            for prefix, route in self._routes:
                if rest.startswith(prefix) and (prefix.endswith("/") or _ends(rest, prefix)):
                    return await route(call, rest.removeprefix(prefix))
            raise RestError(404, "HTTP 404 Not Found")
        except RestError as error:
            return error.answer()

    async def _user(self, call: Call, _rest: str) -> web.StreamResponse:
        only(call, "GET", "HEAD")
        return json_answer(
            200,
            jackson.pretty(
                {
                    "status": "AUTHENTICATED",
                    "uid": UID,
                    "gids": list(GIDS),
                    "username": USER,
                    "homeDirectory": call.rights.home,
                    "rootDirectory": call.rights.root,
                }
            ),
        )

    async def _doors(self, call: Call, _rest: str) -> web.StreamResponse:
        only(call, "GET", "HEAD")
        return json_answer(200, jackson.compact(doors(self._site)))

    async def _labels(self, call: Call, rest: str) -> web.StreamResponse:
        """A virtual directory; its children are called `name-number`, which is no path."""
        only(call, "GET", "HEAD")
        tree = self._site.tree
        children = []
        offset, limit = page(call)
        found = list(enumerate(tree.store.labelled(unquote(rest)), start=1))
        for number, path in found[offset : None if limit is None else offset + limit]:
            entry = tree.find(path)
            if entry is not None:
                name = f"{entry.name}-{number}"
                children.append({"fileName": name, "sourcePath": name, "pnfsId": entry.pnfs_id})
        return json_answer(200, jackson.pretty({"fileType": "DIR", "children": children}))


async def _nothing(call: Call, _rest: str) -> web.StreamResponse:
    only(call, "GET", "HEAD")
    return json_answer(200, "[]")


async def _admins_only(_call: Call, _rest: str) -> web.StreamResponse:
    raise RestError(403, "Forbidden")


async def _no_labels(_call: Call, _rest: str) -> web.StreamResponse:
    # The real one says so even if there are labels.
    raise RestError(500, "there are no any labels added to files : ")


def _ends(rest: str, prefix: str) -> bool:
    return len(rest) == len(prefix) or rest[len(prefix)] == "/"
