"""What lines in the logs of scheduler and jobs mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

#: memory, walltime, preempted, requeued, node: what Slurm or Dask says happened to a job. start:
#: why a worker did not come up. restart: a worker died and its nanny starts another, in a job that
#: goes on. task: Dask gave up on a task because its workers died.
Kind = Literal["memory", "walltime", "preempted", "requeued", "node", "start", "restart", "task"]

LINES_SHOWN = 12
_LONGEST_LINE = 500
_MEMORY = "Ask for more memory per worker, or work in smaller chunks."
_NETWORK = "The nodes may not reach the scheduler's address: choose another network interface."
_SAME = "Workers need the same packages as the notebook: check python and prologue."


@dataclass(frozen=True)
class Sign:
    """What one line of a log means.

    Attributes:
        words: As a sentence of its own, without a capital.
        step: What to do.
        line: The line itself.
    """

    kind: Kind
    words: str
    step: str
    line: str


@dataclass(frozen=True)
class _Pattern:
    kind: Kind
    pattern: re.Pattern[str]
    words: str
    step: str


def _pattern(kind: Kind, pattern: str, words: str, step: str) -> _Pattern:
    return _Pattern(kind, re.compile(pattern), words, step)


_KILLED = re.compile(r"[Ww]orker process \d+ was killed by signal 9")
_IMPATIENT = re.compile(r"[Ww]orker process still alive after [\d.]+ seconds, killing")

#: The first that is found in a line counts; `{0}` is what its group caught. Sources: Slurm 22.05
#: slurmstepd and distributed 2026.8 as they were seen to write.
_PATTERNS = (
    _pattern("memory", r"oom[-_]kill event|exceeded memory limit|oom-killer",
             "it ran out of memory", _MEMORY),
    _pattern("walltime", r"DUE TO TIME LIMIT", "it reached its walltime",
             "Ask for a longer walltime."),
    _pattern("preempted", r"DUE TO PREEMPTION", "it was preempted by a job that comes first",
             "Choose a partition whose jobs are not preempted for work that can't wait."),
    _pattern("node", r"DUE TO NODE FAILURE", "its node failed", "Nothing to do: it happens."),
    _pattern("requeued", r"DUE TO JOB REQUEUE", "it was put back into the queue",
             "It starts again by itself."),
    _pattern("restart", r"exceeded \d+% memory budget", "its worker used more memory than it has",
             _MEMORY),
    _pattern("restart", _KILLED.pattern,
             "its worker was killed, most likely for its memory", _MEMORY),
    _pattern("restart", r"[Ww]orker process \d+ was killed by (?:signal \d+|unknown signal)",
             "its worker crashed", "Look at its log: code in C may have crashed."),
    _pattern("task", r"marked as failed because (\d+) workers died",
             "Dask gave up on a task: {0} workers died while they ran it",
             "Most often the task needs more memory than a worker has: ask for more per worker, "
             "or work in smaller chunks."),
    _pattern("start", r"TLS certificate does not match|CERTIFICATE_VERIFY_FAILED",
             "its worker was refused: another scheduler answers at that address",
             "Shut the cluster down and make a new one."),
    _pattern("start", r"No module named '?(dask\._task_spec|distributed\.protocol\.\w+)",
             "its Dask is of another version than the scheduler's ({0} is missing)", _SAME),
    _pattern("start", r"No module named '?([\w.]+)", "its Python lacks the package {0}", _SAME),
    _pattern("start", r"ModuleNotFoundError", "its Python lacks a package", _SAME),
    _pattern("start", r"[Tt]imed out (?:starting worker|during handshake|trying to connect)",
             "its worker did not reach the scheduler", _NETWORK),
    _pattern("start", r"Network is unreachable|No route to host",
             "its worker did not reach the scheduler", _NETWORK),
    _pattern("start", r"No space left on device|Disk quota exceeded",
             "there is no space left on a disk it writes to",
             "Free some space, or choose another local directory."),
    _pattern("start", r"Unable to locate a modulefile for '?([^\s']+)|are unknown: \"?([^\"]+)",
             "there is no module {0} on the node", "Correct the prologue."),
    _pattern("start", r"(\S+): command not found", "the program {0} does not exist on the node",
             "Check the prologue: a module or an environment may be missing in it."),
    _pattern("start", r"[Cc]an't open file '([^']+)'|(/\S+?): No such file or directory",
             "{0} does not exist on the node",
             "Check python and prologue; the nodes must see the same files."),
    _pattern("start", r"No such file or directory", "a file or program does not exist on the node",
             "Check python and prologue; the nodes must see the same files."),
    _pattern("start", r"'message': 'name taken", "another worker with its name is connected",
             "Nothing to do: it goes as soon as the other is found to be lost."),
    _pattern("start", r"Permission denied", "something on the node may not be read or run",
             "Check the permissions of python, prologue and local directory."),
)  # fmt: skip


def signs(text: str | None) -> Iterator[Sign]:
    """What the lines of a log mean, the last line first; lines that mean nothing are left out."""
    return reversed(read_lines((text or "").splitlines()))


def read_lines(lines: Iterable[str]) -> list[Sign]:
    """What lines of a log mean, in their order; those that mean nothing are left out."""
    found = []
    impatient = False
    for line in lines:
        if impatient and _KILLED.search(line):
            impatient = False  # by its own nanny, on its way out: it did not crash
            continue
        impatient = impatient or awaits_a_kill(line)
        sign = read_line(line)
        if sign is not None:
            found.append(sign)
    return found


def awaits_a_kill(line: str) -> bool:
    """Whether a nanny says that it will kill its worker, which another line will tell then.

    `distributed.nanny` does so with a worker that doesn't end when it is asked to.
    """
    return _IMPATIENT.search(line) is not None


def read_line(line: str) -> Sign | None:
    """What one line means; None for nothing that is known."""
    line = line[:_LONGEST_LINE]
    for each in _PATTERNS:
        match = each.pattern.search(line)
        if match:
            caught = next((group for group in match.groups() if group), "")
            return Sign(each.kind, each.words.format(caught), each.step, line)
    return None


def last_lines(text: str | None, sign: Sign | None = None) -> str | None:
    """The last lines of a log to be shown, and the telling one above them if it is none of them."""
    lines = [line[:_LONGEST_LINE] for line in (text or "").splitlines() if line.strip()]
    shown = lines[-LINES_SHOWN:]
    if sign is not None and sign.line not in shown:
        shown = [sign.line, "…", *shown[2:]]
    return "\n".join(shown) or None
