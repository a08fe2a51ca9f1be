"""Where a clip was seen, gathered from what is stored: all that its chain is computed from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlmodel import Session

from storage import posts as post_rows
from storage import videos as video_rows
from storage.credentials import get_credentials
from storage.posts import StoredPost
from tracker.model.chain import Conflict
from tracker.model.clip import Appearance, Clip, PostSummary
from tracker.model.credentials import ContentCredentials
from tracker.model.ids import AppearanceId, ClipId, PostKey, VideoId
from tracker.model.post import Lead, LinkRelation, PostKind
from tracker.model.status import visibility_of
from tracker.provenance.chain import ChainInputs
from tracker.provenance.footage import Footage, Stretch
from tracker.timestamps.conflicts import conflicts


def chain_inputs(session: Session, clip: Clip, footage: Footage) -> ChainInputs:
    """Return every appearance of the clip, with what posts, platforms and pages say of them."""
    appearances: list[Appearance] = []
    stated: dict[tuple[PostKey, PostKey], LinkRelation] = {}
    posts: dict[PostKey, StoredPost] = {}
    for stretch in footage.members:
        appearances.extend(_appearances(session, clip.id, stretch, posts, stated))
    appearances = list({appearance.id: appearance for appearance in appearances}.values())
    return ChainInputs(
        clip=clip,
        appearances=appearances,
        stated=stated,
        media_ids={key: _media_ids(post) for key, post in posts.items()},
        claim_conflicts=_claim_conflicts(appearances),
        leads=_leads(posts.values()),
    )


def summarise(stored: StoredPost) -> PostSummary:
    """Return as much of a stored post as matches and appearances show."""
    post = stored.post
    return PostSummary(post.key, post.platform, post.account, stored.published, post.status)


def _with_visibility(session: Session, stored: StoredPost) -> PostSummary:
    steps = post_rows.status_history(session, stored.post.key)
    return replace(summarise(stored), visibility=visibility_of(steps))


def shown_in(session: Session, video: VideoId) -> tuple[tuple[PostSummary, ...], tuple[str, ...]]:
    """Return the posts that showed ``video``, or the paths of its files where no post did."""
    stored = [post_rows.get_post(session, key) for key in post_rows.posts_of_video(session, video)]
    posts = tuple(summarise(s) for s in stored if s and s.post.kind is not PostKind.FILE)
    return posts, () if posts else video_rows.files(session, video)


def _appearances(
    session: Session,
    clip: ClipId,
    stretch: Stretch,
    posts: dict[PostKey, StoredPost],
    stated: dict[tuple[PostKey, PostKey], LinkRelation],
) -> list[Appearance]:
    """Return the appearances of one video, and note its posts and what points at them."""
    found = []
    carriers = post_rows.posts_of_video(session, stretch.video)
    for key in carriers:
        stored = post_rows.get_post(session, key)
        if stored is None:
            continue
        posts[key] = stored
        found.append(_appearance(session, clip, stretch, stored))
        for other, relation in post_rows.linked_from(session, key):
            if relation is LinkRelation.LISTS or other == key:
                continue
            stated[other, key] = relation
            citing = post_rows.get_post(session, other)
            if other not in carriers and citing is not None and _may_cite(citing):
                posts[other] = citing
                found.append(
                    _appearance(session, clip, stretch, citing, cites=_only_cites(relation))
                )
    if not found and (files := video_rows.files(session, stretch.video)):
        found.append(_file_appearance(session, clip, stretch, files))
    return found


def _may_cite(stored: StoredPost) -> bool:
    return stored.post.kind is not PostKind.FEED


def _only_cites(relation: LinkRelation) -> bool:
    return relation is not LinkRelation.SHARES


def _appearance(
    session: Session, clip: ClipId, stretch: Stretch, stored: StoredPost, *, cites: bool = False
) -> Appearance:
    is_file = stored.post.kind is PostKind.FILE
    container_claims = () if cites else video_rows.video_claims(session, stretch.video)
    return Appearance(
        id=_appearance_id(clip, stretch.video, stored.post.key),
        clip=clip,
        video=stretch.video,
        start_ms=stretch.start_ms,
        end_ms=stretch.end_ms,
        post=None if is_file else _with_visibility(session, stored),
        files=video_rows.files(session, stretch.video) if is_file else (),
        claims=(*stored.post.claims, *container_claims),
        published=stored.published,
        cites=cites,
        credentials=None if cites else video_credentials(session, stretch.video),
    )


def _file_appearance(
    session: Session, clip: ClipId, stretch: Stretch, files: tuple[str, ...]
) -> Appearance:
    return Appearance(
        id=_appearance_id(clip, stretch.video, ""),
        clip=clip,
        video=stretch.video,
        start_ms=stretch.start_ms,
        end_ms=stretch.end_ms,
        post=None,
        files=files,
        claims=video_rows.video_claims(session, stretch.video),
        credentials=video_credentials(session, stretch.video),
    )


def video_credentials(session: Session, video: VideoId) -> ContentCredentials | None:
    """Return what the video's own manifest says; ``None`` while it was not looked for."""
    held = get_credentials(session, video)
    return None if held is None else held.credentials


def _appearance_id(clip: ClipId, video: VideoId, post: str) -> AppearanceId:
    digest = hashlib.sha256("\n".join((clip, video, post)).encode()).hexdigest()
    return AppearanceId(f"app-{digest[:16]}")


def _media_ids(stored: StoredPost) -> frozenset[str]:
    return frozenset(ref.platform_media_id for ref in stored.post.media if ref.platform_media_id)


def _claim_conflicts(appearances: Sequence[Appearance]) -> list[Conflict]:
    return [
        replace(conflict, appearance=appearance.id)
        for appearance in appearances
        for conflict in conflicts(appearance.claims)
    ]


def _leads(posts: Iterable[StoredPost]) -> list[Lead]:
    found = {lead: None for stored in posts for lead in stored.post.leads}
    return sorted(found, key=lambda lead: (lead.source_url, lead.platform, lead.account, lead.text))
