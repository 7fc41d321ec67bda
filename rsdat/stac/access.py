"""With what an asset's file is opened, here and on the workers: options that lose their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rsdat.base.errors import NoCredential
from rsdat.stac.hrefs import scheme_of
from rsdat.stac.store import WITHHELD, by_protocol, filesystem_of, opened_as, options_of, portable

if TYPE_CHECKING:
    import pystac
    from fsspec import AbstractFileSystem


class Access:
    """Options of file systems by protocol; what they don't say, fsspec's configuration says.

    Pickled, it keeps names (`endpoint`, `token_file`) and leaves secrets behind: a worker that has
    no configuration for what was left out refuses in words, instead of acting as somebody else.

    Args:
        options: Options by protocol.
    """

    def __init__(self, options: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._options = {name: dict(each) for name, each in (options or {}).items()}

    def place(self, href: str) -> tuple[AbstractFileSystem, str]:
        """The file system that an address is on, and the path there.

        Raises:
            NoCredential: This came from another process, and its secret did not.
        """
        return filesystem_of(href, self._options)

    def on_web(self, href: str) -> bool:
        """Whether it is opened as a web page: files at a door of dCache are not."""
        return scheme_of(opened_as(href, self._options)[0]) in ("http", "https")

    def travelling(self, href: str) -> tuple[str, dict[str, Any]]:
        """An address and its options, as other libraries may put them into tasks.

        Raises:
            NoCredential: Without a secret they would be somebody else's.
        """
        href, options = opened_as(href, portable(self._options, href))
        said = dict(options)
        if WITHHELD in said:
            raise NoCredential(
                "the credential was given as text, and tasks for other processes don't carry it",
                hint="Give storage_options={'endpoint': …} or {'token_file': …} instead.",
                code="withheld",
            )
        return href, said

    def __reduce__(self) -> tuple[Any, ...]:
        return (Access, (portable(self._options),))

    def __dask_tokenize__(self) -> Any:
        return ("rsdat.stac.access", portable(self._options))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Access) and self._options == other._options

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._options)))

    def __repr__(self) -> str:
        return f"Access({', '.join(sorted(self._options))})"


def access_to(
    href: str,
    owner: pystac.Item | pystac.Catalog | None,
    storage_options: Mapping[str, Any] | None = None,
) -> Access:
    """What a file at an address is opened with: the options given, else what its catalog was.

    Args:
        href: The address.
        owner: The item or catalog that names it.
        storage_options: By protocol, or flat: for the address's own.
    """
    protocol = scheme_of(href) or "file"
    known = by_protocol(options_of(owner), protocol)
    return Access({**known, **by_protocol(storage_options, protocol)})
