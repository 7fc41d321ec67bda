"""What can be asked for here, and what a request would become. Nothing is submitted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rsdat.base.clock import to_iso
from rsdat.base.errors import InvalidInput, QueueSilent
from rsdat.clusters.again import body_again, groups_again, is_same_preset, preset_again
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.limits import core_hours, find_problems, site_dict
from rsdat.clusters.naming import is_id
from rsdat.clusters.options import read_options
from rsdat.clusters.outlook import Outlook
from rsdat.clusters.record import Record
from rsdat.clusters.request import GroupRequest, Request, read_group, read_request
from rsdat.clusters.script import ScriptPaths, render_script
from rsdat.presets import fitting_preset, job_settings, load_presets
from rsdat.queue.interface import Queue, Site


class Offers:
    """Reads requests with the presets of the site they are made at.

    Args:
        home: `$RSDAT_HOME`.
    """

    def __init__(self, home: Path, queue: Queue, outlook: Outlook) -> None:
        self._home = home
        self._queue = queue
        self._outlook = outlook

    async def read(self, body: Mapping[str, Any]) -> Request:
        """A ClusterRequest of docs/api.yaml, checked and filled in.

        Raises:
            InvalidInput: It makes no sense.
            NotFound: There is no such cluster to ask for again.
        """
        old = None
        if body.get("again") is not None:
            old = await asyncio.to_thread(self._earlier, body["again"])
            body = body_again(old, body)
        # A silent queue must not keep a cluster from being made: then the site is unknown.
        site = None if body.get("preset") else await self._outlook.known_site()

        def read() -> Request:
            presets = load_presets()
            fitting = fitting_preset(presets, self._queue.kind, site.name if site else None)
            if old is None:
                return read_request(body, presets, fitting)
            if is_same_preset(old, body):
                presets = {**presets, old.preset: preset_again(old, presets)}
            request = read_request(body, presets, fitting)
            return replace(request, like=old.name, groups=groups_again(old))

        return await asyncio.to_thread(read)

    def _earlier(self, cluster_id: object) -> Record:
        if not isinstance(cluster_id, str) or not is_id(cluster_id):
            raise InvalidInput("again must be the id of a cluster")
        return ClusterFolder(self._home / "clusters" / cluster_id).read_record()

    async def read_group(self, body: Mapping[str, Any], preset: str) -> GroupRequest:
        """A GroupRequest of docs/api.yaml, checked; it has the cluster's preset if none is named.

        Raises:
            InvalidInput: It makes no sense.
        """
        return await asyncio.to_thread(lambda: read_group(body, load_presets(), preset))

    async def site(self) -> dict[str, Any]:
        """The `Site` of docs/api.yaml.

        Raises:
            QueueSilent: The queue does not answer, and never did.
        """
        return await asyncio.to_thread(self._site_view, await self._outlook.site())

    async def preview(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The `Preview` of docs/api.yaml.

        Raises:
            InvalidInput: The request makes no sense.
        """
        request = await self.read(body)
        script = await asyncio.to_thread(self._render, request)
        site = await self._outlook.known_site()
        problems = [] if site is None else find_problems(request.options, site)
        estimate = None
        try:
            if self._outlook.problem is not None:
                # Known to be silent: nobody waits for one more limit to pass.
                raise self._outlook.problem
            answer = await self._queue.estimate(script, tasks=max(request.workers, 1))
        except QueueSilent as silence:
            self._outlook.note_silence(silence)
            problems.append(silence.message)
        else:
            estimate = answer.start
            problems += [answer.problem] if answer.problem else []
        return {
            "script": script,
            "start_estimate": to_iso(estimate) if estimate else None,
            "core_hours": core_hours(request.options, request.workers),
            "problems": problems,
        }

    def _render(self, request: Request) -> str:
        folder = ClusterFolder(self._home / "clusters" / "preview")
        paths = ScriptPaths.of(folder, self._home)
        return render_script(folder.id, request.options, paths)

    def _site_view(self, site: Site) -> dict[str, Any]:
        presets = load_presets()
        shown = []
        for preset in presets.values():
            # A preset may leave out what every request then has to say.
            settings = {"cores": 1, "memory": "2GiB"}
            settings |= {k: v for k, v in job_settings(preset).items() if v is not None}
            with contextlib.suppress(InvalidInput):
                options = read_options(settings, {})
                shown.append(
                    {"name": preset.name, "title": preset.title, "options": options.as_request()}
                )
        return {
            "queue": self._queue.kind,
            "name": site.name,
            "partitions": site_dict(site),
            "accounts": list(site.accounts),
            "presets": shown,
            "preset": fitting_preset(presets, self._queue.kind, site.name),
        }
