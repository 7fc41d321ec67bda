"""rclone's configuration files, as far as they describe a WebDAV door.

Source: rclone's documentation (webdav, obscure); get-macaroon writes such files.
"""

from __future__ import annotations

import base64
import binascii
import configparser
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rsdat.base.errors import NoCredential
from rsdat.base.secret import Secret

# The same in every copy of rclone: "obscure" keeps passwords from the eye, not from a program.
_OBSCURE = bytes.fromhex("9c935b48730a554d6bfd7c63c886a92bd390198eb8128afbf4de162b8b95f638")
_NONCE_BYTES = 16
_SECTION = re.compile(r"\s*\[(?P<name>[^\]]+)\]\s*\Z")
_TOKEN = re.compile(r"(?P<key>\s*bearer_token\s*[=:]\s*)\S.*")


@dataclass(frozen=True)
class Remote:
    """One section of type webdav. Empty texts where it says nothing."""

    name: str
    url: str
    bearer_token: str
    bearer_token_command: str
    user: str
    password: Secret | None

    def __repr__(self) -> str:
        return f"Remote({self.name!r})"  # the rest may be secret


def is_rclone(text: str) -> bool:
    """Whether a file is such a configuration; a token never looks like that."""
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith(("#", ";")):
            return _SECTION.match(line) is not None
    return False


def read_remote(text: str, section: str | None, where: str) -> Remote:
    """The section of this name, or the only one of type webdav.

    Args:
        text: The whole file.
        section: Its name; None if there is but one.
        where: The file, for messages.

    Raises:
        NoCredential: There is no such section, or it can't be read.
    """
    if text.lstrip("# \r\n").startswith(("Encrypted rclone", "RCLONE_ENCRYPT")):
        raise NoCredential(
            f"The rclone configuration {where} is encrypted",
            hint="Put the section of the dCache into a file of its own, without a password.",
            code="no_credential",
        )
    parser = configparser.RawConfigParser(strict=False, delimiters=("=", ":"))
    try:
        parser.read_string(text)
    except configparser.Error as error:
        # Not the parser's own words: they repeat the line.
        raise NoCredential(
            f"{where} is no rclone configuration ({type(error).__name__})", code="no_credential"
        ) from None
    remotes = [
        name for name in parser.sections() if parser.get(name, "type", fallback="") == "webdav"
    ]
    if section is None:
        if len(remotes) != 1:
            raise NoCredential(
                f"The rclone configuration {where} has {len(remotes) or 'no'} sections of type "
                "webdav" + (f": {', '.join(remotes)}" if remotes else ""),
                hint="Name the section to use: rclone_section.",
                code="no_credential",
            )
        section = remotes[0]
    elif section not in remotes:
        raise NoCredential(
            f"The rclone configuration {where} has no section '{section}' of type webdav",
            hint=f"There are: {', '.join(remotes) or 'none'}.",
            code="no_credential",
        )
    values = parser[section]
    obscured = values.get("pass", "").strip()
    return Remote(
        name=section,
        url=values.get("url", "").strip(),
        bearer_token=values.get("bearer_token", "").strip(),
        bearer_token_command=values.get("bearer_token_command", "").strip(),
        user=values.get("user", "").strip(),
        password=Secret(_reveal(obscured, where)) if obscured else None,
    )


def with_token(text: str, section: str | None, token: str) -> str:
    """The file with another `bearer_token`, every other line as it was.

    Args:
        text: The whole file; it has such a token.
        section: As in `read_remote`.
        token: One line.
    """
    wanted = read_remote(text, section, "the file").name

    def lines() -> Iterator[str]:
        inside = ""
        for line in text.splitlines(keepends=True):
            found = _SECTION.match(line)
            inside = found["name"].strip() if found else inside
            old = _TOKEN.match(line) if inside == wanted else None
            yield f"{old['key']}{token}\n" if old else line

    return "".join(lines())


def _reveal(obscured: str, where: str) -> str:
    # Loaded only for who has one: every worker imports this file.
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    try:
        raw = base64.urlsafe_b64decode(obscured + "=" * (-len(obscured) % 4))
        cipher = Cipher(algorithms.AES(_OBSCURE), modes.CTR(raw[:_NONCE_BYTES]))
        return (cipher.decryptor().update(raw[_NONCE_BYTES:])).decode()
    except (binascii.Error, ValueError) as error:
        raise NoCredential(
            f"The password in {where} is not as rclone keeps them",
            hint="Set it with `rclone config`.",
            code="no_credential",
        ) from error
