"""Measures what was done to a copy's colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.matching.registration import ColourFit

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

LEAST_BRIGHTNESS = 0.04
LEAST_CONTRAST = 0.1
LEAST_SATURATION = 0.2
LEAST_HUE_DEGREES = 12.0
LEAST_TINT = 0.03
"""Smaller changes are those of recoding and of moments apart, and are not named."""

GREY_SATURATION = 0.12
_COLOURED_LEVELS = 7.0
"""Below this chroma (grey levels, root mean square) a picture says nothing of colours."""

_PALE_LEVELS, _GREY_LEVELS = 2.5, 0.8

LEAST_COHERENCE = 0.75
"""Colours that were turned as one correlate at least so much, as complex numbers."""

_PLAIN_LEVELS = 6.0
_LEAST_PLAIN_SHARE = 0.05
_LEAST_CONTRAST_LEVELS = 8.0


@dataclass(frozen=True, slots=True)
class ColourChange:
    """What became of a picture's colours; the plain copy is (0, 1, 1, 0, 0).

    ``brightness`` is the change of the mean, as a share of the full range; ``contrast`` and
    ``saturation`` are factors; ``hue_degrees`` turns from blue to red; ``tint`` is the colour
    cast that came over all, as a share of the full range. ``saturation`` and ``hue_degrees``
    are ``None`` where the reference itself has no colour.
    """

    brightness: float
    contrast: float
    saturation: float | None
    hue_degrees: float | None
    tint: float

    @property
    def grey(self) -> bool:
        """Whether the colours were taken away."""
        return self.saturation is not None and self.saturation < GREY_SATURATION

    @property
    def changed(self) -> bool:
        """Whether any of it is more than recoding does."""
        saturation, hue = self.saturation, self.hue_degrees
        return (
            abs(self.brightness) >= LEAST_BRIGHTNESS
            or abs(np.log(max(self.contrast, 0.01))) >= LEAST_CONTRAST
            or self.tint >= LEAST_TINT
            or (saturation is not None and abs(np.log(max(saturation, 0.01))) >= LEAST_SATURATION)
            or (hue is not None and abs(hue) >= LEAST_HUE_DEGREES)
        )


def colour_change(fits: Sequence[ColourFit]) -> ColourChange | None:
    """Return the change of colours over all pairs; ``None`` unless most pairs show one."""
    if not fits:
        return None
    whole = _change(fits)
    votes = [
        one.changed or (whole.grey and one.saturation is None)
        for one in (_change([fit]) for fit in fits)
    ]
    return whole if whole.changed and 2 * sum(votes) > len(votes) else None


def _change(fits: Sequence[ColourFit]) -> ColourChange:
    query = np.concatenate([fit.query for fit in fits])
    reference = np.concatenate([fit.reference for fit in fits])
    (q_luma, q_chroma), (r_luma, r_chroma) = _luma_chroma(query), _luma_chroma(reference)
    saturation = _saturation(q_chroma, r_chroma)
    coloured = saturation is not None and saturation >= GREY_SATURATION
    return ColourChange(
        brightness=float(q_luma.mean() - r_luma.mean()) / 255,
        contrast=_contrast(q_luma, r_luma),
        saturation=saturation,
        hue_degrees=_hue(q_chroma, r_chroma) if coloured else None,
        tint=_tint(q_chroma, r_chroma),
    )


def _hue(query: Complexes, reference: Complexes) -> float | None:
    """Return by how much all colours were turned; ``None`` if they did not turn as one."""
    shared = np.vdot(reference, query)
    norm = float(np.linalg.norm(query) * np.linalg.norm(reference))
    if norm == 0 or abs(shared) < LEAST_COHERENCE * norm:
        return None
    return float(np.degrees(np.angle(shared)))


def _tint(query: Complexes, reference: Complexes) -> float:
    """Return the cast of places that had no colour, as a share of the full range."""
    plain = np.abs(reference) < _PLAIN_LEVELS
    if plain.mean() < _LEAST_PLAIN_SHARE:
        return 0.0
    return float(abs(np.mean(query[plain] - reference[plain]))) / 255


def _contrast(query: Floats, reference: Floats) -> float:
    """Return the factor of brightness around its mean, 1 where the places do not bear it out."""
    now, was = float(query.std()), float(reference.std())
    if was < _LEAST_CONTRAST_LEVELS or now == 0:
        return 1.0
    shared = float(np.mean((query - query.mean()) * (reference - reference.mean())))
    return now / was if shared >= LEAST_COHERENCE * now * was else 1.0


def _saturation(query: Complexes, reference: Complexes) -> float | None:
    now, was = (float(np.sqrt(np.mean(np.abs(c) ** 2))) for c in (query, reference))
    if was >= _COLOURED_LEVELS:
        return now / was
    # Of a pale picture only the complete loss of colour can be told from noise.
    return 0.0 if was >= _PALE_LEVELS and now < _GREY_LEVELS else None


def _luma_chroma(bgr: Floats) -> tuple[Floats, Complexes]:
    """Return brightness, and colour as one complex number (Cb + i Cr). Source: ITU-R BT.601."""
    blue, green, red = bgr[:, 0], bgr[:, 1], bgr[:, 2]
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return luma, 0.564 * (blue - luma) + 1j * 0.713 * (red - luma)
