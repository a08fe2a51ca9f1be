"""Value ↔ row: the only translation between what the product speaks in and what it keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any, Literal, Protocol, cast

from storage.tables import (
    ClipRow,
    LeadRow,
    LedgerRow,
    MatchRow,
    MediaRow,
    PostRow,
    SoundMatchRow,
    VideoRow,
    WatchRow,
)
from tracker.model.clip import Clip
from tracker.model.ids import ClipId, Platform, PostKey, VideoId
from tracker.model.ledger import LedgerEntry, LedgerKind
from tracker.model.match import (
    FramePair,
    InstantAgreement,
    Laid,
    Match,
    Segment,
    SoundAgreement,
    SoundMatch,
    Transformation,
)
from tracker.model.post import Lead, MediaRef
from tracker.model.time_claim import (
    ClaimKind,
    ForgeableBy,
    Published,
    TimeClaim,
    TimeInterval,
)
from tracker.model.video import Damage, MediaInfo, Video
from tracker.model.watch import Watch


class ClaimColumns(Protocol):
    """The columns of a time claim, whatever it is about."""

    kind: str
    earliest_at: datetime | None
    latest_at: datetime | None
    forgeable_by: str
    source: str


def json_text(value: object) -> str:
    """Return compact JSON; raises ``ValueError`` for NaN and infinities."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def claim_columns(claim: TimeClaim) -> dict[str, Any]:
    """Return the columns that hold ``claim``."""
    return {
        "kind": claim.kind.value,
        "earliest_at": claim.interval.earliest_at,
        "latest_at": claim.interval.latest_at,
        "forgeable_by": claim.forgeable_by.value,
        "source": claim.source,
    }


def claim_from(row: ClaimColumns) -> TimeClaim:
    """Return the time claim in ``row``."""
    return TimeClaim(
        kind=ClaimKind(row.kind),
        interval=TimeInterval(row.earliest_at, row.latest_at),
        forgeable_by=ForgeableBy(row.forgeable_by),
        source=row.source,
    )


def set_published_columns(row: PostRow, published: Published | None) -> None:
    """Write the interval to go by, or its absence, into ``row``."""
    row.published_earliest_at = published.interval.earliest_at if published else None
    row.published_latest_at = published.interval.latest_at if published else None
    row.published_basis = published.basis.value if published else None


def published_from(row: PostRow) -> Published | None:
    """Return the interval to go by, or ``None`` while nothing is known."""
    if row.published_basis is None:
        return None
    interval = TimeInterval(row.published_earliest_at, row.published_latest_at)
    return Published(interval, ClaimKind(row.published_basis))


def media_ref_from(row: MediaRow) -> MediaRef:
    """Return where the video of ``row`` can be fetched."""
    via = cast("Literal['http', 'ytdlp', 'file']", row.via)
    return MediaRef(row.url, via, row.platform_media_id)


def lead_from(row: LeadRow) -> Lead:
    """Return the lead in ``row``."""
    return Lead(row.text, Platform(row.platform), row.account, row.source_url, row.day)


def lead_identity(lead: Lead) -> str:
    """Return a digest that is equal for equal leads (their texts are too long for an index)."""
    parts = [lead.text, lead.platform, lead.account, lead.source_url]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def set_info_columns(row: VideoRow, info: MediaInfo) -> None:
    """Write the technical facts into ``row``."""
    row.container, row.codec = info.container, info.codec
    row.width, row.height = info.width, info.height
    row.duration_ms, row.has_audio = info.duration_ms, info.has_audio
    row.creation_at = info.creation_at
    row.broken_packets = info.damage.broken_packets if info.damage else None
    row.stated_duration_ms = info.damage.stated_duration_ms if info.damage else None


def video_from(row: VideoRow) -> Video:
    """Return the video in ``row``."""
    info = None
    if row.container is not None:
        info = MediaInfo(
            container=row.container,
            codec=row.codec,
            width=row.width,
            height=row.height,
            duration_ms=row.duration_ms,
            has_audio=row.has_audio,
            creation_at=row.creation_at,
            damage=_damage_from(row),
        )
    return Video(VideoId(row.sha256), row.size_bytes, info)


def _damage_from(row: VideoRow) -> Damage | None:
    if row.broken_packets is None:
        return None
    return Damage(row.broken_packets, row.stated_duration_ms)


def match_columns(match: Match) -> dict[str, Any]:
    """Return the columns that hold ``match``, the smaller id as query."""
    stored = match if match.query < match.reference else match.swapped()
    return {
        "query": stored.query,
        "reference": stored.reference,
        "score": float(stored.score),
        "asserted": stored.asserted,
        "segments": json_text([_segment_list(s) for s in stored.segments]),
        "pairs": json_text([_pair_list(p) for p in stored.pairs]),
        "transformations": _transformations_text(stored.transformations),
        "reverse_transformations": _transformations_text(stored.reverse_transformations),
        "sound": stored.sound.value,
        "laid": _values_text(stored.laid),
        "moment_told": stored.moment_told,
        "moment_odds": stored.moment_odds,
        "instants": _values_text(stored.instants),
    }


def match_from(row: MatchRow, query: str | None = None) -> Match:
    """Return the match in ``row`` seen from ``query``, by default from the smaller id."""
    match = Match(
        query=VideoId(row.query),
        reference=VideoId(row.reference),
        score=row.score,
        segments=tuple(Segment(*values) for values in json.loads(row.segments)),
        transformations=_transformations_from(row.transformations),
        pairs=tuple(FramePair(*values) for values in json.loads(row.pairs)),
        asserted=row.asserted,
        reverse_transformations=_transformations_from(row.reverse_transformations),
        sound=SoundAgreement(row.sound or "unknown"),
        laid=_laid_from(row.laid),
        moment_told=row.moment_told,
        moment_odds=row.moment_odds,
        instants=_instants_from(row.instants),
    )
    return match if query in (None, row.query) else match.swapped()


def lean_match(
    query: str,
    reference: str,
    score: float,
    segments: str,
    transformations: str,
    reverse_transformations: str,
    sound: str | None,
    laid: str | None,
    moment_told: bool,
    moment_odds: float | None,
    instants: str | None,
) -> Match:
    """Return an asserted match from its columns but the frame pairs, which are many and large."""
    return Match(
        query=VideoId(query),
        reference=VideoId(reference),
        score=score,
        segments=tuple(Segment(*values) for values in json.loads(segments)),
        transformations=_transformations_from(transformations),
        reverse_transformations=_transformations_from(reverse_transformations),
        sound=SoundAgreement(sound or "unknown"),
        laid=_laid_from(laid),
        moment_told=moment_told,
        moment_odds=moment_odds,
        instants=_instants_from(instants),
    )


def sound_match_columns(match: SoundMatch) -> dict[str, Any]:
    """Return the columns that hold ``match``, the smaller id as query."""
    stored = match if match.query < match.reference else match.swapped()
    return {
        "query": stored.query,
        "reference": stored.reference,
        "score": float(stored.score),
        "segments": json_text([_segment_list(s) for s in stored.segments]),
    }


def sound_match_from(row: SoundMatchRow, query: str | None = None) -> SoundMatch:
    """Return the match in ``row`` seen from ``query``, by default from the smaller id."""
    match = SoundMatch(
        query=VideoId(row.query),
        reference=VideoId(row.reference),
        score=row.score,
        segments=tuple(Segment(*values) for values in json.loads(row.segments)),
    )
    return match if query in (None, row.query) else match.swapped()


def _transformations_text(transformations: Sequence[Transformation]) -> str:
    return json_text([[t.kind, dict(t.detail)] for t in transformations])


def _transformations_from(text: str) -> tuple[Transformation, ...]:
    return tuple(Transformation(kind, detail) for kind, detail in json.loads(text))


def _values_text(found: Laid | InstantAgreement | None) -> str | None:
    return None if found is None else json_text(list(astuple(found)))


def _laid_from(text: str | None) -> Laid | None:
    return None if text is None else Laid(*json.loads(text))


def _instants_from(text: str | None) -> InstantAgreement | None:
    return None if text is None else InstantAgreement(*json.loads(text))


def _segment_list(segment: Segment) -> Sequence[float | bool]:
    return [
        int(segment.query_start_ms),
        int(segment.query_end_ms),
        int(segment.reference_start_ms),
        int(segment.reference_end_ms),
        float(segment.speed),
        bool(segment.mirrored),
        float(segment.score),
    ]


def _pair_list(pair: FramePair) -> Sequence[int | bool]:
    return [
        int(pair.query_pts_ms),
        int(pair.reference_pts_ms),
        int(pair.distance_bits),
        bool(pair.mirrored),
    ]


def clip_from(row: ClipRow) -> Clip:
    """Return the clip in ``row``."""
    return Clip(ClipId(row.id), VideoId(row.reference), row.start_ms, row.end_ms)


_KEPT_OF_WATCHES = tuple(name for name in Watch.__dataclass_fields__ if name != "until")
"""``until`` is of searches that are made once."""


def watch_columns(watch: Watch) -> dict[str, Any]:
    """Return the columns that hold ``watch``."""
    return {name: getattr(watch, name) for name in _KEPT_OF_WATCHES}


def watch_from(row: WatchRow) -> Watch:
    """Return the standing order in ``row``."""
    return Watch(**{name: getattr(row, name) for name in _KEPT_OF_WATCHES})


def entry_from(row: LedgerRow) -> LedgerEntry:
    """Return the ledger entry in ``row``.

    A kind that nobody wrote is passed on as it stands: the check of the chain has to see it.
    """
    known = row.kind in LedgerKind.__members__.values()
    return LedgerEntry(
        sequence=row.sequence,
        kind=LedgerKind(row.kind) if known else cast("LedgerKind", row.kind),
        at=row.at,
        body=row.body,
        previous_hash=str(row.previous_hash),  # bytes, in a database changed by hand
        entry_hash=str(row.entry_hash),
    )


def post_key(row: PostRow) -> PostKey:
    """Return the key of the post in ``row``."""
    return PostKey(row.key)
