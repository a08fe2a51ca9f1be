"""The provenance chain as a table for spreadsheets, one appearance a row."""

from __future__ import annotations

import csv
import io

from tracker.model.chain import Chain, ChainLink
from tracker.model.clip import PostSummary
from tracker.model.ids import AppearanceId
from tracker.model.status import PostStatus
from tracker.reports.documents import instant_text
from tracker.reports.plain_text import clean_line
from tracker.reports.report_input import ReportInput
from tracker.reports.transformation_words import transformation_phrases
from tracker.reports.wording import positions_of

COLUMNS = (
    *("position", "appearance", "is_root", "relation", "parent", "confidence"),
    *("platform", "account", "url", "status", "files"),
    *("published_earliest", "published_latest", "published_basis"),
    *("video_sha256", "segment_start_ms", "segment_end_ms", "transformations", "why", "clip"),
    *("last_looked_at", "last_seen_at", "first_gone_at"),
)

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet run a cell. Source: OWASP, "CSV Injection"."""

MAX_CELL = 2000
"""Characters a cell may have; spreadsheets stop at 32,767 for a whole cell."""


def render_csv(report: ReportInput) -> str:
    """Return the chain as CSV (RFC 4180) with a header row, to be written as UTF-8.

    Text cells are cleaned of control characters, and those that a spreadsheet would take for a
    formula begin with an apostrophe: for exact values take the JSON report.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    positions = positions_of(report.chain)
    for link in report.chain.links:
        writer.writerow([_cell(value) for value in _row(link, report.chain, positions)])
    return out.getvalue()


def _row(
    link: ChainLink, chain: Chain, positions: dict[AppearanceId, int]
) -> tuple[str | int | float | None, ...]:
    seen, post = link.appearance, link.appearance.post
    return (
        positions[seen.id],
        seen.id,
        "yes" if seen.id == chain.root else "no",
        link.relation.value,
        link.parent,
        round(link.confidence, 6),
        post.platform if post else None,
        post.account if post else None,
        post.key if post else None,
        (post.status if post else PostStatus.UNKNOWN).value,
        "; ".join(seen.files),
        *_published(link),
        seen.video,
        seen.start_ms,
        seen.end_ms,
        "; ".join(transformation_phrases(seen.transformations)),
        link.why,
        chain.clip,
        *_visibility(post),
    )


def _visibility(post: PostSummary | None) -> tuple[str | None, str | None, str | None]:
    seen = post.visibility if post else None
    if seen is None:
        return None, None, None
    return (
        instant_text(seen.last_look_at),
        instant_text(seen.last_seen_at),
        instant_text(seen.first_gone_at),
    )


def _published(link: ChainLink) -> tuple[str | None, str | None, str | None]:
    published = link.appearance.published
    if published is None:
        return None, None, None
    interval = published.interval
    return (
        instant_text(interval.earliest_at),
        instant_text(interval.latest_at),
        published.basis.value,
    )


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    cleaned = clean_line(value, MAX_CELL)
    risky = value.startswith(FORMULA_STARTS) or cleaned.startswith(FORMULA_STARTS)
    return "'" + cleaned if risky else cleaned
