"""Whether the bytes of a copy are those that its source and its item promise."""

from __future__ import annotations

from collections.abc import Mapping

from rsdat.stac.copying.facts import Facts, Job
from rsdat.stac.copying.sums import KINDS, compare
from rsdat.stac.copying.trouble import Damaged


def kinds(job: Job, facts: Facts, *, trust_items: bool) -> set[str]:
    """Which sums are worth computing: all that the item tells, the source's cheapest."""
    wanted = set(job.sums) if trust_items else set()
    told = [kind for kind in KINDS if kind in facts.sums]
    wanted |= set(told[:1])
    return wanted or set(facts.hints)


def check(
    job: Job, facts: Facts, size: int, sums: Mapping[str, str], *, trust_items: bool
) -> str | None:
    """The kind of checksum by which the bytes are known to be the right ones.

    Args:
        job: What the item says.
        facts: What the source says.
        size: How many bytes there are.
        sums: Their checksums.
        trust_items: Hold them against the item, too.

    Raises:
        Damaged: They are not.
    """
    by_source, other = compare(facts.sums, sums)
    if other is not None:
        raise Damaged(
            f"The bytes that came have another {other} than their source says",
            hint="Run it again. If it stays, the file at the source is damaged.",
        )
    if trust_items:
        if job.size is not None and job.size != size:
            raise _item_lies(f"is {size} bytes long, and its item says {job.size}")
        by_item, other = compare(job.sums, sums)
        if other is not None:
            raise _item_lies(f"has another {other} than its item says")
        if by_item is not None:
            return by_item
    if by_source is not None:
        return by_source
    return compare(facts.hints, sums)[0] or ("size" if facts.size is not None else None)


def _item_lies(what: str) -> Damaged:
    return Damaged(
        f"The file {what}",
        hint="Nothing was replaced. If the item is out of date, copy with trust_items=False.",
        code="item_differs",
    )
