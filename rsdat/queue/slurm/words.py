"""What Slurm's commands say on stderr when they fail."""

from __future__ import annotations

import re

#: No answer, or none that is sure. Slurm gives these no exit code of their own (always 1), so
#: its words decide. Source: slurm_errno.c, "communication failures" and the munge plugin.
_SILENT = re.compile(
    r"unable to contact slurm controller"
    r"|socket timed out"
    r"|zero bytes were transmitted"
    r"|communication connection failure"
    r"|message (send|receive) failure"
    r"|unable to establish control(ler)? machine"
    r"|connection (refused|timed out|reset)"
    r"|no route to host"
    r"|transport endpoint is not connected"
    r"|backup controller in standby"
    r"|temporarily unable to accept job"
    r"|munge (encode|decode) failed"
    r"|protocol authentication error",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^(?:sbatch|squeue|scancel|scontrol|sinfo|sacct|sacctmgr): (?:error: )?")
LONGEST_WORDS = 2000


def own_words(stderr: str) -> str:
    """The lines without `sbatch: error:` in front, as one line."""
    lines = (_PREFIX.sub("", line).strip() for line in stderr.splitlines())
    return ". ".join(line.rstrip(".") for line in lines if line)[:LONGEST_WORDS]


def is_silent(stderr: str) -> bool:
    """Slurm did not answer. An order may have been carried out all the same."""
    return bool(_SILENT.search(stderr))


def is_forbidden(stderr: str) -> bool:
    """The job is somebody else's."""
    return "permission denied" in stderr.lower()


_OVER = re.compile(r"invalid job id|already complet", re.IGNORECASE)


def is_over(stderr: str) -> bool:
    """All that went wrong is that jobs have ended already."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    return bool(lines) and all(_OVER.search(line) for line in lines)


def is_submit_limit(stderr: str) -> bool:
    """Fewer jobs would have been taken: a limit on how many may be in the queue."""
    return bool(re.search(r"\b(QOS|Assoc)\w*Submit\w*Limit", stderr))


def lacks_accounting(stderr: str) -> bool:
    """This site keeps no job accounting."""
    return bool(re.search(r"accounting storage is disabled|not running a supported", stderr))
