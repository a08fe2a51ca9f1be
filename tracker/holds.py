"""Use case: legal holds. What is held is deleted by no rule and no command."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlmodel import Session

from storage import clips as clip_rows
from storage import holds as hold_rows
from storage import ledger
from storage import videos as video_rows
from tracker.clock import Clock
from tracker.errors import UnknownSubject, UsageError
from tracker.ingest.stage import Archive
from tracker.model.custody import HeldKind, Hold
from tracker.model.ids import ClipId, PostKey, VideoId
from tracker.model.ledger import LedgerKind
from tracker.subjects import post_key, videos_shown_by

MAX_WORDS = 2000
_DIGEST = re.compile(r"[0-9a-f]{6,64}")


class Holds:
    """Adds, ends and lists holds; each step is an entry of the ledger."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock

    def add(self, subject: str, *, by: str, why: str) -> Hold:
        """Put a hold on a clip, a video or a post and return it.

        Raises ``UnknownSubject``, or ``UsageError`` without a name and a reason.
        """
        by, why = stated(by, why)
        now = self._clock.now()
        with self._archive.database.write() as session:
            kind, name = _resolved(session, subject)
            hold = hold_rows.add_hold(session, kind, name, by=by, why=why, now=now)
            ledger.append(session, LedgerKind.HOLD, _body("add", hold, by, why), at=now)
        return hold

    def remove(self, subject: str, *, by: str, why: str) -> list[Hold]:
        """End the holds on ``subject`` (or the one of that number) and return them.

        Raises ``UnknownSubject`` when nothing of that name is held.
        """
        by, why = stated(by, why)
        now = self._clock.now()
        with self._archive.database.write() as session:
            ended = _named(session, subject)
            for hold in ended:
                hold_rows.end_hold(session, hold, by=by, why=why, now=now)
                ledger.append(session, LedgerKind.HOLD, _body("remove", hold, by, why), at=now)
        return ended

    def listed(self, *, former: bool = False) -> list[Hold]:
        """Return the holds in force, or all there ever were, oldest first."""
        with self._archive.database.read() as session:
            return hold_rows.all_holds(session) if former else hold_rows.active_holds(session)


def held_videos(session: Session) -> dict[VideoId, Hold]:
    """Return every video that a hold covers as of now, with the oldest hold on it."""
    covered: dict[VideoId, Hold] = {}
    for hold in hold_rows.active_holds(session):
        for video in _COVERED[hold.kind](session, hold.subject):
            covered.setdefault(video, hold)
    return covered


def stated(by: str, why: str) -> tuple[str, str]:
    """Return a name and a reason without blanks around them; ``UsageError`` for empty ones."""
    name, reason = " ".join(by.split())[:MAX_WORDS], " ".join(why.split())[:MAX_WORDS]
    if not name or not reason:
        raise UsageError("--by and --why want a name and a reason: both go into the ledger")
    return name, reason


def the_video(session: Session, subject: str) -> VideoId | None:
    """Return the video whose SHA-256 is, or begins with, ``subject`` (six digits or more)."""
    if not _DIGEST.fullmatch(subject.lower()):
        return None
    found = video_rows.find_prefix(session, subject.lower())
    if len(found) > 1:
        raise UnknownSubject(f"{subject} is the beginning of {len(found)} digests")
    return found[0] if found else None


def _resolved(session: Session, subject: str) -> tuple[HeldKind, str]:
    if subject.startswith("clip-"):
        matching = clip_rows.find_clip_prefix(session, subject)
        if len(matching) == 1 or ClipId(subject) in matching:
            return HeldKind.CLIP, subject if ClipId(subject) in matching else matching[0]
    video = the_video(session, subject)
    if video is not None:
        return HeldKind.VIDEO, video
    key = post_key(session, subject)
    if key is not None:
        return HeldKind.POST, key
    raise UnknownSubject(f"nothing is known of {subject}: no clip, video or post of that name")


def _named(session: Session, subject: str) -> list[Hold]:
    active = hold_rows.active_holds(session)
    found = [hold for hold in active if subject in {hold.subject, str(hold.id)}]
    if found:
        return found
    kind, name = _resolved(session, subject)
    found = [hold for hold in active if (hold.kind, hold.subject) == (kind, name)]
    if not found:
        raise UnknownSubject(f"there is no hold on {subject}")
    return found


def _of_clip(session: Session, clip: str) -> set[VideoId]:
    """Return all videos that show the clip, or what became of it."""
    former = clip_rows.get_clip(session, ClipId(clip))
    if former is None:
        return set()
    heir = clip_rows.resolve_clip(session, ClipId(clip))
    clips = [heir] if heir else clip_rows.clips_of_video(session, former.reference)
    shown = {video for found in clips for video in clip_rows.members(session, found.id)}
    return shown | {former.reference}


def _of_video(session: Session, video: str) -> set[VideoId]:  # noqa: ARG001 - one signature for all kinds
    return {VideoId(video)}


def _of_post(session: Session, key: str) -> set[VideoId]:
    return set(videos_shown_by(session, PostKey(key)))


_COVERED: Mapping[HeldKind, Callable[[Session, str], set[VideoId]]] = {
    HeldKind.CLIP: _of_clip,
    HeldKind.VIDEO: _of_video,
    HeldKind.POST: _of_post,
}


def _body(step: str, hold: Hold, by: str, why: str) -> dict[str, object]:
    """Return what the entry of a hold that was added or removed says."""
    return {
        "step": step,
        "hold": hold.id,
        "kind": hold.kind.value,
        "subject": hold.subject,
        "by": by,
        "why": why,
    }
