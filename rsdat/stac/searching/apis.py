"""The STAC APIs that are known by name: shipped, configured, or saved by the user."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import dask.config

from rsdat.base.errors import Conflict, InvalidInput, NotFound
from rsdat.base.files import private_folder, read_json, rsdat_home, write_json

FORMAT = 1
#: Without an account: searching is free in all of them, reading assets is not.
SHIPPED = {
    "earth-search": {
        "url": "https://earth-search.aws.element84.com/v1",
        "title": "Earth Search (Element 84)",
    },
    "copernicus": {
        "url": "https://stac.dataspace.copernicus.eu/v1",
        "title": "Copernicus Data Space",
    },
    "planetary-computer": {
        "url": "https://planetarycomputer.microsoft.com/api/stac/v1",
        "title": "Planetary Computer",
    },
}
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def known(home: Path | None = None) -> list[dict[str, Any]]:
    """All of them as `StacApi` of the contract; the user's win over those of the same name.

    Dask configuration `rsdat.stac.apis` adds some: a name with an address, or with `{url, title}`;
    null takes a shipped one away.

    Args:
        home: `$RSDAT_HOME`, by default.
    """
    found: dict[str, dict[str, Any]] = {}
    configured = dask.config.get("rsdat.stac.apis", None) or {}
    for name, told in {**SHIPPED, **configured}.items():
        if isinstance(told, str):
            told = {"url": told}
        if isinstance(told, dict) and _is_url(told.get("url")):
            title = told.get("title")
            found[name] = _api(name, told["url"], title, own=False)
    for path in sorted(_folder(home).glob("*.json")):
        try:
            told = read_json(path, format_version=FORMAT)
        except (OSError, Conflict):
            continue  # a damaged one costs no other
        if _NAME.fullmatch(path.stem) and _is_url(told.get("url")):
            found[path.stem] = _api(path.stem, told["url"], told.get("title"), own=True)
    return list(found.values())


def address(name: str) -> str:
    """The address of an API by its name; an address is given back.

    Raises:
        NotFound: There is none of this name.
    """
    if _is_url(name):
        return name
    for api in known():
        if api["name"] == name:
            return str(api["url"])
    names = ", ".join(api["name"] for api in known())
    raise NotFound(f"No STAC API is called '{name}'", hint=f"Known are: {names}.", code="no_api")


def save(name: str, url: str, title: str, home: Path | None = None) -> dict[str, Any]:
    """Save one for this user; the `StacApi` of the contract.

    Raises:
        InvalidInput: Name or address make no sense.
    """
    if not _NAME.fullmatch(name) or not _is_url(url):
        raise InvalidInput(f"'{name}' with {url[:200]} makes no API")
    private_folder(_folder(home))
    told = {"url": url, "title": title}
    write_json(_folder(home) / f"{name}.json", told, format_version=FORMAT)
    return _api(name, url, title, own=True)


def delete(name: str, home: Path | None = None) -> None:
    """Forget one that the user saved.

    Raises:
        NotFound: There is none of this name.
        Conflict: It is configured.
    """
    path = _folder(home) / f"{name}.json"
    if _NAME.fullmatch(name) and path.exists():
        path.unlink(missing_ok=True)
        return
    if any(api["name"] == name for api in known(home)):
        raise Conflict(
            f"'{name}' was not saved here",
            hint="It comes from the Dask configuration rsdat.stac.apis: set it to null there.",
            code="configured_elsewhere",
        )
    raise NotFound(f"No STAC API is called '{name}'", code="no_api")


def _folder(home: Path | None) -> Path:
    return (home or rsdat_home()) / "stac" / "apis"


def _api(name: str, url: str, title: Any, *, own: bool) -> dict[str, Any]:
    shown = title if isinstance(title, str) and title else name
    return {"name": name, "url": url, "title": shown, "own": own}


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))
