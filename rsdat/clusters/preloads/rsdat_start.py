"""Starts the scheduler in its own job: finds the address of the node, then is `dask scheduler`.

Its first argument says where to listen: `node`, `interface=ib0` or `address=127.0.0.1`; the others
are those of `dask scheduler`. Needs nothing but distributed: the Python may have no rsdat.
"""

from __future__ import annotations

import socket
import sys

from distributed.cli.dask_scheduler import main
from distributed.utils import get_ip, get_ip_interface


def host(where: str) -> str:
    """The address to bind, and no other."""
    kind, _, value = where.partition("=")
    if kind == "address":
        return value
    if kind == "interface":
        return str(get_ip_interface(value))
    address = str(get_ip())
    if address.startswith("127."):
        # No route out: then what the host name stands for is what the others know us by.
        try:
            address = socket.gethostbyname(socket.gethostname())
        except OSError:
            return address
    return address


if __name__ == "__main__":
    here = host(sys.argv[1])
    main(["--host", here, "--dashboard-address", f"{here}:0", *sys.argv[2:]])
