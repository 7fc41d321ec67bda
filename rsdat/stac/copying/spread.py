"""A copy by the workers of a Dask cluster: each takes some files, and tells how they ended.

What travels are addresses and names of endpoints. Workers find the tokens themselves.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from rsdat.base.errors import InvalidInput
from rsdat.stac.copying.engine import Engine
from rsdat.stac.copying.facts import Job, Outcome
from rsdat.stac.copying.one import Policy
from rsdat.stac.copying.places import Places
from rsdat.stac.copying.running import run
from rsdat.stac.copying.signing import Signer

#: Files of one task: enough to be worth it, few enough that a lost worker costs little.
BATCH = 8
#: Tasks that wait, for each thread of the cluster.
_AHEAD = 2

_places: dict[str, Places] = {}
_making = threading.Lock()


def spread(
    client: Any,
    jobs: Iterable[Job | Outcome],
    ended: Callable[[Outcome], object],
    *,
    options: Mapping[str, Any],
    target_options: Mapping[str, Any],
    how: Mapping[str, Any],
    modifier: Callable[[Any], Any] | None,
    tick: Callable[[], object],
) -> None:
    """Copy files on a cluster.

    Args:
        client: A `distributed.Client`, not an asynchronous one.
        jobs: The files.
        ended: Told how each ended, in this thread.
        options: Without secrets (`rsdat.stac.store.portable`).
        target_options: As `options`.
        how: `overwrite`, `retries`, `trust_items`, `at_once`, `per_host`.
        modifier: Signs addresses, on the workers.
        tick: Called again and again.

    Raises:
        InvalidInput: The client is an asynchronous one.
    """
    from distributed import as_completed

    if getattr(client, "asynchronous", False):
        raise InvalidInput("copy_assets needs a client that is not asynchronous")
    stream = iter(jobs)
    name = f"copy_assets-{uuid.uuid4().hex[:8]}"
    threads = max(1, sum(client.nthreads().values()))
    stopped: Outcome | None = None
    running: dict[Any, list[Job]] = {}
    number = 0
    waiting = as_completed([], raise_errors=False)

    def send() -> bool:
        nonlocal number
        batch: list[Job] = []
        while len(batch) < BATCH:
            more = list(islice(stream, BATCH - len(batch)))
            if not more:
                break
            for each in more:
                if isinstance(each, Outcome):
                    ended(each)
                elif stopped is not None:
                    ended(_not_tried(each, stopped))
                else:
                    batch.append(each)
        if not batch:
            return False
        future = client.submit(
            copy_batch,
            batch,
            dict(options),
            dict(target_options),
            dict(how),
            modifier,
            key=f"{name}-{number}",
            pure=False,
            retries=2,
        )
        number += 1
        running[future.key] = batch
        waiting.add(future)
        return True

    try:
        for _ in range(threads * _AHEAD):
            if not send():
                break
        while running:
            future = next(waiting)
            batch = running.pop(future.key)
            for outcome in _outcomes(future, batch):
                ended(outcome)
                if outcome.stops:
                    stopped = stopped or outcome
            future.release()
            tick()
            send()
    except BaseException:
        client.cancel(list(running))
        raise


def _outcomes(future: Any, batch: list[Job]) -> list[Outcome]:
    if future.status == "finished":
        found: list[Outcome] = future.result()
        return found
    error = future.exception() if future.status == "error" else None
    words = f"The worker that copied it failed ({type(error).__name__ if error else 'cancelled'})"
    hint = "Retry: what arrived is not copied again."
    return [Outcome(job, "failed", reason=words, hint=hint, code="worker") for job in batch]


def _not_tried(job: Job, stopped: Outcome) -> Outcome:
    words = f"Not tried: {stopped.reason}"
    return Outcome(job, "failed", reason=words, hint=stopped.hint, code=stopped.code)


def copy_batch(
    jobs: list[Job],
    options: Mapping[str, Any],
    target_options: Mapping[str, Any],
    how: Mapping[str, Any],
    modifier: Callable[[Any], Any] | None,
) -> list[Outcome]:
    """What a worker does: copy some files, with credentials of its own."""
    outcomes: list[Outcome] = []

    async def work() -> None:
        policy = Policy(
            overwrite=how["overwrite"],
            retries=how["retries"],
            trust_items=how["trust_items"],
            sign=None if modifier is None else Signer(modifier),
        )
        engine = Engine(
            _shared(options, target_options),
            policy,
            at_once=min(how["at_once"], len(jobs)),
            per_host=how["per_host"],
            ended=outcomes.append,
        )
        await engine.run(jobs)

    run(work())
    return outcomes


def _shared(options: Mapping[str, Any], target_options: Mapping[str, Any]) -> Places:
    """One set of file systems a process: connections are used again."""
    key = json.dumps([options, target_options], sort_keys=True, default=repr)
    with _making:
        return _places.setdefault(key, Places(options, target_options))
