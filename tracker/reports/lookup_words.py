"""A look-up's answer in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tracker.model.lookup import LookupMatch, LookupResult
from tracker.model.match import Match, Segment
from tracker.reports import wording
from tracker.reports.media_words import media_time
from tracker.reports.transformation_words import transformation_phrases


def lookup_answer(result: LookupResult) -> str:
    """Return the lookup's answer as one sentence."""
    if not result.matches:
        return "Not seen: no video in this archive is found to share footage with this one."
    seen = f"Seen before, in {wording.count_words(len(result.matches), 'video')}."
    earliest = result.earliest
    if earliest is None:
        return f"{seen} Where first cannot be said."
    shown_by = wording.who(earliest.post, earliest.files)
    told = wording.known_words(earliest.published)
    return f"{seen} Earliest appearance known to this archive: {shown_by}, {told}."


def candidate_words(candidates: Sequence[LookupMatch]) -> list[str]:
    """Return a sentence for each kind of candidates that look like copies and are none."""
    kinds = Counter(c.kind for candidate in candidates for c in candidate.match.transformations)
    said = (
        ("shared_opening", "Nothing but an opening or closing in common with"),
        ("other_moment", "The same shot, but at another moment, in"),
    )
    return [
        f"{words} {wording.count_words(kinds[kind], 'stored video')} (--candidates shows it)."
        for kind, words in said
        if kinds[kind]
    ]


def moment_words(match: Match) -> str:
    """Return that the moment cannot be told, where it cannot; else nothing."""
    if match.moment_told:
        return ""
    return (
        "Next to nothing moves in it: this is the same shot, but another moment of it would look "
        "the same"
    )


def change_words(match: Match) -> str:
    """Return what was done to the stored video, or that nothing was; empty if nothing is known."""
    if match.query == match.reference:
        return "The same file, byte for byte"
    changes = ", ".join(transformation_phrases(match.transformations))
    return f"Changed: {changes}" if changes else ""


def segment_words(segment: Segment) -> str:
    """Return which stretch of the video asked about is which of the stored one."""
    yours = stretch_words(segment.query_start_ms, segment.query_end_ms)
    theirs = stretch_words(segment.reference_start_ms, segment.reference_end_ms)
    speed = f", {segment.speed:.2f} times as fast" if abs(segment.speed - 1) >= 0.01 else ""
    mirrored = ", mirrored" if segment.mirrored else ""
    return f"Your {yours} is its {theirs}{speed}{mirrored}"


def stretch_words(start_ms: int, end_ms: int) -> str:
    """Return "0:04 to 0:13"."""
    return f"{media_time(start_ms)} to {media_time(end_ms)}"
