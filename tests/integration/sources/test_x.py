"""X through real tweepy against a server that speaks the API's wire format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.ingest.conftest import TurnedClock
from tests.support.callback_server import Call
from tests.support.x_server import (
    GONE,
    PROTECTED,
    SUSPENDED,
    TOKEN,
    Limit,
    XSite,
    post_id,
    serving_x,
)
from tracker.errors import (
    ForbiddenAddress,
    NetworkError,
    OutsideError,
    PostUnavailable,
    QuotaSpent,
    RateLimited,
    SourceError,
    TrackerError,
)
from tracker.model.post import LinkRelation, MediaRef, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind
from tracker.model.watch import Watch
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpLimits
from tracker.net.read_budget import Reservation
from tracker.net.x_api import XApi
from tracker.sources.ports import Polled
from tracker.sources.x import XSource

LIMITS = HttpLimits(connect_timeout_s=2, read_timeout_s=2, total_timeout_s=5)
LOOPBACK = AddressGuard(allowed_networks=("127.0.0.0/8",))
MP4 = "https://video.twimg.com/ext_tw_video/717462543795523584/pu/vid/1280x720/a.mp4?tag=12"
SMALL = "https://video.twimg.com/ext_tw_video/717462543795523584/pu/vid/320x180/b.mp4?tag=12"
HLS = "https://video.twimg.com/ext_tw_video/717462543795523584/pu/pl/c.m3u8?tag=12"


class Reads:
    """Counts in memory what the database counts in the product."""

    def __init__(self, left: int = 10_000) -> None:
        self.left = left
        self.used = 0
        self.stopped: str | None = None
        self.accounts: dict[str, str] = {}

    def reserve(self, *, at_least: int, at_most: int) -> Reservation:
        if self.stopped is not None or self.left < at_least:
            raise QuotaSpent(self.stopped or "spent")
        reads = min(self.left, at_most)
        self.left -= reads
        return Reservation("2026-03", reads)

    def settle(self, reservation: Reservation, used: int) -> None:
        self.left += reservation.reads - used
        self.used += used

    def stop(self, reason: str) -> QuotaSpent:
        self.stopped = reason
        return QuotaSpent(reason)

    def account_id(self, handle: str) -> str | None:
        return self.accounts.get(handle.lower())

    def remember_account(self, handle: str, account_id: str) -> None:
        self.accounts[handle.lower()] = account_id


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def site(clock: TurnedClock) -> Iterator[XSite]:
    with serving_x(clock) as running:
        running.add_user("11", "ann")
        running.add_user("22", "bob")
        yield running


@pytest.fixture
def reads() -> Reads:
    return Reads()


Made = Callable[..., XSource]


@pytest.fixture
def made(site: XSite, clock: TurnedClock, reads: Reads) -> Iterator[Made]:
    opened: list[XApi] = []

    def make(token: str = TOKEN, guard: AddressGuard = LOOPBACK, **options: bool) -> XSource:
        api = XApi(token, reads, guard, LIMITS, clock, api_url=site.url)
        opened.append(api)
        return XSource(api, clock, **options)

    yield make
    for api in opened:
        api.close()


@pytest.fixture
def source(made: Made) -> XSource:
    return made()


def url(number: str) -> str:
    return f"https://x.com/i/status/{number}"


def ago(**back: float) -> datetime:
    return TurnedClock().at - timedelta(**back)


def test_a_post_with_its_video_links_and_claims(site: XSite, source: XSource) -> None:
    media = site.add_video(
        "717462543795523584",
        (SMALL, "video/mp4", 256_000),
        (HLS, "application/x-mpegURL", 0),
        (MP4, "video/mp4", 2_176_000),
    )
    at = datetime(2016, 4, 12, 17, 43, 25, tzinfo=UTC)
    urls = [
        {"url": "https://t.co/a", "expanded_url": "https://youtu.be/dQw4w9WgXcQ?si=abc"},
        {
            "url": "https://t.co/b",
            "expanded_url": "https://bit.ly/x",
            "unwound_url": "https://news.example/story?utm_source=x",
        },
        {
            "url": "https://t.co/c",
            "expanded_url": "https://x.com/ann/status/1/video/1",
            "media_key": media,
        },
    ]  # fmt: skip
    number = site.add_post(
        at, "11", "A &amp; B &lt;3", number="719944021058060289", media=(media,),
        entities={"urls": urls},
    )  # fmt: skip
    fetched = source.fetch(f"https://twitter.com/ann/status/{number}?s=20")
    post = fetched.post
    assert (post.key, post.platform, post.kind) == (url(number), "x", PostKind.POST)
    assert (post.account, post.text, post.status) == ("ann", "A & B <3", PostStatus.LIVE)
    assert post.spellings == (f"https://x.com/ann/status/{number}",)
    assert post.media == (MediaRef(MP4, "http", "x:717462543795523584"),)
    assert [link.url for link in post.links] == [urls[0]["expanded_url"], urls[1]["unwound_url"]]
    claims = {claim.source: claim for claim in post.claims}
    assert claims["x:created_at"].kind is ClaimKind.PLATFORM_REPORTED
    assert claims["x:created_at"].interval.earliest_at == at
    assert claims["x:id"].interval.earliest_at == datetime(
        2016, 4, 12, 17, 43, 25, 190_000, tzinfo=UTC
    )
    assert claims["x:media_id"].interval.earliest_at == datetime(
        2016, 4, 5, 21, 22, 54, 907_000, tzinfo=UTC
    )
    (exchange,) = fetched.exchanges
    assert exchange.body.startswith(b'{"data"')
    assert exchange.requested_url.startswith(f"{site.url}/2/tweets?")
    assert exchange.requested_url.endswith(f"&ids={number}")
    assert "tweepy" in dict(exchange.tools)


def test_shares_quotes_replies_edits_and_reuse_are_relations(site: XSite, source: XSource) -> None:
    media = site.add_video("717462543795523584", (MP4, "video/mp4", 1))
    original = site.add_post(ago(days=3), "11", "the clip", media=(media,))
    share = site.add_post(ago(days=1), "22", "RT @ann: the clip", refers={"retweeted": original})
    quote = site.add_post(
        ago(hours=20), "22", "look", refers={"quoted": original, "replied_to": share}
    )
    copy = site.add_post(
        ago(hours=3), "22", "mine", media=(media,), edit_history_tweet_ids=[quote, "9", "x"]
    )
    first = source.fetch(url(share)).post
    assert first.links == (PostLink(url(original), LinkRelation.SHARES),)
    assert first.media == (MediaRef(MP4, "http", "x:717462543795523584"),)  # that of the original
    told = {claim.source: claim.interval.earliest_at for claim in first.claims}
    assert told["x:created_at"] == ago(days=1)  # its own time, not the original's
    assert source.fetch(url(quote)).post.links == (
        PostLink(url(original), LinkRelation.QUOTES),
        PostLink(url(share), LinkRelation.REPLIES),
    )
    post = source.fetch(url(copy)).post
    assert PostLink(url(quote), LinkRelation.EDITS) in post.links
    assert post.media[0].platform_media_id == first.media[0].platform_media_id
    asked = len(site.asked)
    assert source.fetch(url(original)).post.text == "the clip"  # it came with the others
    assert len(site.asked) == asked


def test_a_hundred_posts_to_a_request_when_they_are_expected(
    site: XSite, source: XSource, reads: Reads
) -> None:
    numbers = [site.add_post(ago(minutes=n), "11", f"{n}") for n in range(130)]
    source.expect([url(number) for number in numbers])
    for number in numbers:
        assert source.fetch(url(number)).post.key == url(number)
    asked = [len(query["ids"].split(",")) for query in site.asked_for("/2/tweets")]
    assert asked == [100, 30]
    assert reads.used == 130 == site.served_posts
    source.fetch(url(numbers[0]))  # asked for again: looked at again
    assert len(site.asked_for("/2/tweets")) == 3


HIDDEN = [
    (GONE, PostStatus.DELETED, "deleted or never there"),
    (PROTECTED, PostStatus.PRIVATE, "protected"),
    (SUSPENDED, PostStatus.SUSPENDED, "suspended"),
    (("Forbidden", "resource-unavailable", "no {id}"), PostStatus.LOGIN_REQUIRED, "not shown"),
    (("?", "something-new", "no {id}"), PostStatus.UNKNOWN, "cannot be seen"),
]


@pytest.mark.parametrize(("reason", "status", "words"), HIDDEN)
def test_what_is_gone_is_a_status_and_spares_the_rest(
    reason: tuple[str, str, str],
    status: PostStatus,
    words: str,
    site: XSite,
    source: XSource,
    reads: Reads,
) -> None:
    gone, there = (site.add_post(ago(hours=n), "11") for n in (2, 1))
    site.hidden[gone] = reason
    source.expect([url(gone), url(there)])
    with pytest.raises(PostUnavailable, match=words) as caught:
        source.fetch(url(gone))
    assert caught.value.status is status
    assert b'"errors"' in caught.value.exchanges[0].body
    assert source.fetch(url(there)).post.status is PostStatus.LIVE
    assert len(site.asked) == 1
    assert reads.used == 1


def test_a_quoted_post_that_is_gone_is_known_without_asking(site: XSite, source: XSource) -> None:
    quote = site.add_post(ago(hours=1), "22", refers={"quoted": "1098230906194546688"})
    source.fetch(url(quote))
    with pytest.raises(PostUnavailable):
        source.fetch(url("1098230906194546688"))
    assert len(site.asked) == 1


def watch(target: str, **terms: object) -> Watch:
    return Watch(target, 600, 1, **{"budget": 100, **terms})  # type: ignore[arg-type]  # mixed


def keys(polled: Polled) -> list[str]:
    return [fetched.post.key for fetched in polled.read]


@pytest.mark.parametrize("target", ["x:@Ann", "https://x.com/ann", "x:search:from:ann"])
def test_a_watch_asks_only_for_what_is_new(
    target: str, site: XSite, source: XSource, reads: Reads, clock: TurnedClock
) -> None:
    from tracker.net.urls import canonical_url

    key = canonical_url(target)
    old = [site.add_post(ago(hours=n), "11", f"post {n}") for n in (3, 2, 1)]
    first = source.recent(watch(key), None)
    assert keys(first) == [url(n) for n in reversed(old)]
    assert reads.used == 3 + len(reads.accounts)
    second = source.recent(watch(key, cursor=first.cursor), clock.now())
    assert keys(second) == []
    assert site.asked[-1][1]["since_id"] == old[-1]
    new = site.add_post(clock.now(), "11", "new")
    third = source.recent(watch(key, cursor=second.cursor), clock.now())
    assert keys(third) == [url(new)]
    assert reads.used == 4 + len(reads.accounts)
    assert len(site.asked_for("/2/users/by/username/ann")) == len(reads.accounts)


def test_a_back_fill_goes_page_by_page_to_its_date(site: XSite, source: XSource) -> None:
    numbers = [site.add_post(ago(days=n), "11") for n in range(30)]
    polled = source.recent(watch("https://x.com/ann", back_to=ago(days=20), budget=8), None)
    taken = keys(polled)
    while len(taken) < 21:
        polled = source.recent(
            watch("https://x.com/ann", back_to=ago(days=20), budget=8, cursor=polled.cursor), None
        )
        assert polled.read
        taken += keys(polled)
    assert taken == [url(n) for n in numbers[:21]]
    timeline = site.asked_for("/2/users/11/tweets")
    assert {query.get("start_time") for query in timeline if "since_id" not in query} == {
        ago(days=20).strftime("%Y-%m-%dT%H:%M:%SZ")
    }


@pytest.mark.parametrize(
    "target",
    ["https://x.com/ann", "https://x.com/search?q=bridge", "https://x.com/i/status/9/quotes"],
)
@pytest.mark.parametrize("budget", [2, 7, 11])
def test_a_budget_smaller_than_the_smallest_page_loses_nothing(
    target: str, budget: int, site: XSite, source: XSource
) -> None:
    def publish(minutes: int) -> str:
        return url(site.add_post(ago(minutes=minutes), "11", "bridge", refers={"quoted": "9"}))

    published = [publish(minutes) for minutes in range(200, 176, -1)]
    order = watch(target, budget=budget, back_to=ago(days=1))
    taken: list[str] = []
    for _ in range(15):
        polled = source.recent(order, None)
        assert len(polled.read) <= budget
        taken += keys(polled)
        order = replace(order, cursor=polled.cursor)
        if len(published) < 26:
            published.append(publish(100 - len(published)))
    assert sorted(taken) == sorted(published)


def test_an_empty_page_is_not_the_end(site: XSite, source: XSource) -> None:
    site.begins_empty = True
    number = site.add_post(ago(hours=1), "11")
    polled = source.recent(watch("https://x.com/ann"), None)
    assert keys(polled) == [url(number)]
    assert len(polled.read[0].exchanges) == 2


def test_a_page_token_that_is_no_longer_good_is_replaced_by_an_id(
    site: XSite, source: XSource
) -> None:
    numbers = [site.add_post(ago(hours=n), "11") for n in range(12)]
    terms = {"back_to": ago(days=2), "budget": 5}
    polled = source.recent(watch("https://x.com/ann", **terms), None)
    assert polled.cursor is not None
    stale = polled.cursor.replace("t5", "tx")
    assert stale != polled.cursor
    again = source.recent(watch("https://x.com/ann", **{**terms, "cursor": stale}), None)
    assert keys(polled) + keys(again) == [url(n) for n in numbers[:10]]


def test_searches_reach_seven_days_or_the_whole_archive(site: XSite, made: Made) -> None:
    numbers = [site.add_post(ago(days=n), "11", "the bridge") for n in (1, 6, 40)]
    terms = {"back_to": ago(days=90)}
    key = "https://x.com/search?q=the%20bridge"
    assert keys(made().recent(watch(key, **terms), None)) == [url(n) for n in numbers[:2]]
    everything = made(full_archive=True)
    assert keys(everything.recent(watch(key, **terms), None)) == [url(n) for n in numbers]
    assert [path for path, _ in site.asked] == [
        "/2/tweets/search/recent", "/2/tweets/search/all",
    ]  # fmt: skip


def test_the_full_archive_is_asked_no_faster_than_it_allows(site: XSite, made: Made) -> None:
    numbers = [site.add_post(ago(days=n), "11", "the bridge") for n in range(1, 25)]
    order = watch("https://x.com/search?q=bridge", back_to=ago(days=90), budget=10)
    source = made(full_archive=True)
    taken: list[str] = []
    for _ in range(3):
        polled = source.recent(order, None)
        assert polled.interrupted is None
        taken += keys(polled)
        order = replace(order, cursor=polled.cursor)
    assert taken == [url(n) for n in numbers]


def test_a_search_that_is_bounded_in_time_leaves_the_rest_to_x(site: XSite, made: Made) -> None:
    until = ago(days=2)
    bounded = replace(watch("https://x.com/search?q=bridge"), until=until)
    made().recent(bounded, None)
    (asked,) = site.asked_for("/2/tweets/search/recent")
    assert asked["end_time"] == until.strftime("%Y-%m-%dT%H:%M:%SZ")
    made().recent(replace(watch("https://x.com/ann"), until=until), None)
    assert all("end_time" not in parameters for path, parameters in site.asked if "users" in path)


def test_a_watch_that_slept_longer_than_recent_search_reaches(
    site: XSite, source: XSource, clock: TurnedClock
) -> None:
    site.add_post(ago(hours=1), "11", "the bridge")
    first = source.recent(watch("https://x.com/search?q=bridge"), None)
    clock.turn(days=20)
    new = site.add_post(clock.now() - timedelta(days=1), "11", "the bridge again")
    later = source.recent(watch("https://x.com/search?q=bridge", cursor=first.cursor), None)
    assert keys(later) == [url(new)]


def test_the_quotes_of_a_post(site: XSite, source: XSource) -> None:
    original = site.add_post(ago(days=2), "11")
    quotes = [site.add_post(ago(hours=n), "22", refers={"quoted": original}) for n in (1, 2)]
    polled = source.recent(watch(f"https://x.com/i/status/{original}/quotes"), None)
    assert keys(polled) == [url(n) for n in quotes]


def test_an_account_as_a_feed_and_its_posts_without_another_read(
    site: XSite, source: XSource, reads: Reads
) -> None:
    numbers = [site.add_post(ago(hours=n), "11") for n in (1, 2)]
    fetched = source.fetch("https://x.com/ann")
    assert fetched.post.kind is PostKind.FEED
    assert fetched.post.links == tuple(PostLink(url(n), LinkRelation.LISTS) for n in numbers)
    for number in numbers:
        source.fetch(url(number))
    assert reads.used == 3


@pytest.mark.parametrize(
    ("handle", "status"),
    [("nobody", PostStatus.DELETED), ("sus", PostStatus.SUSPENDED), ("pro", PostStatus.PRIVATE)],
)
def test_accounts_that_show_nothing(
    handle: str, status: PostStatus, site: XSite, source: XSource
) -> None:
    site.hidden_users[site.add_user("33", "sus")] = SUSPENDED
    site.hidden_users[site.add_user("44", "pro")] = PROTECTED
    with pytest.raises(PostUnavailable) as caught:
        source.recent(watch(f"https://x.com/{handle}"), None)
    assert caught.value.status is status


def test_a_rate_limit_names_the_time_and_is_not_asked_again_before(
    site: XSite, source: XSource, clock: TurnedClock, reads: Reads
) -> None:
    number = site.add_post(ago(hours=1), "11")
    site.limits["/2/tweets"] = Limit(
        requests=1, left=0, reset_at=clock.now() + timedelta(minutes=9)
    )
    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            source.fetch(url(number))
        assert caught.value.retry_at == clock.now() + timedelta(minutes=9)
    assert len(site.asked) == 1
    assert reads.used == 0
    assert reads.left == 10_000
    clock.turn(minutes=9)
    assert source.fetch(url(number)).post.key == url(number)
    with pytest.raises(RateLimited):  # that was the last of its window, as the answer said
        source.fetch(url(number))
    assert len(site.asked) == 2


def test_other_endpoints_go_on_while_one_waits(
    site: XSite, source: XSource, clock: TurnedClock
) -> None:
    number = site.add_post(ago(hours=1), "11", "bridge")
    site.limits["/2/tweets"] = Limit(
        requests=1, left=0, reset_at=clock.now() + timedelta(minutes=9)
    )
    with pytest.raises(RateLimited):
        source.fetch(url(number))
    assert keys(source.recent(watch("https://x.com/search?q=bridge"), None)) == [url(number)]


def test_a_used_up_month_stops_everything(site: XSite, source: XSource, reads: Reads) -> None:
    number = site.add_post(ago(hours=1), "11")
    site.capped = True
    with pytest.raises(QuotaSpent, match="Usage cap exceeded: Monthly product cap"):
        source.fetch(url(number))
    for target in ("https://x.com/ann", "https://x.com/search?q=a"):
        with pytest.raises(QuotaSpent):
            source.recent(watch(target), None)
    assert len(site.asked) == 1
    assert reads.stopped is not None


@pytest.mark.parametrize("budget", [1, 4, 5, 11, 29, 60, 200])
def test_the_budget_is_never_passed_whatever_is_asked(
    budget: int, site: XSite, made: Made, reads: Reads
) -> None:
    reads.left = budget
    original = site.add_post(ago(days=2), "22")
    numbers = [
        site.add_post(ago(minutes=n), "11", "bridge", refers={"quoted": original})
        for n in range(40)
    ]
    source = made()
    source.expect([url(number) for number in numbers])
    for ask in (
        lambda: source.fetch(url(numbers[0])),
        lambda: source.recent(watch("https://x.com/search?q=bridge"), None),
        lambda: source.recent(watch("https://x.com/ann"), None),
        lambda: source.fetch(url(numbers[39])),
    ):
        try:
            ask()
        except QuotaSpent:
            continue
    assert site.served_posts <= budget
    assert site.served_posts > 0
    assert reads.left >= 0


def _reply(body: bytes, status: int = 200, **headers: str) -> Callable[[Call], None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda call: call.reply(body, "application/json", status=status, headers=named)


STRANGE: list[tuple[bytes, int, dict[str, str], type[TrackerError], str]] = [
    (b"not json", 200, {}, NetworkError, "not JSON"),
    (b"[1]", 200, {}, NetworkError, "not a JSON object"),
    (b'{"data": []}', 200, {}, NetworkError, "said nothing about the post"),
    (b'{"data": 7, "includes": 7, "errors": 7}', 200, {}, NetworkError, "said nothing"),
    (b'{"data": [{"id": 7}, 7, {"id": "8"}]}', 200, {}, NetworkError, "said nothing"),
    (b"[" * 100_000, 200, {}, NetworkError, "not JSON"),
    (b"", 503, {}, NetworkError, "X answered 503"),
    (b"[1]", 500, {}, NetworkError, "X answered 500"),
    (b'{"errors": [7]}', 403, {}, OutsideError, "does not allow this token"),
    (b'{"title": "Unauthorized"}', 401, {}, OutsideError, "refuses the bearer token"),
    (b'{"detail": "bad"}', 400, {}, SourceError, "does not accept the request: bad"),
    (b"<html>", 404, {}, NetworkError, "X answered 404"),
    (b"{}", 429, {}, RateLimited, "asks us to wait"),
    (b"{}", 429, {"x_rate_limit_reset": "soon"}, RateLimited, "asks us to wait"),
    (b"{}", 429, {"x_rate_limit_remaining": "9"}, RateLimited, "asks us to wait"),
    (b"{}", 429, {"x_rate_limit_reset": "99999999999999999"}, RateLimited, "wait"),
    (b"{}", 302, {"Location": "http://169.254.169.254/"}, NetworkError, "X answered 302"),
    (b'{"title": "CreditsDepleted", "detail": "none"}', 402, {}, QuotaSpent, "none"),
    (b'{"type": "https://api.x.com/2/problems/usage-capped"}', 403, {}, QuotaSpent, "month"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "headers", "error", "words"), STRANGE)
def test_strange_answers_are_one_sentence_and_nothing_else(
    body: bytes,
    status: int,
    headers: dict[str, str],
    error: type[TrackerError],
    words: str,
    site: XSite,
    source: XSource,
    clock: TurnedClock,
) -> None:
    site.answer_instead = _reply(body, status, **headers)
    with pytest.raises(error, match=words) as caught:
        source.fetch(url(post_id(ago(hours=1))))
    assert "\n" not in str(caught.value)
    assert type(caught.value) is not TrackerError
    at = caught.value.retry_at
    assert at is None or clock.now() < at <= clock.now() + timedelta(minutes=15)
    assert len(site.asked) == 1


def test_one_id_that_x_refuses_does_not_spoil_the_others(site: XSite, source: XSource) -> None:
    number = site.add_post(ago(hours=1), "11")
    with pytest.raises(PostUnavailable):
        source.fetch(url("99999999999999999999"))
    source.expect([url("9" * 19), url("99999999999999999999"), url(number)])
    assert source.fetch(url(number)).post.key == url(number)


def test_the_guard_is_asked_and_what_never_left_is_not_counted(
    site: XSite, made: Made, reads: Reads
) -> None:
    number = site.add_post(ago(hours=1), "11")
    with pytest.raises(ForbiddenAddress):
        made(guard=AddressGuard()).fetch(url(number))
    assert site.asked == []
    assert reads.left == 10_000


@pytest.mark.parametrize(
    "target",
    ["https://example.org/", "https://youtu.be/dQw4w9WgXcQ", "https://x.com/", "https://t.co/abc",
     "https://x.com/search", "https://x.com/i/lists/7", "clip.mp4", ""],
)  # fmt: skip
def test_what_is_not_asked_of_x(target: str, source: XSource) -> None:
    assert not source.accepts(target)
