"""Credentials that other tools keep: rclone, a command, netrc, an X509 proxy, WLCG's places."""

from __future__ import annotations

import asyncio
import atexit
import netrc
import os
import shlex
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rsdat.base.clock import SystemClock
from rsdat.base.errors import NoCredential, RsdatError
from rsdat.base.files import write_text
from rsdat.base.run import run
from rsdat.base.secret import Secret
from rsdat.dcache.credentials import (
    Anonymous,
    Credential,
    FileCredential,
    Kind,
    SecretFile,
    Token,
    basic,
    bearer,
    clean,
    read_private,
)
from rsdat.dcache.macaroon import expiry_of
from rsdat.dcache.rclone import Remote, read_remote, with_token

COMMAND_S = 30.0
#: A command's token is used so long where it does not say itself when it ends, and asked for anew
#: so long before its end.
_KEEP_S = 60.0
#: So long the process waits at its exit for a command's end that it has killed.
_KILLED_S = 5.0
TEMPORARY = "/tmp"  # noqa: S108 - as WLCG says; the owner of what lies there is checked


@dataclass(unsafe_hash=True)
class TokenCommand:
    """A command that prints a bearer token, such as `oidc-token NAME`. No shell is involved.

    It runs once for all who ask meanwhile, from whatever event loop: in a thread of its own.
    """

    command: str
    _lock: threading.Lock = field(
        default_factory=threading.Lock, repr=False, compare=False, init=False
    )
    _header: Secret | None = field(default=None, repr=False, compare=False, init=False)
    _until: float = field(default=0.0, repr=False, compare=False, init=False)
    #: What a run under way will give, and the process that it is of: a fork has no part in it.
    _asked: Future[Secret] | None = field(default=None, repr=False, compare=False, init=False)
    _process: int = field(default=0, repr=False, compare=False, init=False)
    kind: Kind = field(default="token", init=False)

    @property
    def source(self) -> str:
        """The command's program; its arguments may hold more than should be shown."""
        return f"the command {self._argv()[0]}"

    async def header(self) -> Secret | None:
        """The token that the command printed last, asked for anew when it comes near its end.

        Whoever comes while it runs gets what it gives to the first, also its failure.
        """
        with self._lock:
            if self._header is not None and time.monotonic() < self._until:
                return self._header
            asked = self._asked if self._process == os.getpid() else None
            if asked is None:
                self._header = None
                asked = Future()
                # From now on nobody who waits for it, and is cancelled, takes it from the others.
                asked.set_running_or_notify_cancel()
                # The process's exit waits for no daemon.
                threading.Thread(
                    target=self._ask, args=(asked,), name="rsdat-token", daemon=True
                ).start()
                self._asked, self._process = asked, os.getpid()
        return await asyncio.wrap_future(asked)

    def _argv(self) -> list[str]:
        try:
            argv = shlex.split(self.command)
        except ValueError:
            argv = []
        if not argv:
            raise NoCredential("The command for the dCache token is none", code="no_credential")
        return argv

    def _ask(self, asked: Future[Secret]) -> None:
        try:
            header = bearer(asyncio.run(self._run()), self.source)
            end = expiry_of(header.reveal().removeprefix("Bearer "))
            left_s = _KEEP_S
            if end is not None:
                left_s = (end - SystemClock().now()).total_seconds() - _KEEP_S
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            with self._lock:
                self._asked = None
            asked.set_exception(error)
            return
        with self._lock:
            self._asked, self._header = None, header
            self._until = time.monotonic() + max(left_s, _KEEP_S / 2)
        asked.set_result(header)

    async def _run(self) -> str:
        try:
            with _ended_at_exit():
                done = await run(self._argv(), timeout_s=COMMAND_S)
        except RsdatError as error:
            raise NoCredential(
                f"There is no dCache token from {self.source}: {error.message}",
                code="no_credential",
            ) from error
        if done.returncode:
            # Its errors may be read; what it prints is the secret.
            said = done.stderr.strip().splitlines()[-1:] or ["it says nothing"]
            raise NoCredential(
                f"There is no dCache token from {self.source} (exit {done.returncode}): "
                f"{said[0][:200]}",
                code="no_credential",
            )
        return done.stdout


@contextmanager
def _ended_at_exit() -> Iterator[None]:
    """Cancel the present task, which has a thread of its own, when the process ends meanwhile."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    thread = threading.current_thread()
    assert task is not None  # noqa: S101 - coroutines run in tasks

    def end() -> None:
        with suppress(RuntimeError):  # it has just ended
            loop.call_soon_threadsafe(task.cancel)
            thread.join(_KILLED_S)

    atexit.register(end)
    try:
        yield
    finally:
        atexit.unregister(end)


@dataclass(unsafe_hash=True)
class RcloneFile(FileCredential):
    """A section of an rclone configuration: bearer token, command that prints one, or password.

    Attributes:
        section: Its name; None is the only one of type webdav.
    """

    section: str | None = None
    _remote: Remote | None = field(default=None, repr=False, compare=False, init=False)
    _command: TokenCommand | None = field(default=None, repr=False, compare=False, init=False)

    @property
    def kind(self) -> Kind:
        """By what the section holds, once it was read."""
        remote = self._remote
        bears = remote is None or remote.bearer_token or remote.bearer_token_command
        return "token" if bears else "password"

    @property
    def source(self) -> str:
        """File and section."""
        part = "" if self.section is None else f", section {self.section}"
        return f"the rclone configuration {self.path}{part}"

    @property
    def renewable(self) -> bool:
        """Whether it holds a token that can be replaced; known once it was read."""
        return self._remote is not None and bool(self._remote.bearer_token)

    def renew(self, token: str) -> None:
        """Replace the token, nothing else. Blocks.

        Raises:
            NoCredential: It is no token, or the file can't be read.
        """
        bearer(token, "what was given")
        text = read_private(self.path)[0] or ""
        line = clean(token, "what was given")
        write_text(self.path.resolve(), with_token(text, self.section, line))

    async def header(self) -> Secret | None:
        """From the file as it is now, or from its command."""
        header = await super().header()
        return header if self._command is None else await self._command.header()

    def _interpret(self, text: str) -> Secret | None:
        where = f"'{self.path}'"
        remote = self._remote = read_remote(text, self.section, where)
        self._command = None
        if remote.bearer_token:
            return bearer(remote.bearer_token, where)
        if remote.bearer_token_command:
            self._command = TokenCommand(remote.bearer_token_command)
            return None
        if remote.user and remote.password is not None:
            return basic(remote.user, remote.password.reveal())
        raise NoCredential(
            f"The section '{remote.name}' of {where} holds no bearer_token, command or password",
            code="no_credential",
        )


@dataclass(unsafe_hash=True)
class NetrcFile(FileCredential):
    """A password in a netrc file.

    Attributes:
        hosts: Names of the doors' computers; the first that the file knows counts.
    """

    hosts: tuple[str, ...] = ()
    kind: Kind = field(default="password", init=False)

    @property
    def source(self) -> str:
        """The file's name."""
        return f"the netrc file {self.path}"

    def _interpret(self, text: str) -> Secret | None:
        try:
            hosts = netrc.netrc(self.path).hosts  # it reads files only
        except (netrc.NetrcParseError, OSError):
            # Not the parser's own words: they repeat the line.
            raise NoCredential(f"'{self.path}' is no netrc file", code="no_credential") from None
        for host in (*self.hosts, "default"):
            if host in hosts:
                login, _, password = hosts[host]
                return basic(login, clean(password or "", f"'{self.path}'"))
        raise NoCredential(
            f"The netrc file '{self.path}' has no entry for {' or '.join(self.hosts)}",
            hint=f"Add: machine {self.hosts[0]} login NAME password …",
            code="no_credential",
        )


@dataclass(frozen=True)
class ClientCertificate:
    """An X509 proxy, or a certificate with its key in one file; part of TLS and no header.

    Attributes:
        path: PEM: certificate, key without a pass phrase, and the chain.
    """

    path: Path
    kind: Kind = field(default="x509", init=False)

    @property
    def source(self) -> str:
        """The file's name."""
        return f"the X509 certificate {self.path}"

    async def header(self) -> Secret | None:
        """None; see `rsdat.dcache.tls`."""
        return None


def discover(environment: Mapping[str, str] | None = None) -> Credential:
    """What the surroundings offer, when nothing was named.

    `BEARER_TOKEN`, `BEARER_TOKEN_FILE`, `$XDG_RUNTIME_DIR/bt_u$UID`, `/tmp/bt_u$UID` (WLCG Bearer
    Token Discovery 1.0), then `X509_USER_PROXY`.
    """
    environment = os.environ if environment is None else environment
    if environment.get("BEARER_TOKEN"):
        return Token(Secret(environment["BEARER_TOKEN"]), "the environment's BEARER_TOKEN")
    if environment.get("BEARER_TOKEN_FILE"):
        return SecretFile(Path(environment["BEARER_TOKEN_FILE"]))
    for folder in (environment.get("XDG_RUNTIME_DIR"), TEMPORARY):
        if folder:
            path = Path(folder) / f"bt_u{os.geteuid()}"
            # In /tmp anybody may have put it there: not ours, not there.
            with suppress(OSError):
                facts = path.lstat()
                if facts.st_uid == os.geteuid() and stat.S_ISREG(facts.st_mode):
                    return SecretFile(path, discovered=True)
    if environment.get("X509_USER_PROXY"):
        return ClientCertificate(Path(environment["X509_USER_PROXY"]))
    return Anonymous()
