"""Small, valid values to store and find again."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import numpy as np

from tracker.model.algorithm import Algorithm
from tracker.model.capture import Exchange
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import Platform, PostKey, VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.match import FramePair, Match, Segment, Transformation
from tracker.model.post import Lead, LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy, Published, TimeClaim, TimeInterval

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALGORITHM = Algorithm("phash", ("bits=64", "rate=1"), ("av=1.0", "cv2=2.0"))
KEY = ALGORITHM.key


def a_video(name: str) -> VideoId:
    return VideoId(hashlib.sha256(name.encode()).hexdigest())


def a_claim(at: datetime = NOW, kind: ClaimKind = ClaimKind.ID_DERIVED) -> TimeClaim:
    interval = TimeInterval(at, at + HOUR)
    return TimeClaim(kind, interval, ForgeableBy.PLATFORM, "x:id")


def published(at: datetime = NOW) -> Published:
    return Published(TimeInterval(at, at + HOUR), ClaimKind.ID_DERIVED)


def a_post(key: str = "https://x.test/a/status/1", **changes: object) -> Post:
    facts: dict[str, object] = {
        "key": PostKey(key),
        "platform": Platform("x"),
        "kind": PostKind.POST,
        "account": "a",
        "title": "t",
        "text": "a text",
        "status": PostStatus.LIVE,
        "links": (PostLink("https://example.test/page", LinkRelation.LINKS),),
        "media": (MediaRef(f"{key}/video.mp4", "http", "m1"),),
        "claims": (a_claim(),),
        "leads": (Lead("he wrote it", Platform("x"), "someone", key, "2026-02-28"),),
    }
    return Post(**(facts | changes))  # type: ignore[arg-type]  # fields by name


def an_exchange(url: str = "https://x.test/a/status/1", body: bytes = b"<html>") -> Exchange:
    return Exchange(
        requested_url=url,
        final_url=url + "?final",
        status_code=200,
        content_type="text/html",
        started_at=NOW,
        finished_at=NOW + timedelta(seconds=1),
        body=body,
        redirects=(url, url + "?final"),
        tools=(("httpx", "1.0"),),
    )


def a_fingerprint(seed: int = 0, frames: int = 5, algorithm: Algorithm = ALGORITHM) -> Fingerprint:
    random = np.random.default_rng(seed)
    return Fingerprint(
        algorithm=algorithm,
        codes=random.integers(0, 256, (2 * frames, 8), dtype=np.uint8),
        pts_ms=np.repeat(np.arange(frames, dtype=np.int32) * 1000, 2),
        views=np.tile(np.array([0, 1], dtype=np.uint8), frames),
        quality=random.integers(0, 256, 2 * frames, dtype=np.uint8),
        duration_ms=frames * 1000,
    )


def same_fingerprint(one: Fingerprint, other: Fingerprint) -> bool:
    return (
        one.algorithm == other.algorithm
        and one.duration_ms == other.duration_ms
        and all(
            np.array_equal(getattr(one, name), getattr(other, name))
            and getattr(one, name).dtype == getattr(other, name).dtype
            for name in ("codes", "pts_ms", "views", "quality")
        )
    )


def some_keyframes(seed: int = 0) -> tuple[Keyframe, ...]:
    return tuple(Keyframe(n * 1000, bytes([seed, n]) * 50) for n in range(3))


def a_match(query: VideoId, reference: VideoId, **changes: object) -> Match:
    facts: dict[str, object] = {
        "query": query,
        "reference": reference,
        "score": 0.87,
        "segments": (
            Segment(0, 3000, 1000, 5500, speed=2.0, mirrored=True, score=0.9),
            Segment(4000, 5000, 6000, 6900, speed=0.5, mirrored=False, score=0.7),
        ),
        "transformations": (Transformation("crop", {"box": [0.1, 0.1, 0.8, 0.8]}),),
        "pairs": (FramePair(0, 1000, 3, mirrored=True),),
    }
    return Match(**(facts | changes))  # type: ignore[arg-type]  # fields by name
