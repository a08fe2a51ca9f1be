"""Keyframes of seeded scenes in which something moves, and edits of single pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from tracker.model.keyframe import Keyframe
from tracker.model.match import Segment

Picture = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.float64]
Edit = Callable[[Picture], Picture]

WIDTH, HEIGHT = 512, 288
TIMES_MS = (0, 1500, 3000, 4500)


def background(seed: int) -> Picture:
    """Coloured blocks and discs of many sizes: something with corners everywhere."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for _ in range(220):
        x, y, size = int(rng.integers(WIDTH)), int(rng.integers(HEIGHT)), int(rng.integers(4, 40))
        colour = tuple(int(v) for v in rng.integers(20, 236, 3))
        if rng.random() < 0.5:
            cv2.rectangle(picture, (x, y), (x + size, y + size), colour, -1)
        else:
            cv2.circle(picture, (x, y), size // 2, colour, -1)
    return picture


def frame(seed: int, at_ms: int, *, subject: int | None = None) -> Picture:
    """Return the scene at ``at_ms``: three large discs move over a background that stands still.

    Another ``subject`` is other discs on other ways before the same background.
    """
    picture = background(seed)
    rng = np.random.default_rng([seed, 0 if subject is None else subject + 1])
    for _ in range(3):
        start, step = rng.uniform(0, 1, 2), rng.uniform(-0.12, 0.12, 2)
        colour = tuple(int(v) for v in rng.integers(20, 236, 3))
        x, y = (start + step * at_ms / 1000) % 1.0 * (WIDTH, HEIGHT)
        cv2.circle(picture, (int(x), int(y)), 34, colour, -1)
    return picture


def keyframe(picture: Picture, pts_ms: int = 0) -> Keyframe:
    done, data = cv2.imencode(".jpg", picture)
    assert done
    return Keyframe(pts_ms, data.tobytes())


def film(
    seed: int, edit: Edit | None = None, *, late_ms: int = 0, subject: int | None = None
) -> tuple[Keyframe, ...]:
    """Return keyframes every 1.5 s, each edited, showing what is on ``late_ms`` later."""
    pictures = (frame(seed, at + late_ms, subject=subject) for at in TIMES_MS)
    return tuple(
        keyframe(edit(picture) if edit is not None else picture, at)
        for at, picture in zip(TIMES_MS, pictures, strict=True)
    )


def segment(*, mirrored: bool = False, late_ms: int = 0, speed: float = 1.0) -> Segment:
    """Return the stretch in which such a film shows another from ``late_ms`` on."""
    return Segment(0, 6000, late_ms, late_ms + round(6000 * speed), speed, mirrored, score=0.9)


def turned(degrees: float, scale: float = 1.0) -> Edit:
    """Turn counter-clockwise about the middle."""
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, scale)
    return lambda picture: np.asarray(cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT)), np.uint8)


def resized(picture: Picture, width: int, height: int) -> Picture:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def cropped(left: float, top: float, width: float, height: float) -> Edit:
    x0, y0 = round(left * WIDTH), round(top * HEIGHT)
    x1, y1 = round((left + width) * WIDTH), round((top + height) * HEIGHT)
    return lambda picture: resized(picture[y0:y1, x0:x1], WIDTH, HEIGHT)


def framed(left: float, top: float, width: float, height: float, ground: Edit) -> Edit:
    """Set the picture into ``ground``, itself made of the picture."""
    w, h = round(width * WIDTH), round(height * HEIGHT)
    x, y = round(left * WIDTH), round(top * HEIGHT)

    def edit(picture: Picture) -> Picture:
        whole = ground(picture).copy()
        whole[y : y + h, x : x + w] = resized(picture, w, h)
        return whole

    return edit


def flat(grey: int) -> Edit:
    return lambda picture: np.full_like(picture, grey)


def blurred(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 14), np.uint8)


def flipped(picture: Picture) -> Picture:
    return np.ascontiguousarray(picture[:, ::-1])


def in_turn(edits: Sequence[Edit]) -> Edit:
    def edit(picture: Picture) -> Picture:
        for one in edits:
            picture = one(picture)
        return picture

    return edit


def logo(picture: Picture) -> Picture:
    marked = picture.copy()
    cv2.rectangle(marked, (400, 20), (490, 60), (0, 0, 250), -1)
    cv2.putText(marked, "NEWS", (408, 48), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
    return marked


def subtitle(picture: Picture) -> Picture:
    """Write a line over the lower part on a dark, half transparent ground."""
    marked = picture.copy()
    marked[236:272, 80:432] //= 3
    text = "what they said about it then"
    cv2.putText(marked, text, (88, 261), cv2.FONT_HERSHEY_SIMPLEX, 0.72, (255, 255, 255), 2)
    return marked


def caption_bar(picture: Picture) -> Picture:
    """Put a white bar with a line of text above the picture."""
    bar = np.full((72, WIDTH, 3), 255, np.uint8)
    text = "you will not believe this one"
    cv2.putText(bar, text, (40, 46), cv2.FONT_HERSHEY_SIMPLEX, 0.85, (0, 0, 0), 2)
    return np.vstack([bar, picture])
