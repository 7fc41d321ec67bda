"""Starts and ends a cluster's scheduler: a detached process beside Jupyter, never inside it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from datetime import datetime
from pathlib import Path

from distributed.utils import get_ip, get_ip_interface

from rsdat.base import process
from rsdat.base.errors import InvalidInput, RsdatError
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.record import SchedulerProcess
from rsdat.queue.environment import job_environment

_MODULE = "distributed.cli.dask_scheduler"
_END_S = 5.0
_KILL_S = 5.0


class SchedulerWontStart(RsdatError):
    """The scheduler's process could not be started."""

    default_code = "scheduler_wont_start"


def listen_host(*, local: bool, interface: str | None) -> str:
    """The address the scheduler binds, and no other.

    Loopback for the local queue. Else that of the interface, or the one this computer reaches the
    world with, which the nodes of a site share a network with.

    Raises:
        InvalidInput: There is no such interface.
    """
    if interface:
        try:
            return str(get_ip_interface(interface))
        except (ValueError, KeyError) as error:
            raise InvalidInput(
                f"There is no network interface '{interface}' with an address here",
                hint="`ip -brief address` lists them; leave it empty to let rsdat choose.",
            ) from error
    if local:
        return "127.0.0.1"
    address = str(get_ip())
    if address.startswith("127."):
        # No route out: then what the host name stands for is what the nodes know us by.
        try:
            address = socket.gethostbyname(socket.gethostname())
        except OSError:
            return address
    return address


def start_scheduler(
    folder: ClusterFolder, host: str, home: Path, now: datetime
) -> SchedulerProcess:
    """Start it, detached. It then writes the scheduler file. Blocks for the fork.

    Raises:
        SchedulerWontStart: The system did not let us.
    """
    argv = [
        sys.executable,
        "-m",
        _MODULE,
        "--protocol",
        "tls",
        "--host",
        host,
        "--port",
        "0",
        "--dashboard-address",
        f"{host}:0",
        "--scheduler-file",
        str(folder.scheduler_file),
    ]
    environment = job_environment(os.environ)
    environment |= {"DASK_CONFIG": str(folder.dask), "RSDAT_HOME": str(home)}
    environment["RSDAT_SHARED"] = str(folder.shared)
    try:
        pid = process.start_detached(
            argv, env=environment, log=folder.scheduler_log, cwd=folder.path
        )
    except OSError as error:
        raise SchedulerWontStart(f"The scheduler can't be started: {error.strerror}") from error
    return SchedulerProcess(
        host=process.this_host(), pid=pid, birth=process.birth(pid) or "gone", started=now
    )


def find_scheduler(folder: ClusterFolder, started: datetime) -> SchedulerProcess | None:
    """The cluster's scheduler among the processes of this computer, by its command line.

    Finds one whose companion died between starting it and writing it down.
    """
    for pid in process.find_by_arguments([_MODULE, str(folder.scheduler_file)]):
        born = process.birth(pid)
        if born is not None:
            return SchedulerProcess(process.this_host(), pid, born, started)
    return None


async def end_process(scheduler: SchedulerProcess) -> bool:
    """See to it that the process is gone: wait, then SIGTERM, then SIGKILL.

    Returns:
        Whether it is gone for sure. On another computer we can't tell: False.
    """
    facts = (scheduler.host, scheduler.pid, scheduler.birth)
    if process.alive(*facts) is None:
        return False
    steps = ((None, 2.0), (signal.SIGTERM, _END_S), (signal.SIGKILL, _KILL_S))
    for number, wait_s in steps:
        if number is not None:
            process.send_signal(*facts, number)
        deadline = asyncio.get_running_loop().time() + wait_s
        while asyncio.get_running_loop().time() < deadline:
            if not process.alive(*facts):
                return True
            await asyncio.sleep(0.05)
    return not process.alive(*facts)
