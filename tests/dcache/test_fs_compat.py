"""What dcachefs's users give: keywords, environment, and the package itself beside ours."""

from __future__ import annotations

import base64
import os
import pickle
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import fsspec
import pytest

from rsdat.base.errors import InvalidInput
from rsdat.dcache import DCacheFileSystem
from rsdat.dcache.tuning import understand
from tests.support.door import Door


def addresses(site: Door) -> dict[str, str]:
    return {"api_url": site.api_url, "webdav_url": site.webdav_url}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "client",
    [
        lambda site: {"headers": {"Authorization": f"Bearer {site.token}"}},
        lambda site: {"auth": aiohttp.BasicAuth("alice", site.password)},
        lambda site: {"auth": ("alice", site.password), "timeout": 60, "trust_env": False},
        lambda site: {"headers": {"authorization": basic("alice", site.password)}},
    ],
)
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")
def test_credentials_in_client_kwargs(site: Door, folder: str, client: Any) -> None:
    fs = DCacheFileSystem(**addresses(site), client_kwargs=client(site))
    assert fs.ls(folder) == []
    assert site.token not in repr(fs._tuning)
    assert site.password not in repr(fs._tuning)


def test_all_keywords_of_dcachefs(site: Door, folder: str) -> None:
    fs = DCacheFileSystem(
        **addresses(site),
        username=None,
        password=None,
        token=site.token,
        client_kwargs={"timeout": aiohttp.ClientTimeout(total=60)},
        request_kwargs={"headers": {"X-Mine": "1"}},
        block_size=0,
        asynchronous=False,
        loop=None,
        batch_size=3,
        encoded=True,
        use_listings_cache=False,
    )
    # dcachefs lost all writes but the last with block_size=0.
    with fs.open(f"{folder}/50%25 off", "wb") as file:
        file.write(b"one ")
        file.write(b"two")
    with fs.open(f"{folder}/50%25 off", request_kwargs={"timeout": 30}) as file:
        assert file.read() == b"one two"
    # Paths are literal, whatever `encoded` says.
    assert fs.ls(folder, detail=False, limit=1) == [f"{folder}/50%25 off"]
    assert fs.block_size == 1024 * 1024
    assert fs.batch_size == 3


@pytest.mark.parametrize(
    ("option", "near"),
    [
        ({"endpiont": "spider"}, "Did you mean 'endpoint'?"),
        ({"tokenfile": "x"}, "Did you mean 'token_file'?"),
        ({"Token": "x"}, "Did you mean 'token'?"),
        ({"webdav": "https://door"}, "Did you mean 'webdav_url'?"),
        ({"anon": True}, "There are: endpoint, "),
    ],
)
def test_a_misspelt_keyword_is_told(site: Door, option: Any, near: str) -> None:
    with pytest.raises(InvalidInput, match="dcache has no option") as caught:
        DCacheFileSystem(**addresses(site), token=site.token, **option)
    assert near in str(caught.value)
    assert "spider" not in str(caught.value)


def test_what_fsspec_passes_is_taken(site: Door, folder: str) -> None:
    options = {**addresses(site), "token": site.token}
    url = f"dcache:/{folder}/f"
    with fsspec.open(url, "wt", encoding="utf-8", errors="strict", newline="\n", **options) as f:
        f.write("text")
    chained = fsspec.open(f"simplecache::{url}", "rt", dcache=options)
    with chained as f:
        assert f.read() == "text"
    mapper = fsspec.get_mapper(f"dcache:/{folder}", **options, listings_expiry_time=1, max_paths=9)
    assert mapper["f"] == b"text"
    fs = fsspec.filesystem("dcache", **options, skip_instance_cache=True, use_listings_cache=True)
    again = fsspec.AbstractFileSystem.from_json(fs.to_json())
    assert again.cat_file(f"{folder}/f") == b"text"


def test_time_limits_are_kept(site: Door, folder: str) -> None:
    fs = DCacheFileSystem(
        **addresses(site),
        token=site.token,
        request_kwargs={"timeout": 0.3},
        skip_instance_cache=True,
    )
    site.fault("hang", server="frontend")
    with pytest.raises(OSError, match="no answer in time"):
        fs.ls(folder)
    patient = aiohttp.ClientTimeout(sock_read=0.3)
    fs = DCacheFileSystem(
        **addresses(site),
        token=site.token,
        client_kwargs={"timeout": patient},
        skip_instance_cache=True,
    )
    site.fault("hang", server="frontend")
    with pytest.raises(OSError, match="no answer in time"):
        fs.ls(folder)


def test_what_has_a_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    from yarl import URL

    context = ssl.create_default_context()
    tuning = understand({"ssl": context}, {"ssl": False, "proxy": "http://proxy:3128"}).tuning
    assert tuning.request(URL("https://door/")) == {"ssl": False, "proxy": "http://proxy:3128"}
    monkeypatch.setenv("https_proxy", "http://from.env:1")
    monkeypatch.setenv("no_proxy", "near.example")
    tuning = understand({"trust_env": True}, None).tuning
    assert tuning.request(URL("https://door/"))["proxy"] == "http://from.env:1"
    assert tuning.request(URL("https://near.example/")) == {}
    assert understand(None, None).tuning.request(URL("https://door/")) == {}


@pytest.mark.parametrize(
    ("client", "words"),
    [
        ({"connector": None}, "can't hold 'connector'"),
        ({"headers": {"Range": "bytes=-5"}}, "'Range' can't be given"),
        ({"headers": {"Authorization": "Negotiate x"}}, "Bearer token"),
        ({"headers": {"Authorization": "Bearer x"}, "auth": ("a", "b")}, "not both"),
        ({"headers": {"Authorization": "Basic !"}}, "no HTTP Basic"),
        ({"auth": "alice"}, "BasicAuth"),
        ("x", "must be a dictionary"),
    ],
)
def test_what_has_none_is_refused(client: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        understand(client, None)


def test_headers_reach_no_pool(site: Door, folder: str) -> None:
    fs = DCacheFileSystem(
        **addresses(site), token=site.token, client_kwargs={"headers": {"X-Key": "geheim"}}
    )
    # A pool answers 501 to a Content- header it does not know: it would fail there.
    named = DCacheFileSystem(
        **addresses(site), token=site.token, client_kwargs={"headers": {"Content-Language": "nl"}}
    )
    for each in (fs, named):
        each.pipe(f"{folder}/f", b"x")
        assert each.cat(f"{folder}/f") == b"x"


def test_dcachefs_beside_ours(site: Door, tmp_path: Path) -> None:
    """Ours takes the protocol, whoever is imported first, and says so once."""
    package = tmp_path / "dcachefs"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import fsspec\n"
        'fsspec.register_implementation("dcache", "dcachefs.dCacheFileSystem", clobber=True)\n'
        "class dCacheFileSystem(fsspec.AbstractFileSystem):\n    protocol = 'dcache'\n"
    )
    for order in ("dcachefs, rsdat.dcache", "rsdat.dcache, dcachefs"):
        code = f"import {order}, fsspec; print(fsspec.get_filesystem_class('dcache').__module__)"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stdout.strip() == "rsdat.dcache.fs", done.stderr
        assert done.stderr.count("dcachefs is installed too") == 1


def test_a_token_that_an_endpoint_has_is_named_and_not_pickled(
    site: Door, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write_endpoint(tmp_path, name="spider")
    monkeypatch.setenv("RSDAT_HOME", str(tmp_path))
    fs = DCacheFileSystem(**addresses(site), token=site.token, batch_size=5)
    pickled = pickle.dumps(fs)
    assert site.token.encode() not in pickled
    again = pickle.loads(pickled)
    assert (again.endpoint.name, again.batch_size) == ("spider", 5)
    assert again.ls(folder) == []
    assert site.token not in fs.to_json()
    # Another door's endpoint is not the same, though the token is.
    other = DCacheFileSystem(api_url=site.api_url, webdav_url=site.proxy_url, token=site.token)
    assert pickle.loads(pickle.dumps(other)).endpoint.webdav_url == site.proxy_url
    assert site.token not in other.to_json(include_password=False)
