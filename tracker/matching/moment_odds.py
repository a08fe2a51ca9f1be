"""How likely a stretch shows one moment, and not another one before the same camera.

No sign of it is sure by itself: one gesture, one car that passes, one person who leaves looks the
same in thumbnails at another time. So the signs are weighed together: how much what moves stands
out on the line, how many more local features agree on it than off it, and how alike the keyframes
change. The weights are those of a logistic regression on made edit trees, whose copies are one
moment by construction and whose worlds hold two takes of one camera each
(``benchmarks.accuracy.trees.fit_moments``, seeds 21, 22, 24 and 26).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from tracker.model.match import Segment

LEAST_FEATURES = 10
"""Fewer features that agree tell nothing."""

MANY_FEATURES = 100
LONG_MS = 8_000
MOST_SURPLUS, LEAST_SURPLUS = 1.0, -0.5
MOST_SPED = 0.7
"""Numbers beyond these weigh no more."""

WEIGHTS = {
    "always": -1.22,
    "standing_out": 1.71,
    "surplus": 2.49,
    "no_features": 0.85,
    "many_features": 2.21,
    "moving_agreement": 2.67,
    "no_moving_pictures": 1.17,
    "sped": -2.20,
    "long": 1.66,
}

SURE_ODDS = 6.0
"""From here on the originals are not asked: fingerprints alone are sure."""


@dataclass(frozen=True, slots=True)
class MomentSigns:
    """What tells the moment of a stretch in which something moves.

    ``standing_out``: twice the correlation of what moves less that of the best rival line.
    ``features`` local features agree on the line, ``elsewhere`` the most that do off it.
    """

    standing_out: float
    features: int
    elsewhere: int


def moment_odds(signs: MomentSigns, segment: Segment, moving_agreement: float | None) -> float:
    """Return the log odds that the segment shows one moment in both videos.

    ``moving_agreement`` is that of the keyframes, None where they tell nothing.
    """
    numbers = moment_numbers(signs, segment, moving_agreement)
    return round(sum(w * x for w, x in zip(WEIGHTS.values(), numbers, strict=True)), 3)


def moment_numbers(
    signs: MomentSigns, segment: Segment, moving_agreement: float | None
) -> tuple[float, ...]:
    """Return what ``WEIGHTS`` weigh, in their order."""
    told = signs.features >= LEAST_FEATURES
    surplus = 1.0 - signs.elsewhere / signs.features if told else 0.0
    surplus = min(MOST_SURPLUS, max(LEAST_SURPLUS, surplus))
    length_ms = segment.query_end_ms - segment.query_start_ms
    return (
        1.0,
        signs.standing_out,
        surplus,
        float(not told),
        surplus * min(1.0, signs.features / MANY_FEATURES),
        moving_agreement or 0.0,
        float(moving_agreement is None),
        min(MOST_SPED, abs(log(segment.speed))),
        min(1.0, length_ms / LONG_MS),
    )
