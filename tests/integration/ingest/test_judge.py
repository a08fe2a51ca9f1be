"""A person's verdict: kept, obeyed, shown, and checked."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from storage import clips, verdicts
from tests.integration.ingest.test_trace import (
    COMPILATION,
    FOUND,
    LONGER,
    OTHER,
    TRIM,
    WHOLE,
    Archive,
    Upload,
    clip_of,
    story,
)
from tests.unit.provenance.test_footage import shared, vid
from tracker.app import App
from tracker.errors import UnknownSubject, UsageError
from tracker.model.ids import ClipId
from tracker.model.verdict import VerdictKind
from tracker.reports.verdict_words import verdict_words

SAME, DIFFERENT, UNSURE = VerdictKind.SAME, VerdictKind.DIFFERENT, VerdictKind.UNSURE
STRANGER = Upload("stranger", 8, 6)


def judge(app: App, clip: ClipId, video: str, kind: VerdictKind) -> None:
    app.clock.turn(minutes=1)  # type: ignore[attr-defined]
    app.judge.judge(clip, vid(video), kind, by="N. Name", why="looked at both")


def archive_of(app: App, *uploads: Upload, found: Sequence[object] = FOUND) -> Archive:
    archive = Archive(app, found)  # type: ignore[arg-type]
    for upload in uploads:
        archive.arrive(upload)
    return archive


def members(archive: Archive) -> list[list[str]]:
    return [[name for name, _, _ in told] for told in story(archive.chains())]


def test_what_is_judged_different_leaves_the_clip_and_stays_out(app: App) -> None:
    archive = archive_of(app, TRIM, WHOLE, LONGER)
    clip = clip_of(app, "trim")
    judge(app, clip, "longer", DIFFERENT)
    assert members(archive) == [["longer"], ["whole", "trim"]]
    assert clip_of(app, "trim") == clip
    archive.arrive(COMPILATION)  # matches all of them
    assert ["whole", "trim", "comp"] in members(archive)
    assert all({"longer", "whole"} - set(told) for told in members(archive))
    with app.archive.database.read() as s:
        reasons = [revision.reason for revision in clips.history(s, clip)]
    assert any("does not show this clip" in reason for reason in reasons)


def test_a_verdict_is_told_beside_the_video_whatever_clip_it_is_shown_with(app: App) -> None:
    archive_of(app, TRIM, WHOLE, LONGER)
    clip = clip_of(app, "trim")
    judge(app, clip, "longer", DIFFERENT)
    with app.archive.database.read() as s:
        (verdict,) = verdicts.of_video(s, vid("longer"))
        assert verdicts.of_video(s, vid("whole")) == ()
    assert "does not show this clip" in verdict_words(verdict, clip)
    assert f"does not show the footage of {clip}" in verdict_words(verdict, clip_of(app, "longer"))


def test_the_latest_verdict_is_obeyed_and_all_are_kept(app: App) -> None:
    archive = archive_of(app, TRIM, WHOLE)
    clip = clip_of(app, "trim")
    judge(app, clip, "trim", DIFFERENT)
    assert members(archive) == [["trim"], ["whole"]]
    judge(app, clip, "trim", UNSURE)
    assert members(archive) == [["whole", "trim"]]
    (chain,) = app.subjects.chains(clip)
    assert [verdict.kind for verdict in chain.verdicts] == [DIFFERENT, UNSURE]


def test_a_clip_keeps_its_id_when_its_own_video_is_judged_out(app: App) -> None:
    archive = archive_of(app, TRIM, WHOLE)
    clip = clip_of(app, "trim")
    judge(app, clip, "whole", DIFFERENT)
    assert members(archive) == [["trim"], ["whole"]]
    assert clip_of(app, "trim") == clip
    with pytest.raises(UsageError, match="nothing but this video"):
        judge(app, clip, "trim", DIFFERENT)


def test_what_is_judged_the_same_joins_with_its_own_copies(app: App) -> None:
    copies = [*FOUND, shared("stranger", (0, 8), "copy", (0, 8))]
    archive = archive_of(app, WHOLE, STRANGER, Upload("copy", 7, 7), found=copies)
    clip, other = clip_of(app, "whole"), clip_of(app, "stranger")
    judge(app, clip, "stranger", SAME)
    (told,) = story(archive.chains())
    assert told[0] == ("whole", "root", "")
    assert {name for name, _, _ in told} == {"whole", "stranger", "copy"}
    (chain,) = app.subjects.chains(other)
    (asserted,) = [link for link in chain.links if link.appearance.video == vid("stranger")]
    assert asserted.parent is None
    assert "a person judged" in asserted.why
    archive.arrive(TRIM)
    assert len(archive.chains()) == 1


def test_verdicts_do_not_depend_on_the_order_of_arrival(app: App) -> None:
    archive = archive_of(app, WHOLE, TRIM)
    clip = clip_of(app, "trim")
    judge(app, clip, "trim", DIFFERENT)
    archive.arrive(LONGER)
    archive.arrive(OTHER)
    assert all({"trim", "whole"} - set(told) for told in members(archive))


def test_verify_finds_a_changed_verdict_and_one_that_is_gone(app: App) -> None:
    archive_of(app, TRIM, WHOLE)
    clip = clip_of(app, "trim")
    judge(app, clip, "trim", SAME)
    judge(app, clip, "trim", UNSURE)

    def broken() -> list[str]:
        return [item.name for item in app.verify().broken if "verdict" in item.name + item.reason]

    assert broken() == []
    for change in ("verdict = 'different'", "verdict = 'nonsense'", "why = 'other'"):
        with app.archive.database.write() as s:
            s.execute(text(f"UPDATE verdict SET {change} WHERE id = 1"))  # noqa: S608 - our own
        assert broken() == ["verdict 1"]
    with app.archive.database.write() as s:
        s.execute(text("DELETE FROM verdict WHERE id = 2"))
    assert len(broken()) == 2


def test_names_that_stand_for_nothing_or_for_several(app: App) -> None:
    archive_of(app, TRIM, WHOLE, COMPILATION, OTHER)
    clip = clip_of(app, "trim")
    assert app.subjects.clip(WHOLE.key) == clip
    assert app.subjects.video(WHOLE.key) == vid("whole")
    with pytest.raises(UsageError, match="shows 2 clips"):
        app.judge.judge(COMPILATION.key, vid("trim"), SAME, by="N", why="x")
    with pytest.raises(UnknownSubject):
        app.judge.judge(clip, "nothing.mp4", SAME, by="N", why="x")
    with pytest.raises(UsageError, match="--by and --why"):
        app.judge.judge(clip, vid("trim"), SAME, by=" ", why="x")
    with app.archive.database.read() as s:
        assert list(verdicts.all_verdicts(s)) == []
