"""Posts: discovered by address, filled in when fetched, looked at again later."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from storage import pending, post_edits, post_parts, tallies
from storage.post_parts import find_post, require_post
from storage.rows import post_key, published_from, set_published_columns
from storage.tables import (
    LeadRow,
    LinkRow,
    MediaRow,
    PostRow,
    SpellingRow,
    StatusRow,
)
from tracker.model.chain import Coverage
from tracker.model.ids import Platform, PostKey, VideoId
from tracker.model.post import Lead, LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.status import PostStatus, StatusChange
from tracker.model.time_claim import Published, TimeClaim

SHORTEST_PAUSE = timedelta(hours=1)
LONGEST_PAUSE = timedelta(days=60)
_PUBLISHED_KINDS = (PostKind.POST.value, PostKind.ARTICLE.value)  # no feeds, no local files


@dataclass(frozen=True, slots=True)
class PendingPost:
    """A post that is known by address and not yet fetched; ``url`` is how it was spelled.

    ``depth`` is how many links are to be followed from it.
    """

    key: PostKey
    url: str
    depth: int
    origin: str | None


@dataclass(frozen=True, slots=True)
class StoredPost:
    """All that is kept about a post; ``fetched_at`` is ``None`` while only its address is."""

    post: Post
    published: Published | None
    depth: int
    origin: str | None
    fetched_at: datetime | None
    first_observed_at: datetime


def save_post(
    s: Session,
    post: Post,
    *,
    now: datetime,
    depth: int,
    origin: str | None,
    published: Published | None,
) -> bool:
    """Keep what one fetch of a post told; return ``True`` when it had not been fetched before.

    What is known is added to, never thrown away: claims, links, media, leads and spellings
    stay; title, text and account are replaced where the new reading has them; ``published``
    stays when ``None`` is given. Other rows that this reading proves to be the same post
    (found under one of its spellings) become part of it.
    """
    row = find_post(s, post.key) or _new_row(post.key, post.key, post.platform, depth, origin, now)
    is_new = row.fetched_at is None
    row.fetched_at = row.fetched_at or now
    row.depth = max(row.depth, depth)
    if not is_new:
        post_edits.note_edits(s, row, post, now)
    _fill(row, post)
    if published is not None:
        set_published_columns(row, published)
    _schedule_check(row, now)
    s.add(row)
    s.flush()
    post_parts.add_parts(s, row, post)
    _change_status(s, row, post.status, now)
    return is_new


def discover_post(
    s: Session,
    *,
    key: PostKey,
    url: str,
    platform: Platform,
    account: str | None,
    depth: int,
    origin: str | None,
    claims: Sequence[TimeClaim],
    published: Published | None,
    now: datetime,
) -> bool:
    """Remember the address of a post nobody fetched yet; return ``True`` when it is new.

    A known post keeps what it has, gains the claims and the greater depth. ``url`` is kept as
    a spelling.
    """
    row = find_post(s, key) or find_post(s, url)
    is_new = row is None
    if row is None:
        row = _new_row(key, url, platform, depth, origin, now)
    row.depth = max(row.depth, depth)
    if row.fetched_at is None:
        row.account = row.account or account
    if published is not None and row.published_basis is None:
        set_published_columns(row, published)
    s.add(row)
    s.flush()
    post_parts.add_spellings(s, row, (key, url))
    post_parts.add_claims(s, row, claims)
    return is_new


def pending_posts(
    s: Session, *, now: datetime, limit: int, exclude_origins: Collection[str] = ()
) -> list[PendingPost]:
    """Return posts to fetch, the greatest depth first, without those held back until later.

    Posts that one of ``exclude_origins`` brought in are left out.
    """
    query = pending.posts_query().where(pending.ready(pending.COLLECT, col(PostRow.key), now))
    if exclude_origins:
        origin = func.coalesce(col(PostRow.origin), "")
        query = query.where(origin.not_in(exclude_origins))
    return [
        PendingPost(post_key(row), row.url, row.depth, row.origin)
        for row in s.scalars(query.limit(limit))
    ]


def get_post(s: Session, key: str) -> StoredPost | None:
    """Return the post known by ``key`` or one of its spellings."""
    row = find_post(s, key)
    return None if row is None else _stored(s, row)


def last_status(s: Session, key: str) -> PostStatus | None:
    """Return the visibility a fetched post was last found to have; ``None`` before its fetch."""
    row = find_post(s, key)
    return None if row is None or row.fetched_at is None else PostStatus(row.status)


def resolve(s: Session, url: str) -> PostKey | None:
    """Return the key of the post that ``url`` (a key or any spelling) belongs to."""
    row = find_post(s, url)
    return None if row is None else post_key(row)


def set_published(s: Session, key: PostKey, published: Published | None) -> None:
    """Replace the interval the product goes by; raises ``UnknownSubject`` for no such post."""
    row = require_post(s, key)
    set_published_columns(row, published)
    s.add(row)
    s.flush()


def set_status(s: Session, key: PostKey, status: PostStatus, at: datetime) -> None:
    """Keep what a look at the post found: a new step of its history only when it changed."""
    _change_status(s, require_post(s, key), status, at)


def status_history(s: Session, key: PostKey) -> list[StatusChange]:
    """Return every change of a post's visibility, oldest first."""
    rows = s.exec(
        select_rows(StatusRow)
        .join(PostRow, col(PostRow.id) == col(StatusRow.post_id))
        .where(PostRow.key == (resolve(s, key) or key))
        .order_by(col(StatusRow.id))
    ).all()
    return [StatusChange(PostStatus(row.status), row.at, row.last_at or row.at) for row in rows]


def posts_of_video(s: Session, video: VideoId) -> list[PostKey]:
    """Return the posts that served ``video``, in the order they were found."""
    query = (
        select(col(PostRow.key))
        .where(
            col(PostRow.id).in_(select(col(MediaRow.post_id)).where(col(MediaRow.video) == video))
        )
        .order_by(col(PostRow.id))
    )
    return [PostKey(key) for key in s.scalars(query)]


def accounts(s: Session) -> frozenset[str]:
    """Return the name of every account that any post or lead gives."""
    found = set(s.scalars(select(col(PostRow.account)).distinct()))
    found |= set(s.scalars(select(col(LeadRow.account)).distinct()))
    return frozenset(name for name in found if name)


def linked_from(s: Session, key: PostKey) -> list[tuple[PostKey, LinkRelation]]:
    """Return the posts that point at ``key``, under whichever spelling, and how."""
    row = find_post(s, key)
    spellings = select(col(SpellingRow.url)).where(
        col(SpellingRow.post_id) == (row.id if row else None)
    )
    query = (
        select(col(PostRow.key), col(LinkRow.relation))
        .join(LinkRow, col(LinkRow.post_id) == col(PostRow.id))
        .where(
            or_(
                col(LinkRow.url) == (row.key if row else key),
                col(LinkRow.url).in_(spellings),
            )
        )
        .order_by(col(PostRow.id), col(LinkRow.relation))
        .distinct()
        .add_columns(col(PostRow.id))
    )
    return [(PostKey(k), LinkRelation(relation)) for k, relation, _ in s.execute(query)]


def rechecks_due(s: Session, *, now: datetime, limit: int) -> list[PostKey]:
    """Return fetched web posts whose visibility should be looked at again, longest due first.

    The pause is the post's age at the last look, at least an hour and at most sixty days: what is
    new changes soon, and each look comes twice as late as the one before. Feeds are left out;
    nothing can be taken down by them.
    """
    query = (
        select(col(PostRow.key))
        .where(
            col(PostRow.fetched_at).is_not(None),
            col(PostRow.next_check_at) <= now,
            col(PostRow.kind) != PostKind.FEED.value,
        )
        .order_by(col(PostRow.next_check_at), col(PostRow.id))
    )
    return [PostKey(key) for key in s.scalars(query.limit(limit))]


def mark_checked(s: Session, key: PostKey, at: datetime) -> None:
    """Note that the post was looked at, and when to look again."""
    row = require_post(s, key)
    _schedule_check(row, at)
    s.add(row)
    s.flush()


def coverage(s: Session) -> Coverage:
    """Return what the archive holds: videos, fetched posts and articles, sampled frames."""
    posts = tallies.parts(s, tallies.POSTS)
    return Coverage(
        videos=tallies.count(s, tallies.VIDEOS),
        posts=sum(posts.values()),
        # A video fingerprinted by two algorithms was still searched once.
        frames=tallies.count(s, tallies.FRAMES),
        platforms=tuple(Platform(name) for name in posts),
        oldest_post_at=min(_published(s, newest=False), default=None),
        newest_post_at=max(_published(s, newest=True), default=None),
    )


def _published(s: Session, *, newest: bool) -> Iterator[datetime]:
    """Yield the ends of the publication times held: of either column, where the other is empty."""
    columns = (col(PostRow.published_earliest_at), col(PostRow.published_latest_at))
    column, other = reversed(columns) if newest else columns
    for wanted, condition in ((column, column.is_not(None)), (other, column.is_(None))):
        query = select(wanted).where(
            condition,
            wanted.is_not(None),
            col(PostRow.fetched_at).is_not(None),
            col(PostRow.kind).in_(_PUBLISHED_KINDS),
        )
        found = s.scalar(query.order_by(wanted.desc() if newest else wanted).limit(1))
        if found is not None:
            yield found


def count_fetched(s: Session, origin: str, since: datetime) -> int:
    """Return how many posts of ``origin`` have been fetched from ``since`` on."""
    query = select(func.count()).where(
        col(PostRow.origin) == origin, col(PostRow.fetched_at) >= since
    )
    return s.scalar(query) or 0


def pending_origins(s: Session) -> list[str]:
    """Return who brought in the posts that are still to be fetched."""
    # As an expression: an index of origins would be read from end to end for the distinct ones.
    origin = func.coalesce(col(PostRow.origin), "")
    return [
        name for name in s.scalars(select(origin).where(pending.posts_due()).distinct()) if name
    ]


def count_origin(s: Session, origin: str, since: datetime) -> int:
    """Return how many posts ``origin`` has brought in from ``since`` on."""
    query = select(func.count()).where(
        col(PostRow.origin) == origin, col(PostRow.first_observed_at) >= since
    )
    return s.scalar(query) or 0


def _new_row(
    key: PostKey, url: str, platform: Platform, depth: int, origin: str | None, now: datetime
) -> PostRow:
    return PostRow(
        key=key, url=url, platform=platform, depth=depth, origin=origin, first_observed_at=now
    )


def _fill(row: PostRow, post: Post) -> None:
    row.platform, row.kind = post.platform, post.kind.value
    row.account = post.account or row.account
    row.title = post.title or row.title
    row.text = post.text or row.text
    row.edited_at = post.edited_at or row.edited_at


def _schedule_check(row: PostRow, at: datetime) -> None:
    if not row.key.startswith(("http://", "https://")):
        return
    born = row.published_latest_at or row.published_earliest_at or row.first_observed_at
    row.checked_at = at
    row.next_check_at = at + min(max(at - born, SHORTEST_PAUSE), LONGEST_PAUSE)


def _change_status(s: Session, row: PostRow, status: PostStatus, at: datetime) -> None:
    # "unknown" is no finding: it neither replaces one nor belongs in the history.
    if status is PostStatus.UNKNOWN:
        return
    last = s.exec(
        select_rows(StatusRow)
        .where(StatusRow.post_id == row.id)
        .order_by(col(StatusRow.id).desc())
        .limit(1)
    ).first()
    if last is not None and status.value == row.status == last.status:
        last.last_at = max(last.last_at or last.at, at)
        s.add(last)
    else:
        row.status = status.value
        s.add(row)
        post_id = post_parts.row_id(row)
        s.add(StatusRow(post_id=post_id, status=status.value, at=at, last_at=at))
    s.flush()


def stored_post(
    row: PostRow,
    *,
    claims: tuple[TimeClaim, ...],
    links: tuple[PostLink, ...],
    media: tuple[MediaRef, ...],
    leads: tuple[Lead, ...],
    spellings: tuple[str, ...],
) -> StoredPost:
    """Return the post in ``row`` with what belongs to it."""
    post = Post(
        key=post_key(row),
        platform=Platform(row.platform),
        kind=PostKind(row.kind),
        account=row.account,
        title=row.title,
        text=row.text,
        status=PostStatus(row.status),
        links=links,
        media=media,
        claims=claims,
        leads=leads,
        spellings=spellings,
        edited_at=row.edited_at,
    )
    return StoredPost(
        post, published_from(row), row.depth, row.origin, row.fetched_at, row.first_observed_at
    )


def _stored(s: Session, row: PostRow) -> StoredPost:
    return stored_post(
        row,
        links=post_parts.links(s, row),
        media=post_parts.media(s, row),
        claims=post_parts.claims(s, row),
        leads=post_parts.leads(s, row),
        spellings=post_parts.spellings(s, row),
    )
