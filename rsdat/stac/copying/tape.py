"""`stage`: assets whose only copy is on tape, brought to disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from typing import Any

from rsdat.base.errors import InvalidInput, OnTape
from rsdat.stac.copying.noted import note
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.plan import Broken, access_in, chosen, hrefs_of, items_in, read_with
from rsdat.stac.copying.running import run
from rsdat.stac.copying.staging import (
    WAIT_S,
    WEEK_S,
    Asked,
    Looked,
    Taped,
    arriving,
    look_again,
    look_at,
    order,
)
from rsdat.stac.hrefs import shown
from rsdat.stac.store import by_protocol

_SHOWN = 10


@dataclass
class Staged:
    """Assets that are to come to disk.

    Attributes:
        on_disk: Addresses that can be read now.
        waiting: Addresses whose only copy is on tape, and that dCache was asked for.
        missing: Addresses that can't be had, with the reason.
        elsewhere: Addresses that are not in dCache.
        requests: dCache's ids of the requests.
        orders: Ids of the orders by which Lab knows of them.
    """

    on_disk: list[str]
    waiting: list[str]
    missing: dict[str, str]
    elsewhere: list[str]
    requests: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    _taped: list[Taped] = field(default_factory=list, repr=False)

    @property
    def ready(self) -> bool:
        """Whether nothing is on tape any more, as far as was looked."""
        return not self.waiting

    def look(self) -> Staged:
        """Ask dCache where they are by now."""
        if self._taped:
            self._take(run(look_again(self._taped)))
        return self

    def wait(self, timeout_s: float = WAIT_S, *, progress: bool = True) -> Staged:
        """Come back when nothing is on tape any more.

        Args:
            timeout_s: At most so long. Tape takes minutes to hours.
            progress: Show a bar.

        Raises:
            OnTape: Some still are; the request goes on.
        """
        total = len(self._taped)
        bar = _bar(total) if progress and total else None

        async def follow() -> None:
            async for came in arriving(self._taped, timeout_s):
                self._take(came)

        def tick() -> None:
            if bar is not None and bar.n != total - len(self._taped):
                bar.n = total - len(self._taped)
                bar.refresh()

        try:
            run(follow(), tick)
            tick()
        finally:
            if bar is not None:
                bar.close()
        if self._taped:
            raise OnTape(
                f"{len(self._taped)} of {total} files are still on tape after {timeout_s:g} s",
                hint="dCache goes on bringing them: wait() again later.",
            )
        return self

    def _take(self, looked: Looked) -> None:
        came = set(map(id, looked.came))
        self.on_disk += looked.on_disk
        self.missing |= looked.missing
        self._taped = [each for each in self._taped if id(each) not in came]
        self.waiting = [each.href for each in self._taped]

    def __str__(self) -> str:
        words = f"{len(self.on_disk)} on disk, {len(self.waiting)} on their way from tape"
        if self.elsewhere:
            words += f", {len(self.elsewhere)} not in dCache"
        lines = [words]
        if self.missing:
            lines[0] += f", {len(self.missing)} can't be had"
            lines += [f"  {shown(href)}: {why}" for href, why in [*self.missing.items()][:_SHOWN]]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in str(self).split("\n"))


def _bar(total: int) -> Any:
    from tqdm.auto import tqdm

    return tqdm(desc="Staging", unit=" files", total=total)


def stage(
    items: Any,
    keys: str | Sequence[str] | None = None,
    *,
    wait: bool | float = False,
    notify: bool = True,
    lifetime: float | timedelta = WEEK_S,
    storage_options: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> Staged:
    """Bring the assets that are on tape to disk, and keep them there for a while.

    Args:
        items: As for `copy_assets`.
        keys: Keys of the assets; None means all.
        wait: Come back when all are on disk: True waits four hours at most, a number so many
            seconds; False comes back at once.
        notify: Where it is not waited for: Lab shows the files among its orders for tape, and
            notifies when they are on disk, also when this notebook is closed by then.
        lifetime: How long they stay on disk, in seconds or as a timedelta.
        storage_options: As for `copy_assets`.
        progress: Show a bar while waiting.

    Returns:
        What is where. `look()` asks again, `wait()` waits.

    Raises:
        OnTape: Not all came in that time; dCache goes on with it.
        NotPermitted: The credential may not stage.
    """
    keep_s = lifetime.total_seconds() if isinstance(lifetime, timedelta) else float(lifetime)
    if keep_s < 1:
        raise InvalidInput("Files are kept on disk for at least one second")
    items, read = read_with(items)
    options = by_protocol(storage_options, "dcache") if storage_options else read
    places = Places(options)
    hrefs: dict[Places, list[str]] = {}
    lost: dict[str, str] = {}
    for item in items_in(items, options):
        if isinstance(item, Broken):
            lost[item.href] = item.reason
            continue
        found = hrefs_of(item)
        own = None if storage_options else access_in(items, item)
        group = hrefs.setdefault(places.reading(own), [])
        group += [found[key] for key in chosen(keys, item)[0]]
    looked = Looked()
    for place, group in hrefs.items():
        looked.add(run(look_at(place, group)))
    asked: list[Asked] = []
    orders: list[str] = []
    try:
        if looked.on_tape:
            run(order(looked.on_tape, keep_s, asked))
    finally:
        if notify and wait is False:
            orders = note(asked, keep_s)
    staged = Staged(
        on_disk=looked.on_disk,
        waiting=[each.href for each in looked.on_tape],
        missing={**lost, **looked.missing},
        elsewhere=looked.elsewhere,
        requests=[each.request for each in asked],
        orders=orders,
        _taped=looked.on_tape,
    )
    if wait is not False and looked.on_tape:
        staged.wait(WAIT_S if wait is True else wait, progress=progress)
    return staged
