"""Pictures from outside: hashed as frames are, whatever bars they have, and never trusted."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.fingerprint.preview import preview_codes
from tracker.ingest.previews import NO_CODES, PREVIEW_RADIUS_BITS, distance_bits
from tracker.matching.view_pairs import mirrored


def picture(seed: int, size: tuple[int, int] = (320, 180)) -> npt.NDArray[np.uint8]:
    small = np.random.default_rng(seed).integers(0, 256, (9, 16), np.uint8)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def encoded(image: npt.NDArray[np.uint8], kind: str = ".jpg") -> bytes:
    done, body = cv2.imencode(kind, image)
    assert done
    return body.tobytes()


@pytest.mark.parametrize("kind", [".jpg", ".png", ".webp"])
def test_a_picture_is_known_at_another_size_mirrored_and_between_bars(kind: str) -> None:
    whole = preview_codes(encoded(picture(1)))
    changed = (
        picture(1, (640, 360)),
        cv2.flip(picture(1), 1),
        cv2.copyMakeBorder(picture(1), 40, 40, 0, 0, cv2.BORDER_CONSTANT, value=0),
    )
    for image in changed:
        codes = preview_codes(encoded(np.asarray(image, np.uint8), kind))
        assert distance_bits(codes, whole) <= PREVIEW_RADIUS_BITS


def test_other_pictures_are_not_alike() -> None:
    codes = [preview_codes(encoded(picture(seed))) for seed in range(12)]
    for n, one in enumerate(codes):
        for other in codes[:n]:
            assert distance_bits(one, other) > PREVIEW_RADIUS_BITS


def test_the_distance_is_the_nearest_pairs_either_way_round() -> None:
    frames = np.random.default_rng(3).integers(0, 256, (9000, 32), np.uint8)
    near = frames[8500:8501].copy()
    near[0, 0] ^= 0b111
    assert distance_bits(near, frames) == 3
    assert distance_bits(mirrored(near), frames) == 3


@pytest.mark.parametrize(
    "body",
    [b"", b"<html></html>", b"\xff\xd8\xff\xe0", b"GIF89a", encoded(picture(1))[:200],
     encoded(np.full((90, 160), 7, np.uint8)), encoded(picture(1, (8, 8)))],
)  # fmt: skip
def test_what_is_no_telling_picture_has_no_codes(body: bytes) -> None:
    assert preview_codes(body).shape == NO_CODES.shape


@pytest.mark.parametrize("side", [60_000, 2**31 - 1, 0])
def test_a_picture_that_claims_too_many_pixels_is_not_decoded(side: int) -> None:
    body = bytearray(encoded(picture(1), ".png"))
    body[16:24] = side.to_bytes(4, "big") * 2
    assert len(preview_codes(bytes(body))) == 0


@given(st.binary(max_size=400), st.sampled_from([".jpg", ".png", ".webp"]), st.integers(0, 300))
def test_broken_pictures_never_raise(noise: bytes, kind: str, start: int) -> None:
    body = bytearray(encoded(picture(2, (64, 48)), kind))
    body[start : start + len(noise)] = noise
    assert preview_codes(bytes(body)).shape[1] == NO_CODES.shape[1]
