"""Copies from dCache to dCache that the doors do themselves: the bytes don't pass this computer."""

from __future__ import annotations

from collections.abc import Callable

from rsdat.dcache.transfers.thirdparty import ThirdParty, unable
from rsdat.stac.copying.checks import check
from rsdat.stac.copying.facts import Job, Outcome
from rsdat.stac.copying.sources import DCacheSource, Source, facts_of
from rsdat.stac.copying.sums import compare
from rsdat.stac.copying.targets import DCacheTarget, Target


async def by_doors(
    job: Job,
    source: Source,
    target: Target,
    third_party: ThirdParty,
    moved: Callable[[int], object],
    *,
    trust_items: bool,
) -> tuple[Outcome | None, str | None]:
    """Have a file copied by third-party COPY, where both of its ends are in dCache.

    Size and checksum are compared before it has its name: with the source's, and with the item's.

    Args:
        job: The file.
        source: Where it is.
        target: Where it goes; what stands there is replaced.
        third_party: What the doors are known to be able to.
        moved: Told bytes as they come.
        trust_items: Hold it against the item, too.

    Returns:
        How it ended, or None and why the bytes have to be streamed: None again where nobody could
        expect anything else.

    Raises:
        Damaged: The source is not what the item says.
        RsdatError: As `ThirdParty.attempt`.
    """
    if not (isinstance(source, DCacheSource) and isinstance(target, DCacheTarget)):
        return None, None
    origin, client = await source.client(), await target.client()
    if not third_party.may(origin, client):
        return None, unable(origin, client)
    entry = await origin.info(source.path, checksums=True)
    facts = facts_of(entry)
    if facts.size is None:
        return None, None  # it is being written: told by who reads it
    check(job, facts, facts.size, facts.sums, trust_items=trust_items)
    if trust_items and job.sums and compare(job.sums, facts.sums) == (None, None):
        return None, "dCache does not keep the checksums that their items have"
    arrived = 0

    def tell(position: int) -> None:
        nonlocal arrived
        if position > arrived:
            moved(position - arrived)
            arrived = position

    kind = await third_party.attempt(
        origin, entry, client, target.path, replace=True, parents=True, arrived=tell
    )
    if kind is None:
        return None, unable(origin, client)
    kind = kind.removesuffix("_type")
    return Outcome(job, "copied", size=facts.size, verified=kind, by_doors=True), None
