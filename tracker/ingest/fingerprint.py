"""Fingerprint: one decode of a stored video yields its facts, hashes and keyframes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta

from sqlmodel import Session

from storage import deletions, ledger
from storage import fingerprints as fingerprint_rows
from storage import videos as video_rows
from tracker import metrics
from tracker.clock import Clock
from tracker.errors import ToolError
from tracker.evidence.digests import fingerprint_digest, keyframes_digest
from tracker.examine import examine
from tracker.ingest.stage import Archive
from tracker.media.probe import MediaLimits
from tracker.model.fingerprint import Examined, Fingerprint
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerKind
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval

CONTAINER_TIME_PRECISION = timedelta(seconds=1)
"""``creation_time`` is written to the second. Source: ISO/IEC 14496-12, movie header box."""


class FingerprintStage:
    """Examines videos that have no fingerprint of the current algorithm."""

    name = "fingerprint"

    def __init__(
        self,
        archive: Archive,
        executor: Executor,
        limits: MediaLimits,
        algorithm_key: str,
        clock: Clock,
    ) -> None:
        self._archive = archive
        self._executor = executor
        self._limits = limits
        self._algorithm = algorithm_key
        self._clock = clock

    def pending(self, limit: int) -> Sequence[VideoId]:
        """Return videos without a fingerprint of this algorithm."""
        with self._archive.database.read() as session:
            return fingerprint_rows.pending_fingerprints(
                session, self._algorithm, now=self._clock.now(), limit=limit
            )

    def key(self, item: VideoId) -> str:
        """Return the video's digest."""
        return item

    def process(self, item: VideoId) -> None:
        """Decode the video in a child process and store what came of it."""
        self._archive.media.verify(item)
        path = self._archive.media.path(item)
        with metrics.fingerprint_timed():
            examined = self._executor.submit(examine, path, self._limits).result()
        if examined.fingerprint.algorithm.key != self._algorithm:
            raise ToolError("the decoder process runs another version of the algorithm")
        self._archive.keyframes.put(item, self._algorithm, examined.keyframes)
        self._record(item, examined)

    def _record(self, video: VideoId, examined: Examined) -> None:
        now = self._clock.now()
        with self._archive.database.write() as session:
            held = fingerprint_rows.get_fingerprint(session, video, self._algorithm)
            if not video_rows.is_kept(session, video):
                if held is None or deletions.keyframes_gone(session, video):
                    self._archive.keyframes.remove(video, self._algorithm)
                return  # its original was deleted while it was decoded
            if held is not None:
                # Another process was faster, or its pictures had been deleted: the hashes stand.
                if deletions.mark_remade(session, video, now):
                    self._append(session, video, held, examined, now)
                return
            deletions.mark_remade(session, video, now)
            video_rows.set_info(session, video, examined.info)
            video_rows.add_video_claims(session, video, container_claims(examined))
            fingerprint_rows.save_fingerprint(session, video, examined.fingerprint, now=now)
            video_rows.touch(session, video)
            self._append(session, video, examined.fingerprint, examined, now)

    def _append(
        self,
        session: Session,
        video: VideoId,
        fingerprint: Fingerprint,
        examined: Examined,
        now: datetime,
    ) -> None:
        body = {
            "video": video,
            "algorithm": self._algorithm,
            "digest": fingerprint_digest(fingerprint),
            "keyframes_digest": keyframes_digest(examined.keyframes),
        }
        entry = ledger.append(session, LedgerKind.FINGERPRINT, body, at=now)
        fingerprint_rows.note_keyframes_entry(session, video, self._algorithm, entry.sequence)


def container_claims(examined: Examined) -> tuple[TimeClaim, ...]:
    """Return what the container says about when the file was made."""
    if examined.info.creation_at is None:
        return ()
    interval = TimeInterval.instant(examined.info.creation_at, precision=CONTAINER_TIME_PRECISION)
    kind, forger = ClaimKind.CONTAINER_METADATA, ForgeableBy.UPLOADER
    return (TimeClaim(kind, interval, forger, "container:creation_time"),)
