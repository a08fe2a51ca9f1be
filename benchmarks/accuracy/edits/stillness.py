"""Finds stretches filmed without a cut, and two parts of one that are not the same picture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.edits.ffmpeg import Part, Source
from tracker.media.frames import FrameReader, Sampling
from tracker.media.probe import MediaLimits

Frames = npt.NDArray[np.float32]

INTERVAL_MS = 500
CUT_CORRELATION = 0.75
"""Neighbouring samples that correlate less are taken for two shots."""

STATIC_DIFFERENCE = 9.0
"""Grey levels between the medians of two parts, at most, when the camera did not move."""

BLOCK_DIFFERENCE = 10.0
EQUAL_SHARE = 0.01
"""Two pictures are one when fewer than this share of their blocks differ visibly."""

LEAST_PART_S, LONGEST_PART_S, GAP_S = 4.0, 12.0, 1.5


@dataclass(frozen=True, slots=True)
class Takes:
    """Two parts of one shot without a common frame; ``static`` if the camera stood still."""

    first: Part
    second: Part
    static: bool


def takes(source: Source) -> list[Takes]:
    """Return the pairs of parts that shots of the source yield, in order of time.

    Left out are shots whose parts show the same picture, such as a photo or a test card.
    """
    reader = FrameReader(source.path, Sampling(interval_ms=INTERVAL_MS), MediaLimits())
    samples = [(frame.pts_ms, _small(frame.gray)) for frame in reader]
    if len(samples) < 2:
        return []
    frames = np.stack([picture for _, picture in samples])
    times = np.array([pts_ms for pts_ms, _ in samples]) / 1000
    found = []
    for first, end in _shots(frames):
        pair = _pair(source, frames[first:end], times[first:end])
        if pair is not None:
            found.append(pair)
    return found


def _small(gray: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    small = cv2.resize(gray, (64, 36), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32)


def _shots(frames: Frames) -> list[tuple[int, int]]:
    flat = frames.reshape(len(frames), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1.0
    alike = (flat[1:] * flat[:-1]).sum(axis=1)
    cuts = [0, *(np.flatnonzero(alike < CUT_CORRELATION) + 1).tolist(), len(frames)]
    return list(pairwise(cuts))


def _pair(source: Source, frames: Frames, times: npt.NDArray[np.float64]) -> Takes | None:
    # A sample of margin at both ends: the cut lies somewhere between two samples.
    start, end = float(times[0]) + INTERVAL_MS / 1000, float(times[-1]) - INTERVAL_MS / 1000
    length = min(LONGEST_PART_S, (end - start - GAP_S) / 2)
    if length < LEAST_PART_S:
        return None
    a = frames[(times >= start) & (times <= start + length)]
    b = frames[(times >= end - length) & (times <= end)]
    if _common_share(a, b) > 0.0:
        return None
    static = float(np.abs(np.median(a, axis=0) - np.median(b, axis=0)).mean())
    first, second = Part(source, start, length), Part(source, end - length, length)
    return Takes(first, second, static <= STATIC_DIFFERENCE)


def _common_share(a: Frames, b: Frames) -> float:
    """Return the share of ``b``'s pictures that equal a picture of ``a``."""
    differ = np.abs(b[:, None] - a[None, :]) > BLOCK_DIFFERENCE
    nearest = differ.mean(axis=(2, 3)).min(axis=1)
    return float((nearest < EQUAL_SHARE).mean())
