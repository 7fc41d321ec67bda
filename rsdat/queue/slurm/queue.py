"""Slurm as a `Queue`: which command answers what, how long it may take, what its failure means."""

from __future__ import annotations

import asyncio
import os
import pwd
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from rsdat.base.clock import Clock, SystemClock
from rsdat.base.errors import NotPermitted, QueueSilent, Refused
from rsdat.base.run import CommandMissing, CommandTimeout, Completed, Run, run
from rsdat.queue.environment import job_environment, question_environment
from rsdat.queue.ids import array_of, expand, fold
from rsdat.queue.interface import SUBMIT_LIMIT, Estimate, Job, Site
from rsdat.queue.slurm import accounting, singles, words
from rsdat.queue.slurm import jobs as printed
from rsdat.queue.slurm import site as printed_site
from rsdat.queue.slurm.shared import SharedCall

#: Slurm's own default; sites raise it.
DEFAULT_MESSAGE_TIMEOUT_S = 10
#: A command that can't reach Slurm gives up after MessageTimeout by itself, with words.
MARGIN_S = 5
#: Accounts are a comfort: nobody waits long for them.
ACCOUNTS_LIMIT_S = 5
#: Slurm's own default.
DEFAULT_KILL_WAIT_S = 30
SITE_KEPT = timedelta(seconds=60)
ACCOUNTING_RETRY = timedelta(minutes=10)
#: sbatch may have to wait for plugins of the site; one that can't reach Slurm ends by itself.
SUBMIT_LIMIT_S = 75
#: Names on one command line; folded, each may stand for thousands of tasks.
ARRAYS_A_CALL = 200
_JOB_ID = re.compile(r"(\d+)(?:;\S+)?\Z")


@dataclass(frozen=True)
class _Dated:
    site: Site
    moment: datetime


class SlurmQueue:
    """Slurm, driven by its commands.

    Args:
        run: Runs a command; by default on this computer.
        clock: For what is asked again only after a while.
        limit_s: Seconds that a command may take; by default the site's MessageTimeout and some.
        user: Whose accounts `site` lists; by default who runs this.
    """

    kind: Literal["slurm", "local"] = "slurm"
    can_hold = True

    def __init__(
        self,
        run: Run = run,
        clock: Clock | None = None,
        *,
        limit_s: float | None = None,
        user: str | None = None,
    ) -> None:
        self._run = run
        self._clock = clock or SystemClock()
        self._limit_s = limit_s or DEFAULT_MESSAGE_TIMEOUT_S + MARGIN_S
        self._limit_given = limit_s is not None
        self._user = user
        self._squeue = SharedCall(self._ask_jobs)
        self._site_call = SharedCall(self._ask_site)
        self._site: _Dated | None = None
        self._config: dict[str, str] | None = None
        self._accounting_again: datetime | None = None

    async def version(self) -> str | None:
        """As sbatch names it, `slurm-wlm 22.05.8`; asks nobody else, so it never waits."""
        done = await self._command(["sbatch", "--version"])
        return done.stdout.strip() or None

    async def submit(self, script: str, *, name: str, tasks: int, log_folder: Path) -> str:
        """See `Queue.submit`."""
        if "\\" in str(log_folder):
            # man sbatch, FILENAME PATTERN: a backslash switches the patterns off.
            raise Refused(f"Slurm can't write its logs to '{log_folder}': there is a \\ in it")
        # A Slurm that hangs is better met before the order than in the middle of it.
        alone = await self._takes_no_arrays()
        if alone and tasks > 1:
            raise Refused("This Slurm takes no job arrays", code="no_arrays")
        logs = str(log_folder).replace("%", "%%")
        argv = [
            "sbatch",
            "--parsable",
            *([] if alone else [f"--array=0-{tasks - 1}"]),
            f"--job-name={name}",
            f"--output={logs}/{'%j_0' if alone else '%A_%a'}.log",
            "--open-mode=append",
        ]
        limit_s = self._limit_s if self._limit_given else max(self._limit_s, SUBMIT_LIMIT_S)
        text = singles.as_task(script) if alone else script
        try:
            done = await self._command(
                argv, stdin=text, env=job_environment(os.environ), limit_s=limit_s
            )
        finally:
            self._squeue.outdate()
        if done.returncode:
            full = words.is_submit_limit(done.stderr)
            raise Refused(_words(done), code=SUBMIT_LIMIT if full else None)
        match = _JOB_ID.match(done.stdout.strip())
        if not match:
            raise QueueSilent(f"sbatch gave no job id: {_words(done)}")
        return match[1]

    async def jobs(self, prefix: str) -> list[Job]:
        """See `Queue.jobs`. Concurrent callers share one squeue, whatever their prefix."""
        # Who has thousands of other jobs must not wait until all of them are understood.
        lines = [line for line in await self._squeue.get() if f"|{prefix}" in line]
        found = await self._named(printed.parse_squeue("\n".join(lines)))
        return [job for job in found if job.name.startswith(prefix)]

    async def array_limit(self) -> int | None:
        """See `Queue.array_limit`."""
        limit = printed_site.array_limit(await self._learn())
        return None if limit is None else max(limit, 1)

    async def ended(self, ids: Sequence[str]) -> list[Job]:
        """See `Queue.ended`. Asks the accounting, and slurmctld for what that lacks."""
        wanted = [single for given in ids for single in expand(given)]
        found = {job.id: job for job in await self._named((await self._accounted(wanted)).values())}
        missing = {array_of(job_id) for job_id in wanted if job_id not in found}
        for array in sorted(missing, key=int):
            done = await self._command(["scontrol", "-o", "show", "job", array])
            if done.returncode and not words.is_over(done.stderr):
                raise QueueSilent(_words(done))
            shown = await self._named(printed.parse_scontrol(done.stdout))
            found.update((job.id, job) for job in shown)
        return [found[job_id] for job_id in wanted if job_id in found and found[job_id].ended]

    async def time_left_s(self, job_id: str) -> int | None:
        """See `Queue.time_left_s`."""
        done = await self._command(["squeue", "-h", "-j", job_id, "-o", printed.SQUEUE_FORMAT])
        if done.returncode:
            return None
        return next((job.time_left_s for job in printed.parse_squeue(done.stdout)), None)

    async def cancel(self, ids: Sequence[str]) -> None:
        """See `Queue.cancel`. Slurm sends SIGTERM, and SIGKILL after its KillWait."""
        arrays = await self._folded(ids)
        try:
            for start in range(0, len(arrays), ARRAYS_A_CALL):
                done = await self._command(["scancel", *arrays[start : start + ARRAYS_A_CALL]])
                if done.returncode and words.is_forbidden(done.stderr):
                    raise NotPermitted(_words(done))
                if done.returncode and not words.is_over(done.stderr):
                    raise QueueSilent(_words(done))
        finally:
            self._squeue.outdate()

    async def hold(self, ids: Sequence[str]) -> None:
        """See `Queue.hold`."""
        # `hold` by root or an operator is one that the job's owner can't release.
        await self._control("uhold", ids)

    async def release(self, ids: Sequence[str]) -> None:
        """See `Queue.release`."""
        await self._control("release", ids)

    async def estimate(self, script: str, *, tasks: int) -> Estimate:
        """See `Queue.estimate`."""
        array = [] if await self._takes_no_arrays() else [f"--array=0-{tasks - 1}"]
        argv = ["sbatch", "--test-only", *array, "--output=/dev/null"]
        done = await self._command(argv, stdin=script)
        if done.returncode:
            return Estimate(None, _words(done))
        return Estimate(printed.parse_estimate(done.stderr), None)

    async def site(self) -> Site:
        """See `Queue.site`. An answer is kept for a minute."""
        known = self._site
        if known and self._clock.now() - known.moment < SITE_KEPT:
            return known.site
        return await self._site_call.get()

    # -- inside ---------------------------------------------------------------------------------

    async def _command(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        env: dict[str, str] | None = None,
        limit_s: float | None = None,
    ) -> Completed:
        """Run one of Slurm's commands.

        Raises:
            QueueSilent: It hangs, is absent, or says that it can't reach Slurm.
        """
        environment = question_environment(os.environ) if env is None else env
        limit = limit_s or self._limit_s
        try:
            done = await self._run(argv, timeout_s=limit, env=environment, stdin=stdin)
        except CommandTimeout as error:
            raise QueueSilent(
                f"Slurm gave no answer within {limit:g} s ({argv[0]})",
                hint="Jobs that run are not touched by this. rsdat asks again by itself.",
            ) from error
        except CommandMissing as error:
            raise QueueSilent(
                error.message, hint="Is Slurm installed here, and on the PATH?", code=error.code
            ) from error
        if done.returncode and words.is_silent(done.stderr):
            raise QueueSilent(
                f"Slurm does not answer: {_words(done)}",
                hint="Jobs that run are not touched by this. rsdat asks again by itself.",
            )
        return done

    async def _control(self, verb: str, ids: Sequence[str]) -> None:
        arrays = await self._folded(ids)
        try:
            for start in range(0, len(arrays), ARRAYS_A_CALL):
                some = ",".join(arrays[start : start + ARRAYS_A_CALL])
                done = await self._command(["scontrol", verb, some])
                if done.returncode and words.is_forbidden(done.stderr):
                    raise NotPermitted(_words(done))
                if done.returncode and not words.is_over(done.stderr):
                    raise Refused(_words(done))
        finally:
            self._squeue.outdate()

    async def _question(self, argv: Sequence[str]) -> str:
        """The output of a command that only asks; whatever fails is no answer."""
        done = await self._command(argv)
        if done.returncode:
            raise QueueSilent(f"{argv[0]} failed: {_words(done)}")
        return done.stdout

    async def _ask_jobs(self) -> list[str]:
        text = await self._question(
            ["squeue", "--me", "-h", "-r", "-t", "all", "-o", printed.SQUEUE_FORMAT]
        )
        return text.splitlines()

    async def _takes_no_arrays(self) -> bool:
        return printed_site.array_limit(await self._learn()) == 0

    async def _named(self, jobs: Iterable[Job]) -> list[Job]:
        """The jobs as tasks of arrays, also where there are no arrays."""
        if await self._takes_no_arrays():
            return [singles.named_as_task(job) for job in jobs]
        return list(jobs)

    async def _folded(self, ids: Sequence[str]) -> list[str]:
        """Names for commands."""
        if ids and await self._takes_no_arrays():
            return list(dict.fromkeys(array_of(each) for each in ids if expand(each)))
        return fold(ids)

    async def _accounted(self, wanted: Sequence[str]) -> dict[str, Job]:
        """What sacct knows of these jobs; nothing where the site keeps no accounts."""
        now = self._clock.now()
        if not wanted or (self._accounting_again and now < self._accounting_again):
            return {}
        arrays = sorted({array_of(job_id) for job_id in wanted}, key=int)
        argv = ["sacct", "-nXP", "-o", printed.SACCT_FORMAT, "-j", ",".join(arrays)]
        try:
            done = await self._command(argv)
        except QueueSilent:
            # slurmdbd is a daemon of its own; slurmctld may well know.
            return {}
        if done.returncode:
            if words.lacks_accounting(done.stderr):
                self._accounting_again = now + ACCOUNTING_RETRY
            return {}
        # The accounting lags behind by a second or two: a job still "running" there says nothing.
        return {job.id: job for job in printed.parse_sacct(done.stdout) if job.ended}

    async def _learn(self) -> dict[str, str]:
        """Slurm's configuration, asked for once."""
        if self._config is None:
            text = await self._question(["scontrol", "show", "config"])
            self._config = printed_site.parse_config(text)
            seconds = printed_site.message_timeout_s(self._config)
            if seconds and not self._limit_given:
                self._limit_s = seconds + MARGIN_S
        return self._config

    async def _ask_site(self) -> Site:
        config = await self._learn()
        site, told = await asyncio.gather(self._ask_nodes(config), self._accounting(config))
        found: Site = replace(site, **told)
        self._site = _Dated(found, self._clock.now())
        return found

    async def _ask_nodes(self, config: dict[str, str]) -> Site:
        """What slurmctld tells of the site."""
        scontrol = await self._question(["scontrol", "-o", "show", "partition"])
        sinfo = await self._question(["sinfo", "-h", "-e", "-o", printed_site.SINFO_FORMAT])
        # Some sites keep reservations to themselves.
        reservations = await self._command(["scontrol", "-o", "show", "reservation"])
        told = "" if reservations.returncode else reservations.stdout
        return Site(
            name=config.get("ClusterName"),
            partitions=printed_site.parse_partitions(scontrol, sinfo, config),
            accounts=(),
            reservations=printed_site.parse_reservations(told),
            array_limit=printed_site.array_limit(config),
            refuses_over_limits=config.get("EnforcePartLimits", "NO") in ("ALL", "ANY", "YES"),
            kill_wait_s=printed_site.number(config, "KillWait") or DEFAULT_KILL_WAIT_S,
        )

    async def _accounting(self, config: dict[str, str]) -> dict[str, Any]:
        """Accounts and limits as fields of `Site`; a comfort, so whatever fails is left out."""
        if "slurmdbd" not in config.get("AccountingStorageType", "slurmdbd"):
            return {}
        user = self._user or pwd.getpwuid(os.getuid()).pw_name
        cluster = config.get("ClusterName")
        assoc = f"format={','.join(accounting.ASSOC_FIELDS)}"
        mine, default, qos = await asyncio.gather(
            self._comfort("show", "assoc", f"user={user}", assoc),
            self._comfort("show", "user", user, "format=DefaultAccount"),
            self._comfort("show", "qos", f"format={','.join(accounting.QOS_FIELDS)}"),
        )
        accounts = printed_site.parse_accounts(mine, cluster)
        found: dict[str, Any] = {
            "accounts": accounts,
            "default_account": default.strip().partition("\n")[0] or None,
        }
        enforced = config.get("AccountingStorageEnforce", "limits")
        if accounts and ("limits" in enforced or "safe" in enforced):
            # `user=` alone: the lines of the accounts themselves, with what their users share.
            shared = await self._comfort(
                "show", "assoc", f"account={','.join(accounts)}", "user=", assoc
            )
            found["limits"] = (
                *accounting.parse_associations(mine, cluster),
                *accounting.parse_associations(shared, cluster),
                *accounting.parse_qos(qos),
            )
        return found

    async def _comfort(self, *words_: str) -> str:
        """What sacctmgr says; nothing where it fails or does not say it soon."""
        limit_s = min(ACCOUNTS_LIMIT_S, self._limit_s)
        try:
            done = await self._command(["sacctmgr", "-nP", *words_], limit_s=limit_s)
        except QueueSilent:
            return ""
        return "" if done.returncode else done.stdout


def _words(done: Completed) -> str:
    said = words.own_words(done.stderr) or words.own_words(done.stdout)
    return said or f"{done.argv[0]} ended with exit code {done.returncode} and said nothing"
