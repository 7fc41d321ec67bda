"""Logs: listed, read in parts, searched within bounds, whatever a job put in their place."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from rsdat.base.errors import InvalidInput, NotFound
from rsdat.clusters import logsearch
from rsdat.clusters.folder import ClusterFolder
from rsdat.clusters.logs import list_logs, open_log, read_part, tail
from rsdat.clusters.logsearch import search_logs


@pytest.fixture
def folder(tmp_path: Path) -> ClusterFolder:
    """With a log of the scheduler and of two jobs."""
    made = ClusterFolder(tmp_path / "clusters" / "c1")
    made.logs.mkdir(parents=True)
    made.scheduler_log.write_text("Scheduler at tls://1\nan Error here\n")
    (made.logs / "7_10.log").write_text("worker ten\n")
    (made.logs / "7_9.log").write_text("worker nine\nERROR: no memory\nerror again\n")
    return made


def found(folder: ClusterFolder, text: str, **options: object) -> list[tuple[str, int, str]]:
    matches = search_logs(folder, text, **options).matches  # type: ignore[arg-type]
    return [(match.source, match.line, match.text) for match in matches]


def test_listed_scheduler_first_then_jobs_in_their_order(folder: ClusterFolder) -> None:
    (folder.logs / "notes.txt").write_text("no log")
    (folder.logs / "other.log").write_text("of nobody we know")
    (folder.logs / "7_11.log").symlink_to("/etc/passwd")
    logs = list_logs(folder)
    assert [log.source for log in logs] == ["scheduler", "7_9", "7_10"]
    assert logs[2].size == len("worker ten\n")
    assert abs(logs[2].modified.timestamp() - time.time()) < 60


def test_no_logs_yet(tmp_path: Path) -> None:
    assert list_logs(ClusterFolder(tmp_path / "c1")) == []


def test_parts_from_both_ends(folder: ClusterFolder) -> None:
    part = read_part(folder, "7_9", 7)
    assert part.text.startswith(b"nine\n")
    assert part.next_offset == part.size
    assert read_part(folder, "7_9", -6).text == b"again\n"
    assert read_part(folder, "7_9", 10_000).text == b""
    assert tail(folder, "7_9") == "worker nine\nERROR: no memory\nerror again"


@pytest.mark.parametrize("source", ["../cluster", "7_99", "", "7_9.log", "scheduler/../x"])
def test_other_files_are_no_logs(folder: ClusterFolder, source: str) -> None:
    (folder.path / "cluster.log").write_text("not for you")
    with pytest.raises(NotFound):
        read_part(folder, source, 0)


@pytest.mark.timeout(20)
def test_a_link_or_a_pipe_in_a_log_s_place(folder: ClusterFolder) -> None:
    """Neither leads out of the folder nor hangs."""
    (folder.logs / "7_1.log").symlink_to("/etc/passwd")
    os.mkfifo(folder.logs / "7_2.log")
    for source in ("7_1", "7_2"):
        with pytest.raises(NotFound):
            open_log(folder, source)
    assert found(folder, "root:") == []


def test_search_ignores_case_and_gives_one_match_a_line(folder: ClusterFolder) -> None:
    (folder.logs / "7_9.log").write_text("x\nerror, Error, error\n\nan ERROR\n")
    assert found(folder, "error") == [
        ("scheduler", 2, "an Error here"),
        ("7_9", 2, "error, Error, error"),
        ("7_9", 4, "an ERROR"),
    ]
    assert found(folder, "Error", match_case=True, source="7_9") == [
        ("7_9", 2, "error, Error, error")
    ]
    assert found(folder, ".*") == []


def test_search_finds_letters_beyond_a_to_z_in_either_case(folder: ClusterFolder) -> None:
    (folder.logs / "7_9.log").write_text("GRÖSSE\ngröße\nStraße\n", encoding="utf-8")
    assert found(folder, "größe", source="7_9") == [("7_9", 1, "GRÖSSE"), ("7_9", 2, "größe")]
    assert found(folder, "ö", source="7_9") == [("7_9", 1, "GRÖSSE"), ("7_9", 2, "größe")]
    assert found(folder, "ö", source="7_9", match_case=True) == [("7_9", 2, "größe")]
    assert found(folder, "GrÖSSe", source="7_9") == [("7_9", 1, "GRÖSSE")]
    assert found(folder, "aße", source="7_9") == [("7_9", 3, "Straße")]
    assert found(folder, "ÄRGER", source="7_9") == []


def test_matches_say_where_they_stand(folder: ClusterFolder) -> None:
    for match in search_logs(folder, "error").matches:
        part = read_part(folder, match.source, match.offset)
        assert part.text.lower().startswith(b"error")


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_chunks_of_any_size_give_the_same(
    folder: ClusterFolder, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    whole = search_logs(folder, "error")
    assert len(whole.matches) == 3
    monkeypatch.setattr(logsearch, "_CHUNK_BYTES", chunk)
    assert search_logs(folder, "error") == whole


def test_of_long_lines_the_part_around_the_match(folder: ClusterFolder) -> None:
    line = "é" * 100_000 + "needle" + "é" * 100_000
    (folder.logs / "7_9.log").write_text(f"first\n{line}\n", encoding="utf-8")
    (match,) = search_logs(folder, "needle").matches
    assert (match.line, match.offset) == (2, len("first\n") + 200_000)
    assert match.text.startswith("…é")
    assert match.text.endswith("é…")
    assert "needle" in match.text
    assert len(match.text) < 500


def test_limits(folder: ClusterFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of matches, bytes and time: what was found until then, and that there may be more."""
    (folder.logs / "7_9.log").write_text("hit\n" * 1000)
    some = search_logs(folder, "hit", limit=5)
    assert (len(some.matches), some.more) == (5, True)
    exact = search_logs(folder, "hit", limit=1000)
    assert (len(exact.matches), exact.more) == (1000, False)
    monkeypatch.setattr(logsearch, "MAX_BYTES", 1)
    assert search_logs(folder, "worker ten").more is True
    monkeypatch.setattr(logsearch, "MAX_BYTES", 2**20)
    monkeypatch.setattr(logsearch, "MAX_S", -1.0)
    assert search_logs(folder, "hit") == logsearch.Found((), more=True)


def test_search_asks_for_a_part_of_a_line(folder: ClusterFolder) -> None:
    for text in ("", "a\nb", "\ud800"):
        with pytest.raises(InvalidInput):
            search_logs(folder, text)
    with pytest.raises(NotFound):
        search_logs(folder, "x", source="9_9")
