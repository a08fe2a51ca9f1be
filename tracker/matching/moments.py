"""Decides whether an aligned run shows one moment, mends its line, and finds where it ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.matching.alignment import SPEEDS, AlignedRun, Line
from tracker.matching.feature_map import FeatureMap, box_map
from tracker.matching.feature_pairs import FeaturePairs
from tracker.matching.moment_odds import MomentSigns
from tracker.matching.motion import Motion, MotionPair
from tracker.matching.second_look import SecondLook, second_look
from tracker.model.fingerprint import Fingerprint

Doubles = npt.NDArray[np.float64]

LEAST_CHANGE = 1.2
"""Below this (grey levels, root mean square of thumbnails) nothing moves."""

FROZEN_CHANGE = 0.2
"""Below this not even the noise of a camera moves: a still picture, which has no moments."""

FAINT_MOMENT = 0.5
"""Where next to nothing moves, what little does must stand out this much to tell the moment.

Of 57 pairs of other moments of such shots (made edit trees, seeds 21 and 22) none reaches 0.35,
of 135 pairs of copies two in three do.
"""

OTHER_MOMENT = 0.65
SAME_MOMENT = 0.95
"""What moves must correlate, and more than at any other time: other moments at one place stay
below, copies reach above. The measure is twice the correlation less that of the best rival line.
"""

NEAR_MS = 1500.0
NEAR_STEP_MS = 62.5
NEAR_SPEEDS = (0.96, 0.98, 1.0, 1.02, 1.04)
"""How far from the line found by frames and features a better one is looked for."""

FAR_MS = 60_000.0
FAR_STEP_MS = 125.0
RIVAL_STEP_MS = 250.0
CLEARLY_BETTER = 0.15
CLEARLY_THERE = 0.6
"""Correlation that moves a line of a shot that stands still to another place in time."""

LOOKED_AROUND_MS = 30_000
LEAST_LOOKS = 5
LEAST_AGREEING = 60
MORE_ON_THE_LINE = 0.15
"""With so many feature frames and features in them, a surplus of this share on the line tells
something, and twice as much tells the moment.
"""

LEAST_WINDOW_MS = 3000
MOST_WINDOW_MS = 60_000
"""Stretches this long are judged; of longer ones the middle."""

CERTAIN_WINDOW_MS = 8000
STRICTER = 0.35
"""What the shortest run in long footage must stand out more than one of this length."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What is known of a run beyond that its frames look alike.

    ``line`` is the best line near the run's own; ``trust`` in [0, 1]: 0 if something moves and
    it does not move alike, 1 if it does or if nothing moves; ``motion`` and ``shape``, the map
    it was seen by, are ``None`` where nothing could be compared, ``look`` where no map was found.
    ``told`` is False where so little moves that another moment of the shot would look the same.
    ``signs`` are what the motion says, ``None`` where none could be compared or none is there.
    """

    line: Line
    trust: float
    motion: Motion | None
    shape: FeatureMap | None
    look: SecondLook | None
    still: bool
    told: bool = True
    signs: MomentSigns | None = None

    @property
    def confirmed(self) -> bool:
        """Whether what moves was seen to move alike."""
        return self.motion is not None and not self.still and self.trust >= 1.0


def moment(
    run: AlignedRun,
    pairs: FeaturePairs,
    query: Fingerprint,
    reference: Fingerprint,
    *,
    stricter: float = 0.0,
) -> Moment:
    """Return what motion says of ``run``, which must stand out by ``stricter`` more than usual."""
    line = run.line
    start, end = run.query_range_ms
    look = second_look(
        pairs,
        line.speed,
        line.offset_ms,
        mirrored=line.mirrored,
        query_ms=(start - LOOKED_AROUND_MS, end + LOOKED_AROUND_MS),
    )
    judged = [
        ((0.0 if found.still else found.margin) - strictness - stricter, found, shape)
        for shape in _shapes(run, look, query, reference)
        for window, strictness in _windows(run, query, reference)
        if (found := _judged(line, shape, window, query, reference)) is not None
    ]
    if not judged:
        return Moment(line, 1.0, None, look.map if look else None, look, still=False)
    standing_out, best, shape = max(judged, key=lambda found: found[0])
    motion = best.motion
    if best.still:
        told = best.frozen or any(one.margin >= FAINT_MOMENT for _, one, _ in judged)
        return Moment(line, 1.0, motion, shape, look, still=True, told=told)
    trust = (standing_out - OTHER_MOMENT) / (SAME_MOMENT - OTHER_MOMENT)
    looks, on, off = _agreeing(look, run)
    trust = min(1.0, max(0.0, trust, _trust_of(looks, on, off) - stricter))
    better = Line(motion.speed, motion.offset_ms, line.mirrored)
    signs = MomentSigns(best.margin, on, off)
    return Moment(
        better if trust > 0 else line, trust, motion, shape, look, still=False, signs=signs
    )


def _agreeing(look: SecondLook | None, run: AlignedRun) -> tuple[int, int, int]:
    """Return how many looks fall on the run, and how many features agree on and off its line."""
    if look is None:
        return 0, 0, 0
    start, end = run.query_range_ms
    counted = (look.query_ms >= start - 500) & (look.query_ms <= end + 500) & (look.off >= 0)
    return int(counted.sum()), int(look.on[counted].sum()), int(look.off[counted].sum())


def _trust_of(looks: int, on: int, off: int) -> float:
    """Return how far local features alone tell the moment: more agree on the line than off it.

    That holds for moving pictures whose map changes as they go, which motion cannot be read of.
    """
    if looks < LEAST_LOOKS or on < LEAST_AGREEING:
        return 0.0
    return min(1.0, max(0.0, ((on - off) / on - MORE_ON_THE_LINE) / MORE_ON_THE_LINE))


def _shapes(
    run: AlignedRun, look: SecondLook | None, query: Fingerprint, reference: Fingerprint
) -> list[FeatureMap]:
    """Return the maps of the pictures worth trying: by features, and by the hashed boxes."""
    shapes = [look.map] if look else []
    here, there = (f.thumbnails.pictures.shape[1:] for f in (query, reference))
    rows = np.flatnonzero(run.hits.moving < 0)
    if not len(rows) or not len(query.boxes) or not len(reference.boxes) or 0 in (*here, *there):
        return shapes
    hits = run.hits.at(rows)
    view_pairs = hits.query_views.astype(np.int64) * 256 + hits.reference_views
    kinds, counts = np.unique(view_pairs, return_counts=True)
    kind = int(kinds[counts.argmax()])
    of_kind = np.flatnonzero(view_pairs == kind)
    one = int(of_kind[len(of_kind) // 2])
    query_box = _box(query, int(hits.query_ms[hits.query_frames[one]]), kind // 256)
    reference_box = _box(reference, int(hits.reference_ms[hits.reference_frames[one]]), kind % 256)
    shapes.append(box_map(here, query_box, there, reference_box, mirrored=run.line.mirrored))
    return shapes


def _box(fingerprint: Fingerprint, at_ms: int, view: int) -> npt.NDArray[np.uint8]:
    row = np.flatnonzero((fingerprint.pts_ms == at_ms) & (fingerprint.views == view))[0]
    box: npt.NDArray[np.uint8] = fingerprint.boxes[row]
    return box


def _windows(
    run: AlignedRun, query: Fingerprint, reference: Fingerprint
) -> list[tuple[tuple[float, float], float]]:
    """Return the stretches of the query to judge, and how much more each must stand out.

    They are the run, and all that its line reaches. A few seconds out of much longer footage
    are more easily alike by chance than all there is of a short video.
    """
    line = run.line
    start, end = run.query_range_ms
    missing = max(0, LEAST_WINDOW_MS - (end - start)) / 2
    middle, half = (start + end) / 2, MOST_WINDOW_MS / 2
    run_only = max(start - missing, middle - half), min(end + missing, middle + half)
    reach = sorted((t - line.offset_ms) / line.speed for t in (0, reference.duration_ms))
    whole = (
        max(0.0, reach[0], middle - half),
        min(float(query.duration_ms), reach[1], middle + half),
    )
    length, longest = run_only[1] - run_only[0], max(1.0, whole[1] - whole[0])
    short = min(1.0, max(0.0, (CERTAIN_WINDOW_MS - length) / (CERTAIN_WINDOW_MS - LEAST_WINDOW_MS)))
    strictness = STRICTER * short * max(0.0, 1.0 - length / longest)
    windows = [(run_only, strictness)]
    return [*windows, (whole, 0.0)] if longest > length + 2000 else windows


@dataclass(frozen=True, slots=True)
class _Judged:
    """The best line near a run's own, and by how much what moves stands out on it."""

    motion: Motion
    margin: float
    still: bool

    @property
    def frozen(self) -> bool:
        return max(self.motion.query_change, self.motion.reference_change) < FROZEN_CHANGE


def _judged(
    line: Line,
    shape: FeatureMap,
    window: tuple[float, float],
    query: Fingerprint,
    reference: Fingerprint,
) -> _Judged | None:
    """Return the best line near ``line`` and how much it stands out.

    Where a shot nearly stands still the hits do not say when: then a line far away may be found.
    """
    start, end = (line.speed * t + line.offset_ms for t in window)
    pair = MotionPair(
        query.thumbnails, reference.thumbnails, shape, window, (start - FAR_MS, end + FAR_MS)
    )
    if not pair.comparable:
        return None
    found = _best(pair, line, window, NEAR_SPEEDS, NEAR_MS, NEAR_STEP_MS)
    still = max(found.query_change, found.reference_change) < LEAST_CHANGE
    if found.correlation < CLEARLY_THERE and not still:
        found = _far(pair, line, window, found)
    apart = np.arange(-FAR_MS, FAR_MS + 1, RIVAL_STEP_MS)
    rival = pair.rival(found.speed, found.offset_ms + apart[np.abs(apart) >= NEAR_MS])
    return _Judged(found, 2 * found.correlation - rival, still)


def _far(pair: MotionPair, line: Line, window: tuple[float, float], near: Motion) -> Motion:
    speeds = tuple(speed / line.speed for speed in SPEEDS)
    far = _best(pair, line, window, speeds, FAR_MS, FAR_STEP_MS)
    if far.correlation < max(CLEARLY_THERE, near.correlation + CLEARLY_BETTER):
        return near
    found = Line(far.speed, far.offset_ms, line.mirrored)
    return _best(pair, found, window, NEAR_SPEEDS, NEAR_MS / 3, NEAR_STEP_MS)


def _best(
    pair: MotionPair,
    line: Line,
    window: tuple[float, float],
    speeds: tuple[float, ...],
    reach_ms: float,
    step_ms: float,
) -> Motion:
    """Return the best line whose middle lies within ``reach_ms`` of where ``line`` has it."""
    middle = sum(window) / 2
    shifts = np.arange(-reach_ms, reach_ms + 1, step_ms)
    found = []
    for factor in speeds:
        speed = line.speed * factor
        offset = line.offset_ms + (line.speed - speed) * middle
        found.append(pair.best([speed], offset + shifts))
    plain = found[speeds.index(1.0)] if 1.0 in speeds else found[0]
    best = max(found, key=lambda motion: motion.correlation)
    return best if best.correlation > plain.correlation + 0.02 else plain
