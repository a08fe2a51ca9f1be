"""What the page and the JSON interface ask the archive, bounded and one look-up at a time."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from storage import ledger
from tracker.app import App
from tracker.archive_metrics import ArchiveMetrics
from tracker.errors import TrackerError, UnsupportedSource, UsageError, speaking_of
from tracker.health import Checkup, HealthTerms
from tracker.model.chain import Chain
from tracker.model.health import Health
from tracker.model.lookup import LookupResult
from tracker.model.summary import ClipSummary

_CLIP = re.compile(r"clip-[0-9a-f]{4,64}")
_DIGEST = re.compile(r"[0-9a-fA-F]{6,64}")
_WEB = re.compile(r"https?://\S+", re.IGNORECASE)


class Busy(TrackerError):
    """Another look-up is being made; one is made at a time."""

    exit_code = 3
    retryable = True


class Questions:
    """Everything the web asks; safe to call from several threads.

    Names of files on this machine are no subject here: whoever may ask need not be whoever may
    read them.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        archive, settings = app.archive, app.settings
        terms = HealthTerms(free_bytes=settings.monitor.min_free_mb * 1024**2)
        self._checkup = Checkup(archive.database, settings.data_dir, terms, app.clock)
        self._metrics = ArchiveMetrics(
            archive.database, settings.data_dir, app.algorithm_key, app.clock
        )
        self._looking_up = threading.Lock()
        self._listing = threading.Lock()
        self._clips: tuple[str, tuple[ClipSummary, ...]] | None = None

    def clips(self) -> tuple[ClipSummary, ...]:
        """Return every live clip; worked out once for each state of the ledger."""
        with self._listing:
            with self._app.archive.database.read() as session:
                head = ledger.head(session)
            state = head.entry_hash if head else ""
            if self._clips is None or self._clips[0] != state:
                self._clips = (state, tuple(self._app.subjects.summaries()))
            return self._clips[1]

    def chains(self, subject: str) -> list[Chain]:
        """Return the chains of a clip id, post address or SHA-256, the best first.

        Raises ``UsageError`` for anything else and ``UnknownSubject`` for what is not held.
        """
        return self._app.subjects.chains(checked_subject(subject))

    def report(self, subject: str) -> str:
        """Return the report of a clip as HTML; raises as ``chains`` does."""
        return self._app.reports.page(checked_subject(subject))

    def lookup(self, target: str) -> list[LookupResult]:
        """Return what is known of the footage at a web address, fetched through the guard.

        Raises ``Busy`` while another look-up is made, ``UnsupportedSource`` for what is no web
        address, and whatever a look-up raises.
        """
        if not _WEB.fullmatch(target.strip()):
            raise UnsupportedSource("a look-up here wants a web address (http or https)")
        with self._one_at_a_time():
            return self._app.lookup.run(target.strip())

    def lookup_file(self, path: Path, name: str) -> list[LookupResult]:
        """Return what is known of the footage in a file, which its sender calls ``name``.

        Raises ``Busy`` while another look-up is made, and whatever a look-up raises.
        """
        with (
            self._one_at_a_time(),
            speaking_of(name, path.name),
            speaking_of(path.name, str(path)),
        ):
            found = self._app.lookup.run(str(path))
        return [replace(one, subject=replace(one.subject, target=name)) for one in found]

    def health(self) -> Health:
        """Return whether the archive can be read and its disk is not full."""
        return self._checkup.health(with_daemon=False)

    def metrics(self) -> bytes:
        """Return what Prometheus reads."""
        return self._metrics.page()

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        if not self._looking_up.acquire(blocking=False):
            raise Busy("another look-up is being made; ask again in a moment")
        try:
            yield
        finally:
            self._looking_up.release()


def checked_subject(text: str) -> str:
    """Return ``text`` if it can only name a clip, a video or a post; raises ``UsageError``."""
    subject = text.strip()
    if _CLIP.fullmatch(subject) or _WEB.fullmatch(subject):
        return subject
    if _DIGEST.fullmatch(subject):
        return subject.lower()
    raise UsageError("that is no clip id, no SHA-256 and no web address of a post")
