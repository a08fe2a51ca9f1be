"""Persons' judgements in words."""

from __future__ import annotations

from tracker.model.verdict import Verdict, VerdictKind
from tracker.reports.plain_text import clean_line
from tracker.reports.wording import moment_words

_FOUND = {
    VerdictKind.SAME: "shows this clip",
    VerdictKind.DIFFERENT: "does not show this clip",
    VerdictKind.UNSURE: "may or may not show this clip",
}


def verdict_words(verdict: Verdict) -> str:
    """Return a person's judgement as a sentence."""
    by, why = clean_line(verdict.by, 100), clean_line(verdict.why, 400)
    judged = f"video {verdict.video[:16]}… {_FOUND[verdict.kind]}"
    return f"Judged by {by}, {moment_words(verdict.at)}: {judged}. Why: {why}"
