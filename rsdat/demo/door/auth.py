"""Who may come in: the bearer token, a macaroon or alice's password; and who guesses too often."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import replace

from rsdat.base.secret import Secret
from rsdat.demo.door.macaroons import BadMacaroonError, Macaroon
from rsdat.demo.door.rights import EVERYTHING, CaveatError, Rights

USER = "alice"
UID = 1000
GIDS = (1000, 1005)
ROLES = ("admin", "qos-user")  # of `alice#role` as the name of Basic; a bearer has none
REALM = 'Basic realm=""'
_REFUSALS_BEFORE_BLOCK = 3
_MEMORY_S = 20.0


class LoginFailedError(Exception):
    """No credential, or a wrong one; the text is the reason phrase of the 401."""


class Logins:
    """The one user's credentials.

    The bearer token is the stand-in's own and may do everything; macaroons are as dCache's. A
    macaroon is good as long as the token is the same, also after a restart.
    """

    def __init__(self, token: Secret, password: Secret) -> None:
        self._token = token
        self._password = password
        self._secret = Secret(
            hmac.new(token.reveal().encode(), b"macaroons", hashlib.sha256).hexdigest()
        )
        self.refusal = ""  # why the token is refused just now; empty: it isn't
        self.expires_at: float | None = None  # when the token ends, on the monotonic clock
        self.mints_over_http = True

    def mint(self, caveats: list[str]) -> str:
        """A macaroon with these caveats, after one that names it."""
        identifier = secrets.token_urlsafe(6)
        made = Macaroon.make(self._key(identifier), identifier)
        return made.add(f"iid:{secrets.token_urlsafe(6)}", *caveats).serialise()

    def _key(self, identifier: str) -> bytes:
        return hmac.new(
            self._secret.reveal().encode(), identifier.encode(), hashlib.sha256
        ).digest()

    def check(self, authorization: str, authz: str | None = None, client: str = "") -> Rights:
        """Let a request in by its `Authorization` header, or the `authz` of its query.

        Returns:
            What it may do.

        Raises:
            LoginFailedError: It carries nothing valid.
        """
        scheme, _, value = authorization.partition(" ")
        if not authorization and authz:
            scheme, value = "bearer", authz
        if scheme.lower() == "bearer" and _same(value.strip(), self._token):
            if self.refusal:
                raise LoginFailedError(self.refusal)
            if self.expires_at is not None and time.monotonic() >= self.expires_at:
                raise LoginFailedError("login failed: token has expired")
            return EVERYTHING
        if scheme.lower() == "bearer":
            return self._macaroon(value.strip(), client)
        if scheme.lower() == "basic":
            try:
                name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError) as error:
                raise LoginFailedError("login failed") from error
            user, _, role = name.partition("#")
            if user == USER and _same(password, self._password):
                return replace(EVERYTHING, roles=(role,)) if role in ROLES else EVERYTHING
        raise LoginFailedError("login failed")

    def _macaroon(self, text: str, client: str) -> Rights:
        try:
            macaroon = Macaroon.parse(text)
        except BadMacaroonError as error:
            raise LoginFailedError("login failed") from error
        if not macaroon.verify(self._key(macaroon.identifier)):
            raise LoginFailedError("login failed")
        rights = EVERYTHING
        try:
            for caveat in macaroon.caveats:
                rights = rights.narrowed(caveat, client)
        except CaveatError as error:
            iid = next((c[4:] for c in macaroon.caveats if c.startswith("iid:")), "")
            text = f"macaroon login denied: Invalid macaroon [-:{iid}]: {error}"
            raise LoginFailedError(text) from error
        return rights


def _same(given: str, secret: Secret) -> bool:
    return hmac.compare_digest(given.encode(), secret.reveal().encode())


class RateLimiter:
    """Blocks a client for a while after its third 401; each door has its own.

    Only 401 counts. A success in between does not reset the count, and asking while blocked
    does not prolong the block. Counts are forgotten after 20 s without a 401. With
    `requests_per_s` a client that asks more often in a second is refused until the next.
    """

    def __init__(
        self,
        block_s: float,
        now: Callable[[], float] = time.monotonic,
        *,
        requests_per_s: float | None = None,
    ) -> None:
        self.block_s = block_s
        self.requests_per_s = requests_per_s
        self._asked: dict[str, tuple[int, int]] = {}
        self._now = now
        self._refused: dict[str, tuple[int, float]] = {}
        self._blocked_until: dict[str, float] = {}

    def is_blocked(self, client: str) -> bool:
        """Whether this client's requests get 429 now."""
        return self._now() < self._blocked_until.get(client, 0.0) or self._asks_too_often(client)

    def _asks_too_often(self, client: str) -> bool:
        if self.requests_per_s is None:
            return False
        second = int(self._now())
        known, count = self._asked.get(client, (second, 0))
        count = count + 1 if known == second else 1
        self._asked[client] = (second, count)
        return count > self.requests_per_s

    def count_refusal(self, client: str) -> None:
        """Another 401 went to this client."""
        count, last = self._refused.get(client, (0, 0.0))
        count = 1 if self._now() - last > _MEMORY_S else count + 1
        self._refused[client] = (count, self._now())
        if count >= _REFUSALS_BEFORE_BLOCK:
            del self._refused[client]
            self._blocked_until[client] = self._now() + self.block_s
