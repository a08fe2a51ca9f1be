"""Finds stretches filmed without a cut, and two parts of one that are not the same picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.edits.ffmpeg import Part, Source
from tracker.media.frames import FrameReader, Sampling
from tracker.media.probe import MediaLimits

Frames = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]

INTERVAL_MS = 500
CUT_CORRELATION = 0.75
"""Neighbouring samples that correlate less are taken for two shots."""

STATIC_DIFFERENCE = 9.0
"""Grey levels between the medians of two parts, at most, when the camera did not move."""

BLOCK_DIFFERENCE = 10.0
EQUAL_SHARE = 0.01
"""Two pictures are one when fewer than this share of their blocks differ visibly."""

LEAST_STRUCTURE = 14.0
LEAST_MOVEMENT = 0.6
"""Grey levels: deviation within a picture, and mean change from one sample to the next."""

LEAST_PART_S, LONGEST_PART_S, GAP_S = 4.0, 12.0, 1.5


@dataclass(frozen=True, slots=True)
class Takes:
    """Two parts of one shot without a common frame; ``static`` if the camera stood still."""

    first: Part
    second: Part
    static: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Small pictures of a video, two a second: float32 (n, 36, 64), float64 (n,) seconds."""

    frames: Frames
    times: Times

    def within(self, part: Part) -> Frames:
        """Return the pictures of the part."""
        end_s = part.start_s + part.length_s
        pictures: Frames = self.frames[(self.times >= part.start_s) & (self.times <= end_s)]
        return pictures

    def shows_something(self, part: Part) -> bool:
        """Whether the part has structure, and moves: or nobody could say where it was cut."""
        frames = self.within(part)
        if len(frames) < 2:
            return False
        structure = np.median(frames.std(axis=(1, 2)))
        movement = np.abs(np.diff(frames, axis=0)).mean()
        return bool(structure >= LEAST_STRUCTURE and movement >= LEAST_MOVEMENT)


def sampled(source: Source) -> Samples:
    """Return small pictures of the source."""
    reader = FrameReader(source.path, Sampling(interval_ms=INTERVAL_MS), MediaLimits())
    samples = [(frame.pts_ms, _small(frame.gray)) for frame in reader]
    times = np.array([pts_ms for pts_ms, _ in samples], np.float64) / 1000
    return Samples(np.stack([picture for _, picture in samples]), times)


def takes(source: Source, samples: Samples) -> list[Takes]:
    """Return the pairs of parts that shots of the source yield, in order of time.

    Left out are parts that show the same picture as another, such as a photo or a test card.
    """
    found: list[Takes] = []
    for first, end in _shots(samples.frames):
        pair = _pair(source, samples.times[first:end])
        if pair is not None and _differs(pair, found, samples):
            a, b = (np.median(samples.within(part), axis=0) for part in (pair.first, pair.second))
            found.append(replace(pair, static=float(np.abs(a - b).mean()) <= STATIC_DIFFERENCE))
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


def _pair(source: Source, times: Times) -> Takes | None:
    # A sample of margin at both ends: the cut lies somewhere between two samples.
    start, end = float(times[0]) + INTERVAL_MS / 1000, float(times[-1]) - INTERVAL_MS / 1000
    length = min(LONGEST_PART_S, (end - start - GAP_S) / 2)
    if length < LEAST_PART_S:
        return None
    return Takes(Part(source, start, length), Part(source, end - length, length))


def _differs(pair: Takes, others: Sequence[Takes], samples: Samples) -> bool:
    """Return whether no picture of one part is in the other, or in parts already taken."""
    first, second = samples.within(pair.first), samples.within(pair.second)
    taken = [samples.within(part) for other in others for part in (other.first, other.second)]
    compared = [(first, second), *((one, other) for one in (first, second) for other in taken)]
    return not any(_share_a_picture(one, other) for one, other in compared)


def _share_a_picture(a: Frames, b: Frames) -> bool:
    differ = np.abs(b[:, None] - a[None, :]) > BLOCK_DIFFERENCE
    return bool(differ.mean(axis=(2, 3)).min() < EQUAL_SHARE)
