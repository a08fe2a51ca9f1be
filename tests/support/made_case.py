"""An archive with one clip of any number of appearances, stored as the stages store them.

No footage is decoded: fingerprints and pictures are made up, so that thousands take seconds.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from PIL import Image
from sqlmodel import Session

from storage import captures, fingerprints, ledger, matches, post_media, posts, videos
from tracker.app import App
from tracker.evidence.digests import fingerprint_digest, keyframes_digest, match_digest
from tracker.fingerprint.algorithm import CODE_BYTES, current_algorithm
from tracker.ingest.collect import record_exchange
from tracker.model.capture import Exchange
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import ClipId, Platform, PostKey, VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.ledger import LedgerKind
from tracker.model.match import FramePair, Match, Segment, Transformation
from tracker.model.post import Lead, MediaRef, Post, PostKind
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.model.video import MediaInfo, Video
from tracker.timestamps.combine import combine

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
LENGTH_MS = 12_000
STEP_MS = 3_000
TOOLS = (("tracker", "0.1.0"), ("httpx", "0.28"))
CROP = Transformation("crop", {"box": [0.1, 0.1, 0.8, 0.8]})


@dataclass(frozen=True, slots=True)
class MadeCase:
    """What was stored: the clip, its posts in order of time, and every name in them."""

    clip: ClipId
    posts: tuple[PostKey, ...]
    videos: tuple[VideoId, ...]
    handles: tuple[str, ...]
    display_names: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Everything a redacted export must not hold."""
        return (*self.handles, *self.display_names, *self.posts, "lead.witness77")


def make_case(
    app: App, appearances: int, *, width: int = 160, recorded: bool = True, salt: str = "case"
) -> MadeCase:
    """Store a clip with so many appearances; each is compared with the first and its parent."""
    maker = _Maker(app, salt, width)
    with app.archive.database.write() as session:
        for number in range(appearances):
            maker.appearance(session, number)
    if recorded:
        app.record.process(maker.videos[0])
    chain = app.subjects.chains(maker.videos[0])[0]
    return MadeCase(
        chain.clip,
        tuple(maker.posts),
        tuple(maker.videos),
        tuple(f"witness_{salt}_{n}" for n in range(appearances)),
        tuple(f"Wanda Witness {salt} the {n}th" for n in range(appearances)),
    )


class _Maker:
    def __init__(self, app: App, salt: str, width: int) -> None:
        self._app = app
        self._salt = salt
        self._random = np.random.default_rng(5)
        self._jpegs = [_jpeg(self._random, width) for _ in range(4)]
        self.posts: list[PostKey] = []
        self.videos: list[VideoId] = []

    def appearance(self, session: Session, number: int) -> None:
        at = START + timedelta(minutes=7 * number)
        handle = f"witness_{self._salt}_{number}"
        key = PostKey(f"https://x.com/{handle}/status/{1_700_000_000_000_000_000 + number}")
        self._post(session, key, handle, number, at)
        video = self._video(session, key, number, at)
        self._fingerprint(session, video, at)
        for other in {0, number // 2} if number else set():
            self._match(session, video, self.videos[other], at)
        self.posts.append(key)
        self.videos.append(video)

    def _post(self, session: Session, key: PostKey, handle: str, number: int, at: datetime) -> None:
        claim = TimeClaim(
            ClaimKind.ID_DERIVED,
            TimeInterval.instant(at, precision=timedelta(seconds=1)),
            ForgeableBy.PLATFORM,
            "x:id",
        )
        before = f"witness_{self._salt}_{max(number - 1, 0)}"
        post = Post(
            key=key,
            platform=Platform("x"),
            kind=PostKind.POST,
            account=handle,
            title=f"Wanda Witness {self._salt} the {number}th on X",
            text=f"Seen by @{before} this morning, see https://x.com/{before}/status/17 "
            f"and t.me/{before}/5 <b>now</b> \u202egnorts =1+1 #Free{before} — by {handle}",
            status=PostStatus.LIVE,
            media=(MediaRef(f"{key}/video.mp4", "http", f"media-{number}"),),
            claims=(claim,),
            leads=(
                Lead("the film that lead.witness77 put up", Platform("x"), "lead.witness77", key),
            ),
            spellings=(f"https://twitter.com/{handle}/status/{number}",),
        )
        posts.save_post(session, post, now=at, depth=0, origin=None, published=combine(post.claims))
        answer = {"user": {"screen_name": handle, "name": f"Wanda Witness {self._salt} the "
                  f"{number}th"}, "text": post.text}  # fmt: skip
        body = json.dumps(answer).encode()
        digest = self._app.archive.media.add_bytes(body)
        record_exchange(session, _exchange(key, at, body), digest, key, at)

    def _video(self, session: Session, key: PostKey, number: int, at: datetime) -> VideoId:
        body = f"film {self._salt} {number}".encode() * 50
        video = VideoId(self._app.archive.media.add_bytes(body))
        ref = MediaRef(f"{key}/video.mp4", "http", f"media-{number}")
        videos.save_video(session, Video(video, len(body)), kept=True, now=at)
        length_ms = LENGTH_MS if number else LENGTH_MS + STEP_MS  # the longest anchors the clip
        info = MediaInfo("mov,mp4,m4a,3gp,3g2,mj2", "h264", 640, 360, length_ms, has_audio=True)
        videos.set_info(session, video, info)
        captures.save_exchange(
            session, _exchange(ref.url, at), post=key, body_sha256=None, video=video
        )
        post_media.link_video(session, key, ref, video)
        ledger.append(
            session,
            LedgerKind.CAPTURE,
            {"post": key, "url": ref.url, "sha256": video, "video": video},
            at=at,
        )
        return video

    def _fingerprint(self, session: Session, video: VideoId, at: datetime) -> None:
        pts_ms = np.arange(0, LENGTH_MS, STEP_MS, dtype=np.int32)
        n = len(pts_ms)
        fingerprint = Fingerprint(
            algorithm=current_algorithm(),
            codes=self._random.integers(0, 256, (n, CODE_BYTES), dtype=np.uint8),
            pts_ms=pts_ms,
            views=np.zeros(n, np.uint8),
            quality=np.full(n, 200, np.uint8),
            duration_ms=LENGTH_MS,
            boxes=np.tile(np.array([0, 0, 255, 255], np.uint8), (n, 1)),
        )
        frames = [Keyframe(int(pts), self._jpegs[i % 4]) for i, pts in enumerate(pts_ms)]
        algorithm = self._app.algorithm_key
        self._app.archive.keyframes.put(video, algorithm, frames)
        fingerprints.save_fingerprint(session, video, fingerprint, now=at)
        fingerprints.mark_detected(session, video, algorithm, now=at)
        body = {
            "video": video,
            "algorithm": algorithm,
            "digest": fingerprint_digest(fingerprint),
            "keyframes_digest": keyframes_digest(frames),
        }
        ledger.append(session, LedgerKind.FINGERPRINT, body, at=at)

    def _match(self, session: Session, video: VideoId, other: VideoId, at: datetime) -> None:
        whole = Segment(0, LENGTH_MS, 0, LENGTH_MS, 1.0, mirrored=False, score=0.9)
        pairs = (FramePair(0, 0, 4, mirrored=False), FramePair(3000, 3000, 6, mirrored=False))
        match = Match(video, other, 0.91, (whole,), (CROP,), pairs)
        matches.save_match(session, match, self._app.algorithm_key, now=at)
        body = {
            "query": video,
            "reference": other,
            "algorithm": self._app.algorithm_key,
            "digest": match_digest(match),
            "score": "0.910000",
        }
        ledger.append(session, LedgerKind.MATCH, body, at=at)


def _exchange(url: str, at: datetime, body: bytes = b"") -> Exchange:
    return Exchange(
        requested_url=url,
        final_url=url,
        status_code=200,
        content_type="application/json" if body else "video/mp4",
        started_at=at,
        finished_at=at + timedelta(seconds=1),
        body=body,
        redirects=(url,),
        tools=TOOLS,
    )


def _jpeg(random: np.random.Generator, width: int) -> bytes:
    """A picture with some detail: its size is near that of a real keyframe of that width."""
    small = random.integers(0, 256, (width // 16, width // 9, 3), dtype=np.uint8)
    picture = Image.fromarray(small).resize((width, width * 9 // 16), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def digest_of(body: bytes) -> str:
    """Return the SHA-256 of ``body`` in hex."""
    return hashlib.sha256(body).hexdigest()
