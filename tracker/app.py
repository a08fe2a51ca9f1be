"""The only place that builds objects: settings in, a working application out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from storage.anchor_store import AnchorStore
from tracker.acquire import Acquirer
from tracker.audit import verify_archive
from tracker.clock import Clock, SystemClock
from tracker.composition.archive import indexes, lost_database, open_archive, wrong_indexes
from tracker.composition.doors import (
    address_guard,
    host_turns,
    native_sources,
    page_permits,
    x_source,
)
from tracker.composition.terms import (
    configured_watches,
    cookie_file,
    credential_anchors,
    discovery_terms,
    fixity_terms,
    http_limits,
    media_limits,
    retention_rule,
    timestamp_terms,
    ytdlp_limits,
)
from tracker.config import Settings
from tracker.export import Reports
from tracker.fingerprint.algorithm import current_algorithm
from tracker.fixity import Fixity
from tracker.holds import Holds
from tracker.identify import Identifier
from tracker.ingest.add import Add, Stages
from tracker.ingest.anchoring import Anchoring
from tracker.ingest.capture import Capture
from tracker.ingest.collect import Collect
from tracker.ingest.credentials import CredentialsStage
from tracker.ingest.detect import ArchivedFingerprints, Detect
from tracker.ingest.discovery import Discover
from tracker.ingest.fingerprint import FingerprintStage
from tracker.ingest.imports import Imports
from tracker.ingest.previews import MAX_PREVIEW_BYTES, Previews
from tracker.ingest.recheck import Recheck
from tracker.ingest.record import Record
from tracker.ingest.stage import Archive
from tracker.judge import Judge
from tracker.lookup import Lookup
from tracker.matching.sound_search import SoundSearch
from tracker.media.child_process import ChildLimits, ChildProcessExecutor
from tracker.media.download import MediaDownloader
from tracker.model.summary import StatusSummary, Verified
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient
from tracker.net.politeness import HostTurns
from tracker.net.timestamping import TimestampDoor
from tracker.net.ytdlp import YtDlp
from tracker.retention import Retention
from tracker.retry import Retry
from tracker.sources.ports import PlatformSource
from tracker.sources.registry import Sources
from tracker.status import archive_status
from tracker.subjects import Subjects
from tracker.trace import Tracer
from tracker.watch import Watches

CHILD_PRELOAD = ("tracker.examine", "numpy.ma", "numpy.random", "PIL.ImageFile")
"""What the fork server imports once, so that each decoding child starts at once: numpy and Pillow
load parts of themselves only when the first percentile, projection or picture asks for them."""


@dataclass(frozen=True, slots=True)
class App:
    """Everything a front door calls."""

    settings: Settings
    clock: Clock
    archive: Archive
    algorithm_key: str
    executor: ChildProcessExecutor
    ytdlp: YtDlp
    turns: HostTurns | None
    collect: Collect
    capture: Capture
    credentials: CredentialsStage
    fingerprint: FingerprintStage
    detect: Detect
    record: Record
    recheck: Recheck
    discover: Discover
    anchoring: Anchoring
    watches: Watches
    add: Add
    imports: Imports
    lookup: Lookup
    subjects: Subjects
    reports: Reports
    fixity: Fixity
    holds: Holds
    judge: Judge
    retention: Retention
    retry: Retry

    def interrupt(self) -> None:
        """End running children and all waiting at once; their items stay pending."""
        if self.turns is not None:
            self.turns.stop()
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.ytdlp.stop()

    def verify(
        self, progress: Callable[[int, int], None] | None = None, *, with_files: bool = True
    ) -> Verified:
        """Check the ledger and everything kept."""
        archive = self.archive
        verified = verify_archive(
            archive.database,
            archive.media,
            archive.keyframes,
            progress,
            anchors=archive.anchors,
            with_files=with_files,
        )
        broken = (*lost_database(self.settings), *verified.broken)
        if with_files:
            broken += tuple(wrong_indexes(self.settings, archive, self.algorithm_key))
        return replace(verified, broken=broken)

    def status(self) -> StatusSummary:
        """Return what is held, pending and failing."""
        terms = timestamp_terms(self.settings)
        return archive_status(self.archive, self.algorithm_key, self.clock, self.fixity, terms)


@contextmanager
def open_app(
    settings: Settings, *, writes: bool = True, clock: Clock | None = None
) -> Iterator[App]:
    """Build the application and close it again at the end.

    With ``writes=False`` nothing is created or changed under the data directory: an archive that
    does not exist yet is an empty one, kept in a temporary folder.
    """
    with ExitStack() as stack:
        clock = clock or SystemClock()
        archive = open_archive(settings, stack, clock, writes=writes)
        turns = host_turns(settings, clock, stack, private=not writes)
        guard = address_guard(settings, turns)
        # The reads of X are counted: whoever may write nothing cannot ask it.
        x = x_source(settings, archive, guard, clock, stack) if writes else None
        yield _build(settings, archive, guard, clock, stack, (x,) if x else (), writes=writes)


def _build(
    settings: Settings,
    archive: Archive,
    guard: AddressGuard,
    clock: Clock,
    stack: ExitStack,
    billed: tuple[PlatformSource, ...],
    *,
    writes: bool,
) -> App:
    algorithm_key = current_algorithm().key
    limits = media_limits(settings)
    anchors = credential_anchors(settings)
    executor = _child_executor(settings, stack)
    http = HttpClient(http_limits(settings), guard, clock)
    stack.callback(http.close)
    ytdlp = YtDlp(ytdlp_limits(settings), guard, clock, cookie_file=cookie_file(settings))
    native = (*billed, *native_sources(settings, http, guard, clock, stack))
    sources = Sources(http, ytdlp, clock, native, page_permits(settings, http, guard, clock).permit)
    acquirer = Acquirer(sources, MediaDownloader(http, ytdlp, clock))
    index, features, sounds = indexes(archive, algorithm_key)
    if writes:
        for cache in (index, features, sounds):
            cache.clean()
    fingerprints = ArchivedFingerprints(archive, index, algorithm_key, features, sounds)
    identifier = Identifier(index, fingerprints, features, SoundSearch(sounds, fingerprints.sound))
    tracer = Tracer(archive.database, algorithm_key, clock)
    stages = Stages(
        collect=Collect(archive, acquirer, clock, budget=settings.collect.budget),
        capture=Capture(archive, acquirer, executor, limits, clock, anchors),
        fingerprint=FingerprintStage(archive, executor, limits, algorithm_key, clock),
        detect=Detect(archive, identifier, fingerprints, algorithm_key, clock),
        record=Record(archive, tracer, clock),
    )
    pictures = HttpClient(
        replace(http_limits(settings), max_page_bytes=MAX_PREVIEW_BYTES), guard, clock
    )
    stack.callback(pictures.close)
    previews = Previews(pictures, executor)
    door = TimestampDoor(guard, http_limits(settings), clock)
    stack.callback(door.close)
    subjects = Subjects(archive, tracer)
    add = Add(
        archive,
        stages,
        clock,
        depth=settings.collect.depth,
        budget=settings.collect.budget,
        algorithm_key=algorithm_key,
    )
    return App(
        settings=settings,
        clock=clock,
        archive=archive,
        algorithm_key=algorithm_key,
        executor=executor,
        ytdlp=ytdlp,
        turns=guard.turns,
        collect=stages.collect,
        capture=stages.capture,
        credentials=CredentialsStage(archive, executor, clock, anchors),
        fingerprint=stages.fingerprint,
        detect=stages.detect,
        record=stages.record,
        recheck=Recheck(archive, acquirer, stages.collect, clock),
        discover=Discover(
            archive, acquirer, stages.collect, tracer, previews, discovery_terms(settings), clock
        ),
        anchoring=Anchoring(archive, door, timestamp_terms(settings), clock),
        watches=Watches(archive, stages.collect, configured_watches(settings), clock),
        add=add,
        imports=Imports(add),
        lookup=Lookup(archive, acquirer, executor, identifier, fingerprints, limits, anchors),
        subjects=subjects,
        reports=Reports(archive, subjects, algorithm_key, clock, settings.data_dir),
        fixity=Fixity(
            archive, AnchorStore(settings.data_dir / "anchors"), fixity_terms(settings), clock
        ),
        holds=Holds(archive, clock),
        judge=Judge(archive, subjects, tracer, clock),
        retention=Retention(archive, algorithm_key, retention_rule(settings), clock),
        retry=Retry(archive, clock),
    )


def _child_executor(settings: Settings, stack: ExitStack) -> ChildProcessExecutor:
    limits = ChildLimits(
        wall_time_s=settings.media.decode_timeout_s,
        memory_bytes=settings.media.decode_memory_mb * 1024**2,
    )
    executor = ChildProcessExecutor(settings.jobs.workers, limits, preload=CHILD_PRELOAD)
    stack.callback(executor.shutdown, wait=False, cancel_futures=True)
    return executor
