"""A copy takes after the source whose errors it repeats, whatever was done to it since."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.provenance.test_footage import vid
from tracker.matching.leaning import MOMENTS, Source, common_moments, leanings
from tracker.model.match import Segment
from tracker.model.still import Still

Gray = npt.NDArray[np.uint8]

SIZE = (252, 448)
FIRST, SECOND = vid("first"), vid("second")
WHOLE = Segment(0, 6000, 0, 6000, 1.0, mirrored=False, score=1.0)
TIMES = common_moments(WHOLE, WHOLE)


def picture(at_ms: int) -> Gray:
    """A picture with structure everywhere, another one at each moment."""
    rng = np.random.default_rng(at_ms)
    plane = sum(
        amplitude * cv2.GaussianBlur(rng.normal(size=SIZE), (0, 0), sigma) * sigma
        for sigma, amplitude in ((2, 10), (6, 30), (20, 60))
    )
    return np.asarray(np.clip(128 + plane, 0, 255), np.uint8)


def recoded(gray: Gray, quality: int) -> Gray:
    data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def shown(pictures: Mapping[int, Gray], segment: Segment = WHOLE) -> Source:
    stills = tuple(Still(at, gray) for at, gray in pictures.items())
    return Source(segment, stills)


def leaning_of(copy: Mapping[int, Gray], first: Source, second: Source) -> float | None:
    stills = {at: Still(at, gray) for at, gray in copy.items()}
    found = leanings(stills, {FIRST: first, SECOND: second}, [(FIRST, SECOND)])
    return found.get((FIRST, SECOND))


@pytest.fixture(scope="module")
def root() -> dict[int, Gray]:
    return {at: picture(at) for at in TIMES}


@pytest.fixture(scope="module")
def poor(root: dict[int, Gray]) -> dict[int, Gray]:
    return {at: recoded(gray, 30) for at, gray in root.items()}


def test_a_copy_of_the_poorer_one_repeats_its_errors(
    root: dict[int, Gray], poor: dict[int, Gray]
) -> None:
    of_poor = {at: recoded(gray, 60) for at, gray in poor.items()}
    found = leaning_of(of_poor, shown(poor), shown(root))
    assert found is not None
    assert found > 0.3


def test_a_copy_of_the_better_one_does_not(root: dict[int, Gray], poor: dict[int, Gray]) -> None:
    of_root = {at: recoded(gray, 60) for at, gray in root.items()}
    found = leaning_of(of_root, shown(poor), shown(root))
    assert found is not None
    assert found < -0.2


def test_it_shows_through_what_was_done_to_the_copy(
    root: dict[int, Gray], poor: dict[int, Gray]
) -> None:
    edited = {}
    for at, gray in poor.items():
        changed = np.clip(0.7 * gray.astype(np.float32) + 40, 0, 255).astype(np.uint8)
        changed[20:80, 30:160] = 255  # a mark
        edited[at] = recoded(changed, 60)
    found = leaning_of(edited, shown(poor), shown(root))
    assert found is not None
    assert found > 0.3


def test_a_mirrored_copy_leans_as_the_copy_does(
    root: dict[int, Gray], poor: dict[int, Gray]
) -> None:
    turned = {at: np.ascontiguousarray(gray[:, ::-1]) for at, gray in poor.items()}
    mirrored = Segment(0, 6000, 0, 6000, 1.0, mirrored=True, score=1.0)
    found = leaning_of(turned, shown(poor, mirrored), shown(root, mirrored))
    assert found is not None
    assert found > 0.45


def test_the_frame_of_the_instant_is_looked_for(
    root: dict[int, Gray], poor: dict[int, Gray]
) -> None:
    """The line in time is found to within a few frames: what lies beside it is another moment."""
    late = {at + 120: gray for at, gray in poor.items()}
    early = {at - 120: picture(at + 7) for at in poor}
    found = leaning_of(poor, shown(late | early), shown(root))
    assert found is not None
    assert found > 0.45


def test_sources_that_do_not_differ_say_nothing(root: dict[int, Gray]) -> None:
    assert leaning_of(root, shown(root), shown(root)) is None


def test_other_footage_says_nothing(root: dict[int, Gray], poor: dict[int, Gray]) -> None:
    other = {at: picture(at + 31) for at in TIMES}
    assert leaning_of(other, shown(poor), shown(root)) is None


def test_a_source_without_frames_there_says_nothing(root: dict[int, Gray]) -> None:
    assert leaning_of(root, shown({}), shown(root)) is None


@settings(max_examples=25)
@given(quality=st.integers(10, 95), of_first=st.booleans())
def test_both_orders_say_the_same(quality: int, *, of_first: bool) -> None:
    first, second = ({at: recoded(picture(at), q) for at in TIMES[:2]} for q in (25, 45))
    copied = first if of_first else second
    copy = {at: Still(at, recoded(gray, quality)) for at, gray in copied.items()}
    sources = {FIRST: shown(first), SECOND: shown(second)}
    there = leanings(copy, sources, [(FIRST, SECOND)])
    back = leanings(copy, sources, [(SECOND, FIRST)])
    assert back[SECOND, FIRST] == pytest.approx(-there[FIRST, SECOND], abs=1e-6)
    assert (there[FIRST, SECOND] > 0) is of_first


@given(
    start=st.integers(0, 100_000),
    length=st.integers(200, 4_000_000),
    later=st.integers(0, 5_000),
)
def test_moments_lie_in_what_both_share(start: int, length: int, later: int) -> None:
    one = Segment(start, start + length, 0, length, 1.0, mirrored=False, score=1.0)
    other = Segment(
        start + later, start + later + length, 0, length, 1.0, mirrored=False, score=1.0
    )
    found = common_moments(one, other)
    assert found == common_moments(other, one)
    assert len(found) <= MOMENTS
    assert all(start + later <= at < start + length for at in found)
    assert bool(found) is (length - later - 160 >= 1_200)
