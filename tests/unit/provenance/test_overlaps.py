"""What two videos share, and who is carried into a clip by it."""

from __future__ import annotations

import pytest

from tests.unit.provenance.test_footage import edited, shared, vid
from tracker.model.match import Match
from tracker.provenance.carried import Placed, carried
from tracker.provenance.overlaps import Overlaps, Stretch


def overlaps(durations_s: dict[str, float], *matches: Match) -> Overlaps:
    return Overlaps({vid(name): round(s * 1000) for name, s in durations_s.items()}, matches)


def stretch(name: str, start_s: float, end_s: float) -> Stretch:
    return Stretch(vid(name), round(start_s * 1000), round(end_s * 1000))


def test_files_of_one_cut_share_all_of_it_though_part_of_it_was_found() -> None:
    found = overlaps({"one": 9, "two": 9}, shared("one", (1, 5), "two", (1, 5)))
    assert found.between(vid("one"), vid("two")).inner == stretch("one", 0, 9)
    assert found.is_part(vid("two"), vid("one"))


def test_that_holds_at_another_speed_as_well() -> None:
    found = overlaps({"fast": 6, "slow": 9}, shared("fast", (0, 4), "slow", (0, 6)))
    assert found.between(vid("slow"), vid("fast")).inner == stretch("slow", 0, 9)


@pytest.mark.parametrize(
    ("one_s", "there", "here"),
    [
        (12.0, (0.0, 4.0), (5.0, 9.0)),  # begins elsewhere
        (10.0, (0.0, 4.0), (0.0, 4.0)),  # ends elsewhere
        (9.0, (0.0, 2.0), (0.0, 2.0)),  # too little to know
    ],
)
def test_other_cuts_share_what_was_found(
    one_s: float, there: tuple[float, float], here: tuple[float, float]
) -> None:
    found = overlaps({"one": one_s, "two": 9}, shared("two", there, "one", here))
    assert found.between(vid("one"), vid("two")).inner == stretch("one", *here)


def test_a_border_found_too_wide_carries_no_neighbour_into_the_clip() -> None:
    """The clip seems to run on in the compilation over the first half of the next one."""
    found = overlaps(
        {"second": 6, "compilation": 12},
        edited(shared("second", (0, 6), "compilation", (5, 11)), "crop", "compilation"),
    )
    too_wide = Placed(stretch("compilation", 0, 8), stretch("first", 0, 8), inset=False)
    assert carried([too_wide], found, settled=()) == {}
    reaching = Placed(stretch("compilation", 4, 12), stretch("first", 0, 8), inset=False)
    assert set(carried([reaching], found, settled=())) == {vid("second")}
