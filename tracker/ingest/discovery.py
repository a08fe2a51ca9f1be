"""Discovery: look on the platforms for uploads of a clip from before its earliest known one.

Only posts whose still picture resembles the clip are handed on to be fetched; the usual stages
decide what they show. Every search is entered before it is made, found empty or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storage import clips as clip_rows
from storage import discoveries, ledger
from storage import fingerprints as fingerprint_rows
from storage import posts as post_rows
from storage.discoveries import DISCOVER
from tracker.acquire import Acquirer
from tracker.clock import Clock
from tracker.errors import TrackerError
from tracker.ingest.collect import Collect, discover, record_exchange
from tracker.ingest.discovery_targets import Search, searches
from tracker.ingest.previews import NO_CODES, Codes, Previews, codes_of
from tracker.ingest.search_terms import search_terms
from tracker.ingest.stage import Archive
from tracker.model.capture import Exchange, FetchedPost
from tracker.model.chain import Chain
from tracker.model.discovery import Discovery
from tracker.model.ids import ClipId, Platform
from tracker.model.ledger import LedgerKind
from tracker.model.post import Post
from tracker.reports.documents import discovery_document
from tracker.sources.ports import Polled
from tracker.timestamps.combine import combine
from tracker.trace import Tracer

DAY = timedelta(days=1)
MAX_PREVIEWS = 2
"""Pictures looked at of one post."""

MARGIN = timedelta(seconds=30)
"""Platforms refuse to be asked about the present second."""


@dataclass(frozen=True, slots=True)
class DiscoveryTerms:
    """Where, how often and how much is searched; nothing where no platform is named."""

    platforms: tuple[str, ...] = ()
    mastodon_servers: tuple[str, ...] = ()
    recent: timedelta = timedelta(days=14)
    every: timedelta = timedelta(hours=24)
    searches_per_day: int = 50
    posts_per_search: int = 50
    fetch_without_preview: bool = False


@dataclass(frozen=True, slots=True)
class _Subject:
    """A clip to search for: its words, its frames, and the time before which it is looked for."""

    clip: ClipId
    terms: tuple[str, ...]
    codes: Codes
    until_at: datetime


@dataclass(frozen=True, slots=True)
class _Hit:
    """A post that a search listed; ``whole`` where the listing held all of it."""

    post: Post
    whole: FetchedPost | None = None


class Discover:
    """Searches for clips that have only lately been seen, each once in an interval."""

    name = DISCOVER

    def __init__(
        self,
        archive: Archive,
        acquirer: Acquirer,
        collect: Collect,
        tracer: Tracer,
        previews: Previews,
        terms: DiscoveryTerms,
        clock: Clock,
    ) -> None:
        self._archive = archive
        self._acquirer = acquirer
        self._collect = collect
        self._tracer = tracer
        self._previews = previews
        self._terms = terms
        self._clock = clock

    @property
    def enabled(self) -> bool:
        """Whether any platform may be searched."""
        return bool(self._terms.platforms)

    def pending(self, limit: int) -> Sequence[ClipId]:
        """Return recent clips that were not searched for lately, while the day's budget lasts."""
        if not self.enabled:
            return ()
        now = self._clock.now()
        with self._archive.database.read() as session:
            if discoveries.count_since(session, now - DAY) >= self._terms.searches_per_day:
                return ()
            return discoveries.due_clips(
                session,
                published_after=now - self._terms.recent,
                searched_before=now - self._terms.every,
                now=now,
                limit=limit,
            )

    def key(self, item: ClipId) -> str:
        """Return the clip's id."""
        return item

    def process(self, item: ClipId) -> None:
        """Search every platform for the clip, as far as the day's budget goes."""
        subject = self._subject(item)
        wanted = searches(self._terms.platforms, self._terms.mastodon_servers, subject.terms)
        if not wanted:
            self._note_nothing(subject)
        for search in self._longest_ago_first(item, wanted):
            if not self._make(subject, search):
                return

    def searches_of(self, clip: ClipId, since: datetime) -> list[Discovery]:
        """Return the searches made for the clip from ``since`` on, the latest last."""
        with self._archive.database.read() as session:
            made = discoveries.of_clip(session, clip)
        return [search for search in made if search.searched_at >= since]

    # --- what is searched for ----------------------------------------------------------------

    def _subject(self, clip_id: ClipId) -> _Subject:
        now = self._clock.now()
        with self._archive.database.read() as session:
            chain = self._tracer.chain_of_clip(session, clip_id)
            clip = clip_rows.resolve_clip(session, clip_id)
            if chain is None or clip is None:
                return _Subject(clip_id, (), NO_CODES, now)
            keys = [link.appearance.post.key for link in chain.links if link.appearance.post]
            stored = [post_rows.get_post(session, key) for key in keys]
            fingerprint = fingerprint_rows.get_fingerprint(
                session, clip.reference, self._tracer.algorithm_key
            )
        terms = search_terms((s.post for s in stored if s is not None), chain.leads)
        codes = codes_of(clip, fingerprint) if fingerprint is not None else NO_CODES
        return _Subject(clip_id, terms, codes, min(_known_since(chain, now), now - MARGIN))

    def _longest_ago_first(self, clip: ClipId, wanted: Sequence[Search]) -> list[Search]:
        """What a budget cut off the last time comes first; nothing is asked twice an interval."""
        with self._archive.database.read() as session:
            made = {found.target: found.searched_at for found in discoveries.of_clip(session, clip)}
        due = self._clock.now() - self._terms.every
        waiting = [s for s in wanted if s.target not in made or made[s.target] <= due]
        never = datetime.min.replace(tzinfo=due.tzinfo)
        return sorted(waiting, key=lambda search: made.get(search.target, never))

    def _note_nothing(self, subject: _Subject) -> None:
        reason = "its posts and articles give no names or words to search by"
        nothing = Discovery(
            subject.clip, Platform(""), "", "", subject.until_at, self._clock.now(), error=reason
        )
        with self._archive.database.write() as session:
            discoveries.begin(session, nothing)

    # --- one search --------------------------------------------------------------------------

    def _make(self, subject: _Subject, search: Search) -> bool:
        """Make one search and enter what it came to; ``False`` when the day's budget is spent."""
        now = self._clock.now()
        begun = Discovery(
            subject.clip, search.platform, search.query, search.target, subject.until_at, now
        )
        with self._archive.database.write() as session:
            if discoveries.count_since(session, now - DAY) >= self._terms.searches_per_day:
                return False
            number = discoveries.begin(session, begun)
        try:
            done, answers = self._look(subject, search, begun)
        except TrackerError as exc:
            done, answers = replace(begun, error=str(exc)), []
        with self._archive.database.write() as session:
            discoveries.finish(session, number, done)
            body = {"clip": done.clip, **discovery_document(done), "answers": answers}
            ledger.append(session, LedgerKind.DISCOVERY, body, at=self._clock.now())
        return True

    def _look(
        self, subject: _Subject, search: Search, begun: Discovery
    ) -> tuple[Discovery, list[str]]:
        watch = search.watch(subject.until_at, self._terms.posts_per_search)
        polled = self._acquirer.poll(watch, None)
        answers = self._keep_answers(polled)
        hits = _hits(polled)
        earlier = [hit for hit in hits if self._is_wanted(hit, subject.until_at)]
        alike = [self._previews.alike(_pictures(hit), subject.codes) for hit in earlier]
        chosen = [
            hit
            for hit, same in zip(earlier, alike, strict=True)
            if same or (same is None and self._terms.fetch_without_preview)
        ]
        for hit in chosen:
            self._take(hit, subject.clip)
        done = replace(
            begun,
            hits=len(hits),
            earlier=len(earlier),
            without_preview=alike.count(None),
            compared=len(alike) - alike.count(None),
            likely=alike.count(True),
            fetched=len(chosen),
            error=str(polled.interrupted) if polled.interrupted else None,
        )
        return done, answers

    def _keep_answers(self, polled: Polled) -> list[str]:
        """Keep the raw answers, which are the evidence of what was listed; return their digests."""
        exchanges: dict[int, Exchange] = {id(answer): answer for answer in polled.exchanges}
        for fetched in polled.read:
            exchanges |= {id(answer): answer for answer in fetched.exchanges}
        kept = [
            (answer, self._archive.media.add_bytes(answer.body) if answer.body else None)
            for answer in exchanges.values()
        ]
        with self._archive.database.write() as session:
            for answer, digest in kept:
                record_exchange(session, answer, digest, None, self._clock.now())
        return [digest for _, digest in kept if digest is not None]

    def _is_wanted(self, hit: _Hit, until_at: datetime) -> bool:
        """Tell whether the post shows a video that may be earlier and is not held yet."""
        if hit.whole is not None and not hit.post.media:
            return False
        published = combine(hit.post.claims)
        earliest = published.interval.earliest_at if published is not None else None
        if earliest is not None and earliest > until_at:
            return False
        with self._archive.database.read() as session:
            held = post_rows.get_post(session, hit.post.key)
        return held is None or held.fetched_at is None

    def _take(self, hit: _Hit, clip: ClipId) -> None:
        """Hand the post on to the stages; each clip's finds have a budget of their own."""
        origin = f"discovery:{clip}"
        if hit.whole is not None:
            self._collect.record(hit.whole, key=None, depth=0, origin=origin)
            return
        with self._archive.database.write() as session:
            discover(session, hit.post, 0, origin, self._clock.now())


def _hits(polled: Polled) -> list[_Hit]:
    found = [_Hit(fetched.post, fetched) for fetched in polled.read]
    found += [_Hit(post) for post in polled.entries]
    return list({hit.post.key: hit for hit in found}.values())


def _pictures(hit: _Hit) -> tuple[str, ...]:
    return hit.post.previews[:MAX_PREVIEWS]


def _known_since(chain: Chain, now: datetime) -> datetime:
    """When the earliest known appearance is known to have been public."""
    root = next(link.appearance for link in chain.links if link.appearance.id == chain.root)
    latest = root.published.interval.latest_at if root.published is not None else None
    return latest if latest is not None else now
