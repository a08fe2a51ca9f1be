"""X in the whole application: chains of its posts, budgets, stops, and the token's secrecy."""

from __future__ import annotations

import io
import logging
import threading
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from jobs.daemon import run_once
from storage import attempts, captures, posts
from tests.integration.ingest.conftest import AppMaker, TurnedClock
from tests.support.callback_server import WebServer, file, serving
from tests.support.footage import make_footage
from tests.support.pages import article
from tests.support.webserver import WebServer as WebPages
from tests.support.x_server import GONE, PROTECTED, TOKEN, Limit, XSite, serving_x
from tracker.app import App, open_app
from tracker.config import Settings, XSettings, load_settings
from tracker.errors import ConfigError, NetworkError, OutsideError, TrackerError
from tracker.ingest.add import Stated
from tracker.ingest.read_budget import lift
from tracker.model.chain import Relation
from tracker.model.status import PostStatus
from tracker.model.watch import Watch
from tracker.net.urls import canonical_url


@pytest.fixture
def x(clock: TurnedClock) -> Iterator[XSite]:
    with serving_x(clock) as running:
        running.add_user("11", "ann")
        running.add_user("22", "bob")
        yield running


@pytest.fixture
def media() -> Iterator[WebServer]:
    with serving() as running:
        yield running


def opened(make_app: AppMaker, x: XSite, **more: object) -> AbstractContextManager[App]:
    settings = {"bearer_token": SecretStr(TOKEN), "api_url": x.url, **more}
    return make_app(x=XSettings(**settings))


def url(number: str) -> str:
    return f"https://x.com/i/status/{number}"


def add_watches(app: App, *targets: str) -> None:
    for target in targets:
        app.watches.add(Watch(target, interval_s=60, depth=2, budget=100))


def run(app: App) -> int:
    return run_once(app, threading.Event())


def waiting(app: App) -> dict[str, str]:
    with app.archive.database.read() as session:
        return {failure.item: failure.error for failure in attempts.failing(session)}


def test_reuse_shares_and_reposts_find_their_parents_and_one_upload_is_fetched_once(
    make_app: AppMaker, x: XSite, media: WebServer, clock: TurnedClock, tmp_path: Path
) -> None:
    make_footage(tmp_path / "clip.mp4", seconds=5, seed=5)
    media.routes["/a.mp4"] = file((tmp_path / "clip.mp4").read_bytes(), "video/mp4")
    key = x.add_video("717462543795523584", (media.url("/a.mp4"), "video/mp4", 832_000))
    now = clock.now()
    original = x.add_post(now - timedelta(days=3), "11", "the clip", media=(key,))
    reused = x.add_post(now - timedelta(days=2), "22", "mine", media=(key,))
    share = x.add_post(now - timedelta(days=1), "22", refers={"retweeted": original})
    newest = x.add_post(now - timedelta(hours=5), "22", refers={"replied_to": reused})
    with opened(make_app, x) as app:
        add_watches(app, "x:@bob")
        assert run(app) == 0
        assert len(media.seen) == 1
        (chain,) = app.subjects.chains(url(original))
        by_id = {link.appearance.id: link for link in chain.links}
        found: dict[str, tuple[Relation, str | None]] = {}
        for link in chain.links:
            assert link.appearance.post is not None
            parent = by_id[link.parent].appearance.post if link.parent else None
            found[link.appearance.post.key] = (link.relation, parent.key if parent else None)
        assert found[url(original)] == (Relation.ROOT, None)
        assert found[url(reused)] == (Relation.SAME_MEDIA, url(original))
        assert found[url(share)] == (Relation.NATIVE_SHARE, url(original))
        asked = len(x.asked)
        clock.turn(minutes=2)
        assert run(app) == 0
        assert [path for path, _ in x.asked[asked:]] == ["/2/users/22/tweets"]
        assert x.asked[-1][1]["since_id"] == newest


def test_a_post_that_is_gone_keeps_the_answer_that_says_so(
    make_app: AppMaker, x: XSite, clock: TurnedClock
) -> None:
    number = x.add_post(clock.now() - timedelta(days=1), "11", "text")
    with opened(make_app, x) as app:
        app.collect.take(url(number), key=None, depth=0, origin=None)
        x.hidden[number] = GONE
        clock.turn(days=9)
        while due := app.recheck.pending(9):
            for item in due:
                app.recheck.process(item)
        with app.archive.database.read() as session:
            history = [
                change.status
                for change in posts.status_history(session, canonical_url(url(number)))
            ]
            kept = captures.captures_of_post(session, canonical_url(url(number)))
    assert history == [PostStatus.LIVE, PostStatus.DELETED]
    assert len(kept) == 2
    body = app.archive.media.path(kept[-1].body_sha256 or "").read_bytes()
    assert b"Could not find tweet" in body


def test_what_x_hides_is_a_status_of_the_post_and_no_failure(
    make_app: AppMaker, x: XSite, clock: TurnedClock
) -> None:
    gone, closed = "1098230906194546688", "1098230906194546689"
    x.hidden = {gone: GONE, closed: PROTECTED}
    for number in (gone, closed):
        x.add_post(clock.now() - timedelta(hours=1), "22", refers={"quoted": number})
    with opened(make_app, x) as app:
        add_watches(app, "x:@bob")
        assert run(app) == 0
        assert app.status().failing == ()
        with app.archive.database.read() as session:
            found = [posts.get_post(session, url(number)) for number in (gone, closed)]
    assert [post and post.post.status for post in found] == [
        PostStatus.DELETED, PostStatus.PRIVATE,
    ]  # fmt: skip


def test_posts_that_x_makes_wait_are_taken_in_when_it_allows(
    make_app: AppMaker, x: XSite, clock: TurnedClock
) -> None:
    number = x.add_post(clock.now() - timedelta(days=1), "11", "text")
    with opened(make_app, x) as app:
        for _ in range(attempts.MAX_TRIES + 2):  # waiting never gives an item up
            reset_at = clock.now() + timedelta(minutes=15)
            x.limits["/2/users/:id/tweets"] = Limit(requests=1, left=0, reset_at=reset_at)
            add_watches(app, "x:@ann")
            assert run(app) == 3
            assert list(waiting(app).values()) == ["X asks us to wait (timeline)"]
            asked = len(x.asked)
            assert not app.watches.due()
            clock.turn(minutes=14)
            assert not app.watches.due()
            assert len(x.asked) == asked
            clock.turn(minutes=1)
            assert app.watches.due()
        x.limits.clear()
        assert run(app) == 0
        assert waiting(app) == {}
        with app.archive.database.read() as session:
            assert posts.get_post(session, url(number)) is not None


def test_a_used_up_month_stops_until_the_operator_or_the_month_says_otherwise(
    make_app: AppMaker, x: XSite, clock: TurnedClock
) -> None:
    x.add_post(clock.now() - timedelta(hours=1), "11", "text")
    x.capped = True
    with opened(make_app, x) as app:
        add_watches(app, "x:@ann", "x:search:text")
        assert run(app) == 3
        assert len(x.asked) == 1  # the second watch did not even ask
        failing = app.status().failing
        assert {item.stage for item in failing} == {"quota", "watch"}
        assert all("Usage cap exceeded" in item.error for item in failing)
        assert {item.retry_at and item.retry_at.day for item in failing} == {1}
        assert run(app) == 3
        assert len(x.asked) == 1
        x.capped = False
        assert lift(app.archive.database, "x", clock)
        assert app.status().failing == ()
        assert run(app) == 0
        x.capped = True
        clock.turn(minutes=2)
        assert run(app) == 3
        x.capped = False
        clock.turn(days=31)
        assert run(app) == 0


def test_the_months_reads_are_never_passed_and_a_larger_budget_lets_it_go_on(
    make_app: AppMaker, x: XSite, clock: TurnedClock
) -> None:
    numbers = [
        x.add_post(clock.now() - timedelta(hours=n), "11", "text") for n in range(40)
    ]  # fmt: skip
    with opened(make_app, x, monthly_reads=31) as app:
        app.watches.add(Watch("x:@ann", 60, 1, budget=100, back_to=clock.now() - timedelta(days=9)))
        assert run(app) == 3
        assert 20 < x.served_posts <= 30
        with app.archive.database.read() as session:  # what was read before is kept
            assert posts.coverage(session).posts == x.served_posts
        assert "31 reads of x that the config allows" in next(iter(waiting(app).values()))
    with opened(make_app, x, monthly_reads=1000) as app:
        assert run(app) == 0
        with app.archive.database.read() as session:
            held = [posts.get_post(session, url(number)) for number in numbers]
    assert all(post is not None and post.fetched_at for post in held)


def test_an_account_and_a_search_are_added_in_short(
    make_app: AppMaker, x: XSite, clock: TurnedClock
) -> None:
    numbers = [x.add_post(clock.now() - timedelta(hours=n), "11", "the bridge") for n in (1, 2)]
    with opened(make_app, x) as app:
        for target in ("x:@ann", "x:search:bridge from:ann"):
            added = app.add.take_in(target, Stated())
            assert added.errors == ()
            assert {url(number) for number in numbers} <= {post.key for post in added.posts}
    assert len(x.asked) == 3  # the posts came with the listings
    assert x.asked[-1][1]["query"] == "bridge from:ann"


def test_the_posts_of_an_article_are_asked_for_together(
    make_app: AppMaker, x: XSite, site: WebPages, clock: TurnedClock
) -> None:
    numbers = [x.add_post(clock.now() - timedelta(hours=n), "11", "text") for n in range(12)]
    page = site.add("/article", article("A", *map(url, numbers)))
    with opened(make_app, x) as app:
        added = app.add.take_in(page, Stated())
    assert {url(number) for number in numbers} <= {post.key for post in added.posts}
    assert [len(query["ids"].split(",")) for query in x.asked_for("/2/tweets")] == [12]


def test_without_a_token_and_where_nothing_may_be_written_x_is_not_asked(
    make_app: AppMaker, x: XSite, tmp_path: Path, clock: TurnedClock
) -> None:
    with make_app() as app, pytest.raises(TrackerError):
        app.watches.poll(Watch("https://x.com/search?q=text", 60, 1, 9))
    settings = Settings(
        data_dir=tmp_path / "data", x=XSettings(bearer_token=SecretStr(TOKEN), api_url=x.url)
    )
    with open_app(settings, writes=False, clock=clock) as app, pytest.raises(TrackerError):
        app.collect.take("x:search:text", key=None, depth=0, origin=None)
    assert x.asked == []


def test_the_token_is_in_no_log_and_in_no_exception(
    make_app: AppMaker, x: XSite, clock: TurnedClock
) -> None:
    number = x.add_post(clock.now() - timedelta(hours=1), "11", "text")
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    raised: list[TrackerError] = []
    try:
        with opened(make_app, x) as app:
            app.collect.take(url(number), key=None, depth=0, origin=None)
            x.answer_instead = lambda call: call.reply(b"{}", status=401)
            with pytest.raises(OutsideError) as refused:
                app.collect.take(url(number), key=None, depth=0, origin=None)
            raised.append(refused.value)
        x.answer_instead = lambda call: call.reply(b"[" * 9, status=500)
        with opened(make_app, x) as app, pytest.raises(NetworkError) as broken:
            app.collect.take(url(number), key=None, depth=0, origin=None)
        raised.append(broken.value)
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(logging.WARNING)
    told = heard.getvalue()
    assert "Making API request" in told  # tweepy was heard, with its headers
    assert "Bearer" in told
    for error in raised:
        chain = traceback.TracebackException.from_exception(error, capture_locals=True)
        told += "".join(chain.format()) + repr(error.__reduce__())
    assert TOKEN not in told


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "grün"])
def test_a_token_that_is_none_is_refused_and_not_quoted(
    token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(f"{token}\n", encoding="utf-8")
    monkeypatch.setenv("TRACKER_X__BEARER_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(ConfigError, match="not a token") as caught:
        load_settings().x.token()
    assert token not in str(caught.value)
    monkeypatch.setenv("TRACKER_X__BEARER_TOKEN_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ConfigError, match="cannot read"):
        load_settings().x.token()
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    monkeypatch.setenv("TRACKER_X__BEARER_TOKEN_FILE", str(tmp_path / "token"))
    assert load_settings().x.token() == TOKEN
    assert TOKEN not in repr(load_settings())
