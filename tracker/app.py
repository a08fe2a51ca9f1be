"""The only place that builds objects: settings in, a working application out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from storage.anchor_store import AnchorStore
from storage.database import Database
from storage.index.hash_index import FaissHashIndex, feature_rows, features_key
from storage.index.snapshot import snapshot
from storage.index.sound_index import SoundIndex
from storage.keyframe_store import KeyframeStore
from storage.media_store import MediaStore
from storage.staging import own_folder
from tracker.acquire import Acquirer
from tracker.audit import verify_archive
from tracker.clock import Clock, SystemClock
from tracker.config import Settings
from tracker.errors import OutsideError
from tracker.export import Reports
from tracker.fingerprint.algorithm import CODE_BYTES, current_algorithm
from tracker.fixity import Fixity, FixityTerms
from tracker.holds import Holds
from tracker.identify import Identifier
from tracker.ingest.add import Add, Stages
from tracker.ingest.anchoring import Anchoring, Authority, TimestampTerms
from tracker.ingest.capture import Capture
from tracker.ingest.collect import Collect
from tracker.ingest.credentials import CredentialsStage
from tracker.ingest.detect import ArchivedFingerprints, Detect
from tracker.ingest.discovery import Discover, DiscoveryTerms
from tracker.ingest.fingerprint import FingerprintStage
from tracker.ingest.imports import Imports
from tracker.ingest.previews import MAX_PREVIEW_BYTES, Previews
from tracker.ingest.read_budget import MonthlyReads
from tracker.ingest.recheck import Recheck
from tracker.ingest.record import Record
from tracker.ingest.stage import Archive
from tracker.judge import Judge
from tracker.lookup import Lookup
from tracker.matching.sound_search import SoundSearch
from tracker.media.child_process import ChildLimits, ChildProcessExecutor
from tracker.media.download import MediaDownloader
from tracker.media.probe import MediaLimits
from tracker.model.features import CODE_BYTES as FEATURE_CODE_BYTES
from tracker.model.ledger import Broken
from tracker.model.summary import StatusSummary, Verified
from tracker.model.watch import Watch
from tracker.net.bluesky import BlueskyClient
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.net.mastodon import MastodonClient
from tracker.net.politeness import HostTurns, Pace
from tracker.net.rerouting import Rerouting
from tracker.net.robots import PagePermits, Robots
from tracker.net.timestamping import TimestampDoor
from tracker.net.ytdlp import YtDlp, YtDlpLimits
from tracker.retention import Retention, RetentionRule
from tracker.retry import Retry
from tracker.sources.bluesky import Bluesky
from tracker.sources.mastodon import Mastodon
from tracker.sources.ports import PlatformSource
from tracker.sources.registry import Sources
from tracker.sources.telegram import Telegram
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
        broken = (*_lost_database(self.settings), *verified.broken)
        if with_files:
            broken += tuple(_wrong_indexes(self.settings, archive, self.algorithm_key))
        return replace(verified, broken=broken)

    def status(self) -> StatusSummary:
        """Return what is held, pending and failing."""
        terms = _timestamp_terms(self.settings)
        return archive_status(self.archive, self.algorithm_key, self.clock, self.fixity, terms)


def _lost_database(settings: Settings) -> Iterator[Broken]:
    """Yield the database where there is none, though files were taken in beside it."""
    database = Database(settings.database_url)
    try:
        kept = next(MediaStore(settings.data_dir / "media").digests(), None)
        if kept is not None and not database.exists():
            yield Broken("file", database.name, "it is gone, yet what it recorded lies beside it")
    finally:
        database.close()


def _wrong_indexes(settings: Settings, archive: Archive, key: str) -> Iterator[Broken]:
    """Yield each search index, as it lies on disk, that is not what the database makes of it."""
    # Whoever only reads has a copy of links, in which a lost file looks like none at all.
    own = replace(archive, index_directory=settings.data_dir / "index")
    index, features, sounds = _indexes(own, key)
    held = ArchivedFingerprints(own, index, key, features, sounds)
    for folder, reason in held.wrong_indexes():
        advice = "it is a cache of the database: delete the folder, and it is built anew"
        yield Broken("file", str(folder), f"search index: {reason} ({advice})")


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
        archive = _open_archive(settings, stack, clock, writes=writes)
        turns = _turns(settings, clock, stack, private=not writes)
        guard = _guard(settings, turns)
        # The reads of X are counted: whoever may write nothing cannot ask it.
        x = _x_source(settings, archive, guard, clock, stack) if writes else None
        yield _build(settings, archive, guard, clock, stack, (x,) if x else (), writes=writes)


def _open_archive(settings: Settings, stack: ExitStack, clock: Clock, *, writes: bool) -> Archive:
    root = settings.data_dir
    database = Database(settings.database_url, now=clock.now)
    stack.callback(database.close)
    if not writes and not database.exists():
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-empty-")))
        database, writes = Database(f"sqlite:///{root / 'tracker.db'}", now=clock.now), True
        stack.callback(database.close)
    staging = root / "staging"
    archive = Archive(
        database,
        MediaStore(root / "media"),
        KeyframeStore(root / "keyframes"),
        staging,
        root / "index",
        AnchorStore(settings.data_dir / "anchors"),  # they outlive a database that was removed
    )
    if (settings.data_dir / RESTORING).exists():
        raise OutsideError(
            f"a restore into {settings.data_dir} was interrupted: run the same `tracker restore` "
            "again"
        )
    if writes:
        database.migrate()
        archive.media.clean()  # what a killed process left unfinished
        archive.keyframes.clean()
        archive.anchors.clean()
        return replace(archive, staging=stack.enter_context(own_folder(staging)))
    # The index is a cache that a lookup may have to bring up to date: in a copy of its own.
    copy = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-index-")))
    snapshot(archive.index_directory, copy)
    return replace(archive, index_directory=copy)


RESTORING = "restore.unfinished"
"""A file that stands in the data directory from the first to the last file of a restore."""


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
    limits = _media_limits(settings)
    executor = _executor(settings, stack)
    http = HttpClient(_http_limits(settings), guard, clock)
    stack.callback(http.close)
    ytdlp = YtDlp(_ytdlp_limits(settings), guard, clock, cookie_file=_cookie_file(settings))
    native = (*billed, *_native_sources(settings, http, guard, clock, stack))
    sources = Sources(
        http, ytdlp, clock, native, _page_permits(settings, http, guard, clock).permit
    )
    acquirer = Acquirer(sources, MediaDownloader(http, ytdlp, clock))
    index, features, sounds = _indexes(archive, algorithm_key)
    if writes:
        for cache in (index, features, sounds):
            cache.clean()
    fingerprints = ArchivedFingerprints(archive, index, algorithm_key, features, sounds)
    identifier = Identifier(index, fingerprints, features, SoundSearch(sounds, fingerprints.sound))
    tracer = Tracer(archive.database, algorithm_key, clock)
    stages = Stages(
        collect=Collect(archive, acquirer, clock, budget=settings.collect.budget),
        capture=Capture(archive, acquirer, executor, limits, clock),
        fingerprint=FingerprintStage(archive, executor, limits, algorithm_key, clock),
        detect=Detect(archive, identifier, fingerprints, algorithm_key, clock),
        record=Record(archive, tracer, clock),
    )
    pictures = HttpClient(
        replace(_http_limits(settings), max_page_bytes=MAX_PREVIEW_BYTES), guard, clock
    )
    stack.callback(pictures.close)
    previews = Previews(pictures, executor)
    door = TimestampDoor(guard, _http_limits(settings), clock)
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
        credentials=CredentialsStage(archive, executor, clock),
        fingerprint=stages.fingerprint,
        detect=stages.detect,
        record=stages.record,
        recheck=Recheck(archive, acquirer, stages.collect, clock),
        discover=Discover(
            archive, acquirer, stages.collect, tracer, previews, _discovery_terms(settings), clock
        ),
        anchoring=Anchoring(archive, door, _timestamp_terms(settings), clock),
        watches=Watches(archive, stages.collect, configured_watches(settings), clock),
        add=add,
        imports=Imports(add),
        lookup=Lookup(archive, acquirer, executor, identifier, fingerprints, limits),
        subjects=subjects,
        reports=Reports(archive, subjects, algorithm_key, clock, settings.data_dir),
        fixity=Fixity(
            archive, AnchorStore(settings.data_dir / "anchors"), _fixity_terms(settings), clock
        ),
        holds=Holds(archive, clock),
        judge=Judge(archive, subjects, tracer, clock),
        retention=Retention(archive, algorithm_key, _retention_rule(settings), clock),
        retry=Retry(archive, clock),
    )


def _indexes(archive: Archive, key: str) -> tuple[FaissHashIndex, FaissHashIndex, SoundIndex]:
    """Return the indexes of hashes, of local features and of sounds."""
    folder = archive.index_directory
    return (
        FaissHashIndex(folder, key, CODE_BYTES),
        FaissHashIndex(folder, features_key(key), FEATURE_CODE_BYTES, feature_rows),
        SoundIndex(folder, key),
    )


def _native_sources(
    settings: Settings, http: HttpClient, guard: AddressGuard, clock: Clock, stack: ExitStack
) -> tuple[PlatformSource, ...]:
    bluesky = BlueskyClient(
        guard,
        _http_limits(settings),
        clock,
        appview=settings.bluesky.appview,
        plc_directory=settings.bluesky.plc_directory,
    )
    stack.callback(bluesky.close)
    mastodon = MastodonClient(guard, _http_limits(settings), clock)
    stack.callback(mastodon.close)
    return (
        Telegram(http, host=settings.telegram.host),
        Bluesky(bluesky),
        Mastodon(mastodon, servers=settings.mastodon.servers),
    )


def _x_source(
    settings: Settings, archive: Archive, guard: AddressGuard, clock: Clock, stack: ExitStack
) -> PlatformSource | None:
    """The API of X, where there is a token for it; yt-dlp reads its posts otherwise."""
    token = settings.x.token()
    if not token:
        return None
    from tracker.net.x_api import XApi  # loaded late: tweepy takes a tenth of a second
    from tracker.sources.x import XSource

    reads = MonthlyReads(archive.database, "x", settings.x.monthly_reads, clock)
    reads.adopt_limit()
    api = XApi(
        token,
        reads,
        guard,
        _http_limits(settings),
        clock,
        api_url=settings.x.api_url,
    )
    stack.callback(api.close)
    return XSource(api, clock, full_archive=settings.x.full_archive)


def _discovery_terms(settings: Settings) -> DiscoveryTerms:
    discovery = settings.discovery
    return DiscoveryTerms(
        platforms=discovery.platforms,
        mastodon_servers=settings.mastodon.servers,
        recent=timedelta(days=discovery.recent_days),
        every=timedelta(hours=discovery.every_hours),
        searches_per_day=discovery.searches_per_day,
        posts_per_search=discovery.posts_per_search,
        fetch_without_preview=discovery.fetch_without_preview,
    )


def _timestamp_terms(settings: Settings) -> TimestampTerms:
    return TimestampTerms(
        authorities=tuple(
            Authority(a.url, Path(a.ca_file) if a.ca_file else None)
            for a in settings.timestamps.authorities
        ),
        calendars=settings.timestamps.calendars,
    )


def _fixity_terms(settings: Settings) -> FixityTerms:
    return FixityTerms(settings.fixity.slice_mb * 1024**2, settings.fixity.days)


def _retention_rule(settings: Settings) -> RetentionRule:
    days = settings.retention.originals_days
    return RetentionRule(timedelta(days=days) if days else None)


def _turns(settings: Settings, clock: Clock, stack: ExitStack, *, private: bool) -> HostTurns:
    network = settings.network
    pace = Pace(network.pause_per_host_s, network.connections_per_host, network.media_timeout_s)
    turns = HostTurns(settings.data_dir / "hosts", pace, clock, private=private)
    stack.callback(turns.close)
    return turns


def _guard(settings: Settings, turns: HostTurns) -> AddressGuard:
    return AddressGuard(
        allow_private=settings.network.allow_private,
        allowed_networks=settings.network.allowed_networks,
        rerouting=_rerouting(settings),
        turns=turns,
    )


def _page_permits(
    settings: Settings, http: HttpClient, guard: AddressGuard, clock: Clock
) -> PagePermits:
    if not settings.network.obey_robots:
        return PagePermits(None)
    return PagePermits(Robots(http, settings.network.user_agent, clock, guard.turns))


def _rerouting(settings: Settings) -> Rerouting:
    ca_file = settings.network.ca_file
    return Rerouting(
        connect_to=settings.network.connect_to,
        ca_file=Path(ca_file).expanduser() if ca_file else None,
    )


def _executor(settings: Settings, stack: ExitStack) -> ChildProcessExecutor:
    limits = ChildLimits(
        wall_time_s=settings.media.decode_timeout_s,
        memory_bytes=settings.media.decode_memory_mb * 1024**2,
    )
    executor = ChildProcessExecutor(settings.jobs.workers, limits, preload=CHILD_PRELOAD)
    stack.callback(executor.shutdown, wait=False, cancel_futures=True)
    return executor


def _http_limits(settings: Settings) -> HttpLimits:
    network = settings.network
    return HttpLimits(
        connect_timeout_s=network.connect_timeout_s,
        read_timeout_s=network.read_timeout_s,
        total_timeout_s=network.page_timeout_s,
        media_timeout_s=network.media_timeout_s,
        max_page_bytes=network.max_page_bytes,
        max_media_bytes=network.max_media_bytes,
        max_redirects=network.max_redirects,
        user_agent=network.user_agent,
    )


def _ytdlp_limits(settings: Settings) -> YtDlpLimits:
    return replace(
        YtDlpLimits(),
        download_timeout_s=settings.network.media_timeout_s,
        generic_allowed=True,  # every connection it makes passes the guard
        max_media_bytes=settings.network.max_media_bytes,
        user_agent=settings.network.user_agent,
        identifies_everywhere=settings.ytdlp.identify_everywhere,
    )


def _cookie_file(settings: Settings) -> Path | None:
    return Path(settings.ytdlp.cookie_file).expanduser() if settings.ytdlp.cookie_file else None


def _media_limits(settings: Settings) -> MediaLimits:
    media = settings.media
    return MediaLimits(
        max_duration_ms=round(media.max_duration_s * 1000), max_pixels=media.max_pixels
    )


def configured_watches(settings: Settings) -> list[Watch]:
    """Return the watches of the config, with the general depth and budget where none is given."""
    return [
        Watch(
            target=watch.target,
            interval_s=watch.interval_s,
            depth=settings.collect.depth if watch.depth is None else watch.depth,
            budget=settings.collect.budget if watch.budget is None else watch.budget,
            paused=watch.paused,
            from_config=True,
            back_to=watch.back_to_at,
        )
        for watch in settings.watches
    ]
