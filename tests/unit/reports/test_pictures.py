"""Which frames of a stretch a report shows."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.sample_chain import appearance_id, sample_chain, video
from tracker.export.pictures import pictures
from tracker.model.ids import VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.match import Match, Segment
from tracker.reports.report_input import Compared

LATE_MS = 2000
"""How much later the query's footage lies in the reference."""


def shown(length_ms: int) -> list[tuple[int, int]]:
    """Return the times (of the appearance, of the reference) of the frames side by side."""
    segment = Segment(0, length_ms, LATE_MS, LATE_MS + length_ms, 1.0, mirrored=False, score=0.9)
    match = Match(video(2), video(1), 0.9, (segment,))
    compared = Compared(appearance_id(2), appearance_id(1), match)
    made = pictures(sample_chain(), [compared], keyframes)
    return [(pair.appearance_pts_ms, pair.reference_pts_ms) for pair in made]


def keyframes(name: VideoId) -> Sequence[Keyframe]:
    offset = LATE_MS if name == video(1) else 0
    return [Keyframe(offset + at, b"jpeg") for at in range(0, 60_000, 1500)]


def test_frames_are_spread_over_the_whole_stretch() -> None:
    assert shown(12_000) == [(0, 2000), (4500, 6500), (9000, 11_000)]
    assert shown(60_000) == [(0, 2000), (21_000, 23_000), (40_500, 42_500)]


def test_a_short_stretch_is_shown_by_what_there_is() -> None:
    assert shown(4000) == [(0, 2000), (1500, 3500), (3000, 5000)]
    assert shown(1000) == [(0, 2000)]
