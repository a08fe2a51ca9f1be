import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from tracker.fingerprint.phash import phash, shrink


def oracle(picture: np.ndarray, hash_size: int) -> bytes:
    return np.packbits(imagehash.phash(Image.fromarray(picture), hash_size).hash.ravel()).tobytes()


@pytest.mark.parametrize("hash_size", [8, 16])
def test_a_batch_equals_imagehash_frame_by_frame(hash_size: int) -> None:
    rng = np.random.default_rng(7)
    frames = [rng.integers(0, 256, (90, 160), dtype=np.uint8) for _ in range(20)]
    codes = phash(shrink(np.stack(frames), hash_size), hash_size)
    assert [row.tobytes() for row in codes] == [oracle(frame, hash_size) for frame in frames]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([8, 16]),
    hnp.arrays(np.uint8, st.tuples(st.integers(2, 70), st.integers(2, 70))),
)
def test_any_picture_equals_imagehash_even_where_coefficients_tie(
    hash_size: int, picture: np.ndarray
) -> None:
    codes = phash(shrink(picture[None], hash_size), hash_size)
    assert codes[0].tobytes() == oracle(picture, hash_size)


@pytest.mark.parametrize("value", [0, 1, 127, 255])
def test_flat_pictures_equal_imagehash(value: int) -> None:
    picture = np.full((40, 60), value, np.uint8)
    assert phash(shrink(picture[None], 8), 8)[0].tobytes() == oracle(picture, 8)


def test_no_frames_give_no_codes() -> None:
    assert phash(np.zeros((0, 64, 64), np.uint8), 16).shape == (0, 32)
