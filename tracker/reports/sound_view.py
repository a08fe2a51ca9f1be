"""What is known of an appearance's sound, as words and places."""

from __future__ import annotations

from tracker.model.ids import AppearanceId
from tracker.reports import wording
from tracker.reports.media_words import media_time
from tracker.reports.plain_text import clean_line, web_link
from tracker.reports.report_input import ReportInput, SameSound
from tracker.reports.sound_words import agreement_words
from tracker.reports.views import LinkView, SameSoundView, SoundView, WhoView

MOST_SHOWN = 20
"""Videos with the same sound shown for one appearance: a hit song is everywhere."""


def sound_view(report: ReportInput, appearance: AppearanceId) -> SoundView:
    """Return what is known of the appearance's sound."""
    agreements = [s.agreement for s in report.sounds if s.appearance == appearance]
    words = [text for agreement in agreements if (text := agreement_words(agreement))]
    same = [
        view
        for item in report.same_sounds
        if item.appearance == appearance
        for view in _showings(item)
    ]
    return SoundView(". ".join(words), tuple(same[:MOST_SHOWN]), max(0, len(same) - MOST_SHOWN))


def _showings(item: SameSound) -> list[SameSoundView]:
    first = item.match.segments[0]
    stretch = (
        f"{media_time(first.query_start_ms)} to {media_time(first.query_end_ms)} here is "
        f"{media_time(first.reference_start_ms)} to {media_time(first.reference_end_ms)} there"
    )
    if not item.posts:
        return [SameSoundView(WhoView(*wording.who_parts(None, item.files)), None, stretch)]
    return [
        SameSoundView(
            WhoView(*wording.who_parts(post, ())),
            LinkView(clean_line(post.key, 200), web_link(post.key)),
            stretch,
        )
        for post in item.posts
    ]
