"""How clients find servers: `/doors`, `config.js` of the frontend, the well-known tape address."""

from __future__ import annotations

import json
import time
from typing import Any

from aiohttp import web

from rsdat.demo.door.http import Answer, Call
from rsdat.demo.door.rest import json_answer
from rsdat.demo.door.site import Site

_TAPE = "/.well-known/wlcg-tape-rest-api"
_CONFIG = "/scripts/config.js"


class OpenPages:
    """What a server tells anybody, without a login."""

    def __init__(self, site: Site, *, frontend: bool) -> None:
        self._site = site
        self._frontend = frontend

    def answer(self, call: Call) -> web.StreamResponse | None:
        """The page at this path, or None: then a login is needed."""
        if call.method not in ("GET", "HEAD"):
            return None
        if call.raw_path == _TAPE:
            return json_answer(200, json.dumps(self._tape(), indent=2))
        if call.raw_path == _CONFIG and self._frontend:
            return self._config(call)
        return None

    def _tape(self) -> dict[str, Any]:
        # The template that dCache ships names a host of example.org; sites forget to change it.
        uri = self._site.tape_uri or f"{self._site.urls['frontend']}/api/v1/tape"
        return {
            "sitename": "rsdat-door",
            "description": "the tape interface of a dCache stand-in",
            "endpoints": [{"uri": uri, "version": "v1", "metadata": {}}],
        }

    def _config(self, call: Call) -> Answer:
        known = {
            "dcache-view.endpoints.webdav": f"{self._site.urls['redirect']}/",
            "dcache-view.org-name": "rsdat",
        }
        text = json.dumps(known)
        if "application/json" in call.header("Accept"):
            return json_answer(200, text)
        body = f"window.CONFIG = {text};\n".encode()
        return Answer(200, headers=[("Content-Type", "application/javascript")], body=body)


def doors(site: Site) -> list[dict[str, Any]]:
    """All doors, as `/doors` lists them; `version` is the protocol's, not dCache's."""
    found: list[dict[str, Any]] = []
    for name in ("redirect", "proxy"):
        host, _, port = site.urls[name].removeprefix("http://").partition(":")
        found.append(
            {
                "cellName": f"WebDAV-{name}",
                "domainName": "doors",
                "identifier": None,
                "protocol": "http",
                "version": "1.1",
                "root": "/",
                "addresses": [host],
                "port": int(port),
                "load": 0.0,
                "updateTime": int(time.time() * 1000),
                "tags": ["dcache-view"],
                "readPaths": ["/"],
                "writePaths": ["/"],
            }
        )
    return found
