"""When an order for tape will be ready."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from rsdat.dcache.orders.record import Order, OrderFolder, Part, split


def test_estimate() -> None:
    """By the rate so far; none before the first file, after the end, or for releases."""
    began = datetime(2026, 1, 1, tzinfo=timezone.utc)
    now = began + timedelta(minutes=10)
    order = Order("x", "e", "stage", ["/a"], recursive=False, keep_s=60, created=began)
    assert order.ready_estimate(now) is None
    order.parts = [Part(0, "wwww")]
    assert order.ready_estimate(now) is None
    order.parts = [Part(0, "dwwr")]
    assert order.ready_estimate(now) == now + timedelta(minutes=30)
    order.activity = "release"
    assert order.ready_estimate(now) is None
    order.activity, order.state = "stage", "done"
    assert order.ready_estimate(now) is None


def test_estimate_of_what_is_on_tape() -> None:
    """Files that were on disk are done at once, which says nothing of the others."""
    began = datetime(2026, 1, 1, tzinfo=timezone.utc)
    now = began + timedelta(minutes=10)
    order = Order("x", "e", "stage", ["/a"], recursive=False, keep_s=60, created=began)
    order.parts = [Part(0, "d" * 450 + "r" * 50, on_disk=450)]
    assert order.ready_estimate(now) is None
    # Ten minutes for each tenth of what is on tape, in this part and in one to come.
    order.parts = [
        Part(0, "d" * 455 + "r" * 45, on_disk=450),
        Part(500, "w" * 500, on_disk=495),
    ]
    assert order.ready_estimate(now) == now + timedelta(minutes=100)
    # One of those on disk is not done yet: it is not counted as tape's.
    order.parts = [Part(0, "d" * 5 + "f" + "r" * 4, on_disk=8)]
    assert order.ready_estimate(now) is None
    # Nothing is on tape: by the rate of all.
    order.parts = [Part(0, "d" * 5 + "r" * 5, on_disk=10)]
    assert order.ready_estimate(now) == now + timedelta(minutes=10)


def test_how_many_are_on_disk_is_kept(tmp_path: Path) -> None:
    """For each part, also of an order that a former rsdat wrote."""
    began = datetime(2026, 1, 1, tzinfo=timezone.utc)
    order = Order("x", "e", "stage", ["/a"], recursive=False, keep_s=60, created=began)
    order.parts = split([True] * 5, [True, False, True, True, False], 3)
    folder = OrderFolder(tmp_path / "x")
    folder.create(order, order.paths)
    assert [part.on_disk for part in folder.load().parts or ()] == [2, 1]
    text = folder.record.read_text()
    folder.record.write_text(text.replace('"on_disk": ', '"other": '))
    assert [part.on_disk for part in folder.load().parts or ()] == [None, None]
