"""How well the evidence behind a report is kept: one measured line for each of six criteria.

Source: Dappert and Enders, "Digital Preservation Metadata Standards", Information Standards
Quarterly 22(2), 2010, which names the six; what is counted for each is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracker.model.status import PostStatus
from tracker.reports.report_input import CaptureRecord, ReportInput
from tracker.reports.wording import count_words


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion, its state in words, and the count behind it: ``met`` of ``total``."""

    name: str
    state: str
    met: int
    total: int


def criteria(report: ReportInput) -> tuple[Criterion, ...]:
    """Return the six criteria with their measured state."""
    return (
        _authenticity(report),
        _availability(report),
        _identity(report),
        _persistence(report),
        _renderability(report),
        _understandability(report),
    )


def _authenticity(report: ReportInput) -> Criterion:
    captured = {r.video for r in report.captures} | {r.body_sha256 for r in report.captures}
    wanted = {item.video for item in report.held} | _answers(report)
    met = len(wanted & captured)
    state = (
        f"{_of(met, len(wanted))} files and answers have their digests in the custody ledger "
        f"({count_words(report.archive.ledger_entries, 'entry', 'entries')}); "
        "whether they still are what they were, tracker verify tells"
    )
    return Criterion("Authenticity", state, met, len(wanted))


def _availability(report: ReportInput) -> Criterion:
    posts = [link.appearance.post for link in report.chain.links if link.appearance.post]
    met = sum(post.status is PostStatus.LIVE for post in posts)
    state = f"{_of(met, len(posts))} posts could be seen when they were last looked at"
    return Criterion("Availability", state, met, len(posts))


def _identity(report: ReportInput) -> Criterion:
    links = report.chain.links
    met = sum(link.appearance.post is not None for link in links)
    state = (
        f"every file is named by its SHA-256; {_of(met, len(links))} appearances have an address"
    )
    return Criterion("Identity", state, met, len(links))


def _persistence(report: ReportInput) -> Criterion:
    answers = _answers(report)
    held = {r.body_sha256 for r in report.captures if r.held and r.body_sha256}
    originals = sum(item.original for item in report.held)
    pictures = sum(item.keyframes for item in report.held)
    files = len(report.held)
    state = (
        f"kept: {_of(originals, files)} original files, the pictures of {_of(pictures, files)}, "
        f"{_of(len(held), len(answers))} raw answers"
    )
    return Criterion("Persistence", state, originals + len(held), files + len(answers))


def _renderability(report: ReportInput) -> Criterion:
    met = sum(item.algorithm is not None for item in report.held)
    kinds = sorted({video.info.codec for video in report.videos if video.info})
    listed = f" ({', '.join(kinds[:6])})" if kinds else ""
    state = f"{_of(met, len(report.held))} files were decoded from start to end{listed}"
    return Criterion("Renderability", state, met, len(report.held))


def _understandability(report: ReportInput) -> Criterion:
    met = sum(map(is_complete, report.captures))
    state = (
        f"{_of(met, len(report.captures))} captures say what was asked, where it led, when, "
        "and which program asked"
    )
    return Criterion("Understandability", state, met, len(report.captures))


def is_complete(record: CaptureRecord) -> bool:
    """Tell whether a capture says all that is needed to understand it later."""
    return not lacking(record)


def lacking(record: CaptureRecord) -> tuple[str, ...]:
    """Return what a capture lacks of what a court asks for at the least.

    Source: Berkeley Protocol on Digital Open Source Investigations (2022), paragraph 155: address,
    source of the page, and capture with date and time.
    """
    exchange = record.exchange
    found = []
    if not exchange.requested_url or not exchange.final_url:
        found.append("an address")
    if not exchange.tools:
        found.append("the program that made it")
    if record.body_sha256 is None and record.video is None:
        found.append("the answer's digest")
    return tuple(found)


def _answers(report: ReportInput) -> set[str]:
    return {r.body_sha256 for r in report.captures if r.body_sha256}


def _of(met: int, total: int) -> str:
    return f"all {total:,}" if met == total else f"{met:,} of {total:,}"
