"""How well one video explains another as its source: the odds that a child was made from it.

Whoever copies a video changes it in ways that show in one direction. A crop shows less than its
source, a border more of nothing; a text laid over a picture stands still where the source moves;
grey comes from colours and never the other way; each encoding costs sharpness and bits. What two
copies have in common they mostly have from a common source, so the source is also what a copy is
nearest to.

Each of these is a number, ``features``. ``log_odds`` is their weighted sum: the logarithm of how
many times more likely this source is than another one with a sum lower by that much (a
conditional logit model: McFadden, Conditional Logit Analysis of Qualitative Choice Behavior,
1974). The weights are fitted to made edit trees by ``benchmarks.accuracy.trees.fit``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from tracker.model.likeness import Likeness
from tracker.model.match import Match, Segment, Transformation
from tracker.provenance.footage import covered_ms

NAMES = (
    "bits",
    "near",
    "edits",
    "foreign",
    "unused",
    "inset",
    "bordered",
    "cropped",
    "rate",
    "pixels",
    "overlaid",
    "score",
    "speed",
    "mirror",
    "unmeasured",
    "flattened",
    "levels",
    "shapes",
    "differs",
)
"""What is looked at, in the order of ``features``."""

WEIGHTS: Mapping[str, float] = {
    "bits": -0.29,
    "near": -1.81,
    "edits": -1.23,
    "foreign": -5.14,
    "unused": -2.20,
    "inset": 0.33,
    "bordered": 1.84,
    "cropped": 0.35,
    "rate": -2.40,
    "pixels": -1.16,
    "overlaid": 0.72,
    "score": 1.99,
    "speed": -0.85,
    "mirror": -1.14,
    "unmeasured": -1.13,
    "flattened": -0.11,
    "levels": -0.23,
    "shapes": -1.71,
    "differs": -0.83,
}

GREY_ODDS = -4.0
"""Colours do not come from grey; not fitted, as hardly any tree has the two side by side."""

BEGINNING_WEIGHT = -3.0
"""What a root loses for each e-fold of bit rate that another has more (on the fitted trees)."""

_NOT_OF_THE_PICTURE = frozenset({"trim", "compilation", "reencode", "speed", "mirror"})
_LEAST_DIFFERENT = 0.01


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a video apart from its pictures; ``bit_rate`` is in bits a second."""

    duration_ms: int
    pixels: int
    bit_rate: float


def log_odds(match: Match, likeness: Likeness | None, child: Facts, parent: Facts) -> float:
    """Return how well the reference of ``match`` explains its query as made from it.

    Only differences between the values of one child mean something; ``likeness`` has the child
    as query.
    """
    values = features(match, likeness, child, parent)
    odds = sum(WEIGHTS[name] * value for name, value in zip(NAMES, values, strict=True))
    return odds + (GREY_ODDS if _won_colours(match) else 0.0)


def beginning_odds(video: Facts, others: Iterable[Facts]) -> float:
    """Return the log-odds that nobody of ``others`` was the video's source, by what it has lost.

    Who has fewer bits a second than another was hardly the first: encoding again costs bits.
    """
    lacking = [_lacking(video.bit_rate, other.bit_rate) for other in others]
    return BEGINNING_WEIGHT * max(lacking, default=0.0)


def features(
    match: Match, likeness: Likeness | None, child: Facts, parent: Facts
) -> tuple[float, ...]:
    """Return the numbers that ``NAMES`` lists, for the query of ``match`` made from its reference.

    ``bits``: distance of the hashes, 1 for unrelated ones, and ``near`` its square root, as small
    differences count most. ``edits``: how many kinds of edit it takes. ``foreign``: the share of
    the child that the parent does not show; ``unused``: the share of the parent that the child
    does not. ``inset``: the child shows the parent inside another picture; ``bordered``: it has
    bars of its own, ``cropped``: it lost a part of the picture. ``rate`` and ``pixels``: how much
    less of either the parent has (logarithms). ``overlaid``: from 1, something stands still on
    the child only, to -1, on the parent only. ``speed``, ``mirror``: changed; ``unmeasured``: the
    pictures could not be laid over each other; ``flattened``: by how much the contrast fell.
    ``levels``: how far apart the pictures are as they stand (logarithm), ``shapes``: they are of
    other proportions; ``differs``: the square root of the share that differs all along.
    """
    forward, backward = _kinds(match.transformations), _kinds(match.reverse_transformations)
    bits = (likeness.bits if likeness is not None else 128.0) / 128.0
    return (
        bits,
        bits**0.5,
        float(len(set(forward) - _NOT_OF_THE_PICTURE)),
        _uncovered([(s.query_start_ms, s.query_end_ms) for s in match.segments], child),
        _uncovered([(s.reference_start_ms, s.reference_end_ms) for s in match.segments], parent),
        float("picture_in_picture" in forward),
        float("borders" in forward),
        float("crop" in forward and "borders" not in backward),
        _lacking(parent.bit_rate, child.bit_rate),
        _lacking(parent.pixels, child.pixels),
        _overlaid(likeness),
        match.score,
        float("speed" in forward),
        float(_mirrored(match.segments)),
        float(not forward),
        _flattened(forward),
        log(1.0 + likeness.levels) if likeness and likeness.levels is not None else 0.0,
        float(likeness is None or likeness.levels is None),
        likeness.differs**0.5 if likeness is not None else 0.0,
    )


def _kinds(transformations: Iterable[Transformation]) -> dict[str, Transformation]:
    return {transformation.kind: transformation for transformation in transformations}


def _uncovered(spans: Iterable[tuple[int, int]], facts: Facts) -> float:
    return max(0.0, 1.0 - covered_ms(spans) / max(1, facts.duration_ms))


def _won_colours(match: Match) -> bool:
    """Tell whether the reference is grey beside the query."""
    return _grey(_kinds(match.reverse_transformations)) and not _grey(_kinds(match.transformations))


def _grey(kinds: Mapping[str, Transformation]) -> bool:
    return "colour" in kinds and bool(kinds["colour"].detail.get("grey"))


def _lacking(parent: float, child: float) -> float:
    return max(0.0, min(2.0, log(max(1.0, child) / max(1.0, parent))))


def _overlaid(likeness: Likeness | None) -> float:
    if likeness is None or likeness.differs < _LEAST_DIFFERENT:
        return 0.0
    child, parent = likeness.query_moves + 1.0, likeness.reference_moves + 1.0
    return max(-1.0, min(1.0, log(parent / child)))


def _mirrored(segments: Sequence[Segment]) -> bool:
    return any(segment.mirrored for segment in segments)


def _flattened(kinds: Mapping[str, Transformation]) -> float:
    contrast = kinds["colour"].detail.get("contrast") if "colour" in kinds else None
    if not isinstance(contrast, int | float) or contrast <= 0:
        return 0.0
    return max(-1.0, min(1.0, -log(contrast)))
