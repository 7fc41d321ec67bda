"""What is done for each chunk, or for each look of a page, stays cheap where there is much."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timezone

from rsdat.dcache.orders.record import Order, Part
from rsdat.dcache.transfers.downloading import MARK_BYTES, Downloading
from rsdat.dcache.transfers.sums import Adler32


def test_a_chunk_of_a_large_download() -> None:
    """Of a file of 4 TB; it is the event loop that would stand still."""
    marks = 1_000_000
    download = object.__new__(Downloading)
    download._marks = dict.fromkeys(range(0, marks * MARK_BYTES, MARK_BYTES), 1)
    began = time.thread_time()
    for _ in range(1000):
        download._mark(Adler32(7), marks * MARK_BYTES - 1)
    # Looking at all of them each time would take longer than a quarter of a minute.
    assert time.thread_time() - began < 5
    assert len(download._marks) == marks
    download._mark(Adler32(7), marks * MARK_BYTES)
    assert download._marks[marks * MARK_BYTES] == 7


def test_the_numbers_of_a_large_order() -> None:
    """A page asks for them after each event, of all orders."""
    order = Order("x", "e", "stage", ["/a"], False, 60, datetime.now(timezone.utc))
    order.parts = [Part(first, "wrdfc" * 100) for first in range(0, 200_000, 500)]
    began = time.thread_time()
    for _ in range(10):
        assert order.counts()["done"] == 40_000
    ours = time.thread_time() - began
    began = time.thread_time()
    for _ in range(10):
        letters: Counter[str] = Counter()
        for part in order.parts:
            letters.update(part.states)
    assert ours < (time.thread_time() - began) / 2
    assert set(order.counts().values()) == {40_000}
