"""Use case: re-hash everything kept, a slice at a time, and tell what is not what it was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session

from storage import fixity as fixity_rows
from storage import ledger
from storage.anchor_store import AnchorStore
from storage.files import outside_errors
from tracker.clock import Clock
from tracker.errors import IntegrityError, OutsideError
from tracker.evidence.recorded import Recorded
from tracker.ingest.stage import Archive
from tracker.model.fixity import (
    FixityCheck,
    FixityCoverage,
    FixityResult,
    KeptFile,
    KeptKind,
)
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerKind

RENEWED_AT = 0.8
"""A file is due when its last check is this share of the period old, so none ever gets older."""

BATCH = 50
"""Checks recorded in one transaction; a kill costs no more than so many."""

MAX_FILES = 5000


@dataclass(frozen=True, slots=True)
class FixityTerms:
    """How much one slice may read, and within how many days every file is to be read."""

    slice_bytes: int
    days: float


@dataclass(frozen=True, slots=True)
class _Known:
    """What files are compared with: digests of keyframes, places of the tokens' files."""

    keyframes: Mapping[tuple[str, str], str]
    tokens: Mapping[str, Path]


class Fixity:
    """Checks kept files that were not looked at for long, the longest first."""

    def __init__(
        self, archive: Archive, anchors: AnchorStore, terms: FixityTerms, clock: Clock
    ) -> None:
        self._archive = archive
        self._anchors = anchors
        self._terms = terms
        self._clock = clock

    def run_slice(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Check due files until the slice is used up; return how many were checked.

        What is broken is entered in the ledger once, and once more when it is whole again.
        """
        due = self._due()
        known = self._known(due)
        done, left = 0, self._terms.slice_bytes
        checks: list[FixityCheck] = []
        for file in due:
            if stopping() or left <= 0:
                break
            checks.append(self._check(file, known))
            left -= checks[-1].size_bytes
            done += 1
            if len(checks) == BATCH:
                self._record(checks)
                checks = []
        self._record(checks)
        return done

    def broken(self, session: Session) -> list[FixityCheck]:
        """Return the first hundred kept files that are not what they were."""
        return fixity_rows.broken(session)

    def coverage(self, session: Session) -> FixityCoverage:
        """Return how much was re-hashed within the period."""
        days = self._terms.days
        since = self._clock.now() - timedelta(days=days)
        return fixity_rows.coverage(session, since=since, days=days)

    def _due(self) -> Sequence[KeptFile]:
        before = self._clock.now() - timedelta(days=self._terms.days * RENEWED_AT)
        with self._archive.database.read() as session:
            return fixity_rows.due(session, checked_before=before, limit=MAX_FILES)

    def _known(self, due: Sequence[KeptFile]) -> _Known:
        kinds = {file.kind for file in due}
        tokens = self._anchors.files() if KeptKind.TOKEN in kinds else ()
        return _Known(
            keyframes=self._recorded_keyframes(due),
            tokens={path.stem: path for path in tokens},
        )

    def _path(self, file: KeptFile, known: _Known) -> Path | None:
        match file.kind:
            case KeptKind.KEYFRAMES:
                return self._archive.keyframes.path(VideoId(file.name), file.part)
            case KeptKind.MEDIA:
                return self._archive.media.path(file.name)
            case KeptKind.TOKEN:
                return known.tokens.get(file.name)

    def _recorded_keyframes(self, due: Sequence[KeptFile]) -> Mapping[tuple[str, str], str]:
        """Return the digest that the ledger holds of the keyframes that are due."""
        videos = [VideoId(file.name) for file in due if file.kind is KeptKind.KEYFRAMES]
        recorded = Recorded()
        with self._archive.database.read() as session:
            for entry in ledger.entries_at(session, fixity_rows.keyframes_entries(session, videos)):
                recorded.take(entry)
        return {name: item.value for name, item in recorded.keyframes.items()}

    def _check(self, file: KeptFile, known: _Known) -> FixityCheck:
        now = self._clock.now()
        path = self._path(file, known)
        try:
            self._verify(file, path, known)
            result, reason = FixityResult.OK, ""
        except IntegrityError as exc:
            there = path is not None and path.is_file()
            result = FixityResult.CHANGED if there else FixityResult.MISSING
            reason = str(exc)
        except OutsideError as exc:
            result, reason = FixityResult.UNREADABLE, str(exc)
        return FixityCheck(file, result, reason, _size(path), now, now)

    def _verify(self, file: KeptFile, path: Path | None, known: _Known) -> None:
        """Raise ``IntegrityError`` unless the file is what it was."""
        if file.kind is KeptKind.MEDIA:
            return self._archive.media.verify(file.name)
        if file.kind is KeptKind.TOKEN:
            return _verify_token(file.name, path)
        video, digest = VideoId(file.name), known.keyframes.get((file.name, file.part))
        if digest is not None:
            return self._archive.keyframes.verify(video, file.part, digest)
        self._archive.keyframes.get(video, file.part)  # its missing entry is told by ``verify``
        return None

    def _record(self, checks: Sequence[FixityCheck]) -> None:
        with self._archive.database.write() as session:
            for check in checks:
                if fixity_rows.is_kept(session, check.file):
                    self._record_one(session, check)

    def _record_one(self, session: Session, check: FixityCheck) -> None:
        former = fixity_rows.last_check(session, check.file)
        before = former.result if former else FixityResult.OK
        if check.result is before:
            since_at = former.since_at if former else check.since_at
        else:
            since_at = check.checked_at
            ledger.append(session, LedgerKind.FIXITY, _body(check), at=check.checked_at)
        fixity_rows.save_check(
            session,
            FixityCheck(
                check.file, check.result, check.reason, check.size_bytes, check.checked_at, since_at
            ),
        )


def _body(check: FixityCheck) -> dict[str, object]:
    return {
        "kind": check.file.kind.value,
        "name": check.file.name,
        "part": check.file.part,
        "result": check.result.value,
        "reason": check.reason,
    }


def _verify_token(digest: str, path: Path | None) -> None:
    if path is None:
        raise IntegrityError(f"the file {digest} of a timestamp is missing")
    with outside_errors(path, "read"), path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != digest:
        raise IntegrityError(f"{path} was changed: its SHA-256 is {found}")


def _size(path: Path | None) -> int:
    try:
        return path.stat().st_size if path else 0
    except OSError:
        return 0
