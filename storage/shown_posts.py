"""All posts that show some videos, and what points at them, in a few statements for any number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from storage.posts import StoredPost, stored_post
from storage.rows import claim_from, lead_from, media_ref_from, post_key
from storage.tables import (
    LeadRow,
    LinkRow,
    MediaRow,
    PostClaimRow,
    PostRow,
    SpellingRow,
    StatusRow,
)
from tracker.model.ids import PostKey, VideoId
from tracker.model.post import LinkRelation, PostLink
from tracker.model.status import PostStatus, StatusChange

MAX_BATCH = 500  # names in one statement; databases limit them

PartT = TypeVar("PartT", LinkRow, MediaRow, PostClaimRow, LeadRow, SpellingRow, StatusRow)
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
    history: Mapping[PostKey, Sequence[StatusChange]] = field(default_factory=dict)


def posts_showing(s: Session, videos: Collection[VideoId]) -> ShownPosts:
    """Return the posts that served ``videos`` and those that point at them."""
    served: dict[str, set[int]] = defaultdict(set)
    for batch in _batches(sorted(videos)):
        query = select(col(MediaRow.video), col(MediaRow.post_id))
        for video, post_id in s.execute(query.where(col(MediaRow.video).in_(batch))):
            served[video].add(post_id)
    ids = {post_id for found in served.values() for post_id in found}
    rows = _rows(s, ids)
    pointers = _pointers(s, rows)
    others = {post_id for found in pointers.values() for post_id, _ in found}
    rows |= _rows(s, others - set(rows))
    keys = {post_id: post_key(row) for post_id, row in rows.items()}
    history = _parts(s, StatusRow, rows)
    return ShownPosts(
        carriers={VideoId(v): [keys[i] for i in sorted(found)] for v, found in served.items()},
        pointing={
            keys[target]: [(keys[i], LinkRelation(relation)) for i, relation in sorted(found)]
            for target, found in pointers.items()
        },
        stored=_stored(s, rows),
        history={keys[i]: [_change(step) for step in steps] for i, steps in history.items()},
    )


def _rows(s: Session, ids: Collection[int]) -> dict[int, PostRow]:
    found: dict[int, PostRow] = {}
    for batch in _batches(sorted(ids)):
        for row in s.exec(select_rows(PostRow).where(col(PostRow.id).in_(batch))):
            found[row.id or 0] = row
    return found


def _pointers(s: Session, rows: Mapping[int, PostRow]) -> dict[int, set[tuple[int, str]]]:
    """Return which posts point at each of ``rows``, under whichever spelling, and how."""
    targets = {row.key: post_id for post_id, row in rows.items()}
    for post_id, spellings in _parts(s, SpellingRow, rows).items():
        targets |= {spelling.url: post_id for spelling in spellings}
    found: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for batch in _batches(sorted(targets)):
        query = select(col(LinkRow.url), col(LinkRow.post_id), col(LinkRow.relation))
        for url, post_id, relation in s.execute(query.where(col(LinkRow.url).in_(batch))):
            found[targets[url]].add((post_id, relation))
    return found


def _stored(s: Session, rows: Mapping[int, PostRow]) -> dict[PostKey, StoredPost]:
    links, media = _parts(s, LinkRow, rows), _parts(s, MediaRow, rows)
    claims, leads = _parts(s, PostClaimRow, rows), _parts(s, LeadRow, rows)
    spellings = _parts(s, SpellingRow, rows)
    return {
        post_key(row): stored_post(
            row,
            links=tuple(PostLink(r.url, LinkRelation(r.relation)) for r in links[post_id]),
            media=tuple(media_ref_from(r) for r in media[post_id]),
            claims=tuple(claim_from(r) for r in claims[post_id]),
            leads=tuple(lead_from(r) for r in leads[post_id]),
            spellings=tuple(sorted(r.url for r in spellings[post_id])),
        )
        for post_id, row in rows.items()
    }


def _parts(s: Session, table: type[PartT], ids: Iterable[int]) -> dict[int, list[PartT]]:
    """Return the rows of ``table`` by their post, in the order they came."""
    found: dict[int, list[PartT]] = defaultdict(list)
    order = SpellingRow.url if table is SpellingRow else table.id  # type: ignore[attr-defined]  # the others have one
    for batch in _batches(sorted(ids)):
        query = select_rows(table).where(col(table.post_id).in_(batch)).order_by(col(order))
        for row in s.exec(query):
            found[row.post_id].append(row)
    return found


def _change(row: StatusRow) -> StatusChange:
    return StatusChange(PostStatus(row.status), row.at, row.last_at or row.at)


def _batches(names: Sequence[NameT]) -> Iterator[Sequence[NameT]]:
    return (names[start : start + MAX_BATCH] for start in range(0, len(names), MAX_BATCH))
