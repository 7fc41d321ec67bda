"""Whom TLS trusts and what it shows, against a throw-away authority on loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from rsdat.base.errors import DoorBroken, InvalidInput, NoCredential, RsdatError
from rsdat.base.secret import Secret
from rsdat.dcache import tls, tokens
from rsdat.dcache.client import DCacheClient
from rsdat.dcache.endpoint import Endpoint
from rsdat.dcache.transfers.sums import Adler32
from rsdat.dcache.tuning import Tuning
from rsdat.dcache.wire import LEAST_BYTES
from tests.support.dcache import endpoint_of, run
from tests.support.door import Door
from tests.support.tls import Authority, Front, server_context, tls_front


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path / "certificates")


@pytest.fixture
def front(site: Door, authority: Authority, tmp_path: Path) -> Iterator[Front]:
    """The stand-in's frontend, over https."""
    file = authority.issue(tmp_path / "server.pem", "server")
    with tls_front(site.api_url.removesuffix("/api/v1"), server_context(file)) as front:
        yield front


def over(front: Front, site: Door, **options: str) -> Endpoint:
    return endpoint_of(site, api_url=f"{front.url}/api/v1", **options)


async def look(client: DCacheClient) -> None:
    assert (await client.info("/")).is_folder


def test_trusted_by_a_folder(
    front: Front, site: Door, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option, or the environment's X509_CERT_DIR, or the grid's own folder."""
    run(over(front, site, ca_folder=str(authority.folder)), look)
    monkeypatch.setenv("X509_CERT_DIR", str(authority.folder))
    run(over(front, site), look)
    monkeypatch.delenv("X509_CERT_DIR")
    monkeypatch.setattr(tls, "GRID_FOLDER", authority.folder)
    run(over(front, site), look)


def test_a_hashed_folder(front: Front, site: Door, authority: Authority) -> None:
    """As the IGTF's packages have it."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    (pem,) = authority.folder.iterdir()
    argv = [program, "x509", "-hash", "-noout", "-in", str(pem)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30)
    pem.rename(authority.folder / f"{done.stdout.strip()}.0")
    run(over(front, site, ca_folder=str(authority.folder)), look)


def test_large_files(
    front: Front, site: Door, folder: str, authority: Authority, tmp_path: Path
) -> None:
    """Their bytes stay with the TLS that began the connection, both ways."""
    body = os.urandom(LEAST_BYTES + 4321)
    file = authority.issue(tmp_path / "door.pem", "door")
    with tls_front(site.proxy_url, server_context(file)) as door:
        endpoint = over(front, site, webdav_url=door.url, ca_folder=str(authority.folder))

        async def chunks() -> AsyncIterator[bytes]:
            yield body

        async def work(client: DCacheClient) -> None:
            await client.write(f"{folder}/big", chunks(), len(body), replace=False)
            got = Adler32()
            async with client.open_read(f"{folder}/big") as download:
                parts = [part async for part in download.summed(got.update, aside=False)]
            assert b"".join(parts) == body
            assert got.value == zlib.adler32(body)

        run(endpoint, work)


@pytest.mark.parametrize("known", [True, False])
def test_qos_by_a_certificate(
    front: Front, site: Door, authority: Authority, tmp_path: Path, known: bool
) -> None:
    """Asked for where the door knows the certificate; else no 401 counts against anybody."""
    proxy = authority.issue(tmp_path / "proxy.pem", "alice", host=None)
    options = {"ca_folder": str(authority.folder), "proxy_file": str(proxy)}
    # The stand-in knows no certificates: this header stands for one that it knows.
    headers = {"Authorization": Secret(f"Bearer {site.token}")} if known else {}

    async def work() -> str | None:
        client = DCacheClient(
            over(front, site, token="", **options), tuning=Tuning(headers=headers)
        )
        try:
            return (await client.details("/")).qos
        finally:
            await client.close()

    if known:
        assert asyncio.run(work()) is not None
    else:
        with pytest.raises(NoCredential):
            asyncio.run(work())
    asked = [each for each in site.requests("frontend") if "qos=true" in each["query"]]
    assert len(asked) == known


def refused(endpoint: Endpoint) -> RsdatError:
    async def work(client: DCacheClient) -> RsdatError:
        with pytest.raises(RsdatError) as caught:
            await client.info("/")
        return caught.value

    return run(endpoint, work)


def test_not_trusted(front: Front, site: Door, tmp_path: Path) -> None:
    other = Authority.make(tmp_path / "others", "other")
    for options in ({}, {"ca_folder": str(other.folder)}):
        error = refused(over(front, site, **options))
        assert isinstance(error, DoorBroken)
        assert (error.code, "certificate" in error.message) == ("certificate", True)
        assert "ca_folder" in (error.hint or "")
    assert not site.requests()


def test_expired_and_of_another_name(site: Door, authority: Authority, tmp_path: Path) -> None:
    for words, options in (("expired", {"hours": -1.0}), ("127.0.0.1", {"host": "127.0.0.9"})):
        file = authority.issue(tmp_path / f"{words}.pem", "server", **options)
        with tls_front(site.api_url.removesuffix("/api/v1"), server_context(file)) as front:
            error = refused(over(front, site, ca_folder=str(authority.folder)))
            assert error.code == "certificate"
            assert words in error.message


def test_folders_that_are_none(front: Front, site: Door, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "none"):
        error = refused(over(front, site, ca_folder=str(tmp_path / name)))
        assert isinstance(error, InvalidInput)
        assert str(tmp_path / name) in error.message


class TestClientCertificate:
    @pytest.fixture
    def picky(self, site: Door, authority: Authority, tmp_path: Path) -> Iterator[Front]:
        """Lets nobody in without a certificate."""
        context = server_context(authority.issue(tmp_path / "server.pem", "server"), authority)
        with tls_front(site.api_url.removesuffix("/api/v1"), context) as front:
            yield front

    def endpoint(self, front: Front, site: Door, authority: Authority, file: Path) -> Endpoint:
        folder = str(authority.folder)
        return over(front, site, token="", proxy_file=str(file), ca_folder=folder)

    def test_shown_and_renewed(
        self, picky: Front, site: Door, authority: Authority, tmp_path: Path
    ) -> None:
        """A new proxy is shown on the next connection, by the same client."""
        file = authority.issue(tmp_path / "proxy.pem", "alice", host=None)

        async def work(client: DCacheClient) -> None:
            for name in ("alice", "alice-again"):
                authority.issue(file, name, host=None)
                # The stand-in knows no certificates: it says 401, behind a TLS that said yes.
                with pytest.raises(NoCredential, match="login failed"):
                    await client.info("/")
                client.http.session().connector._conns.clear()  # type: ignore[union-attr]

        run(self.endpoint(picky, site, authority, file), work)
        assert picky.subjects == ["alice", "alice-again"]

    def test_about(self, picky: Front, site: Door, authority: Authority, tmp_path: Path) -> None:
        file = authority.issue(tmp_path / "proxy.pem", "alice", hours=5, host=None)
        endpoint = self.endpoint(picky, site, authority, file)
        report = asyncio.run(tokens.look(endpoint.credential))
        assert (report.kind, report.problem) == ("x509", None)
        assert report.expires is not None
        assert str(file) in report.source

    def test_unusable(self, picky: Front, site: Door, authority: Authority, tmp_path: Path) -> None:
        file = tmp_path / "proxy.pem"
        file.write_text("no certificate")
        file.chmod(0o600)
        error = refused(self.endpoint(picky, site, authority, file))
        assert isinstance(error, NoCredential)
        assert "no usable certificate" in error.message
        file.chmod(0o644)
        error = refused(self.endpoint(picky, site, authority, file))
        assert "can read" in error.message
        assert asyncio.run(
            tokens.look(self.endpoint(picky, site, authority, file).credential)
        ).problem
