"""The accounting of the private Slurm: a MariaDB and a slurmdbd of its own, in its folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

from tests.support.slurm_processes import (
    SlurmUnavailable,
    clean_environment,
    daemon,
    must,
    poll,
    program,
    this_user,
)

PROGRAMS = {
    "slurmdbd": "slurmdbd",
    "mariadbd": "mariadb-server-core",
    "mariadb": "mariadb-client-core",
}
ACCOUNT = "proj"
_DATABASE_LIMIT_S = 60
_DBD_CONF = """\
AuthType=auth/munge
AuthInfo=socket={run}/munge.sock
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={port}
SlurmUser={user}
LogFile={folder}/log/slurmdbd.log
PidFile={folder}/pid/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database_port}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
"""
_USERS = (
    "create database slurm_acct_db;"
    "create user slurm@127.0.0.1 identified by 'slurm';"
    "grant all on slurm_acct_db.* to slurm@127.0.0.1"
)


def missing_accounting_programs() -> str | None:
    """Why no accounting can be had here; None if it can."""
    missing = sorted({package for name, package in PROGRAMS.items() if not program(name)})
    return f"not installed: {' '.join(missing)} (Debian packages)" if missing else None


def start_accounting(folder: Path, run: Path, *, cluster: str, port: int, dbport: int) -> None:
    """Start database and slurmdbd, with the cluster and one account for this user in them.

    slurm.conf and munge are there already; slurmctld comes afterwards, or it finds no cluster.

    Args:
        folder: The site's.
        run: Its folder for sockets.
        cluster: The name in slurm.conf.
        port: slurmdbd's.
        dbport: The database's.

    Raises:
        SlurmUnavailable: Something of it does not start.
    """
    _start_database(folder, run, dbport)
    conf = folder / "slurmdbd.conf"
    conf.touch(mode=0o600)
    host = socket.gethostname().split(".")[0]
    conf.write_text(
        _DBD_CONF.format(
            run=run, host=host, port=port, user=this_user(), folder=folder, database_port=dbport
        )
    )
    # It takes no path of its configuration; by this name it is known as ours.
    link = folder / "slurmdbd"
    link.unlink(missing_ok=True)
    link.symlink_to(must("slurmdbd"))
    environment = {"SLURM_CONF": str(folder / "slurm.conf")}
    daemon([str(link)], folder / "log" / "boot.log", environment)

    def manage(*lines: str) -> bool:
        done = subprocess.run(
            [must("sacctmgr"), "-i", "-Q"],
            input="\n".join([*lines, "quit", ""]),
            env={**clean_environment(), **environment, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode == 0 and "rror" not in done.stderr

    # One call for all: each costs half a second.
    added = (
        f"add cluster {cluster}",
        f"add account {ACCOUNT} Cluster={cluster} Description=tests Organization=tests",
        f"add user {this_user()} Account={ACCOUNT}",
        # A new cluster brings an account `root`, which root would be in else.
        f"modify user {this_user()} set DefaultAccount={ACCOUNT}",
    )
    if not poll(lambda: manage(*added), _DATABASE_LIMIT_S):
        raise SlurmUnavailable("slurmdbd does not take orders")


def _start_database(folder: Path, run: Path, port: int) -> None:
    data = folder / "database"
    shutil.rmtree(data, ignore_errors=True)
    as_user = [f"--user={this_user()}"] if os.getuid() == 0 else []
    _call(
        folder,
        [
            must("mariadb-install-db"),
            "--no-defaults",
            *as_user,
            f"--datadir={data}",
            "--innodb-log-file-size=8M",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ],
    )
    options = {
        "datadir": data,
        "socket": run / "database.sock",
        "bind-address": "127.0.0.1",
        "port": port,
        "pid-file": folder / "pid" / "mariadbd.pid",
        "innodb-flush-log-at-trx-commit": 0,
        "innodb-buffer-pool-size": "64M",
        "performance-schema": "OFF",
    }
    flags = [*as_user, "--skip-name-resolve", "--skip-log-bin"]
    argv = [must("mariadbd"), "--no-defaults", *(f"--{k}={v}" for k, v in options.items()), *flags]
    with (folder / "log" / "mariadbd.log").open("ab") as log:
        subprocess.Popen(
            argv,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    if not poll((run / "database.sock").is_socket, _DATABASE_LIMIT_S):
        raise SlurmUnavailable("the database does not start")
    client = [must("mariadb"), "--no-defaults", f"--socket={run / 'database.sock'}", "-u", "root"]
    _call(folder, [*client, "-e", _USERS])


def _call(folder: Path, argv: list[str]) -> None:
    with (folder / "log" / "boot.log").open("ab") as log:
        done = subprocess.run(
            argv,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=_DATABASE_LIMIT_S,
            check=False,
        )
    if done.returncode:
        raise SlurmUnavailable(f"{Path(argv[0]).name} ended with exit code {done.returncode}")
