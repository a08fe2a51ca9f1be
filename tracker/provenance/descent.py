"""How well one video explains another as its source: the odds that a child was made from it.

Two things are asked of a pair. *How near are they?* Whoever copies a video adds what it did to
what its source had been through, so the source is what a copy is nearest to: in time (same length),
in edits, in sound, in what encoders left behind. *Which one came first?* Some changes go in one
direction only: a crop shows less than its source, a border more of nothing; a text laid over a
picture stands still where the source moves; each encoding costs bits and detail.

``log_odds`` is a weighted sum of both. Of all trees over the same videos one is the likelier, the
higher its sum over all pairs of child and source; the weights are those that make the true trees
of made worlds most likely among all (Koo, Globerson, Carreras, Collins, Structured Prediction
Models via the Matrix-Tree Theorem, EMNLP-CoNLL 2007). ``precedence_odds`` answers the second
question alone, for telling where a tree begins: the logarithm of a probability, by logistic
regression on what differs between the two directions. Both are fitted by
``benchmarks.accuracy.trees.fit``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, log1p

from tracker.model.likeness import Likeness
from tracker.model.match import Laid, Match, Segment, SoundAgreement, Transformation
from tracker.provenance.footage import covered_ms
from tracker.provenance.overlaps import SAME_CUT_MS, SEEN_WITHOUT_LAYING

NEARNESS = (
    "bits",
    "near",
    "edits",
    "edits_back",
    "foreign",
    "any_foreign",
    "unused",
    "any_unused",
    "speed",
    "mirror",
    "score",
    "unlaid",
    "residual",
    "unlike",
    "cut",
    "size",
    "levels",
    "shapes",
    "rate_apart",
    "detail_apart",
    "length_apart",
    "same_sound",
    "other_sound",
)
"""What tells how near a child is to a source, in the order of ``nearness``."""

NEARNESS_WEIGHTS: Mapping[str, float] = {
    "bits": -0.90,
    "near": -3.58,
    "edits": -0.85,
    "edits_back": -0.91,
    "foreign": -1.42,
    "any_foreign": -2.51,
    "unused": -2.36,
    "any_unused": -0.28,
    "speed": 0.05,
    "mirror": -3.21,
    "score": 0.92,
    "unlaid": -3.64,
    "residual": -2.27,
    "unlike": -2.03,
    "cut": 2.71,
    "size": 0.06,
    "levels": -0.59,
    "shapes": -2.59,
    "rate_apart": -0.84,
    "detail_apart": -3.62,
    "length_apart": -0.01,
    "same_sound": 1.34,
    "other_sound": -0.78,
}

PRECEDENCE = (
    "rate",
    "surplus",
    "detail",
    "longer",
    "foreign",
    "framed",
    "within",
    "overlaid",
)
"""What tells which of two came first, in the order of ``precedence``."""

DIRECTION_WEIGHTS: Mapping[str, float] = {
    "rate": -1.00,
    "surplus": 1.05,
    "detail": -1.09,
    "longer": -0.49,
    "foreign": 0.94,
    "framed": 0.21,
    "within": 0.48,
    "overlaid": 0.21,
}
"""What the same numbers count for in ``log_odds``. Fitted, with those of nearness, to 199 made
trees: seeds 21 to 24.
"""

PRECEDENCE_WEIGHTS: Mapping[str, float] = {
    "rate": -3.18,
    "surplus": 5.66,
    "detail": -4.80,
    "longer": -1.10,
    "foreign": 3.16,
    "framed": 3.05,
    "within": 0.89,
    "overlaid": 0.37,
}
"""Fitted to the pairs of copy and ancestor of the same trees."""

GREY_ODDS = -4.0
"""Colours do not come from grey; not fitted, as hardly any tree has the two side by side."""

LENGTH_TOLERANCE_MS = 120
LENGTH_TOLERANCE_SHARE = 0.012
"""Files of one cut differ so much in length: a few frames, or what a speed is rounded by."""

STEADY_RESIDUAL = 0.3
"""Added to residuals (grey levels), so that the rounding of equal pictures is no difference."""

LEAST_BESIDE = 0.05
"""A smaller share of a picture beside the other is an error of place."""

CLEAR_SEAM = 0.7
"""Edges twice as strong as beside them are a border: crops of seeds 21 and 22 stay below 0.2."""

_NOT_OF_THE_PICTURE = SEEN_WITHOUT_LAYING | {"reencode", "remux"}
_MOST_LONGER_S = 1.5


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a video apart from its pictures; ``bit_rate`` is in bits a second."""

    duration_ms: int
    width: int
    height: int
    bit_rate: float


def log_odds(match: Match, likeness: Likeness | None, child: Facts, parent: Facts) -> float:
    """Return how well the reference of ``match`` explains its query as made from it.

    Only differences between the sums of trees over the same videos mean something; ``likeness``
    has the child as query.
    """
    near = _weighted(NEARNESS_WEIGHTS, NEARNESS, nearness(match, likeness, child, parent))
    direction = _weighted(DIRECTION_WEIGHTS, PRECEDENCE, precedence(match, child, parent))
    return near + direction + (GREY_ODDS if _won_colours(match) else 0.0)


def precedence_odds(match: Match, child: Facts, parent: Facts) -> float:
    """Return the log of how likely it is, by what they show, that the parent came before the child.

    Given that one was made from the other; the same pair the other way round has the rest.
    """
    odds = _weighted(PRECEDENCE_WEIGHTS, PRECEDENCE, precedence(match, child, parent))
    return -log1p(exp(-odds)) if odds > 0 else odds - log1p(exp(odds))


def _weighted(weights: Mapping[str, float], names: Sequence[str], values: Sequence[float]) -> float:
    return sum(weights[name] * value for name, value in zip(names, values, strict=True))


def nearness(
    match: Match, likeness: Likeness | None, child: Facts, parent: Facts
) -> tuple[float, ...]:
    """Return the numbers that ``NEARNESS`` lists, for the query of ``match`` and its reference.

    ``bits``: distance of the hashes, 1 for unrelated ones, and ``near`` its square root, as small
    differences count most. ``edits``: how many kinds of edit it takes, and ``edits_back`` to make
    the parent of the child. ``foreign``: the share of the child that the parent does not show;
    ``unused``: the share of the parent that the child does not; ``any_foreign`` and ``any_unused``
    the square roots, as a first cut tells most.
    ``speed``, ``mirror``: changed. ``unlaid``: the pictures could not be laid over each other;
    where they could, ``residual`` is how far apart they are where they agree (logarithm) and
    ``unlike`` the square root of the share that does not agree. ``cut``: both are as long and
    begin alike, ``size``: both are as large. ``levels``: how far apart the pictures are as they
    stand (logarithm), ``shapes``: they are of other proportions. ``rate_apart``, ``detail_apart``
    and ``length_apart``: how far apart they are in what ``precedence`` has with a sign.
    ``same_sound``, ``other_sound``: how the sounds compare, where both have one that tells.
    """
    forward = _kinds(match.transformations)
    bits = (likeness.bits if likeness is not None else 128.0) / 128.0
    laid = match.laid
    foreign, unused = _foreign(match, child), _unused(match, parent)
    return (
        bits,
        bits**0.5,
        _edits(match.transformations),
        _edits(match.reverse_transformations),
        foreign,
        foreign**0.5,
        unused,
        unused**0.5,
        float("speed" in forward),
        float(_mirrored(match.segments)),
        match.score,
        float(laid is None),
        log(STEADY_RESIDUAL + laid.residual) if laid is not None else 0.0,
        laid.unlike**0.5 if laid is not None else 0.0,
        float(_same_cut(match, child, parent)),
        float((child.width, child.height) == (parent.width, parent.height)),
        log(1.0 + likeness.levels) if likeness and likeness.levels is not None else 0.0,
        float(likeness is None or likeness.levels is None),
        abs(_more(child.bit_rate, parent.bit_rate)),
        abs(_finer(laid)),
        abs(_longer(match, child, parent)),
        float(match.sound is SoundAgreement.SAME),
        float(match.sound is SoundAgreement.DIFFERENT),
    )


def precedence(match: Match, child: Facts, parent: Facts) -> tuple[float, ...]:
    """Return the numbers that ``PRECEDENCE`` lists; the other way round each has the other sign.

    ``rate`` and ``detail``: how much less the parent has of bits a second and of fine structure
    (logarithms), ``surplus``: by how much the rates differ beyond an e-fold, as noise makes them.
    ``longer``: by how many seconds the child is longer, ``foreign``: how much more of the child
    the parent does not show than the other way round. ``framed``: the parent's picture is seen
    within the child's, with an edge around it; ``within``: the child's picture is a part of the
    parent's, which goes on beside it. ``overlaid``: where they differ all along, the child stands
    still.
    """
    laid = match.laid
    rate = _more(child.bit_rate, parent.bit_rate)
    return (
        rate,
        max(0.0, rate - 1.0) - max(0.0, -rate - 1.0),
        _finer(laid),
        _longer(match, child, parent),
        _foreign(match, child) - _unused(match, parent),
        *(_framed_and_within(laid) if laid is not None else (0.0, 0.0)),
        laid.overlaid if laid is not None else 0.0,
    )


def _finer(laid: Laid | None) -> float:
    return max(-2.0, min(2.0, laid.detail)) if laid is not None else 0.0


def _framed_and_within(laid: Laid) -> tuple[float, float]:
    """Return how clearly the query frames the reference and how clearly it is a part of it.

    Each from 1 to -1, where it is the other way round.
    """
    framed, goes_on = _around(laid.query_beside, laid.query_seam)
    framed_there, goes_on_there = _around(laid.reference_beside, laid.reference_seam)
    return framed - framed_there, goes_on_there - goes_on


def _around(beside: float, seam: float) -> tuple[float, float]:
    """Return how clearly a picture has an edge around the other, and how clearly it goes on."""
    if beside <= LEAST_BESIDE:
        return 0.0, 0.0
    edge = max(0.0, min(1.0, seam / CLEAR_SEAM))
    return edge, 1.0 - edge


def _kinds(transformations: Iterable[Transformation]) -> dict[str, Transformation]:
    return {transformation.kind: transformation for transformation in transformations}


def _edits(transformations: Iterable[Transformation]) -> float:
    """Return how many kinds of edit change the picture."""
    return float(len(_kinds(transformations).keys() - _NOT_OF_THE_PICTURE))


def _foreign(match: Match, child: Facts) -> float:
    return _uncovered([(s.query_start_ms, s.query_end_ms) for s in match.segments], child)


def _unused(match: Match, parent: Facts) -> float:
    return _uncovered([(s.reference_start_ms, s.reference_end_ms) for s in match.segments], parent)


def _uncovered(spans: Iterable[tuple[int, int]], facts: Facts) -> float:
    return max(0.0, 1.0 - covered_ms(spans) / max(1, facts.duration_ms))


def _same_cut(match: Match, child: Facts, parent: Facts) -> bool:
    """Tell whether both files are as long and begin with the same moment."""
    longest = match.longest_segment
    begins_ms = longest.reference_start_ms - longest.speed * longest.query_start_ms
    return abs(begins_ms) <= SAME_CUT_MS and _as_long(match, child, parent)


def _as_long(match: Match, child: Facts, parent: Facts) -> bool:
    one_ms, other_ms = _lengths_ms(match, child, parent)
    apart_ms = abs(one_ms - other_ms)
    return apart_ms <= max(LENGTH_TOLERANCE_MS, LENGTH_TOLERANCE_SHARE * max(one_ms, other_ms))


def _longer(match: Match, child: Facts, parent: Facts) -> float:
    """Return by how many seconds of the footage the child is longer, at most one and a half."""
    if _as_long(match, child, parent):
        return 0.0
    one_ms, other_ms = _lengths_ms(match, child, parent)
    return max(-_MOST_LONGER_S, min(_MOST_LONGER_S, (one_ms - other_ms) / 1000))


def _lengths_ms(match: Match, child: Facts, parent: Facts) -> tuple[float, float]:
    """Return both lengths on a clock between the two, so that neither has the say."""
    factor = match.longest_segment.speed**0.5
    return child.duration_ms * factor, parent.duration_ms / factor


def _won_colours(match: Match) -> bool:
    """Tell whether the reference is grey beside the query."""
    return _grey(_kinds(match.reverse_transformations)) and not _grey(_kinds(match.transformations))


def _grey(kinds: Mapping[str, Transformation]) -> bool:
    return "colour" in kinds and bool(kinds["colour"].detail.get("grey"))


def _more(one: float, other: float) -> float:
    return max(-2.0, min(2.0, log(max(1.0, one) / max(1.0, other))))


def _mirrored(segments: Sequence[Segment]) -> bool:
    return any(segment.mirrored for segment in segments)
