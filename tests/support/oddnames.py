"""Names of files that trip programs up, by the hundred, and those that dCache can't keep."""

from __future__ import annotations

import random
import string

SEED = 20260731
_PIECES = [*" #?%:+&é日😀\"'\\.*[]{}~;=,|<>^`$@!()aB0-_", "..", "%20", "%2F"]


def odd_names(number: int) -> list[str]:
    """Names of all kinds that dCache can keep; the same ones each time."""
    chosen = random.Random(SEED)
    found = ["x" * 255, "é" * 255, "😀" * 255, " ", "...", ".hidden", "-rf", "~", "*", "?", "[a]"]
    while len(set(found)) < number:
        found.append("".join(chosen.choices(_PIECES, k=chosen.randint(1, 12))))
        if found[-1] in (".", ".."):
            found.pop()
    return sorted(set(found))[:number]


def refused_names(number: int) -> list[str]:
    """At least 67 with a control character or too long; the same ones each time."""
    chosen = random.Random(SEED)
    controls = [chr(code) for code in [*range(32), 127, *range(128, 160)]]
    refused = [f"a{control}b" for control in controls]
    while len(refused) < number - 2:
        refused.append("".join(chosen.choices(string.ascii_letters, k=5)) + chosen.choice(controls))
    return [*refused, "x" * 256, "é" * 300]
