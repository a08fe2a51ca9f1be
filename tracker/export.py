"""Use case: write a provenance report."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from sqlmodel import Session

from storage import ledger
from storage import matches as match_rows
from storage import posts as post_rows
from storage import videos as video_rows
from storage import watches as watch_rows
from tracker import __version__
from tracker.clock import Clock
from tracker.errors import OutsideError
from tracker.ingest.stage import Archive
from tracker.model.chain import Chain
from tracker.model.clip import Appearance
from tracker.model.fingerprint import Keyframe
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerKind
from tracker.model.match import FramePair
from tracker.model.post import Post
from tracker.model.video import Video
from tracker.reports.csv_table import render_csv
from tracker.reports.html import render_html
from tracker.reports.json_document import render_json
from tracker.reports.report_input import ArchiveFacts, ReportInput, SideBySide
from tracker.subjects import Subjects

PAIRS_SHOWN = 3
"""Frame pairs side by side per appearance: begin, middle and end tell a reader enough."""

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
            )

    def _pictures(self, session: Session, chain: Chain) -> Iterable[SideBySide]:
        """Yield the frames of each appearance beside those of its parent, or of the root."""
        by_id = {link.appearance.id: link.appearance for link in chain.links}
        keyframes = _KeyframeCache(self._archive, self._algorithm)
        for link in chain.links:
            child = link.appearance
            parent = by_id[link.parent] if link.parent else by_id[chain.root]
            if child.cites or child.video == parent.video:
                continue
            pairs = self._pairs(session, child.video, parent.video)
            yield from _side_by_side(child, parent, pairs, keyframes)

    def _pairs(self, session: Session, child: VideoId, parent: VideoId) -> Sequence[FramePair]:
        for match in match_rows.matches_of(session, child, self._algorithm):
            if match.reference == parent and match.asserted:
                return match.pairs
        return ()


class _KeyframeCache:
    """The keyframes of each video, read from disk once a report."""

    def __init__(self, archive: Archive, algorithm_key: str) -> None:
        self._archive = archive
        self._algorithm = algorithm_key
        self._loaded: dict[VideoId, tuple[Keyframe, ...]] = {}

    def nearest(self, video: VideoId, pts_ms: int) -> Keyframe | None:
        """Return the keyframe closest in time, None when there is none."""
        if video not in self._loaded:
            self._loaded[video] = self._archive.keyframes.get(video, self._algorithm)
        frames = self._loaded[video]
        return min(frames, key=lambda frame: abs(frame.pts_ms - pts_ms), default=None)


def _side_by_side(
    child: Appearance, parent: Appearance, pairs: Sequence[FramePair], keyframes: _KeyframeCache
) -> Iterable[SideBySide]:
    for pair in _spread(pairs, PAIRS_SHOWN):
        left = keyframes.nearest(parent.video, pair.reference_pts_ms)
        right = keyframes.nearest(child.video, pair.query_pts_ms)
        if left is not None and right is not None:
            yield SideBySide(
                appearance=child.id,
                reference=parent.video,
                reference_pts_ms=left.pts_ms,
                appearance_pts_ms=right.pts_ms,
                reference_jpeg=left.jpeg,
                appearance_jpeg=right.jpeg,
                mirrored=pair.mirrored,
            )


def _spread(pairs: Sequence[FramePair], count: int) -> list[FramePair]:
    """Return ``count`` pairs spread evenly over the stretch."""
    if len(pairs) <= count:
        return list(pairs)
    ordered = sorted(pairs, key=lambda pair: pair.query_pts_ms)
    return [ordered[round(i * (len(ordered) - 1) / (count - 1))] for i in range(count)]


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


def _write_whole(output: Path, body: bytes) -> None:
    """Write beside the target and rename, so that a reader never sees half a report."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=output.parent, prefix=f".{output.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(output)
    except OSError as exc:
        raise OutsideError(f"cannot write {output}: {exc.strerror}") from exc
