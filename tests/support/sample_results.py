"""Results of every kind, for the documents and the printed text made from them."""

from __future__ import annotations

from tests.support.sample_chain import (
    AS_OF,
    CLIP,
    HOSTILE,
    HOSTILE_POST,
    HOSTILE_URL,
    ROOT,
    sample_chain,
    video,
)
from tracker.model.added import AddedError, AddedResult, AddedVideo
from tracker.model.anchor import Anchor, TokenKind
from tracker.model.daemon import DaemonProcess, DaemonState, JobState
from tracker.model.ids import ClipId
from tracker.model.ledger import Broken
from tracker.model.lookup import Earliest, LookupMatch, LookupResult, LookupSubject
from tracker.model.match import Match, Segment, Transformation
from tracker.model.summary import (
    AnchorSummary,
    AuthorityTokens,
    ClipSummary,
    FailingWork,
    PendingWork,
    StatusSummary,
    Verified,
)
from tracker.model.watch import Watch


def lookup_match(score: float = 0.934) -> LookupMatch:
    segments = (
        Segment(0, 9000, 4000, 13_000, 1.0, mirrored=False, score=0.95),
        Segment(9000, 12_000, 500, 4250, 1.25, mirrored=True, score=0.8),
    )
    changes = (Transformation("crop", {"box": [0.1, 0.1, 0.8, 0.8]}),)
    match = Match(video(7), video(1), score, segments, changes)
    return LookupMatch(match, CLIP, (ROOT, HOSTILE_POST), (HOSTILE,))


def seen_before() -> LookupResult:
    return LookupResult(
        subject=LookupSubject(HOSTILE_URL, video(7), 12_480, 640, 360),
        matches=(lookup_match(),),
        candidates=(lookup_match(0.31),),
        earliest=Earliest(
            video(1), ROOT, (), ROOT.published, "It precedes all others.", (HOSTILE,)
        ),
        searched=sample_chain().searched,
        elapsed_ms={"decode": 800, "total": 1234},
    )


def never_seen() -> LookupResult:
    subject = LookupSubject("a.mp4", None, 9000, 640, 360)
    return LookupResult(subject, (), (), None, sample_chain().searched)


def added() -> AddedResult:
    return AddedResult(
        target="article.html",
        posts=(ROOT, HOSTILE_POST),
        videos=(AddedVideo(video(1), CLIP, new=True), AddedVideo(video(2), None, new=False)),
        leads=sample_chain().leads,
        errors=(AddedError(HOSTILE_URL, HOSTILE, 3),),
    )


def clips() -> tuple[ClipSummary, ...]:
    return (
        ClipSummary(CLIP, 4, ROOT, (), 9000),
        ClipSummary(ClipId("clip-0000000000000001"), 1, None, (HOSTILE,), 900),
        ClipSummary(ClipId("clip-0000000000000002"), 2, HOSTILE_POST, (), 90_000),
    )


def broken() -> Verified:
    return Verified(1210, 88, 3, (Broken("file", video(1), HOSTILE),))


def status() -> StatusSummary:
    return StatusSummary(
        at=AS_OF,
        pending=(PendingWork("fingerprint", 12), PendingWork("detect", 0)),
        failing=(FailingWork("capture", HOSTILE_URL, 3, HOSTILE, AS_OF),),
        held=sample_chain().searched,
        clips=3,
        watches=1,
        ledger_entries=1210,
        last_run_at=AS_OF,
        daemon=DaemonState(
            DaemonProcess("a" * 32, HOSTILE, 7, AS_OF, AS_OF, 30.0, 4),
            DaemonProcess("b" * 32, HOSTILE, 8, AS_OF, AS_OF, 30.0),
            (
                JobState("capture", 60.0, AS_OF, None, AS_OF, 3, HOSTILE_URL, AS_OF, HOSTILE),
                JobState("detect", 1.5, overruns=2, overran_at=AS_OF, overran_item=HOSTILE),
            ),
        ),
        anchors=AnchorSummary(
            Anchor(2, 41, 1200, "a" * 64, "b" * 64, "c" * 64, "2026-03-01T12:00:00.000000Z"),
            9,
            (
                AuthorityTokens(HOSTILE_URL, TokenKind.RFC3161, verified=1, held=1, error=HOSTILE),
                AuthorityTokens(HOSTILE_URL, TokenKind.OPENTIMESTAMPS, pending=2, attested=1),
            ),
        ),
    )


def watches() -> tuple[Watch, ...]:
    return (
        Watch("https://news.example.org/feed.xml", 900, 2, 100, last_polled_at=AS_OF),
        Watch(HOSTILE_URL, 3600, 0, 10, paused=True, from_config=True),
    )
