"""What of a scheduler's headers a browser gets: a page's own, none that act on Jupyter's origin.

A sandbox keeps a page's scripts away from Jupyter, but not its headers: to browsers
`Clear-Site-Data` logs out and deletes what Lab keeps, `Strict-Transport-Security` closes the
whole host, `NEL` reports elsewhere. There will be new ones, so what is not named here stays behind.
"""

from __future__ import annotations

from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from tornado.httputil import HTTPHeaders

_PASSED = (
    "Accept-Ranges",
    "Cache-Control",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "Date",
    "Etag",
    "Expires",
    "Last-Modified",
    "Vary",
)
#: Statuses of which browsers follow `Location`.
REDIRECTS = (301, 302, 303, 307, 308)


def passed(headers: HTTPHeaders) -> HTTPHeaders:
    """The scheduler's headers that go on to the browser; a redirect's is made anew."""
    kept = HTTPHeaders()
    for name in _PASSED:
        for value in headers.get_list(name):
            kept.add(name, value)
    return kept


def path_within(location: str, page: str, hosts: tuple[str, ...]) -> str | None:
    """Where a redirect leads on the scheduler's own server, as an absolute path; None if elsewhere.

    Args:
        location: As the scheduler says it.
        page: Path of the page that redirects, without its first slash.
        hosts: What the scheduler's server is called, `host` or `host:port`.
    """
    location = location.strip()
    # Browsers read a backslash as a slash, and leave out tabs.
    if not (location.isascii() and location.isprintable()) or "\\" in location:
        return None
    try:
        parts = urlsplit(urljoin(f"http://{hosts[0]}/{quote(page)}", location))
    except ValueError:
        return None
    if parts.scheme != "http" or parts.netloc not in hosts:
        return None
    # To browsers, %2e is a dot here; what leads above the root would lead to Jupyter's own pages.
    if any(unquote(step) in (".", "..") for step in parts.path.split("/")):
        return None
    # Two slashes in front would be a host's.
    return urlunsplit(("", "", "/" + parts.path.lstrip("/"), parts.query, parts.fragment))
