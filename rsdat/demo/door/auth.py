"""Who may come in: the bearer token or alice's password; and the limiter that punishes guessing."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Callable

from rsdat.base.secret import Secret

USER = "alice"
UID = 1000
GIDS = (1000, 1005)
REALM = 'Basic realm=""'
_REFUSALS_BEFORE_BLOCK = 3
_MEMORY_S = 20.0


class LoginFailedError(Exception):
    """No credential, or a wrong one; the text is the reason phrase of the 401."""


class Logins:
    """The one user's credentials."""

    def __init__(self, token: Secret, password: Secret) -> None:
        self._token = token
        self._password = password
        self.refusal = ""  # why the token is refused just now; empty: it isn't

    def check(self, authorization: str, authz: str | None = None) -> None:
        """Let a request in by its `Authorization` header, or the `authz` of its query.

        Raises:
            LoginFailedError: It carries nothing valid.
        """
        scheme, _, value = authorization.partition(" ")
        if not authorization and authz:
            scheme, value = "bearer", authz
        if scheme.lower() == "bearer" and _same(value.strip(), self._token):
            if self.refusal:
                raise LoginFailedError(self.refusal)
            return
        if scheme.lower() == "basic":
            try:
                name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError) as error:
                raise LoginFailedError("login failed") from error
            if name.partition("#")[0] == USER and _same(password, self._password):
                return
        raise LoginFailedError("login failed")


def _same(given: str, secret: Secret) -> bool:
    return hmac.compare_digest(given.encode(), secret.reveal().encode())


class RateLimiter:
    """Blocks a client for a while after its third 401; each door has its own.

    Only 401 counts. A success in between does not reset the count, and asking while blocked
    does not prolong the block. Counts are forgotten after 20 s without a 401.
    """

    def __init__(self, block_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self.block_s = block_s
        self._now = now
        self._refused: dict[str, tuple[int, float]] = {}
        self._blocked_until: dict[str, float] = {}

    def is_blocked(self, client: str) -> bool:
        """Whether this client's requests get 429 now."""
        return self._now() < self._blocked_until.get(client, 0.0)

    def count_refusal(self, client: str) -> None:
        """Another 401 went to this client."""
        count, last = self._refused.get(client, (0, 0.0))
        count = 1 if self._now() - last > _MEMORY_S else count + 1
        self._refused[client] = (count, self._now())
        if count >= _REFUSALS_BEFORE_BLOCK:
            del self._refused[client]
            self._blocked_until[client] = self._now() + self.block_s
