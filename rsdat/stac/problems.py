"""What is wrong with one file of a catalog, while the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pystac

from rsdat.base.errors import InvalidInput, NoCredential, NotFound, RsdatError
from rsdat.stac.hrefs import shown

#: What PySTAC raises for JSON that is no STAC.
NOT_STAC = (ValueError, TypeError, AttributeError, pystac.STACError, pystac.STACTypeError)


@dataclass(frozen=True)
class Problem:
    """One link of a catalog that leads nowhere useful.

    Attributes:
        href: Where it leads.
        found_in: The file that holds the link.
        message: What is wrong, one sentence.
        code: `not_found`, `invalid`, `cycle`, `too_deep`, or the code of dCache's error.
    """

    href: str
    found_in: str
    message: str
    code: str

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {
            "href": self.href,
            "found_in": self.found_in,
            "message": self.message,
            "code": self.code,
        }


#: Told each problem; `problems.append` of a list is one. None: the first ends the work.
OnProblem = Callable[[Problem], object] | None


def problem_of(error: BaseException, href: str, found_in: str) -> tuple[Problem, RsdatError]:
    """A failure to read a file, as a problem, and as an error for who wants no problems.

    Raises:
        NoCredential: The login is refused: all other files would be, too, and dCache blocks a
            computer after three.
    """
    href, found_in = shown(href), shown(found_in)
    cause: BaseException = error
    while isinstance(cause, pystac.STACError) and cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, NoCredential):
        raise cause
    told: RsdatError
    if isinstance(cause, FileNotFoundError | NotFound):
        told = NotFound(f"there is no file at {href}, which {found_in} links")
    elif isinstance(cause, RsdatError):
        told = cause
    elif is_of_the_web(cause):
        # Their own words may hold the whole address.
        status = getattr(cause, "status", None)
        words = f"HTTP {status}" if status else type(cause).__name__
        told = InvalidInput(f"{href} can't be read: {words}", code="unreadable")
    elif isinstance(cause, OSError):
        told = InvalidInput(f"{href} can't be read: {cause}", code="unreadable")
    else:
        told = InvalidInput(f"{href} is not valid STAC: {_words(cause)}", code="invalid")
    return Problem(href, found_in, told.message, told.code), told


def is_of_the_web(error: BaseException) -> bool:
    """Whether fsspec's client for http raised it: mostly no OSError, with the whole address."""
    return type(error).__module__.partition(".")[0] == "aiohttp"


def _words(error: BaseException) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)
