"""What failed is taken up again: by name, by stage or all of it, never half of what was asked."""

from __future__ import annotations

import pytest

from storage import attempts, posts
from storage.daemon import take
from tests.integration.ingest.conftest import TurnedClock
from tests.support.values import a_post, published
from tracker.app import App
from tracker.errors import UnknownSubject
from tracker.model.daemon import DaemonProcess
from tracker.model.ids import PostKey
from tracker.model.status import PostStatus
from tracker.model.watch import Watch

PAGE = "https://example.test/a"
GONE = PostKey("https://x.test/a/status/1")


def fail(app: App, stage: str, item: str, *, retryable: bool) -> None:
    with app.archive.database.write() as s:
        attempts.record_failure(
            s, stage, item, error="it broke", retryable=retryable, retry_at=None,
            now=app.clock.now(),
        )  # fmt: skip


def left(app: App) -> set[tuple[str, str]]:
    with app.archive.database.read() as s:
        return {(f.stage, f.item) for f in attempts.failing(s)}


def test_parked_and_waiting_items_are_released_by_stage_or_altogether(app: App) -> None:
    fail(app, "fingerprint", "ab" * 32, retryable=False)
    fail(app, "fingerprint", "cd" * 32, retryable=True)
    fail(app, "collect", PAGE, retryable=False)
    released = app.retry.release(["fingerprint"])
    assert [(w.stage, w.attempts, w.parked) for w in released] == [
        ("fingerprint", 1, True),
        ("fingerprint", 1, False),
    ]
    assert left(app) == {("collect", PAGE)}
    assert [w.subject for w in app.retry.release()] == [PAGE]
    assert left(app) == set()
    with pytest.raises(UnknownSubject, match="nothing is parked"):
        app.retry.release()


def test_items_are_named_as_the_status_names_them_with_or_without_their_stage(app: App) -> None:
    with app.archive.database.write() as s:
        posts.save_post(
            s, a_post(), now=app.clock.now(), depth=0, origin=None, published=published()
        )
    (pending,) = app.capture.pending(9)
    fail(app, "capture", app.capture.key(pending), retryable=False)
    (shown,) = app.status().failing
    assert (shown.subject, shown.parked) == (pending.ref.url, True)
    assert app.capture.pending(9) == []
    assert [w.subject for w in app.retry.release([shown.subject])] == [shown.subject]
    assert app.capture.pending(9) == [pending]
    fail(app, "collect", PAGE, retryable=False)
    assert app.retry.release(["collect", PAGE.upper().replace("/A", "/a")])


def test_one_unknown_name_releases_nothing(app: App) -> None:
    fail(app, "collect", PAGE, retryable=False)
    with pytest.raises(UnknownSubject, match=r"under this name: https://example.test/b"):
        app.retry.release([PAGE, "https://example.test/b"])
    with pytest.raises(UnknownSubject, match="items fail at: collect"):
        app.retry.release(["capture"])
    assert left(app) == {("collect", PAGE)}


def test_what_a_platform_said_of_a_post_is_asked_again_only_by_name(app: App) -> None:
    with app.archive.database.write() as s:
        now = app.clock.now()
        posts.save_post(s, a_post(GONE), now=now, depth=0, origin=None, published=published())
        posts.set_status(s, GONE, PostStatus.DELETED, now)
    fail(app, "collect", GONE, retryable=False)
    with pytest.raises(UnknownSubject):
        app.retry.release()
    assert [w.subject for w in app.retry.release([GONE])] == [GONE]


def test_a_watch_that_waits_is_due_again(app: App) -> None:
    watch = app.watches.add(Watch("https://example.test/feed", 60, 0, 9))
    fail(app, "watch", watch.target, retryable=True)
    assert app.watches.due() == []
    app.retry.release(["watch", watch.target])
    assert app.watches.due() == [watch]


def test_it_is_known_whether_anybody_takes_it_up(app: App, clock: TurnedClock) -> None:
    assert not app.retry.daemon_is_at_work()
    with app.archive.database.write() as s:
        take(s, DaemonProcess("a", "h", 1, clock.now(), clock.now(), 30.0), None)
    assert app.retry.daemon_is_at_work()
    clock.turn(seconds=31)
    assert not app.retry.daemon_is_at_work()
