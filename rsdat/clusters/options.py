"""What one worker job asks for: read from a request and the preset, and checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from rsdat.base.errors import InvalidInput
from rsdat.base.units import parse_bytes, parse_walltime_s
from rsdat.clusters.directives import check_directives, configured_directives

MAX_WORKERS = 10_000
#: A worker with its nanny does not live in less.
MIN_MEMORY_BYTES = 512 * 2**20

#: Options of the REST interface and the keys of `jobqueue.slurm` that they are; `reservation`,
#: `constraint`, `gres`, `environment`, `image` and `binds` are keys of presets only.
KEYS = {
    "cores": "cores",
    "memory": "memory",
    "walltime": "walltime",
    "partition": "queue",
    "account": "account",
    "reservation": "reservation",
    "constraint": "constraint",
    "gres": "gres",
    "processes": "processes",
    "interface": "interface",
    "local_directory": "local-directory",
    "environment": "environment",
    "python": "python",
    "image": "image",
    "binds": "binds",
    "prologue": "job-script-prologue",
    "directives": "job-extra-directives",
}

_WORD = re.compile(r"[A-Za-z0-9_.@,:+-]+\Z")
# Stands unquoted in the worker's command line, where $TMPDIR and $USER must expand.
_DIRECTORY = re.compile(r"[A-Za-z0-9_./@:%+~${}-]+\Z")
# As sbatch takes them: `[rack1|rack2]*2&ssd`, `gpu:a100:2,license:1`.
_CONSTRAINT = re.compile(r"[A-Za-z0-9_.:@&|!*()\[\],=+-]+\Z")
_GRES = re.compile(r"[A-Za-z0-9_.:,/=+-]+\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# A script that changes these has no cluster, or takes part in another job.
_OWN_VARIABLES = re.compile(r"(DASK_CONFIG\Z|RSDAT_|SLURM_)")


@dataclass(frozen=True)
class Options:
    """One worker job.

    Attributes:
        memory: Of the whole job, as text: `30GiB`.
        walltime: As sbatch takes it; None for the partition's own.
        directives: More lines for sbatch, without their `#SBATCH`.
        more: Further keys of `jobqueue.slurm` with their values (`job-mem`, `shebang`, …).
        processes: Worker processes that share the job's cores and memory.
        environment: Variables of the workers, values literal.
        python: A path, or a command; None for the companion's own.
        image: Apptainer image; `binds` are folders to be seen inside.
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
    reservation: str | None = None
    constraint: str | None = None
    gres: str | None = None
    processes: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    python: str | None = None
    image: str | None = None
    binds: tuple[str, ...] = ()

    @property
    def memory_bytes(self) -> int:
        """Memory of the whole job."""
        return parse_bytes(self.memory)

    @property
    def walltime_s(self) -> int | None:
        """None where the partition decides, or there is no limit."""
        return None if self.walltime is None else parse_walltime_s(self.walltime)

    @property
    def job_cores(self) -> int:
        """What Slurm is asked for; dask-jobqueue lets that differ from what the worker uses."""
        return int(self.more.get("job-cpu") or self.cores)

    @property
    def job_memory(self) -> str:
        """What Slurm is asked for, in its words; `0` is all of a node."""
        given = self.more.get("job-mem")
        if given is not None:
            return str(given)
        # As dask-jobqueue writes it, where that is exact.
        gigabytes, rest = divmod(self.memory_bytes, 2**30)
        return f"{math.ceil(self.memory_bytes / 2**20)}M" if rest else f"{gigabytes}G"

    @property
    def all_directives(self) -> tuple[str, ...]:
        """`directives` and those that options of their own stand for; the last of a kind counts."""
        named = ("reservation", "constraint", "gres")
        chosen = ((name, getattr(self, name)) for name in named)
        return (*self.directives, *(f"--{name}={value}" for name, value in chosen if value))

    def as_request(self) -> dict[str, Any]:
        """The options as the REST interface has them."""
        answer: dict[str, Any] = {"cores": self.cores, "memory": self.memory}
        if self.walltime is not None:
            answer["walltime"] = self.walltime
        for key in KEYS:
            if key not in answer and key != "walltime":
                value = getattr(self, key)
                answer[key] = list(value) if isinstance(value, tuple) else value
        return {**answer, "environment": dict(self.environment)}

    def as_settings(self) -> dict[str, Any]:
        """The options as a preset has them, in keys of `jobqueue.slurm`."""
        values = {**self.as_request(), "walltime": self.walltime}
        return {**self.more, **{key: values[option] for option, key in KEYS.items()}}

    def as_dict(self) -> dict[str, Any]:
        """For `cluster.json`."""
        return {**asdict(self), "more": dict(self.more), "environment": dict(self.environment)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Options:
        """The inverse of `as_dict`."""
        # Options of their own since; in older records they are among the others.
        more = dict(value["more"])
        moved = {key: more.pop(key) for key in ("processes", "python") if more.get(key)}
        lists = {key: tuple(value.get(key) or ()) for key in ("prologue", "directives", "binds")}
        known = {item.name for item in fields(cls)}
        given = {key: item for key, item in value.items() if key in known}
        return cls(**{**moved, **given, **lists, "more": more})


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
    merged = _known(settings)
    merged["job-extra-directives"] = configured_directives(merged.get("job-extra-directives") or ())
    merged["job-script-prologue"] = _split(merged.get("job-script-prologue"))
    for option, key in KEYS.items():
        if request.get(option) is not None:
            merged[key] = request[option]
    # What the request says of the job itself hides what the settings make of their own size.
    for option, key in (("cores", "job-cpu"), ("memory", "job-mem")):
        if request.get(option) is not None:
            merged.pop(key, None)
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
        directives=check_directives(_lines(merged.get("job-extra-directives"), "directives")),
        more={key: value for key, value in more.items() if value not in (None, [], {})},
        reservation=_word(merged.get("reservation"), "reservation"),
        constraint=_word(merged.get("constraint"), "constraint", _CONSTRAINT),
        gres=_word(merged.get("gres"), "generic resources", _GRES),
        processes=_count(
            1 if merged.get("processes") is None else merged["processes"], "processes"
        ),
        environment=_environment(merged.get("environment")),
        python=_text(merged.get("python"), "python"),
        image=_text(merged.get("image"), "image"),
        binds=_binds(merged.get("binds")),
    )
    if options.processes > options.cores:
        raise InvalidInput(
            f"{options.processes} worker processes need at least {options.processes} cores"
        )
    if options.memory_bytes < MIN_MEMORY_BYTES * options.processes:
        raise InvalidInput(
            f"{options.memory} of memory are too little for a worker",
            hint="Ask for at least 512MiB, better 2GiB.",
        )
    return options


def _known(settings: Mapping[str, Any]) -> dict[str, Any]:
    # Ours alone, or of no meaning outside dask-jobqueue's own cluster class.
    foreign = ("name", "log-directory", "scheduler-options", "shared-temp-directory")
    return {key: value for key, value in settings.items() if key not in foreign}


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


def _word(value: Any, what: str, allowed: re.Pattern[str] = _WORD) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not allowed.match(value) or value.startswith("-"):
        raise InvalidInput(f"{value!r} can't be a name of {what}")
    return value


def _text(value: Any, what: str) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value.startswith("-") or not value.strip():
        raise InvalidInput(f"{value!r} can't be the {what}", hint="Write a path.")
    _check_no_breaks(value)
    return value.strip()


def _binds(value: Any) -> tuple[str, ...]:
    binds = _lines([value] if isinstance(value, str) else value, "binds")
    for bind in binds:
        if bind.startswith(("-", ":")):
            raise InvalidInput(f"{bind!r} can't be bound", hint="Write /data, or /data:/mnt:ro.")
    return binds


def _environment(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInput("environment is an object of names and values")
    variables = {}
    for name, item in value.items():
        if not isinstance(name, str) or not _VARIABLE.match(name):
            raise InvalidInput(f"{name!r} can't be the name of a variable")
        if _OWN_VARIABLES.match(name):
            raise InvalidInput(f"{name} can't be set: rsdat or Slurm sets it", hint="Leave it out.")
        if not isinstance(item, (str, int, float)):
            raise InvalidInput(f"The value of {name} must be a text")
        # YAML reads `yes` and `on` as true.
        variables[name] = str(item).lower() if isinstance(item, bool) else str(item)
    _check_no_breaks(variables)
    return variables


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


def _split(value: Any) -> Any:
    """An entry of a configuration's prologue may hold several lines."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return value
    if not all(isinstance(entry, str) for entry in value):
        return value
    return [line for entry in value for line in entry.split("\n")]


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
