"""Record: bring clips and chains up to date with what was found."""

from __future__ import annotations

from collections.abc import Sequence

from storage import videos as video_rows
from tracker.clock import Clock
from tracker.ingest.stage import Archive
from tracker.model.ids import VideoId
from tracker.trace import Tracer


class Record:
    """Recomputes the clips around videos whose matches, posts or claims changed."""

    name = "record"

    def __init__(self, archive: Archive, tracer: Tracer, clock: Clock) -> None:
        self._archive = archive
        self._tracer = tracer
        self._clock = clock

    def pending(self, limit: int) -> Sequence[VideoId]:
        """Return videos about which something changed since their chain was last recorded."""
        with self._archive.database.read() as session:
            return video_rows.pending_records(
                session, self._tracer.algorithm_key, now=self._clock.now(), limit=limit
            )

    def key(self, item: VideoId) -> str:
        """Return the video's digest."""
        return item

    def process(self, item: VideoId) -> None:
        """Bring the clips this video belongs to up to date.

        Recording one video records all that share footage with it, so there may be nothing left.
        """
        with self._archive.database.read() as session:
            left = video_rows.is_unrecorded(session, item)
        if left:
            self._tracer.record(item)
