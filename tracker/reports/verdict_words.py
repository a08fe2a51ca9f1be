"""Persons' judgements in words."""

from __future__ import annotations

from tracker.model.verdict import Verdict, VerdictKind
from tracker.reports.plain_text import clean_line
from tracker.reports.wording import moment_words

_FOUND = {
    VerdictKind.SAME: "shows",
    VerdictKind.DIFFERENT: "does not show",
    VerdictKind.UNSURE: "may or may not show",
}


def verdict_words(verdict: Verdict, beside: str | None) -> str:
    """Return a person's judgement as a sentence that stands beside the clip ``beside``."""
    this = verdict.clip == beside
    clip = "this clip" if this else f"the footage of {clean_line(verdict.clip, 40)}"
    by, why = clean_line(verdict.by, 100), clean_line(verdict.why, 400)
    judged = f"video {verdict.video[:16]}… {_FOUND[verdict.kind]} {clip}"
    return f"Judged by {by}, {moment_words(verdict.at)}: {judged}. Why: {why}"
