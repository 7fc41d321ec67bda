"""Past clusters: what is told of them, deleting them, for how long they stay, asking again."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dask.config
import pytest

from rsdat.base.errors import Conflict, InvalidInput, NotFound
from rsdat.base.files import private_folder
from rsdat.clusters import past
from rsdat.clusters.again import body_again, groups_again, is_same_preset, preset_again
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.past import PastClusters, past_view
from rsdat.clusters.record import Group, Record
from rsdat.clusters.request import read_request
from rsdat.clusters.retention import Kept, Limits, configured_limits, too_much
from rsdat.clusters.wishes import wish_end
from rsdat.presets import load_presets
from tests.support.cluster_parts import NOW, ago, options, record
from tests.support.cluster_site import SMALL, ClusterSite, connected, stopped, until

DAY_S = 86_400


def a_past(home: Path, cluster_id: str, days: float = 1, size: int = 0, **more: Any) -> Record:
    """The folder of a cluster that ended so many days ago, with a log of so many bytes."""
    folder = ClusterFolder(home / "clusters" / cluster_id)
    private_folder(folder.logs)
    made = replace(
        record(), id=cluster_id, **{"phase": "stopped", "stopped": ago(days * DAY_S), **more}
    )
    folder.write_record(made)
    folder.scheduler_log.write_bytes(b"x" * size)
    return made


def names(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "clusters").iterdir())


def nothing() -> bool:
    return False


class TestList:
    """What is told."""

    def test_latest_first_and_only_what_has_stopped(self, tmp_path: Path) -> None:
        a_past(tmp_path, "c1", days=3)
        a_past(tmp_path, "c2", days=1)
        a_past(tmp_path, "c3", days=2, phase="up")
        a_past(tmp_path, "c4", days=2, phase="failed")
        (tmp_path / "clusters" / "c2" / "x").mkdir()
        a_past(tmp_path, "c5")
        (tmp_path / "clusters" / "c5" / "cluster.json").write_text("{")
        told = PastClusters(tmp_path).list()["clusters"]
        assert [each["id"] for each in told] == ["c2", "c1"]

    def test_none_yet(self, tmp_path: Path) -> None:
        assert PastClusters(tmp_path).list() == {"clusters": []}

    def test_each_record_is_read_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(20):
            a_past(tmp_path, f"c{number}")
        known = PastClusters(tmp_path)
        first = known.list()
        read = ClusterFolder.read_record
        reads: list[str] = []
        monkeypatch.setattr(
            ClusterFolder, "read_record", lambda self: (reads.append(self.id), read(self))[1]
        )
        assert known.list() == first
        assert reads == []
        a_past(tmp_path, "c3", name="another")
        assert "another" in [each["name"] for each in known.list()["clusters"]]
        assert reads == ["c3"]

    def test_what_was_asked_is_what_was_wanted_before_the_end(self, tmp_path: Path) -> None:
        a_past(tmp_path, "c1", phase="up", stopped=None)
        folder = ClusterFolder(tmp_path / "clusters" / "c1")

        def grow(r: Record) -> None:
            r.first.wanted, r.first.adapt = 7, (2, 9)
            r.groups.append(Group("gpu", options(cores=4), 3, resources={"GPU": 1.0}))
            r.jobs_ended, r.jobs_failed, r.spent_core_s = 12, 2, 1800.0

        folder.update(grow)
        wish_end(folder, NOW)
        ended = folder.update(lambda r: setattr(r, "stopped", NOW))
        assert ended.wanted == 0
        view = past_view(ended)
        assert [(g["name"], g["workers"], g["adapt"]) for g in view["groups"]] == [
            ("workers", 7, {"minimum": 2, "maximum": 9}),
            ("gpu", 3, None),
        ]
        assert view["groups"][1]["options"]["cores"] == 4
        assert view["jobs"] == {"total": 12, "failed": 2}
        assert view["cost"] == {"core_hours": 0.5}
        assert view["end"] == {"code": "asked", "message": "Shut down by you"}
        assert view["ended"] == "2026-11-22T12:00:00Z"

    @pytest.mark.parametrize(
        ("more", "code", "words"),
        [
            ({"end_reason": "idle"}, "idle", "idle"),
            ({"end_reason": "failed"}, "failed", "scheduler failed"),
            ({"end_reason": "failed", "problem": {"message": "no port"}}, "failed", "no port"),
            ({}, "unknown", "Not known"),
        ],
    )
    def test_why(self, more: dict[str, Any], code: str, words: str) -> None:
        end = past_view(replace(record(), phase="stopped", **more))["end"]
        assert end["code"] == code
        assert words in end["message"]


class TestDelete:
    """The folder goes; never that of a living cluster."""

    def test_gone_with_its_logs(self, tmp_path: Path) -> None:
        a_past(tmp_path, "c1", size=10)
        known = PastClusters(tmp_path)
        known.delete("c1")
        assert names(tmp_path) == []
        assert known.list() == {"clusters": []}
        with pytest.raises(NotFound):
            known.delete("c1")

    @pytest.mark.parametrize("phase", ["up", "failed", "stopping"])
    def test_never_a_living_one(self, tmp_path: Path, phase: str) -> None:
        a_past(tmp_path, "c1", phase=phase)
        with pytest.raises(Conflict, match="has not stopped") as refusal:
            PastClusters(tmp_path).delete("c1", damaged_too=True)
        assert refusal.value.code == "not_stopped"
        assert names(tmp_path) == ["c1"]

    @pytest.mark.parametrize("lock", [".act.lock", ".record.lock"])
    def test_not_while_another_companion_is_at_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: str
    ) -> None:
        monkeypatch.setattr(past, "_LOCK_WAIT_S", 0.1)
        a_past(tmp_path, "c1")
        held = past.Lock.take(tmp_path / "clusters" / "c1" / lock)
        assert held is not None
        with pytest.raises(Conflict, match="busy"):
            PastClusters(tmp_path).delete("c1")
        held.release()
        PastClusters(tmp_path).delete("c1")
        assert names(tmp_path) == []

    def test_damaged_ones_only_when_nothing_of_them_lives(self, tmp_path: Path) -> None:
        a_past(tmp_path, "c1")
        file = tmp_path / "clusters" / "c1" / "cluster.json"
        file.write_text("{")
        with pytest.raises(Conflict, match="damaged"):
            PastClusters(tmp_path).delete("c1")
        PastClusters(tmp_path).delete("c1", damaged_too=True)
        assert names(tmp_path) == []

    def test_one_of_a_newer_rsdat_stays(self, tmp_path: Path) -> None:
        a_past(tmp_path, "c1")
        file = tmp_path / "clusters" / "c1" / "cluster.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))
        with pytest.raises(Conflict, match="newer rsdat"):
            PastClusters(tmp_path).delete("c1", damaged_too=True)
        assert names(tmp_path) == ["c1"]

    @pytest.mark.parametrize("bad", ["..", "c1/../c2", "", ".deleted-c1-00", "C1"])
    def test_other_folders_are_out_of_reach(self, tmp_path: Path, bad: str) -> None:
        a_past(tmp_path, "c2")
        with pytest.raises(NotFound):
            PastClusters(tmp_path).delete(bad, damaged_too=True)


class TestRetention:
    """By age and size, oldest first."""

    def test_by_age(self) -> None:
        kept = [Kept("c1", ago(11 * DAY_S), 1), Kept("c2", ago(9 * DAY_S), 1)]
        doomed = too_much(kept, Limits(days=10, size_bytes=None), NOW)
        assert [(each.id, why) for each, why in doomed] == [
            ("c1", "it ended more than 10 days ago")
        ]

    def test_by_size_until_the_rest_fits(self) -> None:
        kept = [Kept(f"c{n}", ago(n * DAY_S), 100) for n in (3, 1, 2, 4)]
        doomed = too_much(kept, Limits(days=None, size_bytes=200), NOW)
        assert [each.id for each, _ in doomed] == ["c4", "c3"]
        assert too_much(kept, Limits(days=None, size_bytes=400), NOW) == []

    def test_what_goes_by_age_makes_room(self) -> None:
        kept = [Kept("old", ago(20 * DAY_S), 1000), Kept("new", ago(DAY_S), 10)]
        doomed = too_much(kept, Limits(days=10, size_bytes=500), NOW)
        assert [each.id for each, _ in doomed] == ["old"]

    def test_no_limits(self) -> None:
        kept = [Kept("c1", NOW - timedelta(days=9999), 10**15)]
        assert too_much(kept, Limits(None, None), NOW) == []
        assert too_much(kept, Limits(days=1e300, size_bytes=None), NOW) == []

    def test_configured(self) -> None:
        assert configured_limits() == Limits(90, 2 * 2**30)
        with dask.config.set({"rsdat.clusters.keep-past": {"days": 7}}):
            assert configured_limits() == Limits(7, 2 * 2**30)
        with dask.config.set({"rsdat.clusters.keep_past": {"days": None, "size": "1GB"}}):
            assert configured_limits() == Limits(None, 10**9)
        for bad in ("x", {"days": "x"}, {"days": -1}, {"size": "much"}, {"days": True}):
            with dask.config.set({"rsdat.clusters.keep-past": bad}), pytest.raises(InvalidInput):
                configured_limits()

    def test_a_pass_takes_the_oldest_and_says_so(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        a_past(tmp_path, "c1", days=1, size=60_000)
        a_past(tmp_path, "c2", days=2, size=60_000)
        a_past(tmp_path, "c3", days=3, size=60_000)
        a_past(tmp_path, "c4", days=99, phase="up", size=60_000)
        a_past(tmp_path, "c5", days=99)
        (tmp_path / "clusters" / "c5" / "cluster.json").write_text("{")
        (tmp_path / "clusters" / ".deleted-c6-00").mkdir()
        deleted = PastClusters(tmp_path).tidy(Limits(None, 100_000), NOW, nothing)
        assert deleted == ["c3", "c2"]
        assert names(tmp_path) == ["c1", "c4", "c5"]
        assert "Cluster c3" in caplog.text
        assert "past clusters take more" in caplog.text

    def test_a_pass_is_bounded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(5):
            a_past(tmp_path, f"c{number}", days=100 + number)
        known = PastClusters(tmp_path)
        assert known.tidy(Limits(), NOW, lambda: True) == []
        monkeypatch.setattr(past, "TIDY_MOST", 2)
        assert known.tidy(Limits(), NOW, nothing) == ["c4", "c3"]
        monkeypatch.setattr(past, "TIDY_S", -1.0)
        assert known.tidy(Limits(), NOW, nothing) == []
        assert names(tmp_path) == ["c0", "c1", "c2"]


class TestAgain:
    """What a cluster was, under what the new request says."""

    def old(self, **more: Any) -> Record:
        first = Group(
            "workers",
            replace(options(cores=3, partition="fat"), more={"death-timeout": 90}),
            0,
            wanted_before_end=5,
        )
        gpu = Group("gpu", options(cores=2), 0, adapt_before_end=(0, 4))
        return replace(
            record(), preset="gone", groups=[first, gpu], phase="stopped", idle_after=600, **more
        )

    def test_everything_as_it_was(self) -> None:
        old = self.old()
        body = body_again(old, {"again": old.id})
        assert is_same_preset(old, body)
        presets = {**load_presets(), "gone": preset_again(old, load_presets())}
        request = read_request(body, presets, "generic")
        assert (request.preset, request.workers, request.idle_after) == ("gone", 5, 600)
        assert replace(request.options, more={}) == replace(old.first.options, more={})
        assert request.options.more["death-timeout"] == 90
        (gpu,) = groups_again(old)
        assert (gpu.name, gpu.adapt, gpu.options) == ("gpu", (0, 4), old.groups[1].options)

    def test_the_new_request_counts(self) -> None:
        old = self.old()
        body = body_again(old, {"again": old.id, "workers": 1, "options": {"cores": 8}})
        assert body["workers"] == 1
        assert (body["options"]["cores"], body["options"]["partition"]) == (8, "fat")
        assert "again" not in body

    def test_another_preset_brings_its_own_options(self) -> None:
        old = self.old()
        body = body_again(old, {"again": old.id, "preset": "generic"})
        assert not is_same_preset(old, body)
        assert "options" not in body

    def test_of_a_living_cluster(self) -> None:
        living = record(3)
        assert body_again(living, {"again": living.id})["workers"] == 3


@pytest.mark.timeout(180)
def test_a_whole_life_and_again(tmp_path: Path) -> None:
    """On the local queue: ended, told of, asked for again, and at last deleted."""
    site = ClusterSite(tmp_path / "home", "local")

    async def life() -> None:
        async with site.only_manager() as manager:
            asked = {"name": "sunny", "workers": 1, "options": SMALL}
            cluster_id = (await manager.create(asked))["id"]
            await until(manager, cluster_id, connected(1))
            folder = site.home / "clusters" / cluster_id
            secret = (folder / "dashboard.key").read_text().strip()
            key = (folder / "tls" / "key.pem").read_text().splitlines()[1]
            logs = await manager.logs.list(cluster_id)
            assert logs["name"] == "sunny"
            scheduler, worker = logs["logs"]
            assert scheduler["source"] == "scheduler"
            assert scheduler["node"]
            assert worker["state"] == "RUNNING"
            with pytest.raises(Conflict):
                await manager.attic.delete(cluster_id)
            assert (await manager.attic.past())["clusters"] == []

            await manager.shutdown(cluster_id)
            await until(manager, cluster_id, stopped)
            (told,) = (await manager.attic.past())["clusters"]
            assert (told["id"], told["end"]["code"]) == (cluster_id, "asked")
            assert told["groups"][0]["workers"] == 1
            assert told["jobs"] == {"total": 1, "failed": 0}
            assert told["cost"]["core_hours"] >= 0
            assert told["ended"] is not None
            # Logs are kept, hold no secret, and can be searched.
            found = await manager.logs.search(cluster_id, "SCHEDULER AT")
            assert found["matches"][0]["source"] == "scheduler"
            for text in (secret, key):
                assert (await manager.logs.search(cluster_id, text))["matches"] == []
            logs = await manager.logs.list(cluster_id)
            assert [log["source"] for log in logs["logs"]] == ["scheduler", worker["source"]]
            assert logs["logs"][1]["state"] != "RUNNING"

            again = await manager.create({"again": cluster_id, "workers": 0})
            assert again["name"] == "sunny"
            assert again["workers"]["wanted"] == 0
            assert again["options"]["memory"] == SMALL["memory"]
            another = await manager.create({"again": cluster_id, "workers": 0})
            assert another["name"] == "SLURMCluster 1"

            await manager.attic.delete(cluster_id)
            assert not folder.exists()
            with pytest.raises(NotFound):
                await manager.get(cluster_id)
            with pytest.raises(NotFound):
                await manager.create({"again": cluster_id})

    asyncio.run(life())


@pytest.mark.timeout(180)
def test_a_damaged_record_is_told_of_and_can_be_deleted(tmp_path: Path) -> None:
    """Deleting it ends what is left of it: its scheduler and its jobs."""
    site = ClusterSite(tmp_path / "home", "local")

    async def life() -> None:
        async with site.manager() as manager:
            cluster_id = (await manager.create({"workers": 1, "options": SMALL}))["id"]
            await until(manager, cluster_id, connected(1))
        file = site.home / "clusters" / cluster_id / "cluster.json"
        whole = file.read_text()
        file.write_text(whole[: len(whole) // 2])
        async with site.only_manager() as manager:
            (damaged,) = (await manager.list())["damaged"]
            assert (damaged["id"], damaged["can_delete"]) == (cluster_id, True)
            assert "damaged" in damaged["message"]
            assert "logs" in damaged["hint"]
            logs = await manager.logs.list(cluster_id)
            assert (logs["name"], len(logs["logs"])) == (None, 2)
            assert site.processes(cluster_id) != []
            await manager.attic.delete(cluster_id)
            answer = await manager.list()
            assert (answer["damaged"], answer["clusters"]) == ([], [])
            assert cluster_id in site.changed
            queue = site.queue()
            for _ in range(200):
                jobs = [job for job in await queue.jobs("rsdat-") if not job.ended]
                if not jobs and not site.processes(cluster_id):
                    break
                await asyncio.sleep(0.1)
            assert jobs == []
            assert site.processes(cluster_id) == []

    asyncio.run(life())
