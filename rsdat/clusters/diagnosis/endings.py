"""How jobs end, as sentences, each with a next step. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rsdat.base.units import format_bytes
from rsdat.clusters.diagnosis.signs import Sign, last_lines, signs
from rsdat.clusters.options import Options
from rsdat.clusters.record import EndedJob

#: own: something about what was asked for has to be changed. site: nobody can help it.
Fault = Literal["own", "site"]
_LOG = "Look at its log."
_RESTART_S = 30


@dataclass(frozen=True)
class Ending:
    """How a job ended: words that go on from `Job 7_0 …`, what to do, and the telling lines."""

    words: str
    step: str
    fault: Fault
    log: str | None


def read_ending(job: EndedJob, options: Options, log: str | None) -> Ending:
    """How a job ended that nobody had asked to.

    Args:
        job: As it was recorded.
        options: What its group asks for.
        log: The last lines of its log, more than are shown.
    """
    found = list(signs(log))
    # Only what the log ends with is about the end: a job that was requeued goes on in its old log.
    telling = found[0] if found else None
    if _out_of_memory(job, found):
        sign = next((each for each in found if each.kind in ("memory", "restart")), None)
        return Ending("ran out of memory", more_memory(options), "own", last_lines(log, sign))
    words, step, fault = _by_state(job, options)
    if job.state == "CANCELLED" and telling is not None and telling.kind == "walltime":
        words, step, fault = _by_state_name("TIMEOUT", options)
    if job.exit == "0:53":
        # Slurm's own code when it could not open the job's output (nothing else says so).
        words = "could not write its log"
        step = "The folder for logs can't be written from the node: is it on a shared disk?"
    elif (
        telling is not None
        and telling.kind not in ("task", "restart")
        and job.state in ("FAILED", "COMPLETED", "UNKNOWN")
    ):
        return Ending(f"{words}: {telling.words}", telling.step, "own", last_lines(log, telling))
    return Ending(words, step, fault, last_lines(log))


def more_memory(options: Options) -> str:
    """The next step for workers that ran out of memory, with numbers."""
    now = format_bytes(options.memory_bytes)
    twice = format_bytes(2 * options.memory_bytes)
    each = "" if options.processes == 1 else f" for {options.processes} workers"
    return f"Each job asks for {now}{each}: try {twice} in a new cluster, or smaller chunks."


def state_words(state: str, exit_text: str | None) -> str | None:
    """How a job ended, for the list of jobs; None for one that ended well."""
    if state == "COMPLETED":
        return None
    return _STATES[state][0] if state in _STATES else exit_words(exit_text)


def exit_words(exit_text: str | None) -> str:
    """What `code:signal` means."""
    if not exit_text:
        return "ended"
    code, _, number = exit_text.partition(":")
    if number not in ("", "0"):
        # Slurm gives the exit code of its own kill for memory in the place of a signal.
        return "ran out of memory" if number == "125" else f"was ended by signal {number}"
    return "ended at once" if code == "0" else f"failed with exit code {code}"


_NOTHING = "Nothing to do: rsdat starts another in its place."
_STATES: dict[str, tuple[str, str, Fault]] = {
    "OUT_OF_MEMORY": ("ran out of memory", "Ask for more memory per worker.", "own"),
    "TIMEOUT": ("reached its walltime", "Ask for a longer walltime.", "own"),
    "NODE_FAIL": ("was lost: its node failed", _NOTHING, "site"),
    "PREEMPTED": (
        "was preempted by a job that comes first",
        f"{_NOTHING} Partitions whose jobs are not preempted are safer.",
        "site",
    ),
    "CANCELLED": (
        "was cancelled outside rsdat",
        f"{_NOTHING} Scale the cluster to have fewer.",
        "site",
    ),
    "DEADLINE": ("reached its deadline", "Make a new cluster without that deadline.", "own"),
    "BOOT_FAIL": ("was lost: its node did not boot", _NOTHING, "site"),
    "UNKNOWN": ("is gone, and the queue does not remember how it ended", _LOG, "site"),
}


def _by_state(job: EndedJob, options: Options) -> tuple[str, str, Fault]:
    if job.state in _STATES:
        return _by_state_name(job.state, options)
    words = exit_words(job.exit)
    if words == "ended at once" and job.run_s > _RESTART_S:
        # A clean exit says little: a worker whose scheduler is gone ends so, too.
        words = "ended by itself"
    return words, _LOG, "own"


def _by_state_name(state: str, options: Options) -> tuple[str, str, Fault]:
    words, step, fault = _STATES[state]
    if state == "TIMEOUT" and options.walltime:
        words = f"{words} of {options.walltime}"
    return words, step, fault


def _out_of_memory(job: EndedJob, found: list[Sign]) -> bool:
    if job.state == "OUT_OF_MEMORY" or job.exit == "0:125" or job.reason == "OutOfMemory":
        return True
    # Where Slurm itself looks after memory (OverMemoryKill) such a job ends FAILED 0:9 or
    # CANCELLED; only its log says why.
    return job.state in ("FAILED", "CANCELLED") and any(each.kind == "memory" for each in found[:2])
