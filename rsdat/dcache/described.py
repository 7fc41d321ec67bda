"""Changes `endpoints.json`: endpoints that a user describes in the panel, secrets in files aside.

Several Jupyter servers may share one home: each change reads the file anew, under a lock.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from yarl import URL

from rsdat.base.errors import Conflict, InvalidInput, NotFound
from rsdat.base.files import private_folder, write_json, write_text
from rsdat.base.lock import Lock
from rsdat.dcache.configured import FILE, FORMAT, load_endpoints, read_described
from rsdat.dcache.credentials import bearer, clean
from rsdat.dcache.endpoint import CREDENTIALS, FILES, Endpoint, endpoint_from_options

#: Folder of the files with secrets that were given as text.
SECRETS = "credentials"
_LOCK_WAIT_S = 10.0
_CREDENTIAL_KEYS = (*CREDENTIALS, "rclone_section", "password", "password_file")


def merged(home: Path, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of an endpoint with a change applied; secrets that were given are still in it.

    Blocks. Another address makes the one that was found by it void; another credential replaces
    the one that there is.

    Args:
        home: `$RSDAT_HOME`.
        name: Of the endpoint; it may be new.
        given: Options as in `EndpointRequest` of docs/api.yaml.

    Raises:
        InvalidInput: More than one credential, a file's name that is not absolute, or another host
            (`another_host`) for a secret that was given for this one.
    """
    old = next((each for each in read_described(home) if each["name"] == name), {})
    return _merged(old, given)


def save(home: Path, name: str, given: Mapping[str, Any]) -> tuple[Endpoint, bool]:
    """Describe an endpoint, or change one; blocks.

    Args:
        home: `$RSDAT_HOME`.
        name: What it is called.
        given: As for `merged`; both addresses are in it, or known.

    Returns:
        The endpoint, and whether it is new.

    Raises:
        InvalidInput, NoCredential: The description makes no sense.
        Conflict: An endpoint of this name is configured elsewhere, or the file is held.
        NoSpace: There is no room; everything is as it was.
    """
    private_folder(home)
    with _held(home):
        described = read_described(home)
        if not any(each["name"] == name for each in described):
            _check_not_elsewhere(home, name)
        old = next((each for each in described if each["name"] == name), None)
        options = _merged(old or {}, given)
        # Checked whole before anything is written.
        endpoint_from_options(name, options, folder=home, own=True)
        options = _put_aside(home, name, options, old or {})
        entry = {"name": name, **options}
        endpoint = endpoint_from_options(name, options, folder=home, own=True)
        if old is None:
            described.append(entry)
        else:
            described[described.index(old)] = entry
        try:
            _write(home, described)
        except BaseException:
            for key in ("token_file", "password_file"):
                file = str(options.get(key, ""))
                if file.startswith(f"{SECRETS}/") and file != (old or {}).get(key):
                    (home / file).unlink(missing_ok=True)
            raise
    return endpoint, old is None


def delete(home: Path, name: str) -> None:
    """Forget an endpoint, with the secrets that were kept for it; blocks.

    Raises:
        NotFound: There is none of this name in `endpoints.json`.
        Conflict: The file is held.
    """
    with _held(home):
        described = read_described(home)
        kept = [each for each in described if each["name"] != name]
        if len(kept) == len(described):
            _check_not_elsewhere(home, name)
            raise NotFound(f"There is no dCache endpoint '{name}'", code="no_endpoint")
        _write(home, kept)


def _check_not_elsewhere(home: Path, name: str) -> None:
    if any(endpoint.name == name for endpoint in load_endpoints(home)):
        raise Conflict(
            f"The dCache endpoint '{name}' is not described in {FILE}, but in fsspec's, ada's or "
            "the environment's configuration",
            hint="Change it there, or choose another name.",
            code="not_own",
        )


def _merged(old: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    options = {key: value for key, value in old.items() if key != "name"}
    new = {key: value for key, value in given.items() if value not in (None, "")}
    credentials = [key for key in CREDENTIALS if key in new]
    if len(credentials) > 1:
        raise InvalidInput(
            f"More than one credential: {', '.join(credentials)}", hint="Choose one of them."
        )
    if "password" in new and "username" not in new:
        new["username"] = options.get("username")
        if not new["username"]:
            raise InvalidInput("There is a password without a username")
        credentials = ["username"]
    for key in FILES:
        if key in new:
            path = Path(str(new[key])).expanduser()
            if not path.is_absolute():
                raise InvalidInput(
                    f"{key}: '{new[key]}' is no absolute path", hint="Begin with / or ~/."
                )
            new[key] = str(path)
    if credentials == ["username"] and not {"password", "password_file"} & {*new, *options}:
        raise InvalidInput("There is a username without a password")
    if (credentials and credentials != ["username"]) or "password" in new:
        options = {key: value for key, value in options.items() if key not in _CREDENTIAL_KEYS}
    addresses = ("api_url", "webdav_url")
    for key in addresses:
        if key in new:
            new[key] = str(new[key]).strip().rstrip("/")
    if re.fullmatch(r"https?://[^/]+", str(new.get("api_url", ""))):
        new["api_url"] += "/api/v1"  # where every dCache has it
    if any(key in new and new[key] != options.get(key) for key in addresses):
        options = {key: value for key, value in options.items() if key not in addresses}
    # An empty text takes the option away.
    for key, value in given.items():
        if value == "" and key not in addresses:
            options.pop(key, None)
    result = {**options, **new}
    _check_same_host(old, result)
    return result


def _check_same_host(old: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    """A secret that was given for one computer is sent to no other, not even to try it out."""
    secrets_ = [key for key in ("token_file", "password_file") if _is_ours(result.get(key))]
    before, now = _hosts(old), _hosts(result)
    if before and now - before and any(result[key] == old.get(key) for key in secrets_):
        raise InvalidInput(
            f"The credential of this endpoint was given for {' and '.join(sorted(before))}, and is "
            f"not sent to {' and '.join(sorted(now - before))}",
            hint="Give it once more together with the new address, if it is meant for that.",
            code="another_host",
        )


def _is_ours(file: Any) -> bool:
    return str(file or "").startswith(f"{SECRETS}/")


def _hosts(options: Mapping[str, Any]) -> set[str]:
    found = set()
    for key in ("api_url", "webdav_url"):
        with suppress(ValueError):  # told where addresses are checked
            found.add(URL(str(options.get(key) or ""), encoded=True).host or "")
    return found - {""}


def _put_aside(
    home: Path, name: str, options: dict[str, Any], old: Mapping[str, Any]
) -> dict[str, Any]:
    """The options with their secrets replaced by names of files, which are written."""
    same = all(options.get(key) == old.get(key) for key in ("api_url", "webdav_url", "username"))
    for key, instead in (("token", "token_file"), ("password", "password_file")):
        if key in options:
            text = str(options[key])
            if key == "token":
                bearer(text, "what was given")
            line = clean(text, "what was given")
            # Another one for the same doors goes where transfers under way and notebooks read it.
            # Else a name of its own: no door is sent what was meant for another.
            file = str(old.get(instead, ""))
            if not same or not file.startswith(f"{SECRETS}/"):
                file = f"{SECRETS}/{name}-{secrets.token_hex(4)}.{key}"
            private_folder(home / SECRETS)
            write_text(home / file, line + "\n")
            options = {k: v for k, v in options.items() if k != key} | {instead: file}
    return options


def _write(home: Path, described: list[dict[str, Any]]) -> None:
    write_json(home / FILE, {"endpoints": described}, format_version=FORMAT)
    folder = home / SECRETS
    if folder.is_dir():
        # Secrets that nothing names any more, of a writer that died on the way among them.
        named = {str(each.get(key)) for each in described for key in FILES if each.get(key)}
        for file in folder.iterdir():
            if not {f"{SECRETS}/{file.name}", str(file)} & named:
                file.unlink(missing_ok=True)


@contextmanager
def _held(home: Path) -> Iterator[None]:
    deadline = time.monotonic() + _LOCK_WAIT_S
    while (lock := Lock.take(home / ".endpoints.lock")) is None:
        if not home.is_dir():
            break  # nothing to lose
        if time.monotonic() > deadline:
            raise Conflict(
                f"Another rsdat has held {FILE} for {_LOCK_WAIT_S:g} s",
                hint="Try again; else look for a hung Jupyter server of yours.",
            )
        time.sleep(0.01)
    try:
        yield
    finally:
        if lock is not None:
            lock.release()
