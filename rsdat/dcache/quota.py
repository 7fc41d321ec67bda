"""What a user and his group have used and may use.

Source: dCache 12.1 QuotaResources.java; answers as seen on 11.2.5. Usage lags: uploads do not
show for minutes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rsdat.base.errors import DoorBroken, NotFound, NotPermitted
from rsdat.dcache.http import Http

Kind = Literal["user", "group"]
# dCache's retention policies: on tape for good, on disk, and what may be made again.
_POLICIES = ("custodial", "replica", "output")


@dataclass(frozen=True)
class Quota:
    """One quota.

    Attributes:
        kind: Whose.
        id: uid or gid.
        used: Bytes by `custodial`, `replica`, `output`; None where dCache does not tell.
        limit: As `used`; None is no limit.
    """

    kind: Kind
    id: int
    used: dict[str, int | None]
    limit: dict[str, int | None]

    def as_dict(self) -> dict[str, Any]:
        """A quota of `docs/api.yaml`."""
        return {"kind": self.kind, "id": self.id, "used": self.used, "limit": self.limit}


async def quotas(http: Http) -> tuple[Sequence[Quota], str | None]:
    """The quotas of the user and of his main group.

    Returns:
        The quotas, and why there are none.

    Raises:
        NoCredential: dCache tells them nobody who is not logged in.
        DoorBroken: No usable answer.
    """
    answers = await asyncio.gather(_ask(http, "user"), _ask(http, "group"))
    found = [quota for each, _ in answers for quota in each]
    reasons = [reason for _, reason in answers if reason is not None]
    return found, None if found or not reasons else reasons[0]


async def _ask(http: Http, kind: Kind) -> tuple[list[Quota], str | None]:
    url = http.rest_url(f"quota/{kind}", query="user=true")
    try:
        answer = await http.ask("GET", url, doing="ask for quotas")
    except NotFound:
        return [], "This dCache has no quota for you."
    except NotPermitted as error:
        return [], error.message
    except DoorBroken as error:
        if error.details.get("status") != 503:
            raise
        return [], "This dCache keeps no quotas."
    try:
        value = json.loads(answer.body)
        listed = value if isinstance(value, list) else [value]
        return [_quota(kind, each) for each in listed], None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DoorBroken(
            "dCache told its quotas in a way rsdat does not understand", code="not_understood"
        ) from error


def _quota(kind: Kind, value: dict[str, Any]) -> Quota:
    return Quota(
        kind,
        int(value["id"]),
        {policy: _bytes(value.get(policy)) for policy in _POLICIES},
        {policy: _bytes(value.get(f"{policy}Limit")) for policy in _POLICIES},
    )


def _bytes(value: Any) -> int | None:
    return None if value is None else int(value)
