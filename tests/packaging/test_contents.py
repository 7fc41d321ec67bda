"""What is in the wheel, the sdist and the npm tarball, and what is not."""

from __future__ import annotations

import email
import hashlib
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.conftest import BUILD_S, REPOSITORY, Release

pytestmark = [pytest.mark.long, pytest.mark.timeout(BUILD_S)]

PACKAGE = json.loads((REPOSITORY / "package.json").read_text())
VERSION = PACKAGE["version"]
STATIC = f"rsdat-{VERSION}.data/data/share/jupyter/labextensions/jupyterlab-rsdat/"
#: Folders of whoever built it, and keys and tokens: a PEM block with its content, a macaroon.
PLACES = re.compile(
    rb"/(?:home|Users|tmp|root)/[\w.-]+/\w|rsdat-release-\w|" + re.escape(str(REPOSITORY).encode())
)
SECRETS = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}|\bMDA[a-z0-9][A-Za-z0-9_-]{60}"
    rb"|\b(?:ghp|glpat|pypi|npm)[_-][A-Za-z0-9]{20}"
)


def files_of(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            for name in opened.namelist():
                yield name, opened.read(name)
        return
    with tarfile.open(archive) as opened:
        for member in opened:
            content = opened.extractfile(member) if member.isfile() else None
            if content:
                # Without the folder that is in front of all.
                yield member.name.partition("/")[2], content.read()


def test_sums_are_of_these_files(release: Release) -> None:
    """The script writes them only if two builds in different folders gave the same."""
    told = dict(
        reversed(line.split()) for line in (release.folder / "SHA256SUMS").read_text().splitlines()
    )
    archives = [release.wheel, release.sdist, release.npm]
    assert told == {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in archives}


def test_versions_come_from_package_json(release: Release) -> None:
    assert release.wheel.name == f"rsdat-{VERSION}-py3-none-any.whl"
    assert release.sdist.name == f"rsdat-{VERSION}.tar.gz"
    assert release.npm.name == f"jupyterlab-rsdat-{VERSION}.tgz"
    wheel = dict(files_of(release.wheel))
    facts = email.message_from_bytes(wheel[f"rsdat-{VERSION}.dist-info/METADATA"])
    assert facts["Version"] == VERSION
    assert facts["Summary"] == PACKAGE["description"]
    assert VERSION in wheel["rsdat/_version.py"].decode()
    assert json.loads(wheel[f"{STATIC}package.json"])["version"] == VERSION


def test_wheel_has_what_lab_and_the_server_look_for(release: Release) -> None:
    wheel = dict(files_of(release.wheel))
    built = json.loads(wheel[f"{STATIC}package.json"])["jupyterlab"]["_build"]
    for name in (
        f"{STATIC}{built['load']}",
        f"{STATIC}install.json",
        f"rsdat-{VERSION}.data/data/etc/jupyter/jupyter_server_config.d/rsdat.json",
        f"rsdat-{VERSION}.dist-info/licenses/LICENSE",
        # What translators begin from.
        "rsdat/locale/jupyterlab_rsdat.pot",
    ):
        assert name in wheel
    settings = {name.rpartition("/")[2] for name in wheel if f"{STATIC}schemas/" in name}
    assert settings >= {file.name for file in (REPOSITORY / "schema").glob("*.json")}
    for example in (REPOSITORY / "examples").glob("*.ipynb"):
        assert f"rsdat-{VERSION}.data/data/share/rsdat/examples/{example.name}" in wheel


def test_sdist_and_npm_tarball_are_whole(release: Release) -> None:
    sdist = dict(files_of(release.sdist))
    assert sdist.keys() >= {"package-lock.json", "src/index.ts", "LICENSE", "scripts/build.mjs"}
    npm = dict(files_of(release.npm))
    assert npm.keys() >= {"lib/index.js", "lib/tokens.d.ts", "style/index.css", "LICENSE"}
    assert json.loads(npm["package.json"])["version"] == VERSION


@pytest.mark.parametrize("kind", ["wheel", "sdist", "npm"])
def test_nothing_is_in_it_that_should_not_be(release: Release, kind: str) -> None:
    wrong = []
    for name, content in files_of(getattr(release, kind)):
        if re.search(r"(^|/)(tests?|__tests__|ui-tests|node_modules|\.git|\.rsdat-\w+)(/|$)", name):
            wrong.append(name)
        wrong += [
            f"{name}: {found.group()!r}"
            for pattern in (PLACES, SECRETS)
            for found in [pattern.search(content)]
            if found
        ]
    assert wrong == []


def test_licences_of_bundled_packages_are_in_the_wheel(release: Release) -> None:
    """With their texts, as BSD and MIT ask for; and what the demo's picture asks for."""
    wheel = dict(files_of(release.wheel))
    told = json.loads(wheel[f"{STATIC}static/third-party-licenses.json"])["packages"]
    texts = {each["name"]: each for each in told}
    assert texts.keys() >= {"ol", "rbush", "world-atlas"}
    for each in told:
        assert each["licenseId"] in {"MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Apache-2.0"}
        assert len(each["extractedText"]) > 200, each["name"]
    assert b"modified Copernicus Sentinel data" in wheel["rsdat/demo/data/README.md"]
