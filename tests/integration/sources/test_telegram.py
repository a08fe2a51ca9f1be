"""Telegram's channels through the whole application, on pages as the service serves them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import posts, watches
from tests.support.footage import make_footage
from tests.support.telegram_server import Message, TelegramSite, serve_telegram
from tracker.app import App
from tracker.clock import SystemClock
from tracker.errors import ForbiddenAddress, PostUnavailable, RateLimited, TrackerError
from tracker.ingest.add import Stated
from tracker.model.post import LinkRelation, Post, PostLink
from tracker.model.status import PostStatus
from tracker.model.time_claim import TimeInterval
from tracker.model.watch import Watch
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits
from tracker.sources.telegram import Telegram


@pytest.fixture
def site() -> Iterator[TelegramSite]:
    with serve_telegram() as running:
        yield running


@pytest.fixture
def telegram(site: TelegramSite, http: HttpClient) -> Telegram:
    return Telegram(http, host=site.host)


def held(app: App, key: str) -> Post | None:
    with app.archive.database.read() as s:
        stored = posts.get_post(s, key)
    return stored.post if stored is not None and stored.fetched_at is not None else None


def test_a_post_with_all_there_is_to_it(site: TelegramSite, telegram: Telegram) -> None:
    site.publish(
        "rivernews",
        Message(
            41,
            'Bridge down<br/>see <a href="https://example.org/story?utm_source=tg">this</a> and '
            '<a href="https://x.com/a/status/1098230906194546688">that</a> '
            '<a href="https://t.me/rivernews">us</a> <a href="tg://resolve?domain=x">app</a>',
            at="2026-02-01T10:00:05+01:00",
            videos=("one.mp4", "two.mp4"),
            forwarded_from="https://t.me/FirstHand/7",
            reply_to="https://t.me/rivernews/40",
        ),
    )
    fetched = telegram.fetch("https://t.me/s/RiverNews/41?single")
    post = fetched.post
    assert (post.key, post.account, post.platform) == (
        "https://t.me/rivernews/41", "rivernews", "telegram",
    )  # fmt: skip
    assert post.text == "Bridge down\nsee this and that us app"
    assert post.links == (
        PostLink("https://t.me/FirstHand/7", LinkRelation.SHARES),
        PostLink("https://t.me/rivernews/40", LinkRelation.REPLIES),
        PostLink("https://example.org/story?utm_source=tg", LinkRelation.LINKS),
        PostLink("https://x.com/a/status/1098230906194546688", LinkRelation.LINKS),
    )
    assert [ref.platform_media_id for ref in post.media] == ["telegram:one.mp4", "telegram:two.mp4"]
    assert post.spellings == ("https://t.me/rivernews/42",)  # the album's second file
    (claim,) = post.claims
    assert claim.interval == TimeInterval(
        datetime(2026, 2, 1, 9, 0, 5, tzinfo=UTC), datetime(2026, 2, 1, 9, 0, 5, 999999, tzinfo=UTC)
    )
    assert b"tgme_widget_message" in fetched.exchanges[0].body


def test_what_is_gone_closed_or_no_post(site: TelegramSite, telegram: Telegram) -> None:
    site.publish("rivernews", Message(1))
    with pytest.raises(PostUnavailable, match="Post not found") as gone:
        telegram.fetch("https://t.me/rivernews/2")
    assert gone.value.status is PostStatus.DELETED
    with pytest.raises(PostUnavailable, match="no public preview") as closed:
        telegram.fetch("https://t.me/s/secretive")
    assert closed.value.status is PostStatus.UNKNOWN
    site.limited = True
    with pytest.raises(RateLimited) as limited:
        telegram.fetch("https://t.me/rivernews/1")
    assert limited.value.retry_at is not None


@pytest.mark.parametrize(
    "target",
    ["https://t.me/c/123/4", "https://t.me/joinchat/AAAA", "https://t.me/+abc", "https://t.me/",
     "https://x.com/a/status/20", "https://t.me/ab/" + "9" * 30],
)  # fmt: skip
def test_what_is_not_for_this_source(target: str, telegram: Telegram) -> None:
    assert not telegram.accepts(target)


NOTHING_USABLE = (
    '<div class="tgme_widget_message" data-post="rivernews/1"><video src="javascript:1">'
    '<video src="file:///etc/passwd"><a class="tgme_widget_message_reply" href="//">'
    '<div class="tgme_widget_message_date"><time datetime="\x00never"></div></div>'
)


@pytest.mark.parametrize(
    "markup",
    [
        '<div class="tgme_widget_message" data-post="../../etc"></div>',
        '<div class="tgme_widget_message" data-post="rivernews/' + "9" * 400 + '"></div>',
        "<div>" * 3000,
        NOTHING_USABLE,
    ],
)
def test_hostile_pages_are_refused_or_read_for_what_they_are(
    markup: str, site: TelegramSite, telegram: Telegram
) -> None:
    site.server.routes["/rivernews/1"] = lambda call: call.reply(markup.encode())
    with suppress(TrackerError):
        post = telegram.fetch("https://t.me/rivernews/1").post
        assert (post.media, post.claims, post.links) == ((), (), ())


def test_texts_nested_in_each_other_cost_no_more_than_their_length(
    site: TelegramSite, telegram: Telegram
) -> None:
    """Found by fuzzing: each of thousands, for each message, asked for all that it is in."""
    posts = "".join(
        f'<div class="tgme_widget_message" data-post="rivernews/{number}">'
        for number in range(1, 90)
    )
    markup = posts + '<div class="tgme_widget_message_text">' * 1800
    site.server.routes["/s/rivernews"] = lambda call: call.reply(markup.encode())
    started = time.process_time()
    with suppress(TrackerError):
        telegram.fetch("https://t.me/s/rivernews")
    assert time.process_time() - started < 5


def test_the_guard_is_asked(site: TelegramSite) -> None:
    http = HttpClient(HttpLimits(), AddressGuard(), SystemClock())
    with pytest.raises(ForbiddenAddress):
        Telegram(http, host=site.host).fetch("https://t.me/rivernews/1")
    http.close()
    assert site.server.seen == []


@pytest.fixture
def app(site: TelegramSite, make_app: Callable[..., AbstractContextManager[App]]) -> Iterator[App]:
    with make_app(telegram={"host": site.host}) as opened:
        yield opened


def test_a_watched_channel_is_read_once_each_and_back_to_its_date(
    app: App, site: TelegramSite
) -> None:
    site.publish(
        "rivernews", *(Message(n, f"No {n}", at=f"2026-01-{n:02}T08:00:00+00:00")
                       for n in range(1, 31)),
    )  # fmt: skip
    order = Watch("https://t.me/rivernews", 60, 0, 100, back_to=datetime(2026, 1, 6, tzinfo=UTC))
    app.watches.add(order)
    assert _poll(app) == 25
    assert held(app, "https://t.me/rivernews/6") is not None
    assert held(app, "https://t.me/rivernews/5") is None
    site.publish("rivernews", Message(31, "New"))
    site.server.seen.clear()
    assert _poll(app) == 1
    assert [path for _, path, _ in site.server.seen] == ["/s/rivernews"]


def test_a_watch_goes_on_where_it_was_after_a_restart(
    site: TelegramSite, make_app: Callable[..., AbstractContextManager[App]]
) -> None:
    site.publish("rivernews", *(Message(n, f"No {n}") for n in range(1, 31)))
    taken: list[int] = []
    for _ in range(4):
        with make_app(telegram={"host": site.host}) as app:
            if not taken:
                back_to = datetime(2026, 1, 1, tzinfo=UTC)
                app.watches.add(Watch("https://t.me/rivernews", 60, 0, 12, back_to=back_to))
            taken.append(_poll(app))
    assert taken == [12, 12, 6, 0]


def test_what_a_poll_reads_counts_against_its_budget(app: App, site: TelegramSite) -> None:
    """Else a poll would bring in its budget twice: what it lists, and what that links."""
    for n in range(1, 21):
        link = f'<a href="https://t.me/firsthand/{n}">see</a>'
        site.publish("rivernews", Message(n, link))
        site.publish("firsthand", Message(n, "first"))
    app.watches.add(Watch("https://t.me/rivernews", 60, 1, 15))
    assert _poll(app) == 15
    assert app.collect.pending(99) == []


def _poll(app: App) -> int:
    with app.archive.database.read() as s:
        (watch,) = watches.watches(s)
    return app.watches.poll(watch)


def test_add_yields_post_author_relations_claims_and_video(
    app: App, site: TelegramSite, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    make_footage(path, seed=3, seconds=4)
    site.files["clip.mp4"] = path.read_bytes()
    site.publish("firsthand", Message(7, "Mine", videos=("clip.mp4",)))
    site.publish(
        "rivernews",
        Message(41, "Look", videos=("clip.mp4",), forwarded_from="https://t.me/firsthand/7"),
    )
    added = app.add.take_in("https://t.me/rivernews/41", Stated())
    assert added.errors == ()
    assert {post.key for post in added.posts} == {
        "https://t.me/rivernews/41", "https://t.me/firsthand/7",
    }  # fmt: skip
    assert len(added.videos) == 1
    asked = len([path for _, path, _ in site.server.seen if path.startswith("/file/")])
    again = app.add.take_in("https://t.me/rivernews/41", Stated())
    assert again.errors == ()
    assert asked == len([path for _, path, _ in site.server.seen if path.startswith("/file/")])
