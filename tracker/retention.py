"""Use case: originals go, by rule or by order; what was learned from them stays.

First the decision is made and entered (row and ledger entry, one transaction), then the files
are removed, in a transaction of its own that looks once more. So whenever the process is killed,
a file that is missing has its entry, and a file that is still there although an entry says it
was deleted is removed by the next run. Both transactions hold the database's write lock, and so
does the one that records a capture: bytes that were captured again meanwhile stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from storage import deletions, ledger
from storage import fingerprints as fingerprint_rows
from storage import videos as video_rows
from tracker.clock import Clock
from tracker.errors import IntegrityError, OnHold, OutsideError, UnknownSubject
from tracker.holds import held_videos, stated, the_video
from tracker.ingest.stage import Archive
from tracker.model.custody import Deletion
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerKind

FORGET = "forget"
RULE_BY = "retention"
BATCH = 200


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Originals may go this long after they were last captured; ``None``: never."""

    originals: timedelta | None = None

    @property
    def name(self) -> str:
        """The rule as the config states it."""
        days = self.originals / timedelta(days=1) if self.originals else 0
        return f"retention.originals_days = {days:g}"


class Retention:
    """Deletes what the rule or a person says may go, never what is on hold."""

    def __init__(
        self, archive: Archive, algorithm_key: str, rule: RetentionRule, clock: Clock
    ) -> None:
        self._archive = archive
        self._algorithm = algorithm_key
        self._rule = rule
        self._clock = clock

    def run(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Finish what was begun, delete every original whose time has come; return how many."""
        self.finish()
        done = 0
        for video in self._expendable(stopping):
            if stopping():
                break
            done += self._by_rule(video)
        return done

    def finish(self) -> int:
        """Remove the files of every decision that was not carried out; return how many were."""
        with self._archive.database.read() as session:
            waiting = deletions.unfinished(session)
        for deletion in waiting:
            self._remove(deletion)
        return len(waiting)

    def forget(self, subject: str, *, by: str, why: str) -> Deletion:
        """Delete the original and the keyframes of one video, by order of a person.

        Raises ``UnknownSubject`` when there is none or nothing of it is left, ``OnHold``, and
        ``UsageError`` when name or reason are missing.
        """
        by, why = stated(by, why)
        with self._archive.database.write() as session:
            video = the_video(session, subject)
            if video is None:
                raise UnknownSubject(f"no video {subject} is held")
            hold = held_videos(session).get(video)
            if hold is not None:
                raise OnHold(
                    f"video {video[:16]}… is on hold (number {hold.id}, {hold.kind.value} "
                    f"{hold.subject}, by {hold.by}: {hold.why}); it stays until the hold is removed"
                )
            deletion = self._interrupted(session, video)
            if deletion is None:
                if not self._has_anything(session, video):
                    raise UnknownSubject(f"nothing of video {video[:16]}… is left to delete")
                deletion = self._decide(session, video, FORGET, by, why, with_keyframes=True)
        self._remove(deletion)
        return deletion

    def _interrupted(self, session: Session, video: VideoId) -> Deletion | None:
        """Return the order to forget the video that could not be carried out, if there is one."""
        waiting = (
            d for d in deletions.unfinished(session) if d.video == video and d.rule == FORGET
        )
        return next(waiting, None)

    # --- by rule -------------------------------------------------------------------------

    def _expendable(self, stopping: Callable[[], bool]) -> Iterator[VideoId]:
        if self._rule.originals is None:
            return
        limit = self._clock.now() - self._rule.originals
        last: tuple[datetime, VideoId] | None = None
        while not stopping():
            with self._archive.database.read() as session:
                held = held_videos(session)
                found = deletions.expendable(
                    session, self._algorithm, captured_before=limit, after=last, limit=BATCH
                )
            yield from (video for _, video in found if video not in held)
            if len(found) < BATCH:
                return
            last = found[-1]

    def _by_rule(self, video: VideoId) -> bool:
        """Delete one original, unless it was held or captured again since, or lacks pictures."""
        if self._rule.originals is None or not self._pictures_are_whole(video):
            return False
        limit = self._clock.now() - self._rule.originals
        with self._archive.database.write() as session:
            still = deletions.is_expendable(session, video, self._algorithm, captured_before=limit)
            if not still or video in held_videos(session):
                return False
            why = f"last captured more than {self._rule.originals.days} days ago"
            deletion = self._decide(
                session, video, self._rule.name, RULE_BY, why, with_keyframes=False
            )
        self._remove(deletion)
        return True

    def _pictures_are_whole(self, video: VideoId) -> bool:
        try:
            return bool(self._archive.keyframes.get(video, self._algorithm))
        except (IntegrityError, OutsideError):
            return False  # they can still be made again, from the original

    # --- both steps ----------------------------------------------------------------------

    def _decide(
        self,
        session: Session,
        video: VideoId,
        rule: str,
        by: str,
        why: str,
        *,
        with_keyframes: bool,
    ) -> Deletion:
        now = self._clock.now()
        held = video_rows.get_video(session, video)
        size_bytes = held.size_bytes if held else 0
        algorithms = fingerprint_rows.algorithms_of(session, video) if with_keyframes else []
        deletion = deletions.save_deletion(
            session,
            video,
            rule=rule,
            by=by,
            why=why,
            size_bytes=size_bytes,
            with_keyframes=with_keyframes,
            now=now,
        )
        video_rows.set_kept(session, video, kept=False)
        body = {
            "sha256": video,
            "video": video,
            "rule": rule,
            "by": by,
            "why": why,
            "size_bytes": size_bytes,
            "keyframes": algorithms,
        }
        ledger.append(session, LedgerKind.DELETION, body, at=now)
        return deletion

    def _remove(self, deletion: Deletion) -> None:
        video = deletion.video
        with self._archive.database.write() as session:
            # Captured again since it was decided: kept again, and so are its pictures.
            if not video_rows.is_kept(session, video):
                self._archive.media.remove(video)
                if deletion.with_keyframes:
                    for algorithm in fingerprint_rows.algorithms_of(session, video):
                        self._archive.keyframes.remove(video, algorithm)
            deletions.mark_removed(session, deletion, self._clock.now())

    def _has_anything(self, session: Session, video: VideoId) -> bool:
        algorithms = fingerprint_rows.algorithms_of(session, video)
        pictures = any(self._archive.keyframes.contains(video, name) for name in algorithms)
        return video_rows.is_kept(session, video) or pictures
