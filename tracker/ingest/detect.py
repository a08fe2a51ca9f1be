"""Detect: compare a newly fingerprinted video with everything stored before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from storage import attempts, ledger
from storage import fingerprints as fingerprint_rows
from storage import matches as match_rows
from storage import sounds as sound_rows
from storage import videos as video_rows
from storage.database import Database
from storage.index.contents import difference
from storage.index.hash_index import FaissHashIndex
from storage.index.sound_index import SoundIndex
from tracker.clock import Clock
from tracker.errors import IntegrityError
from tracker.evidence.digests import match_digest, sound_match_digest
from tracker.identify import Identified, Identifier
from tracker.ingest.stage import Archive
from tracker.matching.ports import Originals
from tracker.model.fingerprint import Examined, Fingerprint
from tracker.model.ids import VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.ledger import LedgerKind
from tracker.model.match import Match, SoundMatch
from tracker.model.sound import SoundPrint

REFRESH_BATCH = 256
"""Fingerprints read at once when the index catches up with the database."""


class ArchivedFingerprints:
    """The stored fingerprints and keyframes, and the indexes that are a cache of them."""

    def __init__(
        self,
        archive: Archive,
        index: FaissHashIndex,
        algorithm_key: str,
        features: FaissHashIndex | None = None,
        sounds: SoundIndex | None = None,
    ) -> None:
        self._archive = archive
        self._sounds = sounds
        self._indexes = (index,) if features is None else (index, features)
        self._algorithm = algorithm_key

    def get(self, video: VideoId) -> Fingerprint:
        """Return the video's fingerprint; raises ``IntegrityError`` if it is missing."""
        with self._archive.database.read() as session:
            found = fingerprint_rows.get_fingerprint(session, video, self._algorithm)
        if found is None:
            raise IntegrityError(f"the fingerprint of {video} is missing")
        return found

    def sound(self, video: VideoId) -> SoundPrint | None:
        """Return the print of the video's sound, ``None`` where it has none."""
        with self._archive.database.read() as session:
            return sound_rows.get_sound(session, video, self._algorithm)

    def keyframes(self, video: VideoId) -> Sequence[Keyframe]:
        """Return the video's keyframes, none when they were not kept."""
        keyframes = self._archive.keyframes
        held = keyframes.contains(video, self._algorithm)
        return keyframes.get(video, self._algorithm) if held else ()

    def size(self, video: VideoId) -> tuple[int, int] | None:
        """Return width and height as displayed, in pixels; ``None`` until it was examined."""
        with self._archive.database.read() as session:
            stored = video_rows.get_video(session, video)
        return stored.info.size if stored is not None and stored.info is not None else None

    def examined(self, video: VideoId) -> Examined | None:
        """Return what the video's one decode yielded, None when it was not decoded yet."""
        with self._archive.database.read() as session:
            stored = video_rows.get_video(session, video)
            fingerprint = fingerprint_rows.get_fingerprint(session, video, self._algorithm)
        if stored is None or stored.info is None or fingerprint is None:
            return None
        return Examined(stored.info, fingerprint, tuple(self.keyframes(video)))

    def refresh_index(self) -> None:
        """Let the indexes catch up with the database."""
        for index in self._indexes:
            index.refresh(self._after, self._video_of)
        if self._sounds is not None:
            self._sounds.refresh(self._sounds_after, self._video_of)

    def wrong_indexes(self) -> Iterator[tuple[Path, str]]:
        """Yield the folder of each index that is not what the database makes of it, and why.

        Where a fingerprint of the database cannot be read there is nothing to compare with: the
        audit of the rows names it.
        """
        with suppress(IntegrityError):
            found = [difference(index, self._after(0)) for index in self._indexes]
            if self._sounds is not None:
                found.append(difference(self._sounds, self._sounds_after(0)))
            yield from filter(None, found)

    def _video_of(self, row_id: int) -> VideoId | None:
        with self._archive.database.read() as session:
            return fingerprint_rows.video_of_row(session, self._algorithm, row_id)

    def _after(self, row_id: int) -> Iterator[tuple[int, VideoId, Fingerprint]]:
        while True:
            with self._archive.database.read() as session:
                batch = fingerprint_rows.fingerprints_after(
                    session, self._algorithm, row_id, REFRESH_BATCH
                )
            yield from batch
            if len(batch) < REFRESH_BATCH:
                return
            row_id = batch[-1][0]

    def _sounds_after(self, row_id: int) -> Iterator[tuple[int, VideoId, SoundPrint | None]]:
        while True:
            with self._archive.database.read() as session:
                batch = sound_rows.sounds_after(session, self._algorithm, row_id, REFRESH_BATCH)
            yield from batch
            if len(batch) < REFRESH_BATCH:
                return
            row_id = batch[-1][0]


class _Uncompared:
    """The video itself and those that wait for their own comparison, asked for one by one.

    Whoever was given up waits for nothing, and is compared with.
    """

    def __init__(self, database: Database, video: VideoId, algorithm_key: str) -> None:
        self._database = database
        self._video = video
        self._algorithm = algorithm_key
        self._waits: dict[VideoId, bool] = {}

    def __contains__(self, video: object) -> bool:
        if video == self._video:
            return True
        return isinstance(video, str) and self._is_waiting(VideoId(video))

    @property
    def waiting(self) -> frozenset[VideoId]:
        """Those of the videos asked for that wait."""
        return frozenset(video for video, waits in self._waits.items() if waits)

    def _is_waiting(self, video: VideoId) -> bool:
        if video not in self._waits:
            with self._database.read() as session:
                detected = fingerprint_rows.is_detected(session, video, self._algorithm)
                self._waits[video] = not detected and not attempts.is_parked(
                    session, Detect.name, video
                )
        return self._waits[video]


class Detect:
    """Finds what each fingerprinted video shares with the archive."""

    name = "detect"

    def __init__(
        self,
        archive: Archive,
        identifier: Identifier,
        fingerprints: ArchivedFingerprints,
        originals: Originals,
        algorithm_key: str,
        clock: Clock,
    ) -> None:
        self._archive = archive
        self._identifier = identifier
        self._fingerprints = fingerprints
        self._originals = originals
        self._algorithm = algorithm_key
        self._clock = clock

    def pending(self, limit: int) -> Sequence[VideoId]:
        """Return fingerprinted videos that were not compared yet, oldest first."""
        with self._archive.database.read() as session:
            return fingerprint_rows.pending_detection(
                session, self._algorithm, now=self._clock.now(), limit=limit
            )

    def key(self, item: VideoId) -> str:
        """Return the video's digest."""
        return item

    def process(self, item: VideoId) -> None:
        """Compare the video with all others and record what they share.

        A pair is judged the same whichever of the two comes second, so the order of arrival
        changes nothing. Videos that wait for their own comparison are left to it: of a backlog
        each pair is compared once, not twice.
        """
        self._fingerprints.refresh_index()
        examined = self._fingerprints.examined(item)
        if examined is None:
            raise IntegrityError(f"the fingerprint of {item} is missing")
        left = _Uncompared(self._archive.database, item, self._algorithm)
        found = self._identifier.identify(
            item, examined, exclude=left, originals=self._originals, both_directions=True
        )
        waiting = left.waiting
        while met := self._record(item, found, waiting):
            # Another process compared these meanwhile, and left their pairs to us.
            waiting -= met
            found = self._identifier.identify(
                item,
                examined,
                exclude={item},
                only=met,
                originals=self._originals,
                both_directions=True,
            )

    def _record(
        self, video: VideoId, found: Identified, left: Collection[VideoId]
    ) -> frozenset[VideoId]:
        """Record what was found, and that nothing remains to be compared.

        Returns those of the videos ``left`` out that were compared by now, which only this
        transaction can tell: then they remain, and the video is not done.
        """
        now = self._clock.now()
        with self._archive.database.write() as session:
            for match in found.matches:
                if match_rows.save_match(session, match, self._algorithm, now=now):
                    body = self._ledger_body(match, match_digest(match))
                    ledger.append(session, LedgerKind.MATCH, body, at=now)
            for heard in found.sound_matches:
                if sound_rows.save_sound_match(session, heard, self._algorithm, now=now):
                    body = self._ledger_body(heard, sound_match_digest(heard))
                    ledger.append(session, LedgerKind.SOUND_MATCH, body, at=now)
            met = frozenset(
                other
                for other in left
                if fingerprint_rows.is_detected(session, other, self._algorithm)
            )
            if not met:
                fingerprint_rows.mark_detected(session, video, self._algorithm, now=now)
                video_rows.touch(session, video)
        return met

    def _ledger_body(self, match: Match | SoundMatch, digest: str) -> dict[str, object]:
        return {
            "query": match.query,
            "reference": match.reference,
            "algorithm": self._algorithm,
            "digest": digest,
            "score": f"{match.score:.6f}",
        }
