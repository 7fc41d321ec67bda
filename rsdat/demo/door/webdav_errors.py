"""How a door says no."""

from __future__ import annotations

from rsdat.demo.door.http import Answer, line

_CONFLICT_PAGE = b"<html><body><h1>Conflict</h1></body></html>"


class DoorError(Exception):
    """An answer with a status and one line of text; no text gives an empty body."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.text = text

    def answer(self) -> Answer:
        """As the client gets it."""
        return line(self.status, self.text) if self.text else Answer(self.status)


class ConflictError(DoorError):
    """409 with the door's page for it: a parent is missing or is a file."""

    def __init__(self) -> None:
        super().__init__(409)

    def answer(self) -> Answer:
        """As the client gets it."""
        return Answer(409, headers=[("Content-Type", "text/html")], body=_CONFLICT_PAGE)


def forbidden(verb: str, path: str) -> DoorError:
    """The user is known and may not."""
    return DoorError(403, f"Permission denied for {verb} on path {path}")


def not_allowed(verb: str) -> DoorError:
    """The verb doesn't fit what is at the path."""
    return DoorError(405, f"Method {verb} is not allowed.")
