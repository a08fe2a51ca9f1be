"""Use case: the clips and chains behind what a person names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sqlmodel import Session

from storage import clips as clip_rows
from storage import post_media
from storage import posts as post_rows
from storage import videos as video_rows
from tracker.errors import UnknownSubject, UnsupportedSource, UsageError
from tracker.ingest.stage import Archive
from tracker.media.digest import sha256_of
from tracker.model.chain import Chain
from tracker.model.ids import ClipId, PostKey, VideoId
from tracker.model.post import LinkRelation
from tracker.model.summary import ClipSummary
from tracker.net.urls import canonical_url
from tracker.trace import Tracer

_DIGEST = re.compile(r"[0-9a-f]{6,64}")
"""A digest may be shortened to six digits, if no other begins so."""


class Subjects:
    """Resolves a clip id, post URL, video SHA-256 or file to the chains it stands for."""

    def __init__(self, archive: Archive, tracer: Tracer) -> None:
        self._archive = archive
        self._tracer = tracer

    def chains(self, subject: str) -> list[Chain]:
        """Return the chains of ``subject``, the one it shows most of first, never none.

        Raises ``UnknownSubject`` when the archive holds nothing of that name.
        """
        with self._archive.database.read() as session:
            clip = self._clip(session, subject)
            if clip is not None:
                found = self._tracer.chain_of_clip(session, clip)
                if found is not None:
                    return [found]
            videos = self._videos(session, subject) if clip is None else _behind(session, clip)
            chains: dict[ClipId, Chain] = {}
            for video in videos:
                for chain in self._tracer.chains_of_video(session, video):
                    chains.setdefault(chain.clip, chain)
        return list(chains.values()) or self._gone(subject)

    def clip(self, subject: str) -> ClipId:
        """Return the one clip that ``subject`` stands for.

        Raises ``UnknownSubject``, or ``UsageError`` naming the clips where there are several.
        """
        found = [chain.clip for chain in self.chains(subject)]
        if len(found) > 1:
            raise UsageError(f"{subject} shows {len(found)} clips, name one: {', '.join(found)}")
        return found[0]

    def video(self, subject: str) -> VideoId:
        """Return the one video that ``subject`` (post URL, SHA-256, file or clip) stands for.

        A clip stands for the video it is anchored on. Raises ``UnknownSubject``, or ``UsageError``
        naming the videos where there are several.
        """
        with self._archive.database.read() as session:
            clip = self._clip(session, subject)
            found = _behind(session, clip) if clip is not None else self._videos(session, subject)
        if not found:
            self._gone(subject)
        if len(found) > 1:
            raise UsageError(f"{subject} shows {len(found)} videos, name one: {', '.join(found)}")
        return found[0]

    def summaries(self) -> Iterator[ClipSummary]:
        """Yield one line's worth of every live clip."""
        with self._archive.database.read() as session:
            yield from map(_summary, self._tracer.all_chains(session))

    def _clip(self, session: Session, subject: str) -> ClipId | None:
        if not subject.startswith("clip-"):
            return None
        matching = clip_rows.find_clip_prefix(session, subject)
        if len(matching) > 1 and ClipId(subject) not in matching:
            raise UnknownSubject(f"{subject} is the beginning of {len(matching)} clip ids")
        return ClipId(subject) if ClipId(subject) in matching else next(iter(matching), None)

    def _videos(self, session: Session, subject: str) -> list[VideoId]:
        key = post_key(session, subject)
        if key is not None:
            return videos_shown_by(session, key)
        path = Path(subject)
        if "://" not in subject and path.is_file():
            return _of_file(session, path)
        return _by_digest(session, subject.lower()) if _is_digest(subject.lower()) else []

    def _gone(self, subject: str) -> list[Chain]:
        told = f"nothing is known of {subject}: no clip, post, video or file of that name is held"
        if "://" not in subject and Path(subject).is_file():
            told = f"{subject} itself is not held; `tracker lookup` finds copies of what it shows"
        raise UnknownSubject(told)


def _is_digest(subject: str) -> bool:
    return bool(_DIGEST.fullmatch(subject))


def _behind(session: Session, clip: ClipId) -> list[VideoId]:
    """Return the video of a clip that was withdrawn, so that its name still leads somewhere."""
    stored = clip_rows.get_clip(session, clip)
    return [stored.reference] if stored else []


def _of_file(session: Session, path: Path) -> list[VideoId]:
    """Return the video with the file's bytes, or those shown by the article saved in it."""
    key = post_rows.resolve(session, path.resolve().as_uri())
    return _by_digest(session, sha256_of(path)) or (videos_shown_by(session, key) if key else [])


def _by_digest(session: Session, digest: str) -> list[VideoId]:
    found = video_rows.find_prefix(session, digest)
    if len(found) > 1:
        raise UnknownSubject(f"{digest} is the beginning of {len(found)} digests")
    return list(found)


def post_key(session: Session, subject: str) -> PostKey | None:
    """Return the stored post that a URL names, under any of its spellings."""
    stored = post_rows.resolve(session, subject)
    if stored is not None:
        return stored
    try:
        return post_rows.resolve(session, canonical_url(subject))
    except UnsupportedSource:
        return None


def videos_shown_by(session: Session, key: PostKey) -> list[VideoId]:
    """Return the videos of a post; for one that only points at others, theirs."""
    own = post_media.videos_of_post(session, key)
    stored = post_rows.get_post(session, key)
    if own or stored is None:
        return own
    linked: dict[VideoId, None] = {}
    for link in stored.post.links:
        target = post_rows.resolve(session, link.url)
        if target is not None and link.relation is not LinkRelation.LISTS:
            linked |= dict.fromkeys(post_media.videos_of_post(session, target))
    return list(linked)


def _summary(chain: Chain) -> ClipSummary:
    root = chain.links[0].appearance
    return ClipSummary(
        clip=chain.clip,
        appearances=len(chain.links),
        root=root.post,
        files=root.files,
        duration_ms=chain.duration_ms,
    )
