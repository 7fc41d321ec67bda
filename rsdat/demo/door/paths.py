"""Between the paths in URLs and the literal absolute paths of the name space."""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

MAX_NAME_CHARACTERS = 255
# What hrefs leave plain besides letters and digits; dCache encodes more than RFC 3986 asks.
_HREF_PLAIN = "*-._"


class BadPathError(ValueError):
    """The URL's path can't be a path of the name space."""


def _unquote(segment: str) -> str:
    return unquote_to_bytes(segment).decode("utf-8", "replace")


def from_webdav(raw_path: str) -> str:
    """The literal path of a WebDAV URL; a trailing slash is dropped.

    Raises:
        BadPathError: A segment is `.` or `..`, or holds an encoded slash.
    """
    names = [_unquote(segment) for segment in raw_path.split("/") if segment]
    if any(name in (".", "..") or "/" in name or "\0" in name for name in names):
        raise BadPathError(raw_path)
    return "/" + "/".join(names)


def from_rest(raw_path: str) -> str:
    """The literal path of a REST URL, normalised as the frontend does.

    Encoded slashes separate too, `//`, `.` and `..` are resolved, and what follows a raw `;`
    in a segment is a matrix parameter and lost.
    """
    joined = "/".join(_unquote(segment.partition(";")[0]) for segment in raw_path.split("/"))
    return normalise(joined)


def normalise(path: str) -> str:
    """Resolve `//`, `.` and `..`; the result is absolute and never above the root."""
    names: list[str] = []
    for name in path.replace("\0", "").split("/"):
        if name == "..":
            del names[-1:]
        elif name not in ("", "."):
            names.append(name)
    return "/" + "/".join(names)


def parent(path: str) -> str:
    """The directory that holds `path`; the root's is the root."""
    return path.rpartition("/")[0] or "/"


def name_of(path: str) -> str:
    """The last segment; empty for the root."""
    return path.rpartition("/")[2]


def join(folder: str, name: str) -> str:
    """`folder/name` without a double slash at the root."""
    return f"/{name}" if folder == "/" else f"{folder}/{name}"


def is_below(path: str, folder: str) -> bool:
    """Whether `path` lies inside `folder` (not: is it)."""
    return path != folder and (folder == "/" or path.startswith(folder + "/"))


def to_url(path: str) -> str:
    """The path as it stands in a URL, each segment percent-encoded."""
    return quote(path, safe="/")


def to_href(path: str, *, directory: bool) -> str:
    """The path as PROPFIND's `href` shows it: encoded widely, directories with a slash."""
    encoded = "/".join(_encode_href(name) for name in path.split("/"))
    return encoded if not directory or encoded.endswith("/") else encoded + "/"


def _encode_href(name: str) -> str:
    # quote() never encodes "~"; dCache does.
    return quote(name, safe=_HREF_PLAIN).replace("~", "%7E")
