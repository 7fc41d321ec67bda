"""What pools are given to identify themselves with, when they fetch from another dCache."""

from __future__ import annotations

from typing import Any

import pytest

from rsdat.base.secret import Secret
from rsdat.dcache.transfers import thirdparty


def note_handed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The macaroons, as they are handed over from now on."""
    given: list[str] = []
    real = thirdparty._authorization

    async def noting(*args: Any) -> Secret | None:
        authorization = await real(*args)
        assert authorization is not None
        given.append(authorization.reveal().removeprefix("Bearer "))
        return authorization

    monkeypatch.setattr(thirdparty, "_authorization", noting)
    return given
