"""More lines for sbatch: a request's are checked, a configuration's understood. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rsdat.base.errors import InvalidInput

#: What rsdat sets itself.
_OWN = re.compile(
    r"(--(array|output|error|job-name|wrap|parsable|test-only|open-mode|no-requeue|requeue)\b|-[aoeJ]"
    # With these sbatch waits for the jobs' end, or does not tell their id.
    r"|--(wait|quiet)(?![\w-])|-[WQ])"
)


def check_directives(lines: Iterable[str]) -> tuple[str, ...]:
    """Those of a request, without `#SBATCH`.

    Raises:
        InvalidInput: One is no option, or not the user's to set.
    """
    checked = tuple(line.removeprefix("#SBATCH").strip() for line in lines)
    for line in checked:
        if not line.startswith("-"):
            raise InvalidInput(
                f"'{line}' is no option of sbatch", hint="Write it as --constraint=scratch-node."
            )
        if _OWN.match(line):
            raise InvalidInput(f"'{line}' can't be set: rsdat sets it itself", hint="Leave it out.")
    return checked


def configured_directives(value: Any) -> list[str]:
    """Those of a Dask configuration, which was not written for rsdat: what is ours is left out.

    dask-jobqueue gives each entry a line of its own, and sbatch reads the lines as one:
    `['--output', 'x.log']` is one option.
    """
    if isinstance(value, Mapping):
        value = [f"{key}={item}" if item is not None else str(key) for key, item in value.items()]
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise InvalidInput("job-extra-directives is a list of lines")
    joined: list[str] = []
    for entry in value:
        line = str(entry).removeprefix("#SBATCH").strip()
        if line and not line.startswith("-") and joined and not re.search(r"[= ]", joined[-1]):
            joined[-1] += f" {line}"
        elif line:
            joined.append(line)
    return [line for line in joined if not _OWN.match(line)]


def directive_value(lines: Iterable[str], long: str, short: str | None = None) -> str | None:
    """What sbatch would take an option to be: the last one counts; None where it is not set.

    Args:
        lines: As in `Options.directives`.
        long: As `--qos`.
        short: As `-q`.
    """
    found = None
    for line in lines:
        words = line.split()
        for number, word in enumerate(words):
            name, separator, value = word.partition("=")
            if name == long and separator:
                found = value
            elif word in (long, short):
                after = words[number + 1 : number + 2]
                found = after[0] if after and not after[0].startswith("-") else ""
            elif short and word.startswith(short):
                found = word.removeprefix(short)
    return None if found is None else found.strip("'\"")
