"""Where on a drawn time line each interval and each date label goes.

All positions are per cent of the drawing's width, so the drawing fits any screen; dates are
only labelled where a label has room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import log1p
from typing import Literal

from tracker.model.time_claim import TimeInterval
from tracker.reports.wording import MONTHS

LEFT, RIGHT = 7.0, 93.0
"""Where the first and the last known instant are drawn: arrows need the room beside them."""

MONTH_WIDTH, DAY_WIDTH, MINUTE_WIDTH = 19.0, 24.0, 27.0
"""Per cent of the width that "Sep 2023", "12 Sep 2023" and "12 Sep 14:05" take at 12 px on the
narrowest screen (328 px)."""

LINEAR_SHARE = 0.02
"""When the shortest gap is at least this share of the whole, a linear scale shows all of it."""

LOG_UNIT_S = 3600.0
"""On the shortened scale, gaps well under this stay nearly linear."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One interval as drawn: from ``start`` to ``end``; ``unknown`` means nothing is known."""

    start: float
    end: float
    open_start: bool
    open_end: bool
    unknown: bool = False

    @property
    def width(self) -> float:
        """How wide the bar is."""
        return round(self.end - self.start, 2)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled date; ``anchor`` is SVG's: which end of the label stands at ``at``."""

    at: float
    label: str
    anchor: Literal["start", "middle", "end"]
    width: float

    @property
    def extent(self) -> tuple[float, float]:
        """The room the label takes."""
        before = {"start": 0.0, "middle": self.width / 2, "end": self.width}[self.anchor]
        return self.at - before, self.at - before + self.width


@dataclass(frozen=True, slots=True)
class Timeline:
    """Bars in the order of the intervals given, and the dates written under them."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    linear: bool


def timeline(intervals: Sequence[TimeInterval | None]) -> Timeline:
    """Return the drawing of ``intervals`` (``None``: nothing is known) on one common scale.

    The scale is linear where that shows every gap; otherwise long gaps are shortened by a
    logarithm, which keeps the order and shows seconds beside years.
    """
    instants = sorted({at for item in intervals if item for at in _ends(item)})
    linear = _linear_shows_all(instants)
    places = _places(instants, linear=linear)
    bars = tuple(_bar(item, places) for item in intervals)
    return Timeline(bars, _ticks(places), linear)


def _ends(interval: TimeInterval) -> tuple[datetime, ...]:
    return tuple(at for at in (interval.earliest_at, interval.latest_at) if at is not None)


def _gaps(instants: Sequence[datetime]) -> list[float]:
    return [(after - before).total_seconds() for before, after in pairwise(instants)]


def _linear_shows_all(instants: Sequence[datetime]) -> bool:
    gaps = [gap for gap in _gaps(instants) if gap > 1]
    return not gaps or min(gaps) >= LINEAR_SHARE * sum(gaps)


def _places(instants: Sequence[datetime], *, linear: bool) -> dict[datetime, float]:
    """Return each instant's place; a single one stands in the middle."""
    if len(instants) < 2:
        return dict.fromkeys(instants, (LEFT + RIGHT) / 2)
    weights = [gap if linear else log1p(gap / LOG_UNIT_S) for gap in _gaps(instants)]
    scale = (RIGHT - LEFT) / sum(weights)
    places = {instants[0]: LEFT}
    at = LEFT
    for instant, weight in zip(instants[1:], weights, strict=True):
        at += weight * scale
        places[instant] = round(at, 2)
    return places


def _bar(interval: TimeInterval | None, places: dict[datetime, float]) -> Bar:
    if interval is None or interval == TimeInterval(None, None):
        return Bar(0.0, 100.0, open_start=True, open_end=True, unknown=True)
    earliest, latest = interval.earliest_at, interval.latest_at
    return Bar(
        start=0.0 if earliest is None else places[earliest],
        end=100.0 if latest is None else places[latest],
        open_start=earliest is None,
        open_end=latest is None,
    )


def _ticks(places: dict[datetime, float]) -> tuple[Tick, ...]:
    """Return labels for the first and last date and as many between as have room."""
    if not places:
        return ()
    style = _style(list(places))
    ticks = [_tick(at, place, style) for at, place in places.items()]
    chosen = ticks[:1]
    for tick in ticks[1:]:
        free = tick.extent[0] >= chosen[-1].extent[1] and tick.label != chosen[-1].label
        if free and (tick is ticks[-1] or tick.extent[1] <= ticks[-1].extent[0]):
            chosen.append(tick)
    return tuple(chosen)


def _style(instants: Sequence[datetime]) -> float:
    """Return the label width that names the style: months, days or minutes."""
    days = (instants[-1] - instants[0]).total_seconds() / 86_400
    if days < 2:
        return MINUTE_WIDTH
    return DAY_WIDTH if days < 300 else MONTH_WIDTH


def _tick(at: datetime, place: float, style: float) -> Tick:
    label = _label(at, style)
    if place < style / 2:
        return Tick(place, label, "start", style)
    anchor: Literal["middle", "end"] = "end" if place > 100 - style / 2 else "middle"
    return Tick(place, label, anchor, style)


def _label(at: datetime, style: float) -> str:
    utc = at.astimezone(UTC)
    month = MONTHS[utc.month - 1][:3]
    if style == MONTH_WIDTH:
        return f"{month} {utc.year}"
    return f"{utc.day} {month} {utc.year if style == DAY_WIDTH else format(utc, '%H:%M')}"
