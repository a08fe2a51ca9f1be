"""How far pictures agree once laid over each other: who is near, who is framed, who is a part."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.unit.matching import moving_scene as scene
from tests.unit.matching.moving_scene import Edit, Picture
from tracker.matching.overlay import both_ways
from tracker.matching.verify import measured
from tracker.model.match import Laid

PLACE = 0.15, 0.15, 0.6, 0.6


GREY = scene.flat(90)


def worn(picture: Picture) -> Picture:
    """Encoded once more, and badly."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 12])
    assert done
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def blurred(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.5), np.uint8)


def laid(query: Edit | None, reference: Edit | None = None) -> Laid:
    one, other = scene.film(1, query), scene.film(1, reference)
    there, back = (measured(scene.segment(), *pair) for pair in ((one, other), (other, one)))
    assert there is not None
    assert back is not None
    found = both_ways(there.overlay, back.overlay)
    assert found is not None
    return found


def test_equal_pictures_agree_in_everything() -> None:
    found = laid(None)
    assert found.residual < 0.3
    assert found == found.swapped()


def test_a_copy_is_nearer_to_its_source_than_to_that_ones_source() -> None:
    def worn_and_marked(picture: Picture) -> Picture:
        return scene.subtitle(worn(picture))

    assert laid(worn_and_marked, worn).residual < 0.5 * laid(worn_and_marked).residual


def test_what_is_framed_has_an_edge_around_it() -> None:
    found = laid(scene.framed(*PLACE, GREY))
    assert found.query_beside == pytest.approx(1 - 0.36, abs=0.06)
    assert found.query_seam > 0.5
    assert found.reference_beside < 0.05


def test_a_part_of_a_picture_that_goes_on_has_no_edge_around_it() -> None:
    found = laid(scene.cropped(*PLACE))
    assert found.reference_beside == pytest.approx(1 - 0.36, abs=0.06)
    assert found.reference_seam < 0.2
    assert found.query_beside < 0.05


def test_blur_takes_detail() -> None:
    assert laid(blurred).detail < -0.3


def test_what_stands_still_on_one_of_the_two_is_told() -> None:
    """A subtitle is where something moves in the other."""
    assert laid(scene.subtitle).overlaid > 0


@pytest.mark.parametrize("edit", [None, worn, scene.cropped(*PLACE), scene.framed(*PLACE, GREY)])
def test_the_other_way_round_says_the_same(edit: Edit | None) -> None:
    assert laid(edit) == laid(None, edit).swapped()


def test_nothing_is_minus_nothing() -> None:
    """The digest of a match is made of texts."""
    found = laid(None)
    assert "-0.0" not in f"{found} {found.swapped()} {found.swapped().swapped()}"


def test_nothing_is_said_of_pictures_that_do_not_lie_over_each_other() -> None:
    assert both_ways(None, None) is None
