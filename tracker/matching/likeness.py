"""Compares what two videos share frame by frame, for telling parent from sibling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from tracker.matching.view_pairs import mirrored
from tracker.model.fingerprint import Fingerprint
from tracker.model.likeness import Likeness
from tracker.model.match import Segment
from tracker.model.thumbnails import Thumbnails

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

UNKNOWN_BITS = 128.0
"""The distance of unrelated hashes: half of their bits."""

SLACK_MS = 140
"""Frames farther apart than this are not of one moment: sampling is four times a second."""

LEAST_FRAMES = 6
DIFFERENT_LEVELS = 14.0
"""A place that differs this much on average, with colours fitted, shows another thing."""

MOST_DIFFERENT = 0.5
"""Where more than this differs, the pictures do not lie over each other as they are."""


def likeness(query: Fingerprint, reference: Fingerprint, segments: Sequence[Segment]) -> Likeness:
    """Return how alike the videos are over ``segments``."""
    bits = np.concatenate([_bits(query, reference, segment) for segment in segments])
    mean = float(bits.mean()) if len(bits) else UNKNOWN_BITS
    longest = max(segments, key=lambda s: s.query_end_ms - s.query_start_ms)
    return Likeness(round(mean, 2), *_apart(query.thumbnails, reference.thumbnails, longest))


def _bits(query: Fingerprint, reference: Fingerprint, segment: Segment) -> npt.NDArray[np.float64]:
    """Return, for every moment both have a frame of, the distance of the nearest two hashes."""
    here, there = _frames(query.pts_ms), _frames(reference.pts_ms)
    codes = mirrored(query.codes) if segment.mirrored else query.codes
    distances = []
    for i, j in _moments(here[0], there[0], segment):
        q = codes[here[1][i] : here[2][i]]
        r = reference.codes[there[1][j] : there[2][j]]
        apart = np.bitwise_count(q[:, None] ^ r[None]).sum(axis=-1, dtype=np.int64)
        distances.append(apart.min())
    return np.array(distances, np.float64)


def _frames(pts_ms: npt.NDArray[np.int32]) -> tuple[Ints, Ints, Ints]:
    """Return the times of the frames, and where the rows of each begin and end."""
    times, starts = np.unique(pts_ms, return_index=True)
    return times.astype(np.int64), starts, np.append(starts[1:], len(pts_ms))


def _moments(query_ms: Ints, reference_ms: Ints, segment: Segment) -> Iterator[tuple[int, int]]:
    """Yield the frames inside the segment with the reference's frame of the same moment."""
    if not len(reference_ms):
        return
    inside = (query_ms >= segment.query_start_ms) & (query_ms < segment.query_end_ms)
    for i in np.flatnonzero(inside):
        at = segment.reference_ms(float(query_ms[i]))
        j = int(np.abs(reference_ms - at).argmin())
        if abs(reference_ms[j] - at) <= SLACK_MS * max(1.0, segment.speed):
            yield int(i), j


def _apart(
    query: Thumbnails, reference: Thumbnails, segment: Segment
) -> tuple[float | None, float, float, float]:
    """Return how far apart the pictures are, the share that differs, how much it moves in both."""
    if query.pictures.shape[1:] != reference.pictures.shape[1:]:
        return None, 0.0, 0.0, 0.0
    here, there = (side.pts_ms.astype(np.int64) for side in (query, reference))
    pairs = list(_moments(here, there, segment))
    if len(pairs) < LEAST_FRAMES:
        return None, 0.0, 0.0, 0.0
    i, j = (np.array(side) for side in zip(*pairs, strict=True))
    q, r = query.pictures[i].astype(np.float32), reference.pictures[j].astype(np.float32)
    if segment.mirrored:
        q = q[:, :, ::-1]
    apart = np.abs(q - _fitted(r, q)).mean(axis=0)
    differs = apart > max(DIFFERENT_LEVELS, 3 * float(np.median(apart)))
    share, mean = float(differs.mean()), round(float(apart.mean()), 2)
    if not 0.0 < share <= MOST_DIFFERENT:
        return mean, round(share, 4), 0.0, 0.0
    return mean, round(share, 4), _moves(q[:, differs]), _moves(r[:, differs])


def _fitted(reference: Floats, query: Floats) -> Floats:
    """Return the reference with the query's brightness and contrast, by places that agree."""
    kept = np.ones(reference.shape[1:], np.bool_)
    fitted = reference
    for _ in range(3):
        a, b = reference[:, kept], query[:, kept]
        variance = float(a.var())
        slope = float(((a - a.mean()) * (b - b.mean())).mean()) / variance if variance > 1 else 1.0
        fitted = slope * (reference - a.mean()) + b.mean()
        apart = np.abs(fitted - query).mean(axis=0)
        kept = apart <= np.quantile(apart, 0.75)
    return np.asarray(fitted, np.float32)


def _moves(values: Floats) -> float:
    return round(float(values.std(axis=0).mean()), 2)
