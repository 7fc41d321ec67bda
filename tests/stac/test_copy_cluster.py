"""A copy by the workers of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from distributed import Client, LocalCluster

from rsdat.stac.copying import copy_assets
from tests.support.copies import item
from tests.support.door import Door
from tests.support.webfiles import WebFiles, web_files


@pytest.fixture
def web() -> Iterator[WebFiles]:
    with web_files() as served:
        yield served


@pytest.fixture
def client(dcache: Door) -> Iterator[Client]:
    """Two workers in processes of their own; they find the endpoint by `RSDAT_HOME`."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as connected,
    ):
        yield connected


def test_on_the_workers(
    web: WebFiles, dcache: Door, tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files = {f"/{n}": os.urandom(5000) for n in range(40)}
    items = [item(f"i{n}", {"a": f"{web.url}/{n}"}) for n in range(41)]
    to = f"dcache:///{tmp_path.name}"
    travelled: list[bytes] = []
    real = client.submit

    def submit(*args: Any, **options: Any) -> Any:
        travelled.append(cloudpickle.dumps((args, options)))
        return real(*args, **options)

    monkeypatch.setattr(client, "submit", submit)
    options = {"token": dcache.token, "api_url": dcache.api_url, "webdav_url": dcache.webdav_url}
    report = copy_assets(
        items,
        "a",
        to,
        client=client,
        target_options=options,
        write_catalog=True,
        progress=False,
    )
    assert (len(report.copied), len(report.failed)) == (40, 1), report
    assert report.verified == {"md5": 40}
    for n in range(40):
        assert (dcache.root / tmp_path.name / f"i{n}/{n}").read_bytes() == web.files[f"/{n}"]
    assert len(travelled) > 4
    # The token was one of a configured endpoint, whose name travelled instead.
    assert not any(dcache.token.encode() in data for data in travelled)
    assert (dcache.root / tmp_path.name / "catalog.json").exists()

    again = copy_assets(items, "a", to, client=client, progress=False)
    assert (len(again.skipped), len(again.failed)) == (40, 1)
    web.files["/40"] = b"late"
    assert len(again.retry().copied) == 1


def test_signatures_are_made_on_the_workers(web: WebFiles, tmp_path: Path, client: Client) -> None:
    web.files["/a"] = b"x"

    def check(handler: Any) -> bool:
        if "?sig=" not in handler.path:
            handler.plain(403)
            return True
        return False

    web.spoil = check

    def sign(found: Any) -> Any:
        for asset in found.assets.values():
            asset.href += f"?sig={os.getpid()}"
        return found

    one = item("i", {"a": f"{web.url}/a"})
    assert copy_assets(one, "a", str(tmp_path), client=client, modifier=sign, progress=False).ok
    assert copy_assets(one, "a", str(tmp_path / "b"), client=client, progress=False).failed
