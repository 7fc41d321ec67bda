"""All that dCache knows of one file or folder, and changes of its labels and extended attributes.

Source: dCache 12.1 JsonFileAttributes.java, FileResources.java; answers as seen on 11.2.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rsdat.base.clock import to_iso_ms
from rsdat.base.errors import DoorBroken, InvalidInput, NotPermitted, Refused, RsdatError
from rsdat.dcache import rest
from rsdat.dcache.entry import Entry, entry_from_rest, moment
from rsdat.dcache.http import Http
from rsdat.dcache.rest import json_object
from rsdat.dcache.sources import ClientCertificate

# What may be refused is left out step by step: the QoS needs a pin manager that answers, `optional`
# storage information that broken entries lack.
_PARTS = (
    ("locality", "checksum", "xattr", "labels", "qos", "optional"),
    ("locality", "checksum", "xattr", "labels", "optional"),
    ("locality", "checksum", "xattr", "labels"),
    ("locality",),
)


@dataclass(frozen=True)
class Details:
    """One file or folder with all its attributes; None and empty where dCache did not tell.

    Attributes:
        entry: What listings tell, and the checksums.
        mode: Unix permission bits.
        owner: uid.
        group: gid.
        changed: When an attribute last changed.
        accessed: When it was last read, where dCache notes it.
        labels: In dCache's order.
        xattrs: Extended attributes.
        qos: `disk`, `tape`, `disk+tape`, `volatile` or `unavailable`.
        target_qos: What `qos` is on its way to.
        access_latency: ONLINE or NEARLINE.
        retention_policy: CUSTODIAL, REPLICA or OUTPUT.
        links: Number of hard links.
    """

    entry: Entry
    mode: int | None
    owner: int | None
    group: int | None
    changed: datetime | None
    accessed: datetime | None
    labels: Sequence[str]
    xattrs: Mapping[str, str]
    qos: str | None
    target_qos: str | None
    access_latency: str | None
    retention_policy: str | None
    links: int | None

    def as_dict(self, *, owner_name: str | None, pinned: datetime | None) -> dict[str, Any]:
        """The Details of `docs/api.yaml`.

        Args:
            owner_name: Of the user, if he owns it.
            pinned: Until when an order of his keeps it on disk.
        """
        return {
            "entry": self.entry.as_dict(),
            "pnfs_id": self.entry.pnfs_id,
            "mode": self.mode,
            "owner": self.owner,
            "group": self.group,
            "owner_name": owner_name,
            "changed": None if self.changed is None else to_iso_ms(self.changed),
            "accessed": None if self.accessed is None else to_iso_ms(self.accessed),
            "checksums": [
                {"type": kind.removesuffix("_TYPE"), "value": value}
                for kind, value in self.entry.checksums.items()
            ],
            "labels": list(self.labels),
            "xattrs": dict(self.xattrs),
            "qos": self.qos,
            "target_qos": self.target_qos,
            "access_latency": self.access_latency,
            "retention_policy": self.retention_policy,
            "links": self.links,
            "pinned": None if pinned is None else to_iso_ms(pinned),
        }


async def details(http: Http, path: str) -> Details:
    """All attributes of one file or folder; one request, unless dCache refuses a part of them.

    Raises:
        NotFound: There is no such path.
        RsdatError: dCache refused, or gave no usable answer.
    """
    # Asked for without a login the QoS gives 401, which counts towards a block.
    attempts = _PARTS if await _is_known(http) else _PARTS[1:]
    for parts in attempts:
        query = "&".join(f"{part}=true" for part in parts)
        url = http.rest_url("namespace", path, query)
        try:
            answer = await http.ask("GET", url, doing=f"look at '{path}'", path=path)
        except (NotPermitted, Refused, DoorBroken) as error:
            # Without a status nobody answered: asking for less would not help.
            if parts is attempts[-1] or "status" not in error.details:
                raise
            continue
        return details_from_rest(path, json_object(answer))
    raise AssertionError("the last attempt returns or raises")


async def _is_known(http: Http) -> bool:
    """Whether dCache knows who asks."""
    credential = http.endpoint.credential
    if isinstance(credential, ClientCertificate):
        # Whether a door takes certificates, and knows this one, it alone can tell.
        return (await rest.user(http)).get("status") == "AUTHENTICATED"
    return await credential.header() is not None


def details_from_rest(path: str, attributes: Mapping[str, Any]) -> Details:
    """Details from a `JsonFileAttributes` object.

    Raises:
        DoorBroken: The object is not what dCache sends.
    """
    entry = entry_from_rest(path, attributes)
    try:
        xattrs = attributes.get("extendedAttributes") or {}
        return Details(
            entry=entry,
            mode=_whole(attributes.get("mode")),
            owner=_whole(attributes.get("owner")),
            group=_whole(attributes.get("group")),
            changed=moment(attributes.get("ctime")),
            accessed=moment(attributes.get("atime")),
            labels=[str(label) for label in attributes.get("labels") or ()],
            xattrs={str(key): str(value) for key, value in xattrs.items()},
            qos=_text(attributes.get("currentQos")),
            target_qos=_text(attributes.get("targetQos")),
            access_latency=_text(attributes.get("accessLatency")),
            retention_policy=_text(attributes.get("retentionPolicy")),
            links=_whole(attributes.get("nlink")),
        )
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise DoorBroken(
            f"dCache described '{path}' in a way rsdat does not understand",
            code="not_understood",
        ) from error


async def change(
    http: Http,
    path: str,
    *,
    add_labels: Sequence[str] = (),
    remove_labels: Sequence[str] = (),
    set_xattrs: Mapping[str, str] | None = None,
    remove_xattrs: Sequence[str] = (),
) -> None:
    """Change labels and extended attributes; a label or attribute that is there is no error.

    dCache takes them one by one: what came before a refusal is done, and the error says so.

    Args:
        http: The endpoint.
        path: Literal path.
        add_labels: Any text.
        remove_labels: Must be there.
        set_xattrs: New ones and new values of old ones.
        remove_xattrs: Must be there.

    Raises:
        InvalidInput: Nothing is asked for, or one is both set and removed.
        RsdatError: dCache refused, in its own words.
    """
    given = set_xattrs or {}
    both = sorted({*set(add_labels) & set(remove_labels), *given.keys() & set(remove_xattrs)})
    if both:
        raise InvalidInput(f"'{both[0]}' can't be set and removed at once")
    if "" in (*add_labels, *given):
        raise InvalidInput("A label or an attribute needs a name")
    steps: list[tuple[str, dict[str, Any]]] = [
        (f"{verb} the label '{label}' of", {"action": action, "label": label})
        for verb, action, labels in (
            ("set", "set-label", add_labels),
            ("remove", "rm-label", remove_labels),
        )
        for label in labels
    ]
    if given:
        names = ", ".join(f"'{name}'" for name in given)
        body = {"action": "set-xattr", "mode": "EITHER", "attributes": dict(given)}
        steps.append((f"set {names} of", body))
    steps += [
        (f"remove '{name}' of", {"action": "rm-xattr", "names": name}) for name in remove_xattrs
    ]
    if not steps:
        raise InvalidInput("The request asks for nothing")
    done = 0
    try:
        for doing, body in steps:
            await http.ask(
                "POST",
                http.rest_url("namespace", path),
                doing=f"{doing} '{path}'",
                path=path,
                ok=(201,),
                json=body,
            )
            done += 1
    except RsdatError as error:
        if done and error.hint is None:
            error.hint = f"{done} of {len(steps)} changes were made before."
        raise


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
