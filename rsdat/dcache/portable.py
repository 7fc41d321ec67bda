"""A file system on its way to a worker: with the name of a secret's place instead of the secret."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rsdat.base.errors import RsdatError
from rsdat.base.secret import Secret
from rsdat.dcache.configured import load_endpoints
from rsdat.dcache.endpoint import Endpoint

#: Keywords that are secrets themselves.
SECRETS = ("token", "password")
_NOT_WITH_A_NAME = ("api_url", "webdav_url", "username", "insecure_redirects", *SECRETS)


def without_secret(home: Path, endpoint: Endpoint, options: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of a file system, without `token` and `password` where that can be.

    It can be where an endpoint that is configured has the same addresses and the same credential:
    then its name says all. Otherwise they are as they were. Blocks.

    Args:
        home: `$RSDAT_HOME`.
        endpoint: What the keywords mean.
        options: The keywords.
    """
    if not any(options.get(name) for name in SECRETS):
        return dict(options)
    with ThreadPoolExecutor(1) as pool:  # this thread may be running an event loop
        name = pool.submit(asyncio.run, _configured_like(home, endpoint)).result()
    if name is None:
        return dict(options)
    rest = {key: value for key, value in options.items() if key not in _NOT_WITH_A_NAME}
    return {**rest, "endpoint": name}


async def _configured_like(home: Path, endpoint: Endpoint) -> str | None:
    try:
        secret = await endpoint.credential.header()
        candidates = load_endpoints(home)
    except RsdatError:
        return None
    for each in candidates:
        same = (
            each.api_url in ("", endpoint.api_url)
            and each.webdav_url in ("", endpoint.webdav_url)
            and each.insecure_redirects == endpoint.insecure_redirects
        )
        if same and each.own and await _says(each, secret):
            return each.name
    return None


async def _says(endpoint: Endpoint, secret: Secret | None) -> bool:
    try:
        return secret is not None and await endpoint.credential.header() == secret
    except RsdatError:
        return False
