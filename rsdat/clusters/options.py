"""What one worker job asks for: read from a request and the preset, and checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rsdat.base.errors import InvalidInput
from rsdat.base.units import parse_bytes, parse_walltime_s

MAX_WORKERS = 10_000
#: A worker with its nanny does not live in less.
MIN_MEMORY_BYTES = 512 * 2**20

#: Options of the REST interface and the keys of `jobqueue.slurm` that they are.
KEYS = {
    "cores": "cores",
    "memory": "memory",
    "walltime": "walltime",
    "partition": "queue",
    "account": "account",
    "interface": "interface",
    "local_directory": "local-directory",
    "prologue": "job-script-prologue",
    "directives": "job-extra-directives",
}

_WORD = re.compile(r"[A-Za-z0-9_.@,:+-]+\Z")
# Stands unquoted in the worker's command line, where $TMPDIR and $USER must expand.
_DIRECTORY = re.compile(r"[A-Za-z0-9_./@:%+~${}-]+\Z")
_OWN_DIRECTIVES = re.compile(
    r"(--(array|output|error|job-name|wrap|parsable|test-only|open-mode|no-requeue|requeue)\b|-[aoeJ]"
    # With these sbatch waits for the jobs' end, or does not tell their id.
    r"|--(wait|quiet)(?![\w-])|-[WQ])"
)


@dataclass(frozen=True)
class Options:
    """One worker job.

    Attributes:
        memory: Of the whole job, as text: `30GiB`.
        walltime: As sbatch takes it; None for the partition's own.
        directives: More lines for sbatch, without their `#SBATCH`.
        more: Further keys of `jobqueue.slurm` with their values (`python`, `processes`, …).
    """

    cores: int
    memory: str
    walltime: str | None
    partition: str | None
    account: str | None
    interface: str | None
    local_directory: str | None
    prologue: tuple[str, ...]
    directives: tuple[str, ...]
    more: Mapping[str, Any]

    @property
    def memory_bytes(self) -> int:
        """Memory of the whole job."""
        return parse_bytes(self.memory)

    @property
    def walltime_s(self) -> int | None:
        """None where the partition decides, or there is no limit."""
        return None if self.walltime is None else parse_walltime_s(self.walltime)

    @property
    def processes(self) -> int:
        """Worker processes in one job."""
        return int(self.more.get("processes") or 1)

    def as_request(self) -> dict[str, Any]:
        """The options as the REST interface has them."""
        answer: dict[str, Any] = {"cores": self.cores, "memory": self.memory}
        if self.walltime is not None:
            answer["walltime"] = self.walltime
        for key in ("partition", "account", "interface", "local_directory"):
            answer[key] = getattr(self, key)
        return {**answer, "prologue": list(self.prologue), "directives": list(self.directives)}

    def as_dict(self) -> dict[str, Any]:
        """For `cluster.json`."""
        return {**asdict(self), "more": dict(self.more)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Options:
        """The inverse of `as_dict`."""
        return cls(
            **{
                **value,
                "prologue": tuple(value["prologue"]),
                "directives": tuple(value["directives"]),
            }
        )


def read_options(settings: Mapping[str, Any], request: Mapping[str, Any]) -> Options:
    """Lay the options of a request over the settings of the preset, and check the result.

    Args:
        settings: As `rsdat.presets.job_settings` gives them.
        request: `options` of a ClusterRequest; what is absent or None comes from the settings.

    Raises:
        InvalidInput: An option is unknown or makes no sense.
    """
    unknown = set(request) - set(KEYS)
    if unknown:
        raise InvalidInput(f"There is no option '{sorted(unknown)[0]}'")
    merged = _without_old_keys(settings)
    for option, key in KEYS.items():
        if request.get(option) is not None:
            merged[key] = request[option]
    more = {key: value for key, value in merged.items() if key not in KEYS.values()}
    _check_no_breaks(more)
    options = Options(
        cores=_count(merged.get("cores"), "cores"),
        memory=_memory(merged.get("memory")),
        walltime=_walltime(merged.get("walltime")),
        partition=_word(merged.get("queue"), "partition"),
        account=_word(merged.get("account"), "account"),
        interface=_word(merged.get("interface"), "interface"),
        local_directory=_directory(merged.get("local-directory")),
        prologue=_lines(merged.get("job-script-prologue"), "prologue"),
        directives=_directives(merged.get("job-extra-directives")),
        more={key: value for key, value in more.items() if value not in (None, [], {})},
    )
    processes = _count(merged.get("processes") or 1, "processes")
    if processes > options.cores:
        raise InvalidInput(f"{processes} worker processes need at least {processes} cores")
    if options.memory_bytes < MIN_MEMORY_BYTES * processes:
        raise InvalidInput(
            f"{options.memory} of memory are too little for a worker",
            hint="Ask for at least 512MiB, better 2GiB.",
        )
    return options


def _without_old_keys(settings: Mapping[str, Any]) -> dict[str, Any]:
    # Names that dask-jobqueue gave up but still reads: they count where the new one is empty.
    merged = dict(settings)
    renamed = {
        "extra": "worker-extra-args",
        "job-extra": "job-extra-directives",
        "env-extra": "job-script-prologue",
        "header-skip": "job-directives-skip",
        "project": "account",
    }
    for old, new in renamed.items():
        value = merged.pop(old, None)
        if value and not merged.get(new):
            merged[new] = value
    # Ours alone, or of no meaning outside dask-jobqueue's own cluster class.
    for key in ("name", "log-directory", "scheduler-options", "shared-temp-directory"):
        merged.pop(key, None)
    return merged


def _count(value: Any, what: str) -> int:
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInput(f"{what} must be a whole number, at least 1, not {value!r}")
    return value


def _memory(value: Any) -> str:
    if value is None:
        raise InvalidInput("How much memory may a worker use?", hint="Set the option memory.")
    text = f"{value}B" if isinstance(value, int) else str(value).strip()
    _check_no_breaks(text)
    if not math.isfinite(parse_bytes(text)):
        raise InvalidInput(f"'{text}' is not a size")
    return text


def _walltime(value: Any) -> str | None:
    if value is None:
        return None
    # YAML 1.1 reads an unquoted 01:00:00 as 3600 in base 60.
    text = f"{value // 60:d}:{value % 60:02d}" if isinstance(value, int) else str(value).strip()
    if parse_walltime_s(text) == 0:
        raise InvalidInput("The walltime must be longer than 0")
    return text


def _word(value: Any, what: str) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _WORD.match(value) or value.startswith("-"):
        raise InvalidInput(f"{value!r} can't be a name of {what}")
    return value


def _directory(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _DIRECTORY.match(value) or value.startswith("-"):
        raise InvalidInput(
            f"{value!r} can't be the local directory",
            hint="Write a path without spaces or quotes; $TMPDIR and $USER are fine.",
        )
    return value


def _lines(value: Any, what: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise InvalidInput(f"{what} is a list of lines")
    if not all(isinstance(line, str) for line in value):
        raise InvalidInput(f"{what} is a list of lines")
    _check_no_breaks(list(value))
    return tuple(line for line in value if line.strip())


def _directives(value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        value = [f"{key}={item}" if item is not None else str(key) for key, item in value.items()]
    lines = tuple(line.removeprefix("#SBATCH").strip() for line in _lines(value, "directives"))
    for line in lines:
        if not line.startswith("-"):
            raise InvalidInput(
                f"'{line}' is no option of sbatch", hint="Write it as --constraint=scratch-node."
            )
        if _OWN_DIRECTIVES.match(line):
            raise InvalidInput(f"'{line}' can't be set: rsdat sets it itself", hint="Leave it out.")
    return lines


def _check_no_breaks(value: Any) -> None:
    # A line break in any value would be a line of its own in the script.
    if isinstance(value, str):
        if any((ord(c) < 32 and c != "\t") or ord(c) == 127 for c in value):
            raise InvalidInput("Options have no line breaks or control characters")
        if not value.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in value):
            raise InvalidInput("Options have no halves of characters (lone surrogates)")
    elif isinstance(value, Mapping):
        _check_no_breaks(list(value.values()))
    elif isinstance(value, Sequence):
        for item in value:
            _check_no_breaks(item)
