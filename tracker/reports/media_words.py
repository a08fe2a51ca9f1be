"""Places and lengths in a video, in words."""

from __future__ import annotations

from tracker.model.video import Damage


def media_time(ms: int) -> str:
    """Return a place in a video: "0:04.2", "1:02:03.0" (tenths are cut off)."""
    tenths = max(ms, 0) // 100
    minutes, seconds = divmod(tenths // 10, 60)
    hours, minutes = divmod(minutes, 60)
    tail = f"{seconds:02d}.{tenths % 10}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def length_words(ms: int) -> str:
    """Return how long a stretch is: "9.0 s", "2 min 05 s"."""
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes} min {seconds:02d} s"


def damage_words(damage: Damage) -> str:
    """Return what of a file did not decode, as sentences."""
    found = []
    if damage.stated_duration_ms is not None:
        stated = length_words(damage.stated_duration_ms)
        found.append(f"its header states {stated}, which its pictures do not reach")
    if damage.broken_packets:
        noun = "packet or frame" if damage.broken_packets == 1 else "packets or frames"
        found.append(f"{damage.broken_packets} {noun} did not decode, or only with errors")
    return f"Not whole: {'; '.join(found)}."
