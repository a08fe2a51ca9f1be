"""What stands around many posts and videos, read together: a few statements for thousands.

Each function gives exactly what its namesake for one gives, by name; a test compares them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import or_, tuple_
from sqlmodel import Session, col, select

from storage import pending
from storage.captures import Capture, captures_where
from storage.credentials import credentials_from
from storage.posts import StoredPost, stored_post
from storage.rows import (
    claim_from,
    lead_from,
    match_from,
    media_ref_from,
    post_key,
    sound_match_from,
    video_from,
)
from storage.tables import (
    CaptureRow,
    CredentialsRow,
    FingerprintRow,
    LeadRow,
    LinkRow,
    MatchRow,
    MediaRow,
    PostClaimRow,
    PostRow,
    SoundMatchRow,
    SpellingRow,
    StatusRow,
    VideoRow,
)
from tracker.model.credentials import VideoCredentials
from tracker.model.ids import PostKey, VideoId
from tracker.model.match import Match, SoundMatch
from tracker.model.post import LinkRelation, PostLink
from tracker.model.status import PostStatus, StatusChange
from tracker.model.video import Video

CHUNK = 400
"""Names in one statement; databases limit them."""

ItemT = TypeVar("ItemT")
PartT = TypeVar("PartT")


def posts(s: Session, keys: Iterable[PostKey]) -> dict[PostKey, StoredPost]:
    """Return the stored posts of those keys, as ``posts.get_post`` does."""
    found: dict[PostKey, StoredPost] = {}
    for chunk in _chunks(keys):
        rows = {row.id: row for row in s.exec(select(PostRow).where(col(PostRow.key).in_(chunk)))}
        ids = [number for number in rows if number is not None]
        claims = _parts(s, PostClaimRow, ids, claim_from)
        links = _parts(s, LinkRow, ids, lambda r: PostLink(r.url, LinkRelation(r.relation)))
        media = _parts(s, MediaRow, ids, media_ref_from)
        leads = _parts(s, LeadRow, ids, lead_from)
        spellings = _spellings(s, ids)
        for number, row in rows.items():
            found[post_key(row)] = stored_post(
                row,
                claims=tuple(claims[number]),
                links=tuple(links[number]),
                media=tuple(media[number]),
                leads=tuple(leads[number]),
                spellings=tuple(spellings[number]),
            )
    return found


def statuses(s: Session, keys: Iterable[PostKey]) -> dict[PostKey, tuple[StatusChange, ...]]:
    """Return the history of each post's visibility, as ``posts.status_history`` does."""
    found: dict[PostKey, list[StatusChange]] = defaultdict(list)
    for chunk in _chunks(keys):
        query = (
            select(StatusRow, PostRow.key)
            .join(PostRow, col(PostRow.id) == col(StatusRow.post_id))
            .where(col(PostRow.key).in_(chunk))
            .order_by(col(StatusRow.id))
        )
        for row, key in s.exec(query):
            step = StatusChange(PostStatus(row.status), row.at, row.last_at or row.at)
            found[PostKey(key)].append(step)
    return {key: tuple(steps) for key, steps in found.items()}


def captures(s: Session, keys: Iterable[PostKey], videos: Iterable[VideoId]) -> dict[int, Capture]:
    """Return every exchange made for the posts, or that served the videos, by its number."""
    found: dict[int, Capture] = {}
    for chunk in _chunks(keys):
        found |= {c.id: c for c in captures_where(s, col(PostRow.key).in_(chunk))}
    for names in _chunks(videos):
        found |= {c.id: c for c in captures_where(s, col(CaptureRow.video).in_(names))}
    return found


def videos(s: Session, names: Iterable[VideoId]) -> dict[VideoId, Video]:
    """Return the videos that are known, as ``videos.get_video`` does."""
    return {
        VideoId(row.sha256): video_from(row)
        for chunk in _chunks(names)
        for row in s.exec(select(VideoRow).where(col(VideoRow.sha256).in_(chunk)))
    }


def fingerprinted(s: Session, names: Iterable[VideoId], algorithm_key: str) -> set[VideoId]:
    """Return those of the videos that have a fingerprint under the algorithm."""
    algorithm = pending.algorithm_id(algorithm_key)
    return {
        VideoId(video)
        for chunk in _chunks(names)
        for video in s.exec(
            select(FingerprintRow.video).where(
                col(FingerprintRow.video).in_(chunk),
                col(FingerprintRow.algorithm_id) == algorithm,
            )
        )
    }


def credentials(s: Session, names: Iterable[VideoId]) -> dict[VideoId, VideoCredentials]:
    """Return the Content Credentials of those videos that were looked at."""
    return {
        VideoId(row.video): credentials_from(row)
        for chunk in _chunks(names)
        for row in s.exec(select(CredentialsRow).where(col(CredentialsRow.video).in_(chunk)))
    }


def matches(
    s: Session, pairs: Iterable[tuple[VideoId, VideoId]], algorithm_key: str
) -> dict[tuple[VideoId, VideoId], Match]:
    """Return what each two videos have in common, the first of the pair being the query."""
    algorithm = pending.algorithm_id(algorithm_key)
    found: dict[tuple[VideoId, VideoId], Match] = {}
    for chunk in _chunks(pairs):
        wanted = {(min(pair), max(pair)) for pair in chunk}
        rows = s.exec(
            select(MatchRow).where(
                MatchRow.algorithm_id == algorithm,
                tuple_(col(MatchRow.query), col(MatchRow.reference)).in_(sorted(wanted)),
            )
        )
        held = {(row.query, row.reference): row for row in rows}
        for one, other in chunk:
            row = held.get((min(one, other), max(one, other)))
            if row is not None:
                found[one, other] = match_from(row, one)
    return found


def sound_matches(
    s: Session, names: Iterable[VideoId], algorithm_key: str
) -> dict[VideoId, list[SoundMatch]]:
    """Return the sound matches of each video, as ``sounds.sound_matches_of`` does."""
    algorithm = pending.algorithm_id(algorithm_key)
    found: dict[VideoId, list[SoundMatch]] = defaultdict(list)
    for chunk in _chunks(names):
        wanted = set(chunk)
        rows = s.exec(
            select(SoundMatchRow).where(
                SoundMatchRow.algorithm_id == algorithm,
                or_(col(SoundMatchRow.query).in_(chunk), col(SoundMatchRow.reference).in_(chunk)),
            )
        )
        for row in rows:
            for video in wanted & {VideoId(row.query), VideoId(row.reference)}:
                found[video].append(sound_match_from(row, video))
    for of_video in found.values():
        of_video.sort(key=lambda match: (-match.score, match.reference))
    return found


def _chunks(items: Iterable[ItemT]) -> Iterator[Sequence[ItemT]]:
    unique = list(dict.fromkeys(items))
    for start in range(0, len(unique), CHUNK):
        yield unique[start : start + CHUNK]


def _parts(
    s: Session, table: Any, ids: Sequence[int], value: Callable[[Any], PartT]
) -> dict[int | None, list[PartT]]:
    """Return what belongs to each post of one table, in the order it came."""
    found: dict[int | None, list[PartT]] = defaultdict(list)
    query = select(table).where(col(table.post_id).in_(ids)).order_by(col(table.id))
    for row in s.exec(query):
        found[row.post_id].append(value(row))
    return found


def _spellings(s: Session, ids: Sequence[int]) -> dict[int | None, list[str]]:
    found: dict[int | None, list[str]] = defaultdict(list)
    query = select(SpellingRow).where(col(SpellingRow.post_id).in_(ids))
    for row in s.exec(query.order_by(col(SpellingRow.url))):
        found[row.post_id].append(row.url)
    return found
