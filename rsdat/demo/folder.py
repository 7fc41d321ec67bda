"""The demo's folder: what lies where in it, and its content, made once."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from rsdat.base.examples import examples
from rsdat.base.files import (
    private_folder,
    read_json,
    write_bytes,
    write_json,
    write_text,
)
from rsdat.demo.door.store import NEARLINE, Attributes, AttributeStore
from rsdat.demo.sample import make_radar_stack, put_sentinel2_scene

FORMAT = 1
# Raised when the sample data change, so that existing demo folders get the new ones.
SAMPLE_DATA = 1
RADAR_IMAGES, RADAR_SIZE = 8, 512
# Long enough to watch, short enough to wait for.
STAGE_DELAY_S = 8.0
TAPE_FILES = ("winter-2019.tar", "spring-2020.tar", "summer-2020.tar")
# What other tools stumble over; the first three mean something in a URL.
ODD_NAMES = (
    "a#1?.txt",
    "50%25 + 50%.txt",
    "a&b;c=d.txt",
    "t:12:30.txt",
    "with space.txt",
    "été.txt",
    "日本.txt",
    "🛰 orbit.txt",
    "[x] {y}.txt",
    'it\'s "quoted".txt',
    ".hidden.txt",
)


@dataclass(frozen=True)
class DemoFolder:
    """Where everything of one demo lies; `path` can be thrown away as a whole."""

    path: Path

    @property
    def home(self) -> Path:
        """`$RSDAT_HOME`."""
        return self.path / "home"

    @property
    def dcache(self) -> Path:
        """What the stand-in serves."""
        return self.path / "dcache"

    @property
    def door_state(self) -> Path:
        """What the stand-in knows of its files that a disk doesn't."""
        return self.path / "door"

    @property
    def work(self) -> Path:
        """The user's notebooks: what Lab shows."""
        return self.path / "work"

    @property
    def jupyter(self) -> Path:
        """Jupyter's own settings, workspaces and run-time files."""
        return self.path / "jupyter"

    @property
    def token_file(self) -> Path:
        """The stand-in's bearer token, 0600."""
        return self.home / "dcache-token"

    @property
    def lock_file(self) -> Path:
        """Locked while a demo runs here."""
        return self.path / "lock"

    @property
    def processes_file(self) -> Path:
        """Which processes the demo started."""
        return self.path / "processes.json"

    def prepare(self) -> None:
        """Make all that is missing; called while neither demo nor stand-in run.

        What was interrupted is made again; what is there stays, the user's edits above all.
        """
        for folder in (self.path, self.home, self.dcache, self.door_state, self.jupyter):
            private_folder(folder)
        self.work.mkdir(exist_ok=True)
        if not self.token_file.exists():
            write_text(self.token_file, secrets.token_urlsafe(24))
        made = self._made()
        if made.get("sample_data") != SAMPLE_DATA:
            self._put_sample_data()
            made["sample_data"] = SAMPLE_DATA
        made["examples"] = self._put_examples(made.get("examples", {}))
        self._put_settings()
        write_json(self.path / "demo.json", made, format_version=FORMAT)

    def write_endpoint(self, api_url: str, webdav_url: str) -> None:
        """Tell rsdat where the stand-in is, and where its token lies."""
        endpoint = {
            "name": "demo",
            "api_url": api_url,
            "webdav_url": webdav_url,
            "token_file": self.token_file.name,
            "home": "/demo",
        }
        write_json(self.home / "endpoints.json", {"endpoints": [endpoint]}, format_version=1)

    def _made(self) -> dict[str, object]:
        try:
            made = read_json(self.path / "demo.json", format_version=FORMAT)
        except FileNotFoundError:
            return {}
        made.pop("format")
        return made

    def _put_sample_data(self) -> None:
        demo = self.dcache / "demo"
        make_radar_stack(os.fspath(demo / "radar"), n=RADAR_IMAGES, size=RADAR_SIZE)
        put_sentinel2_scene(os.fspath(demo / "sentinel2"))
        odd = demo / "odd names"
        odd.mkdir(exist_ok=True)
        for name in ODD_NAMES:
            (odd / name).write_text(f"The name of this file is {name}\n", encoding="utf-8")
        tape = demo / "on tape"
        tape.mkdir(exist_ok=True)
        for name in TAPE_FILES:
            (tape / name).write_bytes(name.encode() * 4096)
        store = AttributeStore(self.door_state / "attributes.sqlite")
        try:
            on_tape = Attributes(locality=NEARLINE, stage_delay_s=STAGE_DELAY_S)
            store.put_many((f"/demo/on tape/{name}", on_tape) for name in TAPE_FILES)
        finally:
            store.close()

    def _put_examples(self, copied: object) -> dict[str, str]:
        """Copy the example notebooks; returns the digests of what was copied.

        A copy that the user has changed, or thrown away, is left so; an untouched one follows
        the examples.
        """
        digests = dict(copied) if isinstance(copied, dict) else {}
        for example in examples():
            target = self.work / example.name
            content = example.read_bytes()
            if example.name in digests and not target.exists():
                continue
            if target.exists():
                there = _digest(target.read_bytes())
                if there != digests.get(example.name) or there == _digest(content):
                    continue
            write_bytes(target, content, mode=0o644)
            digests[example.name] = _digest(content)
        return digests

    def _put_settings(self) -> None:
        """No question about news at the first start: the demo stays off the network."""
        folder = self.jupyter / "config" / "lab" / "user-settings" / "@jupyterlab"
        file = folder / "apputils-extension" / "notification.jupyterlab-settings"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, json.dumps({"fetchNews": "false", "checkForUpdates": False}))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
