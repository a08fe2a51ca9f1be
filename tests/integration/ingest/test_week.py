"""A simulated week on five platforms: nothing lost, nothing twice, no budget passed.

Two thousand posts with reposts within platforms, links across them, edits, deletions, outages and
rate limits, on a clock that is turned three hours at a time. Every platform is a loopback server
that speaks its own protocol to the real client.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from jobs import collect as collect_job
from jobs.turn import Turn
from storage import api_reads, posts
from storage.posts import StoredPost
from tests.integration.ingest.conftest import AppMaker, TurnedClock
from tests.support.bluesky_server import ALICE, BlueskySite, link_facet, serve_bluesky
from tests.support.callback_server import Call
from tests.support.mastodon_server import MastodonSite, serve_mastodon
from tests.support.pages import article
from tests.support.telegram_server import Message, TelegramSite, serve_telegram
from tests.support.webserver import Page, WebServer, serve
from tests.support.x_server import TOKEN, XSite, post_id, serving_x
from tracker.app import App
from tracker.config import XSettings
from tracker.history import post_history
from tracker.model.ids import PostKey
from tracker.model.post import LinkRelation
from tracker.model.watch import Watch
from tracker.net.urls import canonical_url
from tracker.timestamps.snowflake import BLUESKY, tid

POSTS = 2000
WEEK = timedelta(days=7)
TICK = timedelta(hours=3)
BUDGET = 40
MONTHLY_READS = 1000
PLATFORMS = ("x", "bluesky", "mastodon", "telegram", "web")

Link = tuple[str, LinkRelation]


@dataclass
class Truth:
    """What was really published: each post's links, and what became of it."""

    links: dict[str, set[Link]] = field(default_factory=dict)
    by_platform: dict[str, list[str]] = field(default_factory=lambda: {p: [] for p in PLATFORMS})
    published_at: dict[str, datetime] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    edited: set[str] = field(default_factory=set)

    def note(self, platform: str, key: str, at: datetime, links: set[Link]) -> None:
        self.links[key] = links
        self.by_platform[platform].append(key)
        self.published_at[key] = at


@dataclass
class Platforms:
    """The five servers."""

    x: XSite
    bluesky: BlueskySite
    mastodon: MastodonSite
    telegram: TelegramSite
    web: WebServer
    feed: list[tuple[str, datetime]] = field(default_factory=list)

    def publish(self, platform: str, n: int, at: datetime, share: str | None, link: str) -> str:
        """Publish post ``n`` that shares ``share`` of its own platform, or links ``link``."""
        ways = {
            "x": self._on_x,
            "bluesky": self._on_bluesky,
            "mastodon": self._on_mastodon,
            "telegram": self._on_telegram,
            "web": self._on_web,
        }
        return ways[platform](n, at, share, link)

    def _on_x(self, n: int, at: datetime, share: str | None, link: str) -> str:
        number = post_id(at, n)
        refers = {"retweeted": share.rpartition("/")[2]} if share else None
        urls = [{"url": "https://t.co/a", "expanded_url": link}] if link and not share else []
        self.x.add_post(at, "11", f"No {n}", number=number, refers=refers, entities={"urls": urls})
        return f"https://x.com/i/status/{number}"

    def _on_bluesky(self, n: int, at: datetime, share: str | None, link: str) -> str:
        name, stamp = tid(BLUESKY.first_id(at) + n % 1024), at.isoformat()
        if share:
            did, _, shared = share.removeprefix("https://bsky.app/profile/").split("/")
            self.bluesky.repost(ALICE, name, f"at://{did}/app.bsky.feed.post/{shared}", stamp)
            return canonical_url(f"https://bsky.app/profile/{ALICE}?repost={name}")
        facets = [link_facet(link)] if link else []
        return canonical_url(self.bluesky.post(ALICE, name, f"No {n}", at=stamp, facets=facets))

    def _on_mastodon(self, n: int, at: datetime, share: str | None, link: str) -> str:
        number = str((int(at.timestamp() * 1000) << 16) + n)
        if share:
            shared = self.mastodon.statuses[share.rpartition("/")[2]]
            return self.mastodon.boost(number, shared, at.isoformat())
        text = f'<p>No {n} <a href="{link}">link</a></p>' if link else f"<p>No {n}</p>"
        return self.mastodon.publish(number, text, at=at.isoformat())

    def _on_telegram(self, n: int, at: datetime, share: str | None, link: str) -> str:
        text = f'No {n} <a href="{link}">link</a>' if link and not share else f"No {n}"
        message = Message(n + 1, text, at=at.isoformat(), forwarded_from=share or "")
        self.telegram.publish("rivernews", message)
        return f"https://t.me/rivernews/{n + 1}"

    def _on_web(self, n: int, at: datetime, share: str | None, link: str) -> str:
        del share
        url = self.web.add(f"/{n}", article(f"No {n}", *([link] if link else [])))
        self.feed.insert(0, (url, at))
        items = "".join(
            f"<item><link>{url}</link><guid>{url}</guid></item>" for url, _ in self.feed[:25]
        )
        rss = f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'
        self.web.add("/feed", rss, content_type="application/rss+xml")
        return canonical_url(url)

    def delete(self, platform: str, key: str) -> None:
        """Take a post away."""
        name = key.rpartition("/")[2]
        match platform:
            case "x":
                del self.x.posts[name]
            case "bluesky":
                did, _, record = key.removeprefix("https://bsky.app/profile/").split("/")
                self.bluesky.delete(f"at://{did}/app.bsky.feed.post/{record}")
            case "mastodon":
                del self.mastodon.statuses[name]
            case "telegram":
                self.telegram.delete("rivernews", int(name))
            case "web":
                self.web.routes[f"/{name}"] = Page(status=410)

    def trouble(self, platform: str, answer: Callable[[Call], None] | None) -> None:
        """Let a platform answer everything with ``answer``; ``None`` ends that."""
        if platform == "x":
            self.x.answer_instead = answer
            return
        for name, site in (
            ("bluesky", self.bluesky),
            ("mastodon", self.mastodon),
            ("telegram", self.telegram),
        ):
            if name == platform:
                site.server.fallback = answer or site.answer


@pytest.fixture
def platforms(clock: TurnedClock) -> Iterator[Platforms]:
    with ExitStack() as stack:
        x = stack.enter_context(serving_x(clock))
        x.add_user("11", "ann")
        yield Platforms(
            x,
            stack.enter_context(serve_bluesky()),
            stack.enter_context(serve_mastodon()),
            stack.enter_context(serve_telegram()),
            stack.enter_context(serve()),
        )


def down(call: Call) -> None:
    call.reply(b"down", status=503)


def limited(clock: TurnedClock) -> Callable[[Call], None]:
    def answer(call: Call) -> None:
        at = str(int((clock.now() + timedelta(hours=3)).timestamp()))
        headers = {"Retry-After": "10800", "ratelimit-reset": at, "x-rate-limit-reset": at,
                   "X-RateLimit-Reset": at, "x-rate-limit-remaining": "0"}  # fmt: skip
        call.reply(b'{"error": "slow down"}', "application/json", status=429, headers=headers)

    return answer


class Week:
    """Turns the clock and lets things happen."""

    def __init__(self, app: App, platforms: Platforms, clock: TurnedClock) -> None:
        self.app, self.platforms, self.clock = app, platforms, clock
        self.random = random.Random(20260301)  # noqa: S311 - a week that can be repeated
        self.truth = Truth()
        self.start = clock.now()
        self.next = 0
        self.last_edit: dict[str, datetime] = {}

    def run(self) -> None:
        while self.clock.now() < self.start + WEEK:
            self.clock.at += TICK
            self._publish_due()
            self._troubles()
            collect_job.run(self.app, Turn())
            self._change_what_is_held()
        for _ in range(12):  # what the last bursts left over
            self.clock.at += TICK
            collect_job.run(self.app, Turn())

    def _publish_due(self) -> None:
        while self.next < POSTS:
            at = self.start + WEEK * self.next / POSTS
            if at > self.clock.now():
                return
            platform = PLATFORMS[self.next % len(PLATFORMS)]
            own = [k for k in self.truth.by_platform[platform] if self._may_be_shared(k)]
            share = self.random.choice(own) if own and self.random.random() < 0.1 else None
            share = None if platform == "web" else share
            link = self._somewhere_else(platform) if self.random.random() < 0.1 else ""
            key = self.platforms.publish(
                platform, self.next, at.replace(microsecond=0), share, link
            )
            self.truth.note(platform, key, at, _links(platform, share, link))
            self.next += 1

    def _may_be_shared(self, key: str) -> bool:
        return key not in self.truth.deleted and not any(
            relation is LinkRelation.SHARES for _, relation in self.truth.links[key]
        )

    def _somewhere_else(self, platform: str) -> str:
        other = self.random.choice([p for p in PLATFORMS if p != platform])
        known = [k for k in self.truth.by_platform[other] if self._may_be_shared(k)]
        return self.random.choice(known) if known else ""

    def _troubles(self) -> None:
        """Outages of half a day to a day, and limits, each on one platform, day after day."""
        hour = int((self.clock.now() - self.start) / timedelta(hours=1))
        plan = {"mastodon": (24, 48, down), "bluesky": (60, 72, down), "telegram": (80, 104, down),
                "x": (110, 116, limited(self.clock))}  # fmt: skip
        for platform, (begin, end, answer) in plan.items():
            if begin <= hour < begin + 3:
                self.platforms.trouble(platform, answer)
            elif end <= hour < end + 3:
                self.platforms.trouble(platform, None)

    def _change_what_is_held(self) -> None:
        for platform in PLATFORMS:
            held = self.truth.by_platform[platform]
            if not held or self.random.random() > 0.2:
                continue
            key = self.random.choice(held)
            shared = any(key == other for links in self.truth.links.values() for other, _ in links)
            if key in self.truth.deleted or shared or not self._may_be_shared(key):
                continue
            if not self._is_held(key):
                continue
            if platform == "mastodon" and self.random.random() < 0.5:
                status = self.platforms.mastodon.statuses[key.rpartition("/")[2]]
                status |= {"content": "<p>Changed</p>", "edited_at": self.clock.now().isoformat()}
                self.truth.edited.add(key)
            elif key not in self.truth.edited:
                self.platforms.delete(platform, key)
                self.truth.deleted.add(key)

    def _is_held(self, key: str) -> bool:
        stored = stored_post(self.app, key)
        return stored is not None and stored.fetched_at is not None


def _links(platform: str, share: str | None, link: str) -> set[Link]:
    if share:
        return {(share, LinkRelation.SHARES)}
    relation = LinkRelation.EMBEDS if platform == "web" else LinkRelation.LINKS
    return {(link, relation)} if link else set()


def stored_post(app: App, key: str) -> StoredPost | None:
    with app.archive.database.read() as s:
        return posts.get_post(s, key)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_week(make_app: AppMaker, platforms: Platforms, clock: TurnedClock) -> None:
    settings = {
        "x": XSettings(
            bearer_token=SecretStr(TOKEN), api_url=platforms.x.url, monthly_reads=MONTHLY_READS
        ),
        "bluesky": {"appview": platforms.bluesky.host, "plc_directory": platforms.bluesky.host},
        "telegram": {"host": platforms.telegram.host},
    }
    platforms.web.add("/feed", "<rss version='2.0'><channel><title>F</title></channel></rss>",
                      content_type="application/rss+xml")  # fmt: skip
    targets = ("https://x.com/ann", "https://bsky.app/profile/alice.test",
               f"{platforms.mastodon.host}/@ann", "https://t.me/s/rivernews",
               platforms.web.url("/feed"))  # fmt: skip
    with make_app(**settings) as app:
        for target in targets:
            app.watches.add(Watch(canonical_url(target), 3600, 1, BUDGET, back_to=clock.now()))
        week = Week(app, platforms, clock)
        week.run()
        _nothing_is_lost(app, week.truth)
        _all_relations_are_right(app, week.truth)
        _nothing_was_fetched_twice(platforms)
        _no_budget_was_passed(app, platforms, clock)
        _every_change_is_found(app, week.truth, clock)


def _nothing_is_lost(app: App, truth: Truth) -> None:
    assert len(truth.links) == POSTS
    assert len(truth.deleted) > 20
    assert truth.edited
    missing = Counter(
        platform
        for platform, keys in truth.by_platform.items()
        for key in keys
        if (stored := stored_post(app, key)) is None or stored.fetched_at is None
    )
    assert missing == {}


def _all_relations_are_right(app: App, truth: Truth) -> None:
    for key, expected in truth.links.items():
        stored = stored_post(app, key)
        assert stored is not None
        assert {(link.url, link.relation) for link in stored.post.links} == expected, key
        assert stored.published is not None
        first, last = stored.published.interval.earliest_at, stored.published.interval.latest_at
        at = truth.published_at[key]
        assert last is not None
        assert last >= at - timedelta(seconds=1)
        assert first is None or first <= at


def _nothing_was_fetched_twice(platforms: Platforms) -> None:
    single = [path for _, path, _ in platforms.telegram.server.seen if "embed=1" in path]
    single += [path for _, path, _ in platforms.mastodon.server.seen if "/v1/statuses/" in path]
    single += [seen.path for seen in platforms.web.requests if seen.path != "/feed"]
    twice = {path: count for path, count in Counter(single).items() if count > 1}
    # Asked again only where the answer was an outage or a limit.
    assert len(twice) < 5, twice


def _no_budget_was_passed(app: App, platforms: Platforms, clock: TurnedClock) -> None:
    with app.archive.database.read() as s:
        month = api_reads.month_of_reads(s, "x", f"{clock.now():%Y-%m}")
    assert month is not None
    assert platforms.x.served_posts <= month.reads <= MONTHLY_READS


def _every_change_is_found(app: App, truth: Truth, clock: TurnedClock) -> None:
    clock.turn(days=1)
    changed = [*sorted(truth.deleted), *sorted(truth.edited)]
    for key in changed:
        app.recheck.process(PostKey(key))
    for key in truth.deleted:
        steps = post_history(app.archive, key).statuses
        assert [step.status.value for step in steps] == ["live", "deleted"], key
        assert steps[0].last_at < steps[1].at
    for key in truth.edited:
        found = post_history(app.archive, key)
        assert [edit.after for edit in found.edits] == ["Changed"]
        assert found.edited_at is not None
