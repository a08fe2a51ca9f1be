"""Use case: write a provenance report."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from sqlmodel import Session

from storage import ledger
from storage import matches as match_rows
from storage import posts as post_rows
from storage import sounds as sound_rows
from storage import videos as video_rows
from storage import watches as watch_rows
from storage.credentials import get_credentials
from tracker import __version__
from tracker.appearances import shown_in
from tracker.clock import Clock
from tracker.errors import OutsideError
from tracker.ingest.stage import Archive
from tracker.matching.verify import keyframe_pairs
from tracker.model.chain import Chain
from tracker.model.clip import Appearance
from tracker.model.credentials import VideoCredentials
from tracker.model.fingerprint import Keyframe
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerKind
from tracker.model.match import Match
from tracker.model.post import Post
from tracker.model.video import Video
from tracker.reports.csv_table import render_csv
from tracker.reports.html import render_html
from tracker.reports.json_document import render_json
from tracker.reports.report_input import (
    ArchiveFacts,
    ReportInput,
    SameSound,
    SideBySide,
    SoundBeside,
)
from tracker.subjects import Subjects

_TOOLS = ("av", "faiss-cpu", "imagehash", "numpy", "opencv-python-headless", "yt-dlp")

RENDERERS: Mapping[str, Callable[[ReportInput], str]] = {
    "html": render_html,
    "json": render_json,
    "csv": render_csv,
}


class Reports:
    """Gathers what a report shows, writes it, and records the export."""

    def __init__(
        self, archive: Archive, subjects: Subjects, algorithm_key: str, clock: Clock
    ) -> None:
        self._archive = archive
        self._subjects = subjects
        self._algorithm = algorithm_key
        self._clock = clock

    def write(self, subject: str, form: str, output: Path) -> Path:
        """Write the report of ``subject`` to ``output`` and return the path.

        The file appears whole or not at all. Of several clips that the subject shows, the report
        is about the one it shows most of. Raises ``UnknownSubject`` or ``OutsideError``.
        """
        chain = self._subjects.chains(subject)[0]
        body = RENDERERS[form](self._gather(subject, chain)).encode("utf-8")
        _write_whole(output, body)
        record = {
            "clip": chain.clip,
            "revision": chain.revision,
            "format": form,
            "export_sha256": hashlib.sha256(body).hexdigest(),
            "size_bytes": len(body),
        }
        with self._archive.database.write() as session:
            ledger.append(session, LedgerKind.EXPORT, record, at=self._clock.now())
        return output

    def page(self, subject: str) -> str:
        """Return the HTML report of ``subject`` as of now; looking at it is no export.

        Raises ``UnknownSubject``.
        """
        return render_html(self._gather(subject, self._subjects.chains(subject)[0]))

    def _gather(self, subject: str, chain: Chain) -> ReportInput:
        appearances = [link.appearance for link in chain.links]
        with self._archive.database.read() as session:
            head = ledger.head(session)
            return ReportInput(
                chain=chain,
                pictures=tuple(self._pictures(session, chain)),
                generated_at=self._clock.now(),
                subject=subject,
                tool_version=__version__,
                archive=ArchiveFacts(
                    ledger_entries=head.sequence if head else 0,
                    ledger_head=head.entry_hash if head else None,
                    watched=tuple(watch.target for watch in watch_rows.watches(session)),
                    algorithms=(self._algorithm,),
                ),
                posts=tuple(_posts(session, appearances)),
                videos=tuple(_videos(session, appearances)),
                versions=tuple((name, version(name)) for name in _TOOLS),
                sounds=tuple(
                    SoundBeside(child.id, parent.video, match.sound)
                    for child, parent, match in self._compared(session, chain)
                ),
                same_sounds=tuple(self._same_sounds(session, chain)),
                credentials=tuple(_credentials(session, appearances)),
            )

    def _pictures(self, session: Session, chain: Chain) -> Iterator[SideBySide]:
        """Yield the frames of each appearance beside those of its parent, or of the root."""
        for child, parent, match in self._compared(session, chain):
            yield from self._side_by_side(child, parent, match)

    def _compared(
        self, session: Session, chain: Chain
    ) -> Iterator[tuple[Appearance, Appearance, Match]]:
        """Yield each appearance with its parent, or the root, and what the two share."""
        by_id = {link.appearance.id: link.appearance for link in chain.links}
        for link in chain.links:
            child = link.appearance
            parent = by_id[link.parent or chain.root]
            match = None if child.cites else self._match(session, child.video, parent.video)
            if match is not None:
                yield child, parent, match

    def _same_sounds(self, session: Session, chain: Chain) -> Iterator[SameSound]:
        """Yield the videos outside the chain that sound like one of its appearances."""
        inside = {link.appearance.video for link in chain.links}
        told: set[VideoId] = set()
        for link in chain.links:
            video = link.appearance.video
            if link.appearance.cites or video in told:
                continue
            told.add(video)
            for match in sound_rows.sound_matches_of(session, video, self._algorithm):
                if match.reference not in inside:
                    seen = shown_in(session, match.reference)
                    yield SameSound(link.appearance.id, match, *seen)

    def _match(self, session: Session, child: VideoId, parent: VideoId) -> Match | None:
        for match in match_rows.matches_of(session, child, self._algorithm):
            if match.reference == parent and match.asserted:
                return match
        return None

    def _side_by_side(
        self, child: Appearance, parent: Appearance, match: Match
    ) -> Iterator[SideBySide]:
        """Yield the stored frames that show the same moment most nearly."""
        surest = max(match.segments, key=lambda s: (s.score, s.query_end_ms - s.query_start_ms))
        pairs = keyframe_pairs(surest, self._keyframes(child.video), self._keyframes(parent.video))
        for right, left in sorted(pairs, key=lambda pair: pair[0].pts_ms):
            yield SideBySide(
                appearance=child.id,
                reference=parent.video,
                reference_pts_ms=left.pts_ms,
                appearance_pts_ms=right.pts_ms,
                reference_jpeg=left.jpeg,
                appearance_jpeg=right.jpeg,
                mirrored=surest.mirrored,
            )

    def _keyframes(self, video: VideoId) -> Sequence[Keyframe]:
        held = self._archive.keyframes.contains(video, self._algorithm)
        return self._archive.keyframes.get(video, self._algorithm) if held else ()


def _posts(session: Session, appearances: Iterable[Appearance]) -> Iterator[Post]:
    for appearance in appearances:
        if appearance.post is not None:
            stored = post_rows.get_post(session, appearance.post.key)
            if stored is not None:
                yield stored.post


def _videos(session: Session, appearances: Iterable[Appearance]) -> Iterator[Video]:
    for video in dict.fromkeys(appearance.video for appearance in appearances):
        stored = video_rows.get_video(session, video)
        if stored is not None:
            yield stored


def _credentials(session: Session, appearances: Iterable[Appearance]) -> Iterator[VideoCredentials]:
    for video in dict.fromkeys(appearance.video for appearance in appearances):
        held = get_credentials(session, video)
        if held is not None:
            yield held


def _write_whole(output: Path, body: bytes) -> None:
    """Write beside the target and rename, so that a reader never sees half a report."""
    temporary = output.parent / f".{output.name[:200]}.{secrets.token_hex(4)}"
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:  # its permissions are those of any new file
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(output)
    except OSError as exc:
        raise OutsideError(f"cannot write {output}: {exc.strerror}") from exc
    finally:
        temporary.unlink(missing_ok=True)
