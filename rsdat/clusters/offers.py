"""What can be asked for here, and what a request would become. Nothing is submitted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rsdat.base.clock import SystemClock, to_iso
from rsdat.base.errors import Conflict, InvalidInput, QueueSilent
from rsdat.clusters.again import body_again, groups_again, is_same_preset, preset_again
from rsdat.clusters.caps import Usage, check_room, read_caps
from rsdat.clusters.environments import Environments
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.lastrequest import recall, remember
from rsdat.clusters.limits import find_problems, partitions_of
from rsdat.clusters.naming import is_id
from rsdat.clusters.notes import find_notes
from rsdat.clusters.options import Options
from rsdat.clusters.outlook import Outlook
from rsdat.clusters.price import core_hours, per_hour
from rsdat.clusters.record import Group, Record
from rsdat.clusters.request import GroupRequest, Request, read_group, read_request
from rsdat.clusters.script import ScriptPaths, render_script
from rsdat.clusters.siteview import preset_view, site_view
from rsdat.presets import (
    Preset,
    delete_saved,
    fitting_preset,
    load_presets,
    origin,
    write_saved,
)
from rsdat.queue.interface import Queue, Site

#: Of a request that is saved as a preset: what is checked now, and what is kept beside the options.
_READ = ("preset", "workers", "adapt", "options", "scheduler", "idle_after", "renew")
_SAVED = ("workers", "adapt", "scheduler", "idle_after", "renew")


class Offers:
    """Reads requests with the presets of the site they are made at.

    Args:
        home: `$RSDAT_HOME`.
    """

    def __init__(self, home: Path, queue: Queue, outlook: Outlook) -> None:
        self._home = home
        self._queue = queue
        self._outlook = outlook
        self._environments = Environments()

    async def close(self) -> None:
        """End what goes on."""
        await self._environments.close()

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
            presets = load_presets(self._home)
            fitting = fitting_preset(presets, self._queue.kind, site.name if site else None)
            if old is None:
                return read_request(_with_saved(body, presets), presets, fitting)
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
        return await asyncio.to_thread(lambda: read_group(body, load_presets(self._home), preset))

    async def remember(self, body: Mapping[str, Any]) -> None:
        """Keep what was asked for as the site's last; a click that says nothing is not kept."""
        site = self._outlook.last_site()
        if site is not None and set(body) - {"name"} and "again" not in body:
            await asyncio.to_thread(remember, self._home, self._key(site), body)

    async def site(self) -> dict[str, Any]:
        """The `Site` of docs/api.yaml.

        Raises:
            QueueSilent: The queue does not answer, and never did.
        """
        return await asyncio.to_thread(self._site_view, await self._outlook.site())

    async def save_preset(self, name: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Save a PresetRequest of docs/api.yaml; the `Preset`, and whether it is new.

        Raises:
            InvalidInput: It makes no sense.
            Conflict: A preset that was not saved has that name.
        """
        asked = body["request"]
        kept = {key: asked[key] for key in _SAVED if key in asked}
        read = await self.read({key: asked[key] for key in _READ if key in asked})

        def save() -> tuple[dict[str, Any], bool]:
            presets = load_presets(self._home)
            if name in presets and presets[name].source != "saved":
                raise Conflict(
                    f"There is a preset '{name}' already",
                    hint="It is not one that you saved here: choose another name.",
                    code="exists",
                )
            new = write_saved(
                self._home,
                name,
                title=body["title"],
                like=origin(self._home, read.preset),
                settings=read.options.as_settings(),
                request=kept,
            )
            return preset_view(load_presets(self._home)[name]), new

        return await asyncio.to_thread(save)

    async def delete_preset(self, name: str) -> None:
        """Delete a saved preset.

        Raises:
            NotFound: There is none of that name.
        """
        await asyncio.to_thread(delete_saved, self._home, name)

    async def preview(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The `Preview` of docs/api.yaml.

        Raises:
            InvalidInput: The request makes no sense.
        """
        request = await self.read(body)
        script = await asyncio.to_thread(self._render, request)
        site = await self._outlook.known_site()
        found = await asyncio.to_thread(self._judge, request, site)
        problems = found["problems"]
        for options, _ in groups_of(request):
            told = await self._environments.complaints(options)
            found["notes"] += [each for each in told if each not in found["notes"]]
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
            **found,
        }

    def _judge(self, request: Request, site: Site | None) -> dict[str, Any]:
        """What the request costs, and what is wrong with it."""
        presets = load_presets(self._home)
        fitting = fitting_preset(presets, self._queue.kind, site.name if site else None)
        rules, now = presets.get(fitting), SystemClock().now()
        problems, notes = caps_problems(request, now), []
        hours = per_hour_ = 0.0
        jobs = [(options, workers, "") for options, workers in groups_of(request)]
        if request.scheduler is not None:
            jobs.append((request.scheduler, 1, "The scheduler's job: "))
        for options, number, whose in jobs:
            partition = None
            if site is not None:
                partition = next(iter(partitions_of(options, site)), None)
                found = find_problems(options, site, number, rules=rules, now=now)
                problems += [whose + words for words in found]
                found = find_notes(options, site, number, rules=rules, now=now)
                notes += [whose + words for words in found]
            hours += core_hours(options, number, partition, rules)
            per_hour_ += per_hour(options, number, partition, rules)
        return {
            "core_hours": round(hours, 3),
            "core_hours_per_hour": round(per_hour_, 3),
            "problems": list(dict.fromkeys(problems)),
            "notes": list(dict.fromkeys(notes)),
        }

    def _render(self, request: Request) -> str:
        folder = ClusterFolder(self._home / "clusters" / "preview")
        paths = ScriptPaths.of(folder, self._home)
        return render_script(folder.id, request.options, paths)

    def _site_view(self, site: Site) -> dict[str, Any]:
        presets = load_presets(self._home)
        last = recall(self._home, self._key(site))
        if last is not None and last.get("preset") not in (None, *presets):
            last = None
        return {
            "queue": self._queue.kind,
            **site_view(site),
            "presets": [preset_view(preset) for preset in presets.values()],
            "preset": fitting_preset(presets, self._queue.kind, site.name),
            "last": last,
        }

    def _key(self, site: Site) -> str:
        return site.name or self._queue.kind


def groups_of(request: Request) -> list[tuple[Options, int]]:
    """The worker groups that are asked for, each with the most workers it may have."""
    groups = [(request.options, request.workers, request.adapt)]
    groups += [(each.options, each.workers, each.adapt) for each in request.groups]
    return [(options, adapt[1] if adapt else workers) for options, workers, adapt in groups]


def caps_problems(request: Request, now: datetime) -> list[str]:
    """What the configured caps refuse, as far as it is this cluster's alone."""
    groups = [
        Group(f"g{number}", options, workers)
        for number, (options, workers) in enumerate(groups_of(request))
    ]
    record = Record(id="preview", name="", created=now, preset=request.preset, groups=groups)
    try:
        check_room(record, read_caps(), Usage())
    except Conflict as refusal:
        return [refusal.message]
    return []


def _with_saved(body: Mapping[str, Any], presets: Mapping[str, Preset]) -> Mapping[str, Any]:
    """The request with what a saved preset says beside the options."""
    preset = presets.get(str(body.get("preset")))
    if preset is None or not preset.request:
        return body
    saved = dict(preset.request)
    if "workers" in body or "adapt" in body:
        saved.pop("workers", None)
        saved.pop("adapt", None)
    return {**saved, **body}
