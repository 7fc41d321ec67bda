"""ada's configuration: shell assignments, of which the ones that say where and who are read.

Source: sara-nl/SpiderScripts, ada/ada and ada/etc/ada.conf. ada runs these files in bash; here
nothing of them is run.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rsdat.base.errors import InvalidInput

SYSTEM_FILE = Path("/etc/ada.conf")
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(api|tokenfile|netrcfile)=(\S.*)?\Z")


@dataclass(frozen=True)
class AdaSettings:
    """What ada would use. Empty texts where nothing is said."""

    api: str = ""
    tokenfile: str = ""
    netrcfile: str = ""


def read_ada(file: Path) -> AdaSettings:
    """One configuration file.

    Raises:
        InvalidInput: It can't be read.
    """
    try:
        return _settings(_parse(file))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InvalidInput(f"The ada configuration '{file}' can't be read: {reason}") from error


def own_ada(
    environment: Mapping[str, str] | None = None, files: tuple[Path, ...] | None = None
) -> AdaSettings | None:
    """What ada itself would use for this user; None where he did not set it up.

    `/etc/ada.conf`, then `~/.ada/ada.conf`, then the environment's `ada_api` and so on. An address
    alone, as sites put it into /etc, is no set-up.
    """
    environment = os.environ if environment is None else environment
    if files is None:
        files = (SYSTEM_FILE, Path("~/.ada/ada.conf").expanduser())
    values: dict[str, str] = {}
    for file in files:
        with suppress(OSError, UnicodeDecodeError):  # ada goes on without it, too
            values |= _parse(file)
    for key in ("api", "tokenfile", "netrcfile"):
        if environment.get(f"ada_{key}"):
            values[key] = environment[f"ada_{key}"]
    found = _settings(values)
    return found if found.api and (found.tokenfile or found.netrcfile) else None


def _settings(values: dict[str, str]) -> AdaSettings:
    def path(key: str) -> str:
        text = values.get(key, "")
        return os.path.expandvars(str(Path(text).expanduser())) if text else ""

    return AdaSettings(values.get("api", ""), path("tokenfile"), path("netrcfile"))


def _parse(file: Path) -> dict[str, str]:
    values = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        found = _ASSIGNMENT.match(line)
        if found:
            try:
                words = shlex.split(found[2] or "", comments=True)
            except ValueError:
                continue  # bash would not take it either
            values[found[1]] = words[0] if words else ""
    return values
