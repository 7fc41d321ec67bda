"""Where a file of a catalog lies: the file system behind an href, with the catalog's credentials.

`filesystem_of` is the one door: everything in `rsdat.stac` that opens something goes through it, so
that what was said once (`read_catalog(…, storage_options={"endpoint": "spider"})`) holds for
children, items, assets, stacks and what is written back.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import AsyncIterable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import fsspec
from fsspec.asyn import sync
from fsspec.implementations.local import LocalFileSystem

from rsdat.base.errors import Conflict, NoCredential, OnTape, RsdatError
from rsdat.base.files import write_bytes as write_local_bytes
from rsdat.dcache import DCacheFileSystem, swap
from rsdat.dcache.adler import adler32
from rsdat.dcache.local import file_chunks, one_chunk
from rsdat.dcache.oserrors import file_errors
from rsdat.stac.doors import in_dcache
from rsdat.stac.hrefs import scheme_of

if TYPE_CHECKING:
    import pystac
    from fsspec import AbstractFileSystem

#: Options of file systems, by fsspec's protocol: `{"dcache": {"endpoint": "spider"}}`.
Options = Mapping[str, Mapping[str, Any]]
#: What knows options: a catalog, collection, item, link or asset of PySTAC's that was read with
#: them, a StacIO, or the options themselves (by protocol, or flat: for the address at hand).
Owner = Union["pystac.STACObject", "pystac.Asset", "pystac.Link", "pystac.StacIO", Options, None]

#: Of files that are to be shared; the umask takes away what it says.
NEW_FILE = 0o644
# A catalog that is written all the time is read at last.
_READS = 5
#: Instead of options that held a secret and have travelled.
WITHHELD = "rsdat_withheld"
# Of dCache's options those that hold secrets, or may.
_SECRET_OF_DCACHE = ("token", "password", "client_kwargs", "request_kwargs")
# Parts of the names of other file systems' options that do.
_SECRET_WORDS = (
    "auth",
    "cookie",
    "cred",
    "header",
    "key",
    "kwargs",
    "options",
    "pass",
    "secret",
    "session",
    "sas",
    "token",
    "connection_string",
)


def filesystem_of(href: str, owner: Owner = None) -> tuple[AbstractFileSystem, str]:
    """The file system that an address is on, and the file's path there.

    A web address of the door of a dCache endpoint is in dCache (`rsdat.stac.doors`).

    Args:
        href: A local path or any URL that fsspec knows.
        owner: Whose credentials to use; fsspec's configuration alone if None.

    Raises:
        NoCredential: The owner came from another process, and its secret did not.
    """
    href, said = opened_as(href, owner)
    options = dict(said)
    if options.pop(WITHHELD, None):
        raise NoCredential(
            f"The credential for {scheme_of(href)}:// was given as text, and does not travel",
            hint="Give storage_options={'endpoint': …} or {'token_file': …} instead.",
            code="withheld",
        )
    filesystem, path = fsspec.core.url_to_fs(href, **options)
    return filesystem, path


def opened_as(href: str, owner: Owner = None) -> tuple[str, Mapping[str, Any]]:
    """The address that fsspec is given for one of a catalog's, and its file system's options."""
    found = by_protocol(options_of(owner), scheme_of(href) or "file")
    return in_dcache(href, found) or (href, found.get(scheme_of(href) or "file", {}))


def options_for(href: str, owner: Owner = None) -> Mapping[str, Any]:
    """The options of the file system that an address is on; empty where nothing was said."""
    scheme = scheme_of(href) or "file"
    return by_protocol(options_of(owner), scheme).get(scheme, {})


def options_of(owner: Owner) -> Mapping[str, Any]:
    """What was said with an owner, as it was said: by protocol, or flat. Reads no file."""
    if owner is None:
        return {}
    if isinstance(owner, Mapping):
        return owner
    import pystac

    seen: set[int] = set()
    while isinstance(owner, pystac.Asset | pystac.Link) and id(owner) not in seen:
        seen.add(id(owner))
        owner = owner.owner  # type: ignore[assignment]
    if isinstance(owner, pystac.STACObject):
        owner = stac_io_of(owner)
    found: Mapping[str, Any] = getattr(owner, "storage_options", None) or {}
    return found


def stac_io_of(found: pystac.STACObject) -> pystac.StacIO | None:
    """What an object, or the catalog that it belongs to, was read with. Reads no file."""
    # What an item was read with stays with it, also in a new catalog, which may have none yet.
    own: pystac.StacIO | None = getattr(found, "_stac_io", None)
    if own is not None:
        return own
    root = found.get_root_link()
    if root is not None and root.is_resolved() and root.target is not found:
        return getattr(root.target, "_stac_io", None)
    return None


def by_protocol(options: Mapping[str, Any] | None, protocol: str) -> dict[str, dict[str, Any]]:
    """Options in their one form; flat ones are for `protocol`."""
    if not options:
        return {}
    known = {*fsspec.available_protocols(), "dcache", "http", "https"}
    if all(key in known and isinstance(value, Mapping) for key, value in options.items()):
        return {key: dict(value) for key, value in options.items()}
    return {protocol: dict(options)}


def portable(owner: Owner, href: str = "dcache://") -> dict[str, dict[str, Any]]:
    """Options that may be pickled or written: without tokens, passwords and keys.

    Names stay: `endpoint`, `token_file`, addresses. A dCache token given as text becomes the name
    of the configured endpoint that has the same; where there is none, and for all other secrets,
    `filesystem_of` refuses what is left, instead of acting as somebody else.

    Args:
        owner: As for `filesystem_of`.
        href: What flat options are for.
    """
    said = by_protocol(options_of(owner), scheme_of(href) or "file")
    return {protocol: _without_secrets(protocol, options) for protocol, options in said.items()}


def _without_secrets(protocol: str, options: Mapping[str, Any]) -> dict[str, Any]:
    if protocol == "dcache":
        if not any(options.get(key) for key in _SECRET_OF_DCACHE):
            return dict(options)
        # A set-up that is broken is told by who uses it.
        with suppress(RsdatError, OSError, ValueError):
            described = fsspec.filesystem(protocol, **options).to_dict(include_password=False)
            if "endpoint" in described:
                return {"endpoint": described["endpoint"]}
        rest = {key: value for key, value in options.items() if key not in _SECRET_OF_DCACHE}
    else:
        rest = {key: value for key, value in options.items() if not _may_be_secret(key)}
    return rest if len(rest) == len(options) else {**rest, WITHHELD: True}


def _may_be_secret(key: str) -> bool:
    if key.endswith("_file"):
        return False
    return any(word in key.lower() for word in _SECRET_WORDS)


def read_text(href: str, owner: Owner = None) -> str:
    """A UTF-8 text file.

    Raises:
        FileNotFoundError: There is none.
        UnicodeDecodeError: It is no such text.
    """
    return read_bytes(href, owner).decode()


def read_bytes(href: str, owner: Owner = None) -> bytes:
    """A small file, whole.

    Raises:
        FileNotFoundError: There is none.
    """
    filesystem, path = filesystem_of(href, owner)
    for _ in range(_READS - 1):
        found = _read_once(filesystem, path)
        if found is not None:
            return found
    return _whole(filesystem, path)


def _read_once(filesystem: AbstractFileSystem, path: str) -> bytes | None:
    """None if somebody has just written it anew."""
    try:
        return _whole(filesystem, path)
    except Conflict as error:
        if error.code != "changed":
            raise
    return None


def _whole(filesystem: AbstractFileSystem, path: str) -> bytes:
    if isinstance(filesystem, DCacheFileSystem):
        return filesystem.cat_small(path)
    return bytes(filesystem.cat_file(path))


def write_bytes(href: str, data: bytes, owner: Owner = None, *, replace: bool = True) -> None:
    """Write a file, its folders included; an old one is replaced, if it may be.

    On dCache and in local folders readers find the old file or the new one, never a part and never
    nothing, and of two who write a new one only one comes through. Other file systems do as they
    do.

    Raises:
        FileExistsError: There is one, and `replace` is false.
        OSError: The store refused.
    """
    write_on(*filesystem_of(href, owner), data, replace=replace)


def write_on(filesystem: AbstractFileSystem, path: str, data: bytes, *, replace: bool) -> None:
    """As `write_bytes`, to a path of a file system. Not in the file system's own event loop."""
    if isinstance(filesystem, DCacheFileSystem):
        _to_dcache(filesystem, path, lambda: one_chunk(data), len(data), replace=replace)
        return
    filesystem.makedirs(filesystem._parent(path), exist_ok=True)  # noqa: SLF001 - no public name
    if not isinstance(filesystem, LocalFileSystem):
        _check_free(filesystem, path, replace=replace)
        filesystem.pipe_file(path, data)
    elif replace:
        # fsspec opens the old file for writing: readers could see half of the new one.
        write_local_bytes(Path(path), data, mode=mode_of(Path(path)))
    else:
        with _beside(Path(path)) as beside:
            write_local_bytes(beside, data, mode=NEW_FILE)
            _place_new(beside, Path(path))


def put_file(local: Path, href: str, owner: Owner = None, *, replace: bool = True) -> None:
    """Bring a file of this computer to `href`, as `write_bytes` does with bytes."""
    filesystem, path = filesystem_of(href, owner)
    if isinstance(filesystem, DCacheFileSystem):
        with local.open("rb") as file:
            size = local.stat().st_size
            _to_dcache(filesystem, path, lambda: file_chunks(file), size, replace=replace)
        return
    filesystem.makedirs(filesystem._parent(path), exist_ok=True)  # noqa: SLF001 - no public name
    if not isinstance(filesystem, LocalFileSystem):
        _check_free(filesystem, path, replace=replace)
        filesystem.put_file(str(local), path)
        return
    with _beside(Path(path)) as beside:
        shutil.copyfile(local, beside)
        if replace:
            if Path(path).exists():
                beside.chmod(mode_of(Path(path)))
            beside.replace(path)
        else:
            _place_new(beside, Path(path))


def _to_dcache(
    filesystem: DCacheFileSystem,
    path: str,
    chunks: Callable[[], AsyncIterable[bytes]],
    size: int,
    *,
    replace: bool,
) -> None:
    async def send() -> None:
        with file_errors():
            client = await filesystem.connect()
            if replace:
                await swap.put(client, path, chunks(), size)
            else:
                sent = await client.upload(path, chunks(), size, replace=False, parents=True)
                await sent.place()

    sync(filesystem.loop, send)


def _check_free(filesystem: AbstractFileSystem, path: str, *, replace: bool) -> None:
    if not replace and filesystem.exists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A name in the same folder, which is free again at the end."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        yield beside
    finally:
        beside.unlink(missing_ok=True)


def _place_new(beside: Path, path: Path) -> None:
    try:
        # Unlike a rename, a link never replaces anything.
        os.link(beside, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        # No links here, as on FAT and many FUSE mounts.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        beside.replace(path)


def remove(href: str, owner: Owner = None) -> None:
    """Delete a file.

    Raises:
        FileNotFoundError: There is none.
        OSError: The store refused.
    """
    filesystem, path = filesystem_of(href, owner)
    filesystem.rm_file(path)


def mode_of(path: Path) -> int:
    """Permissions of a local file, which the one that replaces it gets; else those of a new one."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return NEW_FILE


def same_bytes(href: str, data: bytes, owner: Owner = None) -> bool:
    """Whether a file holds exactly this. Bytes are read only where size and checksum agree."""
    filesystem, path = filesystem_of(href, owner)
    try:
        if isinstance(filesystem, DCacheFileSystem):
            known = filesystem.info(path, details=["checksums"])
            stored = known["checksums"].get("adler32")
            if known["size"] != len(data):
                return False
            if stored is not None and int(stored, 16) != adler32(data):
                return False
        elif filesystem.info(path).get("size") not in (None, len(data)):
            return False
        return read_bytes(href, owner) == data
    except (FileNotFoundError, OnTape):  # from tape it would take hours: it is written anew
        return False


def exists(href: str, owner: Owner = None) -> bool:
    """Whether there is anything at `href`."""
    filesystem, path = filesystem_of(href, owner)
    return bool(filesystem.exists(path))
