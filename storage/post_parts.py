"""What belongs to a post: spellings, claims, links, media, leads. Added to, never replaced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from storage import row_changes
from storage.columns import clean_text
from storage.pending import CAPTURE
from storage.rows import claim_columns, claim_from, lead_from, lead_identity, media_ref_from
from storage.tables import (
    AttemptRow,
    CaptureRow,
    EditRow,
    LeadRow,
    LinkRow,
    MediaRow,
    PostClaimRow,
    PostRow,
    SpellingRow,
    StatusRow,
)
from storage.write_memory import memory
from tracker.errors import UnknownSubject
from tracker.model.post import Lead, LinkRelation, MediaRef, Post, PostLink
from tracker.model.time_claim import TimeClaim


def row_id(row: PostRow) -> int:
    """Return the id of a row that was flushed."""
    if row.id is None:
        raise ValueError(f"the row of {row.key} is not in the database yet")
    return row.id


def find_post(s: Session, url: str) -> PostRow | None:
    """Return the row known by ``url``, its key or any spelling."""
    known = memory(s).posts
    row = known.get(url) or _find(s, url)
    if row is not None:
        known[url] = row
    return row


def _find(s: Session, url: str) -> PostRow | None:
    row = s.exec(select(PostRow).where(PostRow.key == url)).first()
    if row is not None:
        return row
    return s.exec(
        select(PostRow)
        .join(SpellingRow, col(SpellingRow.post_id) == col(PostRow.id))
        .where(SpellingRow.url == url)
    ).first()


def require_post(s: Session, key: str) -> PostRow:
    """Return the row of ``key``; raises ``UnknownSubject`` when there is none."""
    row = find_post(s, key)
    if row is None:
        raise UnknownSubject(f"no post {key} is held")
    return row


def add_parts(s: Session, row: PostRow, post: Post) -> None:
    """Add everything of ``post`` that ``row`` does not hold yet."""
    add_spellings(s, row, (post.key, *post.spellings))
    add_claims(s, row, post.claims)
    _add_links(s, row, post.links)
    add_media(s, row, post.media)
    _add_leads(s, row, post.leads)
    s.flush()


def add_spellings(s: Session, row: PostRow, urls: Iterable[str]) -> None:
    """Make ``urls`` lead to ``row``; a post that was kept under one of them is taken over."""
    for url in dict.fromkeys(clean_text(url) for url in urls):
        if url == row.key:
            continue
        other = s.exec(select(PostRow).where(PostRow.key == url)).first()
        if other is not None:
            _take_over(s, row, other)
        if s.get(SpellingRow, url) is None:
            s.add(SpellingRow(url=url, post_id=row_id(row)))
            s.flush()


def add_claims(s: Session, row: PostRow, claims: Iterable[TimeClaim]) -> None:
    """Add the claims that are not held; those that are stay as they are."""
    new = dict.fromkeys(claims)
    held = set(_claims(s, row)) if new else set()
    for claim in new:
        if claim not in held:
            s.add(PostClaimRow(post_id=row_id(row), **claim_columns(claim)))
    s.flush()


def add_media(s: Session, row: PostRow, new: Iterable[MediaRef]) -> None:
    """Add the media addresses that are not held; a media id is filled in where it was unknown.

    An address that was signed anew is known by its media id: it replaces the former one while
    that was not fetched, and is nothing new afterwards.
    """
    refs = list(new)
    rows = list(_media(s, row)) if refs else []
    for ref in refs:
        _add_medium(s, row, rows, ref)
    s.flush()


def media_row(s: Session, row: PostRow, ref: MediaRef) -> MediaRow:
    """Return the row of a media address, made if the post has none."""
    found = _add_medium(s, row, list(_media(s, row)), ref)
    s.flush()
    return found


def _add_medium(s: Session, row: PostRow, rows: list[MediaRow], ref: MediaRef) -> MediaRow:
    url = clean_text(ref.url)
    same = (r for r in rows if (r.url, r.via) == (url, ref.via))
    named = (
        r
        for r in rows
        if ref.platform_media_id is not None
        and (r.platform_media_id, r.via) == (ref.platform_media_id, ref.via)
    )
    found = next(same, None) or next(named, None)
    if found is None:
        found = MediaRow(post_id=row_id(row), url=url, via=ref.via)
        rows.append(found)
    elif found.url != url and found.video is None:
        found.url = url
        attempts = (col(AttemptRow.stage) == CAPTURE) & (col(AttemptRow.item) == str(found.id))
        s.execute(delete(AttemptRow).where(attempts))
    found.platform_media_id = found.platform_media_id or ref.platform_media_id
    s.add(found)
    return found


def claims(s: Session, row: PostRow) -> tuple[TimeClaim, ...]:
    """Return the time claims in the order they came."""
    return tuple(_claims(s, row))


def spellings(s: Session, row: PostRow) -> tuple[str, ...]:
    """Return the other addresses of the post, sorted."""
    query = select(SpellingRow.url).where(SpellingRow.post_id == row.id)
    return tuple(s.exec(query.order_by(col(SpellingRow.url))).all())


def links(s: Session, row: PostRow) -> tuple[PostLink, ...]:
    """Return where the post points, in the order found."""
    return tuple(PostLink(r.url, LinkRelation(r.relation)) for r in _links(s, row))


def media(s: Session, row: PostRow) -> tuple[MediaRef, ...]:
    """Return where the post's videos can be fetched, in the order found."""
    return tuple(media_ref_from(r) for r in _media(s, row))


def leads(s: Session, row: PostRow) -> tuple[Lead, ...]:
    """Return what the post attributes without linking, in the order found."""
    return tuple(lead_from(r) for r in _leads(s, row))


def _claims(s: Session, row: PostRow) -> list[TimeClaim]:
    query = select(PostClaimRow).where(PostClaimRow.post_id == row.id)
    return [claim_from(r) for r in s.exec(query.order_by(col(PostClaimRow.id)))]


def _links(s: Session, row: PostRow) -> Sequence[LinkRow]:
    query = select(LinkRow).where(LinkRow.post_id == row.id)
    return s.exec(query.order_by(col(LinkRow.id))).all()


def _media(s: Session, row: PostRow) -> Sequence[MediaRow]:
    query = select(MediaRow).where(MediaRow.post_id == row.id)
    return s.exec(query.order_by(col(MediaRow.id))).all()


def _leads(s: Session, row: PostRow) -> Sequence[LeadRow]:
    query = select(LeadRow).where(LeadRow.post_id == row.id)
    return s.exec(query.order_by(col(LeadRow.id))).all()


def _add_links(s: Session, row: PostRow, new: Sequence[PostLink]) -> None:
    held = {(r.url, r.relation) for r in _links(s, row)} if new else set()
    for link in new:
        identity = (clean_text(link.url), link.relation.value)
        if identity not in held:
            held.add(identity)
            s.add(LinkRow(post_id=row_id(row), url=identity[0], relation=identity[1]))


def _add_leads(s: Session, row: PostRow, new: Sequence[Lead]) -> None:
    held = {r.identity: r for r in _leads(s, row)} if new else {}
    for lead in new:
        lead_row = held.setdefault(
            lead_identity(lead),
            LeadRow(
                post_id=row_id(row),
                identity=lead_identity(lead),
                text=lead.text,
                platform=lead.platform,
                account=lead.account,
                source_url=lead.source_url,
            ),
        )
        lead_row.day = lead_row.day or lead.day
        s.add(lead_row)


def _take_over(s: Session, row: PostRow, other: PostRow) -> None:
    """Make ``other`` a part of ``row``: two addresses turned out to be one post."""
    add_claims(s, row, _claims(s, other))
    _add_links(s, row, [PostLink(r.url, LinkRelation(r.relation)) for r in _links(s, other)])
    _take_over_media(s, row, other)
    _add_leads(s, row, leads(s, other))
    s.flush()
    for table in (CaptureRow, EditRow, StatusRow, SpellingRow):
        s.execute(update(table).where(col(table.post_id) == other.id).values(post_id=row_id(row)))
    row.depth = max(row.depth, other.depth)
    row.origin = row.origin or other.origin
    row.first_observed_at = min(row.first_observed_at, other.first_observed_at)
    s.add(row)
    row_changes.moved(s, row, other)
    _delete(s, other)


def _take_over_media(s: Session, row: PostRow, other: PostRow) -> None:
    add_media(s, row, media(s, other))
    s.flush()
    videos = {(r.url, r.via): r.video for r in _media(s, other)}
    for media_row in _media(s, row):
        media_row.video = media_row.video or videos.get((media_row.url, media_row.via))
        s.add(media_row)


def _delete(s: Session, other: PostRow) -> None:
    media_items = [str(row.id) for row in _media(s, other)]  # as the attempts know them
    gone = [*media_items, other.key]
    s.execute(delete(AttemptRow).where(col(AttemptRow.item).in_(gone)))
    for table in (PostClaimRow, LinkRow, MediaRow, LeadRow):
        for part in s.exec(select(table).where(col(table.post_id) == other.id)):
            s.delete(part)
    s.flush()
    s.delete(other)
    s.flush()
    memory(s).forget(other)
