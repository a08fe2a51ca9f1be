"""Anchors and time stamps in words: who vouches for what, and how far that was checked."""

from __future__ import annotations

from datetime import datetime

from tracker.model.anchor import Token, TokenKind, TokenState
from tracker.reports.plain_text import clean_line
from tracker.reports.report_input import ArchiveFacts
from tracker.reports.wording import moment_words

NO_ANCHOR = (
    "The ledger is not anchored: nobody outside this archive vouches for its state, and no time "
    "stamp was asked for."
)


def anchor_words(facts: ArchiveFacts) -> str:
    """Return up to where the ledger is anchored, as one sentence."""
    if facts.last_anchor is None:
        return NO_ANCHOR
    at = moment_words(datetime.fromisoformat(facts.last_anchor.at))
    asked = "" if facts.tokens else "; no time stamp was asked for"
    return f"Its entries up to {facts.last_anchor.last_sequence} were last anchored {at}{asked}."


def stamp_words(facts: ArchiveFacts) -> tuple[str, ...]:
    """Return what came of each time stamp asked for over the last anchor."""
    latest = {(token.kind, token.authority): token for token in facts.tokens}
    return tuple(map(_token, latest.values()))


def _token(token: Token) -> str:
    name = clean_line(token.authority, 120)
    if token.state is TokenState.VERIFIED and token.gen_at is not None:
        return f"{name}: time stamp of {moment_words(token.gen_at)}, signature checked"
    if token.state is TokenState.ATTESTED:
        return f"{name}: committed to Bitcoin block {token.block_height}, its header not looked at"
    if token.state is TokenState.PENDING:
        return f"{name}: pending, so not a time stamp yet"
    kind = "an answer" if token.kind is TokenKind.RFC3161 else "a proof"
    return f"{name}: {kind} is held and not verified ({clean_line(token.reason, 200)})"
