"""What ``tracker verify`` found, as text."""

from __future__ import annotations

from rich.console import Console

from tracker.cli.text import BOLD, DIM, print_item, print_line
from tracker.model.summary import Verified
from tracker.reports import wording
from tracker.reports.plain_text import clean_line


def print_verified(console: Console, verified: Verified) -> None:
    """Print whether everything recorded is intact, every item that is not, and the notes."""
    print_line(console, verified_answer(verified), style=BOLD)
    for item in verified.broken:
        name = clean_line(item.name, 300)
        print_item(console, f"{clean_line(item.kind, 20)} {name}: {clean_line(item.reason, 300)}")
    for note in verified.notes:
        print_line(console, clean_line(note, 300), style=DIM)


def verified_answer(verified: Verified) -> str:
    """Return in one sentence what was checked and whether it holds."""
    count = wording.count_words
    checked = (
        f"{count(verified.entries, 'ledger entry', 'ledger entries')}, "
        f"{count(verified.files, 'file')} and {count(verified.anchors, 'anchor')} checked"
    )
    if verified.ok:
        return f"Intact: {checked}, nothing differs."
    return f"Broken: {count(len(verified.broken), 'item')} of what was recorded; {checked}."
