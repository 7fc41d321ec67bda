"""One STAC API: asked through pystac-client, by a session of ours."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

import pystac
import requests
from pystac_client import Client
from pystac_client.stac_api_io import StacApiIO
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from rsdat.base.errors import (
    DoorBroken,
    InvalidInput,
    NoCredential,
    NotFound,
    NotPermitted,
    Refused,
    RsdatError,
)
from rsdat.stac.index.node import extent_of
from rsdat.stac.index.web import clean_session, in_words, refusal, without_query

TIMEOUT_S = (10.0, 60.0)
#: Of one page of items.
MOST_BYTES = 128 * 1024 * 1024
MOST_COLLECTIONS = 2000
_RETRIES = Retry(
    total=3,
    connect=2,
    read=1,  # each may take a minute
    backoff_factor=0.5,
    status_forcelist=(429, 502, 503, 504),
    allowed_methods=None,  # a search is a POST, and changes nothing
    respect_retry_after_header=False,  # it may say an hour
    raise_on_status=False,
    redirect=5,
)
_KINDS = {401: NoCredential, 403: NotPermitted, 404: NotFound, 410: NotFound, 400: InvalidInput}


class ApiIO(StacApiIO):
    """Sends no credentials and no cookies, tries again a few times, reads no answer without end.

    Raises our errors, in the server's own words.
    """

    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT_S)
        self.session = clean_session()
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, HTTPAdapter(max_retries=_RETRIES))

    def request(
        self,
        href: str,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> str:
        """The text of an answer; see pystac-client's.

        Raises:
            RsdatError: There is none.
        """
        method = (method or "GET").upper()
        if not href.startswith(("http://", "https://")):
            raise Refused(f"The API leads to {href[:200]}, which is not on the web", code="not_web")
        try:
            with self.session.request(
                method,
                href,
                headers=headers,
                timeout=TIMEOUT_S,
                stream=True,
                json=parameters if method == "POST" else None,
                params=None if method == "POST" else parameters,
            ) as response:
                if response.status_code >= 400:
                    raise _refused(href, response)
                pieces, total = [], 0
                for piece in response.iter_content(256 * 1024):
                    total += len(piece)
                    if total > MOST_BYTES:
                        most = f"{MOST_BYTES >> 20} MiB"
                        where = without_query(href)
                        raise Refused(f"A page of {where} is larger than {most}", code="too_large")
                    pieces.append(piece)
        except (requests.RequestException, OSError) as error:
            if isinstance(error, RsdatError):
                raise
            raise in_words(href, error) from error
        return b"".join(pieces).decode("utf-8", "replace")

    def read_text(self, source: Any, *args: Any, **kwargs: Any) -> str:
        """As pystac-client's, but never a local file, which an answer might name."""
        if isinstance(source, str) and not source.startswith(("http://", "https://")):
            raise Refused(
                f"The API leads to {source[:200]}, which is not on the web", code="not_web"
            )
        return str(super().read_text(source, *args, **kwargs))


def _refused(href: str, response: requests.Response) -> RsdatError:
    words = refusal(response)
    status = response.status_code
    where = without_query(href)
    if status == 429 or status >= 500:
        return DoorBroken(
            f"{where} answered {status}{words}",
            hint="Try again later; a search for less may work now.",
            code="api_broken",
        )
    kind = _KINDS.get(status, Refused)
    return kind(f"{where} answered {status}{words}", code="api_refused")


def open_api(url: str) -> Client:
    """A client of the API.

    Args:
        url: Of its landing page.

    Raises:
        RsdatError: It can't be reached, or is no STAC API.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of links that are missing: told in words below
            client = Client.open(url, stac_io=ApiIO())
    except NotFound as error:
        raise NotFound(
            f"There is no STAC API at {without_query(url)}",
            hint="Give the address of its landing page; many end in /v1 or /stac.",
            code="no_api",
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, pystac.STACError) as error:
        raise _no_api(url) from error
    if client.get_search_link() is None:
        raise _no_api(url)
    return client


def _no_api(url: str) -> InvalidInput:
    return InvalidInput(
        f"What answers at {without_query(url)} is no STAC API that can be searched",
        hint="Give the address of its landing page; a catalog of files is opened, not searched.",
        code="no_api",
    )


def abilities(client: Client) -> set[str]:
    """What the API says that it conforms to, of: filter, query, sort, intersects."""
    classes = [str(each).lower() for each in client.get_conforms_to() or []]
    found = {"intersects"}  # is part of item search
    if any("item-search#filter" in each for each in classes) and any(
        "cql2-json" in each or "cql2-text" in each for each in classes
    ):
        found.add("filter")
    for name in ("query", "sort"):
        if any(f"item-search#{name}" in each for each in classes):
            found.add(name)
    return found


def describe(url: str) -> dict[str, Any]:
    """The `StacCollections` of the contract.

    Raises:
        RsdatError: It can't be reached, or is no STAC API.
    """
    client = open_api(url)
    data = client.get_single_link("data")
    where = data.get_absolute_href() if data is not None else None
    found: list[dict[str, Any]] = []
    known: set[str] = set()
    try:
        pages = ApiIO().get_pages(where or f"{url.rstrip('/')}/collections")
        for page in pages:
            new = [each for each in page.get("collections", []) if _is_new(each, known)]
            if not new:
                break  # the same page again and again
            found += [_collection(each) for each in new]
            if len(found) >= MOST_COLLECTIONS:
                break
    except (json.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        raise DoorBroken(
            f"{without_query(url)} lists its collections in a way that can't be read",
            code="not_understood",
        ) from error
    return {
        "title": client.title or client.id,
        "collections": found,
        "can": sorted(abilities(client)),
    }


def _is_new(collection: Any, known: set[str]) -> bool:
    id_ = collection.get("id") if isinstance(collection, dict) else None
    if not isinstance(id_, str) or id_ in known:
        return False
    known.add(id_)
    return True


def _collection(value: Mapping[str, Any]) -> dict[str, Any]:
    box, interval = extent_of(value)
    title, description = value.get("title"), value.get("description")
    return {
        "id": value["id"],
        "title": title if isinstance(title, str) and title else value["id"],
        "description": description if isinstance(description, str) else None,
        "bbox": box,
        "interval": interval,
    }
