"""What workers get is looked up beside the event loop: home folders may hang for seconds."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from rsdat.dcache import handover
from rsdat.dcache.endpoint import Endpoint
from rsdat.dcache.sources import ClientCertificate


def test_no_file_is_read_in_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "proxy.pem").write_text("a certificate")
    (tmp_path / "proxy.pem").chmod(0o600)
    seen = []

    def noting(real: Any) -> Any:
        def wrapper(*args: Any) -> Any:
            seen.append(threading.current_thread() is threading.main_thread())
            return real(*args)

        return wrapper

    for name in ("read_private", "authorities"):
        monkeypatch.setattr(handover, name, noting(getattr(handover, name)))
    credential = ClientCertificate(tmp_path / "proxy.pem")
    endpoint = Endpoint("e", "https://h:3880/api/v1", "https://h:2880", credential)
    copy = asyncio.run(handover.copy_of(endpoint))
    assert copy is not None
    assert copy.secret is not None
    assert copy.secret[1].reveal() == "a certificate"
    assert seen == [False, False]
