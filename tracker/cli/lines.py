"""Lines on a terminal: wrapped, indented, nothing in them interpreted."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from tracker.reports.plain_text import clean_line

MAX_WIDTH = 100
"""Columns used at most: longer lines are hard to read."""

BOLD, DIM = "bold", "dim"


def say(console: Console, text: str, indent: int = 0, style: str = "") -> None:
    """Print ``text`` wrapped, every line indented, nothing in it interpreted."""
    width = max(min(console.width, MAX_WIDTH) - indent, 20)
    for line in Text(text, style=style).wrap(console, width):
        line.rstrip()
        console.print(Text(" " * indent) + line, soft_wrap=True, highlight=False)


def item(console: Console, text: str) -> None:
    """Print ``text`` as an item of a list, its further lines under its first."""
    width = max(min(console.width, MAX_WIDTH) - 4, 20)
    for number, line in enumerate(Text(text).wrap(console, width)):
        line.rstrip()
        lead = "  - " if number == 0 else "    "
        console.print(Text(lead) + line, soft_wrap=True, highlight=False)


def address(console: Console, url: str, indent: int) -> None:
    """Print an address on a line of its own, unbroken so that it can be copied."""
    shown = clean_line(url, 2000)
    console.print(Text(" " * indent + shown), soft_wrap=True, highlight=False)
