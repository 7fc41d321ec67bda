"""Where a scheduler's redirect may lead."""

from __future__ import annotations

import pytest

from rsdat.server.dashboardheaders import path_within

HOSTS = ("10.0.0.1:8787", "hub.example.org")


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/status", "/status"),
        ("workers.html", "/info/main/workers.html"),
        ("../../status?a=b#c", "/status?a=b#c"),
        ("../../../../lab", "/lab"),
        ("", "/info/main/x%20y"),
        ("?theme=dark", "/info/main/x%20y?theme=dark"),
        ("http://10.0.0.1:8787/status", "/status"),
        ("http://hub.example.org", "/"),
        ("http://hub.example.org//status", "/status"),
        ("/a//b", "/a//b"),
        ("/100%25/%2e%2e%2fx", "/100%25/%2e%2e%2fx"),
    ],
)
def test_within(location: str, path: str) -> None:
    """A path of its own server, as browsers would find it."""
    assert path_within(location, "info/main/x y", HOSTS) == path


@pytest.mark.parametrize(
    "location",
    [
        "https://example.org/",
        "http://example.org/",
        "http://10.0.0.1:8786/",
        "http://10.0.0.1:8787@example.org/",
        "//example.org/",
        " //example.org/",
        "\\\\example.org/",
        "/\\example.org/",
        "/\t/example.org/",
        "/é",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://[::1/",
        "/%2e%2e/lab",
        "/.%2E/lab",
        "http://10.0.0.1:8787/../lab",
    ],
)
def test_elsewhere(location: str) -> None:
    """Other hosts, other schemes, and paths that lead out of it below Jupyter's address."""
    assert path_within(location, "status", HOSTS) is None
