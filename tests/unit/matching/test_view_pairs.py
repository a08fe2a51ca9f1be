from __future__ import annotations

import cv2
import imagehash
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from tracker.matching.view_pairs import mirrored

codes = hnp.arrays(np.uint8, st.tuples(st.integers(1, 4), st.just(32)))


@given(codes)
def test_mirroring_twice_changes_nothing(code: np.ndarray) -> None:
    assert np.array_equal(mirrored(mirrored(code)), code)


@given(hnp.arrays(np.uint8, (2, 32)))
def test_mirroring_keeps_distances(pair: np.ndarray) -> None:
    one, other = mirrored(pair)
    assert np.bitwise_count(one ^ other).sum() == np.bitwise_count(pair[0] ^ pair[1]).sum()


def test_a_mirrored_hash_is_near_that_of_the_mirrored_picture() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        cells = rng.integers(0, 256, (9, 16)).astype(np.uint8)
        picture = Image.fromarray(cv2.resize(cells, (192, 108), interpolation=cv2.INTER_CUBIC))
        turned = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        bits = [np.packbits(imagehash.phash(p, 16).hash.ravel()) for p in (picture, turned)]
        assert np.bitwise_count(mirrored(bits[0][None])[0] ^ bits[1]).sum() <= 20
