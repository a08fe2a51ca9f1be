"""Every time that may be inside an id, for a person to judge: no claim is made from these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tracker.model.time_claim import TimeInterval
from tracker.timestamps import generic_ids
from tracker.timestamps.ids import RULES, claims_from_address

MAX_ID_CHARS = 200
_GENERIC: Mapping[str, Callable[[str], datetime | None]] = {
    "objectid": generic_ids.object_id_at,
    "uuid": generic_ids.uuid_at,
    "ulid": generic_ids.ulid_at,
    "ksuid": generic_ids.ksuid_at,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read an id: whose layout, and the time that it then holds."""

    layout: str
    interval: TimeInterval
    is_generic: bool  # any program's id: when it was made, for whatever purpose


def readings(text: str, *, now: datetime) -> tuple[Reading, ...]:
    """Return every layout under which ``text`` holds a plausible time, the platforms' first.

    Which of them is right, if any, the id does not tell. Times after ``now`` are left out.
    """
    wanted = text.strip()
    if not wanted or len(wanted) > MAX_ID_CHARS:
        return ()
    found = [
        Reading(platform, claim.interval, is_generic=False)
        for platform in RULES
        for claim in claims_from_address(platform, wanted, "", now=now)
    ]
    for layout, decode in _GENERIC.items():
        at = decode(wanted)
        if at is not None and at <= now:
            found.append(Reading(layout, TimeInterval.instant(at), is_generic=True))
    return tuple(found)
