"""What is said of anchors and of who vouches for their time: never more than is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tracker.model.anchor import Anchor, Token, TokenState
from tracker.model.summary import AnchorSummary, AuthorityTokens
from tracker.reports import wording
from tracker.reports.plain_text import clean_line

NOBODY_VOUCHES = "the ledger proves order and integrity, but no outside party vouches for the time"


def anchor_words(anchor: Anchor) -> str:
    """Return "anchor 3 (entries 41 to 97, 24 November 2026, 00:05 UTC)"."""
    at = wording.moment_words(datetime.fromisoformat(anchor.at))
    first, last = anchor.first_sequence, anchor.last_sequence
    return f"anchor {anchor.number} (entries {first:,} to {last:,}, {at})"


def token_words(token: Token) -> str:
    """Return in one sentence what an authority's answer is worth."""
    who = clean_line(token.authority, 300)
    if token.state is TokenState.VERIFIED and token.gen_at is not None:
        return f"{who}: verified, {wording.moment_words(token.gen_at)}"
    if token.state is TokenState.ATTESTED:
        return f"{who}: {block_words(token.block_height)}"
    if token.state is TokenState.PENDING:
        return f"{who}: pending, no block yet"
    return f"{who}: held, not verified: {clean_line(token.reason, 300)}"


def block_words(height: int | None) -> str:
    """Return what a path to a block is worth without a look at the block's header."""
    return f"Bitcoin block {height}, to be checked against a block header"


def anchor_lines(summary: AnchorSummary) -> Iterator[str]:
    """Yield the lines of ``tracker status`` about anchors; nothing for an empty ledger."""
    if summary.last is not None:
        words = anchor_words(summary.last)
        yield f"Last anchor: {words[7:]}; {_entries(summary.new_entries)} since."
    elif summary.new_entries:
        yield "Not anchored yet: `tracker anchor` or `tracker run` does it."
    else:
        return
    for known in summary.authorities:
        yield f"{clean_line(known.authority, 300)}: {_counts(known)}."
    if not summary.authorities:
        yield f"{NOBODY_VOUCHES[:1].upper()}{NOBODY_VOUCHES[1:]}."


def _entries(count: int) -> str:
    return wording.count_words(count, "entry", "entries")


def _counts(known: AuthorityTokens) -> str:
    counts = (
        (known.verified, "verified"),
        (known.held, "held, not verified"),
        (known.pending, "pending"),
        (known.attested, "in a Bitcoin block (to be checked against its header)"),
    )
    said = [f"{count:,} {state}" for count, state in counts if count]
    words = ", ".join(said) if said else "nothing yet"
    return f"{words}; failing: {clean_line(known.error, 300)}" if known.error else words
