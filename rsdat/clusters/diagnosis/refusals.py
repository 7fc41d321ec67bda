"""The next step after a refusal by sbatch, which says itself what is wrong. Pure."""

from __future__ import annotations

import re

#: Found in what sbatch said; the first counts. Source: Slurm 22.05, slurm_errno.c, and what was
#: seen.
_STEPS = tuple(
    (re.compile(pattern, re.IGNORECASE), step)
    for pattern, step in (
        ("MaxSubmit|submit limit|job array", "Ask for fewer workers: scale to a smaller number."),
        ("account/partition", "Choose an account and a partition that go together."),
        ("partition", "Choose another partition in a new cluster's options."),
        ("invalid account", "Choose another account in a new cluster's options."),
        ("QOS|quality of service", "Ask for another quality of service, or for less."),
        ("memory", "Ask for less memory per worker in a new cluster's options."),
        ("time limit|--time", "Ask for a shorter walltime in a new cluster's options."),
        ("feature|constraint", "Choose another constraint in a new cluster's options."),
        ("gres|generic resource", "Ask for other devices (gres) in a new cluster's options."),
        ("reservation", "Choose another reservation in a new cluster's options."),
        ("license", "Ask for other licences in a new cluster's options."),
        ("node (count|configuration|name)|processors|cpu", "Ask for fewer cores or less memory."),
        ("unrecognized option|invalid option", "Correct the extra directives in a new cluster."),
    )
)


def after_refusal(message: str) -> str:
    """What to do after sbatch said `message`."""
    for pattern, step in _STEPS:
        if pattern.search(message):
            return step
    return "Make a new cluster with other options, or scale this one to try again."
