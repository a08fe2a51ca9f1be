"""A post that is edited, taken down and put back, through rechecks and the command."""

from __future__ import annotations

import itertools
import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.drain import drain
from storage import ledger
from tests.integration.ingest.conftest import TurnedClock
from tests.support.footage import make_footage
from tests.support.json_schema import described
from tests.support.pages import article, video_page
from tests.support.webserver import Page, WebServer, serve
from tracker.app import App
from tracker.cli.history import history_document
from tracker.errors import UnknownSubject
from tracker.history import post_history
from tracker.ingest.add import Stated
from tracker.model.ledger import LedgerKind
from tracker.reports.documents import chain_document, instant_text
from tracker.reports.visibility_words import visibility_words
from tracker.reports.wording import moment_words


def look_again(app: App) -> None:
    drain(app.recheck, app.archive, app.clock, threading.Event())


def test_edited_gone_and_back_each_with_both_looks(
    app: App, site: WebServer, clock: TurnedClock
) -> None:
    url = site.add("/page", article("As it was"))
    started = clock.now()
    app.add.take_in(url, Stated())
    looks = []
    for page in (
        Page(article("As it was").encode()),
        Page(article("As it is now").encode()),
        Page(status=404),
        Page(status=500),
        Page(article("As it is now").encode()),
    ):
        clock.turn(days=90)
        looks.append(clock.now())
        site.routes["/page"] = page
        look_again(app)
    found = post_history(app.archive, url)
    assert [(step.status.value, step.at, step.last_at) for step in found.statuses] == [
        ("live", started, looks[1]),
        ("deleted", looks[2], looks[2]),
        ("live", looks[4], looks[4]),
    ]
    title = found.edits[0]
    assert (title.field, title.before, title.after) == ("title", "As it was", "As it is now")
    assert {(edit.last_seen_at, edit.first_seen_at) for edit in found.edits} == {
        (looks[0], looks[1])
    }
    with app.archive.database.read() as s:
        noted = [e.body for e in ledger.entries(s) if e.kind is LedgerKind.STATUS]
    assert [json.loads(body).get("status") or json.loads(body)["edited"] for body in noted][
        -2:
    ] == [
        "deleted",
        "live",
    ]
    document = json.loads(json.dumps(history_document(found)))
    assert described(document)["schema"] == "tracker/history/1"
    assert len(document["statuses"]) == 3


def test_a_chain_says_when_a_post_was_last_seen_and_first_seen_gone(
    app: App, site: WebServer, clock: TurnedClock, tmp_path: Path
) -> None:
    film = make_footage(tmp_path / "clip.mp4", seed=71, seconds=4).path.read_bytes()
    media = site.add("/clip.mp4", film, content_type="video/mp4")
    shown = Page(video_page("Seen", media, "2026-02-01T00:00:00Z").encode())
    site.routes["/post"] = shown
    url = site.url("/post")
    app.add.take_in(url, Stated())
    said: list[tuple[object, ...]] = []
    looks = [clock.now()]
    for page in (shown, Page(status=404), Page(status=500), shown):
        clock.turn(days=90)
        looks.append(clock.now())
        site.routes["/post"] = page
        look_again(app)
        (chain,) = app.subjects.chains(url)
        (told,) = json.loads(json.dumps(chain_document(chain)))["appearances"]
        names = ("status", "last_looked_at", "last_seen_at", "first_gone_at")
        said.append(tuple(told[name] for name in names))
        post = chain.links[0].appearance.post
        assert post is not None
        said[-1] += (visibility_words(post),)
    at = [instant_text(look) for look in looks]
    gone = f"last seen {moment_words(looks[1])}, first seen gone {moment_words(looks[2])}"
    deleted = f"deleted when last looked at, {moment_words(looks[2])}; {gone}"
    back = f"back again, it was found gone (deleted) first {moment_words(looks[2])}"
    assert said == [
        ("live", at[1], at[1], None, f"visible when last looked at, {moment_words(looks[1])}"),
        ("deleted", at[2], at[1], at[2], deleted),
        ("deleted", at[2], at[1], at[2], deleted),
        ("live", at[4], at[4], at[2],
         f"visible when last looked at, {moment_words(looks[4])}; {back}"),
    ]  # fmt: skip


def test_looks_thin_out_with_age(app: App, site: WebServer, clock: TurnedClock) -> None:
    url = site.add("/page", article("A page"))
    app.add.take_in(url, Stated())
    asked_at = []
    for _ in range(24 * 60):
        clock.turn(hours=1)
        before = len(site.requests)
        if app.recheck.pending(9):
            look_again(app)
        if len(site.requests) > before:
            asked_at.append(clock.now())
    pauses = [after - before for before, after in itertools.pairwise(asked_at)]
    assert pauses == sorted(pauses)
    assert len(asked_at) < 15
    assert pauses[-1] > timedelta(days=10)


def test_a_post_nobody_holds_has_no_history(app: App) -> None:
    for target in ("https://example.org/never", "no address"):
        with pytest.raises(UnknownSubject):
            post_history(app.archive, target)


@pytest.mark.parametrize(
    ("code", "found", "said"),
    [
        (410, "deleted", "it is known, and now recorded as deleted"),
        (403, "login_required", "it is known, and now recorded as login required"),
    ],
)
def test_adding_a_known_post_that_is_gone_notes_what_was_seen(
    code: int, found: str, said: str, app: App, site: WebServer, clock: TurnedClock
) -> None:
    url = site.add("/page", article("As it was"))
    app.add.take_in(url, Stated())
    clock.turn(days=1)
    gone_at = clock.now()
    site.routes["/page"] = Page(status=code)
    (error,) = app.add.take_in(url, Stated()).errors
    assert error.error.endswith(said)
    last = post_history(app.archive, url).statuses[-1]
    assert (last.status.value, last.at) == (found, gone_at)
    with app.archive.database.read() as s:
        noted = [e for e in ledger.entries(s) if e.kind is LedgerKind.STATUS]
    assert json.loads(noted[-1].body)["status"] == found


def test_what_says_nothing_about_a_known_post_is_not_noted(app: App, site: WebServer) -> None:
    url = site.add("/page", article("As it was"))
    app.add.take_in(url, Stated())
    before = post_history(app.archive, url).statuses
    site.routes["/page"] = Page(status=500)
    (error,) = app.add.take_in(url, Stated()).errors
    assert "recorded" not in error.error
    (unknown,) = app.add.take_in(site.url("/never-seen"), Stated()).errors
    assert "recorded" not in unknown.error
    assert post_history(app.archive, url).statuses == before


def test_a_dead_short_link_says_nothing_about_the_post_it_led_to(app: App, site: WebServer) -> None:
    url = site.add("/page", article("As it was"))
    with serve() as shortener:
        short = shortener.redirect("/s", url)
        app.add.take_in(short, Stated())
        before = post_history(app.archive, short).statuses
        shortener.routes["/s"] = Page(status=404)
        (error,) = app.add.take_in(short, Stated()).errors
    assert "recorded" not in error.error
    assert post_history(app.archive, url).statuses == before
