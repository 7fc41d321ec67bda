"""One whole stand-in: its parts, and what they share."""

from __future__ import annotations

from dataclasses import dataclass, field

from rsdat.demo.door.auth import Logins
from rsdat.demo.door.channels import Channels
from rsdat.demo.door.faults import Faults
from rsdat.demo.door.movers import Movers
from rsdat.demo.door.options import Options
from rsdat.demo.door.pins import Pins
from rsdat.demo.door.tape import Stager
from rsdat.demo.door.tree import Tree


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
    bulk_delay_s: float = 0.05
    urls: dict[str, str] = field(default_factory=dict)
