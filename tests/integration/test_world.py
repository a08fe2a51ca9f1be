"""The made world can be read by the real sources, and tells the truth about itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.world import World, serve_world
from tracker.clock import SystemClock
from tracker.model.post import LinkRelation
from tracker.model.watch import Watch
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.net.urls import canonical_url
from tracker.net.ytdlp import YtDlp, YtDlpLimits
from tracker.sources.registry import Sources


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory: Path = tmp_path_factory.mktemp("world")
    with serve_world(directory, outside_embeds=True) as made:
        yield made


@pytest.fixture(scope="module")
def sources() -> Iterator[Sources]:
    guard, clock = AddressGuard(allow_private=True), SystemClock()
    http = HttpClient(HttpLimits(), guard, clock)
    yield Sources(http, YtDlp(YtDlpLimits(), guard, clock), clock)
    http.close()


def test_every_post_is_reached_from_the_feed(world: World, sources: Sources) -> None:
    listed = sources.poll(Watch(world.feed_url, 900, 2, 200), None).entries
    assert [entry.key for entry in listed] == [canonical_url(u) for u in world.article_urls]
    articles = [sources.fetch(url).post for url in world.article_urls]
    linked = {canonical_url(link.url) for post in articles for link in post.links}
    assert {canonical_url(post.url) for post in world.posts} <= linked


def test_a_post_tells_its_own_date_and_video(world: World, sources: Sources) -> None:
    for true in world.posts:
        post = sources.fetch(true.url).post
        assert [ref.url for ref in post.media] == [true.media_url]
        starts = [claim.interval.earliest_at for claim in post.claims]
        assert true.published_at in starts


def test_embeds_of_real_platforms_are_links_beside_the_others(
    world: World, sources: Sources
) -> None:
    links = sources.fetch(world.article_urls[0]).post.links
    outside = {link.url: link.relation for link in links if "127.0.0.1" not in link.url}
    assert list(outside.values()).count(LinkRelation.EMBEDS) == 2
    assert len(outside) == 3


def test_the_truth_is_whole(world: World) -> None:
    assert len(world.chains) == 5
    for source, posts in world.chains.items():
        assert [p.published_at for p in posts] == sorted(p.published_at for p in posts)
        (first,) = posts[0].shows
        assert first.source == source
        assert first.post_ms == first.source_ms
    compiled = [post for post in world.posts if len(post.shows) > 1]
    assert [[s.source for s in post.shows] for post in compiled] == [["harbour", "market", "storm"]]
