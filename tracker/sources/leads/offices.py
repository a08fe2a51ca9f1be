"""Where the office ends and the person begins in a run of capitalised words."""

from __future__ import annotations

import re

from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.organisations import is_organisation
from tracker.sources.leads.tagging import Tag, Tagged


def is_surname(s: Tagged, at: int) -> bool:
    """Tell whether a last capitalised title is a surname, as in Bruno Le Maire."""
    if s.tokens[at].text in {"UK", "US", "EU"}:
        return True  # Greenpeace UK
    romance = s.lexicon.code in {"es", "fr", "it", "pt"}
    return romance and s.tokens[at].text[0].isupper() and not s.has(at - 1, Tag.TITLE | Tag.LINK)


_PATRONYMIC = re.compile(r"(?:вич|вна|вич[аеу]|вн[иоыу]\w?|wicz)$")


def after_place(s: Tagged, start: int, first: int, end: int) -> int:
    """Return where the person begins after an office and its town: "Мер Харкова Ігор Терехов"."""
    if s.lexicon.code in {"es", "it", "pt", "fr"}:
        return _after_town(s, start, first, end)
    titled = first > start or (s.has(start - 1, Tag.TITLE) and s.tokens[start - 1].text.islower())
    office = any(is_organisation(s.tokens[n].text) for n in range(first, end))
    if s.lexicon.code not in {"uk", "ru", "pl"} or office:
        return first
    kept = 3 if any(_PATRONYMIC.search(s.tokens[n].lower) for n in range(first, end - 1)) else 2
    words = [n for n in range(first, end) if not s.tokens[n].glued]
    acronym = s.tokens[first].text.isupper() and len(s.tokens[first].text) > 1
    return words[-kept] if len(words) > kept and (titled or acronym) else first


_REGION = word_set("regione región comunidad région estado região provincia provincia")


def _after_town(s: Tagged, start: int, first: int, end: int) -> int:
    """Return where the person begins in "il sindaco di Milano Beppe Sala"."""
    office = s.has(first - 1, Tag.OF) and any(
        s.has(n, Tag.TITLE) for n in range(max(0, first - 4), first - 1)
    )
    if not office or first != start or end - first < 3:
        return first
    return first + 1 + (s.tokens[first].lower in _REGION and end - first > 3)
