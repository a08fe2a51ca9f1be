"""Collect and watches: how far links are followed, how often, and what an address really is."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlmodel import select

from jobs import collect as collect_job
from jobs.daemon import run_once
from jobs.drain import drain
from jobs.turn import Turn
from storage import posts, watches
from storage.tables import LedgerRow
from tests.integration.ingest.conftest import AppMaker, TurnedClock
from tests.support.pages import article, feed
from tests.support.webserver import WebServer
from tracker.app import App
from tracker.config import CollectSettings, WatchSettings
from tracker.errors import SourceError, UnknownSubject, UsageError
from tracker.ingest.add import Stated
from tracker.model.status import PostStatus
from tracker.model.watch import Watch
from tracker.net.urls import canonical_url


def collect_all(app: App) -> int:
    return drain(app.collect, app.archive, app.clock, threading.Event())


def fetched(app: App, *urls: str) -> list[bool]:
    with app.archive.database.read() as s:
        found = [posts.get_post(s, canonical_url(url)) for url in urls]
    return [post is not None and post.fetched_at is not None for post in found]


def a_chain_of_pages(site: WebServer, length: int) -> list[str]:
    """Publish pages each of which embeds the next; return their addresses."""
    urls = [site.url(f"/page-{n}") for n in range(length)]
    for n, url in enumerate(urls):
        site.add(f"/page-{n}", article(f"Page {n}", *urls[n + 1 : n + 2]))
        assert url == site.url(f"/page-{n}")
    return urls


def test_links_are_followed_as_far_as_the_watch_says(app: App, site: WebServer) -> None:
    pages = a_chain_of_pages(site, 5)
    app.watches.add(Watch(site.add("/feed", feed(pages[:1])), 60, depth=2, budget=99))
    (watch,) = app.watches.listed()
    app.watches.poll(watch)
    collect_all(app)
    assert fetched(app, *pages) == [True, True, True, False, False]


def test_a_page_first_found_from_afar_is_followed_once_it_is_found_near(
    app: App, site: WebServer
) -> None:
    pages = a_chain_of_pages(site, 4)
    far = Watch(site.add("/far", feed(pages[:1])), 60, depth=1, budget=99)
    near = Watch(site.add("/near", feed(pages[1:2])), 60, depth=2, budget=99)
    app.watches.poll(app.watches.add(far))
    collect_all(app)
    assert fetched(app, *pages) == [True, True, False, False]
    app.watches.poll(app.watches.add(near))
    collect_all(app)
    assert fetched(app, *pages) == [True, True, True, True]


def test_what_is_nearest_to_the_watch_is_fetched_first(app: App, site: WebServer) -> None:
    embedded = [site.add(f"/post-{n}", article(f"Post {n}")) for n in range(2)]
    listed = [site.add(f"/news-{n}", article(f"News {n}", embedded[n])) for n in range(2)]
    app.watches.poll(app.watches.add(Watch(site.add("/feed", feed(listed)), 60, 2, budget=3)))
    collect_all(app)
    assert fetched(app, *listed) == [True, True]
    assert sum(fetched(app, *embedded)) == 1


def test_a_target_brings_in_no_more_than_its_budget_whoever_fetches(
    make_app: AppMaker, site: WebServer
) -> None:
    pages = [site.add(f"/news-{n}", article(f"News {n}")) for n in range(6)]
    with make_app(collect=CollectSettings(budget=3)) as app:
        added = app.add.take_in(site.add("/feed", feed(pages)), Stated())
        assert added.errors == ()
        collect_all(app)
        assert sum(fetched(app, *pages)) <= 3


def test_a_removed_watch_does_not_set_free_what_its_budget_held_back(
    make_app: AppMaker, site: WebServer
) -> None:
    pages = [site.add(f"/news-{n}", article(f"News {n}")) for n in range(6)]
    with make_app(collect=CollectSettings(budget=2)) as app:
        watch = app.watches.add(Watch(site.add("/feed", feed(pages)), 60, depth=0, budget=2))
        app.watches.poll(watch)
        collect_all(app)
        app.watches.remove(watch.target)
        collect_all(app)
        assert sum(fetched(app, *pages)) == 2


def test_a_vanished_page_that_leads_to_the_front_page_does_not_become_it(
    app: App, site: WebServer
) -> None:
    front = site.add("/", article("All news"))
    gone = [site.redirect(f"/gone-{n}", front) for n in range(2)]
    listing = site.add("/list", article("List", *gone, site.add("/kept", article("Kept"))))
    app.add.take_in(listing, Stated())
    with app.archive.database.read() as s:
        assert [posts.resolve(s, canonical_url(url)) for url in gone] == [
            canonical_url(url) for url in gone
        ]
    assert fetched(app, *gone) == [False, False]
    failing = {work.subject: work.error for work in app.status().failing}
    assert set(failing) == {canonical_url(url) for url in gone}
    assert all("leads to another page" in error for error in failing.values())
    assert run_once(app, threading.Event()) == 0  # and ends


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (404, PostStatus.DELETED),
        (410, PostStatus.DELETED),
        (401, PostStatus.LOGIN_REQUIRED),
        (403, PostStatus.LOGIN_REQUIRED),
        (451, PostStatus.GEO_BLOCKED),
        (200, PostStatus.LIVE),
        (500, None),
        (429, None),
    ],
)
def test_a_second_look_notes_what_the_answer_says(
    status: int, found: PostStatus | None, app: App, site: WebServer, clock: TurnedClock
) -> None:
    url = site.add("/page", article("Page"))
    app.add.take_in(url, Stated())
    site.routes["/page"] = replace(site.routes["/page"], status=status)
    clock.turn(hours=2)
    assert app.recheck.pending(9) == [canonical_url(url)]
    assert drain(app.recheck, app.archive, app.clock, threading.Event()) == 1
    with app.archive.database.read() as s:
        history = [change.status for change in posts.status_history(s, canonical_url(url))]
    assert history == [PostStatus.LIVE, *([found] if found not in {None, PostStatus.LIVE} else [])]
    assert len(app.status().failing) == (found is None)
    assert app.recheck.pending(9) == []


def test_a_second_look_that_lands_on_the_front_page_changes_nothing(
    app: App, site: WebServer, clock: TurnedClock
) -> None:
    front = site.add("/", article("All news"))
    url = site.add("/page", article("Page"))
    app.add.take_in(front, Stated())
    app.add.take_in(url, Stated())
    site.redirect("/page", front)
    clock.turn(hours=2)
    with pytest.raises(SourceError, match="leads to another page"):
        app.recheck.process(canonical_url(url))
    with app.archive.database.read() as s:
        assert posts.resolve(s, canonical_url(url)) == canonical_url(url)
        stored = posts.get_post(s, canonical_url(url))
    assert stored is not None
    assert stored.post.title == "Page"


def test_a_watch_that_fails_is_held_back_shown_and_never_given_up(
    app: App, site: WebServer, clock: TurnedClock
) -> None:
    watch = app.watches.add(Watch(site.url("/feed"), 60, 0, 9))
    turn = Turn()
    asked = []
    for _ in range(9):
        before = len(site.requests)
        collect_job.run(app, turn)
        collect_job.run(app, turn)
        asked.append(len(site.requests) - before)
        clock.turn(days=1.1)
    assert asked == [1] * 9
    (failing,) = app.status().failing
    assert (failing.stage, failing.subject, failing.attempts) == ("watch", watch.target, 9)
    assert failing.retry_at is not None
    site.add("/feed", feed([]))
    collect_job.run(app, turn)
    assert app.status().failing == ()


def test_the_config_files_watches_are_followed_as_it_changes(
    make_app: AppMaker, site: WebServer
) -> None:
    url, other = canonical_url(site.url("/feed")), canonical_url(site.url("/other"))
    with make_app(watches=(WatchSettings(target=url, interval_s=900),)) as app:
        app.watches.pause(url)  # though it was never run
        with app.archive.database.write() as s:
            watches.mark_polled(s, url, at=app.clock.now(), etag='"1"', last_modified=None)
        with pytest.raises(UsageError, match="config file"):
            app.watches.remove(url)
    with make_app(watches=(WatchSettings(target=url, interval_s=60, budget=7),)) as app:
        app.watches.add(Watch(other, 60, 0, 9))
        app.watches.adopt_configured()
        entries = _ledger_length(app)
        app.watches.adopt_configured()
        assert _ledger_length(app) == entries
        changed, by_hand = app.watches.listed()
        assert (changed.interval_s, changed.budget, changed.paused) == (60, 7, True)
        assert (changed.etag, changed.last_polled_at) == ('"1"', app.clock.now())
        assert by_hand.target == other
    with make_app() as app:
        app.watches.adopt_configured()
        assert [watch.target for watch in app.watches.listed()] == [other]
        with pytest.raises(UnknownSubject):
            app.watches.pause(url)


def _ledger_length(app: App) -> int:
    with app.archive.database.read() as s:
        return len(s.exec(select(LedgerRow)).all())


def test_a_date_that_comes_later_queues_the_chains_that_go_by_it(
    app: App, site: WebServer, clock: TurnedClock
) -> None:
    url = site.add("/page", article("Page"))
    app.add.take_in(url, Stated())
    item = "<item><link>{}</link><pubDate>Mon, 02 Feb 2026 10:00:00 GMT</pubDate></item>"
    site.add("/feed", feed([]).replace("</channel>", item.format(url) + "</channel>"))
    app.watches.poll(app.watches.add(Watch(site.url("/feed"), 60, 0, 9)))
    with app.archive.database.read() as s:
        stored = posts.get_post(s, canonical_url(url))
    assert stored is not None
    assert stored.published is not None
    assert stored.published.basis == "feed"
