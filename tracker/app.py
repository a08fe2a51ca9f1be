"""The only place that builds objects: settings in, a working application out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tracker.clock import Clock, SystemClock
from tracker.composition import terms
from tracker.composition.archive import lost_database, open_archive
from tracker.composition.assembly import Assembly, Part
from tracker.config import Settings
from tracker.errors import DatabaseError
from tracker.fingerprint.algorithm import current_algorithm
from tracker.ingest.stage import Archive
from tracker.model.summary import StatusSummary, Verified

if TYPE_CHECKING:
    from tracker.composition.doors import Doors
    from tracker.composition.search import Search
    from tracker.export import Reports
    from tracker.fixity import Fixity
    from tracker.holds import Holds
    from tracker.ingest.add import Add
    from tracker.ingest.anchoring import Anchoring
    from tracker.ingest.capture import Capture
    from tracker.ingest.collect import Collect
    from tracker.ingest.credentials import CredentialsStage
    from tracker.ingest.detect import Detect
    from tracker.ingest.discovery import Discover
    from tracker.ingest.fingerprint import FingerprintStage
    from tracker.ingest.imports import Imports
    from tracker.ingest.recheck import Recheck
    from tracker.ingest.record import Record
    from tracker.judge import Judge
    from tracker.lookup import Lookup
    from tracker.media.child_process import ChildProcessExecutor
    from tracker.net.politeness import HostTurns
    from tracker.net.ytdlp import YtDlp
    from tracker.originals import Originals
    from tracker.retention import Retention
    from tracker.retry import Retry
    from tracker.subjects import Subjects
    from tracker.trace import Tracer
    from tracker.watch import Watches

CHILD_PRELOAD = (
    "tracker.media.child_process",
    "tracker.examine",
    "tracker.media.playable",
    "tracker.evidence.content_credentials",
    "tracker.fingerprint.preview",
    "av.subtitles.stream",
    "numpy.ma",
    "numpy.random",
    "PIL.ImageFile",
    "c2pa",
    "tracker.media.preloaded",
)
"""What the fork server imports once, so that each decoding child starts at once: what children are
asked to do, and parts of libraries that these load only when the first percentile, projection,
picture or manifest asks for them. The last closes the list."""


class App(Assembly):
    """Everything a front door calls; each part is made when it is first asked for."""

    def __init__(
        self, settings: Settings, archive: Archive, clock: Clock, stack: ExitStack, *, writes: bool
    ) -> None:
        super().__init__()
        self.settings = settings
        self.archive = archive
        self.clock = clock
        self.algorithm_key = current_algorithm().key
        self._writes = writes
        self._stack = stack
        self._signers = terms.credential_anchors(settings)

    def make_all(self) -> None:
        """Make every part now, and the doors' parts too."""
        super().make_all()
        self._doors.make_all()

    def interrupt(self) -> None:
        """End running children and all waiting at once; their items stay pending."""
        self.turns.stop()
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.ytdlp.stop()

    def verify(
        self, progress: Callable[[int, int], None] | None = None, *, with_files: bool = True
    ) -> Verified:
        """Check the ledger and everything kept."""
        from tracker.audit import verify_archive

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
            from tracker.composition.search import wrong_indexes

            folder = self.settings.data_dir / "index"
            try:
                broken += tuple(wrong_indexes(archive, folder, self.algorithm_key))
            except DatabaseError:
                if not broken:  # rows that cannot be read leave nothing to compare with
                    raise
        return replace(verified, broken=broken)

    def status(self) -> StatusSummary:
        """Return what is held, pending and failing."""
        from tracker.status import archive_status

        asked = terms.timestamp_terms(self.settings)
        return archive_status(self.archive, self.algorithm_key, self.clock, self.fixity, asked)

    @Part
    def turns(self) -> HostTurns:
        """The pace that all threads and processes of this archive share."""
        from tracker.net.politeness import HostTurns

        hosts, pace = self.settings.data_dir / "hosts", terms.pace(self.settings)
        turns = HostTurns(hosts, pace, self.clock, private=not self._writes)
        self._stack.callback(turns.close)
        return turns

    @Part
    def executor(self) -> ChildProcessExecutor:
        """What runs decoders, each in a child process with limits."""
        from tracker.media.child_process import ChildLimits, ChildProcessExecutor

        media = self.settings.media
        limits = ChildLimits(media.decode_timeout_s, media.decode_memory_mb * 1024**2)
        workers = self.settings.jobs.workers
        executor = ChildProcessExecutor(workers, limits, preload=CHILD_PRELOAD)
        self._stack.callback(executor.shutdown, wait=False, cancel_futures=True)
        return executor

    @Part
    def originals(self) -> Originals:
        """The kept files, to be looked at once more."""
        from tracker.originals import Originals

        archive, limits = self.archive, terms.media_limits(self.settings)
        return Originals(archive.database, archive.media, self.executor, limits)

    @property
    def ytdlp(self) -> YtDlp:
        """What runs yt-dlp, a child process each time."""
        return self._doors.ytdlp

    @Part
    def _doors(self) -> Doors:
        from tracker.composition.doors import Doors

        stack, writes = self._stack, self._writes
        return Doors(self.settings, self.archive, self.turns, self.clock, stack, writes=writes)

    @Part
    def _search(self) -> Search:
        from tracker.composition.search import Search

        return Search(self.archive, self.algorithm_key, self._stack, writes=self._writes)

    @Part
    def _tracer(self) -> Tracer:
        from tracker.trace import Tracer

        return Tracer(self.archive.database, self.algorithm_key, self.clock)

    @Part
    def collect(self) -> Collect:
        """The stage that reads posts."""
        from tracker.ingest.collect import Collect

        budget = self.settings.collect.budget
        return Collect(self.archive, self._doors.acquirer, self.clock, budget=budget)

    @Part
    def capture(self) -> Capture:
        """The stage that fetches media."""
        from tracker.ingest.capture import Capture

        acquirer, limits = self._doors.acquirer, terms.media_limits(self.settings)
        return Capture(self.archive, acquirer, self.executor, limits, self.clock, self._signers)

    @Part
    def credentials(self) -> CredentialsStage:
        """The stage that reads Content Credentials of what an older release took in."""
        from tracker.ingest.credentials import CredentialsStage

        return CredentialsStage(self.archive, self.executor, self.clock, self._signers)

    @Part
    def fingerprint(self) -> FingerprintStage:
        """The stage that decodes."""
        from tracker.ingest.fingerprint import FingerprintStage

        limits = terms.media_limits(self.settings)
        return FingerprintStage(self.archive, self.executor, limits, self.algorithm_key, self.clock)

    @Part
    def detect(self) -> Detect:
        """The stage that compares."""
        from tracker.ingest.detect import Detect

        return Detect(
            self.archive,
            self._search.identifier,
            self._search.fingerprints,
            self.originals,
            self.algorithm_key,
            self.clock,
        )

    @Part
    def record(self) -> Record:
        """The stage that brings clips and chains up to date."""
        from tracker.contests import Contests
        from tracker.ingest.record import Record
        from tracker.trace import Tracer

        archive, contests = self.archive, Contests(self.originals)
        tracer = Tracer(archive.database, self.algorithm_key, self.clock, contests)
        return Record(archive, tracer, self.clock)

    @Part
    def recheck(self) -> Recheck:
        """Looks at known posts again."""
        from tracker.ingest.recheck import Recheck

        return Recheck(self.archive, self._doors.acquirer, self.collect, self.clock)

    @Part
    def discover(self) -> Discover:
        """Searches the platforms for earlier uploads."""
        from tracker.ingest.discovery import Discover
        from tracker.ingest.previews import Previews

        doors, wanted = self._doors, terms.discovery_terms(self.settings)
        previews = Previews(doors.pictures, self.executor)
        return Discover(
            self.archive,
            doors.acquirer,
            self.collect,
            self._tracer,
            previews,
            wanted,
            self.clock,
        )

    @Part
    def anchoring(self) -> Anchoring:
        """Seals the ledger, and has others vouch for the time."""
        from tracker.ingest.anchoring import Anchoring

        asked = terms.timestamp_terms(self.settings)
        return Anchoring(self.archive, self._doors.timestamps, asked, self.clock)

    @Part
    def watches(self) -> Watches:
        """The standing orders."""
        from tracker.watch import Watches

        configured = terms.configured_watches(self.settings)
        # As a function: who only lists them needs no source to ask.
        return Watches(self.archive, lambda watch: self.collect.poll(watch), configured, self.clock)

    @Part
    def add(self) -> Add:
        """Takes in one target through every stage."""
        from tracker.ingest.add import Add, Stages

        stages = Stages(self.collect, self.capture, self.fingerprint, self.detect, self.record)
        return Add(
            self.archive,
            stages,
            self.clock,
            depth=self.settings.collect.depth,
            budget=self.settings.collect.budget,
            algorithm_key=self.algorithm_key,
        )

    @Part
    def imports(self) -> Imports:
        """Takes in a folder of videos with sidecars."""
        from tracker.ingest.imports import Imports

        return Imports(self.add)

    @Part
    def lookup(self) -> Lookup:
        """Have we seen this before, and where first?"""
        from tracker.lookup import Lookup

        search, limits = self._search, terms.media_limits(self.settings)
        return Lookup(
            self.archive,
            self._doors.acquirer,
            self.executor,
            search.identifier,
            search.fingerprints,
            self.originals,
            limits,
            self._signers,
        )

    @Part
    def subjects(self) -> Subjects:
        """Finds clips and chains by whatever names them."""
        from tracker.subjects import Subjects

        return Subjects(self.archive, self._tracer)

    @Part
    def reports(self) -> Reports:
        """Writes provenance reports and bundles."""
        from tracker.export import Reports

        salts = self.settings.data_dir
        return Reports(self.archive, self.subjects, self.algorithm_key, self.clock, salts)

    @Part
    def fixity(self) -> Fixity:
        """Re-hashes what is kept."""
        from storage.anchor_store import AnchorStore
        from tracker.fixity import Fixity

        anchors = AnchorStore(self.settings.data_dir / "anchors")
        return Fixity(self.archive, anchors, terms.fixity_terms(self.settings), self.clock)

    @Part
    def holds(self) -> Holds:
        """What no rule may delete."""
        from tracker.holds import Holds

        return Holds(self.archive, self.clock)

    @Part
    def judge(self) -> Judge:
        """Keeps persons' verdicts."""
        from tracker.judge import Judge

        return Judge(self.archive, self.subjects, self._tracer, self.clock)

    @Part
    def retention(self) -> Retention:
        """Deletes by rule and by order."""
        from tracker.retention import Retention

        rule = terms.retention_rule(self.settings)
        return Retention(self.archive, self.algorithm_key, rule, self.clock)

    @Part
    def retry(self) -> Retry:
        """Takes up again what was given up."""
        from tracker.retry import Retry

        return Retry(self.archive, self.clock)


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
        yield App(settings, archive, clock, stack, writes=writes)
