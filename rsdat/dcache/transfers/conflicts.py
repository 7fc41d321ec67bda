"""What becomes of a file whose name is taken: one question at a time, its answer for one or all."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rsdat.base.clock import to_iso_ms
from rsdat.base.errors import Conflict, InvalidInput
from rsdat.dcache.transfers.record import Choice
from rsdat.dcache.transfers.workspace import Found

#: So many of those that were skipped one by one are told: none of them is still to come.
SHOWN_SKIPS = 100


@dataclass(frozen=True)
class Question:
    """Whose name is taken, by what."""

    path: str
    found: Found | None
    new_size: int | None

    def as_dict(self, others: int) -> dict[str, Any]:
        """The question of a Transfer of `docs/api.yaml`."""
        found = self.found
        modified = None if found is None else found.modified
        return {
            "path": self.path,
            "size": None if found is None else found.size,
            "modified": None if modified is None else to_iso_ms(modified),
            "new_size": self.new_size,
            "others": others,
        }


class Conflicts:
    """Questions and answers of one transfer.

    Args:
        policy: What was said beforehand.
        asked: Called when there is something to ask, or nothing any more.
    """

    def __init__(self, policy: Choice, asked: Callable[[], None]) -> None:
        self.policy: Choice = policy
        self._asked = asked
        self._open: OrderedDict[str, Question] = OrderedDict()
        self._answers: dict[str, Choice] = {}
        self._skipped: deque[str] = deque(maxlen=SHOWN_SKIPS)
        self._answered = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def question(self) -> Question | None:
        """What is asked now."""
        return next(iter(self._open.values()), None)

    @property
    def answers(self) -> list[tuple[str, Choice]]:
        """Paths that were answered one by one, and what was said; of the skipped ones the latest.

        The page that has the files may still ask about one that was skipped on another.
        """
        skipped: list[tuple[str, Choice]] = [(path, "skip") for path in self._skipped]
        return [*self._answers.items(), *skipped]

    def skipped(self, path: str) -> None:
        """It has ended by being skipped."""
        self.forget(path)
        self._skipped.append(path)

    def forget(self, path: str) -> None:
        """It has ended: what was said of it is of no use any more."""
        self._answers.pop(path, None)

    def choice(self, path: str) -> Choice:
        """What is to be done with a path, as far as it is known; `ask` if not."""
        return self._answers.get(path, self.policy)

    def ask(self, question: Question) -> None:
        """Ask, and wait for nothing: whoever asked comes back for the `choice`."""
        self._open[question.path] = question
        self._asked()

    async def decide(self, question: Question) -> Choice:
        """Ask and wait for the answer."""
        if self.choice(question.path) != "ask":
            return self.choice(question.path)
        async with self._turn:  # the answer to the one before may be for all
            while self.choice(question.path) == "ask":
                self._answered.clear()
                self.ask(question)
                try:
                    await self._answered.wait()
                finally:
                    self.withdraw(question.path)
        return self.choice(question.path)

    def withdraw(self, path: str) -> None:
        """The question is no more."""
        if self._open.pop(path, None) is not None:
            self._asked()

    def answer(self, path: str, choice: Choice, *, for_all: bool) -> list[str]:
        """Take an answer; returns the paths that were asked for and are now answered.

        Raises:
            InvalidInput: Nothing was asked for this path, and the choice is not to skip it.
        """
        if path not in self._open and choice != "skip" and not for_all:
            raise InvalidInput(f"Nothing is asked about '{path}'", code="not_asked")
        if for_all:
            self.policy = choice
            settled = list(self._open)
        else:
            self._answers[path] = choice
            settled = [path]
        for each in settled:
            self._open.pop(each, None)
        self._answered.set()
        self._asked()
        return settled


class Claims:
    """Names that transfers of this companion are writing: two never take one at the same time."""

    def __init__(self) -> None:
        self._held: set[tuple[str | None, str]] = set()

    @contextlib.contextmanager
    def hold(self, endpoint: str | None, path: str) -> Iterator[None]:
        """Claim a name.

        Raises:
            Conflict: Another transfer has it (`exists`).
        """
        if (endpoint, path) in self._held:
            raise Conflict(
                f"Another transfer is writing '{path}'", code="exists", path=path, claimed=True
            )
        self._held.add((endpoint, path))
        try:
            yield
        finally:
            self._held.discard((endpoint, path))
