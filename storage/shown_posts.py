"""All posts that show some videos, and what points at them, in a few statements for any number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import CompoundSelect, select, union_all
from sqlmodel import Session, col

from storage import bulk
from storage.batches import batches
from storage.post_parts import find_post
from storage.posts import StoredPost
from storage.tables import LinkRow, MediaRow, PostRow, SpellingRow
from tracker.model.ids import PostKey, VideoId
from tracker.model.post import LinkRelation
from tracker.model.status import StatusChange

NameT = TypeVar("NameT", int, str)

Pointer = tuple[PostKey, LinkRelation]


@dataclass(frozen=True, slots=True)
class ShownPosts:
    """``carriers`` are the posts that served each video, in the order they were found.

    ``pointing`` are the posts that point at one of these, and how; ``stored`` holds all of them,
    ``history`` every change of their visibility, oldest first.
    """

    carriers: Mapping[VideoId, Sequence[PostKey]]
    pointing: Mapping[PostKey, Sequence[Pointer]]
    stored: Mapping[PostKey, StoredPost]
    history: Mapping[PostKey, Sequence[StatusChange]]


def posts_showing(s: Session, videos: Collection[VideoId]) -> ShownPosts:
    """Return the posts that served ``videos`` and those that point at them."""
    served: dict[str, set[int]] = defaultdict(set)
    for batch in batches(sorted(videos)):
        query = select(col(MediaRow.video), col(MediaRow.post_id))
        for video, post_id in s.execute(query.where(col(MediaRow.video).in_(batch))):
            served[video].add(post_id)
    keys = _keys(s, {post_id for found in served.values() for post_id in found})
    pointers = _pointers(s, keys)
    keys |= _keys(s, {i for found in pointers.values() for i, _ in found} - set(keys))
    return ShownPosts(
        carriers={VideoId(v): [keys[i] for i in sorted(found)] for v, found in served.items()},
        pointing={
            keys[target]: [(keys[i], LinkRelation(relation)) for i, relation in sorted(found)]
            for target, found in pointers.items()
        },
        stored=bulk.posts(s, keys.values()),
        history=bulk.statuses(s, keys.values()),
    )


def videos_shown_by(s: Session, key: PostKey) -> list[VideoId]:
    """Return the videos that a post served, and those of the posts it points at."""
    post = find_post(s, key)
    if post is None:
        return []
    linked = select(col(LinkRow.url)).where(col(LinkRow.post_id) == post.id)
    showing: CompoundSelect[int] = union_all(
        select(col(PostRow.id)).where(col(PostRow.id) == post.id),
        select(col(PostRow.id)).where(col(PostRow.key).in_(linked)),
        select(col(SpellingRow.post_id)).where(col(SpellingRow.url).in_(linked)),
    )
    query = select(col(MediaRow.video)).where(
        col(MediaRow.post_id).in_(showing), col(MediaRow.video).is_not(None)
    )
    return [VideoId(video) for video in s.scalars(query.distinct()) if video is not None]


def _keys(s: Session, ids: Collection[int]) -> dict[int, PostKey]:
    found: dict[int, PostKey] = {}
    for batch in batches(sorted(ids)):
        query = select(col(PostRow.id), col(PostRow.key)).where(col(PostRow.id).in_(batch))
        found |= {post_id: PostKey(key) for post_id, key in s.execute(query)}
    return found


def _pointers(s: Session, keys: Mapping[int, PostKey]) -> dict[int, set[tuple[int, str]]]:
    """Return which posts point at each of ``keys``, under whichever spelling, and how."""
    targets: dict[str, int] = {key: post_id for post_id, key in keys.items()}
    for batch in batches(sorted(keys)):
        query = select(col(SpellingRow.url), col(SpellingRow.post_id))
        rows = s.execute(query.where(col(SpellingRow.post_id).in_(batch)))
        targets.update((url, post_id) for url, post_id in rows)
    found: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for urls in batches(sorted(targets)):
        links = select(col(LinkRow.url), col(LinkRow.post_id), col(LinkRow.relation))
        for url, post_id, relation in s.execute(links.where(col(LinkRow.url).in_(urls))):
            found[targets[url]].add((post_id, relation))
    return found
