"""`DCacheFileSystem` with each kind of credential, over https with a throw-away authority."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsdat.base.files import write_text
from rsdat.dcache import DCacheFileSystem
from tests.support.door import Door
from tests.support.tls import Authority, server_context, tls_front


@pytest.fixture
def urls(site: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The stand-in's https addresses, and the folder that says whom to trust."""
    authority = Authority.make(tmp_path / "certificates")
    context = server_context(authority.issue(tmp_path / "server.pem", "server"))
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path / "home"))
    with (
        tls_front(site.api_url.removesuffix("/api/v1"), context) as api,
        tls_front(site.proxy_url, context) as door,
    ):
        yield {
            "api_url": f"{api.url}/api/v1",
            "webdav_url": door.url,
            "ca_folder": str(authority.folder),
        }
        # Connections are kept for later; the fronts are not.
        DCacheFileSystem.clear_instance_cache()


@pytest.mark.parametrize(
    "kind",
    [
        "token",
        "token_file",
        "token_command",
        "rclone_config",
        "ada_config",
        "netrc_file",
        "password",
    ],
)
def test_every_kind(
    kind: str, site: Door, urls: dict[str, str], folder: str, tmp_path: Path
) -> None:
    """Reads, writes, lists, and again after it has travelled."""
    file = tmp_path / "credential"
    texts = {
        "token_file": site.token,
        "rclone_config": "[x]\ntype = webdav\nurl = https://unused.example/\n"
        f"bearer_token = {site.token}\n",
        "ada_config": f"api=https://unused.example\ntokenfile={tmp_path / 'ada-token'}\n",
        "netrc_file": f"machine 127.0.0.1 login {site.user} password {site.password}\n",
    }
    write_text(tmp_path / "ada-token", site.token)
    options: dict[str, str] = {"token": site.token}
    if kind in texts:
        write_text(file, texts[kind])
        options = {kind: str(file)}
    elif kind == "token_command":
        write_text(file, f"print({site.token!r})")
        options = {kind: f"{sys.executable} {file}"}
    elif kind == "password":
        options = {"username": site.user, "password": site.password}
    fs = DCacheFileSystem(**urls, **options, skip_instance_cache=True)
    fs.pipe_file(f"{folder}/f", b"hello")
    assert fs.ls(folder, detail=False) == [f"{folder}/f"]
    assert fs.cat_file(f"{folder}/f") == b"hello"
    assert site.token not in repr(fs)
    if kind in ("token", "password"):
        return  # as text: that it travels with them is told in its documentation
    travelling = pickle.dumps(fs)
    assert site.token.encode() not in travelling
    assert pickle.loads(travelling).cat_file(f"{folder}/f") == b"hello"


def test_not_trusted(site: Door, urls: dict[str, str], folder: str) -> None:
    del urls["ca_folder"]
    fs = DCacheFileSystem(**urls, token=site.token, skip_instance_cache=True)
    with pytest.raises(OSError, match="is not trusted here"):
        fs.ls(folder)
