"""How often to look. Pure."""

from __future__ import annotations

#: After a call of `list` or `get`, somebody is taken to be looking for so long.
WATCHED_S = 30.0
#: With nobody looking and nothing to come, only the scheduler is asked, so often.
IDLE_TURN_S = 10.0
#: While something is expected to change, the queue is asked at least so often: what it shows is on
#: the card within 15 s.
MOVING_QUEUE_S = 12.0


def queue_pause_s(
    *, moving: bool, adapting: bool, watched: bool, quiet_s: float, silences: int
) -> float | None:
    """Seconds between two looks at the queue; None for not at all.

    Args:
        moving: Something is expected to change.
        adapting: Some cluster adapts.
        watched: Somebody looked at the clusters lately.
        quiet_s: Seconds since anything changed.
        silences: Looks in a row that got no answer.
    """
    if not (moving or adapting or watched):
        return None
    if silences:
        return float(min(2.0 * 2 ** min(silences, 5), 60.0))
    if moving:
        return _between(quiet_s / 5, 1.0, MOVING_QUEUE_S)
    return _between(quiet_s / 10, 3.0, 30.0)


def turn_pause_s(*, moving: bool, adapting: bool, watched: bool, quiet_s: float) -> float:
    """Seconds between two looks at the schedulers, which are cheap."""
    if moving:
        return _between(quiet_s / 10, 0.25, 5.0)
    if adapting or watched:
        return _between(quiet_s / 10, 1.0, 5.0)
    return IDLE_TURN_S


def _between(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
