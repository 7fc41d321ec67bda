"""Which dCache endpoints there are, and which one is meant.

They come from `$RSDAT_HOME/endpoints.json`, from fsspec's own configuration for the protocol
`dcache` (`FSSPEC_DCACHE_API_URL` and so on, or its files), called "default", and from ada's, called
"ada". On a worker of a cluster those that the cluster's companion handed over come first.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rsdat.base.errors import InvalidInput, NotFound, RsdatError
from rsdat.base.files import read_json
from rsdat.dcache.ada import own_ada
from rsdat.dcache.doors import completed, remembered
from rsdat.dcache.endpoint import CREDENTIALS, OPTIONS, Endpoint, endpoint_from_options
from rsdat.dcache.shared import shared_endpoints, shared_for

FORMAT = 1
FILE = "endpoints.json"
DEFAULT_NAME = "default"
ADA_NAME = "ada"


def load_endpoints(home: Path) -> list[Endpoint]:
    """All configured endpoints; the first is the default one. May be empty.

    Of one that has a single address the other is empty, unless it was found before.

    Args:
        home: `$RSDAT_HOME`. Relative file names in its `endpoints.json` start there.

    Raises:
        InvalidInput: The configuration makes no sense.
        NoCredential: A configuration that it names can't be used.
        Conflict: `endpoints.json` is damaged, or a newer rsdat wrote it.
    """
    endpoints = [
        endpoint_from_options(
            each["name"],
            {key: value for key, value in each.items() if key != "name"},
            folder=home,
            own=True,
        )
        for each in read_described(home)
    ]
    configured = _fsspec_options()
    if configured.get("api_url") or configured.get("webdav_url") or configured.get("rclone_config"):
        endpoints.append(endpoint_from_options(DEFAULT_NAME, configured))
    names = [endpoint.name for endpoint in endpoints]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInput(f"There are two dCache endpoints called '{twice[0]}'")
    ada = own_ada()
    if ada is not None and ADA_NAME not in names:
        options = {
            "api_url": ada.api,
            "token_file": ada.tokenfile,
            "netrc_file": "" if ada.tokenfile else ada.netrcfile,
        }
        # Nobody asked rsdat for it: what can't be used of ada's set-up costs no other endpoint.
        with suppress(RsdatError):
            endpoints.append(endpoint_from_options(ADA_NAME, options))
    return [remembered(home, endpoint) for endpoint in endpoints]


def read_described(home: Path) -> list[dict[str, Any]]:
    """The entries of `endpoints.json` as they are written there.

    Raises:
        InvalidInput: It is no list of such.
        Conflict: It is damaged, or a newer rsdat wrote it.
    """
    try:
        described = read_json(home / FILE, format_version=FORMAT).get("endpoints")
    except FileNotFoundError:
        return []
    if not isinstance(described, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in described
    ):
        raise InvalidInput("endpoints.json: 'endpoints' must be a list of objects with a 'name'")
    return described


def find_endpoint(home: Path, name: str | None = None) -> Endpoint:
    """The endpoint of this name, or the default one, with both addresses.

    May ask dCache for an address that was not given, for some seconds, and remembers it.

    Raises:
        NotFound: There is none.
        InvalidInput, NoCredential, Conflict: As `load_endpoints`.
        DoorBroken: An address can't be found out.
    """
    return completed(home, described_endpoint(home, name))


def described_endpoint(home: Path, name: str | None = None) -> Endpoint:
    """As `find_endpoint`, as it is described: one of its addresses may be unknown.

    Raises:
        NotFound, InvalidInput, NoCredential, Conflict: As `find_endpoint`.
    """
    # On a worker, whose own home may hold nothing, or not be readable at all.
    for endpoint in shared_endpoints():
        if name in (None, endpoint.name):
            return endpoint
    endpoints = load_endpoints(home)
    if not endpoints:
        raise NotFound(
            "No dCache endpoint is configured",
            hint="Add one in the dCache panel, or set FSSPEC_DCACHE_API_URL and "
            f"FSSPEC_DCACHE_TOKEN_FILE, or describe it in {home / FILE}.",
            code="no_endpoint",
        )
    if name is None:
        return endpoints[0]
    for endpoint in endpoints:
        if endpoint.name == name:
            return endpoint
    raise NotFound(
        f"There is no dCache endpoint '{name}'",
        hint=f"There are: {', '.join(endpoint.name for endpoint in endpoints)}.",
        code="no_endpoint",
    )


def choose_endpoint(home: Path, name: str | None, options: Mapping[str, Any]) -> Endpoint:
    """The endpoint that keywords mean, with both addresses.

    A name wins over everything else, so that the configured token of one dCache never reaches
    another. A credential without addresses is for the default endpoint. On a worker, keywords that
    name files are those of the notebook's computer: if the companion handed that endpoint over,
    its copy is used.

    Args:
        home: `$RSDAT_HOME`.
        name: Of a configured endpoint.
        options: Any of `OPTIONS`; empty values don't count.

    Raises:
        NotFound, InvalidInput, NoCredential, Conflict, DoorBroken: As `find_endpoint` and
            `endpoint_from_options`.
    """
    given = {key: value for key, value in options.items() if value}
    if name is not None or not given:
        return find_endpoint(home, name)
    handed_over = shared_for(given)
    if handed_over is not None:
        return handed_over
    where = ("api_url", "webdav_url", "rclone_config", "ada_config")
    if not any(option in given for option in where):
        default = find_endpoint(home)
        given = {
            "api_url": default.api_url,
            "webdav_url": default.webdav_url,
            "insecure_redirects": default.insecure_redirects,
            "ca_folder": default.ca_folder,
            **given,
        }
        if not any(option in given for option in CREDENTIALS):
            return replace(endpoint_from_options("keywords", given), credential=default.credential)
    return completed(home, endpoint_from_options("keywords", given))


def _fsspec_options() -> dict[str, Any]:
    """What fsspec's configuration says of our protocol, as far as it describes an endpoint."""
    from fsspec.config import conf

    section = conf.get("dcache", {})
    return {key: value for key, value in section.items() if key in OPTIONS and value is not None}
