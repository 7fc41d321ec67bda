"""Where the proof of identity for an endpoint comes from, and the header it becomes."""

from __future__ import annotations

import asyncio
import base64
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rsdat.base.errors import NoCredential
from rsdat.base.secret import Secret

_MAX_FILE_BYTES = 64 * 1024


class Credential(Protocol):
    """Something that can sign requests. Its `repr` and `str` never hold the secret.

    Two are equal when they come from the same place and say the same.
    """

    async def header(self) -> Secret | None:
        """The value of `Authorization`, read anew where it may have changed; None: anonymous.

        Raises:
            NoCredential: It can't be read, or others can read it.
        """
        ...


@dataclass(frozen=True)
class Anonymous:
    """No proof at all."""

    async def header(self) -> Secret | None:
        """Always None."""
        return None


@dataclass(frozen=True)
class Token:
    """A bearer token that was given as text."""

    token: Secret

    async def header(self) -> Secret | None:
        """The token as it was given."""
        return Secret(f"Bearer {_clean(self.token.reveal(), 'the token')}")


@dataclass(frozen=True)
class Password:
    """User name and password that were given as text."""

    username: str
    password: Secret

    async def header(self) -> Secret | None:
        """HTTP Basic."""
        return _basic(self.username, self.password.reveal())


@dataclass
class SecretFile:
    """A file with a bearer token or a password; read again when it has changed.

    Attributes:
        path: The file; its first line counts. Other users must not be able to read it.
        username: With it the file holds this user's password, without it a bearer token.
    """

    path: Path
    username: str | None = None
    _seen: tuple[int, int, int] | None = field(default=None, repr=False, compare=False)
    _header: Secret | None = field(default=None, repr=False, compare=False)

    def __hash__(self) -> int:
        return hash((self.path, self.username))

    async def header(self) -> Secret | None:
        """From the file as it is now."""
        return await asyncio.to_thread(self._read)  # it may lie on a network file system

    def _read(self) -> Secret | None:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise NoCredential(
                f"The file of the dCache credential, '{self.path}', can't be read: "
                f"{error.strerror}",
                hint="Write a token into it, readable for you alone.",
                code="credential_file",
            ) from error
        with os.fdopen(descriptor, "rb") as file:
            facts = os.fstat(descriptor)
            if stat.S_IMODE(facts.st_mode) & stat.S_IROTH:
                raise NoCredential(
                    f"Everybody can read the dCache credential in '{self.path}'",
                    hint=f"Run: chmod 600 '{self.path}'. If others had access, get a new one.",
                    code="credential_file",
                )
            # Size and inode too: two changes may fall into one tick of the file system's clock.
            seen = (facts.st_mtime_ns, facts.st_ino, facts.st_size)
            if seen != self._seen:
                text = file.read(_MAX_FILE_BYTES).decode(errors="replace")
                secret = _clean(text, f"'{self.path}'")
                if self.username is None:
                    self._header = Secret(f"Bearer {secret}")
                else:
                    self._header = _basic(self.username, secret)
                self._seen = seen
        return self._header


def _basic(username: str, password: str) -> Secret:
    return Secret("Basic " + base64.b64encode(f"{username}:{password}".encode()).decode())


def _clean(text: str, where: str) -> str:
    """The first line; what can't go into a header is refused before it gets there."""
    line = text.strip().partition("\n")[0].strip()
    if not line or not line.isprintable():
        raise NoCredential(f"There is no usable dCache credential in {where}", code="no_credential")
    return line
