"""What a queue tells of the machine behind it: partitions, reservations, limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class NodeKind:
    """Nodes of a partition that are alike.

    Attributes:
        gres: With the number on each node: `gpu:a100:4`.
    """

    nodes: int
    cores: int
    memory_bytes: int
    features: tuple[str, ...] = ()
    gres: tuple[str, ...] = ()


@dataclass(frozen=True)
class Partition:
    """One partition of the site. None is no limit, or all.

    Attributes:
        nodes_down: Of `nodes`: down, drained or otherwise out of use.
        cores_per_node: The smallest node's.
        memory_per_node_bytes: The smallest node's.
        walltime_default_s: What a job gets that asks for none; None is the limit.
        nodes_minimum: Nodes that a job must ask for.
        nodes_limit: Nodes that one job may have.
        cores_limit: Cores of one node that jobs may use.
        memory_limit_bytes: On one node.
        memory_per_core_default_bytes: For a job that asks for no memory.
        memory_per_core_limit_bytes: A job that asks for more is given more cores.
        groups: Of users that may use it.
        partition_qos: The QOS whose limits hold for the whole partition.
        node_kinds: The largest first.
    """

    name: str
    default: bool
    state: str
    nodes: int
    cores_per_node: int
    memory_per_node_bytes: int
    walltime_limit_s: int | None
    walltime_default_s: int | None = None
    nodes_down: int = 0
    nodes_minimum: int = 1
    nodes_limit: int | None = None
    cores_limit: int | None = None
    memory_limit_bytes: int | None = None
    memory_per_core_default_bytes: int | None = None
    memory_per_core_limit_bytes: int | None = None
    accounts: tuple[str, ...] | None = None
    denied_accounts: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    qos: tuple[str, ...] | None = None
    denied_qos: tuple[str, ...] = ()
    partition_qos: str | None = None
    reservation_only: bool = False
    node_kinds: tuple[NodeKind, ...] = ()

    @property
    def kinds(self) -> tuple[NodeKind, ...]:
        """At least one: where the queue tells none, all nodes are as the smallest."""
        return self.node_kinds or (
            NodeKind(self.nodes, self.cores_per_node, self.memory_per_node_bytes),
        )

    @property
    def features(self) -> tuple[str, ...]:
        """What a constraint may name here."""
        return _unique(name for kind in self.kinds for name in kind.features)

    @property
    def gres(self) -> tuple[str, ...]:
        """Names and types of generic resources here, without numbers: `gpu`, `gpu:a100`."""
        names = []
        for kind in self.kinds:
            for text in kind.gres:
                name, gres_type, _ = split_gres(text)
                names += [name, f"{name}:{gres_type}"] if gres_type else [name]
        return _unique(names)


@dataclass(frozen=True)
class Reservation:
    """Nodes that are kept for somebody for a while.

    Attributes:
        users: Who may use it, beside `accounts` and `groups`; a `-` in front means may not.
        maintenance: Nobody's jobs run in it, whoever may use it.
    """

    name: str
    active: bool
    start: datetime | None
    end: datetime | None
    partition: str | None
    nodes: int
    users: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    maintenance: bool = False


@dataclass(frozen=True)
class Limit:
    """What an account or a QOS allows this user. None is no limit.

    Attributes:
        partition: The account's limits in this partition only.
        shared: Of all users of the account together.
        qos: Those that the account may use.
        jobs: That run at once.
        submitted: Jobs that wait or run; sbatch refuses more.
        cores: Of all jobs that run; so are `memory_bytes` and `nodes`.
        core_minutes: The whole budget.
    """

    kind: Literal["account", "qos"]
    name: str
    partition: str | None = None
    shared: bool = False
    qos: tuple[str, ...] = ()
    default_qos: str | None = None
    walltime_s: int | None = None
    cores_per_job: int | None = None
    memory_per_job_bytes: int | None = None
    nodes_per_job: int | None = None
    jobs: int | None = None
    submitted: int | None = None
    cores: int | None = None
    memory_bytes: int | None = None
    nodes: int | None = None
    core_minutes: int | None = None


@dataclass(frozen=True)
class Site:
    """What the queue says of the machine behind it.

    Attributes:
        accounts: That the user may charge; empty where there is no accounting.
        array_limit: Jobs that one submission may hold.
        refuses_over_limits: Whether it refuses jobs above the limits of their partition, instead
            of letting them wait for ever (Slurm's EnforcePartLimits).
        kill_wait_s: Seconds between SIGTERM and SIGKILL when a job is ended.
    """

    name: str | None
    partitions: tuple[Partition, ...]
    accounts: tuple[str, ...]
    default_account: str | None = None
    reservations: tuple[Reservation, ...] = ()
    limits: tuple[Limit, ...] = ()
    array_limit: int | None = None
    refuses_over_limits: bool = False
    kill_wait_s: int = 30

    @property
    def default_partition(self) -> str | None:
        """Where a job goes that names none."""
        names = [partition.name for partition in self.partitions if partition.default]
        return names[0] if names else None


def split_gres(text: str) -> tuple[str, str | None, int]:
    """Name, type and number of `gpu`, `gpu:2`, `gpu:a100` or `gpu:a100:4`, also with a `=`.

    As sbatch and sinfo write them; what is left out is None and 1. `gpu:4(S:0-1)` names sockets.
    """
    name, *rest = text.partition("(")[0].replace("=", ":").split(":")
    number = rest.pop() if rest and rest[-1][:1].isdigit() else "1"
    digits = "".join(character for character in number if character.isdigit())
    return name, rest[0] if rest else None, int(digits or 1)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
