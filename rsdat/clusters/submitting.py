"""Submits workers' jobs: in pieces that the queue takes, each written down beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rsdat.base.clock import Clock
from rsdat.base.errors import NoSpace, QueueSilent, RsdatError
from rsdat.base.files import write_text
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.naming import job_name, new_token
from rsdat.clusters.record import Record, Submission
from rsdat.queue.interface import SUBMIT_LIMIT, Queue

_LATER = "Ask for a smaller number, or scale again when some of your jobs have ended."


@dataclass
class Submitter:
    """Submits for one cluster. Its caller holds the cluster's act lock."""

    folder: ClusterFolder
    queue: Queue
    clock: Clock
    event: Callable[..., Awaitable[None]]

    async def submit(self, tasks: int, group: str, render: Callable[[], str]) -> None:
        """Submit jobs of a group: one array, or several where the site takes only smaller ones.

        What the queue refuses is written into the record, and the group held: the next wish of
        the user may make it possible.

        Args:
            tasks: How many.
            group: Its name.
            render: Makes the script; blocks.

        Raises:
            QueueSilent: No sure answer; the jobs may exist, and the record says so.
            NoSpace: There was no room to write them down; none were submitted.
        """
        script: str | None = None
        refusal: RsdatError | None = None
        most = min(tasks, await self.queue.array_limit() or tasks)
        left = tasks
        while left and most:
            submission = Submission(new_token(), min(left, most), self.clock.now(), group=group)
            try:
                script, record = await self._write_down(submission, script, render)
            except NoSpace:
                raise
            except RsdatError as error:  # no script can be made of the options
                await self._refused(submission, error)
                return await self._hold(group, error.message, error.hint)
            if all(each.token != submission.token for each in record.submissions):
                return None  # the cluster is to end by now
            problem = await self._order(submission, script)
            if problem is None:
                left -= submission.tasks
                continue
            refusal = problem
            await self._refused(submission, refusal)
            if refusal.code != SUBMIT_LIMIT:
                return await self._hold(group, refusal.message, refusal.hint)
            most = submission.tasks // 2
        if refusal is not None and left:
            said = f"only {tasks - left} of {tasks} more fit in now. {refusal.message}"
            await self._hold(group, said, refusal.hint or _LATER)
        return None

    async def _write_down(
        self, submission: Submission, script: str | None, render: Callable[[], str]
    ) -> tuple[str, Record]:
        def write() -> str:
            text = render() if script is None else script
            write_text(self.folder.scripts / f"{submission.token}.sh", text)
            return text

        def append(record: Record) -> None:
            if record.phase == "up":
                record.submissions.append(submission)

        # Both wait for the disk.
        written, record = await asyncio.gather(
            asyncio.to_thread(write),
            asyncio.to_thread(self.folder.update, append),
            return_exceptions=True,
        )
        if isinstance(record, BaseException):
            raise record
        if isinstance(written, BaseException):
            await self._drop(submission)
            raise written
        return written, record

    async def _order(self, submission: Submission, script: str) -> RsdatError | None:
        """Call the queue's `submit`; what it refused with."""
        name = job_name(self.folder.id, submission.token)
        tasks, token = submission.tasks, submission.token
        try:
            array_id = await self.queue.submit(
                script, name=name, tasks=tasks, log_folder=self.folder.logs
            )
        except QueueSilent:
            await self._settle(submission, None, unsure=True)
            await self.event("submission_unsure", token=token, tasks=tasks)
            raise
        except RsdatError as refusal:
            return refusal
        await self._settle(submission, array_id, unsure=False)
        await self.event("submitted", array=array_id, tasks=tasks, token=token)
        return None

    async def _refused(self, submission: Submission, refusal: RsdatError) -> None:
        await self._drop(submission)
        await self.event("submission_refused", tasks=submission.tasks, message=refusal.message)

    async def _settle(self, submission: Submission, array_id: str | None, *, unsure: bool) -> None:
        now = self.clock.now()

        def settle(record: Record) -> None:
            for each in record.submissions:
                if each.token == submission.token:
                    each.unsure = unsure
                    if array_id is not None:
                        each.array_id, each.at = array_id, now

        await asyncio.to_thread(self.folder.update, settle)

    async def _drop(self, submission: Submission) -> None:
        def drop(record: Record) -> None:
            record.submissions = [s for s in record.submissions if s.token != submission.token]

        await asyncio.to_thread(self.folder.update, drop)

    async def _hold(self, group: str, message: str, hint: str | None) -> None:
        def hold(record: Record) -> None:
            refused = record.group(group)
            if refused is not None:
                refused.problem = {"message": message, "hint": hint}
                refused.held = True

        await asyncio.to_thread(self.folder.update, hold)
