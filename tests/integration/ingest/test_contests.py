"""Copies of one source, encoded again: the originals tell which of them a copy was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import leanings, matches, videos
from storage.leanings import Contest
from tests.integration.ingest.test_still_shots import clip_of
from tests.support.footage import Edit, make_copy, make_footage
from tracker.app import App, open_app
from tracker.config import JobSettings, Settings
from tracker.contests import Contests
from tracker.ingest.add import Stated
from tracker.ingest.record import Record
from tracker.model.chain import Chain
from tracker.model.ids import VideoId
from tracker.trace import Tracer

PUBLISHED = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A clip, two poor copies of it, and a copy each of the clip and of the first poor one."""
    folder = tmp_path_factory.mktemp("family")
    made = {name: folder / f"{name}.mp4" for name in ("clip", "poor", "other", "late", "of_poor")}
    make_footage(made["clip"], seed=5, seconds=6)
    make_copy(made["clip"], made["poor"], Edit(crf=33))
    make_copy(made["clip"], made["other"], Edit(crf=32, height=164))
    make_copy(made["clip"], made["late"], Edit(crf=26, caption=0.12))
    make_copy(made["poor"], made["of_poor"], Edit(crf=26, letterbox=0.1))
    return made


def taken_in(app: App, files: Mapping[str, Path], order: tuple[str, ...]) -> dict[str, VideoId]:
    days = {name: number for number, name in enumerate(files)}
    held = {}
    for name in order:
        at = PUBLISHED + timedelta(days=days[name])
        added = app.add.take_in(str(files[name]), Stated(published_at=f"{at:%Y-%m-%d}"))
        held[name] = added.videos[0].sha256
    return held


def parents(chain: Chain, held: Mapping[str, VideoId]) -> dict[str, str | None]:
    names = {video: name for name, video in held.items()}
    by_id = {link.appearance.id: names[link.appearance.video] for link in chain.links}
    return {
        by_id[link.appearance.id]: by_id[link.parent] if link.parent is not None else None
        for link in chain.links
    }


def known(app: App, held: Mapping[str, VideoId]) -> dict[Contest, float | None]:
    with app.archive.database.read() as session:
        return leanings.leanings(session, set(held.values()), app.algorithm_key)


def test_each_copy_is_given_the_source_whose_errors_it_repeats(
    app: App, files: dict[str, Path]
) -> None:
    held = taken_in(app, files, tuple(files))
    (chain,) = app.subjects.chains(clip_of(app, held["clip"]))
    told = parents(chain, held)
    assert told["late"] == "clip"
    assert told["of_poor"] == "poor"
    (link,) = [link for link in chain.links if link.appearance.video == held["of_poor"]]
    assert "repeats small errors of this one" in link.why
    poor, other = sorted((held["poor"], held["other"]))
    leaning = known(app, held)[held["of_poor"], poor, other]
    assert leaning is not None
    assert abs(leaning) > 0.2
    assert (leaning > 0) is (poor == held["poor"])


def test_the_order_of_arrival_changes_nothing(
    files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    answers = []
    for order in (("of_poor", "clip", "other", "late", "poor"), tuple(files)):
        folder = tmp_path_factory.mktemp("archive")
        with open_app(Settings(data_dir=folder, jobs=JobSettings(workers=1))) as app:
            held = taken_in(app, files, order)
            (chain,) = app.subjects.chains(clip_of(app, held["clip"]))
            confidences = {link.appearance.video: link.confidence for link in chain.links}
            answers.append((parents(chain, held), confidences))
    assert answers[0] == answers[1]


def test_without_originals_the_chain_is_made_without_them(app: App, files: dict[str, Path]) -> None:
    held = taken_in(app, files, ("clip", "poor"))
    for video in held.values():
        app.archive.media.remove(video)
    held |= taken_in(app, files, ("of_poor",))
    assert app.record.pending(1) == []
    assert set(known(app, held).values()) <= {None}
    (chain,) = app.subjects.chains(clip_of(app, held["clip"]))
    assert len(chain.links) == 3


def test_a_few_videos_at_a_time_come_to_the_same(app: App, files: dict[str, Path]) -> None:
    held = taken_in(app, files, tuple(files))
    told = known(app, held)
    (before,) = app.subjects.chains(clip_of(app, held["clip"]))
    archive, key = app.archive, app.algorithm_key
    with archive.database.write() as session:
        for video, one, other in told:
            leanings.forget(session, video, one)
            leanings.forget(session, video, other)
        for video in held.values():
            videos.touch(session, video)
    assert known(app, held) == {}
    contests = Contests(app.originals, 1)
    stage = Record(archive, Tracer(archive.database, key, app.clock, contests), app.clock)
    turns = 0
    while pending := stage.pending(1):
        stage.process(pending[0])
        turns += 1
    assert turns > 1
    assert known(app, held) == told
    (after,) = app.subjects.chains(clip_of(app, held["clip"]))
    assert parents(after, held) == parents(before, held)


def test_a_match_made_anew_is_compared_anew(app: App, files: dict[str, Path]) -> None:
    held = taken_in(app, files, tuple(files))
    told = known(app, held)
    touched = {held["of_poor"], held["poor"]}
    with app.archive.database.write() as session:
        (match,) = [
            m
            for m in matches.matches_of(session, held["of_poor"], app.algorithm_key)
            if m.reference == held["poor"]
        ]
        changed = replace(match, score=match.score / 2)
        matches.save_match(session, changed, app.algorithm_key, now=app.clock.now())
    gone = set(told) - set(known(app, held))
    assert gone
    assert all(contest[0] in touched and touched <= set(contest) for contest in gone)
