"""Step four: from matches and dated posts to clips and chains."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from storage import clips as clip_rows
from storage import fingerprints as fingerprint_rows
from storage import ledger
from storage import matches as match_rows
from storage import posts as post_rows
from storage import videos as video_rows
from storage.database import Database
from storage.posts import StoredPost
from tracker.clock import Clock
from tracker.evidence.canonical import canonical_json
from tracker.matching.cuts import hard_cut_near
from tracker.model.chain import Chain, Conflict, Revision
from tracker.model.clip import Appearance, Clip, PostSummary
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import AppearanceId, ClipId, PostKey, VideoId
from tracker.model.ledger import LedgerKind
from tracker.model.match import Match
from tracker.model.post import Lead, LinkRelation, PostKind
from tracker.provenance.chain import ChainInputs, build_chain, shape
from tracker.provenance.footage import BORDER_TOLERANCE_MS, Footage, Stretch, group_footage
from tracker.timestamps.conflicts import conflicts

Pair = tuple[VideoId, VideoId]


@dataclass(frozen=True, slots=True)
class _Component:
    """All videos that share footage with each other, directly or through others."""

    videos: frozenset[VideoId]
    matches: Mapping[Pair, Match]
    footage: tuple[Footage, ...]
    versions: Mapping[VideoId, int]


@dataclass(frozen=True, slots=True)
class _Assignment:
    """Which clip each stretch of footage is, and which former clips are no more."""

    clips: tuple[tuple[Clip, Footage], ...]
    merged: tuple[tuple[Clip, ClipId], ...]
    split: tuple[Clip, ...]


class Tracer:
    """Computes clips and chains from what is stored, and records them when they change."""

    def __init__(self, database: Database, algorithm_key: str, clock: Clock) -> None:
        self._database = database
        self._algorithm = algorithm_key
        self._clock = clock

    # --- reading -------------------------------------------------------------------------

    def chains_of_video(self, session: Session, video: VideoId) -> list[Chain]:
        """Return the chains of every clip the video shows, the one it shows most of first."""
        component = self._component(session, video)
        found = []
        for clip, footage in self._assign(session, component).clips:
            shown = [m.duration_ms for m in footage.members if m.video == video]
            if shown:
                found.append((max(shown), self._chain(session, component, clip, footage)))
        found.sort(key=lambda item: (-item[0], item[1].clip))
        return [chain for _, chain in found]

    def chain_of_clip(self, session: Session, clip_id: ClipId) -> Chain | None:
        """Return the clip's chain as of now; merged clips answer with the one they became."""
        stored = clip_rows.resolve_clip(session, clip_id)
        if stored is None:
            return None
        component = self._component(session, stored.reference)
        for clip, footage in self._assign(session, component).clips:
            if clip.id == stored.id:
                return self._chain(session, component, clip, footage)
        return None

    # --- recording -----------------------------------------------------------------------

    def record(self, video: VideoId) -> list[Chain]:
        """Bring the clips and chains around ``video`` up to date; return those that changed.

        Safe to repeat: nothing is written when nothing changed but the mark that says so.
        """
        with self._database.read() as session:
            component = self._component(session, video)
        with self._database.write() as session:
            changed = self._write_clips(session, component)
            for member, version in component.versions.items():
                video_rows.mark_recorded(session, member, version)
        return changed

    def _write_clips(self, session: Session, component: _Component) -> list[Chain]:
        now = self._clock.now()
        assignment = self._assign(session, component)
        for clip, footage in assignment.clips:
            members = [stretch.video for stretch in footage.members]
            clip_rows.save_clip(session, clip, members, now=now)
        for clip, heir in assignment.merged:
            reason = f"its footage is part of {heir}"
            clip_rows.retire_clip(session, clip.id, into=heir, reason=reason, at=now)
        for clip in assignment.split:
            reason = "its footage is made up of other clips"
            clip_rows.retire_clip(session, clip.id, into=None, reason=reason, at=now)
        chains = [self._revise(session, component, c, f) for c, f in assignment.clips]
        return [chain for chain in chains if chain is not None]

    def _revise(
        self, session: Session, component: _Component, clip: Clip, footage: Footage
    ) -> Chain | None:
        """Store a new revision if the chain's shape differs from the latest one."""
        inputs = self._inputs(session, clip, footage)
        if not inputs.appearances:
            return None
        chain = self._build(session, component, inputs, as_of_new_revision=True)
        document = canonical_json(shape(chain.links, chain.root))
        digest = hashlib.sha256(document).hexdigest()
        latest = clip_rows.latest_revision(session, clip.id)
        if latest is not None and latest.digest == digest:
            return None
        reason = _reason(latest.root if latest else None, chain)
        clip_rows.save_revision(
            session,
            clip.id,
            revision=chain.revision,
            root=chain.root,
            reason=reason,
            digest=digest,
            document=document.decode(),
            at=chain.as_of,
        )
        body = {
            "clip": clip.id,
            "revision": chain.revision,
            "root": chain.root,
            "digest": digest,
            "reason": reason,
        }
        ledger.append(session, LedgerKind.CHAIN, body, at=chain.as_of)
        return chain

    # --- building blocks -----------------------------------------------------------------

    def _component(self, session: Session, video: VideoId) -> _Component:
        videos = match_rows.component(session, video, self._algorithm) | {video}
        matches: dict[Pair, Match] = {}
        for member in videos:
            for match in match_rows.matches_of(session, member, self._algorithm):
                if match.asserted:
                    matches[match.query, match.reference] = match
        footage = group_footage(
            self._durations(session, videos),
            list(matches.values()),
            _CutFinder(session, self._algorithm),
        )
        versions = {member: video_rows.evidence_version(session, member) for member in videos}
        return _Component(frozenset(videos), matches, footage, versions)

    def _durations(self, session: Session, videos: Iterable[VideoId]) -> dict[VideoId, int]:
        durations = {}
        for video in videos:
            stored = video_rows.get_video(session, video)
            if stored is not None and stored.info is not None:
                durations[video] = stored.info.duration_ms
        return durations

    def _assign(self, session: Session, component: _Component) -> _Assignment:
        """Give each stretch of footage the oldest clip id that any of its videos anchors."""
        stored = clip_rows.clips_anchored(session, component.videos)
        clips: list[tuple[Clip, Footage]] = []
        merged: list[tuple[Clip, ClipId]] = []
        taken: set[ClipId] = set()
        for footage in component.footage:
            owned = [clip for clip in stored if clip.reference in footage.absorbed]
            anchor = next(m for m in footage.members if m.video == footage.anchor)
            new_id = owned[0].id if owned else _new_clip_id(session, footage.anchor)
            clips.append((Clip(new_id, anchor.video, anchor.start_ms, anchor.end_ms), footage))
            merged.extend((former, new_id) for former in owned[1:])
            taken.update(clip.id for clip in owned)
        split = tuple(clip for clip in stored if clip.id not in taken)
        return _Assignment(tuple(clips), tuple(merged), split)

    def _chain(
        self, session: Session, component: _Component, clip: Clip, footage: Footage
    ) -> Chain:
        return self._build(session, component, self._inputs(session, clip, footage))

    def _build(
        self,
        session: Session,
        component: _Component,
        inputs: ChainInputs,
        *,
        as_of_new_revision: bool = False,
    ) -> Chain:
        history = clip_rows.history(session, inputs.clip.id)
        latest = max((past.revision for past in history), default=0)
        return build_chain(
            inputs,
            lambda child, parent: component.matches.get((child, parent)),
            history=_former(history, latest, as_of_new_revision),
            revision=latest + 1 if as_of_new_revision else max(latest, 1),
            as_of=self._clock.now(),
        )

    def _inputs(self, session: Session, clip: Clip, footage: Footage) -> ChainInputs:
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
            searched=post_rows.coverage(session),
        )


class _CutFinder:
    """Answers "is there a hard cut here" from stored fingerprints, each loaded once."""

    def __init__(self, session: Session, algorithm_key: str) -> None:
        self._session = session
        self._algorithm = algorithm_key
        self._loaded: dict[VideoId, Fingerprint | None] = {}

    def __call__(self, video: VideoId, at_ms: int) -> bool:
        if video not in self._loaded:
            self._loaded[video] = fingerprint_rows.get_fingerprint(
                self._session, video, self._algorithm
            )
        fingerprint = self._loaded[video]
        return fingerprint is not None and hard_cut_near(fingerprint, at_ms, BORDER_TOLERANCE_MS)


def summarise(stored: StoredPost) -> PostSummary:
    """Return as much of a stored post as matches and appearances show."""
    post = stored.post
    return PostSummary(post.key, post.platform, post.account, stored.published, post.status)


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
            if other not in carriers and citing is not None:
                posts[other] = citing
                found.append(
                    _appearance(session, clip, stretch, citing, cites=_only_cites(relation))
                )
    if not found and (files := video_rows.files(session, stretch.video)):
        found.append(_file_appearance(session, clip, stretch, files))
    return found


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
        post=None if is_file else summarise(stored),
        files=video_rows.files(session, stretch.video) if is_file else (),
        claims=(*stored.post.claims, *container_claims),
        published=stored.published,
        cites=cites,
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
    )


def _appearance_id(clip: ClipId, video: VideoId, post: str) -> AppearanceId:
    digest = hashlib.sha256("\n".join((clip, video, post)).encode()).hexdigest()
    return AppearanceId(f"app-{digest[:16]}")


def _new_clip_id(session: Session, anchor: VideoId) -> ClipId:
    """Return an id no clip ever had: derived from the anchor, so that a re-run gives the same."""
    for attempt in range(1_000):
        digest = hashlib.sha256(f"{anchor}\n{attempt}".encode()).hexdigest()
        clip = ClipId(f"clip-{digest[:16]}")
        if clip_rows.get_clip(session, clip) is None:
            return clip
    raise AssertionError(f"no free clip id for {anchor}")


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


def _former(history: Sequence[Revision], latest: int, as_of_new_revision: bool) -> list[Revision]:
    """Return the answers before the one being given."""
    return [past for past in history if as_of_new_revision or past.revision < latest]


def _reason(former_root: AppearanceId | None, chain: Chain) -> str:
    if former_root is None:
        return "first record of this clip"
    if former_root != chain.root:
        return "an earlier upload was found"
    return "appearances or their relations changed"
