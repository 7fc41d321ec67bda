"""Our errors as Python's own file errors, for fsspec: each is both.

fsspec and the libraries above it decide by FileNotFoundError, PermissionError and so on; whoever
knows rsdat can still catch NotFound or OnTape. The hint is part of the text, as a notebook shows
nothing else.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from rsdat.base.errors import (
    Conflict,
    DoorBroken,
    InvalidInput,
    NoCredential,
    NoSpace,
    NotFound,
    NotPermitted,
    OnTape,
    RsdatError,
)


class FileError(RsdatError, OSError):
    """Any failure without a class of its own here."""

    number: ClassVar[int] = errno.EIO

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.errno = self.number

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class Missing(FileError, NotFound, FileNotFoundError):
    """There is no such path."""

    number = errno.ENOENT


class Exists(FileError, Conflict, FileExistsError):
    """The name is taken."""

    number = errno.EEXIST


class IsFolder(FileError, Conflict, IsADirectoryError):
    """It is a folder, not a file."""

    number = errno.EISDIR


class IsNoFolder(FileError, Conflict, NotADirectoryError):
    """It is a file, not a folder."""

    number = errno.ENOTDIR


class NotEmpty(FileError, Conflict):
    """The folder holds something."""

    number = errno.ENOTEMPTY


class Busy(FileError, Conflict):
    """It is in a state in which this can't be done."""

    number = errno.EBUSY


class Tape(FileError, OnTape):
    """The file's only copy is on tape."""

    number = errno.ENODATA


class Forbidden(FileError, NotPermitted, PermissionError):
    """The credential does not allow it."""

    number = errno.EACCES


class Unknown(FileError, NoCredential, PermissionError):
    """There is no credential, or dCache refuses it."""

    number = errno.EACCES


class Full(FileError, NoSpace):
    """Storage or quota is full."""

    number = errno.ENOSPC


class Broken(FileError, DoorBroken):
    """dCache gave no usable answer."""


class Senseless(FileError, InvalidInput, ValueError):
    """What was asked makes no sense."""

    number = errno.EINVAL


_BY_CODE: dict[str, type[FileError]] = {
    "exists": Exists,
    "is_a_folder": IsFolder,
    "not_a_folder": IsNoFolder,
    "not_empty": NotEmpty,
}
_BY_CLASS: tuple[tuple[type[RsdatError], type[FileError]], ...] = (
    (NotFound, Missing),
    (OnTape, Tape),
    (Conflict, Busy),
    (NotPermitted, Forbidden),
    (NoCredential, Unknown),
    (NoSpace, Full),
    (DoorBroken, Broken),
    (InvalidInput, Senseless),
)


def as_file_error(error: RsdatError) -> FileError:
    """The same error as one of this module's."""
    if isinstance(error, FileError):
        return error
    kind = _BY_CODE.get(error.code) or next(
        (mine for theirs, mine in _BY_CLASS if isinstance(error, theirs)), FileError
    )
    return kind(error.message, hint=error.hint, code=error.code, **error.details)


@contextmanager
def file_errors() -> Iterator[None]:
    """Turn our errors into file errors."""
    try:
        yield
    except RsdatError as error:
        if isinstance(error, FileError):
            raise
        raise as_file_error(error) from error.__cause__
