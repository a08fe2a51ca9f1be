"""A person's word goes before every match, also before those with parts and copies of copies."""

from __future__ import annotations

from collections.abc import Mapping

from tests.unit.provenance.test_footage import Cuts, edited, shared, vid
from tracker.model.match import Match
from tracker.provenance.verdicts import grouped_as_judged


def clips(durations_s: Mapping[str, float], matches: list[Match], apart: str) -> list[set[str]]:
    """Return the members of each clip once a person said that ``apart`` is not the reference."""
    names = {vid(name): name for name in durations_s}
    footage = grouped_as_judged(
        {vid(name): round(s * 1000) for name, s in durations_s.items()},
        matches,
        Cuts(compilation=(10, 20, 28)),
        different=[(vid("reference"), vid(apart))],
    )
    return [{names[member.video] for member in one.members} for one in footage]


def test_who_uses_a_part_of_the_clip_does_not_bring_the_judged_video_back() -> None:
    """The judged one is the longest of all; a package with a part of the clip is found in it."""
    durations = {"reference": 10, "slower": 12.5, "package": 12, "crop": 9}
    matches = [
        edited(shared("package", (0, 6), "reference", (2, 8)), "compilation"),
        edited(shared("crop", (0, 9), "reference", (0, 9)), "crop"),
        edited(shared("crop", (2, 8), "package", (0, 6)), "crop", "compilation"),
        edited(shared("slower", (0, 12.5), "reference", (0, 10)), "speed"),
        edited(shared("package", (0, 6), "slower", (2.5, 10)), "speed", "compilation"),
        edited(shared("crop", (0, 9), "slower", (0, 11.25)), "crop"),
    ]
    found = clips(durations, matches, "slower")
    assert all("slower" not in members or members == {"slower"} for members in found)
    assert any({"reference", "crop", "package"} <= members for members in found)


def test_what_the_judged_video_shares_besides_the_clip_stays() -> None:
    """A compilation uses the clip and, elsewhere, footage of the judged video."""
    durations = {"reference": 10, "judged": 8, "compilation": 30}
    matches = [
        shared("reference", (0, 10), "compilation", (0, 10)),
        shared("judged", (0, 8), "compilation", (20, 28)),
        shared("judged", (0, 8), "reference", (0, 8)),
    ]
    found = clips(durations, matches, "judged")
    assert any({"judged", "compilation"} <= members for members in found)
    assert all({"judged", "reference"} - members for members in found)
