"""Endpoints and credentials from files, keywords, fsspec's configuration and the environment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
from pathlib import Path
from typing import Any

import fsspec.config
import pytest

from rsdat.base.errors import Conflict, InvalidInput, NoCredential, NotFound, RsdatError
from rsdat.base.files import write_json, write_text
from rsdat.dcache.configured import find_endpoint, load_endpoints
from rsdat.dcache.credentials import SecretFile
from rsdat.dcache.endpoint import Endpoint, endpoint_from_options

API = "https://frontend.example:3880/api/v1"
DOOR = "https://door.example:2880"
URLS = {"api_url": API, "webdav_url": DOOR}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fsspec.config, "conf", {})
    for name in ("BEARER_TOKEN", "BEARER_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


def header(endpoint: Endpoint) -> str | None:
    secret = asyncio.run(endpoint.credential.header())
    return None if secret is None else secret.reveal()


def configure(home: Path, *endpoints: dict[str, Any]) -> None:
    write_json(home / "endpoints.json", {"endpoints": list(endpoints)}, format_version=1)


def test_nothing_configured(tmp_path: Path) -> None:
    assert load_endpoints(tmp_path) == []
    with pytest.raises(NotFound, match="No dCache endpoint") as caught:
        find_endpoint(tmp_path)
    assert "endpoints.json" in (caught.value.hint or "")


def test_file_and_default(tmp_path: Path) -> None:
    write_text(tmp_path / "token", "abc\n")
    configure(
        tmp_path,
        {"name": "spider", **URLS, "token_file": "token", "home": "/pnfs/x/"},
        {"name": "other", "api_url": API + "/", "webdav_url": DOOR + "/"},
    )
    first, second = load_endpoints(tmp_path)
    assert (first.name, first.api_url, first.webdav_url, first.home) == (
        "spider",
        API,
        DOOR,
        "/pnfs/x",
    )
    assert header(first) == "Bearer abc"
    assert (second.api_url, second.webdav_url, second.home) == (API, DOOR, "/")
    assert header(second) is None
    assert find_endpoint(tmp_path).name == "spider"
    assert find_endpoint(tmp_path, "other").name == "other"
    with pytest.raises(NotFound, match="'third'") as caught:
        find_endpoint(tmp_path, "third")
    assert "spider, other" in (caught.value.hint or "")


def test_fsspec_configuration_is_the_default_endpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**URLS, "token": "abc", "block_size": "1000"}
    monkeypatch.setattr(fsspec.config, "conf", {"dcache": options})
    (endpoint,) = load_endpoints(tmp_path)
    assert endpoint.name == "default"
    assert header(endpoint) == "Bearer abc"
    configure(tmp_path, {"name": "default", **URLS})
    with pytest.raises(InvalidInput, match="two dCache endpoints"):
        load_endpoints(tmp_path)


def test_where_the_credential_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("t", "p", "b"):
        write_text(tmp_path / name, f"secret-{name}")

    def of(**options: str) -> str | None:
        return header(endpoint_from_options("x", {**URLS, **options}, folder=tmp_path))

    basic = "Basic YWxpY2U6c2VjcmV0LXA="
    assert of() is None
    monkeypatch.setenv("BEARER_TOKEN_FILE", str(tmp_path / "b"))
    assert of() == "Bearer secret-b"
    monkeypatch.setenv("BEARER_TOKEN", "secret-e")
    assert of() == "Bearer secret-e"
    assert of(username="alice", password="secret-p") == basic
    assert of(username="alice", password_file="p") == basic
    assert of(username="alice", password="no", token_file="t") == "Bearer secret-t"
    assert of(token_file="t", token="given") == "Bearer given"
    with pytest.raises(InvalidInput, match="without a password"):
        of(username="alice")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"token": "x"},
        {**URLS, "tokn": "x"},
        {**URLS, "api_url": "frontend.example:3880"},
        {**URLS, "api_url": "ftp://frontend.example"},
        {**URLS, "webdav_url": "https://alice:geheim@door.example"},
        {**URLS, "webdav_url": "https://door.example/?authz=geheim"},
        {**URLS, "webdav_url": "https://door.example:port"},
        {**URLS, "home": "/.."},
    ],
)
def test_senseless_options(options: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        endpoint_from_options("x", options)
    assert "geheim" not in json.dumps(caught.value.as_dict())


def test_senseless_names_and_files(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="name of an endpoint"):
        endpoint_from_options("a/b", URLS)
    file = tmp_path / "endpoints.json"
    for text, kind in (
        ('{"format": 1, "endpoints": {}}', InvalidInput),
        ('{"format": 1, "endpoints": [{"api_url": "x"}]}', InvalidInput),
        ("{", Conflict),
        ('{"format": 2, "endpoints": []}', Conflict),
    ):
        file.write_text(text)
        with pytest.raises(kind):
            load_endpoints(tmp_path)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "token"
    write_text(file, "one")
    credential = SecretFile(file)

    def now() -> str:
        secret = asyncio.run(credential.header())
        assert secret is not None
        return secret.reveal()

    assert now() == "Bearer one"
    write_text(file, "two")
    assert now() == "Bearer two"
    facts = file.stat()
    file.write_text("three")  # in place, and as if within the same tick of the clock
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert now() == "Bearer three"


@pytest.mark.parametrize(
    ("content", "mode"), [("abc", 0o604), ("", 0o600), ("\n", 0o600), ("a\x00b", 0o600), (None, 0)]
)
def test_unusable_files(tmp_path: Path, content: str | None, mode: int) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    with pytest.raises(NoCredential) as caught:
        asyncio.run(SecretFile(file).header())
    assert str(file) in caught.value.message


def test_secrets_do_not_show(tmp_path: Path) -> None:
    write_text(tmp_path / "t", "geheim")
    for options in (
        {"token": "geheim"},
        {"token_file": str(tmp_path / "t")},
        {"username": "alice", "password": "geheim"},
    ):
        endpoint = endpoint_from_options("x", {**URLS, **options})
        header(endpoint)
        assert "geheim" not in repr(endpoint)
        assert "geheim" not in str(endpoint)


def test_the_same_configuration_gives_equal_endpoints(tmp_path: Path) -> None:
    """So that a connection is kept when the configuration is read again."""
    write_text(tmp_path / "t", "secret")
    for credential in (
        {},
        {"token": "x"},
        {"token_file": "t"},
        {"username": "alice", "password": "x"},
        {"username": "alice", "password_file": "t"},
        {"token_command": "echo x"},
        {"rclone_config": "t", "rclone_section": "s"},
        {"netrc_file": "t"},
        {"proxy_file": "t"},
        {"ca_folder": "t"},
    ):
        one, two = (
            endpoint_from_options("x", {**URLS, **credential}, folder=tmp_path) for _ in range(2)
        )
        with contextlib.suppress(NoCredential):  # "secret" is no configuration of rclone
            header(one)
        assert one == two
        assert hash(one) == hash(two)
        assert one != endpoint_from_options("x", {**URLS, "token": "other"})


def test_a_text_token_is_not_pickled() -> None:
    endpoint = endpoint_from_options("x", {**URLS, "token": "geheim"})
    with pytest.raises(TypeError):
        pickle.dumps(endpoint)


def test_errors_survive_pickling() -> None:
    error: RsdatError = NotFound("gone", hint="look", code="no_endpoint", path="/x")
    again = pickle.loads(pickle.dumps(error))
    assert (again.message, again.hint, again.code) == ("gone", "look", "no_endpoint")
