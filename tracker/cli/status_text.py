"""The state of the archive as text for a person at a terminal."""

from __future__ import annotations

from rich.console import Console

from tracker.cli.lines import BOLD, DIM, address, say
from tracker.model.summary import FailingWork, StatusSummary
from tracker.reports import wording
from tracker.reports.plain_text import clean_line


def print_status(console: Console, status: StatusSummary) -> None:
    """Print what is pending and failing and why, then what is held."""
    waiting = [work for work in status.pending if work.count]
    say(console, status_answer(status), style=BOLD)
    for work in waiting:
        say(console, f"{work.count:8,}  {clean_line(work.stage, 30)}", 2)
    for failure in status.failing:
        _print_failure(console, failure)
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
    if status.last_run_at is not None:
        say(console, f"Last run: {wording.moment_words(status.last_run_at)}.", style=DIM)


def status_answer(status: StatusSummary) -> str:
    """Return in one sentence whether anything is pending or failing."""
    pending = sum(work.count for work in status.pending)
    if not pending and not status.failing:
        return "Nothing is pending, nothing fails."
    waiting = f"{wording.count_words(pending, 'item')} pending" if pending else "Nothing pending"
    return f"{waiting}, {len(status.failing):,} failing."


def _print_failure(console: Console, failure: FailingWork) -> None:
    tries = wording.count_words(failure.attempts, "attempt")
    again = failure.retry_at
    then = f"next try {wording.moment_words(again)}" if again else "not tried again"
    console.print()
    say(console, f"Failing at {clean_line(failure.stage, 30)} ({tries}, {then}):", 2)
    address(console, failure.subject, 4)
    say(console, clean_line(failure.error, 600), 4)
