"""What is known of an appearance's sound, as words and places."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.reports import wording
from tracker.reports.media_words import media_time
from tracker.reports.plain_text import clean_line, web_link
from tracker.reports.report_input import SameSound, SoundBeside
from tracker.reports.sound_words import agreement_words
from tracker.reports.views import LinkView, SameSoundView, SoundView, WhoView

MOST_SHOWN = 20
"""Videos with the same sound shown for one appearance: a hit song is everywhere."""


def sound_view(sounds: Sequence[SoundBeside], same_sounds: Sequence[SameSound]) -> SoundView:
    """Return what is known of one appearance's sound."""
    words = [text for sound in sounds if (text := agreement_words(sound.agreement))]
    same = [view for item in same_sounds for view in _showings(item)]
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
