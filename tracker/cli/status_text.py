"""The state of the archive as text for a person at a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rich.console import Console

from tracker.cli.daemon_text import daemon_lines
from tracker.cli.lines import BOLD, DIM, address, say
from tracker.model.fixity import FixityCoverage
from tracker.model.summary import FailingWork, StatusSummary
from tracker.reports import wording
from tracker.reports.anchor_words import anchor_lines
from tracker.reports.plain_text import clean_line

MAX_BROKEN = 20
"""Broken files named; `tracker verify` names all."""


SHOWN_FAILURES = 20
"""So many failing items are named, each in several lines; JSON has all that the status has."""


def print_status(console: Console, status: StatusSummary) -> None:
    """Print what is pending and failing and why, then what is held."""
    waiting = [work for work in status.pending if work.count]
    say(console, status_answer(status), style=BOLD)
    for work in waiting:
        say(console, f"{work.count:8,}  {clean_line(work.stage, 30)}", 2)
    _print_failures(console, status)
    _print_broken(console, status.fixity)
    console.print()
    held, count = status.held, wording.count_words
    say(
        console,
        f"Held: {count(held.posts, 'post')}, {count(held.videos, 'video')}, "
        f"{count(held.frames, 'frame')}, {count(status.clips, 'clip')}, "
        f"{count(status.watches, 'watch', 'watches')}, "
        f"{count(status.ledger_entries, 'ledger entry', 'ledger entries')}.",
        style=DIM,
    )
    for line in filter(None, (*_custody_words(status), fixity_words(status.fixity))):
        say(console, line, style=DIM)
    for line in daemon_lines(status.daemon, status.at):
        say(console, line, style=DIM)
    if status.last_run_at is not None:
        say(console, f"Last run: {wording.moment_words(status.last_run_at)}.", style=DIM)
    for line in anchor_lines(status.anchors):
        say(console, line, style=DIM)


def _print_failures(console: Console, status: StatusSummary) -> None:
    """Print the first items that fail, how many others do, and every quota that is spent."""
    quotas = [work for work in status.failing if work.stage == "quota"]
    items = [work for work in status.failing if work.stage != "quota"]
    shown = items[:SHOWN_FAILURES]
    for failure in (*quotas, *shown):
        _print_failure(console, failure)
    more = max(status.failing_items, len(items)) - len(shown)
    if more > 0:
        say(console, f"and {more:,} more that fail; `tracker status --json` names more of them", 2)


def status_answer(status: StatusSummary) -> str:
    """Return in one sentence whether anything is pending or failing."""
    pending = sum(work.count for work in status.pending)
    broken = status.fixity.broken_files if status.fixity else 0
    if not pending and not status.failing and not broken:
        return "Nothing is pending, nothing fails."
    waiting = f"{wording.count_words(pending, 'item')} pending" if pending else "Nothing pending"
    lost = f", {wording.count_words(broken, 'kept file')} BROKEN" if broken else ""
    failing = max(status.failing_items, len(status.failing))
    return f"{waiting}, {failing:,} failing{lost}."


def fixity_words(coverage: FixityCoverage | None) -> str:
    """Return in one sentence how much of what is kept was re-hashed lately."""
    if coverage is None or not coverage.files:
        return ""
    files = wording.count_words(coverage.files, "file")
    parts = [f"{coverage.checked:,} of {files} re-hashed in the last {coverage.days:g} days"]
    if coverage.never:
        parts.append(f"{coverage.never:,} never since stored")
    if coverage.oldest_checked_at is not None:
        parts.append(f"oldest check {wording.moment_words(coverage.oldest_checked_at)}")
    parts.append(f"{coverage.broken_files:,} broken")
    return f"Fixity: {', '.join(parts)}."


def _custody_words(status: StatusSummary) -> Iterator[str]:
    count = wording.count_words
    if status.without_original:
        gone = f"{count(status.without_original, 'video')} without original (deleted, recorded)"
        lost = (
            f"; {status.never_again:,} of them can get no fingerprint of the present algorithm"
            if status.never_again
            else ""
        )
        yield f"{gone}{lost}."
    if status.holds:
        yield f"{count(status.holds, 'legal hold')} in force (`tracker hold list`)."


def _print_broken(console: Console, coverage: FixityCoverage | None) -> None:
    if coverage is None or not coverage.broken:
        return
    console.print()
    say(console, "Broken, found by re-hashing:", 2, BOLD)
    for check in coverage.broken[:MAX_BROKEN]:
        since = wording.moment_words(check.since_at)
        what = f"{check.file.kind.value} {clean_line(check.file.name, 64)}"
        say(console, f"{what}: {check.result.value} since {since} at the latest", 4)
        say(console, clean_line(check.reason, 200), 6)
    more = coverage.broken_files - len(coverage.broken[:MAX_BROKEN])
    if more > 0:
        say(console, f"and {more:,} more; `tracker verify` names all", 4)


def _print_failure(console: Console, failure: FailingWork) -> None:
    tries = wording.count_words(failure.attempts, "attempt")
    again = failure.retry_at
    then = f"next try {wording.moment_words(again)}" if again else "not tried again"
    if failure.parked:
        then = "parked"
    console.print()
    say(console, f"Failing at {clean_line(failure.stage, 30)} ({tries}, {then}):", 2)
    address(console, failure.subject, 4)
    say(console, clean_line(failure.error, 600), 4)
    if failure.parked:
        line = f"tracker retry {shlex.quote(failure.stage)} {shlex.quote(failure.subject)}"
        say(console, "To take it up again:", 4)
        address(console, line, 6)
