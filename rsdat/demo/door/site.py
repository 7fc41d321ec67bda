"""One whole stand-in: its parts, and what they share."""

from __future__ import annotations

from dataclasses import dataclass, field

from rsdat.demo.door.auth import Logins
from rsdat.demo.door.bulk_jobs import BulkJobs
from rsdat.demo.door.channels import Channels
from rsdat.demo.door.faults import Fault, Faults
from rsdat.demo.door.movers import Movers
from rsdat.demo.door.options import Options
from rsdat.demo.door.pins import Pins
from rsdat.demo.door.qos import Qos
from rsdat.demo.door.quotas import Quotas
from rsdat.demo.door.rights import Rights
from rsdat.demo.door.tape import Stager
from rsdat.demo.door.throttle import Rates
from rsdat.demo.door.tree import Tree

# Which of the rights that `Tree.forbids` knows stands for an activity; else `write`.
_FORBIDDEN_BY = {"DOWNLOAD": "read", "LIST": "list", "STAGE": "read", "READ_METADATA": "read"}


@dataclass
class Site:
    """What the frontend, the doors and the pool have in common."""

    options: Options
    tree: Tree
    stager: Stager
    pins: Pins
    movers: Movers
    logins: Logins
    faults: Faults
    channels: Channels
    rates: Rates
    bulk_delay_s: float = 0.05
    bulk_expansion: str = "TARGETS"  # the most that `expandDirectories` may say
    marker_s: float = 5.0  # between two markers of a third-party copy
    quotas: Quotas = field(default_factory=Quotas)
    tape_uri: str = ""  # what `.well-known` says instead of the truth
    urls: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.qos = Qos(self.tree, self.stager, self.pins)
        self.bulk = BulkJobs(self)

    def vanish(self, fault: Fault | None, path: str) -> None:
        """Delete what is at a path, if that was ordered for this request."""
        if fault is not None and fault.kind == "vanish" and self.tree.find(path) is not None:
            self.tree.remove_tree(path)

    def refuses(self, rights: Rights, path: str, *activities: str) -> bool:
        """Whether a path is closed to all of these activities.

        Closed by the rights of a request, or by what was forbidden there.
        """
        return not any(
            rights.allows(activity, path)
            and not self.tree.forbids(path, _FORBIDDEN_BY.get(activity, "write"))
            for activity in activities
        )
