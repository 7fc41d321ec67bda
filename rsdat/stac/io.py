"""PySTAC's reading and writing through fsspec, with the credentials of one catalog."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pystac
from pystac.serialization import identify_stac_object
from pystac.stac_io import StacIO
from pystac.utils import make_absolute_href, make_relative_href

from rsdat.stac.hrefs import absolute, relative, resolve, whole
from rsdat.stac.store import by_protocol, options_of, portable, read_text, write_bytes
from rsdat.stac.versions import mend, with_commons

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

#: Files read or written at once. dCache allows one address 250 requests a second.
AT_ONCE = 12


class FsspecStacIO(StacIO):
    """Lets PySTAC read and write through fsspec.

    Catalogs from `read_catalog` and `Catalog.from_file` have it already, and give it to their
    children and items. Never set as PySTAC's default by itself: see `use_fsspec_in_pystac`.

    Pickled, it keeps names (`endpoint`, `token_file`) and leaves secrets behind.

    Args:
        storage_options: Options of file systems by protocol, `{"dcache": {"endpoint": "spider"}}`;
            flat ones are for dCache.
        filesystem: A file system whose options are used for addresses of its protocol.
        headers: For http(s).

    Attributes:
        storage_options: By protocol. `rsdat.stac.store.filesystem_of` uses them.
        read_as: Digests of the catalogs' files as they were last read or written here, by address:
            who saves one sees whether somebody else has changed it since.
    """

    def __init__(
        self,
        storage_options: Mapping[str, Any] | None = None,
        *,
        filesystem: AbstractFileSystem | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(headers)
        self.storage_options = by_protocol(storage_options, "dcache")
        if filesystem is not None:
            said = _said(filesystem)
            kinds = filesystem.protocol
            for kind in (kinds,) if isinstance(kinds, str) else kinds:
                self.storage_options[kind] = said
        if headers:
            for kind in ("http", "https"):
                self.storage_options.setdefault(kind, {}).setdefault("headers", dict(headers))
        self.read_as: dict[str, str] = {}
        self._ahead: dict[str, str | Exception] = {}
        self._commons: dict[str, dict[str, Any]] = {}
        self._kinds: dict[str, pystac.CatalogType | None] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return (FsspecStacIO, (portable(self.storage_options),), {"read_as": self.read_as})

    def read_text(self, source: Any, *_: Any, **__: Any) -> str:
        """The file's text."""
        href = os.fspath(source)
        found = self._ahead.pop(href, None)
        if found is None:
            return read_text(href, self)
        if isinstance(found, Exception):
            raise found
        return found

    def write_text(self, dest: Any, txt: str, *_: Any, **__: Any) -> None:
        """Write the file, folders included: whole or not at all on dCache and local folders."""
        write_bytes(os.fspath(dest), txt.encode(), self)

    def json_dumps(self, json_dict: dict[str, Any], *_: Any, **__: Any) -> str:
        """As all JSON of `rsdat.stac`: indented, letters as they are."""
        return json.dumps(json_dict, indent=2, ensure_ascii=False) + "\n"

    def read_json(self, source: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The file's object, mended, with hrefs such that PySTAC finds what they mean.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is not a JSON object.
        """
        base = absolute(os.fspath(source))
        text = self.read_text(source, *args, **kwargs)
        value = json.loads(text)
        if not isinstance(value, dict):
            raise ValueError("its JSON is not an object")  # noqa: TRY004 - it is not a bug
        mend(value)
        if not value.get("id"):
            raise ValueError("it has no id")
        if value.get("type") != "Feature":
            self.read_as[base] = hashlib.sha256(text.encode()).hexdigest()
            # From the links as they are written: `safe_href` makes some of them absolute.
            self._kinds[base] = pystac.CatalogType.determine_type(value)
        for link in value["links"]:
            link["href"] = safe_href(link["href"], base)
        for asset in value.get("assets", {}).values():
            asset["href"] = safe_href(asset["href"], base)
        return value

    def stac_object_from_dict(
        self,
        d: dict[str, Any],
        href: Any = None,
        root: pystac.Catalog | None = None,
        preserve_dict: bool = True,
    ) -> pystac.STACObject:
        """As PySTAC's, with the classes of `rsdat.stac`; old versions become the present one."""
        from rsdat.stac.catalog import Catalog, Collection, Item

        address = None if href is None else absolute(os.fspath(href))
        if d.get("type") == "Feature" and address is not None:
            with_commons(d, lambda link: self._collection_properties(resolve(link, address)))
        kinds: dict[str, type[pystac.STACObject]] = {
            pystac.STACObjectType.CATALOG: Catalog,
            pystac.STACObjectType.COLLECTION: Collection,
            pystac.STACObjectType.ITEM: Item,
        }
        kind = kinds[identify_stac_object(d).object_type]
        found = kind.from_dict(
            d, href=address, root=root, migrate=True, preserve_dict=preserve_dict
        )
        if isinstance(found, pystac.Catalog) and address is not None:
            found.catalog_type = self._kinds.pop(address, None) or found.catalog_type
        found._stac_io = self  # type: ignore[attr-defined]  # noqa: SLF001 - as PySTAC's own does
        return found

    def read_ahead(self, hrefs: Iterable[str]) -> None:
        """Fetch files that are wanted next, several at once; a failure is raised by `read_text`."""
        wanted = [href for href in dict.fromkeys(hrefs) if href not in self._ahead]
        if len(wanted) < 2:
            return
        with ThreadPoolExecutor(min(AT_ONCE, len(wanted)), "rsdat-stac") as pool:
            self._ahead.update(zip(wanted, pool.map(self._try, wanted), strict=True))

    def forget_ahead(self, hrefs: Iterable[str]) -> None:
        """Drop what was fetched and not read."""
        for href in hrefs:
            self._ahead.pop(href, None)

    def _try(self, href: str) -> str | Exception:
        try:
            return read_text(href, self)
        except Exception as error:  # noqa: BLE001 - raised again by read_text
            return error

    def _collection_properties(self, href: str) -> dict[str, Any]:
        if href not in self._commons:
            self._commons[href] = self.read_json(href).get("properties") or {}
        return self._commons[href]


class use_fsspec_in_pystac:  # noqa: N801 - a function to its users, as `configure_gdal`
    """Let PySTAC itself read and write through fsspec, in this process.

    For code that uses `pystac.Catalog` and can't be changed. With `with` the old default comes back
    at the end; without, it stays so.

    Args:
        storage_options: As `FsspecStacIO`.
    """

    def __init__(self, storage_options: Mapping[str, Any] | None = None) -> None:
        self._before = StacIO._default_io  # noqa: SLF001 - PySTAC has no public way back
        options = by_protocol(storage_options, "dcache")
        StacIO.set_default(lambda: FsspecStacIO(options))

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        StacIO._default_io = self._before  # noqa: SLF001


def io_of(owner: Any, storage_options: Mapping[str, Any] | None, href: str) -> FsspecStacIO:
    """A StacIO with the options given; else the owner's; else one without.

    Args:
        owner: An object of PySTAC's, a StacIO or None.
        storage_options: By protocol, or flat: for the protocol of `href`.
        href: The address at hand.
    """
    from rsdat.stac.hrefs import scheme_of
    from rsdat.stac.store import stac_io_of

    if storage_options:
        before = by_protocol(options_of(owner), scheme_of(href) or "file")
        return FsspecStacIO({**before, **by_protocol(storage_options, scheme_of(href) or "file")})
    own = owner if isinstance(owner, StacIO) else None
    if own is None and owner is not None:
        own = stac_io_of(owner)
    return own if isinstance(own, FsspecStacIO) else FsspecStacIO()


def safe_href(href: str, base: str) -> str:
    """`href` itself, or its absolute form where PySTAC would compute something else.

    PySTAC 1.15 (utils.py) takes every address for a web URL and loses what follows `#` or `?`
    in a name. Where it is right the relative form stays, so that a catalog can be saved to
    another place.
    """
    target = resolve(href, base)
    if (
        make_absolute_href(href, base)
        == target
        == make_absolute_href(make_relative_href(target, base), base)
    ):
        return href
    return whole(target, base)


def moved_href(href: str, before: str, after: str) -> str:
    """A href that meant something in the file at `before`, for one at `after`.

    Absolute ones stay; relative ones stay relative where that is possible.
    """
    target = resolve(href, before)
    if resolve(href, after) == target:
        return href
    return safe_href(relative(target, after), after)


def _said(filesystem: AbstractFileSystem) -> dict[str, Any]:
    """The keywords that make the same file system."""
    import inspect

    names = list(inspect.signature(type(filesystem).__init__).parameters)[1:]
    said = dict(zip(names, filesystem.storage_args, strict=False))
    return {**said, **filesystem.storage_options}
