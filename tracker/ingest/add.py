"""Add: take one target in now, through every stage, and say what came of it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlmodel import Session

from storage import attempts, deletions, post_media
from storage import captures as capture_rows
from storage import clips as clip_rows
from storage import fingerprints as fingerprint_rows
from storage import posts as post_rows
from storage import videos as video_rows
from storage.captures import PendingMedia
from tracker.acquire import local_video
from tracker.appearances import summarise
from tracker.clock import Clock
from tracker.errors import MediaError, SourceError, TrackerError, UsageError
from tracker.ingest.capture import Capture
from tracker.ingest.collect import Collect
from tracker.ingest.detect import Detect
from tracker.ingest.fingerprint import FingerprintStage
from tracker.ingest.record import Record
from tracker.ingest.stage import Archive, Stage, attempt, tried
from tracker.ingest.visibility import answers_of, post_answered_for, status_of
from tracker.media.digest import sha256_of
from tracker.model.added import AddedError, AddedResult, AddedVideo, Left
from tracker.model.capture import FetchedPost
from tracker.model.ids import PostKey, VideoId
from tracker.model.post import Lead, Post, PostKind
from tracker.model.status import PostStatus
from tracker.model.time_claim import TimeInterval
from tracker.net.urls import canonical_url
from tracker.sources.local_file import local_post

T = TypeVar("T")
_ZONELESS = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?")
ORIGINAL_GONE = "its original was deleted, so it cannot be fingerprinted by the present algorithm"
Progress = Callable[[str, str], None]
"""Is told the stage and what is being worked on."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the operator states about a local file's source; every part may be missing.

    ``published_at`` is a time as a person writes it; a day is a whole day, not its midnight.
    """

    published_at: str | None = None
    post_url: str | None = None
    platform: str | None = None
    account: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is stated."""
        return not (self.published_at or self.post_url or self.platform or self.account)


def stated_time(text: str | None) -> str | TimeInterval | None:
    """Return an operator's time; without a zone it is UTC, as everywhere on the command line."""
    if text is None or not _ZONELESS.fullmatch(text.strip()):
        return text
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return text  # the reader of dates says what is wrong with it
    if len(text.strip()) == len("2024-05-01"):
        return TimeInterval.whole_day(at.date())
    return f"{text.strip()}Z"


@dataclass(frozen=True, slots=True)
class Stages:
    """The five stages that every post and video goes through."""

    collect: Collect
    capture: Capture
    fingerprint: FingerprintStage
    detect: Detect
    record: Record


@dataclass(slots=True)
class _Haul:
    """What one target brought in so far."""

    posts: dict[PostKey, None] = field(default_factory=dict)
    videos: dict[VideoId, bool] = field(default_factory=dict)  # video → new to the archive
    errors: list[AddedError] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)  # addresses of media
    over_budget: set[PostKey] = field(default_factory=set)
    beyond_depth: set[PostKey] = field(default_factory=set)

    def fail(self, url: str, error: TrackerError, noted: str = "") -> None:
        self.errors.append(AddedError(url, f"{error}{noted}", error.exit_code))


class Add:
    """Takes targets in one by one; what fails under a target is reported beside the rest."""

    def __init__(
        self,
        archive: Archive,
        stages: Stages,
        clock: Clock,
        *,
        depth: int,
        budget: int,
        algorithm_key: str,
    ) -> None:
        self._archive = archive
        self._stages = stages
        self._clock = clock
        self._depth = depth
        self._budget = budget
        self._algorithm = algorithm_key

    def take_in(
        self, target: str, stated: Stated, progress: Progress = lambda _stage, _label: None
    ) -> AddedResult:
        """Take in one target of any kind; ``stated`` speaks about a local video only.

        Whatever keeps the target from being taken in is an error of the result.
        """
        try:
            return self._take_in(target, stated, progress)
        except TrackerError as exc:
            return AddedResult(target, errors=(AddedError(target, str(exc), exc.exit_code),))

    def _take_in(self, target: str, stated: Stated, progress: Progress) -> AddedResult:
        path = local_video(target)
        if path is None and not stated.empty:
            raise UsageError(
                "--published-at, --post-url, --platform and --account are for "
                f"local video files; {target} speaks for itself"
            )
        if path is None:
            return self.target(target, progress)
        post = local_post(
            path,
            published_at=stated_time(stated.published_at),
            post_url=stated.post_url,
            platform=stated.platform,
            account=stated.account,
        )
        self._refuse_future(post, stated)
        return replace(self.file(path, post, progress), target=target)

    def _refuse_future(self, post: Post, stated: Stated) -> None:
        """Nothing was published after now; a whole day may still be going on somewhere."""
        starts = (claim.interval.earliest_at for claim in post.claims)
        if any(start is not None and start > self._clock.now() for start in starts):
            raise UsageError(f"--published-at lies in the future: {stated.published_at}")

    def target(self, target: str, progress: Progress = lambda _stage, _label: None) -> AddedResult:
        """Take in a post, article, feed, media address or saved article."""
        haul = _Haul()
        origin = f"add:{target}"
        progress("collect", target)
        try:
            fetched = self._stages.collect.take(target, key=None, depth=self._depth, origin=origin)
        except TrackerError as exc:
            haul.fail(target, exc, self._noted(target, exc))
            return AddedResult(target, errors=tuple(haul.errors))
        with self._archive.database.write() as session:
            attempts.clear(session, self._stages.collect.name, fetched.post.key)
        self._walk(fetched.post, origin, haul, progress)
        return self._finish(target, haul, progress)

    def _noted(self, target: str, error: TrackerError) -> str:
        """Keep what the answer says about a post that is known, as a recheck does; tell it."""
        status = status_of(error)
        if status is None:
            return ""
        with self._archive.database.read() as session:
            known = post_answered_for(session, target)
        if known is None:
            return ""
        self._stages.collect.record_status(known, status, answers_of(error))
        if status is PostStatus.UNKNOWN:  # it cannot be seen, and nobody says why: no finding
            return ""
        return f"; it is known, and now recorded as {status.value.replace('_', ' ')}"

    def file(
        self, path: Path, post: Post, progress: Progress = lambda _stage, _label: None
    ) -> AddedResult:
        """Take in a local video together with what is stated about where it was published.

        Nothing is recorded when the file turns out to be no video. A file that was replaced
        since it was taken in is taken in again.
        """
        haul = _Haul()
        progress("capture", path.name)
        try:
            current = self._holds(path, post)
            if not current:
                self._stages.capture.check(path)
            self._stages.collect.record(FetchedPost(post, ()), key=None, depth=0, origin="file")
        except TrackerError as exc:
            haul.fail(str(path), exc)
            return AddedResult(str(path), errors=tuple(haul.errors))
        haul.posts[post.key] = None
        if not current:
            self._capture_one(self._media_item(post), haul)
        return self._finish(str(path), haul, progress)

    def _holds(self, path: Path, post: Post) -> bool:
        """Tell whether what is at ``path`` now was taken in; reads the file only where unsure."""
        with self._archive.database.read() as session:
            media = post_media.media_of_post(session, post.key)
            held = next((m.video for m in media if m.pending.ref.url == post.media[0].url), None)
            stored = video_rows.get_video(session, held) if held else None
            captures = capture_rows.captures_of_video(session, held) if held else []
            kept = held is not None and video_rows.is_kept(session, held)
        if held is None or stored is None or not kept:
            return False
        try:
            now = path.stat()
        except OSError as exc:
            raise SourceError(f"cannot read {path}: {exc.strerror}") from exc
        if now.st_size != stored.size_bytes:
            return False
        seen_at = max((c.exchange.started_at.timestamp() for c in captures), default=0.0)
        return max(now.st_mtime, now.st_ctime) < seen_at or sha256_of(path) == held

    def _media_item(self, post: Post) -> PendingMedia:
        with self._archive.database.read() as session:
            media = post_media.media_of_post(session, post.key)
        return next(m.pending for m in media if m.pending.ref.url == post.media[0].url)

    # --- collect -------------------------------------------------------------------------

    def _walk(self, post: Post, origin: str, haul: _Haul, progress: Progress) -> None:
        """Follow links breadth first; every address counts towards the budget once."""
        haul.posts[post.key] = None
        waiting = deque(self._steps(post, self._depth, haul))
        self._expect(waiting)
        while waiting and len(haul.posts) < self._budget:
            key, url, depth = waiting.popleft()
            if key in haul.posts:
                continue
            haul.posts[key] = None
            progress("collect", url)
            linked = self._linked(key, url, depth, origin, haul)
            if linked is not None:
                more = self._steps(linked, depth, haul)
                waiting.extend(more)
                self._expect(more)
        haul.over_budget.update(key for key, _, _ in waiting)

    def _steps(self, post: Post, depth: int, haul: _Haul) -> list[tuple[PostKey, str, int]]:
        """Return where to go on from ``post``: nowhere, with note of it, at depth 0."""
        found = _pointed_at(post)
        if depth <= 0:
            haul.beyond_depth.update(found)
            return []
        return [(key, url, depth - 1) for key, url in found.items()]

    def _expect(self, links: Iterable[tuple[PostKey, str, int]]) -> None:
        urls = [url for _, url, _ in islice(links, self._budget)]
        if urls:
            self._stages.collect.expect(urls)

    def _linked(self, key: PostKey, url: str, depth: int, origin: str, haul: _Haul) -> Post | None:
        """Return the post behind a link, fetched only if no one has fetched it yet."""
        with self._archive.database.read() as session:
            stored = post_rows.get_post(session, key)
        if stored is not None and stored.fetched_at is not None:
            return stored.post
        collect = self._stages.collect
        try:
            with tried(collect.name, key, self._archive, self._clock):
                return collect.take(url, key=key, depth=depth, origin=origin).post
        except TrackerError as exc:
            haul.fail(url, exc)
            return None

    # --- the other stages ----------------------------------------------------------------

    def _finish(self, target: str, haul: _Haul, progress: Progress) -> AddedResult:
        for key in haul.posts:
            self._capture(key, haul, progress)
        for video in list(haul.videos):
            self._identify(video, haul, progress)
        for video in haul.videos:
            self._one(self._stages.record, video, video, haul)
        return self._result(target, haul)

    def _capture(self, key: PostKey, haul: _Haul, progress: Progress) -> None:
        with self._archive.database.read() as session:
            media = post_media.media_of_post(session, key)
        for item in media:
            if item.video is not None:
                haul.videos.setdefault(item.video, False)
                continue
            if item.pending.ref.url in haul.tried:
                continue
            progress("capture", item.pending.ref.url)
            self._capture_one(item.pending, haul)

    def _capture_one(self, item: PendingMedia, haul: _Haul) -> None:
        capture = self._stages.capture
        haul.tried.add(item.ref.url)
        try:
            with tried(capture.name, capture.key(item), self._archive, self._clock):
                captured = capture.take(item)
        except TrackerError as exc:
            haul.fail(item.ref.url, exc)
        else:
            haul.videos[captured.video] = haul.videos.get(captured.video, False) or captured.new

    def _identify(self, video: VideoId, haul: _Haul, progress: Progress) -> None:
        with self._archive.database.read() as session:
            held = fingerprint_rows.get_fingerprint(session, video, self._algorithm) is not None
            compared = fingerprint_rows.is_detected(session, video, self._algorithm)
            kept = video_rows.is_kept(session, video)
            without_pictures = kept and deletions.keyframes_gone(session, video)
        if not held and not kept:
            haul.fail(video, MediaError(ORIGINAL_GONE))
            return
        if not held or without_pictures:
            progress("fingerprint", video[:12])
            if not self._one(self._stages.fingerprint, video, video, haul):
                return
        if not compared:
            progress("detect", video[:12])
            self._one(self._stages.detect, video, video, haul)

    def _one(self, stage: Stage[T], item: T, label: str, haul: _Haul) -> bool:
        error = attempt(stage, item, self._archive, self._clock)
        if error is not None:
            haul.fail(label, error)
        return error is None

    # --- the answer ----------------------------------------------------------------------

    def _result(self, target: str, haul: _Haul) -> AddedResult:
        with self._archive.database.read() as session:
            stored = (post_rows.get_post(session, key) for key in haul.posts)
            # Fetched, or known by address; two addresses may have turned out to be one post.
            held = {post.post.key: post for post in stored if post is not None}.values()
            videos = []
            for video, new in haul.videos.items():
                clips = clip_rows.clips_of_video(session, video)
                videos.append(AddedVideo(video, clips[0].id if clips else None, new))
        shown = [post for post in held if post.post.kind not in {PostKind.FILE, PostKind.FEED}]
        leads: dict[Lead, None] = {lead: None for post in held for lead in post.post.leads}
        return AddedResult(
            target=target,
            posts=tuple(summarise(post) for post in shown),
            videos=tuple(videos),
            leads=tuple(leads),
            errors=tuple(haul.errors),
            left=self._left(haul),
        )

    def _left(self, haul: _Haul) -> Left:
        """Count what nobody has read yet; an address that is both counts as over the budget."""
        over = haul.over_budget - haul.posts.keys()
        beyond = haul.beyond_depth - over - haul.posts.keys()
        with self._archive.database.read() as session:
            return Left(
                over_budget=sum(not _is_read(session, key) for key in over),
                beyond_depth=sum(not _is_read(session, key) for key in beyond),
                budget=self._budget,
                depth=self._depth,
            )


def _is_read(session: Session, key: PostKey) -> bool:
    stored = post_rows.get_post(session, key)
    return stored is not None and stored.fetched_at is not None


def _pointed_at(post: Post) -> dict[PostKey, str]:
    """Return key and spelling of everything the post points at."""
    found: dict[PostKey, str] = {}
    for link in post.links:
        try:
            found.setdefault(canonical_url(link.url), link.url)
        except TrackerError:
            continue  # not the address of anything
    found.pop(post.key, None)
    return found
