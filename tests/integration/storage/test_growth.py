"""No job reads the archive: every statement of an idle round is led by an index to a few rows."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select
from sqlmodel import Session, col

from benchmarks.reliability.made_archive import NOW, fill
from jobs.monitor import Monitor
from jobs.schedule import PIPELINE, UPKEEP, Job
from storage import clips, deletions, fingerprints, posts, tallies, videos
from storage import fixity as fixity_rows
from storage.database import Database
from storage.tables import ClipRow, FingerprintRow, PostRow, VideoRow
from tests.support.values import ALGORITHM, a_fingerprint, a_post, a_video
from tests.support.values import NOW as THEN
from tracker.app import App, open_app
from tracker.config import DiscoverySettings, RetentionSettings, Settings
from tracker.model.clip import Clip
from tracker.model.ids import ClipId, VideoId
from tracker.model.post import PostKind
from tracker.model.video import Video

SMALL = {
    "algorithm", "anchor", "api_reads", "daemon", "job", "legal_hold", "tally", "timestamp_token",
    "verdict", "watch",
}  # fmt: skip
"""What grows with the configuration, with people's work or with time alone."""

PARTIAL = {
    "ix_post_collect_due", "ix_post_media_capture_due", "ix_video_credentials_due",
    "ix_video_record_due",
}  # fmt: skip
"""Indexes of what is due: to read all of one is to read what is left to do."""

STATUS_COUNTS = {"fixity_check"}
"""The status counts these by an index; nothing asks for it all day."""

LINEAR = {"audit"}

HEAD = re.compile(r"FROM ledger_entry ORDER BY ledger_entry.sequence DESC\s+LIMIT")
"""The last entry alone."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Open an archive of four hundred posts in which nothing is due."""
    yield from _made(tmp_path_factory.mktemp("made"), 400)


def _made(folder: Path, size: int) -> Iterator[App]:
    settings = Settings(
        data_dir=folder,
        discovery=DiscoverySettings(platforms=("bluesky",), every_hours=48),
        retention=RetentionSettings(originals_days=36500),
    )
    with open_app(settings) as app:
        fill(app.archive.database, size, recent=100)
        app.anchoring.run()
        yield app


@pytest.mark.parametrize("job", [j for j in (*PIPELINE, *UPKEEP) if j.name not in LINEAR])
def test_an_idle_round_of_a_job_scans_no_large_table(made: App, job: Job) -> None:
    with _statements(made.archive.database) as seen:
        assert job.do(made, threading.Event(), Monitor()) == 0
    assert seen
    assert _scans(made.archive.database, seen) == []


def test_media_that_were_given_up_are_not_passed_on_the_way_to_those_that_are_due(
    made: App,
) -> None:
    with _statements(made.archive.database) as seen:
        assert made.capture.pending(64) == []
        made.status()
    asked = [(s, p) for s, p in seen if re.search(r"FROM post_media\s+JOIN post ", s)]
    assert len(asked) == 2
    with made.archive.database.read() as session:
        for statement, parameters in asked:
            plan = session.connection().exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            )
            assert any("USING INDEX ix_post_media_capture_due" in row[3] for row in plan)


def test_the_status_names_what_fails_by_few_questions(made: App) -> None:
    with _statements(made.archive.database) as seen:
        status = made.status()
    assert sum(work.stage == "capture" for work in status.failing) == 4
    assert all("http" in work.subject for work in status.failing)
    assert len(seen) < 50


def test_the_status_counts_by_indexes_only(made: App) -> None:
    with _statements(made.archive.database) as seen:
        status = made.status()
    scanned = {re.split(r"\s+", line)[1] for line in _scans(made.archive.database, seen)}
    assert scanned <= STATUS_COUNTS
    assert status.failing_items == 16 + 4
    assert (status.held.posts, status.held.videos, status.clips) == (384, 40, 24)


def test_what_is_due_for_fixity_is_found_by_index(made: App) -> None:
    with _statements(made.archive.database) as seen, made.archive.database.read() as session:
        due = fixity_rows.due(session, checked_before=NOW, limit=10)
    assert len(due) == 10
    assert _scans(made.archive.database, seen) == []


def test_counts_are_those_of_the_rows(database: Database) -> None:
    with database.write() as session:
        for number in range(4):
            post = a_post(f"https://x.test/a/status/{number}")
            posts.save_post(session, post, now=THEN, depth=0, origin=None, published=None)
        posts.discover_post(
            session, key=a_post().key, url="https://y.test/1", platform=a_post().platform,
            account=None, depth=0, origin=None, claims=(), published=None, now=THEN,
        )  # fmt: skip
        feed = a_post("https://x.test/feed", kind=PostKind.FEED)
        posts.save_post(session, feed, now=THEN, depth=0, origin=None, published=None)
        for name in ("a", "b", "c"):
            _take_in(session, a_video(name))
        videos.set_kept(session, a_video("a"), kept=False)
        clip = Clip(ClipId("clip-1"), a_video("a"), 0, 1000)
        clips.save_clip(session, clip, [a_video("a")], now=THEN)
        clips.save_clip(
            session, Clip(ClipId("clip-2"), a_video("b"), 0, 1), [a_video("b")], now=THEN
        )
        clips.retire_clip(session, clip.id, into=None, reason="r", at=THEN)
    _assert_counts(database)
    with database.write() as session:
        clips.save_clip(session, clip, [a_video("a")], now=THEN)
        videos.set_kept(session, a_video("a"), kept=True)
    _assert_counts(database)


def test_a_file_has_its_line_from_when_it_is_kept_until_it_goes(database: Database) -> None:
    video = a_video("a")
    with database.write() as session:
        _take_in(session, video)
    assert _kept(database) == {("keyframes", video), ("media", video)}
    with database.write() as session:
        deletions.save_deletion(
            session, video, rule="forget", by="N", why="w", size_bytes=1, with_keyframes=True,
            now=THEN,
        )  # fmt: skip
        videos.set_kept(session, video, kept=False)
    assert _kept(database) == set()
    with database.write() as session:
        videos.set_kept(session, video, kept=True)
        wanted = fingerprints.pending_fingerprints(session, ALGORITHM.key, now=THEN, limit=9)
        assert wanted == [video]  # its pictures are to be made again
        deletions.mark_remade(session, video, THEN)
        wanted = fingerprints.pending_fingerprints(session, ALGORITHM.key, now=THEN, limit=9)
        assert wanted == []
    assert _kept(database) == {("keyframes", video), ("media", video)}


def test_another_algorithm_makes_everything_due_again(database: Database) -> None:
    with database.write() as session:
        _take_in(session, a_video("a"))
        fingerprints.mark_detected(session, a_video("a"), ALGORITHM.key, now=THEN)
        for key, due in ((ALGORITHM.key, []), ("another", [a_video("a")])):
            found = fingerprints.pending_fingerprints(session, key, now=THEN, limit=9)
            assert found == due
        other = a_fingerprint(1, algorithm=type(ALGORITHM)("phash", ("bits=256",), ()))
        fingerprints.save_fingerprint(session, a_video("a"), other, now=THEN)
        for key, due in ((ALGORITHM.key, []), (other.algorithm.key, [a_video("a")])):
            assert fingerprints.pending_fingerprints(session, key, now=THEN, limit=9) == []
            assert fingerprints.pending_detection(session, key, now=THEN, limit=9) == due


def _take_in(session: Session, video: VideoId) -> None:
    videos.save_video(session, Video(video, 5), kept=True, now=THEN)
    fingerprints.save_fingerprint(session, video, a_fingerprint(), now=THEN)


def _kept(database: Database) -> set[tuple[str, str]]:
    with database.read() as session:
        return {(file.kind.value, file.name) for file in fixity_rows.kept_files(session)}


def _assert_counts(database: Database) -> None:
    with database.read() as session:
        held = col(PostRow.fetched_at).is_not(None) & col(PostRow.kind).in_(("post", "article"))
        counted = {
            tallies.POSTS: _count(session, PostRow, held),
            tallies.VIDEOS: _count(session, VideoRow),
            tallies.WITHOUT_ORIGINAL: _count(session, VideoRow, ~col(VideoRow.kept)),
            tallies.CLIPS: _count(session, ClipRow, col(ClipRow.retired_at).is_(None)),
            tallies.FRAMES: session.scalar(select(func.sum(col(FingerprintRow.frames)))),
        }
        assert {name: tallies.count(session, name) for name in counted} == counted


def _count(session: Session, table: Any, *where: Any) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


@contextmanager
def _statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Collect every statement that the database is asked while the block lasts."""
    seen: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT") and not HEAD.search(statement):
            seen.append((statement, parameters))

    engines: list[Engine] = [database._reader_engine(), database._writer_engine()]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def _scans(database: Database, seen: list[tuple[str, Any]]) -> list[str]:
    """Return the steps of the plans that read all of a table that grows with the archive."""
    found = []
    with database.read() as session:
        connection = session.connection()
        tables = set(session.get_bind().dialect.get_table_names(connection))
        for statement, parameters in seen:
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
                step = str(row[3])
                scanned = re.match(r"SCAN (\w+)(?:.* INDEX (\w+))?", step)
                if scanned and scanned[1] in tables - SMALL and scanned[2] not in PARTIAL:
                    found.append(step)
    return found


@pytest.mark.parametrize("job", [j for j in (*PIPELINE, *UPKEEP) if j.name not in LINEAR])
def test_an_idle_round_costs_no_more_in_a_larger_archive(made: App, larger: App, job: Job) -> None:
    small, large = (_instructions(app, job) for app in (made, larger))
    assert large <= small * 1.5 + 300, f"{small} instructions at 400 posts, {large} at 1,600"


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Open an archive four times as large, with as much in it that is recent."""
    yield from _made(tmp_path_factory.mktemp("larger"), 1600)


def _instructions(app: App, job: Job) -> int:
    """Return how many instructions of SQLite's machine the questions of an idle round take."""
    with _statements(app.archive.database) as seen:
        job.do(app, threading.Event(), Monitor())
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    with app.archive.database.read() as session:
        connection = session.connection()
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(count, 1)
        for statement, parameters in seen:
            connection.exec_driver_sql(statement, parameters).fetchall()
        raw.set_progress_handler(None, 0)
    return counted
