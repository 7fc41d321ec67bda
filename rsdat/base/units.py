"""Sizes and durations between text and numbers. Inside the code: bytes and seconds only."""

from __future__ import annotations

import re

from rsdat.base.errors import InvalidInput

_BYTE_UNITS = {
    "": 1,
    "b": 1,
    "k": 2**10,
    "kb": 10**3,
    "kib": 2**10,
    "m": 2**20,
    "mb": 10**6,
    "mib": 2**20,
    "g": 2**30,
    "gb": 10**9,
    "gib": 2**30,
    "t": 2**40,
    "tb": 10**12,
    "tib": 2**40,
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*\Z")


def parse_bytes(text: str | int) -> int:
    """Bytes of `30GiB`, `8G` (Slurm's binary G), `4GB`, `1024` or a plain number.

    Raises:
        InvalidInput: The text is no size.
    """
    if isinstance(text, int):
        return text
    match = _SIZE.match(text)
    if not match or match[2].lower() not in _BYTE_UNITS:
        raise InvalidInput(f"'{text}' is not a size", hint="Write it as 8GiB or 500MB.")
    return int(float(match[1]) * _BYTE_UNITS[match[2].lower()])


def format_bytes(size_bytes: int) -> str:
    """`8 GiB`, `1.5 MiB`, `12 B`: at most one decimal, binary units."""
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            text = f"{size:.1f}".rstrip("0").rstrip(".")
            return f"{text} {unit}"
        size /= 1024
    raise AssertionError("unreachable")


_WALLTIME = re.compile(r"(?:(?P<d>\d+)-)?(?P<rest>\d+(?::\d+){0,2})\Z")


def parse_walltime_s(text: str) -> int | None:
    """Seconds of Slurm's time formats; None for `UNLIMITED` and `INFINITE`.

    `MM`, `MM:SS`, `HH:MM:SS`, `D-HH`, `D-HH:MM`, `D-HH:MM:SS` (man sbatch, `--time`).

    Raises:
        InvalidInput: The text is no such time.
    """
    text = text.strip()
    if text.upper() in ("UNLIMITED", "INFINITE"):
        return None
    match = _WALLTIME.match(text)
    if not match:
        raise InvalidInput(f"'{text}' is not a walltime", hint="Write it as HH:MM:SS, D-HH:MM:SS.")
    parts = [int(part) for part in match["rest"].split(":")]
    if match["d"] is not None:
        hours, minutes, seconds = [*parts, 0, 0][:3]
        return ((int(match["d"]) * 24 + hours) * 60 + minutes) * 60 + seconds
    if len(parts) == 1:
        return parts[0] * 60
    if len(parts) == 2:
        return parts[0] * 60 + parts[1]
    return (parts[0] * 60 + parts[1]) * 60 + parts[2]


def format_walltime(seconds: int) -> str:
    """`HH:MM:SS`, with `D-` in front from 24 hours on, as squeue prints it."""
    days, rest = divmod(int(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, secs = divmod(rest, 60)
    text = f"{hours:02d}:{minutes:02d}:{secs:02d}"
    return f"{days}-{text}" if days else text


def format_span(seconds: float) -> str:
    """A duration in words, its two largest parts: `45 s`, `1 h 30 min`, `24 h`, `2 days 5 h`."""
    left, parts = int(seconds), []
    for size, name in ((86400, "days"), (3600, "h"), (60, "min"), (1, "s")):
        # Up to two days people speak of hours.
        number = 0 if name == "days" and left < 2 * size else left // size
        left -= number * size
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2]) or "0 s"
