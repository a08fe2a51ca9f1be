"""Verdicts: rows are only ever added, so the former judgements stay beside the present one."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import Session, col, select

from storage.clips import members, resolve_clip
from storage.columns import clean_text
from storage.tables import VerdictRow
from tracker.model.ids import ClipId, VideoId
from tracker.model.verdict import Verdict, VerdictKind


def save_verdict(s: Session, verdict: Verdict) -> int:
    """Keep a judgement; return its number, which only grows."""
    row = VerdictRow(
        clip=verdict.clip,
        video=verdict.video,
        verdict=verdict.kind.value,
        judged_by=clean_text(verdict.by),
        why=clean_text(verdict.why),
        algorithm=verdict.algorithm,
        at=verdict.at,
    )
    s.add(row)
    s.flush()
    assert row.id is not None  # noqa: S101 - the flush has numbered it
    return row.id


def all_verdicts(s: Session) -> Iterator[tuple[int, Verdict | None]]:
    """Yield every judgement with its number, the oldest first.

    ``None`` stands for a row that cannot be read (it was tampered with).
    """
    for row in s.exec(select(VerdictRow).order_by(col(VerdictRow.id))):
        yield row.id or 0, _verdict(row)


def of_clip(s: Session, clip: ClipId) -> tuple[Verdict, ...]:
    """Return all judgements on the clip and on those merged into it, the oldest first."""
    found = [verdict for _, verdict in all_verdicts(s) if verdict is not None]
    names = {name: resolve_clip(s, name) for name in {verdict.clip for verdict in found}}
    ids = {name: held.id if held is not None else name for name, held in names.items()}
    return tuple(verdict for verdict in found if ids[verdict.clip] == clip)


def of_video(s: Session, video: VideoId) -> tuple[Verdict, ...]:
    """Return all judgements on the video, whatever the clip, the oldest first."""
    rows = select(VerdictRow).where(VerdictRow.video == video).order_by(col(VerdictRow.id))
    return tuple(filter(None, map(_verdict, s.exec(rows))))


def standing(s: Session) -> dict[tuple[ClipId, VideoId], Verdict]:
    """Return the judgements that are obeyed: the latest on each live clip and video."""
    result: dict[tuple[ClipId, VideoId], Verdict] = {}
    for _, verdict in all_verdicts(s):
        clip = resolve_clip(s, verdict.clip) if verdict is not None else None
        if clip is not None and verdict is not None:
            result[clip.id, verdict.video] = verdict
    return result


def rejected_with(s: Session, video: VideoId) -> frozenset[VideoId]:
    """Return the videos that, in a person's judgement, do not show the footage of ``video``."""
    found: set[VideoId] = set()
    for (clip, judged), verdict in standing(s).items():
        if verdict.kind is not VerdictKind.DIFFERENT:
            continue
        shown_by = members(s, clip)
        if judged == video:
            found |= shown_by
        elif video in shown_by:
            found.add(judged)
    return frozenset(found - {video})


def _verdict(row: VerdictRow) -> Verdict | None:
    if row.verdict not in set(VerdictKind):
        return None
    return Verdict(
        clip=ClipId(row.clip),
        video=VideoId(row.video),
        kind=VerdictKind(row.verdict),
        by=row.judged_by,
        why=row.why,
        at=row.at,
        algorithm=row.algorithm,
    )
