"""Bluesky by its real SDK against a loopback AppView, directory and account server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import posts, watches
from tests.integration.sources.conftest import LIMITS
from tests.support.bluesky_server import (
    ALICE,
    BOB,
    BlueskySite,
    link_facet,
    serve_bluesky,
    video_embed,
)
from tests.support.footage import make_footage
from tracker.app import App
from tracker.clock import SystemClock
from tracker.errors import (
    ForbiddenAddress,
    NetworkError,
    PostUnavailable,
    RateLimited,
    SourceError,
    TrackerError,
)
from tracker.ingest.add import Stated
from tracker.model.post import LinkRelation, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ForgeableBy
from tracker.model.watch import Watch
from tracker.net.bluesky import BlueskyClient
from tracker.net.guard import AddressGuard
from tracker.net.urls import canonical_url, parse_address
from tracker.sources.bluesky import Bluesky
from tracker.timestamps.combine import combine
from tracker.timestamps.snowflake import tid

NAME = "3lbd2ebt3wk2r"  # 2024-11-19T18:19:55.098Z
VIDEO = "bafkrei" + "v" * 52


@pytest.fixture
def site() -> Iterator[BlueskySite]:
    with serve_bluesky() as running:
        yield running


def made(site: BlueskySite, guard: AddressGuard) -> BlueskyClient:
    return BlueskyClient(guard, LIMITS, SystemClock(), appview=site.host, plc_directory=site.host)


@pytest.fixture
def bluesky(site: BlueskySite) -> Iterator[Bluesky]:
    client = made(site, AddressGuard(allow_private=True))
    yield Bluesky(client)
    client.close()


def key(did: str, name: str) -> str:
    return f"https://bsky.app/profile/{did}/post/{name}"


def test_a_post_with_all_there_is_to_it(site: BlueskySite, bluesky: Bluesky) -> None:
    quoted = {"uri": f"at://{BOB}/app.bsky.feed.post/3kquoted22222"}
    site.post(
        ALICE,
        NAME,
        "Look at this",
        at="2024-11-19T18:19:55.098Z",
        indexed="2024-11-19T18:19:55.700Z",
        embed={
            "$type": "app.bsky.embed.recordWithMedia",
            "record": {"$type": "app.bsky.embed.record", "record": quoted},
            "media": video_embed(VIDEO),
        },
        reply={"parent": {"uri": f"at://{BOB}/app.bsky.feed.post/3kparent22222"}},
        facets=[link_facet("https://example.org/a"), link_facet("https://bsky.app/")],
    )
    for target in (f"https://bsky.app/profile/alice.test/post/{NAME}",
                   f"at://alice.test/app.bsky.feed.post/{NAME}",
                   f"at://{ALICE}/app.bsky.feed.post/{NAME}"):  # fmt: skip
        fetched = bluesky.fetch(target)
        post = fetched.post
        assert (post.key, post.account) == (key(ALICE, NAME), "alice.test")
        assert post.spellings == (f"https://bsky.app/profile/alice.test/post/{NAME}",)
    assert post.links == (
        PostLink(key(BOB, "3kparent22222"), LinkRelation.REPLIES),
        PostLink(key(BOB, "3kquoted22222"), LinkRelation.QUOTES),
        PostLink("https://example.org/a", LinkRelation.LINKS),
    )
    (ref,) = post.media
    assert ref.platform_media_id == f"bluesky:{VIDEO}"
    assert ref.url.startswith(site.host + "/xrpc/com.atproto.sync.getBlob?")
    sources = {claim.source: claim for claim in post.claims}
    assert set(sources) == {"bluesky:id", "bluesky:createdAt", "bluesky:indexedAt"}
    assert sources["bluesky:indexedAt"].forgeable_by is ForgeableBy.PLATFORM
    assert sources["bluesky:createdAt"].forgeable_by is ForgeableBy.UPLOADER
    assert json.loads(fetched.exchanges[0].body)["posts"][0]["cid"]
    assert ("atproto" in dict(fetched.exchanges[0].tools)) is True


def test_a_backdated_post_goes_by_when_the_network_first_saw_it(
    site: BlueskySite, bluesky: Bluesky
) -> None:
    site.post(ALICE, NAME, "old", at="2019-01-01T00:00:00Z", indexed="2026-02-01T10:00:00.5Z")
    published = combine(bluesky.fetch(key(ALICE, NAME)).post.claims)
    assert published is not None
    assert published.interval.latest_at == datetime(2026, 2, 1, 10, 0, 0, 501000, tzinfo=UTC)
    assert published.interval.earliest_at == datetime(2026, 2, 1, 9, 55, 0, 500000, tzinfo=UTC)


def test_posts_that_are_expected_are_asked_for_together(
    site: BlueskySite, bluesky: Bluesky
) -> None:
    names = [tid(n) for n in range(30)]
    for name in names[:-1]:
        site.post(ALICE, name, f"No {name}")
    bluesky.expect([key(ALICE, name) for name in names])
    for name in names[:-1]:
        fetched = bluesky.fetch(key(ALICE, name))
        assert fetched.post.text == f"No {name}"
        assert fetched.exchanges
    with pytest.raises(PostUnavailable) as caught:
        bluesky.fetch(key(ALICE, names[-1]))
    assert caught.value.exchanges
    assert site.calls.count("app.bsky.feed.getPosts") == 2
    bluesky.fetch(key(ALICE, names[0]))  # asked for again: what was kept was used
    assert site.calls.count("app.bsky.feed.getPosts") == 3


def test_what_is_gone_hidden_or_refused(site: BlueskySite, bluesky: Bluesky) -> None:
    uri = site.post(ALICE, NAME, "here")
    site.hidden.add(uri)
    site.search_open = False
    for target, error, status in (
        (uri, PostUnavailable, PostStatus.UNKNOWN),
        (f"at://{ALICE}/app.bsky.feed.post/3kgone2222222", PostUnavailable, PostStatus.DELETED),
        (f"https://bsky.app/profile/nobody.test/post/{NAME}", PostUnavailable, PostStatus.DELETED),
        ("https://bsky.app/profile/nobody.test", PostUnavailable, PostStatus.DELETED),
        ("https://bsky.app/search?q=bridge", SourceError, None),
    ):
        with pytest.raises(error) as caught:
            bluesky.fetch(target)
        assert getattr(caught.value, "status", None) is status
        assert "\n" not in str(caught.value)


def test_a_rate_limit_names_its_own_time(site: BlueskySite) -> None:
    site.limited_after = 0
    client = made(site, AddressGuard(allow_private=True))
    with pytest.raises(RateLimited) as caught:
        client.posts([f"at://{ALICE}/app.bsky.feed.post/{NAME}"])
    client.close()
    at = caught.value.retry_at
    assert at is not None
    assert at <= datetime.now(UTC) + timedelta(days=30)


BODIES = [
    b"",
    b"no json",
    b"[]",
    b'{"posts": 5}',
    b'{"posts": [5, {"uri": 7}]}',
    b'{"posts": ' + b"[" * 5000,
    b'"' + b"x" * 3_000_000 + b'"',
    b'{"posts": [{"uri": "at://did:plc:x/app.bsky.feed.post/\\u0000", "record": []}]}',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_hostile_answers_are_errors_in_one_sentence(
    body: bytes, kind: str, site: BlueskySite, bluesky: Bluesky
) -> None:
    site.server.routes["/xrpc/app.bsky.feed.getPosts"] = lambda call: call.reply(body, kind)
    with pytest.raises((NetworkError, PostUnavailable)) as caught:
        bluesky.fetch(key(ALICE, NAME))
    assert "\n" not in str(caught.value)


def test_wrong_types_in_a_view_are_passed_over(site: BlueskySite, bluesky: Bluesky) -> None:
    uri = site.post(ALICE, NAME, "fine", embed=[], facets={"a": 1}, reply="no")
    site.records[uri] |= {"text": ["\x00"], "createdAt": 5, "embed": video_embed("../../etc")}
    site.indexed[uri] = "never"
    site.records[uri]["facets"] = [link_facet("javascript:alert(1)"), 7, {"features": [None]}]
    post = bluesky.fetch(uri).post
    assert (post.text, post.links, post.media) == (None, (), ())
    assert [claim.source for claim in post.claims] == ["bluesky:id"]


def test_the_guard_is_asked_for_the_server_an_identity_names(site: BlueskySite) -> None:
    client = made(site, AddressGuard())
    with pytest.raises(ForbiddenAddress):
        client.posts([f"at://{ALICE}/app.bsky.feed.post/{NAME}"])
    client.close()
    assert site.calls == []


def watch_on(target: str, budget: int = 100, back_to: datetime | None = None) -> Watch:
    return Watch(canonical_url(target), 60, 1, budget, back_to=back_to)


def test_a_feed_is_read_whole_and_then_only_what_is_new(
    site: BlueskySite, bluesky: Bluesky
) -> None:
    for n in range(120):
        site.post(ALICE, tid(n), f"No {n}", at=f"2026-01-01T{n // 60:02}:{n % 60:02}:00Z")
    order = watch_on(
        "https://bsky.app/profile/alice.test", back_to=datetime(2026, 1, 1, tzinfo=UTC)
    )
    first = bluesky.recent(order, None)
    assert (len(first.read), site.calls.count("app.bsky.feed.getAuthorFeed")) == (100, 2)
    order = replace(order, cursor=first.cursor)
    shared = site.post(BOB, NAME, "theirs", at="2025-06-01T00:00:00Z")
    site.repost(ALICE, "3kshare222222", shared, "2026-01-01T05:00:00Z")
    second = bluesky.recent(order, None)
    assert len(second.read) == 2 + 20  # the share, what it shares, and the rest of the back-fill
    share, original = second.read[0].post, second.read[1].post
    assert original.key == key(BOB, NAME)
    assert share.links == (PostLink(original.key, LinkRelation.SHARES),)
    assert parse_address(share.key).is_post
    assert canonical_url(share.key) == share.key
    assert bluesky.recent(replace(order, cursor=second.cursor), None).read == ()
    assert bluesky.fetch(share.key).post.links == share.links
    site.delete(f"at://{ALICE}/app.bsky.feed.repost/3kshare222222")
    with pytest.raises(PostUnavailable) as caught:
        bluesky.fetch(share.key)
    assert caught.value.status is PostStatus.DELETED


def test_a_search_and_a_hashtag(site: BlueskySite, bluesky: Bluesky) -> None:
    uri = site.post(ALICE, NAME, "the #bridge fell")
    site.post(BOB, NAME, "nothing to see")
    for target in ("https://bsky.app/search?q=bridge+fell", "https://bsky.app/hashtag/bridge"):
        polled = bluesky.recent(watch_on(target), None)
        assert [f.post.key for f in polled.read] == [key(ALICE, NAME)]
    assert uri


@pytest.fixture
def app(site: BlueskySite, make_app: Callable[..., AbstractContextManager[App]]) -> Iterator[App]:
    with make_app(bluesky={"appview": site.host, "plc_directory": site.host}) as opened:
        yield opened


def test_add_yields_post_author_relations_claims_and_video(
    app: App, site: BlueskySite, tmp_path: Path
) -> None:
    make_footage(tmp_path / "clip.mp4", seed=3, seconds=4)
    site.blobs[VIDEO] = (tmp_path / "clip.mp4").read_bytes()
    quoted = site.post(BOB, NAME, "first", embed=video_embed(VIDEO))
    embed = {"$type": "app.bsky.embed.record", "record": {"uri": quoted}}
    site.post(ALICE, NAME, "see", embed=embed)
    added = app.add.take_in(f"https://bsky.app/profile/alice.test/post/{NAME}", Stated())
    assert added.errors == ()
    assert [post.key for post in added.posts] == [key(ALICE, NAME), key(BOB, NAME)]
    assert [post.account for post in added.posts] == ["alice.test", "bob.test"]
    assert len(added.videos) == 1
    with app.archive.database.read() as s:
        by_handle = posts.resolve(s, f"https://bsky.app/profile/alice.test/post/{NAME}")
    assert by_handle == key(ALICE, NAME)


def test_a_limited_poll_keeps_what_it_read_and_waits_as_long_as_it_was_told(
    app: App, site: BlueskySite
) -> None:
    for n in range(60):
        site.post(ALICE, tid(n), f"No {n}", at=f"2026-01-01T00:{n:02}:00Z")
    app.watches.add(watch_on("https://bsky.app/profile/alice.test",
                             back_to=datetime(2025, 1, 1, tzinfo=UTC)))  # fmt: skip
    site.limited_after = 1
    with pytest.raises(RateLimited), suppress(PostUnavailable):
        app.watches.poll(_watch(app))
    (failing,) = app.status().failing
    assert failing.retry_at == datetime.fromtimestamp(1772370000, UTC)
    site.limited_after = None
    assert app.turns is not None
    (closed,) = app.turns.closed()  # nothing else asks this host before its time either
    assert closed.until == failing.retry_at
    app.turns.lift(closed.host)
    assert app.watches.poll(_watch(app)) == 10
    with app.archive.database.read() as s:
        assert posts.coverage(s).posts == 60


def _watch(app: App) -> Watch:
    with app.archive.database.read() as s:
        (watch,) = watches.watches(s)
    return watch


def test_no_error_escapes_the_tree() -> None:
    from atproto_client import exceptions

    from tracker.net.bluesky import mapped_sdk_errors

    kinds = [
        kind
        for kind in vars(exceptions).values()
        if isinstance(kind, type) and issubclass(kind, exceptions.AtProtocolError)
    ]
    assert len(kinds) > 8
    for kind in kinds:
        with pytest.raises(TrackerError), mapped_sdk_errors("https://x.test", SystemClock().now):
            raise kind
