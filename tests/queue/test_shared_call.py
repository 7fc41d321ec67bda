"""One question for everybody who waits."""

from __future__ import annotations

import asyncio

import pytest

from rsdat.queue.slurm.shared import SharedCall


class Question:
    """Answers when told to; counts how often it was asked and given up."""

    def __init__(self) -> None:
        self.asked = 0
        self.given_up = 0
        self.answers: list[asyncio.Future[str]] = []

    async def ask(self) -> str:
        self.asked += 1
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        try:
            return await answer
        except asyncio.CancelledError:
            self.given_up += 1
            raise


async def turns() -> None:
    """Let every task that can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_callers_share_one_call_and_its_failure() -> None:
    async def main() -> None:
        question = Question()
        shared = SharedCall(question.ask)
        callers = [asyncio.create_task(shared.get()) for _ in range(3)]
        await turns()
        question.answers[0].set_exception(ValueError("no"))
        results = await asyncio.gather(*callers, return_exceptions=True)
        assert [str(result) for result in results] == ["no"] * 3
        assert question.asked == 1

        later = asyncio.create_task(shared.get())
        await turns()
        question.answers[1].set_result("yes")
        assert await later == "yes"

    asyncio.run(main())


def test_one_that_leaves_takes_nothing_from_the_others() -> None:
    async def main() -> None:
        question = Question()
        shared = SharedCall(question.ask)
        first, second = (asyncio.create_task(shared.get()) for _ in range(2))
        await turns()
        first.cancel()
        await turns()
        question.answers[0].set_result("yes")
        assert await second == "yes"
        assert first.cancelled()
        assert question.given_up == 0

    asyncio.run(main())


def test_the_last_to_leave_ends_the_call_and_a_new_caller_starts_afresh() -> None:
    async def main() -> None:
        question = Question()
        shared = SharedCall(question.ask)
        first = asyncio.create_task(shared.get())
        await turns()
        first.cancel()
        second = asyncio.create_task(shared.get())
        with pytest.raises(asyncio.CancelledError):
            await first
        await turns()
        assert (question.asked, question.given_up) == (2, 1)
        question.answers[1].set_result("yes")
        assert await second == "yes"

    asyncio.run(main())


def test_after_an_order_nobody_gets_the_older_answer() -> None:
    async def main() -> None:
        question = Question()
        shared = SharedCall(question.ask)
        before = asyncio.create_task(shared.get())
        await turns()
        shared.outdate()
        after = asyncio.create_task(shared.get())
        await turns()
        question.answers[0].set_result("old")
        question.answers[1].set_result("new")
        assert [await before, await after] == ["old", "new"]

    asyncio.run(main())
