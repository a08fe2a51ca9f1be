"""Recheck: look at a post again, and note when it is gone, closed or back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from storage import posts as post_rows
from tracker.acquire import Acquirer
from tracker.clock import Clock
from tracker.errors import TrackerError
from tracker.ingest.collect import Collect
from tracker.ingest.stage import Archive
from tracker.ingest.visibility import answers_of, status_of
from tracker.model.ids import PostKey
from tracker.model.status import PostStatus


class Recheck:
    """Fetches known posts again, ever more seldom as they age."""

    name = "recheck"

    def __init__(
        self, archive: Archive, acquirer: Acquirer, collect: Collect, clock: Clock
    ) -> None:
        self._archive = archive
        self._acquirer = acquirer
        self._collect = collect
        self._clock = clock

    def pending(self, limit: int) -> Sequence[PostKey]:
        """Return posts whose last look is long enough ago for their age."""
        with self._archive.database.read() as session:
            due = post_rows.rechecks_due(session, now=self._clock.now(), limit=limit)
        self._acquirer.expect(due)
        return due

    def key(self, item: PostKey) -> str:
        """Return the post's canonical address."""
        return item

    def process(self, item: PostKey) -> None:
        """Look at the post again. A refusal is a finding; an outage is not and is raised."""
        self._mark(item)  # whatever comes of it, the next look is not due at once
        try:
            fetched = self._acquirer.post(item)
        except TrackerError as exc:
            status = status_of(exc)
            if status is None:
                raise
            self._collect.record_status(item, status, answers_of(exc))
            return
        if fetched.post.status is PostStatus.UNKNOWN:  # it was there to be read
            fetched = replace(fetched, post=replace(fetched.post, status=PostStatus.LIVE))
        self._collect.record(fetched, key=item, depth=0, origin=None)

    def _mark(self, key: PostKey) -> None:
        with self._archive.database.write() as session:
            post_rows.mark_checked(session, key, self._clock.now())
