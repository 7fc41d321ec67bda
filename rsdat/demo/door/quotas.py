"""Quotas: what is used and allowed of each kind of storage; bytes."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from rsdat.demo.door import jackson
from rsdat.demo.door.auth import GIDS, UID
from rsdat.demo.door.http import Call
from rsdat.demo.door.rest import RestError, is_true, json_answer, only

_KINDS = ("custodial", "replica", "output")
_OWN = {"user": (UID,), "group": GIDS}


class Quotas:
    """Quotas of users and groups.

    As with the real server uploads don't show in what is used, and are not refused: that lags by
    minutes. Only what was set with `enforce` counts at once, and refuses with 507.
    """

    def __init__(self) -> None:
        self.configured = True
        self._enforced = False
        self._known: dict[str, list[dict[str, Any]]] = {"user": [], "group": []}

    def set(self, kind: str, quotas: list[dict[str, Any]], *, enforce: bool) -> None:
        """Replace the quotas of `user` or `group`.

        Each has `id`, and of `custodial`, `replica`, `output` and the same with `Limit` those
        that are not 0, or null for no limit.

        Raises:
            ValueError: A key is unknown.
        """
        keys = {"id", *_KINDS, *(f"{each}Limit" for each in _KINDS)}
        made = []
        for quota in quotas:
            if quota.keys() - keys or kind not in self._known:
                raise ValueError(f"no quota: {kind} {quota}")
            used = {each: int(quota.get(each) or 0) for each in _KINDS}
            limits = {f"{each}Limit": quota.get(f"{each}Limit") for each in _KINDS}
            made.append({"id": quota.get("id", 1000), "type": kind.upper(), **used, **limits})
        self._known[kind] = made
        self._enforced = enforce

    def has_room(self, size: int) -> bool:
        """Whether alice may store so much more on disk."""
        return not self._enforced or all(
            quota["replicaLimit"] is None or quota["replica"] + size <= quota["replicaLimit"]
            for quota in self._own()
        )

    def add(self, size: int) -> None:
        """Alice has stored so much more on disk."""
        if self._enforced:
            for quota in self._own():
                quota["replica"] += size

    def _own(self) -> list[dict[str, Any]]:
        return [
            quota for kind, ids in _OWN.items() for quota in self._known[kind] if quota["id"] in ids
        ]

    async def answer(self, call: Call, rest: str) -> web.StreamResponse:
        """`/quota/user`, `/quota/group`, and those with an id; every user may read every one's."""
        only(call, "GET", "HEAD")
        kind, _, one = rest.strip("/").partition("/")
        if kind not in self._known:
            raise RestError(404, "HTTP 404 Not Found")
        if not self.configured:
            raise RestError(503, "Quota service is not configured")
        own = is_true(call.query("user"))
        found = [
            quota
            for quota in self._known[kind]
            if (not own or quota["id"] in _OWN[kind]) and one in ("", str(quota["id"]))
        ]
        if not found:
            raise RestError(404, "No such quota exists")
        return json_answer(200, jackson.compact(found[0] if one else found))
