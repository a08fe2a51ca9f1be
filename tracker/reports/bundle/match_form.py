"""Matches as JSON: the form in which bundles hold them, exact enough to digest again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from tracker.errors import IntegrityError
from tracker.model.ids import video_id
from tracker.model.match import (
    FramePair,
    InstantAgreement,
    Laid,
    Match,
    Segment,
    SoundAgreement,
    Transformation,
)
from tracker.reports.documents import Document

SCHEMA = "tracker/matches/1"


def matches_document(algorithm_key: str, matches: Iterable[Match]) -> Document:
    """Return ``tracker/matches/1``; of each two videos the one with the smaller id is the query."""
    return {
        "schema": SCHEMA,
        "algorithm": algorithm_key,
        "matches": [_match(match) for match in matches],
    }


def matches_from(document: object) -> tuple[str, list[Match]]:
    """Return algorithm and matches; raise ``IntegrityError`` for what is no such document."""
    try:
        found: Any = document
        return str(found["algorithm"]), [_match_from(item) for item in found["matches"]]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as exc:
        raise IntegrityError(f"no list of matches: {exc}") from exc


def _match(match: Match) -> Document:
    seen = match if match.query < match.reference else match.swapped()
    return {
        "query": seen.query,
        "reference": seen.reference,
        "score": seen.score,
        "asserted": seen.asserted,
        "sound": seen.sound.value,
        "segments": [
            {
                "query_ms": [s.query_start_ms, s.query_end_ms],
                "reference_ms": [s.reference_start_ms, s.reference_end_ms],
                "speed": s.speed,
                "mirrored": s.mirrored,
                "score": s.score,
            }
            for s in seen.segments
        ],
        "frame_pairs": [
            {
                "query_ms": pair.query_pts_ms,
                "reference_ms": pair.reference_pts_ms,
                "distance_bits": pair.distance_bits,
                "mirrored": pair.mirrored,
            }
            for pair in seen.pairs
        ],
        "transformations": [_transformation(t) for t in seen.transformations],
        "reverse_transformations": [_transformation(t) for t in seen.reverse_transformations],
        "laid": asdict(seen.laid) if seen.laid is not None else None,
        "moment_told": seen.moment_told,
        "moment_odds": seen.moment_odds,
        "instants": asdict(seen.instants) if seen.instants is not None else None,
    }


def _transformation(item: Transformation) -> Document:
    return {"kind": item.kind, "detail": dict(item.detail)}


def _match_from(item: Mapping[str, Any]) -> Match:
    return Match(
        query=video_id(item["query"]),
        reference=video_id(item["reference"]),
        score=float(item["score"]),
        segments=tuple(_segment_from(s) for s in item["segments"]),
        transformations=_transformations_from(item["transformations"]),
        pairs=tuple(
            FramePair(
                int(pair["query_ms"]),
                int(pair["reference_ms"]),
                int(pair["distance_bits"]),
                bool(pair["mirrored"]),
            )
            for pair in item["frame_pairs"]
        ),
        asserted=bool(item["asserted"]),
        reverse_transformations=_transformations_from(item["reverse_transformations"]),
        sound=SoundAgreement(item["sound"]),
        laid=_laid_from(item.get("laid")),  # bundles of older releases have none
        moment_told=bool(item.get("moment_told", True)),
        moment_odds=_number_or_none(item.get("moment_odds")),
        instants=_instants_from(item.get("instants")),
    )


def _number_or_none(value: Any) -> float | None:
    return None if value is None else float(value)


def _laid_from(item: Mapping[str, Any] | None) -> Laid | None:
    if item is None:
        return None
    return Laid(**{field.name: float(item[field.name]) for field in fields(Laid)})


def _instants_from(item: Mapping[str, Any] | None) -> InstantAgreement | None:
    if item is None:
        return None
    return InstantAgreement(
        correlation=float(item["correlation"]),
        elsewhere=float(item["elsewhere"]),
        moving=float(item["moving"]),
        mutual=_number_or_none(item.get("mutual")),  # bundles of an older release have none
    )


def _segment_from(item: Mapping[str, Any]) -> Segment:
    query_ms, reference_ms = item["query_ms"], item["reference_ms"]
    return Segment(
        query_start_ms=int(query_ms[0]),
        query_end_ms=int(query_ms[1]),
        reference_start_ms=int(reference_ms[0]),
        reference_end_ms=int(reference_ms[1]),
        speed=float(item["speed"]),
        mirrored=bool(item["mirrored"]),
        score=float(item["score"]),
    )


def _transformations_from(items: Iterable[Mapping[str, Any]]) -> tuple[Transformation, ...]:
    return tuple(Transformation(str(item["kind"]), dict(item["detail"])) for item in items)
