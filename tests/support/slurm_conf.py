"""The configuration of the private Slurm, and what it can do beside the least."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CPUS_PER_NODE = 4
MEMORY_PER_NODE_MB = 8000

#: cgroup: the kernel kills at once, the job ends OUT_OF_MEMORY. polling: Slurm looks every
#: second and kills, the job ends FAILED.
MemoryGuard = Literal["cgroup", "polling"]

_CONF = """\
ClusterName={cluster}
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={run}/munge.sock
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/pid/slurmctld.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdSpoolDir={run}/%n
SlurmdPidFile={folder}/pid/slurmd-%n.pid
SlurmdLogFile={folder}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
MpiDefault=none
MailProg=/bin/true
PropagateResourceLimits=NONE
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=1,sched_interval=1
ReturnToService=2
MinJobAge=300
KillWait=5
SlurmdTimeout=20
MaxArraySize=2001
DefMemPerCPU=1000
{more}
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=2-00:00:00 DefaultTime=01:00:00 State=UP
PartitionName=short Nodes=ALL MaxTime=01:00:00 State=UP
"""

_ACCOUNTING = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={accounting_port}
AccountingStoragePass={run}/munge.sock
AccountingStorageEnforce=associations,limits,qos,safe
JobAcctGatherType=jobacct_gather/linux
PriorityType=priority/multifactor
"""
# Each kind of job is in one partition of each tier, so that a test can be preempted or not.
_PREEMPTION = """\
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=low Nodes=ALL MaxTime=1-00:00:00 PriorityTier=1 PreemptMode=REQUEUE State=UP
PartitionName=high Nodes=ALL MaxTime=1-00:00:00 PriorityTier=10 PreemptMode=OFF State=UP
"""
_POLLING = """\
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
TaskPlugin=task/none
"""
#: cgroup.conf, read from the folder of slurm.conf.
CGROUP_CONF = """\
CgroupPlugin=cgroup/v1
CgroupMountpoint=/sys/fs/cgroup
ConstrainRAMSpace=yes
ConstrainSwapSpace=no
ConstrainCores=no
"""
_CGROUP_MEMORY = Path("/sys/fs/cgroup/memory")


@dataclass(frozen=True)
class Features:
    """What a private Slurm can do beside the least.

    Attributes:
        accounting: slurmdbd with a database: sacct, associations and their limits, QOS. Takes
            some five seconds more to start.
        memory: Jobs that use more memory than they asked for are killed, as this machine can.
        preemption: Two more partitions over the same nodes: jobs in `high` put those in `low`
            (and in the others) back into the queue.
    """

    accounting: bool = False
    memory: bool = False
    preemption: bool = False


@dataclass(frozen=True)
class Place:
    """Where one private Slurm lives. `nodes` are names and ports."""

    cluster: str
    user: str
    host: str
    folder: Path
    run: Path
    port: int
    accounting_port: int
    nodes: Sequence[tuple[str, int]]


def memory_guard() -> MemoryGuard:
    """How memory can be enforced here: by the kernel where it lets us make memory cgroups (v1)."""
    possible = (_CGROUP_MEMORY / "memory.limit_in_bytes").exists() and os.access(
        _CGROUP_MEMORY, os.W_OK
    )
    return "cgroup" if possible and os.getuid() == 0 else "polling"


def cgroups_of(node: str) -> list[Path]:
    """The memory cgroups that a node's slurmd made, the deepest first: all may be removed."""
    return [
        Path(top)
        for top, _, _ in os.walk(_CGROUP_MEMORY / f"slurm_{node}", topdown=False)
        if Path(top).is_dir()
    ]


def slurm_conf(place: Place, features: Features) -> str:
    """The text of slurm.conf."""
    more = []
    if features.accounting:
        more.append(_ACCOUNTING.format(run=place.run, accounting_port=place.accounting_port))
    if features.preemption:
        more.append(_PREEMPTION)
    if features.memory and memory_guard() == "polling":
        text = _POLLING
        if features.accounting:  # says the first line already
            text = text.partition("\n")[2]
        more.append(text)
    else:
        more.append(f"TaskPlugin=task/{'cgroup' if features.memory else 'none'}")
    # Partitions need nodes above them.
    settings = [line for text in more for line in text.splitlines()]
    partitions = [line for line in settings if line.startswith("PartitionName")]
    nodes = [
        f"NodeName={name} NodeHostname={place.host} NodeAddr=127.0.0.1 Port={port} "
        f"CPUs={CPUS_PER_NODE} RealMemory={MEMORY_PER_NODE_MB} State=UNKNOWN"
        for name, port in place.nodes
    ]
    text = _CONF.format(
        **{key: value for key, value in vars(place).items() if key != "nodes"},
        more="\n".join(line for line in settings if line not in partitions),
        nodes="\n".join(nodes),
    )
    return "\n".join([text.rstrip("\n"), *partitions]) + "\n"
