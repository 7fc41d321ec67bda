"""Presets: what is shipped, what fits, and whose value wins."""

from __future__ import annotations

import dask.config
import pytest

from rsdat.base.errors import InvalidInput
from rsdat.base.units import parse_bytes
from rsdat.clusters.options import read_options
from rsdat.presets import fitting_preset, job_settings, load_presets


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
