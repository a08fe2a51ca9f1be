"""Collect: from addresses to posts, and from posts to the addresses they point at."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from sqlmodel import Session

from storage import captures as capture_rows
from storage import ledger, post_media
from storage import posts as post_rows
from storage import videos as video_rows
from storage import watches as watch_rows
from storage.post_dates import dates_of
from storage.posts import PendingPost
from storage.shown_posts import videos_shown_by
from tracker.acquire import Acquirer
from tracker.clock import Clock
from tracker.errors import SourceError, TrackerError, UnsupportedSource
from tracker.ingest.changes import note_changes, says_nothing_new, tells_more
from tracker.ingest.stage import Archive
from tracker.ingest.visibility import answers_of, status_of
from tracker.model.capture import Exchange, FetchedPost
from tracker.model.ids import PostKey
from tracker.model.ledger import LedgerKind
from tracker.model.post import Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.model.watch import Watch
from tracker.net.urls import Address, canonical_url, parse_address
from tracker.timestamps.combine import combine
from tracker.timestamps.ids import claims_from_address

EVER = datetime.min.replace(tzinfo=UTC)


class Collect:
    """Fetches posts that are known by address only, and polls watches."""

    name = "collect"

    def __init__(self, archive: Archive, acquirer: Acquirer, clock: Clock, *, budget: int) -> None:
        self._archive = archive
        self._acquirer = acquirer
        self._clock = clock
        self._budget = budget

    def pending(self, limit: int) -> Sequence[PendingPost]:
        """Return posts that no one has fetched yet, as far as the budgets go.

        What is over the budget of one poll waits for the next: nothing found is dropped. What
        anything else led to (a target added by hand, a watch since removed) has one budget.
        """
        with self._archive.database.read() as session:
            left = _left_of_budgets(session, self._budget)
            spent = {origin for origin, count in left.items() if count <= 0}
            found = post_rows.pending_posts(
                session, now=self._clock.now(), limit=limit, exclude_origins=spent
            )
        wanted = _within(found, left)
        self._acquirer.expect([post.url for post in wanted])
        return wanted

    def expect(self, urls: Sequence[str]) -> None:
        """Say which of ``urls`` will be taken soon: those that no one has fetched yet."""
        with self._archive.database.read() as session:
            held = {url: post_rows.get_post(session, _key_of(url)) for url in urls}
        self._acquirer.expect([u for u, post in held.items() if not post or not post.fetched_at])

    def key(self, item: PendingPost) -> str:
        """Return the post's canonical address."""
        return item.key

    def process(self, item: PendingPost) -> None:
        """Fetch the post and record it, its claims, and the addresses it points at."""
        self.take(item.url, key=item.key, depth=item.depth, origin=item.origin)

    def take(
        self, target: str, *, key: PostKey | None, depth: int, origin: str | None
    ) -> FetchedPost:
        """Fetch ``target`` and record it. A refusal that says why becomes the post's status."""
        try:
            fetched = self._acquirer.post(target)
        except TrackerError as exc:
            status = status_of(exc)
            if key is not None and status is not None:
                self.record_status(key, status, answers_of(exc))
            raise
        self.record(fetched, key=key, depth=depth, origin=origin)
        return fetched

    def record(
        self,
        fetched: FetchedPost,
        *,
        key: PostKey | None,
        depth: int,
        origin: str | None,
        stored: dict[int, str | None] | None = None,
    ) -> None:
        """Store a fetched post with its raw answers and discover what it points at.

        ``stored`` holds the digests of answers by identity: those that many posts were read from
        are written once. Raises ``SourceError`` when the address ``key`` led to something else
        altogether: a site that sends whoever asks for a vanished page on to its front page.
        """
        bodies = self._bodies(fetched.exchanges, {} if stored is None else stored)
        post = _with_id_claims(_canonical_links(fetched.post))
        now = self._clock.now()
        if key is not None and key not in _names(post):
            with self._archive.database.write() as session:
                for exchange, digest in zip(fetched.exchanges, bodies, strict=True):
                    record_exchange(session, exchange, digest, key, now)
            raise SourceError(f"{key} now leads to another page: {post.key}")
        with self._archive.database.write() as session:
            former = post_rows.last_status(session, post.key)
            post_rows.save_post(session, post, now=now, depth=depth, origin=origin, published=None)
            note_changes(session, former, post.key, now)
            for exchange, digest in zip(fetched.exchanges, bodies, strict=True):
                record_exchange(session, exchange, digest, post.key, now)
            observe(session, post.key, now)
            if depth > 0:
                _discover_links(session, fetched.post, depth - 1, origin, now)
            touch_shown(session, post.key)

    def record_status(
        self, key: PostKey, status: PostStatus, answers: Sequence[Exchange] = ()
    ) -> None:
        """Note that the platform answered with a reason instead of the post; keep the answers."""
        bodies = [_stored_body(self._archive, exchange) for exchange in answers]
        now = self._clock.now()
        with self._archive.database.write() as session:
            for exchange, digest in zip(answers, bodies, strict=True):
                record_exchange(session, exchange, digest, key, now)
            post_rows.set_status(session, key, status, now)
            ledger.append(session, LedgerKind.STATUS, {"post": key, "status": str(status)}, at=now)
            touch_videos(session, key)

    def poll(self, watch: Watch) -> int:
        """Poll a watch and discover what it lists; return the number of new addresses.

        What was listed before a failure is kept, then the failure is raised.
        """
        started_at = (
            self._clock.now()
        )  # what is read from here on counts against this poll's budget
        polled = self._acquirer.poll(watch, watch.last_polled_at)
        stored: dict[int, str | None] = {}
        bodies = self._bodies(polled.exchanges, stored)
        origin = watch_origin(watch.target)
        new = [self._take_read(fetched, watch.depth, origin, stored) for fetched in polled.read]
        now = self._clock.now()
        with self._archive.database.write() as session:
            for exchange, digest in zip(polled.exchanges, bodies, strict=True):
                record_exchange(session, exchange, digest, None, now)
            new += [discover(session, entry, watch.depth, origin, now) for entry in polled.entries]
            watch_rows.mark_polled(
                session,
                watch.target,
                at=started_at,
                etag=polled.etag,
                last_modified=polled.last_modified,
                cursor=polled.cursor,
            )
        if polled.interrupted is not None:
            raise polled.interrupted
        return sum(new)

    def _bodies(
        self, exchanges: Sequence[Exchange], stored: dict[int, str | None]
    ) -> list[str | None]:
        for exchange in exchanges:
            if id(exchange) not in stored:
                stored[id(exchange)] = _stored_body(self._archive, exchange)
        return [stored[id(exchange)] for exchange in exchanges]

    def _take_read(
        self, fetched: FetchedPost, depth: int, origin: str, stored: dict[int, str | None]
    ) -> bool:
        """Record a post that a listing held whole; True when it is new. Nothing told, nothing done.

        Each is a transaction of its own: a listing that is cut off is simply listed again.
        """
        with self._archive.database.read() as session:
            held = post_rows.get_post(session, fetched.post.key)
        known = held is not None and held.fetched_at is not None
        if held is None or not known or tells_more(_canonical_links(fetched.post), held):
            self.record(fetched, key=None, depth=depth, origin=origin, stored=stored)
        return not known


def _key_of(url: str) -> str:
    try:
        return canonical_url(url)
    except UnsupportedSource:
        return url


def _discover_links(
    session: Session, post: Post, depth: int, origin: str | None, now: datetime
) -> None:
    """Remember every post that ``post`` points at, under the spelling it was found."""
    for link in post.links:
        address = _readable(link)
        if address is None or address.key == post.key:
            continue
        claims = claims_from_address(address.platform, address.post_id, link.url)
        found = Post(address.key, address.platform, PostKind.POST, address.account, claims=claims)
        _remember(session, found, link.url, depth, origin, now)


def _remember(
    session: Session, found: Post, url: str, depth: int, origin: str | None, now: datetime
) -> bool:
    """Record the address of a post and what is said of it; True when it is new.

    One that was fetched when fewer links were to be followed from it is followed now, so that
    it makes no difference which way it was found first.
    """
    former = post_rows.get_post(session, found.key)
    if former is not None and says_nothing_new(found, url, depth, former):
        return False
    new = post_rows.discover_post(
        session,
        key=found.key,
        url=url,
        platform=found.platform,
        account=found.account,
        depth=depth,
        origin=origin,
        claims=found.claims,
        published=None,
        now=now,
    )
    post_media.add_media(session, found.key, found.media)
    observe(session, found.key, now)
    if former is not None and former.fetched_at is not None and depth > former.depth:
        _discover_links(session, former.post, depth - 1, origin, now)
    return new


def _readable(link: PostLink) -> Address | None:
    """Return the link's address; None for what a page may also point at (mailto:, garbage)."""
    try:
        return parse_address(link.url)
    except UnsupportedSource:
        return None


def _with_id_claims(post: Post) -> Post:
    """Return the post with the time its address gives away, however it was taken in."""
    try:
        address = parse_address(post.key)
    except UnsupportedSource:
        return post
    claims = claims_from_address(address.platform, address.post_id, post.key)
    return replace(post, claims=tuple(dict.fromkeys((*post.claims, *claims))))


def _canonical_links(post: Post) -> Post:
    """Return the post with one spelling for every link; the raw page is kept as evidence."""
    links = {
        PostLink(address.key, link.relation): None
        for link in post.links
        if (address := _readable(link)) is not None and address.key != post.key
    }
    return replace(post, links=tuple(links))


def _names(post: Post) -> set[str]:
    """Return every canonical address that the post goes by."""
    names: set[str] = {post.key}
    for spelling in post.spellings:
        with suppress(UnsupportedSource):
            names |= {spelling, canonical_url(spelling)}
    return names


def _left_of_budgets(session: Session, budget: int) -> dict[str, int]:
    """Return how many posts may still be fetched for each origin: since its last poll, or ever."""
    watched = {watch_origin(watch.target): watch for watch in watch_rows.watches(session)}
    left = {}
    for origin in post_rows.pending_origins(session):
        watch = watched.get(origin)
        since = (watch.last_polled_at if watch else None) or EVER
        fetched = post_rows.count_fetched(session, origin, since)
        left[origin] = (watch.budget if watch else budget) - fetched
    return left


def _within(posts: Sequence[PendingPost], left: dict[str, int]) -> list[PendingPost]:
    """Return the posts, of each watch no more than its budget still allows."""
    taken: Counter[str] = Counter()
    kept = []
    for post in posts:
        origin = post.origin or ""
        if origin in left and taken[origin] >= left[origin]:
            continue
        taken[origin] += 1
        kept.append(post)
    return kept


def watch_origin(target: str) -> str:
    """Return the origin mark of posts that a watch brought in."""
    return f"watch:{target}"


def discover(session: Session, entry: Post, depth: int, origin: str | None, now: datetime) -> bool:
    """Record an address that a feed lists, with what the feed said of it; True when new."""
    url = entry.spellings[0] if entry.spellings else entry.key
    return _remember(session, entry, url, depth, origin, now)


def observe(session: Session, key: PostKey, now: datetime) -> None:
    """Add the first observation as a claim and work out the interval to go by.

    Where that changes, the chains that go by it are queued.
    """
    dates = dates_of(session, key)
    if dates is None:
        return
    seen = TimeClaim(
        ClaimKind.FIRST_OBSERVED,
        TimeInterval(None, min(dates.first_observed_at, now)),
        ForgeableBy.US,
        "tracker:first_observed",
    )
    if seen not in dates.claims:
        post_media.add_claims(session, key, (seen,))
    published = combine((*dates.claims, seen))
    if published != dates.published:
        post_rows.set_published(session, key, published)
        touch_shown(session, key)


def record_exchange(
    session: Session, exchange: Exchange, digest: str | None, key: PostKey | None, now: datetime
) -> None:
    """Store one answer and its ledger entry."""
    capture_rows.save_exchange(session, exchange, post=key, body_sha256=digest, video=None)
    ledger.append(
        session,
        LedgerKind.CAPTURE,
        {
            "post": key,
            "url": exchange.requested_url,
            "final_url": exchange.final_url,
            "status_code": exchange.status_code,
            "sha256": digest,
            "body": digest,
            "size_bytes": len(exchange.body),
            "started_at": exchange.started_at.isoformat(),
            "tools": [list(tool) for tool in exchange.tools],
        },
        at=now,
    )


def touch_videos(session: Session, key: PostKey) -> None:
    """Queue the clips of a post's videos for the record stage."""
    for video in post_media.videos_of_post(session, key):
        video_rows.touch(session, video)


def touch_shown(session: Session, key: PostKey) -> None:
    """Queue the clips of this post's videos, and of those of the posts it points at."""
    for video in videos_shown_by(session, key):
        video_rows.touch(session, video)


def _stored_body(archive: Archive, exchange: Exchange) -> str | None:
    """Keep the raw bytes of an answer and return their digest (None when there are none)."""
    if not exchange.body:
        return None
    digest = archive.media.add_bytes(exchange.body)
    assert digest == hashlib.sha256(exchange.body).hexdigest()  # noqa: S101 - store's promise
    return digest
