"""SlurmQueue at its boundary: which commands it runs, what it makes of their bad answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from rsdat.base.errors import NotPermitted, QueueSilent, Refused
from rsdat.base.run import CommandMissing, CommandTimeout, Completed
from rsdat.queue.slurm.queue import SlurmQueue

CONFIG = "ClusterName = hpc\nMessageTimeout = 60 sec\n"
SCRIPT = "#!/bin/bash\ntrue\n"
LOGS = Path("/logs")
Answer = tuple[int, str, str]


class Commands:
    """Stands in for `rsdat.base.run.run`: answers by the program's name, remembers the calls."""

    def __init__(self, **answers: Answer | Exception | Callable[[Sequence[str]], Answer]) -> None:
        self.answers = {"scontrol": (0, CONFIG, ""), **answers}
        self.calls: list[tuple[str, ...]] = []
        self.limits: list[float] = []
        self.environments: list[dict[str, str]] = []
        self.stdin: list[str | None] = []

    async def __call__(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
        cwd: str | None = None,
    ) -> Completed:
        self.calls.append(tuple(argv))
        self.limits.append(timeout_s)
        self.environments.append(dict(env or {}))
        self.stdin.append(stdin)
        await asyncio.sleep(0)
        answer = self.answers[argv[0]]
        if isinstance(answer, Exception):
            raise answer
        code, out, err = answer if isinstance(answer, tuple) else answer(argv)
        return Completed(tuple(argv), code, out, err)

    def count(self, program: str) -> int:
        return sum(call[0] == program for call in self.calls)


class HandClock:
    """Moves when told to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=timezone.utc)

    def now(self) -> datetime:
        return self.moment

    def monotonic_s(self) -> float:
        return self.moment.timestamp()


def submit(commands: Commands, *, logs: Path = LOGS, tasks: int = 4) -> str:
    queue = SlurmQueue(commands)
    return asyncio.run(queue.submit(SCRIPT, name="rsdat-c1-x", tasks=tasks, log_folder=logs))


def test_submit_is_one_sbatch_with_the_script_on_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "7")
    monkeypatch.setenv("SBATCH_ACCOUNT", "proj")
    commands = Commands(sbatch=(0, "671;hpc\n", ""))
    assert submit(commands, logs=Path("/home/100% me/logs")) == "671"
    assert commands.calls[-1] == (
        "sbatch",
        "--parsable",
        "--array=0-3",
        "--job-name=rsdat-c1-x",
        "--output=/home/100%% me/logs/%A_%a.log",
        "--open-mode=append",
    )
    assert commands.stdin[-1] == SCRIPT
    environment = commands.environments[-1]
    assert environment["SBATCH_ACCOUNT"] == "proj"
    assert not {"JUPYTERHUB_API_TOKEN", "SLURM_ARRAY_TASK_ID", "SLURM_TIME_FORMAT"} & {*environment}
    assert commands.limits[-2:] == [15, 75], "sbatch may have to wait for the site's plugins"


@pytest.mark.parametrize(
    "answer",
    [
        CommandTimeout("'sbatch' gave no answer within 15 s"),
        (1, "", "sbatch: error: Batch job submission failed: Socket timed out on send/recv\n"),
        (0, "", ""),
        (0, "Submitted batch job 5", ""),
    ],
)
def test_an_unsure_submission_is_silence_never_a_refusal(answer: Answer | Exception) -> None:
    with pytest.raises(QueueSilent):
        submit(Commands(sbatch=answer))


def test_nothing_is_submitted_to_a_slurm_that_hangs() -> None:
    commands = Commands(scontrol=CommandTimeout("no answer"))
    with pytest.raises(QueueSilent):
        submit(commands)
    assert commands.count("sbatch") == 0


def test_a_refusal_without_words_still_says_something() -> None:
    with pytest.raises(Refused, match="exit code 1"):
        submit(Commands(sbatch=(1, "", "")))


def test_a_log_folder_that_sbatch_would_misread_is_refused() -> None:
    commands = Commands()
    with pytest.raises(Refused, match="logs"):
        submit(commands, logs=Path("/home/a\\b"))
    assert commands.calls == []


def test_missing_slurm_is_named() -> None:
    queue = SlurmQueue(Commands(squeue=CommandMissing("'squeue' can't be run here")))
    with pytest.raises(QueueSilent, match="squeue") as caught:
        asyncio.run(queue.jobs(""))
    assert caught.value.code == "command_missing"


def test_concurrent_callers_share_one_squeue_and_get_their_own_jobs() -> None:
    text = "1_0|RUNNING|None|5|1:00|n1|rsdat-a-1\n2_0|PENDING|Priority|N/A|1:00||rsdat-b-1\n"
    commands = Commands(squeue=(0, text, ""))
    queue = SlurmQueue(commands)

    async def main() -> list[list[str]]:
        answers = await asyncio.gather(*(queue.jobs(p) for p in ("rsdat-a", "rsdat-b", "x")))
        return [[job.id for job in jobs] for jobs in answers]

    assert asyncio.run(main()) == [["1_0"], ["2_0"], []]
    assert commands.count("squeue") == 1


def test_a_list_asked_for_after_a_submission_is_younger_than_it() -> None:
    """Else the new jobs would seem lost, and be ordered once more."""
    commands = Commands(squeue=(0, "", ""), sbatch=(0, "5", ""))
    queue = SlurmQueue(commands)

    async def main() -> None:
        earlier = asyncio.create_task(queue.jobs(""))
        await asyncio.sleep(0)
        submitting = asyncio.create_task(queue.submit(SCRIPT, name="a", tasks=1, log_folder=LOGS))
        await submitting
        await asyncio.gather(earlier, queue.jobs(""))

    asyncio.run(main())
    assert [c for c in (call[0] for call in commands.calls) if c != "scontrol"] == [
        "squeue",
        "sbatch",
        "squeue",
    ]


def test_ended_falls_back_to_scontrol_for_what_sacct_does_not_know_yet() -> None:
    sacct = "7_0|COMPLETED|0:0|5|n1|x\n7_1|RUNNING|0:0|5|n1|x\n"
    scontrol = (
        "JobId=8 ArrayJobId=7 ArrayTaskId=1 JobName=x UserId=u(1) JobState=FAILED "
        "Reason=NonZeroExitCode Dependency=(null) ExitCode=3:0 RunTime=0 StartTime=5 "
        "EndTime=9 NodeList=n1 BatchHost=n1"
    )
    commands = Commands(sacct=(0, sacct, ""), scontrol=(0, scontrol, ""))
    ended = asyncio.run(SlurmQueue(commands).ended(["7_1", "7_0", "7_2"]))
    assert [(job.id, job.exit) for job in ended] == [("7_1", "3:0"), ("7_0", "0:0")]


def test_a_site_without_accounting_is_not_asked_each_time() -> None:
    def unknown(argv: Sequence[str]) -> Answer:
        if "config" in argv:
            return (0, CONFIG, "")
        return (1, "", "slurm_load_jobs error: Invalid job id specified\n")

    commands = Commands(sacct=(1, "", "Slurm accounting storage is disabled\n"), scontrol=unknown)
    clock = HandClock()
    queue = SlurmQueue(commands, clock)
    for _ in range(3):
        assert asyncio.run(queue.ended(["7_0"])) == []
    assert commands.count("sacct") == 1
    clock.moment += timedelta(hours=1)
    asyncio.run(queue.ended(["7_0"]))
    assert commands.count("sacct") == 2


def test_ended_says_so_when_nobody_answers() -> None:
    silent = CommandTimeout("no answer")
    with pytest.raises(QueueSilent):
        asyncio.run(SlurmQueue(Commands(sacct=silent, scontrol=silent)).ended(["7_0"]))


def test_cancel_folds_and_ignores_ended_jobs() -> None:
    over = (1, "", "scancel: error: Kill job error on job id 9: Invalid job id specified\n")
    commands = Commands(scancel=over)
    asyncio.run(SlurmQueue(commands).cancel([f"9_{n}" for n in range(1000)] + ["8"]))
    assert commands.calls[-1] == ("scancel", "9_[0-999]", "8")
    commands.calls.clear()
    asyncio.run(SlurmQueue(commands).cancel([]))
    assert commands.calls == []


def test_cancel_of_foreign_jobs() -> None:
    words = "scancel: error: Kill job error on job id 63: Access/permission denied\n"
    with pytest.raises(NotPermitted, match="63"):
        asyncio.run(SlurmQueue(Commands(scancel=(210, "", words))).cancel(["63"]))


def test_cancel_unheard() -> None:
    with pytest.raises(QueueSilent):
        asyncio.run(SlurmQueue(Commands(scancel=CommandTimeout("no"))).cancel(["63"]))


def test_estimate_of_what_is_refused() -> None:
    words = "sbatch: error: invalid partition specified: x\n"
    estimate = asyncio.run(SlurmQueue(Commands(sbatch=(1, "", words))).estimate(SCRIPT, tasks=2))
    assert (estimate.start, estimate.problem) == (None, "invalid partition specified: x")


def test_site_is_kept_for_a_minute_and_needs_no_accounts() -> None:
    partition = "PartitionName=p Default=YES MaxTime=1:00:00 State=UP\n"

    def scontrol(argv: Sequence[str]) -> Answer:
        return (0, CONFIG if "config" in argv else partition, "")

    commands = Commands(
        scontrol=scontrol,
        sinfo=(0, "p|1/1/0/2|4|8000|x|(null)\n", ""),
        sacctmgr=CommandTimeout("no answer"),
    )
    clock = HandClock()
    queue = SlurmQueue(commands, clock)
    site = asyncio.run(queue.site())
    assert (site.name, site.accounts) == ("hpc", ())
    assert [p.name for p in site.partitions] == ["p"]
    waits = [
        limit
        for call, limit in zip(commands.calls, commands.limits, strict=True)
        if call[0] == "sacctmgr"
    ]
    assert waits, "asked for"
    assert max(waits) <= 5, "accounts: no long wait"
    assert asyncio.run(queue.site()) is site
    clock.moment += timedelta(minutes=2)
    assert asyncio.run(queue.site()) is not site
    assert commands.count("sinfo") == 2


def test_a_site_without_accounting_is_not_asked_for_it() -> None:
    def scontrol(argv: Sequence[str]) -> Answer:
        config = CONFIG + "AccountingStorageType   = accounting_storage/none\n"
        return (0, config if "config" in argv else "PartitionName=p State=UP\n", "")

    commands = Commands(scontrol=scontrol, sinfo=(0, "p|1/1/0/2|4|8000|x|(null)\n", ""))
    site = asyncio.run(SlurmQueue(commands).site())
    assert (site.accounts, site.limits, commands.count("sacctmgr")) == ((), (), 0)


@pytest.mark.parametrize(("enforced", "limits"), [("associations,limits", 1), ("associations", 0)])
def test_limits_that_nobody_enforces_are_none(enforced: str, limits: int) -> None:
    def scontrol(argv: Sequence[str]) -> Answer:
        config = CONFIG + f"AccountingStorageEnforce = {enforced}\n"
        return (0, config if "config" in argv else "PartitionName=p State=UP\n", "")

    def sacctmgr(argv: Sequence[str]) -> Answer:
        if "user" in argv or "qos" in argv or "user=" in argv:
            return (0, "proj\n" if "user" in argv else "", "")
        return (0, "hpc|proj|me||normal||1-00:00:00|||||||\n", "")

    commands = Commands(scontrol=scontrol, sinfo=(0, "p|1/1/0/2|4|8000|x|(null)\n", ""))
    commands.answers["sacctmgr"] = sacctmgr
    site = asyncio.run(SlurmQueue(commands).site())
    assert (site.accounts, site.default_account) == (("proj",), "proj")
    assert len(site.limits) == limits
