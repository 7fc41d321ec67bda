"""stac2dcache's way to say who one is, for code that is carried over.

There it set globals of the package; here it gives what was set, to be handed on. New code says
`storage_options={"endpoint": …}`, or nothing at all.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import fsspec

from rsdat.base.errors import InvalidInput
from rsdat.stac.io import FsspecStacIO

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


class Configured(NamedTuple):
    """What stac2dcache kept in `stac2dcache.fs` and `stac2dcache.stac_io`."""

    fs: AbstractFileSystem
    stac_io: FsspecStacIO


def configure(
    username: str | None = None,
    password: str | None = None,
    token_filename: str | os.PathLike[str] | None = None,
) -> Configured:
    """A dCache file system with a login, and PySTAC's I/O through it.

    The addresses are those of the default endpoint. Nothing global is set: hand on what comes back
    (`stac_io=` and `filesystem=`), or call `use_fsspec_in_pystac`.

    Args:
        username: With `password`, for HTTP Basic.
        password: As text.
        token_filename: A file with a token, plain or as rclone has it; read again when it changes.

    Raises:
        InvalidInput: Only one of user name and password, or a password and a token.
    """
    filesystem = configure_filesystem("dcache", username, password, token_filename)
    return Configured(filesystem, configure_stac_io(filesystem))


def configure_filesystem(
    protocol: str = "https",
    username: str | None = None,
    password: str | None = None,
    token_filename: str | os.PathLike[str] | None = None,
) -> AbstractFileSystem:
    """A file system with a login, dCache's; or a web server's without one.

    Args:
        protocol: `dcache`, `https`, or without a login any that fsspec knows.
        username: As `configure`.
        password: As `configure`.
        token_filename: As `configure`.

    Raises:
        InvalidInput: As `configure`; a login for another protocol; one for the web, where it would
            go to whatever server a catalog names.
    """
    if (username is None) != (password is None):
        raise InvalidInput("User name and password go together")
    if token_filename is not None and password is not None:
        raise InvalidInput("Give a token or a password, not both")
    if protocol == "dcache":
        options: dict[str, Any] = {
            "username": username,
            "password": password,
            "token_file": None if token_filename is None else os.fspath(token_filename),
        }
        return fsspec.filesystem(
            "dcache", **{key: value for key, value in options.items() if value is not None}
        )
    if password is None and token_filename is None:
        return fsspec.filesystem(protocol)
    if protocol in ("http", "https"):
        raise InvalidInput(
            f"A login for {protocol}:// would go to every server that a catalog names",
            hint="For dCache say 'dcache': https addresses of an endpoint's own door take its "
            "login as well. For an archive hand on "
            f"fsspec.filesystem('{protocol}', client_kwargs={{'auth': aiohttp.BasicAuth(…)}}).",
        )
    raise InvalidInput(
        f"There is no login for {protocol}:// here",
        hint=f"Use fsspec.filesystem('{protocol}', …) with its own options.",
    )


def configure_stac_io(filesystem: AbstractFileSystem | None = None) -> FsspecStacIO:
    """PySTAC's I/O through a file system; other protocols go by fsspec's configuration."""
    return FsspecStacIO(filesystem=filesystem)
