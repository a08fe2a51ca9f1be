"""One suite that every platform's source passes, each by its real client on its own wire."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.sources.conftest import LIMITS
from tests.integration.sources.test_x import Reads
from tests.support.bluesky_server import ALICE, serve_bluesky
from tests.support.mastodon_server import serve_mastodon
from tests.support.telegram_server import Message, serve_telegram
from tests.support.x_server import TOKEN, Limit, post_id, serving_x
from tracker.clock import SystemClock
from tracker.config import load_settings
from tracker.errors import PostUnavailable, RateLimited, UnsupportedSource
from tracker.model.capture import FetchedPost
from tracker.model.post import LinkRelation, PostKind
from tracker.model.status import PostStatus
from tracker.model.watch import Watch
from tracker.net.bluesky import BlueskyClient
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient
from tracker.net.mastodon import MastodonClient
from tracker.net.urls import canonical_url, parse_address
from tracker.net.x_api import XApi
from tracker.net.ytdlp import YtDlp, YtDlpLimits
from tracker.sources.bluesky import Bluesky
from tracker.sources.mastodon import Mastodon
from tracker.sources.ports import PlatformSource
from tracker.sources.reddit_feeds import feed_of_list
from tracker.sources.telegram import Telegram
from tracker.sources.x import XSource
from tracker.timestamps.snowflake import tid

START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Stand:
    """A platform on loopback: one account that publishes by number, and ways to go wrong."""

    source: PlatformSource
    account: str
    publish: Callable[[int], str]
    delete: Callable[[int], object]
    limit: Callable[[], object]


def at(number: int) -> datetime:
    return START + timedelta(minutes=number)


def telegram(stack: ExitStack, guard: AddressGuard) -> Stand:
    site = stack.enter_context(serve_telegram())
    http = HttpClient(LIMITS, guard, SystemClock())
    stack.callback(http.close)

    def publish(number: int) -> str:
        site.publish("rivernews", Message(number, f"No {number}", at=at(number).isoformat()))
        return f"https://t.me/rivernews/{number}"

    return Stand(
        Telegram(http, host=site.host),
        "https://t.me/s/rivernews",
        publish,
        lambda number: site.delete("rivernews", number),
        lambda: setattr(site, "limited", True),
    )


def bluesky(stack: ExitStack, guard: AddressGuard) -> Stand:
    site = stack.enter_context(serve_bluesky())
    client = BlueskyClient(guard, LIMITS, SystemClock(), appview=site.host, plc_directory=site.host)
    stack.callback(client.close)

    def publish(number: int) -> str:
        return canonical_url(
            site.post(ALICE, tid(number), f"No {number}", at=at(number).isoformat())
        )

    return Stand(
        Bluesky(client),
        "https://bsky.app/profile/alice.test",
        publish,
        lambda number: site.delete(f"at://{ALICE}/app.bsky.feed.post/{tid(number)}"),
        lambda: setattr(site, "limited_after", 0),
    )


def mastodon(stack: ExitStack, guard: AddressGuard) -> Stand:
    site = stack.enter_context(serve_mastodon())
    client = MastodonClient(guard, LIMITS, SystemClock())
    stack.callback(client.close)

    def name(number: int) -> str:
        return str(int(at(number).timestamp() * 1000) << 16)

    return Stand(
        Mastodon(client),
        f"{site.host}/@ann",
        lambda number: site.publish(name(number), f"<p>No {number}</p>", at=at(number).isoformat()),
        lambda number: site.statuses.pop(name(number)),
        lambda: setattr(site, "limited", True),
    )


def x(stack: ExitStack, guard: AddressGuard) -> Stand:
    clock = SystemClock()
    site = stack.enter_context(serving_x(clock))
    site.add_user("11", "ann")
    api = XApi(TOKEN, Reads(), guard, LIMITS, clock, api_url=site.url)
    stack.callback(api.close)

    def publish(number: int) -> str:
        site.add_post(at(number), "11", f"No {number}", number=post_id(at(number)))
        return f"https://x.com/i/status/{post_id(at(number))}"

    def limit() -> None:
        none_left = Limit(left=0, reset_at=clock.now() + timedelta(minutes=10))
        for path in ("/2/tweets", "/2/users/by/username/:username", "/2/users/:id/tweets"):
            site.limits[path] = none_left

    return Stand(
        XSource(api, clock),
        "https://x.com/ann",
        publish,
        lambda number: site.posts.pop(post_id(at(number))),
        limit,
    )


@pytest.fixture(params=[telegram, bluesky, mastodon, x], ids=lambda make: make.__name__)
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    with ExitStack() as stack:
        yield request.param(stack, AddressGuard(allow_private=True))


def watch(stand: Stand, budget: int = 100, back_to: datetime | None = None) -> Watch:
    return Watch(canonical_url(stand.account), 60, 1, budget, back_to=back_to)


def keys(read: tuple[FetchedPost, ...]) -> list[str]:
    return [fetched.post.key for fetched in read]


def test_a_post_is_whole_and_its_key_leads_to_it_again(stand: Stand) -> None:
    key = stand.publish(1)
    assert stand.source.accepts(key)
    fetched = stand.source.fetch(key)
    post = fetched.post
    assert (post.key, post.kind, post.status) == (key, PostKind.POST, PostStatus.LIVE)
    assert canonical_url(post.key) == post.key
    assert post.key not in post.spellings
    assert post.platform == parse_address(key).platform
    assert post.account
    assert post.text == "No 1"
    assert post.claims
    bounds = [c.interval for c in post.claims]
    assert all(
        b.earliest_at is None or b.earliest_at <= at(1) + timedelta(seconds=6) for b in bounds
    )
    assert all(b.latest_at is None or b.latest_at >= at(1) for b in bounds)
    assert stand.source.fetch(post.key).post == post


def test_the_raw_answers_are_kept_with_the_tools_that_got_them(stand: Stand) -> None:
    for exchange in stand.source.fetch(stand.publish(1)).exchanges:
        assert exchange.body
        assert exchange.status_code == 200
        assert exchange.started_at <= exchange.finished_at
        assert all(name and version for name, version in exchange.tools)


def test_an_account_is_listed_and_read_whole(stand: Stand) -> None:
    published = [stand.publish(number) for number in range(1, 4)]
    assert stand.source.accepts(stand.account)
    listing = stand.source.fetch(stand.account).post
    assert listing.kind is PostKind.FEED
    assert [link.url for link in listing.links] == published[::-1]
    assert {link.relation for link in listing.links} == {LinkRelation.LISTS}
    polled = stand.source.recent(watch(stand), None)
    assert keys(polled.read) == published[::-1]
    assert polled.entries == ()
    assert all(fetched.exchanges for fetched in polled.read)


def test_only_what_is_new_is_listed_within_the_budget_and_nothing_is_lost(stand: Stand) -> None:
    published = [stand.publish(number) for number in range(1, 31)]
    order, taken = watch(stand, budget=7, back_to=START), []
    for number in range(31, 34):
        polled = stand.source.recent(order, None)
        assert len(polled.read) <= 7
        taken += keys(polled.read)
        order = replace(order, cursor=polled.cursor)
        published.append(stand.publish(number))
    for _ in range(5):
        polled = stand.source.recent(order, START)
        assert len(polled.read) <= 7
        taken += keys(polled.read)
        order = replace(order, cursor=polled.cursor)
    assert sorted(taken) == sorted(published)


def test_what_was_taken_away_is_deleted(stand: Stand) -> None:
    key = stand.publish(1)
    stand.publish(2)
    stand.delete(1)
    with pytest.raises(PostUnavailable) as caught:
        stand.source.fetch(key)
    assert caught.value.status is PostStatus.DELETED
    assert caught.value.exchanges


def test_a_limit_names_when_to_come_back(stand: Stand) -> None:
    key = stand.publish(1)
    stand.limit()
    for ask in (lambda: stand.source.fetch(key), lambda: stand.source.recent(watch(stand), None)):
        with pytest.raises(RateLimited) as caught:
            ask()
        assert caught.value.retry_at is not None
        assert "\n" not in str(caught.value)


def test_what_is_not_its_own_is_left_alone(stand: Stand) -> None:
    for target in ("https://example.org/a", "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "x", ""):
        assert not stand.source.accepts(target)
    with pytest.raises(UnsupportedSource):
        stand.source.recent(replace(watch(stand), target=stand.publish(1)), None)


def test_every_watch_of_the_example_is_one_that_a_source_takes(tmp_path: Path) -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    lines = example[example.index("# [[watches]]") :].splitlines()
    text = "\n".join(line.removeprefix("# ") for line in lines)
    config = tmp_path / "config.toml"
    config.write_text(text, encoding="utf-8")
    targets = [canonical_url(watch.target) for watch in load_settings(config).watches]
    assert len(targets) == len(tomllib.loads(text)["watches"]) > 10
    guard, clock = AddressGuard(), SystemClock()
    native: tuple[PlatformSource, ...] = (
        Telegram(HttpClient(LIMITS, guard, clock)),
        Bluesky(BlueskyClient(guard, LIMITS, clock)),
        Mastodon(MastodonClient(guard, LIMITS, clock)),
        XSource(XApi(TOKEN, Reads(), guard, LIMITS, clock), clock),
    )
    ytdlp = YtDlp(YtDlpLimits(), guard, clock)
    for target in targets:
        is_feed = target == "https://example.org/feed.xml" or feed_of_list(target) is not None
        taken = is_feed or ytdlp.supports(target)
        assert taken or any(source.accepts(target) for source in native), target
