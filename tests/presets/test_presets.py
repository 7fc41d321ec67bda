"""Presets: what is shipped, what fits, and whose value wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask.config
import pytest

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.base.units import parse_bytes
from rsdat.clusters.options import read_options
from rsdat.presets import (
    delete_saved,
    fitting_preset,
    job_settings,
    load_presets,
    scheduler_settings,
    write_saved,
)


def test_shipped_presets_are_complete() -> None:
    presets = load_presets()
    assert set(presets) >= {"spider", "snellius", "delftblue", "generic", "local"}
    for preset in presets.values():
        read_options(job_settings(preset), {})  # each is a valid request by itself


def test_spider_asks_for_no_more_memory_than_its_cores_bring() -> None:
    settings = load_presets()["spider"].settings
    assert parse_bytes(settings["memory"]) <= settings["cores"] * 8000 * 2**20


def test_delftblue_names_an_account() -> None:
    assert job_settings(load_presets()["delftblue"])["account"] == "innovation"


@pytest.mark.parametrize(
    ("queue", "site", "expected"),
    [
        ("local", None, "local"),
        ("local", "spider", "local"),
        ("slurm", "spider", "spider"),
        ("slurm", "Snellius", "snellius"),
        ("slurm", "delftblue2", "delftblue"),
        ("slurm", "elsewhere", "generic"),
        ("slurm", None, "generic"),
    ],
)
def test_fitting_preset(queue: str, site: str | None, expected: str) -> None:
    assert fitting_preset(load_presets(), queue, site) == expected


def test_what_the_user_configured_wins_over_the_preset() -> None:
    with dask.config.set({"jobqueue.slurm": {"queue": "gpu", "cores": None}}):
        settings = job_settings(load_presets()["spider"])
    assert settings["queue"] == "gpu"
    assert settings["cores"] == 4  # not set by the user: the preset's


def test_a_default_of_dask_jobqueue_is_no_wish_of_the_user() -> None:
    with dask.config.set({"jobqueue.slurm": {"walltime": "00:30:00"}}):
        assert job_settings(load_presets()["spider"])["walltime"] == "01:00:00"


def test_users_change_and_add_presets() -> None:
    mine = {"spider": {"memory": "10GiB"}, "here": {"title": "Here", "sites": ["HERE"], "cores": 2}}
    with dask.config.set({"rsdat.presets": mine}):
        presets = load_presets()
    assert presets["spider"].settings["memory"] == "10GiB"
    assert presets["spider"].settings["cores"] == 4
    assert fitting_preset(presets, "slurm", "here1") == "here"


def test_a_preset_that_is_no_mapping_is_refused() -> None:
    with dask.config.set({"rsdat.presets": {"odd": 3}}), pytest.raises(InvalidInput, match="odd"):
        load_presets()


@pytest.mark.parametrize(
    ("name", "inside", "mode"),
    [
        ("spider", "7", "job"),
        ("snellius", "7", "job"),
        ("delftblue", "7", "job"),
        ("spider", None, "beside"),
        ("generic", "7", "beside"),
        ("local", "7", "beside"),
    ],
)
def test_where_the_scheduler_runs(name: str, inside: str | None, mode: str) -> None:
    environment = {} if inside is None else {"SLURM_JOB_ID": inside}
    settings = scheduler_settings(load_presets()[name], environment)
    assert settings["mode"] == mode
    assert (settings.get("walltime") == "12:00:00") is (name not in ("generic", "local"))


@pytest.mark.parametrize("scheduler", [{"mode": "cloud"}, {"colour": "red"}, ["job"]])
def test_a_scheduler_that_makes_no_sense(scheduler: Any) -> None:
    with (
        dask.config.set({"rsdat.presets": {"spider": {"scheduler": scheduler}}}),
        pytest.raises(InvalidInput),
    ):
        scheduler_settings(load_presets()["spider"], {})


def test_what_a_preset_knows_of_its_site() -> None:
    presets = load_presets()
    assert presets["spider"].memory_per_core_bytes == 8000 * 2**20
    assert presets["snellius"].shares["genoa"].cores == 24
    assert "memory-per-core" not in job_settings(presets["spider"])
    assert "shares" not in job_settings(presets["snellius"])


def test_sizes_mean_what_dask_jobqueue_makes_of_them() -> None:
    mine = {"rsdat.presets": {"here": {"cores": 1, "memory": "100GB"}}}
    with dask.config.set({**mine, "jobqueue.slurm": {"memory": "2GB"}}):
        presets = load_presets()
        assert presets["here"].settings["memory"] == "94GiB"
        assert job_settings(presets["spider"])["memory"] == "2GiB"


def test_an_old_name_of_a_key_wins_over_the_preset_too() -> None:
    with dask.config.set({"jobqueue.slurm": {"project": "mine"}}):
        assert job_settings(load_presets()["delftblue"])["account"] == "mine"


def save(home: Path, name: str, **more: Any) -> bool:
    body = {"title": "Mine", "like": "spider", "settings": {"cores": 3, "memory": "8G"}}
    return write_saved(home, name, **{**body, "request": {"workers": 4}, **more})


def test_saved_presets(tmp_path: Path) -> None:
    assert save(tmp_path, "mine")
    assert not save(tmp_path, "mine", title="Still mine")
    with dask.config.set({"jobqueue.slurm": {"queue": "gpu"}}):
        preset = load_presets(tmp_path)["mine"]
        assert job_settings(preset)["queue"] is None, "complete: nothing is laid over it"
    assert (preset.title, preset.source, preset.request) == ("Still mine", "saved", {"workers": 4})
    assert preset.settings["memory"] == "8G"
    assert preset.memory_per_core_bytes == 8000 * 2**20, "known of the site it was made at"
    file = tmp_path / "presets" / "mine.json"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    delete_saved(tmp_path, "mine")
    assert "mine" not in load_presets(tmp_path)
    with pytest.raises(NotFound):
        delete_saved(tmp_path, "mine")


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b", "x" * 65, "\n"])
def test_names_that_no_preset_can_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        save(tmp_path, name)
    with pytest.raises(NotFound):
        delete_saved(tmp_path, name)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 99}', '{"format": 1, "settings": 3}'])
def test_a_damaged_file_takes_no_other_with_it(text: str, tmp_path: Path) -> None:
    save(tmp_path, "mine")
    (tmp_path / "presets" / "other.json").write_text(text)
    presets = load_presets(tmp_path)
    assert "mine" in presets
    assert "other" not in presets


@pytest.mark.parametrize("shares", [3, {"rome": 16}, {"rome": {"cores": 0, "memory": "1GiB"}}])
def test_shares_that_make_no_sense(shares: Any) -> None:
    with (
        dask.config.set({"rsdat.presets": {"here": {"shares": shares}}}),
        pytest.raises(InvalidInput, match="here"),
    ):
        load_presets()
