from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from storage import attempts, captures, fingerprints, post_media, posts, shown_posts, videos
from storage.database import Database
from tests.support.values import (
    HOUR,
    NOW,
    a_claim,
    a_fingerprint,
    a_post,
    a_video,
    an_exchange,
    published,
)
from tracker.errors import UnknownSubject
from tracker.model.ids import Platform, PostKey
from tracker.model.post import Lead, LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy, Published, TimeClaim, TimeInterval
from tracker.model.video import Video

ONE = PostKey("https://x.test/a/status/1")
SHORT = "https://short.test/1"


def save(s: Session, post: Post | None = None, *, now: datetime = NOW, depth: int = 1) -> bool:
    return posts.save_post(
        s, post or a_post(), now=now, depth=depth, origin="watch:a", published=published()
    )


def discover(
    s: Session,
    key: str = ONE,
    *,
    url: str | None = None,
    depth: int = 2,
    claims: Sequence[TimeClaim] = (),
    published: Published | None = None,
    now: datetime = NOW,
) -> bool:
    return posts.discover_post(
        s, key=PostKey(key), url=url or key, platform=Platform("x"), account="a", depth=depth,
        origin="watch:b", claims=claims, published=published, now=now,
    )  # fmt: skip


def get(s: Session, key: str = ONE) -> posts.StoredPost:
    stored = posts.get_post(s, key)
    assert stored is not None
    return stored


def test_a_post_comes_back_whole(database: Database) -> None:
    post = a_post(
        spellings=(SHORT,),
        claims=(a_claim(), a_claim(NOW - HOUR, ClaimKind.FEED), first_observed()),
    )
    with database.write() as s:
        assert save(s, post)
    with database.read() as s:
        stored = get(s)
    assert stored == posts.StoredPost(post, published(), 1, "watch:a", NOW, NOW)


def first_observed() -> TimeClaim:
    return TimeClaim(
        ClaimKind.FIRST_OBSERVED, TimeInterval(None, NOW), ForgeableBy.US, "tracker:first_observed"
    )


def test_a_second_reading_adds_and_never_takes_away(database: Database) -> None:
    again = a_post(
        title=None,
        text="edited",
        account=None,
        links=(PostLink("https://example.test/other", LinkRelation.QUOTES),),
        media=(MediaRef(f"{ONE}/video.mp4", "http", None), MediaRef(ONE, "ytdlp", None)),
        claims=(a_claim(), a_claim(NOW - HOUR)),
        leads=(Lead("another", Platform("x"), "b", ONE),),
        spellings=(SHORT,),
    )
    with database.write() as s:
        save(s)
        assert not save(s, again, now=NOW + HOUR, depth=0)
        assert not save(s, again, now=NOW + HOUR, depth=5)
        stored = get(s)
    assert (stored.post.title, stored.post.text, stored.post.account) == ("t", "edited", "a")
    assert stored.post.links == (*a_post().links, *again.links)
    assert stored.post.media == (*a_post().media, again.media[1])
    assert stored.post.claims == (a_claim(), a_claim(NOW - HOUR))
    assert stored.post.leads == (*a_post().leads, *again.leads)
    assert (stored.depth, stored.fetched_at) == (5, NOW)


def test_a_reading_without_times_keeps_the_interval(database: Database) -> None:
    with database.write() as s:
        save(s)
        posts.save_post(s, a_post(), now=NOW, depth=0, origin=None, published=None)
        assert get(s).published == published()
        posts.set_published(s, ONE, None)
        assert get(s).published is None


def test_discovery_comes_before_the_fetch(database: Database) -> None:
    with database.write() as s:
        assert discover(s, depth=3, claims=(a_claim(),), published=published())
        assert not discover(s, depth=2, claims=(a_claim(), a_claim(NOW - HOUR)))
        assert not discover(s, depth=9)
        assert posts.pending_posts(s, now=NOW, limit=9) == [
            posts.PendingPost(ONE, ONE, 9, "watch:b")
        ]
        stored = get(s)
        assert stored.fetched_at is None
        assert stored.post.claims == (a_claim(), a_claim(NOW - HOUR))
        assert stored.published == published()
        assert save(s, now=NOW + HOUR)
        assert posts.pending_posts(s, now=NOW, limit=9) == []
        assert not discover(s, depth=0)
        stored = get(s)
    assert (stored.depth, stored.origin) == (9, "watch:b")
    assert (stored.first_observed_at, stored.fetched_at) == (NOW, NOW + HOUR)


def test_the_nearest_posts_are_fetched_first(database: Database) -> None:
    with database.write() as s:
        for n, depth in enumerate((2, 0, 1, 0)):
            discover(s, f"https://x.test/{n}", depth=depth)
        found = [p.key[-1] for p in posts.pending_posts(s, now=NOW, limit=3)]
    assert found == ["0", "2", "1"]


def test_a_failed_fetch_is_held_back_and_then_due(database: Database) -> None:
    with database.write() as s:
        discover(s)
        attempts.record_failure(
            s, "collect", ONE, error="e", retryable=True, retry_at=None, now=NOW
        )
        assert posts.pending_posts(s, now=NOW, limit=9) == []
        assert len(posts.pending_posts(s, now=NOW + HOUR, limit=9)) == 1
        attempts.record_failure(
            s, "collect", ONE, error="e", retryable=False, retry_at=None, now=NOW
        )
        assert posts.pending_posts(s, now=NOW + 99 * HOUR, limit=9) == []


def test_every_spelling_leads_to_the_post(database: Database) -> None:
    with database.write() as s:
        discover(s, url="https://X.test/a/status/1?s=20")
        assert not discover(
            s, "https://x.test/a/status/1?s=20", url="https://X.test/a/status/1?s=20"
        )
        save(s, a_post(spellings=(SHORT,)))
        for url in (ONE, SHORT, "https://X.test/a/status/1?s=20"):
            assert posts.resolve(s, url) == ONE
            assert get(s, url).post.key == ONE
        assert posts.resolve(s, "https://x.test/a/status/2") is None
        assert posts.get_post(s, "https://x.test/a/status/2") is None


def test_a_redirect_makes_two_known_addresses_one_post(database: Database) -> None:
    video = a_video("v")
    with database.write() as s:
        discover(s, SHORT, depth=1, claims=(a_claim(NOW - HOUR),), now=NOW - HOUR)
        other = a_post(SHORT, status=PostStatus.PRIVATE, media=(MediaRef(ONE, "ytdlp", "m2"),))
        posts.save_post(s, other, now=NOW, depth=1, origin=None, published=None)
        videos.save_video(s, Video(video, 1), kept=True, now=NOW)
        captures.save_exchange(s, an_exchange(), post=PostKey(SHORT), body_sha256=None, video=video)
        media = captures.pending_media(s, now=NOW, limit=9)[0]
        post_media.link_video(s, media.post, media.ref, video)
        discover(s, ONE, depth=4)
        save(s, a_post(spellings=(SHORT,), media=(MediaRef(ONE, "ytdlp", "m2"),)), depth=4)
        stored = get(s)
        assert stored.post.key == ONE
        assert (stored.depth, stored.first_observed_at) == (4, NOW - HOUR)
        assert set(stored.post.claims) == {a_claim(), a_claim(NOW - HOUR)}
        assert posts.resolve(s, SHORT) == ONE
        assert posts.posts_of_video(s, video) == [ONE]
        assert len(captures.captures_of_post(s, ONE)) == 1
        assert [c.status for c in posts.status_history(s, ONE)] == ["private", "live"]
        assert posts.pending_posts(s, now=NOW, limit=9) == []
        assert posts.coverage(s).posts == 1


def test_an_address_leads_to_the_new_post_within_the_transaction_that_merged_the_two(
    database: Database,
) -> None:
    old, new = PostKey("https://x.test/short"), PostKey("https://x.test/long")
    with database.write() as s:
        for key, spellings in ((old, ()), (new, (old,))):
            post = a_post(key, spellings=spellings)
            posts.save_post(s, post, now=NOW, depth=0, origin=None, published=None)
            assert posts.resolve(s, old) == key
        assert posts.resolve(s, new) == new
        post_media.add_claims(s, old, (a_claim(NOW + HOUR),))
        found = posts.get_post(s, old)
        assert found is not None
        assert found.post.key == new
        assert a_claim(NOW + HOUR) in found.post.claims


def test_what_a_post_shows_are_its_own_videos_and_those_of_the_posts_it_points_at(
    database: Database,
) -> None:
    page, target, other = (PostKey(f"https://x.test/{name}") for name in "abc")
    short = "https://x.test/t"
    with database.write() as s:
        made = (
            (target, {"spellings": (short,), "links": ()}),
            (page, {"links": (PostLink(short, LinkRelation.EMBEDS),)}),
            (other, {"links": ()}),
        )
        for key, facts in made:
            post = a_post(key, **facts)
            posts.save_post(s, post, now=NOW, depth=0, origin=None, published=None)
            videos.save_video(s, Video(a_video(key), 5), kept=True, now=NOW)
            post_media.link_video(s, key, post.media[0], a_video(key))
        shown = {key: set(shown_posts.videos_shown_by(s, key)) for key in (page, target)}
        assert shown == {page: {a_video(page), a_video(target)}, target: {a_video(target)}}
        assert shown_posts.videos_shown_by(s, PostKey("https://x.test/unknown")) == []


def test_the_other_way_round_is_the_same_post(database: Database) -> None:
    with database.write() as s:
        save(s, a_post(spellings=(SHORT,)))
        assert not save(s, a_post(SHORT, spellings=(ONE,)))
        assert get(s, SHORT).post.key == ONE
        assert posts.coverage(s).posts == 1


def test_the_history_of_a_status_grows_only_by_changes(database: Database) -> None:
    with database.write() as s:
        save(s)
        save(s, a_post(status=PostStatus.UNKNOWN), now=NOW + HOUR)
        save(s, now=NOW + HOUR)
        posts.set_status(s, ONE, PostStatus.DELETED, NOW + 2 * HOUR)
        posts.set_status(s, ONE, PostStatus.DELETED, NOW + 3 * HOUR)
        posts.set_status(s, ONE, PostStatus.LIVE, NOW + 4 * HOUR)
        history = posts.status_history(s, ONE)
        assert get(s).post.status is PostStatus.LIVE
    assert [(c.status, c.at) for c in history] == [
        (PostStatus.LIVE, NOW),
        (PostStatus.DELETED, NOW + 2 * HOUR),
        (PostStatus.LIVE, NOW + 4 * HOUR),
    ]


def test_nobody_can_be_told_about_a_post_that_is_not_held(database: Database) -> None:
    with pytest.raises(UnknownSubject, match=r"no post https://x\.test"), database.write() as s:
        posts.set_status(s, ONE, PostStatus.DELETED, NOW)


def test_who_points_at_a_post(database: Database) -> None:
    page, feed = "https://news.test/1", "https://news.test/feed"
    with database.write() as s:
        save(s, a_post(spellings=(SHORT,)))
        save(s, a_post(page, links=(
            PostLink(SHORT, LinkRelation.EMBEDS), PostLink(ONE, LinkRelation.EMBEDS),
            PostLink(ONE, LinkRelation.LINKS), PostLink("https://x.test/2", LinkRelation.LINKS),
        )))  # fmt: skip
        save(s, a_post(feed, kind=PostKind.FEED, links=(PostLink(page, LinkRelation.LISTS),)))
        expected = [(page, LinkRelation.EMBEDS), (page, LinkRelation.LINKS)]
        assert posts.linked_from(s, ONE) == expected
        assert posts.linked_from(s, PostKey(SHORT)) == expected
        assert posts.linked_from(s, PostKey(page)) == [(feed, LinkRelation.LISTS)]
        # An address that only links know is no post, and still pointed at.
        unknown = PostKey("https://x.test/2")
        assert posts.linked_from(s, unknown) == [(page, LinkRelation.LINKS)]


def test_rechecks_become_rarer_with_age(database: Database) -> None:
    at, pauses = NOW, []
    with database.write() as s:
        posts.save_post(s, a_post(), now=NOW, depth=0, origin=None, published=None)
        save(s, a_post("file:///a.mp4"))
        save(s, a_post("https://x.test/feed", kind=PostKind.FEED))
        discover(s, "https://x.test/unfetched")
        for _ in range(14):
            step = timedelta(hours=1)
            before, at = at, at + step
            while ONE not in posts.rechecks_due(s, now=at, limit=9):
                at += step
            assert posts.rechecks_due(s, now=at, limit=9) == [ONE]
            posts.mark_checked(s, ONE, at)
            pauses.append(at - before)
    assert pauses[0] == timedelta(hours=1)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(days=60)


def test_coverage_counts_what_was_searched(database: Database) -> None:
    with database.write() as s:
        assert posts.coverage(s).posts == 0
        save(s)
        save(s, a_post("https://tube.test/1", platform=Platform("youtube")))
        save(s, a_post("https://x.test/feed", kind=PostKind.FEED, platform=Platform("web")))
        discover(s, "https://x.test/unfetched")
        posts.set_published(s, ONE, published(NOW - 9 * HOUR))
        videos.save_video(s, Video(a_video("v"), 1), kept=True, now=NOW)
        fingerprints.save_fingerprint(s, a_video("v"), a_fingerprint(frames=7), now=NOW)
        found = posts.coverage(s)
    assert (found.videos, found.posts, found.frames) == (1, 2, 7)
    assert found.platforms == ("x", "youtube")
    assert (found.oldest_post_at, found.newest_post_at) == (NOW - 9 * HOUR, NOW + HOUR)


def test_the_budget_of_an_origin_counts_what_it_brought_in(database: Database) -> None:
    with database.write() as s:
        discover(s, "https://x.test/1", now=NOW - HOUR)
        discover(s, "https://x.test/2")
        save(s, a_post("https://x.test/3"))
        assert posts.count_origin(s, "watch:b", NOW - 2 * HOUR) == 2
        assert posts.count_origin(s, "watch:b", NOW) == 1
        assert posts.count_origin(s, "watch:c", NOW) == 0
