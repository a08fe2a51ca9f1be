"""Digests of what the product concludes, made the same way when recorded and when checked.

Each is the SHA-256 of a canonical JSON object. Floats enter as text with 12 significant digits:
enough to tell any two findings apart, few enough that exchanging query and reference and back
(``1 / (1 / speed)``) changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING

from tracker.evidence.canonical import canonical_digest
from tracker.model.keyframe import Keyframe
from tracker.model.match import Match, Segment, SoundAgreement, SoundMatch, Transformation
from tracker.model.verdict import Verdict

if TYPE_CHECKING:  # who digests no arrays loads none
    from tracker.model.fingerprint import Fingerprint
    from tracker.model.sound import SoundPrint


def fingerprint_digest(fingerprint: Fingerprint) -> str:
    """Return the digest of a fingerprint; arrays enter as their bytes, little-endian."""
    parts: dict[str, object] = {
        "algorithm": fingerprint.algorithm.key,
        "duration_ms": int(fingerprint.duration_ms),
        "shape": [int(n) for n in fingerprint.codes.shape],
        "codes": _sha256(fingerprint.codes.astype("|u1").tobytes()),
        "pts_ms": _sha256(fingerprint.pts_ms.astype("<i4").tobytes()),
        "views": _sha256(fingerprint.views.astype("|u1").tobytes()),
        "quality": _sha256(fingerprint.quality.astype("|u1").tobytes()),
    }
    features = fingerprint.features
    if len(features.pts_ms):  # without any, the digest is that of algorithms that had none
        parts["features"] = {
            "pts_ms": _sha256(features.pts_ms.astype("<i4").tobytes()),
            "counts": _sha256(features.counts.astype("|u1").tobytes()),
            "codes": _sha256(features.codes.astype("|u1").tobytes()),
            "places": _sha256(features.places.astype("|u1").tobytes()),
        }
    if len(fingerprint.thumbnails):
        parts["thumbnails"] = {
            "shape": [int(n) for n in fingerprint.thumbnails.pictures.shape],
            "pts_ms": _sha256(fingerprint.thumbnails.pts_ms.astype("<i4").tobytes()),
            "pictures": _sha256(fingerprint.thumbnails.pictures.astype("|u1").tobytes()),
        }
    if len(fingerprint.boxes):
        parts["boxes"] = _sha256(fingerprint.boxes.astype("|u1").tobytes())
    if fingerprint.sound is not None:
        parts["sound"] = _sound(fingerprint.sound)
    return canonical_digest(parts)


def keyframes_digest(keyframes: Sequence[Keyframe]) -> str:
    """Return the digest of a video's keyframes: their times and the digests of their JPEGs."""
    return keyframe_list_digest((frame.pts_ms, _sha256(frame.jpeg)) for frame in keyframes)


def keyframe_list_digest(keyframes: Iterable[tuple[int, str]]) -> str:
    """Return the digest of keyframes given by their times and the SHA-256 of their JPEGs."""
    return canonical_digest([[int(pts_ms), sha256] for pts_ms, sha256 in keyframes])


def match_digest(match: Match) -> str:
    """Return the digest of what two videos have in common, the same from either side."""
    seen = match if match.query < match.reference else match.swapped()
    parts: dict[str, object] = {
        "videos": [seen.query, seen.reference],
        "score": _number(seen.score),
        "asserted": bool(seen.asserted),
        "segments": [_segment(s) for s in seen.segments],
        "pairs": [
            [
                int(p.query_pts_ms),
                int(p.reference_pts_ms),
                int(p.distance_bits),
                bool(p.mirrored),
            ]
            for p in seen.pairs
        ],
        "transformations": _transformations(seen.transformations),
        "reverse_transformations": _transformations(seen.reverse_transformations),
    }
    if seen.sound is not SoundAgreement.UNKNOWN:  # as it was before sound was compared
        parts["sound"] = seen.sound.value
    if seen.laid is not None:  # as it was before pictures were laid over each other
        parts["laid"] = [_number(value) for value in astuple(seen.laid)]
    if not seen.moment_told:
        parts["moment_told"] = False
    if seen.moment_odds is not None:  # as it was before they were reckoned
        parts["moment_odds"] = _number(seen.moment_odds)
    if seen.instants is not None:  # as it was before originals were asked
        told = astuple(seen.instants)  # the last was added later
        parts["instants"] = [_number(value) for value in told if value is not None]
    return canonical_digest(parts)


def sound_match_digest(match: SoundMatch) -> str:
    """Return the digest of what two videos sound alike in, the same from either side."""
    seen = match if match.query < match.reference else match.swapped()
    return canonical_digest(
        {
            "videos": [seen.query, seen.reference],
            "score": _number(seen.score),
            "segments": [_segment(s) for s in seen.segments],
        }
    )


def _sound(sound: SoundPrint) -> dict[str, object]:
    return {
        "algorithm": sound.algorithm,
        "version": sound.version,
        "item_period_ms": _number(sound.item_period_ms),
        "item_window_ms": _number(sound.item_window_ms),
        "items": _sha256(sound.items.astype("<u4").tobytes()),
    }


def _transformations(transformations: Sequence[Transformation]) -> list[list[object]]:
    return [[t.kind, _exact(t.detail)] for t in transformations]


def verdict_digest(verdict: Verdict) -> str:
    """Return the digest of a person's judgement: of all that is kept of it."""
    return canonical_digest(
        {
            "clip": verdict.clip,
            "video": verdict.video,
            "verdict": verdict.kind.value,
            "by": verdict.by,
            "why": verdict.why,
            "at": verdict.at.isoformat(),
            "algorithm": verdict.algorithm,
        }
    )


def document_digest(document: str) -> str:
    """Return the digest of a recorded document (a chain revision's JSON text)."""
    return _sha256(document.encode())


def _segment(segment: Segment) -> list[object]:
    return [
        int(segment.query_start_ms),
        int(segment.query_end_ms),
        int(segment.reference_start_ms),
        int(segment.reference_end_ms),
        _number(segment.speed),
        bool(segment.mirrored),
        _number(segment.score),
    ]


def _exact(value: object) -> object:
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return {str(key): _exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(item) for item in value]
    return value


def _number(value: float) -> str:
    return format(float(value), ".12g")


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
