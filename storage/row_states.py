"""Digests of what is kept of a post, a video, a clip or a capture, part by part."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from storage.columns import EPOCH, MICROSECOND, clean_text
from storage.tables import (
    CaptureRow,
    ClipMemberRow,
    ClipRow,
    EditRow,
    LeadRow,
    LinkRow,
    MediaRow,
    PostClaimRow,
    PostRow,
    Row,
    SpellingRow,
    StatusRow,
    VideoClaimRow,
    VideoFileRow,
    VideoRow,
)
from tracker.evidence.canonical import canonical_json

MAX_OWNERS = 500
_CLAIM = ("kind", "earliest_at", "latest_at", "forgeable_by", "source")


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one table that belong to an owner; ``noun`` is what they are called.

    ``owner`` is the column that names the owner, ``columns`` are those the digest covers: what
    was observed, not how far work has come. ``later`` are columns that a later release added:
    the digest covers them where they hold something, so that digests made before still stand.
    """

    name: str
    noun: str
    table: type[Row]
    owner: str
    columns: tuple[str, ...]
    later: tuple[str, ...] = ()


POST_PARTS = (
    Part(
        "post", "facts", PostRow, "id",
        ("url", "platform", "kind", "account", "title", "text", "status", "first_observed_at",
         "fetched_at", "published_earliest_at", "published_latest_at", "published_basis",
         "edited_at"),
    ),
    Part("spellings", "addresses", SpellingRow, "post_id", ("url",)),
    Part("claims", "time claims", PostClaimRow, "post_id", _CLAIM),
    Part("statuses", "status history", StatusRow, "post_id", ("status", "at", "last_at")),
    Part(
        "edits", "edits", EditRow, "post_id",
        ("field", "before", "after", "last_seen_at", "first_seen_at", "edited_at"),
    ),
    Part("media", "media", MediaRow, "post_id", ("url", "via", "platform_media_id", "video")),
    Part("links", "links", LinkRow, "post_id", ("url", "relation")),
    Part("leads", "leads", LeadRow, "post_id",
         ("text", "platform", "account", "source_url", "day")),
)  # fmt: skip
VIDEO_PARTS = (
    Part(
        "video", "facts", VideoRow, "sha256",
        ("size_bytes", "first_observed_at", "container", "codec", "width", "height",
         "duration_ms", "has_audio", "creation_at"),
        later=("broken_packets", "stated_duration_ms"),
    ),
    Part("files", "paths", VideoFileRow, "video", ("path",)),
    Part("claims", "time claims", VideoClaimRow, "video", _CLAIM),
)  # fmt: skip
CLIP_PARTS = (
    Part(
        "clip", "facts", ClipRow, "id",
        ("reference", "start_ms", "end_ms", "created_at", "retired_at", "retired_reason",
         "merged_into"),
    ),
    Part("members", "members", ClipMemberRow, "clip", ("video",)),
)  # fmt: skip
CAPTURE = Part(
    "capture", "request and answer", CaptureRow, "id",
    ("requested_url", "final_url", "status_code", "content_type", "started_at", "finished_at",
     "body_sha256", "video", "redirects", "tools"),
)  # fmt: skip


def digests(
    s: Session, part: Part, owners: Collection[Any] | None = None
) -> Iterator[tuple[Any, str]]:
    """Yield (owner, digest) for each owner that has rows of that part, by ascending owner.

    ``None`` asks about all. The order of an owner's rows makes no difference.
    """
    if owners is None:
        yield from _digests(s, part, None)
        return
    names = sorted(owners)
    for start in range(0, len(names), MAX_OWNERS):
        yield from _digests(s, part, names[start : start + MAX_OWNERS])


def _digests(s: Session, part: Part, owners: Sequence[Any] | None) -> Iterator[tuple[Any, str]]:
    owner = getattr(part.table, part.owner)
    names = (*part.columns, *part.later)
    query = select(owner, *(getattr(part.table, name) for name in names)).order_by(owner)
    if owners is not None:
        query = query.where(owner.in_(owners))
    rows = s.execute(query.execution_options(yield_per=1000))
    for name, group in groupby(rows, key=lambda row: row[0]):
        yield name, _digest([_covered(part, row[1:]) for row in group])


def _covered(part: Part, row: Sequence[object]) -> Sequence[object]:
    named, later = row[: len(part.columns)], row[len(part.columns) :]
    return named if all(value is None for value in later) else [*named, *later]


def _digest(rows: Sequence[Sequence[object]]) -> str:
    lines = sorted(_line(row) for row in rows)
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def _line(row: Sequence[object]) -> bytes:
    try:
        return canonical_json([_plain(value) for value in row])
    except ValueError:  # bytes, numbers beyond JSON: nothing that this program wrote
        return repr(row).encode("utf-8", "backslashreplace")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return str((value - EPOCH) // MICROSECOND)
    if isinstance(value, str):
        return clean_text(value)
    return value


NO_ROWS = _digest([])
"""The digest of a part without rows."""
