"""Where the proof of identity for an endpoint comes from, and the header it becomes."""

from __future__ import annotations

import asyncio
import base64
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from rsdat.base.errors import InvalidInput, NoCredential
from rsdat.base.files import write_text
from rsdat.base.secret import Secret
from rsdat.dcache.rclone import is_rclone, read_remote, with_token

_MAX_FILE_BYTES = 1024 * 1024
_MAX_TOKEN = 64 * 1024

Kind = Literal["token", "password", "x509", "none"]


class Credential(Protocol):
    """Something that can sign requests. Its `repr` and `str` never hold the secret.

    Two are equal when they come from the same place and say the same.
    """

    @property
    def kind(self) -> Kind:
        """What sort of proof it is."""
        ...

    @property
    def source(self) -> str:
        """Where it comes from, in words that may be shown."""
        ...

    async def header(self) -> Secret | None:
        """The value of `Authorization`, read anew where it may have changed; None: anonymous.

        Raises:
            NoCredential: It can't be read, or others can read it.
        """
        ...


@dataclass(frozen=True)
class Anonymous:
    """No proof at all."""

    kind: Kind = field(default="none", init=False)
    source: str = field(default="none", init=False)

    async def header(self) -> Secret | None:
        """Always None."""
        return None


@dataclass(frozen=True)
class Token:
    """A bearer token that was given as text.

    Attributes:
        token: The token.
        source: Who gave it.
    """

    token: Secret
    source: str = "a token given as text"
    kind: Kind = field(default="token", init=False)

    async def header(self) -> Secret | None:
        """The token as it was given."""
        return bearer(self.token.reveal(), "the token")


@dataclass(frozen=True)
class Password:
    """User name and password that were given as text."""

    username: str
    password: Secret
    kind: Kind = field(default="password", init=False)

    @property
    def source(self) -> str:
        """Whose password."""
        return f"the password of {self.username}"

    async def header(self) -> Secret | None:
        """HTTP Basic."""
        return basic(self.username, self.password.reveal())


@dataclass(unsafe_hash=True)
class FileCredential:
    """A file that is read again when it has changed.

    Attributes:
        path: The file. Other users must not be able to read it.
    """

    path: Path
    _seen: tuple[int, int, int] | None = field(default=None, repr=False, compare=False, init=False)
    _header: Secret | None = field(default=None, repr=False, compare=False, init=False)

    @property
    def source(self) -> str:
        """The file's name."""
        return f"the file {self.path}"

    async def header(self) -> Secret | None:
        """From the file as it is now."""
        return await asyncio.to_thread(self._read)  # it may lie on a network file system

    def _read(self) -> Secret | None:
        text, self._seen = read_private(self.path, self._seen, strict=self._strict)
        if text is not None:
            seen, self._seen = self._seen, None  # what can't be used is looked at again
            self._header = self._interpret(text)
            self._seen = seen
        return self._header

    _strict = False

    def _interpret(self, text: str) -> Secret | None:
        raise NotImplementedError


@dataclass(unsafe_hash=True)
class SecretFile(FileCredential):
    """A file with a bearer token or a password; its first line counts.

    Attributes:
        username: With it the file holds this user's password, without it a bearer token, alone
            or in a file as rclone has them.
        discovered: Nobody named it: it must belong to this user, and be nobody else's business.
    """

    username: str | None = None
    discovered: bool = False

    @property
    def kind(self) -> Kind:
        """By what the file holds."""
        return "token" if self.username is None else "password"

    @property
    def _strict(self) -> bool:  # type: ignore[override]
        return self.discovered

    @property
    def renewable(self) -> bool:
        """Whether `renew` can write into it."""
        return self.username is None

    def renew(self, token: str) -> None:
        """Replace the token. Blocks.

        Raises:
            NoCredential: It is no token, or the file can't be read.
            InvalidInput: The file holds a password.
        """
        if not self.renewable:
            raise InvalidInput(f"{self.source} holds a password, no token")
        bearer(token, "what was given")
        line = clean(token, "what was given")
        try:
            text = read_private(self.path, strict=self.discovered)[0] or ""
        except NoCredential as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            text = ""
        new = with_token(text, None, line) if is_rclone(text) else line + "\n"
        write_text(self.path.resolve(), new)  # a link stays one

    def _interpret(self, text: str) -> Secret | None:
        where = f"'{self.path}'"
        if self.username is not None:
            return basic(self.username, clean(text, where))
        if is_rclone(text):
            text = read_remote(text, None, where).bearer_token or ""
        return bearer(text, where)


def read_private(
    path: Path, seen: tuple[int, int, int] | None = None, *, strict: bool = False
) -> tuple[str | None, tuple[int, int, int]]:
    """A file with a secret in it: its text, or None where it is as it was seen.

    Args:
        path: The file.
        seen: What this returned for it last.
        strict: It must belong to this user and be closed to the group too.

    Raises:
        NoCredential: It can't be read, or others can read it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise NoCredential(
            f"The file of the dCache credential, '{path}', can't be read: {error.strerror}",
            hint="Write a token into it, readable for you alone.",
            code="credential_file",
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise NoCredential(f"The dCache credential '{path}' is no file", code="credential_file")
        if strict and facts.st_uid != os.geteuid():
            raise NoCredential(
                f"The dCache credential in '{path}' belongs to somebody else",
                hint="Name the file to use in BEARER_TOKEN_FILE.",
                code="credential_file",
            )
        if stat.S_IMODE(facts.st_mode) & (0o077 if strict else stat.S_IROTH):
            who = "Others" if strict else "Everybody"
            raise NoCredential(
                f"{who} can read the dCache credential in '{path}'",
                hint=f"Run: chmod 600 '{path}'. If others had access, get a new one.",
                code="credential_file",
            )
        # Size and inode too: two changes may fall into one tick of the file system's clock.
        now = (facts.st_mtime_ns, facts.st_ino, facts.st_size)
        if now == seen:
            return None, now
        return file.read(_MAX_FILE_BYTES).decode(errors="replace"), now


def bearer(text: str, where: str) -> Secret:
    """The header of a token.

    Raises:
        NoCredential: It can't be one.
    """
    token = clean(text, where)
    if not token.isascii():
        raise _unusable(where)
    return Secret(f"Bearer {token}")


def basic(username: str, password: str) -> Secret:
    """The header of a user name and a password."""
    return Secret("Basic " + base64.b64encode(f"{username}:{password}".encode()).decode())


def clean(text: str, where: str) -> str:
    """The first line; what can't go into a header is refused before it gets there.

    Raises:
        NoCredential: There is nothing usable.
    """
    line = text.strip().partition("\n")[0].strip()
    if not line or not line.isprintable() or len(line) > _MAX_TOKEN:
        raise _unusable(where)
    return line


def _unusable(where: str) -> NoCredential:
    return NoCredential(f"There is no usable dCache credential in {where}", code="no_credential")
