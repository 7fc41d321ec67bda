"""`copy_assets`: the assets of many items, to dCache or any other place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pystac

from rsdat.base.errors import InvalidInput
from rsdat.stac.copying.bar import Bar
from rsdat.stac.copying.engine import Engine
from rsdat.stac.copying.facts import Job, Outcome
from rsdat.stac.copying.keeper import Held, Keeper
from rsdat.stac.copying.one import Policy, stands
from rsdat.stac.copying.owners import Owners, OwnerUnknown, collection_of
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.plan import (
    Broken,
    ItemOfMany,
    access_in,
    chosen,
    items_in,
    jobs_of,
    read_anew,
    read_with,
)
from rsdat.stac.copying.report import CopyReport
from rsdat.stac.copying.running import run
from rsdat.stac.copying.signing import Signer
from rsdat.stac.copying.spread import computers, spread
from rsdat.stac.copying.staging import WAIT_S, Staging
from rsdat.stac.hrefs import absolute, shown
from rsdat.stac.store import by_protocol, options_for, portable

#: Files at once, and of these from one host. dCache allows one address 250 requests a second.
AT_ONCE = 16
PER_HOST = 8
RETRIES = 4


@dataclass
class Copying:
    """What a copy is to do; see `copy_assets` for what the fields mean."""

    items: Any
    keys: str | Sequence[str] | None
    to: str
    update_catalog: bool = False
    write_catalog: bool | str = False
    overwrite: bool = False
    trust_items: bool = True
    modifier: Callable[[Any], Any] | None = None
    stage: bool = False
    stage_wait_s: float = WAIT_S
    options: Mapping[str, Any] = field(default_factory=dict)
    target_options: Mapping[str, Any] = field(default_factory=dict)
    at_once: int | None = None
    per_host: int | None = None
    retries: int = RETRIES
    save_items: bool = True
    folder_of: Callable[[pystac.Item], str] | None = None
    places: Places | None = None
    own_access: bool = True
    own_target: bool = False

    def __post_init__(self) -> None:
        for name, value in (("max_concurrency", self.at_once), ("per_host", self.per_host)):
            if value is not None and value < 1:
                raise InvalidInput(f"{name} is at least 1")
        if self.retries < 0:
            raise InvalidInput("retries is not negative")

    @property
    def catalog(self) -> str | None:
        """Address of the catalog to write."""
        return f"{self.to}/catalog.json" if self.write_catalog is not False else None

    def access(self, item: pystac.Item) -> Mapping[str, Any] | None:
        """What the files of an item are read with; None: `options`.

        Raises:
            InvalidInput: What is written was to be written with what the first one was read with.
        """
        found = access_in(self.items, item) if self.own_access else None
        if found is None or found == self.options:
            return None
        if self.own_target and isinstance(self.items, Iterator):
            # Of a list that is seen before anything is written.
            mine, first = options_for(self.to, found), options_for(self.to, self.options)
            if mine != first:
                raise InvalidInput(
                    f"The items are of several endpoints: which one is {shown(self.to)} in?",
                    hint='Say so: target_options={"endpoint": …}.',
                )
        return found

    def how(self, computers: int = 1) -> dict[str, Any]:
        """How files are copied, on so many computers together."""
        return {
            "overwrite": self.overwrite,
            "retries": self.retries,
            "trust_items": self.trust_items,
            "at_once": AT_ONCE * computers if self.at_once is None else self.at_once,
            "per_host": PER_HOST * computers if self.per_host is None else self.per_host,
        }


class Run:
    """One run of a copy, in this process or on a cluster.

    Args:
        what: What to do.
        ended: Told how each file ended.
        planned: Told more files that there are, before they begin.
        moved: Told job and bytes as they come.
        keep: Whether the report lists also what did not fail.
    """

    def __init__(
        self,
        what: Copying,
        *,
        keep: bool = True,
        ended: Callable[[Outcome], object] = lambda _: None,
        planned: Callable[[Sequence[Job]], object] = lambda _: None,
        moved: Callable[[Job, int], object] = lambda _job, _bytes: None,
    ) -> None:
        self.what = what
        self.report = CopyReport()
        self._keep = keep
        self._tell = ended
        self._planned = planned
        self._moved = moved
        self._items: dict[str, tuple[Held, str]] = {}
        # Of which nobody can say in which folder they belong: by id and address.
        self._placeless: dict[tuple[str, str], pystac.Item] = {}
        self.places = what.places or Places(what.options, what.target_options)
        self._owners = Owners(what.to, what.target_options, self._stands)
        self._keeper = Keeper(
            self.places,
            update=what.update_catalog,
            save=what.save_items,
            catalog=what.catalog,
            catalog_id=what.write_catalog if isinstance(what.write_catalog, str) else None,
        )

    async def here(self, jobs: Iterable[Job | Outcome] | None = None) -> CopyReport:
        """Copy in this process; in fsspec's event loop."""
        what = self.what
        how = what.how()
        started = time.monotonic()
        engine = Engine(
            self.places,
            self._policy(),
            at_once=how["at_once"],
            per_host=how["per_host"],
            ended=self._ended,
            staging=Staging(self.places, limit_s=what.stage_wait_s) if what.stage else None,
            room=self._keeper.room,
        )
        try:
            await engine.run(self._jobs() if jobs is None else jobs)
        except Exception:
            # What arrived before the list of items broke off is kept all the same.
            await self._finish()
            raise
        except BaseException:
            await self._keeper.give_up()
            raise
        await self._finish()
        self.report.seconds = time.monotonic() - started
        return self.report

    def on_cluster(
        self,
        client: Any,
        tick: Callable[[], object],
        jobs: Iterable[Job | Outcome] | None = None,
    ) -> CopyReport:
        """Copy by the workers of a cluster."""
        what = self.what
        started = time.monotonic()
        try:
            spread(
                client,
                self._jobs() if jobs is None else jobs,
                lambda outcome: run(self._ended_there(outcome)),
                places=self.places,
                options=portable(what.options),
                target_options=portable(what.target_options, what.to),
                how=what.how(computers(client)),
                modifier=what.modifier,
                tick=tick,
            )
        except Exception:
            # As in `here`.
            run(self._finish(), tick)
            raise
        except BaseException:
            run(self._keeper.give_up())
            raise
        run(self._finish(), tick)
        self.report.seconds = time.monotonic() - started
        return self.report

    def _policy(self) -> Policy:
        what = self.what
        return Policy(
            overwrite=what.overwrite,
            retries=what.retries,
            trust_items=what.trust_items,
            sign=None if what.modifier is None else Signer(what.modifier),
            moved=self._moved,
        )

    def _stands(self, job: Job) -> bool | None:
        try:
            return run(stands(job, self.places, self._policy()))
        except Exception:  # noqa: BLE001 - told when it is copied
            return False

    async def _ended_there(self, outcome: Outcome) -> None:
        self._ended(outcome)

    def _ended(self, outcome: Outcome) -> None:
        if outcome.state == "failed":
            self.report.add(outcome)
        else:
            self._items.pop(outcome.job.target, None)
            if self._keep:
                # Without the item that it was signed by: there may be 100 000.
                job = replace(outcome.job, signed_by=None)
                self.report.add(replace(outcome, job=job))
            else:
                self.report.count(outcome)
        self._keeper.ended(outcome)
        self._tell(outcome)

    async def save_again(self, before: Run) -> None:
        """Begin to save the items that an earlier run could not save."""
        self._keeper.again(before._keeper.unsaved)

    async def _finish(self) -> None:
        self.report.catalog = await self._keeper.finish()
        self.report.problems = self._keeper.problems

    def _jobs(self) -> Iterator[Job | Outcome]:
        for item in items_in(self.what.items, self.what.options):
            yield from self._jobs_of(item)

    def _jobs_of(self, item: pystac.Item | Broken) -> Iterator[Job | Outcome]:
        what = self.what
        if isinstance(item, Broken):
            lost = Job("", (), item.href, "")
            yield Outcome(lost, "failed", reason=item.reason, code=item.code)
            return
        keys, absent = chosen(what.keys, item)
        self.report.absent.update(absent)
        access = what.access(item)

        def jobs_in(folder: str) -> list[Job]:
            return jobs_of(item, keys, folder, signed=what.modifier is not None, access=access)

        try:
            folder = (
                self._owners.folder(item, jobs_in)
                if what.folder_of is None
                else what.folder_of(item)
            )
        except OwnerUnknown as error:
            where = item.get_self_href() or f"{collection_of(item)}/{item.id}"
            self._placeless[item.id, where] = item
            yield Outcome(
                Job(item.id, tuple(keys), where, ""),
                "failed",
                reason=error.message,
                hint=error.hint,
                code=error.code,
            )
            return
        jobs = jobs_in(folder)
        file = item.file if isinstance(item, ItemOfMany) else None
        held = Held(item, self.places.reading(access), file)
        self._keeper.expect(held, folder, jobs)
        self._planned(jobs)
        for job in jobs:
            if what.update_catalog or what.catalog:
                self._items[job.target] = (held, folder)
            yield job

    def again(self, failed: Sequence[Outcome], before: Run) -> Iterator[Job | Outcome]:
        """What failed in an earlier run, which remembers the items; and those it could not read."""
        by_folder: dict[str, list[Job]] = {}
        for outcome in failed:
            if outcome.job.target:
                _, folder = before._items.get(outcome.job.target, (None, ""))
                by_folder.setdefault(folder, []).append(outcome.job)
        for folder, jobs in by_folder.items():
            self._planned(jobs)
            if folder:
                held, _ = before._items[jobs[0].target]
                self._keeper.expect(held, folder, jobs)
                self._items |= {job.target: (held, folder) for job in jobs}
            yield from jobs
        broken = [
            before._placeless.get(
                (each.job.item, each.job.source),
                Broken(each.job.source, each.reason or "", each.code or ""),
            )
            for each in failed
            if not each.job.target
        ]
        for item in read_anew(broken, self.what.options):
            yield from self._jobs_of(item)


def copy_assets(
    items: Any,
    keys: str | Sequence[str] | None = None,
    to: str | None = None,
    *,
    update_catalog: bool = False,
    write_catalog: bool | str = False,
    overwrite: bool = False,
    trust_items: bool = True,
    modifier: Callable[[Any], Any] | None = None,
    stage: bool = False,
    stage_wait_s: float = WAIT_S,
    storage_options: Mapping[str, Any] | None = None,
    target_options: Mapping[str, Any] | None = None,
    max_concurrency: int | None = None,
    per_host: int | None = None,
    retries: int = RETRIES,
    progress: bool = True,
    client: Any = None,
    background: bool = False,
) -> Any:
    """Copy assets of many items, many at once, to dCache or any place that fsspec can write.

    The files become `<to>/<item id>/<file name>`; those of another collection than the first that
    was copied there become `<to>/<collection>~<item id>/…`, as ids are unique in a collection only.

    What is there and whole is not copied again: the same size, and the same checksum where both
    sides have one of a kind (else the copy must not be older). So a copy that broke off, however it
    did, is gone on with by running it again. A file gets its name when it is whole: as many bytes
    as the source said, the checksum that the source, the item (`file:checksum`, `file:size`) and
    dCache have. One that fails is in the report, and the others go on. Bytes are streamed, a few
    MiB a file.

    From dCache to dCache the doors do it themselves where they can (third-party COPY): the bytes
    pass neither this computer nor a worker, and size and checksum are compared at both ends. Where
    they can't, or an item has a checksum of a kind that dCache does not keep, the bytes are
    streamed; the report says so.

    Where a connection breaks, reading goes on at the byte where it was (https servers need an
    ETag or Last-Modified for that). What breaks while it is written to dCache begins anew, as
    dCache can't append; local folders keep a hidden part, which the next run goes on with.

    Args:
        items: Items, an item collection, a catalog or collection, the address of one of these, or
            a search of pystac-client's, which is read as it is copied.
        keys: Keys of the assets; None copies all.
        to: Address of the folder: `dcache:///pnfs/…`, a local path, or any other that fsspec
            writes.
        update_catalog: Give items the addresses of what arrived, and save those that have a file
            of their own in a place that can be written.
        write_catalog: Write a catalog of what arrived to `<to>/catalog.json`, or add to the one
            that is there; a text is the id of a new one.
        overwrite: Copy also what is there and whole.
        trust_items: Fail what differs from its item's `file:size` or `file:checksum`.
        modifier: Signs addresses, as pystac-client's `modifier`: called for an item shortly before
            it is copied, and again when its signature has ended.
        stage: Bring files to disk whose only copy is on tape, and copy them then; else they are
            reported as failed (`on_tape`).
        stage_wait_s: How long they are waited for, in seconds; then they are reported.
        storage_options: Options of file systems by protocol, such as
            `{"dcache": {"endpoint": "spider"}}`; by default those that the catalog, or each of
            the items, was read with.
        target_options: As `storage_options`, for what is written; by default the same, but where a
            list has items of several endpoints, what `to` means without any.
        max_concurrency: Files at once, on all workers together; by default 16, with `client` 16
            for each computer of the cluster.
        per_host: Of these from one host; by default 8, with `client` 8 for each computer.
        retries: Further tries of a file whose failure may pass, with growing pauses.
        progress: Show a bar.
        client: A Dask client, not an asynchronous one: its workers copy. They must reach both ends,
            and find the credentials by themselves, as workers of rsdat's clusters do.
        background: Copy in a process of its own that outlives this notebook, and shows in the
            Transfers list; returns its id at once.

    Returns:
        A `CopyReport`, or with `background` the id of the transfer.

    Raises:
        InvalidInput: Nothing can be written to `to`, or what is asked for makes no sense; or an
            iterator came to items of another endpoint, and `target_options` does not say in which
            `to` is. What came before is copied.
        NotFound: There is no catalog at the address.
    """
    if to is None:
        raise InvalidInput("Where to? Give `to`, the address of a folder.")
    items, read = read_with(items)
    options = by_protocol(storage_options, "dcache") if storage_options else read
    what = Copying(
        items=items,
        keys=keys,
        to=absolute(to).rstrip("/"),
        update_catalog=update_catalog,
        write_catalog=write_catalog,
        overwrite=overwrite,
        trust_items=trust_items,
        modifier=modifier,
        stage=stage,
        stage_wait_s=stage_wait_s,
        options=options,
        target_options=options if target_options is None else by_protocol(target_options, "dcache"),
        at_once=max_concurrency,
        per_host=per_host,
        retries=retries,
        own_access=not storage_options,
        own_target=not storage_options and target_options is None,
    )
    if getattr(client, "asynchronous", False):
        raise InvalidInput(
            "copy_assets needs a client that is not asynchronous",
            hint="Connect one to the same scheduler: Client(client.scheduler.address).",
        )
    if client is not None and stage:
        raise InvalidInput(
            "A copy by the workers of a cluster does not wait for tape",
            hint="Bring the files to disk first: rsdat.stac.stage(items, keys, wait=True).",
        )
    if background:
        if client is not None or update_catalog:
            raise InvalidInput(
                "A copy in the background has no client= and no update_catalog=",
                hint="write_catalog=True writes a catalog of what arrived.",
            )
        from rsdat.stac.copying.background import begin

        return begin(what)
    return copied(what, progress=progress, client=client)


def copied(what: Copying, *, progress: bool, client: Any = None) -> CopyReport:
    """Do a copy and wait for it; an interrupt ends it, and what is half done is taken back."""
    with Bar(progress) as bar:
        work = _shown(what, bar)
        run(_check(work), bar.tick)
        if client is not None:
            report = work.on_cluster(client, bar.tick)
        else:
            report = run(work.here(), bar.tick)
    report.again = lambda failed: _retried(work, failed, progress, client)
    return report


def _retried(before: Run, failed: Sequence[Outcome], progress: bool, client: Any) -> CopyReport:
    with Bar(progress) as bar:
        work = _shown(before.what, bar)
        jobs = work.again(failed, before)
        run(work.save_again(before))
        if client is not None:
            report = work.on_cluster(client, bar.tick, jobs)
        else:
            report = run(work.here(jobs), bar.tick)
    report.again = lambda more: _retried(work, more, progress, client)
    return report


def _shown(what: Copying, bar: Bar) -> Run:
    def planned(jobs: Sequence[Job]) -> None:
        bar.planned(len(jobs))

    return Run(what, ended=bar.ended, planned=planned, moved=bar.moved)


async def _check(work: Run) -> None:
    """What can be known before: the destination can be written to at all."""
    await work.places.target(f"{work.what.to}/x")
