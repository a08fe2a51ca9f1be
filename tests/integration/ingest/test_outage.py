"""The network is gone, or the clock is set back: what was to be done is done soon afterwards."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from jobs import collect
from jobs.schedule import bring_forward, build_scheduler
from jobs.turn import Turn
from storage import attempts
from storage.attempts import Failure, pause_unreached
from tests.integration.ingest.conftest import AppMaker, TurnedClock
from tests.support.pages import article, feed
from tests.support.webserver import WebServer, serve
from tracker.app import App
from tracker.errors import NetworkError, TrackerError, Unreachable
from tracker.model.watch import Watch
from tracker.net.guard import AddressGuard
from tracker.net.http import mapped_errors


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def failures(app: App) -> list[Failure]:
    with app.archive.database.read() as session:
        return attempts.failing(session)


def watch_feed_of(app: App, site: WebServer, *links: str) -> None:
    address = site.add("/feed.xml", feed(links), content_type="application/rss+xml")
    app.watches.add(Watch(address, interval_s=900, depth=1, budget=50))


def let_pass(app: App, clock: TurnedClock, hours: float) -> None:
    """Let the daemon look for work every ten minutes for so long."""
    for _ in range(round(hours * 6)):
        collect.run(app, Turn())
        clock.turn(minutes=10)


def test_an_outage_of_two_days_gives_nothing_up_and_work_resumes_by_itself(
    make_app: AppMaker, clock: TurnedClock
) -> None:
    away = f"http://127.0.0.1:{free_port()}/story"
    with serve() as site, make_app() as app:
        watch_feed_of(app, site, away)
        collect.run(app, Turn())
        assert [f.item for f in failures(app)] == [away]
        let_pass(app, clock, hours=30)
        (failure,) = [f for f in failures(app) if f.stage == "collect"]
        assert not failure.parked
        assert failure.next_at - clock.at < timedelta(hours=25)


def test_what_an_hour_of_outage_held_back_is_done_within_the_next(
    make_app: AppMaker, clock: TurnedClock
) -> None:
    port = free_port()
    with serve() as site, make_app() as app:
        watch_feed_of(app, site, f"http://127.0.0.1:{port}/story")
        let_pass(app, clock, hours=12)
        assert all(f.next_at - clock.at <= timedelta(hours=1) for f in failures(app))


def test_a_feed_that_cannot_be_reached_is_asked_hourly_for_a_day(
    make_app: AppMaker, clock: TurnedClock
) -> None:
    target = f"http://127.0.0.1:{free_port()}/feed.xml"
    with make_app() as app:
        app.watches.add(Watch(target, interval_s=900, depth=1, budget=50))
        let_pass(app, clock, hours=20)
        (failure,) = failures(app)
        assert (failure.stage, failure.parked) == ("watch", False)
        assert failure.next_at - clock.at <= timedelta(hours=1)


def test_a_host_that_is_gone_for_a_month_is_given_up(app: App, clock: TurnedClock) -> None:
    tries = 0
    while not tries or not failures(app)[0].parked:
        tries += 1
        with app.archive.database.write() as session:
            attempts.record_failure(
                session, "collect", "https://gone.example/", error="no address", retryable=True,
                retry_at=None, unreached=True, now=clock.now(),
            )  # fmt: skip
        clock.at = failures(app)[0].next_at
    assert clock.at - TurnedClock().at > timedelta(days=30)
    assert tries == attempts.MAX_UNREACHED


def test_tries_that_reached_nobody_do_not_count_among_the_others(
    app: App, clock: TurnedClock
) -> None:
    def fail(*, unreached: bool) -> Failure:
        with app.archive.database.write() as session:
            attempts.record_failure(
                session, "collect", "x", error="-", retryable=True, retry_at=None,
                unreached=unreached, now=clock.now(),
            )  # fmt: skip
        return failures(app)[0]

    for _ in range(20):
        fail(unreached=True)
    for _ in range(attempts.MAX_TRIES - 2):
        assert not fail(unreached=False).parked
    assert fail(unreached=False).parked


def test_pauses_never_shrink() -> None:
    pauses = [pause_unreached(n) for n in range(1, attempts.MAX_UNREACHED + 1)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(minutes=1), timedelta(days=1))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("refused"), Unreachable),
        (httpx.ConnectTimeout("late"), Unreachable),
        (httpx.ReadTimeout("late"), NetworkError),
        (httpx.ReadError("reset"), NetworkError),
    ],
)
def test_only_what_never_connected_counts_as_unreached(
    error: Exception, kind: type[TrackerError]
) -> None:
    with pytest.raises(NetworkError) as caught, mapped_errors("https://site.example/"):
        raise error
    assert type(caught.value) is kind


def test_a_certificate_that_will_not_do_is_an_answer() -> None:
    with pytest.raises(NetworkError) as caught, mapped_errors("https://site.example/"):
        raise httpx.ConnectError("bad certificate") from ssl.SSLError("expired")
    assert not caught.value.unreached


def test_a_name_without_an_address_is_unreached() -> None:
    with pytest.raises(Unreachable, match="no address is known"):
        AddressGuard().resolve("no-such-host.invalid", 443)


# --- the clock is set back ----------------------------------------------------------------------


def test_a_watch_polled_in_the_future_is_not_asked_in_a_loop_nor_for_a_day(
    app: App, site: WebServer, clock: TurnedClock
) -> None:
    watch_feed_of(app, site)
    collect.run(app, Turn())
    clock.turn(days=-1)
    for _ in range(30):
        collect.run(app, Turn())
        clock.turn(minutes=1)
    polls = [request for request in site.requests if request.path == "/feed.xml"]
    assert 2 <= len(polls) <= 4


def test_what_was_held_back_before_the_clock_was_set_back_is_tried_soon(
    app: App, site: WebServer, clock: TurnedClock
) -> None:
    story = site.add("/story", b"", status=500)
    watch_feed_of(app, site, story)
    collect.run(app, Turn())
    assert [f.item for f in failures(app)] == [story]
    site.add("/story", article("Told after all"))
    clock.turn(days=-1)
    for _ in range(10):
        collect.run(app, Turn())
        clock.turn(minutes=1)
    assert failures(app) == []
    assert app.status().held.posts == 1
    assert app.verify().broken == ()


def test_no_job_waits_for_the_time_the_clock_was_set_back_by(app: App) -> None:
    scheduler = build_scheduler(app, threading.Event())
    scheduler.start(paused=True)
    try:
        set_back = datetime.now(UTC) - timedelta(days=1)
        bring_forward(scheduler, set_back)
        assert {job.next_run_time for job in scheduler.get_jobs()} == {set_back}
        bring_forward(scheduler, set_back - timedelta(seconds=1))  # nothing waits too long now
        assert {job.next_run_time for job in scheduler.get_jobs()} == {set_back}
    finally:
        scheduler.shutdown()
