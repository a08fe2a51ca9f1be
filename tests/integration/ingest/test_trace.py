"""Clips and chains from stored posts, videos and matches: whatever comes first, the same answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from sqlmodel import Session

from storage import attempts, clips, fingerprints, matches, post_media, posts, videos
from tests.support.values import a_video
from tests.unit.provenance.test_footage import shared, vid
from tracker.app import App
from tracker.errors import UnknownSubject
from tracker.ingest.record import Record
from tracker.model.chain import Chain
from tracker.model.ids import ClipId, Platform, PostKey, VideoId
from tracker.model.match import Match
from tracker.model.post import LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.time_claim import ClaimKind, ForgeableBy, Published, TimeClaim, TimeInterval
from tracker.model.video import MediaInfo, Video
from tracker.timestamps.combine import combine
from tracker.trace import Tracer

DAY = datetime(2022, 9, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Upload:
    """A post of one video, published so many days after the first."""

    name: str
    seconds: float
    day: int
    cites: str = ""  # the name of a post that this one only shows

    @property
    def key(self) -> PostKey:
        return key(self.name)


def key(name: str) -> PostKey:
    return PostKey(f"https://posts.test/{name}")


class Archive:
    """An archive that uploads arrive in, one after the other, as the stages would store them."""

    def __init__(self, app: App, found: Sequence[Match]) -> None:
        self.app = app
        self._found = found
        self._held: set[VideoId] = set()

    def arrive(self, upload: Upload, *, record: bool = True) -> None:
        video = vid(upload.name)
        self._held.add(video)
        database, algorithm = self.app.archive.database, self.app.algorithm_key
        now = self.app.clock.now()
        with database.write() as s:
            published = self._save_post(s, upload)
            posts.set_published(s, upload.key, published)
            if upload.cites:
                return
            info = MediaInfo("mp4", "h264", 64, 36, round(upload.seconds * 1000), has_audio=False)
            videos.save_video(s, Video(video, 1, info), kept=True, now=now)
            post_media.link_video(s, upload.key, MediaRef(f"{upload.key}.mp4", "http"), video)
            for match in self._found:
                if {match.query, match.reference} <= self._held and video in (
                    match.query,
                    match.reference,
                ):
                    matches.save_match(s, match, algorithm, now=now)
            fingerprints.mark_detected(s, video, algorithm, now=now)
        if record:
            self.record()

    def record(self) -> None:
        while pending := self.app.record.pending(99):
            for video in pending:
                self.app.record.process(video)

    def _save_post(self, s: Session, upload: Upload) -> Published | None:
        start = DAY + timedelta(days=upload.day)
        claim = TimeClaim(
            ClaimKind.PLATFORM_REPORTED,
            TimeInterval(start, start + timedelta(hours=1)),
            ForgeableBy.PLATFORM,
            "test",
        )
        links = (PostLink(key(upload.cites), LinkRelation.EMBEDS),) if upload.cites else ()
        kind = PostKind.ARTICLE if upload.cites else PostKind.POST
        post = Post(upload.key, Platform("web"), kind, upload.name, links=links, claims=(claim,))
        posts.save_post(
            s,
            post,
            now=self.app.clock.now(),
            depth=0,
            origin=None,
            published=None,
        )
        return combine((claim,))

    def chains(self) -> list[Chain]:
        with self.app.archive.database.read() as s:
            return list(self.app.subjects._tracer.all_chains(s))


def story(chains: Iterable[Chain]) -> list[list[tuple[str, str, str]]]:
    """Return what the chains say, without the ids that depend on what came first."""
    told = []
    for chain in chains:
        names = {link.appearance.id: _name(link.appearance.post) for link in chain.links}
        told.append(
            [
                (names[link.appearance.id], str(link.relation), names.get(link.parent, ""))  # type: ignore[arg-type]
                for link in chain.links
            ]
        )
    return sorted(told)


def _name(post: object) -> str:
    return str(getattr(post, "key", "")).rpartition("/")[2]


def test_a_failure_is_forgotten_when_another_video_brings_the_chain_up_to_date(app: App) -> None:
    archive = Archive(app, [shared("trim", (0, 6), "whole", (2, 8))])
    archive.arrive(TRIM)
    archive.arrive(WHOLE, record=False)
    database = app.archive.database
    with database.write() as s:
        for name in ("trim", "whole", "stranger"):
            attempts.record_failure(
                s,
                "record",
                vid(name),
                error="the database does not answer",
                retryable=True,
                retry_at=None,
                now=app.clock.now(),
            )
    app.record.process(vid("whole"))
    with database.read() as s:
        assert [failure.item for failure in attempts.failing(s)] == [vid("stranger")]


TRIM, WHOLE, LONGER = Upload("trim", 6, 3), Upload("whole", 10, 1), Upload("longer", 20, 2)
COMPILATION, OTHER = Upload("comp", 10, 9), Upload("other", 15, 5)
PAGE = Upload("page", 0, 4, cites="trim")
FOUND = [
    shared("trim", (0, 6), "whole", (2, 8)),
    shared("trim", (0, 6), "longer", (7, 13)),
    shared("whole", (0, 10), "longer", (5, 15)),
    shared("comp", (0, 5), "trim", (0, 5)),
    shared("comp", (0, 5), "whole", (2, 7)),
    shared("comp", (0, 5), "longer", (7, 12)),
    shared("comp", (5, 10), "other", (1, 6)),
]


@pytest.mark.parametrize(
    "order", list(permutations((TRIM, WHOLE, LONGER, COMPILATION, OTHER)))[::12]
)
def test_all_orders_of_arrival_end_in_the_same_chains(app: App, order: Sequence[Upload]) -> None:
    archive = Archive(app, FOUND)
    for upload in (*order[:2], PAGE, *order[2:]):
        archive.arrive(upload)
    assert story(archive.chains()) == [
        [("other", "root", ""), ("comp", "partial_copy", "other")],
        [
            ("whole", "root", ""),
            ("longer", "copy", ""),  # shows more than what came before it
            ("trim", "partial_copy", "whole"),
            ("comp", "partial_copy", "trim"),
            ("page", "cites", "trim"),
        ],
    ]
    assert app.record.pending(9) == []
    assert [broken for broken in app.verify().broken if "clip-" in broken.name] == []


def clip_of(app: App, video: str) -> ClipId:
    with app.archive.database.read() as s:
        (clip,) = clips.clips_of_video(s, vid(video))
    return clip.id


@pytest.mark.parametrize("recorded", [True, False])
def test_the_oldest_clip_id_stays_and_merged_ones_lead_to_it(app: App, recorded: bool) -> None:
    archive = Archive(app, FOUND)
    archive.arrive(TRIM)
    app.clock.turn(minutes=1)  # type: ignore[attr-defined]
    archive.arrive(WHOLE)
    first = clip_of(app, "trim")
    stranger = Upload("stranger", 30, 0)
    archive = Archive(app, [shared("whole", (0, 10), "stranger", (0, 10))])
    app.clock.turn(minutes=1)  # type: ignore[attr-defined]
    archive.arrive(stranger)
    second = clip_of(app, "stranger")
    assert first != second
    with app.archive.database.write() as s:
        for match in (
            shared("whole", (0, 10), "stranger", (0, 10)),
            shared("trim", (0, 6), "stranger", (2, 8)),
        ):
            matches.save_match(s, match, app.algorithm_key, now=app.clock.now())
    if recorded:
        archive.record()
    (chain,) = app.subjects.chains(second)
    assert chain.clip == first
    assert story([chain])[0][0] == ("stranger", "root", "")
    if recorded:
        assert [c.clip for c in app.subjects.summaries()] == [first]


def test_a_clip_that_turns_out_to_be_others_still_answers(app: App) -> None:
    archive = Archive(
        app,
        [shared("comp", (0, 5), "whole", (2, 7)), shared("comp", (5, 10), "other", (1, 6))],
    )
    archive.arrive(COMPILATION)
    withdrawn = clip_of(app, "comp")
    archive.arrive(WHOLE)
    archive.arrive(OTHER)
    assert withdrawn not in [chain.clip for chain in archive.chains()]
    assert story(app.subjects.chains(withdrawn)) == [
        [("other", "root", ""), ("comp", "partial_copy", "other")],
        [("whole", "root", ""), ("comp", "partial_copy", "whole")],
    ]
    with pytest.raises(UnknownSubject, match="nothing is known"):
        app.subjects.chains("clip-0000000000000000")


def test_a_part_of_two_unrelated_videos_gives_its_id_to_one_of_them(app: App) -> None:
    archive = Archive(
        app,
        [shared("trim", (0, 6), "whole", (2, 8)), shared("trim", (0, 6), "longer", (7, 13))],
    )
    for upload in (TRIM, WHOLE, LONGER):
        archive.arrive(upload)
    chains = archive.chains()
    assert len(chains) == 2
    assert len({chain.clip for chain in chains}) == 2
    revisions = {chain.clip: chain.revision for chain in chains}
    with app.archive.database.write() as s:
        videos.touch(s, vid("trim"))
    archive.record()
    assert {chain.clip: chain.revision for chain in archive.chains()} == revisions


def test_history_says_why_the_root_changed(app: App) -> None:
    archive = Archive(app, FOUND)
    archive.arrive(TRIM)
    archive.arrive(LONGER)
    archive.arrive(WHOLE)
    with app.archive.database.write() as s:
        posts.set_published(s, WHOLE.key, None)
        videos.touch(s, vid("whole"))
    archive.record()
    with app.archive.database.read() as s:
        reasons = [revision.reason for revision in clips.history(s, clip_of(app, "trim"))]
    assert reasons == [
        "first record of this clip",
        "an earlier upload was found",
        "an earlier upload was found",
        "what is known about the times of publication changed",
    ]


def test_one_video_recorded_is_all_recorded_that_share_its_footage(app: App) -> None:
    archive = Archive(app, FOUND)
    for upload in (TRIM, WHOLE, LONGER):
        archive.arrive(upload, record=False)
    assert len(app.record.pending(9)) == 3
    app.record.process(vid("trim"))
    assert app.record.pending(9) == []
    before = app.status().ledger_entries
    app.record.process(vid("whole"))
    app.subjects._tracer.record(vid("longer"))
    assert app.status().ledger_entries == before


def test_the_list_of_clips_agrees_with_each_clips_own_chain(app: App) -> None:
    archive = Archive(app, FOUND)
    for upload in (TRIM, WHOLE, LONGER, COMPILATION, OTHER):
        archive.arrive(upload)
    for chain in archive.chains():
        (alone,) = app.subjects.chains(chain.clip)
        assert alone == chain


def test_subjects_by_shortened_and_shouted_names(app: App) -> None:
    archive = Archive(app, FOUND)
    archive.arrive(TRIM)
    clip = clip_of(app, "trim")
    digest = vid("trim")
    for name in (clip, clip[:12], digest, digest.upper(), digest[:8], TRIM.key, TRIM.key + "#top"):
        assert [chain.clip for chain in app.subjects.chains(name)] == [clip]
    for name in ("abc", "nowhere.mp4", a_video("unheard of"), "https://posts.test/none", "clip-zz"):
        with pytest.raises(UnknownSubject):
            app.subjects.chains(name)


def test_a_file_that_is_not_held_is_sent_to_the_lookup(app: App, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(b"a copy of something")
    with pytest.raises(UnknownSubject, match="itself is not held; `tracker lookup`"):
        app.subjects.chains(str(copy))


def test_a_new_algorithm_keeps_chains_until_their_videos_are_compared_again(app: App) -> None:
    archive = Archive(app, FOUND)
    for upload in (TRIM, WHOLE):
        archive.arrive(upload)
    newer = Record(app.archive, Tracer(app.archive.database, "newer", app.clock), app.clock)
    with app.archive.database.write() as s:
        videos.touch(s, vid("trim"))
    assert newer.pending(9) == []
    assert app.record.pending(9) == [vid("trim")]
    with app.archive.database.write() as s:
        fingerprints.mark_detected(s, vid("whole"), "newer", now=app.clock.now())
    assert newer.pending(9) == [vid("whole")]
