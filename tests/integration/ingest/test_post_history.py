"""A post that is edited, taken down and put back, through rechecks and the command."""

from __future__ import annotations

import itertools
import json
import threading
from datetime import timedelta

import pytest

from jobs.drain import drain
from storage import ledger
from tests.integration.ingest.conftest import TurnedClock
from tests.support.pages import article
from tests.support.webserver import Page, WebServer
from tracker.app import App
from tracker.cli.history import history_document
from tracker.errors import UnknownSubject
from tracker.history import post_history
from tracker.ingest.add import Stated
from tracker.model.ledger import LedgerKind


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
    assert document["schema"] == "tracker/history/1"
    assert len(document["statuses"]) == 3


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
