"""Versions of the page's part, which npm and Python spell in two ways."""

from __future__ import annotations

import pytest

from rsdat.base.pagepart import as_python


# The page does the same: src/common/__tests__/companion.spec.tsx.
@pytest.mark.parametrize(
    ("npm", "python"),
    [
        ("0.2.0", "0.2.0"),
        ("0.2.0-rc.1", "0.2.0rc1"),
        ("0.2.0-alpha.0", "0.2.0a0"),
        ("0.2.0-beta.12", "0.2.0b12"),
        ("0.2.0rc1", "0.2.0rc1"),
        # What npm takes as well.
        ("0.2.0-rc1", "0.2.0rc1"),
        ("0.2.0-a.3", "0.2.0a3"),
        ("0.2.0-b4", "0.2.0b4"),
    ],
)
def test_as_python(npm: str, python: str) -> None:
    assert as_python(npm) == python
