"""Flat listings of channels, playlists and searches by yt-dlp: inside the child process.

Entries are read lazily and none of them is opened, so a list that shows the newest first costs
one page once the entries of the last time are met.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

KNOWN_IN_A_ROW = 3
"""So many known entries one after another end a list that shows the newest first: one or two may
be pinned above it."""
MAX_READ = 5000
"""Entries of one call, known ones included."""
_MAX_STEPS = 5
_MAX_PARTS = 8


@dataclass(frozen=True, slots=True)
class ListingRequest:
    """What to list: entries from number ``start`` (1 is the first), at most ``limit`` new ones.

    ``known`` are names of entries (``name_of``) of former listings. ``newest_first`` lets a run of
    them end the list.
    """

    url: str
    start: int = 1
    limit: int = 100
    known: frozenset[str] = frozenset()
    newest_first: bool = True


@dataclass(slots=True)
class Listed:
    """What was read: ``ended`` is True at the end of the list, or where everything is known.

    ``read`` counts the entries passed from the start, known ones included.
    """

    head: Mapping[str, Any]
    entries: list[dict[str, Any]] = field(default_factory=list)
    read: int = 0
    ended: bool = False
    error: BaseException | None = None


def name_of(entry: Mapping[str, object]) -> str | None:
    """Return what an entry is called between listings: its id, else its address."""
    for key in ("id", "url", "webpage_url"):
        value = entry.get(key)
        if isinstance(value, str) and value:
            return value[:300]
    return None


def list_entries(ydl: Any, request: ListingRequest, errors: tuple[type[Exception], ...]) -> Listed:
    """Return the new entries of a list; ``errors`` after the first entry end it, and are kept.

    Raises whatever yt-dlp raises before anything was read. Something that is no list has no
    entries.
    """
    head = _resolved(ydl, request.url)
    listed = Listed({key: value for key, value in head.items() if key != "entries"})
    if head.get("_type") not in {"playlist", "multi_video"}:
        listed.ended = True
        return listed
    parts = _parts(ydl, head)
    limit = -(-request.limit // len(parts))
    try:
        listed.ended = True
        for part in parts:
            listed.ended &= _read_part(ydl, part, request, limit, listed)
    except errors as exc:
        if not listed.entries:
            raise
        listed.ended, listed.error = False, exc
    return listed


def _read_part(
    ydl: Any, part: Mapping[str, Any], request: ListingRequest, limit: int, listed: Listed
) -> bool:
    """Read one list (a channel may be several); tell whether nothing new is left in it."""
    known_in_a_row = new = 0
    for read, entry in enumerate(_entries(ydl, part, request.start)):
        name = name_of(entry)
        known_in_a_row = known_in_a_row + 1 if name in request.known else 0
        if known_in_a_row >= KNOWN_IN_A_ROW and request.newest_first:
            return True
        if new >= limit or read >= MAX_READ:
            return False
        listed.read = max(listed.read, read + 1)
        if name is not None and not known_in_a_row:
            new += 1
            listed.entries.append(_plain(entry))
    return True


def _resolved(ydl: Any, url: str) -> dict[str, Any]:
    """Follow an address that only leads to another one (a channel to its videos)."""
    found = ydl.extract_info(url, download=False, process=False) or {}
    for _ in range(_MAX_STEPS):
        if found.get("_type") not in {"url", "url_transparent"}:
            break
        found = _opened(ydl, found)
    return dict(found)


def _opened(ydl: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    found = ydl.extract_info(
        entry["url"], download=False, process=False, ie_key=entry.get("ie_key")
    )
    return dict(found or {})


def _parts(ydl: Any, head: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The lists behind a channel's front page, which lists its lists; else the list itself."""
    entries = head.get("entries")
    if not isinstance(entries, list) or not 0 < len(entries) <= _MAX_PARTS:
        return [head]
    if not all(_is_list(entry, head.get("extractor_key")) for entry in entries):
        return [head]
    opened = [entry if "entries" in entry else _opened(ydl, entry) for entry in entries]
    return [part for part in opened if part.get("entries") is not None] or [head]


def _is_list(entry: object, extractor: object) -> bool:
    """Tell whether an entry is a list in its turn: given whole, or an address without an id."""
    if not isinstance(entry, Mapping):
        return False
    if entry.get("_type") == "playlist":
        return entry.get("entries") is not None
    leads_on = entry.get("_type") == "url" and not entry.get("id")
    return leads_on and extractor is not None and entry.get("ie_key") == extractor


def _entries(ydl: Any, part: Mapping[str, Any], start: int) -> Iterator[Mapping[str, Any]]:
    from yt_dlp.utils import PlaylistEntries

    for _, entry in PlaylistEntries(ydl, part)[slice(start, None)]:
        if isinstance(entry, Mapping):
            yield entry


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry without what only guesses: YouTube's lists say "three weeks ago" for a time."""
    plain = {key: value for key, value in entry.items() if key not in {"formats", "thumbnails"}}
    if str(plain.get("ie_key", "")).startswith("Youtube"):
        plain["approximate_timestamp"] = plain.pop("timestamp", None)
        plain.pop("upload_date", None)
    return plain
