"""Hrefs: where a relative link of a catalog leads, on any file system that fsspec knows.

An href here is a literal address, as fsspec takes it: nothing is percent-decoded, and `#`, `?`
and `;` are letters of a name like any other, but for http(s), where the rules of the web hold.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import fsspec

_LOCAL = ("", "file", "local")
# What PySTAC makes of `dcache:///a/b` (urlunparse drops an empty host with its slashes).
_MANGLED = re.compile(r"([a-z][a-z0-9+.-]+):(?=/(?!/))")


def absolute(href: str) -> str:
    """The one form of an address that the other functions and PySTAC agree on.

    Local files become absolute paths without `file://`. Where `dcache:///a/b` and
    `dcache://a/b` mean the same, the second is taken: Python's URL functions turn the first
    into `dcache:/a/b`, which fsspec takes for a local path.
    """
    scheme, rest = _split(href)
    if scheme in _LOCAL:
        return str(Path(rest).expanduser().absolute()) if rest else rest
    if rest.startswith("/") and _has_no_host(scheme):
        rest = rest.lstrip("/")
    return f"{scheme}://{rest}"


def resolve(href: str, base: str) -> str:
    """Where `href` leads, found in the file at `base` (in the form of `absolute`, or `file://`)."""
    if _split(href)[0]:
        return absolute(href)
    scheme, rest = _split(base)
    if scheme in ("http", "https"):
        return urljoin(base, href)
    scheme = "" if scheme in _LOCAL else scheme
    host, path = ("", rest) if _has_no_host(scheme) else rest.partition("/")[::2]
    folder = posixpath.dirname("/" + path.lstrip("/"))
    # posixpath.join drops the folder before an absolute href; `..` never climbs above the root.
    path = posixpath.normpath(posixpath.join(folder, href))
    if not scheme:
        return path
    return f"{scheme}://{host}{path}" if host else f"{scheme}://{path.lstrip('/')}"


def parent(href: str) -> str:
    """The folder that holds the file at `href`."""
    if _split(href)[0] in ("http", "https"):
        parts = urlsplit(href)
        return parts._replace(path=posixpath.dirname(parts.path), query="", fragment="").geturl()
    return href.rpartition("/")[0]


def relative(target: str, base: str) -> str:
    """`target` as a file at `base` names it; its whole address where they share no place.

    Both in the form of `absolute`. `resolve(relative(target, base), base)` is `target`.
    """
    scheme, rest = _split(target)
    base_scheme, base_rest = _split(base)
    if scheme != base_scheme:
        return whole(target, base)
    if scheme in ("http", "https"):
        return _relative_on_the_web(target, base)
    if not _has_no_host(scheme):
        host, rest = rest.partition("/")[::2]
        base_host, base_rest = base_rest.partition("/")[::2]
        if host != base_host:
            return target
    start = posixpath.dirname("/" + base_rest.lstrip("/"))
    found = posixpath.relpath("/" + rest.lstrip("/"), start)
    return found if found.startswith("../") else f"./{found}"


def whole(target: str, base: str) -> str:
    """An address, in the form of `absolute`, as a file at `base` names it, whatever its own place.

    In a file on dCache `/a/b` is a place on dCache: a local one must say that it is local.
    """
    return f"file://{target}" if not _split(target)[0] and _split(base)[0] not in _LOCAL else target


def _relative_on_the_web(target: str, base: str) -> str:
    there, here = urlsplit(target), urlsplit(base)
    if there.netloc != here.netloc:
        return target
    found = posixpath.relpath(there.path or "/", posixpath.dirname(here.path) or "/")
    found = found if found.startswith("../") else f"./{found}"
    return there._replace(scheme="", netloc="", path=found).geturl()


def shown(href: str) -> str:
    """An address for messages: without what may be a secret, a signature or a login."""
    if _split(href)[0] not in ("http", "https"):
        return href
    parts = urlsplit(href)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()


def scheme_of(href: str) -> str:
    """The protocol of an address, as fsspec names it; "" for a local path."""
    return _split(href)[0]


def _split(href: str) -> tuple[str, str]:
    mangled = _MANGLED.match(href)
    if mangled and (mangled[1] == "file" or mangled[1] in fsspec.available_protocols()):
        return mangled[1], href[mangled.end(1) + 1 :]
    scheme, mark, rest = href.partition("://")
    return (scheme, rest) if mark and "/" not in scheme else ("", href)


def _has_no_host(scheme: str) -> bool:
    """Whether the first part of `scheme://a/b` is a folder already, as dcache and memory say."""
    if scheme in _LOCAL:
        return True
    try:
        kind = fsspec.get_filesystem_class(scheme)
    except (ImportError, ValueError):
        # Not installed, or not known: a catalog may name such assets all the same.
        return False
    # Typed as Any by fsspec; strips to str for str.
    return bool(
        kind._strip_protocol(f"{scheme}://a/b")  # noqa: SLF001 - fsspec's documented hook
        == kind._strip_protocol(f"{scheme}:///a/b")  # noqa: SLF001
    )
