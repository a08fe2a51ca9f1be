"""The stretches of two sounds in which the same is heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tracker.matching.sound_hits import (
    LEAST_HITS,
    LINE_ITEMS,
    SPEEDS,
    Ints,
    SoundHits,
    SoundLine,
    best_line,
    on_line,
    sound_hits,
)
from tracker.model.match import Segment
from tracker.model.sound import SoundPrint
from tracker.model.sound_keys import search_items

MOST_LINES = 12
"""Lines looked at for one pair: a sound that is used again and again."""

SMOOTH_ITEMS = 9
GAP_ITEMS = 16
"""Two seconds of something else (a word spoken over the music) do not end a stretch."""

MOST_ERRORS = 0.25
"""Share of differing bits up to which two items are the same sound.

``python -m benchmarks.sound`` prints both sides: re-encoded sound stays below 0.11, unrelated sound
is at 0.4 to 0.5; between lie the same sound with another mixed in, or at another tempo.
"""

LEAST_CONTRAST = 0.5
"""1 - errors / errors elsewhere. White noise is at 0.17 errors against any other white noise, a
tone at 0 against the same tone: neither stands out from its surroundings, and neither matches.
Copies are at 0.6 to 1; unrelated sounds hardly ever have a line to look at.
"""

LEAST_ITEMS = 12
"""Changing items that a stretch must have: with the window of an item, about four seconds."""

SURE_ITEMS = 40
"""Five seconds more of agreement make a stretch as sure as its contrast."""

ELSEWHERE = (-89, -55, -34, -21, 21, 34, 55, 89)
"""How many items away the surroundings are looked at: beyond the window of one item."""


BORDER_SHARES = (0.22, 0.55)
"""Where in the window of its first item a stretch begins, and in that of its last it ends.

Medians over melodies spliced between others and re-encoded; half of all borders come out within
0.3 s of the truth, nine in ten within 0.6 s.
"""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike two sounds are along a line: share of differing bits, and the same elsewhere.

    ``items`` counts those that say something: neither silent nor a repeat.
    """

    errors: float
    elsewhere: float
    items: int

    @property
    def contrast(self) -> float:
        """How far the line stands out from what lies beside it, at most 1."""
        return 1 - self.errors / self.elsewhere if self.elsewhere > 0 else 0.0

    @property
    def is_same(self) -> bool:
        """Tell whether the same is heard."""
        return (
            self.items >= LEAST_ITEMS
            and self.errors <= MOST_ERRORS
            and self.contrast >= LEAST_CONTRAST
        )

    @property
    def score(self) -> float:
        """Return how sure that is, in [0, 1]."""
        return max(0.0, self.contrast) * min(1.0, self.items / SURE_ITEMS)


def aligned(query: SoundPrint, reference: SoundPrint) -> tuple[Segment, ...]:
    """Return the stretches in which the same is heard, in order of the query's time.

    Exchanging the two exchanges the sides of the stretches and changes nothing else. Found are
    speeds from 0.8 to 1.25 at unchanged pitch; not found are other pitches, less than about
    four seconds, and tones, hum and noise that do not change.
    """
    if query.algorithm != reference.algorithm:
        return ()
    if _order(reference) < _order(query):
        found = [segment.swapped() for segment in _aligned(reference, query)]
    else:
        found = list(_aligned(query, reference))
    return tuple(sorted(found, key=lambda s: (s.query_start_ms, s.reference_start_ms)))


def agreement(query: SoundPrint, reference: SoundPrint, rows: Ints, others: Ints) -> Agreement:
    """Return how alike query items ``rows`` and reference items ``others`` are."""
    inside = (others >= 0) & (others < len(reference.items))
    says = np.isin(rows, search_items(query.items)) & inside
    rows, others = rows[says], others[says]
    if not len(rows):
        return Agreement(1.0, 0.0, 0)
    codes, n = query.items[rows], len(reference.items)
    beside = [reference.items[(others + step) % n] for step in ELSEWHERE]
    return Agreement(
        float(errors(codes, reference.items[others]).mean()),
        float(np.mean([errors(codes, row).mean() for row in beside])),
        len(rows),
    )


def errors(
    codes: npt.NDArray[np.uint32], others: npt.NDArray[np.uint32]
) -> npt.NDArray[np.float64]:
    """Return the share of differing bits of each pair, float64 (n,)."""
    shares: npt.NDArray[np.float64] = np.bitwise_count(codes ^ others) / 32
    return shares


def _order(sound: SoundPrint) -> tuple[int, bytes]:
    return len(sound.items), sound.items.tobytes()


def _aligned(query: SoundPrint, reference: SoundPrint) -> Iterator[Segment]:
    hits = sound_hits(query, reference)
    for _ in range(MOST_LINES):
        line = best_line(hits)
        if line is None:
            return
        line = _refined(hits, line)
        mine = on_line(hits, line)
        for first, last in _stretches(query, reference, line):
            segment = _segment(query, reference, line, first, last)
            if segment is not None:
                yield segment
                # What lies in the stretch on both sides is explained: on this line, and on the
                # lines beside it that a beat makes.
                ends = line.at(np.array([first, last], dtype=np.int64))
                mine |= _between(hits.query, first, last) & _between(hits.reference, *ends)
        hits = hits.kept(~mine)


def _between(items: Ints, first: int, last: int) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = (items >= first) & (items <= last)
    return inside


def _refined(hits: SoundHits, line: SoundLine) -> SoundLine:
    """Return the line that fits its hits best; the plain one where that says no less."""
    near = hits.kept(on_line(hits, line))
    span = int(near.query.max() - near.query.min()) if len(near.query) else 0
    if span < 2 * LEAST_HITS:
        return line
    if abs(line.speed - 1) * span <= LINE_ITEMS:
        return SoundLine(1.0, float(np.median(near.reference - near.query)), line.hits)
    speed, offset = (float(v) for v in np.polyfit(near.query, near.reference, 1))
    if not SPEEDS[0] - 0.02 <= speed <= SPEEDS[-1] + 0.02:
        return line
    return replace(line, speed=speed, offset=offset)


def _stretches(query: SoundPrint, reference: SoundPrint, line: SoundLine) -> list[tuple[int, int]]:
    """Return first and last query item of each stretch along ``line`` with few errors."""
    rows = np.arange(len(query.items), dtype=np.int64)
    others = line.at(rows)
    inside = (others >= 0) & (others < len(reference.items))
    rows, others = rows[inside], others[inside]
    if not len(rows):
        return []
    off = errors(query.items[rows], reference.items[others])
    kernel = np.ones(min(SMOOTH_ITEMS, len(off)))
    smooth = np.convolve(off, kernel, "same") / np.convolve(np.ones(len(off)), kernel, "same")
    good = rows[(smooth <= MOST_ERRORS) & (off <= MOST_ERRORS)]
    if not len(good):
        return []
    cuts = np.flatnonzero(np.diff(good) > GAP_ITEMS)
    firsts = [int(good[0]), *(int(good[i + 1]) for i in cuts)]
    lasts = [*(int(good[i]) for i in cuts), int(good[-1])]
    return list(zip(firsts, lasts, strict=True))


def _segment(
    query: SoundPrint, reference: SoundPrint, line: SoundLine, first: int, last: int
) -> Segment | None:
    rows = np.arange(first, last + 1, dtype=np.int64)
    others = line.at(rows)
    found = agreement(query, reference, rows, others)
    back = agreement(reference, query, np.unique(others), _back(line, np.unique(others)))
    if not (found.is_same and back.is_same):
        return None
    opens = min(first, int(others[0])) <= 0
    closes = last >= len(query.items) - 1 or int(others[-1]) >= len(reference.items) - 1
    start, end = _span_ms(query, first, last, opens, closes)
    other_start, other_end = _span_ms(reference, int(others[0]), int(others[-1]), opens, closes)
    return Segment(
        query_start_ms=start,
        query_end_ms=end,
        reference_start_ms=other_start,
        reference_end_ms=other_end,
        speed=line.speed,
        mirrored=False,
        score=min(found.score, back.score),
    )


def _back(line: SoundLine, others: Ints) -> Ints:
    return np.round((others - line.offset) / line.speed).astype(np.int64)


def _span_ms(
    sound: SoundPrint, first: int, last: int, opens: bool, closes: bool
) -> tuple[int, int]:
    """Return the time from the first to the last item of a stretch.

    Items at the border of a stretch are partly about something else (see ``BORDER_SHARES``).
    Where one of the tracks begins (``opens``) or ends there is nothing else in them.
    """
    period, window = sound.item_period_ms, sound.item_window_ms
    start = first * period + (0 if opens else BORDER_SHARES[0] * window)
    end = last * period + (window if closes else BORDER_SHARES[1] * window)
    return round(start), max(round(end), round(start) + 1)
