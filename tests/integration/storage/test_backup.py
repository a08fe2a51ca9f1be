"""Backups: whole while the archive is written to, small after the first, back again in full."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import backup as copies
from storage import deletions, holds, videos
from tests.support.json_schema import load, problems
from tests.support.made_case import make_case
from tests.support.tracker_cli import TrackerCommand
from tracker.app import App, open_app
from tracker.backup import back_up, restore
from tracker.composition.archive import RESTORING
from tracker.config import DatabaseSettings, Settings
from tracker.errors import IntegrityError, OutsideError, UnknownSubject, UsageError
from tracker.model.ids import VideoId

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class _Clock:
    """Moves on by a minute whenever it is asked."""

    def __init__(self) -> None:
        self._minutes = 0

    def now(self) -> datetime:
        self._minutes += 1
        return START + timedelta(minutes=self._minutes)


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An archive with one clip, its videos without originals, and an anchor."""
    with open_app(Settings(data_dir=tmp_path / "data")) as opened:
        make_case(opened, 3)
        opened.anchoring.run()
        yield opened


def _back_up(app: App, folder: Path, clock: _Clock) -> copies.Copied:
    return back_up(app.settings, folder, clock)


def _elsewhere(tmp_path: Path, name: str = "other") -> Settings:
    return Settings(data_dir=tmp_path / name)


def test_a_backup_comes_back_as_it_was(app: App, tmp_path: Path, clock: _Clock) -> None:
    chains = [chain.clip for chain in app.subjects.chains(app_video(app))]
    copied = _back_up(app, tmp_path / "b", clock)
    assert copied.damaged == ()
    summary = copies.summary_of(copied.path)
    assert problems(summary, load("backup")) == []
    there = _elsewhere(tmp_path)
    restored = restore(there, tmp_path / "b", clock)
    assert restored.verified.ok, restored.verified.broken
    assert restored.verified.entries == summary["ledger_entries"]
    assert restored.verified.anchors == 1
    assert restored.verified.notes == ()
    with open_app(there, writes=False) as found:
        assert [chain.clip for chain in found.subjects.chains(app_video(app))] == chains
    assert not (there.data_dir / RESTORING).exists()


def test_the_second_backup_holds_only_what_is_new(app: App, tmp_path: Path, clock: _Clock) -> None:
    first = _back_up(app, tmp_path / "b", clock)
    assert first.new_files == first.files - 1  # the database is another one each time
    make_case(app, 1, salt="later")
    second = _back_up(app, tmp_path / "b", clock)
    assert 0 < second.new_files < first.new_files
    assert second.files > first.files
    name = next(iter(copies.listed(first.path).keys() - {copies.DATABASE}))
    assert (first.path / name).samefile(second.path / name)
    shutil.rmtree(first.path)  # an older backup may be thrown away at any time
    assert restore(_elsewhere(tmp_path), tmp_path / "b", clock).verified.ok


def test_while_the_archive_is_written_to(app: App, tmp_path: Path, clock: _Clock) -> None:
    ended = threading.Event()

    def write() -> None:
        number = 0
        while not ended.is_set():
            make_case(app, 1, salt=f"meanwhile{number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [_back_up(app, tmp_path / "b", clock) for _ in range(3)]
    finally:
        ended.set()
        writer.join()
    for number, copied in enumerate(made):
        assert copied.damaged == ()
        restored = restore(_elsewhere(tmp_path, f"r{number}"), copied.path, clock)
        assert restored.verified.ok, restored.verified.broken


def test_a_damaged_file_is_named_and_left_out(app: App, tmp_path: Path, clock: _Clock) -> None:
    media = app.archive.media
    digest = next(iter(media.digests()))
    media.path(digest).chmod(0o600)
    media.path(digest).write_bytes(b"something else")
    copied = _back_up(app, tmp_path / "b", clock)
    (name,) = copied.damaged
    assert name.endswith(digest)
    assert name not in copies.listed(copied.path)


def test_what_was_forgotten_does_not_come_back_with_an_older_backup(
    app: App, tmp_path: Path, clock: _Clock
) -> None:
    video = app_video(app)
    body = b"the original bytes"
    old = _back_up(app, tmp_path / "b", clock)
    app.retention.forget(video, by="N. Name", why="removal request")
    _back_up(app, tmp_path / "b", clock)
    there = _elsewhere(tmp_path)
    restored = restore(there, old.path, clock)
    assert restored.forgotten == (video,)
    assert restored.verified.ok, restored.verified.broken
    assert body not in b"".join(p.read_bytes() for p in there.data_dir.rglob("*.keyframes"))
    with open_app(there, writes=False) as found, found.archive.database.read() as session:
        assert deletions.keyframes_gone(session, video)
        assert not videos.is_kept(session, video)
        assert holds.active_holds(session) == []
        last = deletions.last_deletion(session, video)
        assert last is not None
        assert "removal request" in last.why


def test_only_an_empty_place_is_restored_into(app: App, tmp_path: Path, clock: _Clock) -> None:
    _back_up(app, tmp_path / "b", clock)
    with pytest.raises(UsageError, match="not empty"):
        restore(app.settings, tmp_path / "b", clock)
    there = _elsewhere(tmp_path)
    there.data_dir.mkdir()
    (there.data_dir / "a file of somebody").touch()
    with pytest.raises(UsageError, match="not empty"):
        restore(there, tmp_path / "b", clock)


@pytest.mark.parametrize("what", ["file", "database", "list", "gone"])
def test_an_altered_backup_is_refused_and_the_same_restore_can_go_on(
    app: App, tmp_path: Path, clock: _Clock, what: str
) -> None:
    copied = _back_up(app, tmp_path / "b", clock)
    name = next(n for n in copies.listed(copied.path) if n.startswith("keyframes"))
    target = {"database": copies.DATABASE, "list": copies.FILES}.get(what, name)
    broken = copied.path / target
    whole = broken.read_bytes()
    broken.chmod(0o600)
    broken.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1])) if what != "gone" else broken.unlink()
    there = _elsewhere(tmp_path)
    with pytest.raises(IntegrityError):
        restore(there, copied.path, clock)
    assert not (there.data_dir / "tracker.db").exists()
    if what != "list":
        with pytest.raises(OutsideError, match="interrupted"), open_app(there):
            pass
    broken.write_bytes(whole)
    assert restore(there, copied.path, clock).verified.ok


def test_what_is_no_place_for_a_backup(app: App, tmp_path: Path, clock: _Clock) -> None:
    with pytest.raises(UsageError, match="inside the archive"):
        _back_up(app, app.settings.data_dir / "b", clock)
    with pytest.raises(UnknownSubject, match="nothing to back up"):
        back_up(_elsewhere(tmp_path, "none"), tmp_path / "b", clock)
    with pytest.raises(UsageError, match="no finished backup"):
        restore(_elsewhere(tmp_path), tmp_path / "b", clock)
    server = DatabaseSettings.model_validate({"url": "postgresql+psycopg://u@h/d"})
    with pytest.raises(UsageError, match="pg_dump"):
        back_up(Settings(data_dir=tmp_path / "data", database=server), tmp_path / "b", clock)
    with copies.locked(tmp_path / "b"), pytest.raises(OutsideError, match="another backup"):
        _back_up(app, tmp_path / "b", clock)


def test_a_list_cannot_name_files_outside_the_archive(tmp_path: Path) -> None:
    for name in ("../../etc/x", "/etc/x", "a/../../x"):
        directory = copies.begin(tmp_path, START)
        backup = copies.finish(directory, {name: "0" * 64}, {})
        with pytest.raises(IntegrityError, match="outside the archive"):
            copies.listed(backup)
        shutil.rmtree(backup)


def test_killed_at_any_moment_it_leaves_no_backup_that_looks_whole(
    app: App, tmp_path: Path, clock: _Clock
) -> None:
    make_case(app, 30, salt="more")
    tracker = TrackerCommand(tmp_path)
    folder = tmp_path / "b"
    rng = random.Random(7)  # noqa: S311 - repeatable on purpose
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "tracker", "backup", str(folder)],
            env=tracker.environment(PYTHONPATH=os.pathsep.join(sys.path)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for(folder, process)
        time.sleep(rng.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        process.wait()
    for backup in copies.complete(folder):
        assert set(copies.listed(backup)) == {
            p.relative_to(backup).as_posix() for p in backup.rglob("*") if p.is_file()
        } - {copies.FILES, copies.SUMMARY}
    _back_up(app, folder, clock)
    assert list(folder.glob(f"*{copies.UNFINISHED}")) == []
    assert restore(_elsewhere(tmp_path), folder, clock).verified.ok


def _wait_for(folder: Path, process: subprocess.Popen[bytes]) -> None:
    before = {p.name for p in folder.iterdir()} if folder.is_dir() else set()
    while process.poll() is None:
        if folder.is_dir() and {p.name for p in folder.iterdir()} - before - {".lock"}:
            return
        time.sleep(0.01)


def app_video(app: App) -> VideoId:
    """Return the first video of the archive."""
    with app.archive.database.read() as session:
        return videos.find_prefix(session, "")[0]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_summary_is_told_as_that(tmp_path: Path, body: bytes) -> None:
    (tmp_path / copies.SUMMARY).write_bytes(body)
    with pytest.raises(IntegrityError, match="no summary of a backup"):
        copies.summary_of(tmp_path)
