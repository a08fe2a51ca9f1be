"""A small archive taken through every stage, step by step, with a clock that can be turned."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.reliability.reposts import Instalment
from benchmarks.reliability.state import leftovers, state_of
from storage import clips as clip_rows
from tracker.app import App, open_app
from tracker.config import NetworkSettings, RetentionSettings, Settings
from tracker.errors import TrackerError, UnknownSubject
from tracker.ingest.add import Stated
from tracker.ingest.stage import Stage, attempt
from tracker.media.digest import sha256_of
from tracker.model.watch import Watch
from tracker.reports.documents import chain_document
from tracker.trace import Tracer

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


class TurnedClock:
    """Tells the time it was set to."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        """Return that time."""
        return self.at


@dataclass(frozen=True, slots=True)
class Work:
    """The small world, and the folder that holds one archive of it."""

    feed_url: str
    part: Instalment
    root: Path

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.root / "data"

    @contextmanager
    def app(self, clock: TurnedClock, *, all_may_go: bool = False) -> Iterator[App]:
        """Open the archive."""
        settings = Settings(
            data_dir=self.data,
            network=NetworkSettings(allow_private=True),
            retention=RetentionSettings(originals_days=1e-7 if all_may_go else 0),
        )
        with open_app(settings, clock=clock) as app:
            yield app


def _watch(app: App, work: Work) -> list[TrackerError]:
    app.watches.add(Watch(work.feed_url, interval_s=60, depth=2, budget=1000))
    return []


def _collect(app: App, _work: Work) -> list[TrackerError]:
    failed = []
    for watch in app.watches.due():
        try:
            app.watches.poll(watch)
        except TrackerError as exc:
            failed.append(exc)
    return failed + _drain(app, app.collect)


def _drain(app: App, stage: Stage[Any]) -> list[TrackerError]:
    tried: set[str] = set()
    failed = []
    while items := [i for i in stage.pending(64) if stage.key(i) not in tried]:
        for item in items:
            tried.add(stage.key(item))
            error = attempt(stage, item, app.archive, app.clock)
            failed += [error] if error else []
    return failed


def _add(app: App, work: Work) -> list[TrackerError]:
    return [TrackerError(e.error) for e in app.add.take_in(str(work.part.file), Stated()).errors]


def _import(app: App, work: Work) -> list[TrackerError]:
    results = [app.imports.take_in(found) for found in app.imports.found(work.part.folder)]
    return [TrackerError(error.error) for result in results for error in result.errors]


def _export(app: App, work: Work) -> list[TrackerError]:
    for form, name in (("bundle", "case"), ("bundle", "case.zip"), ("html", "case.html")):
        output = work.data / "exports" / name
        if not output.exists():
            with app.archive.database.read() as session:
                subject = min(clip.id for clip in clip_rows.all_clips(session))
            app.reports.write(subject, form, output)
    return []


def _forget(app: App, work: Work) -> list[TrackerError]:
    with contextlib.suppress(UnknownSubject):  # done already
        app.retention.forget(sha256_of(work.part.file), by="the sweep", why="to see it deleted")
    app.retention.finish()
    return []


def _retention(app: App, _work: Work) -> list[TrackerError]:
    app.retention.run()
    return []


def _fixity(app: App, _work: Work) -> list[TrackerError]:
    app.fixity.run_slice(lambda: False)
    return []


def _anchor(app: App, _work: Work) -> list[TrackerError]:
    app.anchoring.run()
    return []


def _verify(app: App, _work: Work) -> list[TrackerError]:
    return [TrackerError(f"{b.kind} {b.name}: {b.reason}") for b in app.verify().broken]


def _stage(name: str) -> Callable[[App, Work], list[TrackerError]]:
    return lambda app, _work: _drain(app, getattr(app, name))


STEPS: Mapping[str, Callable[[App, Work], list[TrackerError]]] = {
    "watch": _watch,
    "add": _add,
    "import": _import,
    "collect": _collect,
    "capture": _stage("capture"),
    "credentials": _stage("credentials"),
    "fingerprint": _stage("fingerprint"),
    "detect": _stage("detect"),
    "record": _stage("record"),
    "export": _export,
    "forget": _forget,
    "retention": _retention,
    "fixity": _fixity,
    "anchor": _anchor,
    "verify": _verify,
}


def run_step(work: Work, clock: TurnedClock, step: str) -> list[TrackerError]:
    """Do one step as the daemon or a person would; return what failed in it."""
    try:
        with work.app(clock, all_may_go=step == "retention") as app:
            return STEPS[step](app, work)
    except TrackerError as exc:
        return [exc]


def result_of(work: Work, clock: TurnedClock) -> tuple[dict[str, Counter[Any]], list[str]]:
    """Return what the archive holds and what is wrong with it."""
    with work.app(clock) as app:
        verified = app.verify()
        tracer = Tracer(app.archive.database, app.algorithm_key, clock)
        with app.archive.database.read() as session:
            chains = [chain_document(c) for c in tracer.all_chains(session)]
    wrong = [f"verify: {b.kind} {b.name}: {b.reason}" for b in verified.broken]
    wrong += [f"left over: {path}" for path in leftovers(work.data)]
    return state_of(work.data, chains), wrong
