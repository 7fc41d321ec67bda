"""Credentials that other tools keep: rclone, ada, netrc, commands, WLCG's places."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rsdat.base.errors import InvalidInput, NoCredential, NotFound
from rsdat.base.files import write_json, write_text
from rsdat.dcache import sources, tokens
from rsdat.dcache.ada import AdaSettings, own_ada, read_ada
from rsdat.dcache.configured import choose_endpoint, find_endpoint, load_endpoints
from rsdat.dcache.credentials import Credential, SecretFile
from rsdat.dcache.endpoint import Endpoint, endpoint_from_options
from rsdat.dcache.rclone import read_remote, with_token
from rsdat.dcache.sources import RcloneFile, TokenCommand, discover
from tests.support.server import until

API = "https://frontend.example:3880/api/v1"
DOOR = "https://door.example:2880"
URLS = {"api_url": API, "webdav_url": DOOR}
RCLONE = """\
# written by get-macaroon
[spider]
type = webdav
url = https://door.example:2880/
vendor = other
user =
pass =
bearer_token = MDAxY2xv==

[local]
type = local
"""


# As Jupyter's, the event loop is stopped, and not closed.
EXITS = """\
import asyncio, sys
from rsdat.dcache import sources

sources.COMMAND_S = 600.0
loop = asyncio.new_event_loop()
asking = loop.create_task(sources.TokenCommand(sys.argv[1]).header())
loop.run_until_complete(loop.run_in_executor(None, sys.stdin.readline))
"""


def header(credential: Credential | Endpoint) -> str | None:
    if isinstance(credential, Endpoint):
        credential = credential.credential
    secret = asyncio.run(credential.header())
    return None if secret is None else secret.reveal()


def jwt(seconds: float) -> str:
    """An unsigned OIDC token that ends that soon."""
    parts = ({"alg": "none"}, {"exp": int(time.time() + seconds)})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    return ".".join(each.rstrip("=") for each in encoded) + ".c2ln"


class TestRclone:
    def test_token_and_door(self, tmp_path: Path) -> None:
        """get-macaroon's file is all that is needed: where the door is, too."""
        write_text(tmp_path / "spider.conf", RCLONE)
        for options in ({"rclone_config": "spider.conf"}, {"token_file": "spider.conf"}):
            endpoint = endpoint_from_options("x", options, folder=tmp_path)
            assert (endpoint.webdav_url, endpoint.api_url) == (DOOR, "")
            assert header(endpoint) == "Bearer MDAxY2xv=="
            assert str(tmp_path / "spider.conf") in endpoint.credential.source

    def test_the_given_door_wins(self, tmp_path: Path) -> None:
        write_text(tmp_path / "c", RCLONE)
        given = {"rclone_config": "c", "webdav_url": "https://other.example:443"}
        endpoint = endpoint_from_options("x", given, folder=tmp_path)
        assert endpoint.webdav_url == "https://other.example:443"

    def test_sections(self, tmp_path: Path) -> None:
        text = RCLONE.replace("local", "webdav").replace("type = webdav\n\n", "type = webdav\n")
        with pytest.raises(NoCredential, match=r"2 sections.*spider, webdav") as caught:
            read_remote(text, None, "'c'")
        assert "rclone_section" in (caught.value.hint or "")
        assert read_remote(text, "spider", "'c'").bearer_token == "MDAxY2xv=="
        with pytest.raises(NoCredential, match="no section 'x'"):
            read_remote(text, "x", "'c'")
        with pytest.raises(NoCredential, match="no sections of type webdav"):
            read_remote("[a]\ntype = s3\n", None, "'c'")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nxyz", "encrypted"),
            ("[a\ngeheim", "no rclone configuration"),
            ("[a]\ntype = webdav\n", "holds no bearer_token"),
            ("[a]\ntype = webdav\nuser = x\npass = ~~geheim~~\n", "not as rclone keeps"),
        ],
        ids=["encrypted", "broken", "empty", "password"],
    )
    def test_unusable(self, tmp_path: Path, text: str, words: str) -> None:
        write_text(tmp_path / "c", text)
        with pytest.raises(NoCredential, match=words) as caught:
            header(RcloneFile(tmp_path / "c"))
        assert "geheim" not in json.dumps(caught.value.as_dict())

    def test_obscured_password(self, tmp_path: Path) -> None:
        """As rclone itself writes it."""
        program = shutil.which("rclone")
        if program is None:
            pytest.skip("rclone is not installed")
        argv = [program, "obscure", "gehéim"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)
        text = f"[a]\ntype = webdav\nuser = alice\npass = {done.stdout.strip()}\n"
        write_text(tmp_path / "c", text)
        credential = RcloneFile(tmp_path / "c", section="a")
        value = base64.b64decode((header(credential) or "").removeprefix("Basic "))
        assert value.decode() == "alice:gehéim"
        assert credential.kind == "password"
        assert "gehéim" not in repr(credential)

    def test_command(self, tmp_path: Path) -> None:
        command = f"{sys.executable} -c 'print(\"from-command\")'"
        text = f"[a]\ntype = webdav\nbearer_token_command = {command}\n"
        write_text(tmp_path / "c", text)
        assert header(RcloneFile(tmp_path / "c")) == "Bearer from-command"

    def test_an_address_that_is_none(self, tmp_path: Path) -> None:
        write_text(tmp_path / "c", RCLONE.replace("https://", "alice:geheim@"))
        for key in ("rclone_config", "token_file"):
            with pytest.raises(InvalidInput, match="no http") as caught:
                endpoint_from_options("x", {key: str(tmp_path / "c")})
            assert "geheim" not in json.dumps(caught.value.as_dict())

    def test_renewed_in_its_place(self, tmp_path: Path) -> None:
        """Another token, every other line as it was."""
        file = tmp_path / "c"
        write_text(file, RCLONE)
        credential = RcloneFile(file)
        assert header(credential) == "Bearer MDAxY2xv=="
        asyncio.run(tokens.renew(credential, "NEW\n"))
        assert header(credential) == "Bearer NEW"
        assert file.read_text() == RCLONE.replace("MDAxY2xv==", "NEW")
        assert with_token(RCLONE, "spider", "y") == RCLONE.replace("MDAxY2xv==", "y")


class TestCommand:
    def script(self, folder: Path, text: str) -> TokenCommand:
        (folder / "token.py").write_text(f"import pathlib, sys\n{text}\n")
        return TokenCommand(f"{sys.executable} {folder / 'token.py'}")

    def count(self, folder: Path) -> int:
        return len((folder / "calls").read_text()) if (folder / "calls").exists() else 0

    @pytest.mark.parametrize(("left_s", "calls"), [(3600, 1), (20, 2)])
    def test_asked_again_near_the_end(
        self, tmp_path: Path, left_s: float, calls: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = jwt(left_s)
        note = f"pathlib.Path({str(tmp_path / 'calls')!r}).open('a').write('x')"
        command = self.script(tmp_path, f"{note}\nprint({token!r})")
        now = time.monotonic()
        assert header(command) == f"Bearer {token}"
        monkeypatch.setattr(sources.time, "monotonic", lambda: now + 40)
        assert header(command) == f"Bearer {token}"
        assert self.count(tmp_path) == calls

    def test_failing(self, tmp_path: Path) -> None:
        """Its errors are told, what it prints never is."""
        failing = self.script(tmp_path, "print('geheim'); sys.exit('no agent is running')")
        with pytest.raises(NoCredential, match="no agent is running") as caught:
            header(failing)
        assert "geheim" not in json.dumps(caught.value.as_dict())
        for command in ("/nowhere/oidc-token x", "'unbalanced", " "):
            with pytest.raises(NoCredential):
                header(TokenCommand(command))

    def test_hanging(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sources, "COMMAND_S", 0.3)
        with pytest.raises(NoCredential, match="gave no answer within"):
            header(self.script(tmp_path, "import time\ntime.sleep(60)"))

    def waiting(self, folder: Path, then: str) -> TokenCommand:
        """One that waits for a file `go`, and notes each of its calls."""
        note = f"folder = pathlib.Path({str(folder)!r})\n(folder / 'calls').open('a').write('x')"
        wait = "import time\nwhile not (folder / 'go').exists(): time.sleep(0.02)"
        return self.script(folder, f"{note}\n{wait}\n{then}")

    def test_all_who_wait_get_its_failure(self, tmp_path: Path) -> None:
        """It does not run again for each of them, but for who comes later."""
        command = self.waiting(tmp_path, "sys.exit('no agent is running')")

        async def ask() -> list[Any]:
            asking = [asyncio.create_task(command.header()) for _ in range(4)]
            await until(lambda: self.count(tmp_path))
            (tmp_path / "go").touch()
            return await asyncio.gather(*asking, return_exceptions=True)

        errors = asyncio.run(ask())
        assert [type(each) for each in errors] == [NoCredential] * 4
        assert "no agent is running" in str(errors[-1])
        assert self.count(tmp_path) == 1
        with pytest.raises(NoCredential):
            header(command)
        assert self.count(tmp_path) == 2

    def test_who_waits_holds_up_nobody(self, tmp_path: Path) -> None:
        """No thread that others need is held; who is cancelled takes it from no one."""
        command = self.waiting(tmp_path, "print('abc')")

        async def ask() -> list[Any]:
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
            asking = [asyncio.create_task(command.header()) for _ in range(4)]
            await until(lambda: self.count(tmp_path))
            await asyncio.wait_for(asyncio.to_thread(int), 20)
            asking[0].cancel()
            await asyncio.wait(asking[:1])
            (tmp_path / "go").touch()
            return await asyncio.gather(*asking[1:])

        assert [each.reveal() for each in asyncio.run(ask())] == ["Bearer abc"] * 3
        assert self.count(tmp_path) == 1

    def test_exit_while_it_hangs(self, tmp_path: Path) -> None:
        """The process does not wait for it, and it does not outlive the process."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(60)
            hang = f"import socket\nsocket.create_connection({server.getsockname()}).recv(1)"
            process = subprocess.Popen(
                [sys.executable, "-c", EXITS, self.script(tmp_path, hang).command],
                stdin=subprocess.PIPE,
            )
            try:
                connection, _ = server.accept()
                with connection:
                    process.communicate(b"end\n", timeout=60)
                    connection.settimeout(30)
                    assert connection.recv(1) == b""
            finally:
                process.kill()
        assert process.returncode == 0

    def test_forked_while_it_runs(self, tmp_path: Path) -> None:
        """The fork has no part in what its parent's thread will give: it asks itself."""
        command = self.script(tmp_path, "print('new')")
        # As a run of the parent leaves it: nobody in the fork will ever set it.
        command._asked, command._process = Future(), os.getpid() + 1
        assert header(command) == "Bearer new"


class TestNetrc:
    def test_by_host(self, tmp_path: Path) -> None:
        write_text(
            tmp_path / "n",
            "machine other login bob password x\nmachine door.example login alice password secret",
        )
        endpoint = endpoint_from_options("x", {**URLS, "netrc_file": "n"}, folder=tmp_path)
        assert header(endpoint) == "Basic YWxpY2U6c2VjcmV0"

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("machine other login b password x", "no entry for door.example or f"),
            ("geheim", "no n"),
        ],
        ids=["other-host", "broken"],
    )
    def test_unusable(self, tmp_path: Path, text: str, words: str) -> None:
        write_text(tmp_path / "n", text)
        endpoint = endpoint_from_options("x", {**URLS, "netrc_file": str(tmp_path / "n")})
        with pytest.raises(NoCredential, match=words) as caught:
            header(endpoint)
        assert "geheim" not in json.dumps(caught.value.as_dict())


class TestAda:
    def test_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Assignments of bash; nothing of it is run."""
        monkeypatch.setenv("HOME", str(tmp_path))
        write_text(tmp_path / "t.conf", RCLONE)
        (tmp_path / "ada.conf").write_text(
            f"#api=https://old.example\napi={API}  # the frontend\n"
            f'export tokenfile="$HOME/t.conf"\ntouch {tmp_path}/ran\ncurl_options=(\n -H "x"\n)\n'
        )
        assert read_ada(tmp_path / "ada.conf") == AdaSettings(API, f"{tmp_path}/t.conf")
        endpoint = endpoint_from_options("x", {"ada_config": "~/ada.conf"})
        assert (endpoint.api_url, endpoint.webdav_url) == (API, DOOR)  # from the token's file
        assert header(endpoint) == "Bearer MDAxY2xv=="
        assert not (tmp_path / "ran").exists()

    def test_its_own_set_up_is_an_endpoint(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who uses ada already finds his dCache in the panel."""
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / ".ada").mkdir()
        (tmp_path / ".ada/ada.conf").write_text(f"api={API}\n")
        assert own_ada({}, (tmp_path / ".ada/ada.conf",)) is None  # an address, but no credential
        write_text(tmp_path / "t", "abc")
        monkeypatch.setenv("ada_tokenfile", f"{tmp_path}/t")
        (endpoint,) = load_endpoints(tmp_path / "home")
        assert (endpoint.name, endpoint.api_url, header(endpoint)) == ("ada", API, "Bearer abc")
        assert not endpoint.own

    def test_a_broken_set_up_costs_no_other_endpoint(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("fsspec.config.conf", {"dcache": URLS})
        write_text(tmp_path / "t", RCLONE + "[b]\ntype = webdav\n")
        monkeypatch.setenv("ada_tokenfile", f"{tmp_path}/t")
        monkeypatch.setenv("ada_api", API)
        assert [each.name for each in load_endpoints(tmp_path)] == ["default"]

    def test_unreadable(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="can't be read"):
            read_ada(tmp_path / "none")


class TestDiscovery:
    def test_order(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """WLCG's, and the first that there is."""
        monkeypatch.setattr(sources, "TEMPORARY", str(tmp_path / "tmp"))
        name = f"bt_u{os.geteuid()}"
        for folder in ("run", "tmp"):
            (tmp_path / folder).mkdir()
            write_text(tmp_path / folder / name, f"from-{folder}")
        write_text(tmp_path / "named", "from-named")
        environment = {
            "BEARER_TOKEN": "from-text",
            "BEARER_TOKEN_FILE": str(tmp_path / "named"),
            "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        }
        for variable, found in (
            ("BEARER_TOKEN", "from-text"),
            ("BEARER_TOKEN_FILE", "from-named"),
            ("XDG_RUNTIME_DIR", "from-run"),
        ):
            assert header(discover(environment)) == f"Bearer {found}"
            del environment[variable]
        assert header(discover(environment)) == "Bearer from-tmp"
        (tmp_path / "tmp" / name).unlink()
        assert discover(environment).kind == "none"
        assert discover({"X509_USER_PROXY": "/x"}).kind == "x509"

    def test_somebody_elses(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """In /tmp anybody can put a file of that name: it is none of ours."""
        monkeypatch.setattr(sources, "TEMPORARY", str(tmp_path))
        file = tmp_path / f"bt_u{os.geteuid()}"
        write_text(file, "theirs")
        found = discover({})
        assert isinstance(found, SecretFile)
        user = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: user + 1)
        with pytest.raises(NoCredential, match="belongs to somebody else"):
            header(found)  # it was swapped since
        file.rename(tmp_path / f"bt_u{user + 1}")
        assert discover({}).kind == "none"

    def test_open_to_the_group(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sources, "TEMPORARY", str(tmp_path))
        file = tmp_path / f"bt_u{os.geteuid()}"
        write_text(file, "abc", mode=0o640)
        with pytest.raises(NoCredential, match="Others can read"):
            header(discover({}))


def test_which_of_several_counts(tmp_path: Path) -> None:
    write_text(tmp_path / "t", "from-file")
    write_text(tmp_path / "c", RCLONE)
    endpoint = endpoint_from_options(
        "x", {**URLS, "rclone_config": "c", "token_file": "t"}, folder=tmp_path
    )
    assert header(endpoint) == "Bearer from-file"


def test_a_token_file_is_renewed(tmp_path: Path) -> None:
    """Through a link too, and only with something that can be a token."""
    write_text(tmp_path / "real", "old")
    (tmp_path / "t").symlink_to(tmp_path / "real")
    credential = SecretFile(tmp_path / "t")
    asyncio.run(tokens.renew(credential, " new \n"))
    assert header(credential) == "Bearer new"
    assert (tmp_path / "t").is_symlink()
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o600
    for bad in ("", "a\x00b", "gehéim", jwt(-60)):
        with pytest.raises(NoCredential) as caught:
            asyncio.run(tokens.renew(credential, bad))
        assert "geh" not in json.dumps(caught.value.as_dict())
    assert header(credential) == "Bearer new"
    (tmp_path / "real").unlink()  # it was lost: a renewal makes it anew
    asyncio.run(tokens.renew(credential, "again"))
    assert header(credential) == "Bearer again"


def test_what_cannot_be_renewed(tmp_path: Path) -> None:
    write_text(tmp_path / "p", "x")
    for credential in (
        SecretFile(tmp_path / "p", username="alice"),
        TokenCommand("oidc-token x"),
        discover({}),
    ):
        with pytest.raises(NoCredential, match="can't renew"):
            asyncio.run(tokens.renew(credential, "abc"))


def test_a_credential_alone_is_for_the_default_endpoint(tmp_path: Path) -> None:
    write_text(tmp_path / "t", "mine")
    entry = {"name": "spider", **URLS, "token_file": str(tmp_path / "t"), "ca_folder": "/x"}
    write_json(tmp_path / "endpoints.json", {"endpoints": [entry]}, format_version=1)
    chosen = choose_endpoint(tmp_path, None, {"token_command": "echo given"})
    assert (chosen.api_url, str(chosen.ca_folder)) == (API, "/x")
    assert header(chosen) == "Bearer given"
    assert header(choose_endpoint(tmp_path, None, {"insecure_redirects": True})) == "Bearer mine"
    with pytest.raises(NotFound):
        find_endpoint(tmp_path, "nope")
