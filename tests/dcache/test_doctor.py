"""What the doctor finds wrong, in words; and that it never gets the computer blocked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.files import write_text
from rsdat.dcache.doctor import Examination, Step, examine
from rsdat.dcache.endpoint import Endpoint, endpoint_from_options
from rsdat.demo.door.macaroons import Macaroon
from tests.support.dcache import endpoint_of
from tests.support.door import Door
from tests.support.tls import Authority, Front, server_context, tls_front


def examined(endpoint: Endpoint) -> Examination:
    return asyncio.run(examine(endpoint, datetime.now(timezone.utc)))


def states(found: Examination) -> dict[str, str]:
    assert [step.name for step in found.steps] == [
        "doors",
        "certificate",
        "identity",
        "token",
        "list",
        "write",
    ]
    for step in found.steps:
        assert step.message
        assert step.hint or step.state in ("ok", "skipped"), step
    return {step.name: step.state for step in found.steps}


def failed(found: Examination) -> Step:
    """The only step that failed."""
    (step,) = [step for step in found.steps if step.state == "failed"]
    assert not found.ok
    return step


def refusals(site: Door) -> int:
    """The most 401 that one of the servers gave."""
    given = [seen["server"] for seen in site.requests() if seen["status"] == 401]
    return max((given.count(server) for server in given), default=0)


@pytest.fixture
def home(site: Door, folder: str) -> str:
    """An empty folder, in which a write may be tried."""
    return folder


def test_all_is_well(site: Door, home: str) -> None:
    found = examined(endpoint_of(site, home=home))
    assert found.ok
    assert states(found) == {
        "doors": "ok",
        "certificate": "warning",
        "identity": "ok",
        "token": "ok",
        "list": "ok",
        "write": "ok",
    }
    assert list((site.root / home[1:]).iterdir()) == []


def test_over_https(site: Door, home: str, tmp_path: Path) -> None:
    authority = Authority.make(tmp_path / "certificates")
    context = server_context(authority.issue(tmp_path / "server.pem", "server"))
    with (
        tls_front(site.api_url.removesuffix("/api/v1"), context) as api,
        tls_front(site.proxy_url, context) as door,
    ):
        endpoint = endpoint_of(
            site,
            api_url=f"{api.url}/api/v1",
            webdav_url=door.url,
            home=home,
            ca_folder=str(authority.folder),
        )
        found = examined(endpoint)
        assert found.ok
        assert set(states(found).values()) == {"ok"}


class TestAddresses:
    """Wrong ports, exchanged addresses, nobody there."""

    @pytest.mark.parametrize(
        ("options", "message", "hint"),
        [
            ({"api_url": "DOOR"}, "No frontend at", "ends in /api/v1"),
            ({"api_url": "DOOR/api/v1"}, "No frontend at", "is a WebDAV door"),
            ({"webdav_url": "FRONTEND"}, "No WebDAV door at", "is the frontend (REST)"),
            ({"api_url": "http://127.0.0.1:9/api/v1"}, "Can't reach dCache", "address right"),
            ({"webdav_url": "http://127.0.0.1:9"}, "Can't reach dCache", "address right"),
        ],
    )
    def test_wrong(self, own_site: Door, options: dict[str, str], message: str, hint: str) -> None:
        frontend = own_site.api_url.removesuffix("/api/v1")
        given = {
            key: value.replace("DOOR", own_site.webdav_url).replace("FRONTEND", frontend)
            for key, value in options.items()
        }
        found = examined(endpoint_of(own_site, **given))
        step = failed(found)
        assert step.name == "doors"
        assert message in step.message
        assert hint in (step.hint or "")
        assert states(found)["list"] == "skipped"
        assert refusals(own_site) <= 2

    def test_one_address_that_tells_nothing(self, site: Door) -> None:
        """The door alone, whose frontend is on no usual port."""
        options = {"webdav_url": site.webdav_url, "token": site.token}
        step = failed(examined(endpoint_from_options("x", options)))
        assert step.name == "doors"
        assert "can't be found out" in step.message
        assert "api_url" in (step.hint or "")

    def test_https_where_http_is_spoken(self, site: Door) -> None:
        url = site.api_url.replace("http:", "https:")
        step = failed(examined(endpoint_of(site, api_url=url)))
        assert (step.name, "no TLS" in step.message) == ("certificate", True)
        assert "http://" in (step.hint or "")

    def test_http_where_https_is_spoken(self, front: Front, site: Door) -> None:
        url = front.url.replace("https:", "http:") + "/api/v1"
        step = failed(examined(endpoint_of(site, api_url=url)))
        assert step.name == "doors"
        assert "https://" in (step.hint or "")

    @pytest.fixture
    def front(self, site: Door, tmp_path: Path) -> Iterator[Front]:
        authority = Authority.make(tmp_path / "certificates")
        context = server_context(authority.issue(tmp_path / "server.pem", "server"))
        with tls_front(site.api_url.removesuffix("/api/v1"), context) as front:
            yield front

    def test_unknown_authority(self, front: Front, site: Door) -> None:
        step = failed(examined(endpoint_of(site, api_url=f"{front.url}/api/v1")))
        assert step.name == "certificate"
        assert "not trusted" in step.message
        assert "ca_folder" in (step.hint or "")

    def test_data_over_plain_http(self, site: Door, home: str, tmp_path: Path) -> None:
        """An https door that sends the bytes to an http pool."""
        authority = Authority.make(tmp_path / "certificates")
        context = server_context(authority.issue(tmp_path / "server.pem", "server"))
        with tls_front(site.webdav_url, context) as door:
            options = {"webdav_url": door.url, "ca_folder": str(authority.folder), "home": home}
            found = examined(endpoint_of(site, **options))
            step = failed(found)
            assert (step.name, "plain http" in step.message) == ("write", True)
            assert "2880" in (step.hint or "")
            allowed = examined(endpoint_of(site, **options, insecure_redirects=True))
            assert states(allowed)["write"] == "ok"
        assert list((site.root / home[1:]).iterdir()) == []


class TestCredentials:
    def test_refused(self, own_site: Door) -> None:
        found = examined(endpoint_of(own_site, token="nonsense"))
        step = failed(found)
        assert (step.name, "login failed" in step.message) == ("identity", True)
        assert states(found)["doors"] == "ok"
        assert refusals(own_site) == 1

    def test_refused_though_it_looks_good(self, own_site: Door) -> None:
        """What a macaroon says of its end does not make it good."""
        foreign = Macaroon.make(b"another secret", "id").add("before:2126-01-01T00:00:00Z")
        found = examined(endpoint_of(own_site, token=foreign.serialise()))
        assert failed(found).name == "identity"
        assert states(found)["token"] == "warning"
        (step,) = [step for step in found.steps if step.name == "token"]
        assert "until 2126-01-01" in step.message
        assert step.message.endswith("refused by dCache")
        assert not [step for step in found.steps if "not tried" in step.message.lower()]

    def test_looked_at_again_and_again(self, own_site: Door) -> None:
        """Each time at most one refusal a door: the third blocks, and then that is told."""
        for _ in range(3):
            examined(endpoint_of(own_site, token="nonsense"))
        found = examined(endpoint_of(own_site))
        step = failed(found)
        assert "busy" in step.message
        assert "blocked" in (step.hint or "")

    def test_ended(self, site: Door) -> None:
        """Not sent at all: the token says it itself."""
        found = examined(endpoint_of(site, token=_old_macaroon()))
        step = failed(found)
        assert states(found)["doors"] == "ok"
        assert refusals(site) == 0
        assert (step.name, "ended at 2026-01-01" in step.message) == ("token", True)
        assert "new" in (step.hint or "")

    def test_file_that_others_can_read(self, site: Door, tmp_path: Path) -> None:
        write_text(tmp_path / "t", site.token, mode=0o644)
        found = examined(endpoint_of(site, token=None, token_file=str(tmp_path / "t")))
        step = failed(found)
        assert (step.name, "can read" in step.message) == ("token", True)
        assert "chmod 600" in (step.hint or "")
        assert refusals(site) == 0
        down = endpoint_of(
            site, token=None, token_file=str(tmp_path / "t"), webdav_url="http://127.0.0.1:9"
        )
        assert {step.name for step in examined(down).steps if step.state == "failed"} == {
            "doors",
            "token",
        }

    def test_no_credential(self, own_site: Door) -> None:
        found = examined(endpoint_of(own_site, token=None))
        assert failed(found).name == "identity"
        assert refusals(own_site) <= 2

    def test_ends_soon(self, site: Door, home: str) -> None:
        token = site.mint("/", validity="PT2H")
        found = examined(endpoint_of(site, token=token, home=home))
        assert found.ok
        assert states(found)["token"] == "warning"


class TestRights:
    def test_read_only(self, site: Door, home: str) -> None:
        """No failure, and no attempt that would only be refused."""
        token = site.mint("/", "activity:LIST,DOWNLOAD", validity="PT48H")
        found = examined(endpoint_of(site, token=token, home=home))
        assert found.ok
        assert states(found)["write"] == "skipped"
        assert "UPLOAD, MANAGE, DELETE" in found.steps[-1].message
        assert not [seen for seen in site.requests() if seen["method"] == "PUT"]

    def test_must_not_list(self, site: Door, home: str) -> None:
        token = site.mint("/", "activity:DOWNLOAD", validity="PT48H")
        step = failed(examined(endpoint_of(site, token=token, home=home)))
        assert step.name == "list"
        assert "LIST" in (step.hint or "")

    def test_must_not_write_there(self, site: Door, home: str) -> None:
        site.set_file(home, forbidden=["write"])
        found = examined(endpoint_of(site, home=home))
        assert found.ok
        assert states(found)["write"] == "warning"

    def test_no_such_folder(self, site: Door) -> None:
        step = failed(examined(endpoint_of(site, home="/nope")))
        assert step.name == "list"
        assert "start folder" in (step.hint or "")


def _old_macaroon() -> str:
    made = Macaroon.make(b"secret", "id").add("before:2026-01-01T00:00:00.000000000Z")
    return made.serialise()


def test_as_a_rest_answer(site: Door, home: str) -> None:
    found = examined(endpoint_of(site, home=home)).as_dict(datetime.now(timezone.utc))
    told: Any = found["steps"][0]
    assert (told["name"], told["hint"]) == ("doors", None)
    assert site.token not in str(found)
