"""Where a clip was seen, gathered from what is stored: all that its chain is computed from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from sqlmodel import Session

from storage import bulk
from storage import posts as post_rows
from storage import videos as video_rows
from storage.columns import clean_text
from storage.credentials import get_credentials
from storage.posts import StoredPost
from storage.shown_posts import posts_showing
from tracker.model.chain import Conflict
from tracker.model.clip import Appearance, Clip, PostSummary
from tracker.model.credentials import ContentCredentials
from tracker.model.ids import AppearanceId, ClipId, PostKey, VideoId
from tracker.model.post import Lead, LinkRelation, PostKind
from tracker.model.status import StatusChange, visibility_of
from tracker.model.time_claim import TimeClaim
from tracker.net.url_syntax import local_path
from tracker.provenance.chain import ChainInputs
from tracker.provenance.footage import Footage
from tracker.provenance.overlaps import Stretch
from tracker.timestamps.conflicts import conflicts


def chain_inputs(session: Session, clip: Clip, footage: Footage) -> ChainInputs:
    """Return every appearance of the clip, with what posts, platforms and pages say of them."""
    gathering = _Gathering(session, clip.id, [member.video for member in footage.members])
    found = [seen for stretch in footage.members for seen in gathering.appearances(stretch)]
    appearances = list({appearance.id: appearance for appearance in found}.values())
    return ChainInputs(
        clip=clip,
        appearances=appearances,
        stated=gathering.stated,
        media_ids={key: _media_ids(post) for key, post in gathering.posts.items()},
        claim_conflicts=_claim_conflicts(appearances),
        leads=_leads(gathering.posts.values()),
    )


def summarise(stored: StoredPost) -> PostSummary:
    """Return as much of a stored post as matches and appearances show."""
    post = stored.post
    return PostSummary(post.key, post.platform, post.account, stored.published, post.status)


def shown_in(session: Session, video: VideoId) -> tuple[tuple[PostSummary, ...], tuple[str, ...]]:
    """Return the posts that showed ``video``, or the paths of its files where no post did."""
    stored = [post_rows.get_post(session, key) for key in post_rows.posts_of_video(session, video)]
    posts = tuple(summarise(s) for s in stored if s and s.post.kind is not PostKind.FILE)
    return posts, () if posts else video_rows.files(session, video)


def seen_in(session: Session, video: VideoId) -> list[Appearance]:
    """Return where ``video`` was seen: in posts, or in each of its files where no post did.

    They are of no clip yet, and their ids only tell them apart.
    """
    stored = [post_rows.get_post(session, key) for key in post_rows.posts_of_video(session, video)]
    files = [s for s in stored if s and s.post.kind is PostKind.FILE]
    posts = [s for s in stored if s and s.post.kind is not PostKind.FILE]
    shower = _Shower(session, ClipId(""), Stretch(video, 0, 0), (), None)
    found = [shower.appearance(carrier, ()) for carrier in posts or files]
    return found or [shower.file_appearance()]


class _Gathering:
    """Makes the appearances of a clip's videos, and notes its posts and what points at them."""

    def __init__(self, session: Session, clip: ClipId, videos: Sequence[VideoId]) -> None:
        self._session = session
        self._clip = clip
        self._shown = posts_showing(session, videos)
        self._claims = video_rows.claims_of(session, videos)
        self._credentials = bulk.credentials(session, videos)
        self.stated: dict[tuple[PostKey, PostKey], LinkRelation] = {}
        self.posts: dict[PostKey, StoredPost] = {}

    def appearances(self, stretch: Stretch) -> list[Appearance]:
        """Return the appearances of one video."""
        carriers = self._shown.carriers.get(stretch.video, ())
        held = self._credentials.get(stretch.video)
        shower = _Shower(
            self._session,
            self._clip,
            stretch,
            self._claims.get(stretch.video, ()),
            held.credentials if held is not None else None,
        )
        found = []
        for key in carriers:
            self.posts[key] = stored = self._shown.stored[key]
            found.append(shower.appearance(stored, self._history(key)))
            for other, relation in self._shown.pointing.get(key, ()):
                if relation is LinkRelation.LISTS or other == key:
                    continue
                self.stated[other, key] = relation
                citing = self._shown.stored[other]
                if other not in carriers and _may_cite(citing):
                    self.posts[other] = citing
                    cites = _only_cites(relation)
                    found.append(shower.appearance(citing, self._history(other), cites=cites))
        if not found and shower.files:
            found.append(shower.file_appearance())
        return found

    def _history(self, key: PostKey) -> Sequence[StatusChange]:
        return self._shown.history.get(key, ())


def _may_cite(stored: StoredPost) -> bool:
    return stored.post.kind is not PostKind.FEED


def _only_cites(relation: LinkRelation) -> bool:
    return relation is not LinkRelation.SHARES


class _Shower:
    """One video's stretch of a clip; what is known of the file is read once."""

    def __init__(
        self,
        session: Session,
        clip: ClipId,
        stretch: Stretch,
        claims: tuple[TimeClaim, ...],
        credentials: ContentCredentials | None,
    ) -> None:
        self._session = session
        self._clip = clip
        self._stretch = stretch
        self._claims = claims
        self._credentials = credentials

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The paths from which the video was taken in."""
        return video_rows.files(self._session, self._stretch.video)

    def appearance(
        self, stored: StoredPost, history: Sequence[StatusChange], *, cites: bool = False
    ) -> Appearance:
        """Return the video seen in a post."""
        is_file = stored.post.kind is PostKind.FILE
        post = replace(summarise(stored), visibility=visibility_of(history))
        return Appearance(
            id=_appearance_id(self._clip, self._stretch.video, stored.post.key),
            clip=self._clip,
            video=self._stretch.video,
            start_ms=self._stretch.start_ms,
            end_ms=self._stretch.end_ms,
            post=None if is_file else post,
            files=self._called(stored.post.key) if is_file else (),
            claims=(*stored.post.claims, *(() if cites else self._claims)),
            published=stored.published,
            cites=cites,
            credentials=None if cites else self._credentials,
        )

    def _called(self, key: PostKey) -> tuple[str, ...]:
        """Return the path that a file's post is about: the video may have come from others too."""
        path = clean_text(str(local_path(key)))
        return (path,) if path in self.files else self.files

    def file_appearance(self) -> Appearance:
        """Return the video as a file that no post is known for."""
        return Appearance(
            id=_appearance_id(self._clip, self._stretch.video, ""),
            clip=self._clip,
            video=self._stretch.video,
            start_ms=self._stretch.start_ms,
            end_ms=self._stretch.end_ms,
            post=None,
            files=self.files,
            claims=self._claims,
            credentials=self._credentials,
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
