"""Re-hashing, retention, holds and orders to forget, on a real archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs import audit as audit_job
from jobs import fixity as fixity_job
from jobs import retention as retention_job
from jobs.turn import Turn
from storage import anchors, deletions, ledger
from storage import fingerprints as fingerprint_rows
from storage import fixity as fixity_rows
from storage import videos as video_rows
from storage.anchor_store import AnchorStore
from tests.integration.ingest.conftest import AppMaker, TurnedClock
from tests.support.footage import Edit, make_copy, make_footage
from tests.support.pages import video_page
from tests.support.webserver import WebServer
from tracker.app import App
from tracker.clock import SystemClock
from tracker.config import FixitySettings, RetentionSettings
from tracker.errors import OnHold, TrackerError, UnknownSubject, UsageError
from tracker.fixity import Fixity, FixityTerms
from tracker.ingest.add import Stated
from tracker.media.digest import sha256_of
from tracker.model.anchor import Token, TokenKind, TokenState
from tracker.model.custody import HeldKind
from tracker.model.fingerprint import Fingerprint
from tracker.model.fixity import FixityResult, KeptFile, KeptKind
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerKind

BY, WHY = "N. Name", "case 12"


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A video, a copy of a part of it, and another video."""
    folder = tmp_path_factory.mktemp("custody")
    source = make_footage(folder / "source.mp4", seed=31, seconds=6).path
    copy = make_copy(source, folder / "copy.mp4", Edit(start_s=1, end_s=6, crf=30)).path
    return source, copy, make_footage(folder / "other.mp4", seed=32, seconds=3).path


@pytest.fixture
def app(make_app: AppMaker) -> Iterator[App]:
    """An archive whose originals may go after ten days."""
    with make_app(retention=RetentionSettings(originals_days=10)) as opened:
        yield opened


def post_of(site: WebServer, name: str, video: Path) -> str:
    media = site.add(f"/{name}.mp4", video.read_bytes(), content_type="video/mp4")
    return site.add(f"/{name}", video_page(name, media, "2026-02-01T10:00:00Z"))


def take_in(app: App, site: WebServer, *videos: Path) -> list[VideoId]:
    for path in videos:
        assert app.add.take_in(post_of(site, path.stem, path), Stated()).errors == ()
    return [sha256_of(path) for path in videos]


def is_there(app: App, video: VideoId) -> bool:
    return app.archive.media.contains(video)


def bodies(app: App, kind: LedgerKind) -> list[dict[str, object]]:
    with app.archive.database.read() as s:
        return [json.loads(entry.body) for entry in ledger.entries_of(s, kind)]


def no_stop() -> Turn:
    return Turn()


# --- retention ------------------------------------------------------------------------------


def test_originals_go_by_rule_and_everything_learned_stays(
    app: App, site: WebServer, clock: TurnedClock, footage: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    source, copy, other = footage
    old, part = take_in(app, site, source, copy)
    clock.turn(days=9)
    assert retention_job.run(app, no_stop()) == 0
    (young,) = take_in(app, site, other)
    clock.turn(days=2)
    assert retention_job.run(app, no_stop()) == 2
    assert retention_job.run(app, no_stop()) == 0
    assert [is_there(app, video) for video in (old, part, young)] == [False, False, True]
    entries = bodies(app, LedgerKind.DELETION)
    assert {entry["sha256"] for entry in entries} == {old, part}
    assert entries[0]["rule"] == "retention.originals_days = 10"
    assert entries[0]["by"] == "retention"
    assert {entry["size_bytes"] for entry in entries} == {p.stat().st_size for p in footage[:2]}
    assert app.verify().ok
    status = app.status()
    assert (status.without_original, status.never_again) == (2, 0)
    assert all(work.count == 0 for work in status.pending)
    (chain,) = app.subjects.chains(part)
    assert {link.appearance.video for link in chain.links} == {old, part}
    (result,) = app.lookup.run(str(copy))
    assert {match.match.reference for match in result.matches} >= {old, part}
    report = app.reports.write(part, "html", tmp_path / "report.html").read_text()
    assert report.count("data:image/jpeg") >= 2


def test_nothing_goes_unless_the_config_says_so(
    make_app: AppMaker, site: WebServer, clock: TurnedClock, footage: tuple[Path, Path, Path]
) -> None:
    with make_app() as app:
        (video,) = take_in(app, site, footage[2])
        clock.turn(days=4000)
        assert retention_job.run(app, no_stop()) == 0
        assert is_there(app, video)


def test_an_original_without_whole_keyframes_stays(
    app: App, site: WebServer, clock: TurnedClock, footage: tuple[Path, Path, Path]
) -> None:
    (video,) = take_in(app, site, footage[2])
    app.archive.keyframes.path(video, app.algorithm_key).unlink()
    clock.turn(days=11)
    assert retention_job.run(app, no_stop()) == 0
    assert is_there(app, video)


def test_bytes_captured_again_are_kept_again(
    app: App, site: WebServer, clock: TurnedClock, footage: tuple[Path, Path, Path]
) -> None:
    path = footage[2]
    (video,) = take_in(app, site, path)
    clock.turn(days=11)
    assert retention_job.run(app, no_stop()) == 1
    added = app.add.take_in(post_of(site, "again", path), Stated())
    assert [(v.sha256, v.new) for v in added.videos] == [(video, False)]
    assert is_there(app, video)
    assert app.verify().ok
    clock.turn(days=9)
    assert retention_job.run(app, no_stop()) == 0
    clock.turn(days=2)
    assert retention_job.run(app, no_stop()) == 1
    assert len(bodies(app, LedgerKind.DELETION)) == 2
    assert app.verify().ok


def test_a_local_file_taken_in_again_is_kept_again(
    app: App, clock: TurnedClock, footage: tuple[Path, Path, Path]
) -> None:
    path = footage[2]
    app.add.take_in(str(path), Stated())
    clock.turn(days=11)
    assert retention_job.run(app, no_stop()) == 1
    app.add.take_in(str(path), Stated())
    assert is_there(app, sha256_of(path))
    assert app.verify().ok


def decide_by_hand(app: App, video: VideoId) -> None:
    """Leave the archive as a process does that is killed right after its decision."""
    now = app.clock.now()
    with app.archive.database.write() as s:
        deletions.save_deletion(
            s, video, rule="r", by="b", why="w", size_bytes=1, with_keyframes=False, now=now
        )
        video_rows.set_kept(s, video, kept=False)
        ledger.append(s, LedgerKind.DELETION, {"sha256": video, "video": video}, at=now)


def test_a_deletion_that_was_cut_off_is_finished_by_the_next_run(
    app: App, site: WebServer, footage: tuple[Path, Path, Path]
) -> None:
    (video,) = take_in(app, site, footage[2])
    decide_by_hand(app, video)
    assert is_there(app, video)
    verified = app.verify()
    assert verified.ok
    assert any("its deletion is recorded" in note for note in verified.notes)
    retention_job.run(app, no_stop())
    assert not is_there(app, video)
    assert app.verify().notes == ()


def test_a_deletion_cut_off_after_the_file_went_is_finished_too(
    app: App, site: WebServer, footage: tuple[Path, Path, Path]
) -> None:
    (video,) = take_in(app, site, footage[2])
    decide_by_hand(app, video)
    app.archive.media.remove(video)
    assert app.verify().ok
    retention_job.run(app, no_stop())
    with app.archive.database.read() as s:
        assert deletions.unfinished(s) == []
    assert len(bodies(app, LedgerKind.DELETION)) == 1


def test_what_was_captured_again_before_it_was_removed_stays(
    app: App, site: WebServer, footage: tuple[Path, Path, Path]
) -> None:
    (video,) = take_in(app, site, footage[2])
    decide_by_hand(app, video)
    app.add.take_in(post_of(site, "again", footage[2]), Stated())
    retention_job.run(app, no_stop())
    assert is_there(app, video)
    assert app.verify().ok


def test_a_new_algorithm_says_what_can_never_be_made_again(
    app: App, site: WebServer, clock: TurnedClock, footage: tuple[Path, Path, Path]
) -> None:
    """The fingerprint is filed under another algorithm, as if the present one were newer."""
    take_in(app, site, footage[2])
    clock.turn(days=11)
    retention_job.run(app, no_stop())
    with app.archive.database.write() as s:
        s.connection().exec_driver_sql("UPDATE algorithm SET key = 'former'")
    status = app.status()
    assert status.never_again == 1
    assert {work.stage: work.count for work in status.pending}["fingerprint"] == 0
    assert status.failing == ()
    (error,) = app.add.take_in(site.url("/other"), Stated()).errors
    assert "its original was deleted" in error.error
    assert app.status().failing == ()


# --- holds and orders -----------------------------------------------------------------------


def test_a_hold_wins_over_the_rule_and_over_orders(
    app: App, site: WebServer, clock: TurnedClock, footage: tuple[Path, Path, Path]
) -> None:
    source, copy, other = footage
    old, part, alone = take_in(app, site, source, copy, other)
    clip = app.subjects.chains(old)[0].clip
    assert app.holds.add(clip, by=BY, why=WHY).kind is HeldKind.CLIP
    assert app.holds.add(site.url("/other"), by=BY, why=WHY).kind is HeldKind.POST
    clock.turn(days=11)
    assert retention_job.run(app, no_stop()) == 0
    for video in (old, part, alone):
        with pytest.raises(OnHold, match="is on hold"):
            app.retention.forget(video, by=BY, why="please")
    assert app.status().holds == 2
    app.holds.remove(clip, by=BY, why="closed")
    assert retention_job.run(app, no_stop()) == 2
    assert is_there(app, alone)
    steps = [(entry["step"], entry["kind"]) for entry in bodies(app, LedgerKind.HOLD)]
    assert steps == [("add", "clip"), ("add", "post"), ("remove", "clip")]
    (left,) = app.holds.listed()
    assert len(app.holds.listed(former=True)) == 2
    app.holds.remove(str(left.id), by=BY, why="closed as well")
    assert app.holds.listed() == []
    assert app.verify().ok


def test_a_hold_on_a_video_by_the_beginning_of_its_digest(
    app: App, site: WebServer, footage: tuple[Path, Path, Path]
) -> None:
    (video,) = take_in(app, site, footage[2])
    hold = app.holds.add(video[:12], by=f"  {BY}\n", why=WHY)
    assert (hold.kind, hold.subject, hold.by) == (HeldKind.VIDEO, video, BY)
    with pytest.raises(OnHold, match="is on hold"):
        app.retention.forget(video[:12], by=BY, why=WHY)


@pytest.mark.parametrize(
    ("subject", "by", "why", "error"),
    [
        ("clip-unknown", BY, WHY, UnknownSubject),
        ("https://example.org/nothing", BY, WHY, UnknownSubject),
        ("", BY, WHY, UnknownSubject),
        ("0" * 64, BY, WHY, UnknownSubject),
        ("whatever", " ", WHY, UsageError),
        ("whatever", BY, "", UsageError),
    ],
)
def test_what_cannot_be_held_or_forgotten(
    app: App, subject: str, by: str, why: str, error: type[TrackerError]
) -> None:
    for call in (app.holds.add, app.holds.remove, app.retention.forget):
        with pytest.raises(error):
            call(subject, by=by, why=why)
    assert app.status().ledger_entries == 0


def test_what_is_forgotten_loses_its_pictures_and_gets_them_again_if_captured_again(
    app: App, site: WebServer, footage: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    path = footage[2]
    (video,) = take_in(app, site, path)
    deletion = app.retention.forget(video[:10], by=BY, why="removal request")
    assert deletion.video == video
    assert not is_there(app, video)
    assert not app.archive.keyframes.contains(video, app.algorithm_key)
    (entry,) = bodies(app, LedgerKind.DELETION)
    assert (entry["rule"], entry["by"], entry["why"]) == ("forget", BY, "removal request")
    assert app.verify().ok
    assert app.fixity.run_slice() > 0
    assert app.status().fixity is not None
    app.reports.write(video, "html", tmp_path / "r.html")
    assert "No pictures of this file are kept any more" in (tmp_path / "r.html").read_text()
    with pytest.raises(UnknownSubject, match="nothing of video"):
        app.retention.forget(video, by=BY, why=WHY)
    app.add.take_in(post_of(site, "again", path), Stated())
    assert is_there(app, video)
    assert app.archive.keyframes.contains(video, app.algorithm_key)
    assert {work.stage: work.count for work in app.status().pending}["fingerprint"] == 0
    assert app.verify().ok


def test_a_video_forgotten_while_it_is_decoded_leaves_no_pictures(
    app: App, site: WebServer, footage: tuple[Path, Path, Path]
) -> None:
    """The decision falls between the decoding and its record."""
    url = post_of(site, "one", footage[2])
    app.collect.take(url, key=None, depth=0, origin=None)
    (item,) = app.capture.pending(9)
    video = app.capture.take(item).video
    decide_by_hand(app, video)
    app.fingerprint.process(video)
    assert not app.archive.keyframes.contains(video, app.algorithm_key)
    with app.archive.database.read() as s:
        held: Fingerprint | None = fingerprint_rows.get_fingerprint(s, video, app.algorithm_key)
    assert held is None


def test_the_daily_audit_checks_ledger_and_rows(
    app: App, site: WebServer, footage: tuple[Path, Path, Path]
) -> None:
    take_in(app, site, footage[2])
    entries = app.status().ledger_entries
    assert audit_job.run(app, no_stop()) == entries
    with app.archive.database.write() as s:
        s.connection().exec_driver_sql("UPDATE fingerprint SET duration_ms = 1")
    assert not app.verify(with_files=False).ok
    assert app.verify(with_files=False).files == 0


# --- fixity ---------------------------------------------------------------------------------


def test_everything_kept_is_read_again_slice_by_slice(
    make_app: AppMaker, site: WebServer, clock: TurnedClock, footage: tuple[Path, Path, Path]
) -> None:
    with make_app(fixity=FixitySettings(days=10, slice_mb=1)) as app:
        take_in(app, site, *footage)
        total = app.status().fixity
        assert total is not None
        assert (total.checked, total.never, total.broken_files) == (0, total.files, 0)
        assert total.files == app.verify().files
        while fixity_job.run(app, no_stop()):
            pass
        done = app.status().fixity
        assert done is not None
        assert (done.checked, done.never) == (total.files, 0)
        clock.turn(days=7)
        assert fixity_job.run(app, no_stop()) == 0
        clock.turn(days=2)
        assert fixity_job.run(app, no_stop()) > 0
        clock.turn(days=11)
        late = app.status().fixity
        assert late is not None
        assert late.checked == 0
        assert late.oldest_checked_at is not None


def test_a_slice_ends_when_its_bytes_are_read(
    make_app: AppMaker, site: WebServer, footage: tuple[Path, Path, Path]
) -> None:
    with make_app(fixity=FixitySettings(slice_mb=1)) as app:
        for n in range(2):
            path = footage[2].with_name(f"big-{n}.mp4")
            path.write_bytes(footage[2].read_bytes() + bytes([n]) * 1_100_000)
            app.add.take_in(str(path), Stated())
        rounds = []
        while done := fixity_job.run(app, no_stop()):
            rounds.append(done)
        assert len(rounds) >= 2


def test_a_broken_file_is_told_entered_once_and_once_more_when_it_is_back(
    app: App, site: WebServer, clock: TurnedClock, footage: tuple[Path, Path, Path]
) -> None:
    (video,) = take_in(app, site, footage[2])
    path = app.archive.media.path(video)
    pictures = app.archive.keyframes.path(video, app.algorithm_key)
    whole, small = path.read_bytes(), pictures.read_bytes()
    path.chmod(0o600)
    path.write_bytes(whole[:-1] + b"\0")
    pictures.unlink()
    for _ in range(2):
        fixity_job.run(app, no_stop())
        clock.turn(days=30)
    coverage = app.status().fixity
    assert coverage is not None
    assert coverage.broken_files == 2
    found = {check.file.kind: check for check in coverage.broken}
    assert found[KeptKind.MEDIA].result is FixityResult.CHANGED
    assert found[KeptKind.KEYFRAMES].result is FixityResult.MISSING
    assert found[KeptKind.MEDIA].since_at < found[KeptKind.MEDIA].checked_at
    assert not app.verify().ok
    assert [entry["result"] for entry in bodies(app, LedgerKind.FIXITY)] == ["missing", "changed"]
    path.write_bytes(whole)
    pictures.write_bytes(small)
    fixity_job.run(app, no_stop())
    assert [entry["result"] for entry in bodies(app, LedgerKind.FIXITY)][2:] == ["ok", "ok"]
    healed = app.status().fixity
    assert healed is not None
    assert healed.broken_files == 0
    assert app.verify().ok


def test_a_deleted_file_is_not_called_broken(
    app: App, site: WebServer, clock: TurnedClock, footage: tuple[Path, Path, Path]
) -> None:
    (video,) = take_in(app, site, footage[2])
    fixity_job.run(app, no_stop())
    before = app.status().fixity
    clock.turn(days=11)
    retention_job.run(app, no_stop())
    clock.turn(days=30)
    fixity_job.run(app, no_stop())
    after = app.status().fixity
    assert before is not None
    assert after is not None
    assert (after.files, after.broken_files) == (before.files - 1, 0)
    with app.archive.database.read() as s:
        assert not fixity_rows.is_kept(s, KeptFile(KeptKind.MEDIA, video))
    assert bodies(app, LedgerKind.FIXITY) == []


def test_files_of_timestamps_are_read_again_too(
    app: App, site: WebServer, footage: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    take_in(app, site, footage[2])
    store, now = AnchorStore(tmp_path / "data" / "anchors"), app.clock.now()
    with app.archive.database.write() as s:
        anchor = anchors.make_anchor(s, now)
        assert anchor is not None
        digest = store.put(anchor, b"what the authority answered", ".tsr")
        token = Token(
            anchor=anchor.number,
            kind=TokenKind.RFC3161,
            authority="https://tsa.test/",
            state=TokenState.HELD,
            reason="not looked at",
            received_at=now,
            request=None,
            response=digest,
        )
        anchors.add_token(s, token, now)
    fixity_job.run(app, no_stop())
    whole = app.status().fixity
    assert whole is not None
    assert (whole.checked, whole.broken_files) == (whole.files, 0)
    path = store.path(anchor, digest, ".tsr")
    path.chmod(0o600)
    path.write_bytes(b"something else")
    check = FixityTerms(slice_bytes=1024**3, days=1e-9)
    Fixity(app.archive, store, check, SystemClock()).run_slice()
    broken = app.status().fixity
    assert broken is not None
    (found,) = broken.broken
    assert (found.file.kind, found.result) == (KeptKind.TOKEN, FixityResult.CHANGED)
    path.unlink()
    Fixity(app.archive, store, check, SystemClock()).run_slice()
    results = [entry["result"] for entry in bodies(app, LedgerKind.FIXITY)]
    assert results == ["changed", "missing"]
