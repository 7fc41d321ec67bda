"""The site as scontrol, sinfo and sacctmgr print it. Pure: text in, `Partition`s out."""

from __future__ import annotations

import re

from rsdat.base.errors import InvalidInput
from rsdat.base.units import parse_walltime_s
from rsdat.queue.interface import Partition

#: Partition, nodes, CPUs and MB; with `-e` one line for each kind of node.
SINFO_FORMAT = "%R|%D|%c|%m"
_MEGABYTE = 2**20  # Slurm's M


def parse_config(text: str) -> dict[str, str]:
    """What `scontrol show config` prints."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def message_timeout_s(config: dict[str, str]) -> int | None:
    """How long Slurm's commands wait for an answer: `MessageTimeout = 10 sec`."""
    match = re.match(r"(\d+)", config.get("MessageTimeout", ""))
    return int(match[1]) if match else None


def parse_partitions(scontrol: str, sinfo: str) -> tuple[Partition, ...]:
    """Partitions from `scontrol -o show partition` and `sinfo -h -e -o SINFO_FORMAT`.

    Those without a node are left out: nothing can run there.
    """
    kinds = _node_kinds(sinfo)
    partitions = []
    for line in scontrol.splitlines():
        facts = dict(word.partition("=")[::2] for word in line.split() if "=" in word)
        name = facts.get("PartitionName")
        if not name or name not in kinds:
            continue
        partitions.append(
            Partition(
                name=name,
                default=facts.get("Default") == "YES",
                state=facts.get("State", "UNKNOWN"),
                nodes=sum(nodes for nodes, _, _ in kinds[name]),
                cores_per_node=min(cores for _, cores, _ in kinds[name]),
                memory_per_node_bytes=min(memory for _, _, memory in kinds[name]),
                walltime_limit_s=_limit_s(facts.get("MaxTime", "UNLIMITED")),
            )
        )
    return tuple(partitions)


def _node_kinds(sinfo: str) -> dict[str, list[tuple[int, int, int]]]:
    kinds: dict[str, list[tuple[int, int, int]]] = {}
    for line in sinfo.splitlines():
        # Without `-e` a mixed group carries a `+`; some versions print it all the same.
        fields = [field.strip().rstrip("+") for field in line.split("|")]
        if len(fields) == 4 and all(field.isdigit() for field in fields[1:]):
            nodes, cores, megabytes = map(int, fields[1:])
            if nodes:
                kinds.setdefault(fields[0], []).append((nodes, cores, megabytes * _MEGABYTE))
    return kinds


def _limit_s(text: str) -> int | None:
    try:
        return parse_walltime_s(text)
    except InvalidInput:  # `NONE`
        return None


def parse_accounts(text: str, cluster: str | None) -> tuple[str, ...]:
    """Accounts from `sacctmgr -nP show assoc format=Cluster,Account`, in its order, once each."""
    accounts: dict[str, None] = {}
    for line in text.splitlines():
        there, _, account = line.strip().partition("|")
        if account and cluster in (None, there):
            accounts[account] = None
    return tuple(accounts)
