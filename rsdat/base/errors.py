"""Every failure that a user may read, as one tree of exceptions.

RsdatError
├── InvalidInput    400  what was asked makes no sense
├── NoCredential    401  no credential, or one that is refused (dCache's, never Jupyter's)
├── NotPermitted    403  known, but not allowed
├── NotFound        404  no such cluster, job, file or endpoint
├── Conflict        409  exists already, or is in a state in which this can't be done
│   └── OnTape      409  the file's only copy is on tape: stage it first
├── Refused         422  Slurm or dCache said no, in its own words
├── DoorBroken      502  a dCache door or Dask's scheduler gave no usable answer
├── QueueSilent     503  Slurm did not answer
└── NoSpace         507  storage or quota is full

Rooms raise them; only `rsdat.server` turns them into HTTP. Anything else is a bug (500).
"""

from __future__ import annotations

from typing import Any, ClassVar


class RsdatError(Exception):
    """A failure with words for the user.

    Args:
        message: One sentence: what happened. Never holds a secret.
        hint: One sentence: what to do next, if we know.
        code: What programs decide by; the class's own code if not given.
        details: More facts for programs, JSON values only, no secrets.
    """

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions cross process borders in Dask: keep hint, code and details.
        return (_rebuild, (type(self), self.message, self.hint, self.code, self.details))

    def as_dict(self) -> dict[str, Any]:
        """The error as REST bodies and `cluster.json` hold it: `{message, hint?, details}`."""
        body: dict[str, Any] = {"message": self.message}
        if self.hint:
            body["hint"] = self.hint
        body["details"] = {"code": self.code, **self.details}
        return body


def _rebuild(
    kind: type[RsdatError],
    message: str,
    hint: str | None,
    code: str,
    details: dict[str, Any],
) -> RsdatError:
    return kind(message, hint=hint, code=code, **details)


class InvalidInput(RsdatError):
    """What was asked makes no sense, whoever asks."""

    status = 400
    default_code = "invalid_input"


class NoCredential(RsdatError):
    """The other system wants a credential, or refuses the one it got."""

    status = 401
    default_code = "no_credential"


class NotPermitted(RsdatError):
    """The credential is fine; this is not allowed with it."""

    status = 403
    default_code = "not_permitted"


class NotFound(RsdatError):
    """There is no such thing."""

    status = 404
    default_code = "not_found"


class Conflict(RsdatError):
    """It exists already, or is in a state in which this can't be done."""

    status = 409
    default_code = "conflict"


class OnTape(Conflict):
    """The file's only copy is on tape; reading it would hang until it is staged."""

    default_code = "on_tape"


class Refused(RsdatError):
    """Slurm or dCache said no; the message is in its own words."""

    status = 422
    default_code = "refused"


class DoorBroken(RsdatError):
    """A dCache door, or a Dask scheduler, gave no usable answer."""

    status = 502
    default_code = "door_broken"


class QueueSilent(RsdatError):
    """Slurm did not answer in time. Says nothing about whether it acted."""

    status = 503
    default_code = "queue_silent"


class NoSpace(RsdatError):
    """Storage or quota is full."""

    status = 507
    default_code = "no_space"
