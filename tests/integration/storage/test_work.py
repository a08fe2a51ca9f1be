"""From a capture to a chain: what each stage stores, and what it then finds left to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlmodel import Session

from storage import (
    attempts,
    captures,
    clips,
    fingerprints,
    matches,
    post_media,
    posts,
    videos,
    watches,
)
from storage.database import Database
from storage.migrations.runner import migration_config
from tests.support.values import (
    ALGORITHM,
    HOUR,
    KEY,
    NOW,
    a_claim,
    a_fingerprint,
    a_match,
    a_post,
    a_video,
    an_exchange,
    same_fingerprint,
)
from tracker.errors import DatabaseError, UnknownSubject
from tracker.model.algorithm import Algorithm
from tracker.model.clip import Clip
from tracker.model.ids import AppearanceId, ClipId, PostKey, VideoId
from tracker.model.match import Segment
from tracker.model.post import MediaRef
from tracker.model.video import MediaInfo, Video
from tracker.model.watch import Watch

ONE, TWO, THREE, FOUR = (a_video(name) for name in ("one", "two", "three", "four"))
NEWER = Algorithm("phash", ("bits=256", "rate=1"), ("av=1.0",))
INFO = MediaInfo("mp4", "h264", 640, 360, 12_480, has_audio=True, creation_at=NOW)


def take_in(s: Session, *names: VideoId) -> None:
    for n, video in enumerate(names):
        videos.save_video(s, Video(video, 10), kept=True, now=NOW + n * HOUR)


def test_a_capture_comes_back_and_its_media_leaves_the_queue(database: Database) -> None:
    post = a_post(media=(MediaRef("https://cdn.test/1", "http", "m1"),))
    with database.write() as s:
        posts.save_post(s, post, now=NOW, depth=0, origin=None, published=None)
        (media,) = captures.pending_media(s, now=NOW, limit=9)
        assert (media.post, media.ref) == (post.key, post.media[0])
        take_in(s, ONE)
        page = captures.save_exchange(
            s, an_exchange(), post=post.key, body_sha256="b" * 64, video=None
        )
        file = captures.save_exchange(
            s, an_exchange("https://cdn.test/1"), post=post.key, body_sha256=None, video=ONE
        )
        post_media.link_video(s, media.post, media.ref, ONE)
        assert captures.pending_media(s, now=NOW, limit=9) == []
        assert posts.posts_of_video(s, ONE) == [post.key]
        found = captures.captures_of_post(s, post.key)
        assert [c.id for c in found] == [page, file]
        assert found[0].exchange == replace(an_exchange(), body=b"")
        assert (found[0].body_sha256, found[0].video) == ("b" * 64, None)
        assert captures.captures_of_video(s, ONE) == [found[1]]
        assert captures.body_digests(s) == {"b" * 64}


def test_media_that_failed_is_held_back(database: Database) -> None:
    with database.write() as s:
        posts.save_post(s, a_post(), now=NOW, depth=0, origin=None, published=None)
        (media,) = captures.pending_media(s, now=NOW, limit=9)
        attempts.record_failure(
            s, "capture", str(media.id), error="e", retryable=True, retry_at=None, now=NOW
        )
        assert captures.pending_media(s, now=NOW, limit=9) == []
        assert captures.pending_media(s, now=NOW + HOUR, limit=9) == [media]


def test_a_capture_of_nothing_known_is_refused(database: Database) -> None:
    with pytest.raises(UnknownSubject), database.write() as s:
        captures.save_exchange(
            s, an_exchange(), post=PostKey("https://x.test/?"), body_sha256=None, video=None
        )
    with pytest.raises(UnknownSubject), database.write() as s:
        post_media.link_video(s, PostKey("https://x.test/?"), MediaRef("m", "http"), ONE)
    with pytest.raises(DatabaseError, match="FOREIGN KEY"), database.write() as s:
        captures.save_exchange(s, an_exchange(), post=None, body_sha256=None, video=ONE)


def test_a_video_and_what_is_known_of_it(database: Database) -> None:
    with database.write() as s:
        assert videos.save_video(s, Video(ONE, 10), kept=False, now=NOW)
        assert videos.get_video(s, ONE) == Video(ONE, 10)
        assert videos.kept_digests(s) == []
        assert not videos.save_video(s, Video(ONE, 10), kept=True, now=NOW)
        assert videos.kept_digests(s) == [ONE]
        videos.set_info(s, ONE, INFO)
        assert videos.get_video(s, ONE) == Video(ONE, 10, INFO)
        videos.save_video(s, Video(ONE, 10), kept=True, now=NOW)
        assert videos.get_video(s, ONE) == Video(ONE, 10, INFO)
        for path in ("/b.mp4", "/a.mp4", "/b.mp4"):
            videos.add_file(s, ONE, path)
        assert videos.files(s, ONE) == ("/a.mp4", "/b.mp4")
        videos.add_video_claims(s, ONE, [a_claim(), a_claim()])
        videos.add_video_claims(s, ONE, [a_claim(NOW - HOUR), a_claim()])
        assert videos.video_claims(s, ONE) == (a_claim(), a_claim(NOW - HOUR))
        assert videos.get_video(s, TWO) is None
        assert videos.find_prefix(s, ONE[:6].upper()) == [ONE]
        assert videos.find_prefix(s, "%") == []
    with pytest.raises(UnknownSubject, match="no video"), database.write() as s:
        videos.set_info(s, TWO, INFO)


def test_a_fingerprint_comes_back_bit_for_bit(database: Database) -> None:
    made = a_fingerprint()
    with database.write() as s:
        take_in(s, ONE, TWO)
        assert fingerprints.pending_fingerprints(s, KEY, now=NOW, limit=9) == [ONE, TWO]
        first = fingerprints.save_fingerprint(s, ONE, made, now=NOW)
        assert fingerprints.save_fingerprint(s, ONE, a_fingerprint(1), now=NOW) == first
        assert fingerprints.pending_fingerprints(s, KEY, now=NOW, limit=9) == [TWO]
        assert fingerprints.pending_fingerprints(s, NEWER.key, now=NOW, limit=9) == [ONE, TWO]
        back = fingerprints.get_fingerprint(s, ONE, KEY)
        assert back is not None
        assert same_fingerprint(back, made)
        assert fingerprints.get_fingerprint(s, ONE, NEWER.key) is None
        assert fingerprints.get_fingerprint(s, TWO, KEY) is None


def test_a_fingerprint_without_hashes_is_one_too(database: Database) -> None:
    made = a_fingerprint(frames=0)
    with database.write() as s:
        take_in(s, ONE)
        fingerprints.save_fingerprint(s, ONE, made, now=NOW)
        back = fingerprints.get_fingerprint(s, ONE, KEY)
    assert back is not None
    assert len(back.codes) == 0
    assert back.pts_ms.dtype == np.int32


def test_the_search_index_reads_on_from_a_row(database: Database) -> None:
    with database.write() as s:
        take_in(s, ONE, TWO, THREE)
        ids = [
            fingerprints.save_fingerprint(s, v, a_fingerprint(n), now=NOW)
            for n, v in enumerate((TWO, ONE, THREE))
        ]
        fingerprints.save_fingerprint(s, ONE, a_fingerprint(algorithm=NEWER), now=NOW)
        found = fingerprints.fingerprints_after(s, KEY, 0, 2)
        assert [(i, v) for i, v, _ in found] == [(ids[0], TWO), (ids[1], ONE)]
        assert same_fingerprint(found[1][2], a_fingerprint(1))
        rest = fingerprints.fingerprints_after(s, KEY, ids[1], 9)
        assert [(i, v) for i, v, _ in rest] == [(ids[2], THREE)]
        assert fingerprints.fingerprints_after(s, "unknown", 0, 9) == []
        assert ids == sorted(ids)


def test_detection_follows_the_fingerprint_and_record_follows_detection(
    database: Database,
) -> None:
    with database.write() as s:
        take_in(s, ONE, TWO)
        assert fingerprints.pending_detection(s, KEY, now=NOW, limit=9) == []
        for video in (TWO, ONE):
            fingerprints.save_fingerprint(s, video, a_fingerprint(), now=NOW)
        assert fingerprints.pending_detection(s, KEY, now=NOW, limit=9) == [TWO, ONE]
        assert videos.pending_records(s, KEY, now=NOW, limit=9) == []
        fingerprints.mark_detected(s, TWO, KEY, now=NOW)
        fingerprints.mark_detected(s, TWO, KEY, now=NOW)
        assert fingerprints.pending_detection(s, KEY, now=NOW, limit=9) == [ONE]
        assert fingerprints.detected(s, KEY) == {TWO}
        assert fingerprints.is_detected(s, TWO, KEY)
        assert not fingerprints.is_detected(s, TWO, NEWER.key)
        assert videos.pending_records(s, KEY, now=NOW, limit=9) == [TWO]


def test_an_archive_of_before_comparison_saw_more_is_compared_again(database: Database) -> None:
    with database.write() as s:
        take_in(s, ONE)
        fingerprints.save_fingerprint(s, ONE, a_fingerprint(), now=NOW)
        fingerprints.mark_detected(s, ONE, KEY, now=NOW)
    database.close()
    engine, config = create_engine(f"sqlite:///{database.path}"), migration_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0018")
    engine.dispose()
    database.migrate()
    with database.read() as s:
        assert fingerprints.pending_detection(s, KEY, now=NOW, limit=9) == [ONE]


def test_evidence_that_arrives_while_recording_is_not_lost(database: Database) -> None:
    with database.write() as s:
        take_in(s, ONE)
        fingerprints.save_fingerprint(s, ONE, a_fingerprint(), now=NOW)
        fingerprints.mark_detected(s, ONE, KEY, now=NOW)
        version = videos.evidence_version(s, ONE)
        videos.touch(s, ONE)
        videos.mark_recorded(s, ONE, version)
        assert videos.pending_records(s, KEY, now=NOW, limit=9) == [ONE]
        videos.mark_recorded(s, ONE, videos.evidence_version(s, ONE))
        assert videos.pending_records(s, KEY, now=NOW, limit=9) == []
        videos.mark_recorded(s, ONE, 0)  # a late worker takes nothing back
        assert videos.pending_records(s, KEY, now=NOW, limit=9) == []


def test_queue_depths_follow_the_flow(database: Database) -> None:
    with database.write() as s:
        assert set(attempts.queue_depths(s, KEY).values()) == {0}
        posts.save_post(s, a_post(), now=NOW, depth=0, origin=None, published=None)
        take_in(s, ONE, TWO, THREE, FOUR)
        for video in (ONE, TWO):
            fingerprints.save_fingerprint(s, video, a_fingerprint(), now=NOW)
        fingerprints.mark_detected(s, ONE, KEY, now=NOW)
        attempts.record_failure(
            s, "fingerprint", THREE, error="no video", retryable=False, retry_at=None, now=NOW
        )
        assert list(attempts.queue_depths(s, KEY).items()) == [
            ("collect", 0), ("capture", 1), ("credentials", 4), ("fingerprint", 1),
            ("detect", 1), ("record", 1),
        ]  # fmt: skip


def test_failures_back_off_and_are_parked_in_the_end(database: Database) -> None:
    at, pauses = NOW, []
    with database.write() as s:
        for n in range(attempts.MAX_TRIES):
            attempts.record_failure(
                s, "detect", ONE, error=f"e{n}", retryable=True, retry_at=None, now=at
            )
            (failure,) = attempts.failing(s)
            pauses.append(failure.next_at - at)
            at = failure.next_at
            assert failure.parked is (n == attempts.MAX_TRIES - 1)
        minutes = [1, 4, 16, 64, 256, 1024]
        assert pauses == [timedelta(minutes=m) for m in minutes]
        assert attempts.pause_after(50) == timedelta(days=1)
        assert (failure.tries, failure.error) == (6, "e5")
        attempts.clear(s, "detect", ONE)
        attempts.clear(s, "detect", ONE)
        assert attempts.failing(s) == []
        named = NOW + timedelta(days=9)
        attempts.record_failure(
            s, "detect", ONE, error="wait", retryable=True, retry_at=named, now=NOW
        )
        assert attempts.failing(s)[0].next_at == named


def test_a_match_is_one_row_from_either_side(database: Database) -> None:
    match = a_match(ONE, TWO)
    with database.write() as s:
        take_in(s, ONE, TWO)
        assert matches.save_match(s, match, KEY, now=NOW)
        before = videos.evidence_version(s, ONE), videos.evidence_version(s, TWO)
        assert not matches.save_match(s, match, KEY, now=NOW + HOUR)
        assert matches.matches_of(s, ONE, KEY) == [match]
        (other,) = matches.matches_of(s, TWO, KEY)
        assert other == match.swapped()
        assert other.reverse_transformations == match.transformations
        assert before == (videos.evidence_version(s, ONE), videos.evidence_version(s, TWO))
        assert matches.save_match(s, replace(match, score=0.9), KEY, now=NOW)
        assert videos.evidence_version(s, TWO) == before[1] + 1
        assert matches.matches_of(s, ONE, KEY) == [replace(match, score=0.9)]
        assert matches.matches_of(s, ONE, NEWER.key) == []
        with pytest.raises(ValueError, match="no match of itself"):
            matches.save_match(s, a_match(ONE, ONE), KEY, now=NOW)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    turn=st.booleans(),
    copies=st.booleans(),
    speed=st.floats(0.2, 5),
    start=st.integers(0, 10**6),
    score=st.floats(0, 1),
)
def test_direction_never_changes_a_match(
    database: Database, turn: bool, copies: bool, speed: float, start: int, score: float
) -> None:
    query, reference = (TWO, ONE) if turn else (ONE, TWO)
    segment = Segment(start, start + 9, 3, 14, speed, mirrored=copies, score=score)
    match = a_match(query, reference, segments=(segment,), score=score)
    match = replace(match, reverse_transformations=match.transformations if copies else ())
    with database.write() as s:
        take_in(s, ONE, TWO)
        matches.save_match(s, match, KEY, now=NOW)
        (back,) = matches.matches_of(s, query, KEY)
        assert back.segments[0].speed == pytest.approx(speed)
        assert replace(back, segments=()) == replace(match, segments=())
        (other,) = matches.matches_of(s, reference, KEY)
        assert not matches.save_match(s, other, KEY, now=NOW)
        assert not matches.save_match(s, back, KEY, now=NOW)


def test_components_grow_over_asserted_matches_only(database: Database) -> None:
    with database.write() as s:
        take_in(s, ONE, TWO, THREE, FOUR)
        assert matches.component(s, ONE, KEY) == {ONE}
        matches.save_match(s, a_match(TWO, ONE), KEY, now=NOW)
        matches.save_match(s, a_match(TWO, THREE), KEY, now=NOW)
        matches.save_match(s, a_match(THREE, FOUR, asserted=False), KEY, now=NOW)
        for video in (ONE, TWO, THREE):
            assert matches.component(s, video, KEY) == {ONE, TWO, THREE}
        assert matches.component(s, FOUR, KEY) == {FOUR}
        assert matches.component(s, ONE, NEWER.key) == {ONE}


def test_a_component_larger_than_one_statement(database: Database) -> None:
    centre, others = a_video("centre"), [a_video(f"o{n}") for n in range(700)]
    with database.write() as s:
        take_in(s, centre, ONE, *others)
        for video in others:
            matches.save_match(s, a_match(centre, video, pairs=()), KEY, now=NOW)
        matches.save_match(s, a_match(others[-1], ONE), KEY, now=NOW)
        assert len(matches.component(s, ONE, KEY)) == 702


A, B, C = (Clip(ClipId(f"clip-{n}"), v, 0, 9000) for n, v in (("a", ONE), ("b", TWO), ("c", ONE)))


def test_clips_and_who_shows_them(database: Database) -> None:
    with database.write() as s:
        take_in(s, ONE, TWO, THREE)
        clips.save_clip(s, A, [ONE, TWO], now=NOW)
        clips.save_clip(s, B, [TWO], now=NOW + HOUR)
        clips.save_clip(s, replace(A, end_ms=8000), [ONE, THREE], now=NOW)
        assert clips.get_clip(s, A.id) == replace(A, end_ms=8000)
        assert clips.members(s, A.id) == {ONE, THREE}
        assert clips.clips_of_video(s, TWO) == [B]
        assert [c.id for c in clips.all_clips(s)] == [A.id, B.id]
        assert [c.id for c in clips.clips_anchored(s, [ONE, TWO])] == [A.id, B.id]
        assert clips.clips_anchored(s, []) == []
        assert clips.find_clip_prefix(s, "clip-") == [A.id, B.id]


def test_a_merged_clip_still_resolves(database: Database) -> None:
    with database.write() as s:
        take_in(s, ONE, TWO)
        for clip in (A, B, C):
            clips.save_clip(s, clip, [ONE], now=NOW)
        clips.retire_clip(s, A.id, into=B.id, reason="the same footage", at=NOW)
        clips.retire_clip(s, B.id, into=C.id, reason="the same footage", at=NOW)
        assert clips.resolve_clip(s, A.id) == C
        assert clips.resolve_clip(s, C.id) == C
        assert list(clips.all_clips(s)) == clips.clips_of_video(s, ONE) == [C]
        assert clips.get_clip(s, A.id) == A
        clips.retire_clip(s, C.id, into=None, reason="it was split", at=NOW)
        assert clips.resolve_clip(s, A.id) is None
        clips.save_clip(s, A, [ONE], now=NOW)
        assert clips.resolve_clip(s, A.id) == A
        clips.retire_clip(s, A.id, into=B.id, reason="a circle ends", at=NOW)
        clips.retire_clip(s, B.id, into=A.id, reason="a circle ends", at=NOW)
        assert clips.resolve_clip(s, A.id) is None
        with pytest.raises(UnknownSubject):
            clips.retire_clip(s, ClipId("clip-none"), into=None, reason="", at=NOW)


def revise(s: Session, revision: int, root: str) -> None:
    clips.save_revision(
        s, A.id, revision=revision, root=AppearanceId(root), reason=f"r{revision}",
        digest="d", document="{}", at=NOW + revision * HOUR,
    )  # fmt: skip


def test_every_state_of_a_chain_is_kept(database: Database) -> None:
    with database.write() as s:
        take_in(s, ONE)
        clips.save_clip(s, A, [ONE], now=NOW)
        assert clips.latest_revision(s, A.id) is None
        revise(s, 1, "app-1")
        revise(s, 2, "app-2")
        latest = clips.latest_revision(s, A.id)
        assert latest is not None
        assert (latest.revision, latest.root, latest.document) == (2, "app-2", "{}")
        assert [(r.revision, r.root, r.reason) for r in clips.history(s, A.id)] == [
            (1, "app-1", "r1"),
            (2, "app-2", "r2"),
        ]
    with pytest.raises(DatabaseError, match="UNIQUE"), database.write() as s:
        revise(s, 2, "app-3")


def test_watches_come_and_go(database: Database) -> None:
    watch = Watch("https://news.test/feed", 900, depth=2, budget=50)
    with database.write() as s:
        watches.save_watch(s, watch)
        watches.mark_polled(s, watch.target, at=NOW, etag="e", last_modified="m")
        watches.save_watch(s, replace(watch, interval_s=60))
        polled = replace(watch, interval_s=60, last_polled_at=NOW, etag="e", last_modified="m")
        assert watches.watches(s) == [polled]
        watches.set_paused(s, watch.target, True)
        assert watches.get_watch(s, watch.target) == replace(polled, paused=True)
        assert watches.remove_watch(s, watch.target)
        assert not watches.remove_watch(s, watch.target)
        watches.mark_polled(s, watch.target, at=NOW, etag=None, last_modified=None)
        assert watches.watches(s) == []
    with pytest.raises(UnknownSubject, match="nothing is watched"), database.write() as s:
        watches.set_paused(s, watch.target, False)


def test_the_algorithm_comes_back_from_its_key(database: Database) -> None:
    with database.write() as s:
        take_in(s, ONE)
        fingerprints.mark_detected(s, ONE, KEY, now=NOW)  # knows the key alone
        fingerprints.save_fingerprint(s, ONE, a_fingerprint(), now=NOW)
        back = fingerprints.get_fingerprint(s, ONE, KEY)
        assert back is not None
        assert back.algorithm == ALGORITHM
        assert fingerprints.algorithm_keys(s) == [KEY]
