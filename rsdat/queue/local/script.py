"""What of a batch script the local queue honours: its interpreter and its walltime."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from rsdat.base.errors import InvalidInput, Refused
from rsdat.base.units import parse_walltime_s


@dataclass(frozen=True)
class Demands:
    """How a script wants to be run.

    Attributes:
        interpreter: Of its first line, with arguments.
        walltime_s: None is no limit.
    """

    interpreter: tuple[str, ...]
    walltime_s: int | None


def read_demands(script: str) -> Demands:
    """Read a batch script as sbatch does; other directives than the walltime are comments here.

    Raises:
        Refused: It is none, in sbatch's words.
    """
    first = script.partition("\n")[0].strip()
    interpreter = first[2:].split(maxsplit=1) if first.startswith("#!") else []
    if not interpreter:
        raise Refused(
            "This does not look like a batch script. The first line must start with #! "
            "followed by the path to an interpreter."
        )
    text = _walltime(script)
    if text is None:
        return Demands(tuple(interpreter), None)
    try:
        return Demands(tuple(interpreter), parse_walltime_s(text))
    except InvalidInput as error:
        raise Refused("Invalid --time specification", hint=error.hint) from error


def _walltime(script: str) -> str | None:
    """The last `-t 5`, `-t5`, `--time 5` or `--time=5` before the first command.

    Raises:
        Refused: A line can't be split into words.
    """
    found = None
    for line in script.splitlines():
        if line.strip() and not line.startswith("#"):
            break  # man sbatch: directives after the first command are not read
        if not line.startswith("#SBATCH"):
            continue
        try:
            options = shlex.split(line[len("#SBATCH") :], comments=True)
        except ValueError as error:
            raise Refused(f"{error} in: {line}") from error
        for number, option in enumerate(options):
            name, equals, value = option.partition("=")
            if name == "--time" and equals:
                found = value
            elif option in ("-t", "--time"):
                found = options[number + 1] if number + 1 < len(options) else ""
            elif option.startswith("-t") and not option.startswith("--"):
                found = option[2:]
    return found
