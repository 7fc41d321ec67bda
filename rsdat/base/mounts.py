"""Where flock counts on one computer only, though the file system is shared.

Sources: BeeGFS client configuration (`tuneUseGlobalFileLocks`, off by default), Lustre's mount
option `localflock` (man mount.lustre), `local_lock` and `nolock` of man nfs; man proc, mountinfo.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_BEEGFS_CONFIG = "/etc/beegfs/beegfs-client.conf"
_BEEGFS_GLOBAL = re.compile(r"^\s*tuneUseGlobalFileLocks\s*=\s*(true|1|yes|on)\s*$", re.I | re.M)
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """One line of /proc/self/mountinfo; `options` are those of the mount and of its file system."""

    folder: Path
    kind: str
    options: tuple[str, ...]


def parse_mounts(text: str) -> Iterator[Mount]:
    """What /proc/self/mountinfo says; lines that are none are left out."""
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        fields, more = before.split(" "), after.split(" ")
        if dash and len(fields) >= 6 and len(more) >= 2:
            folder = _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4])
            options = (*fields[5].split(","), *(more[2].split(",") if len(more) > 2 else ()))
            yield Mount(Path(folder), more[0], options)


def mount_of(folder: Path, mounts: Iterator[Mount]) -> Mount | None:
    """The mount that an absolute path without links is on; of several at one place the last."""
    found = None
    for mount in mounts:
        if folder.is_relative_to(mount.folder) and (
            found is None or len(mount.folder.parts) >= len(found.folder.parts)
        ):
            found = mount
    return found


def is_flock_local(mount: Mount | None) -> bool:
    """Whether another computer does not see an flock that is held here. Blocks for BeeGFS."""
    if mount is None:
        return False
    if mount.kind == "lustre":
        return "localflock" in mount.options
    if mount.kind in ("nfs", "nfs4"):
        return bool({"local_lock=flock", "local_lock=all", "nolock"} & set(mount.options))
    if mount.kind == "beegfs":
        given = dict(option.partition("=")[::2] for option in mount.options)
        config = Path(given.get("cfgFile") or _BEEGFS_CONFIG)
        # Who may not read it gets what is so by default.
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return not _BEEGFS_GLOBAL.search(config.read_text(encoding="utf-8"))
        return True
    return False


@lru_cache(256)
def flock_is_local(folder: Path) -> bool:
    """Whether another computer does not see an flock that is held in a folder. Blocks, once."""
    try:
        text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        return is_flock_local(mount_of(folder.resolve(), parse_mounts(text)))
    except OSError:
        return False
