"""Posts told with their author after "by": "posted on Twitter by X", "a tweet from X"."""

from __future__ import annotations

from collections.abc import Iterator

from tracker.model.ids import Platform
from tracker.sources.leads.attribution import (
    AND,
    NEAR,
    Attribution,
    skip_back,
    thing_before,
    undone,
    verb_between,
)
from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.names import Name, name_at, name_ending_at
from tracker.sources.leads.noun_phrases import name_after
from tracker.sources.leads.platforms import X
from tracker.sources.leads.tagging import Place, Tag, Tagged


def by_agent(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    """Yield posts whose author stands after "by", "from" or their like."""
    for b in range(len(s.tokens)):
        if not s.has(b, Tag.BY | Tag.OF) or s.tokens[b].glued:
            continue
        head = skip_back(s, b)
        name = name_after(s, b + 1) if _may_author(s, where, head, b) else None
        if name is None and s.has(head, Tag.PICTURES):
            name = _author_of_picture(s, b)
        platform = _platform_of_agent(s, where, head, b, name) if name else None
        if name and platform:
            yield Attribution(name, platform, head, name.end)
            yield from second(s, name, platform, head)


def second(s: Tagged, name: Name, platform: Platform, head: int) -> Iterator[Attribution]:
    """Yield the same of the one joined to ``name`` by "and"."""
    if name.end < len(s.tokens) and s.tokens[name.end].lower in AND:
        other = name_at(s, name.end + 1)
        plural = any(t.lower == "channels" for t in s.tokens[head : name.start])
        if other and (plural or not s.has(other.end, Tag.VERB)):
            yield Attribution(other, platform, head, other.end)


_POSTERS = (
    "report", "journalis", "giornalis", "periodis", "dziennikar", "журналіст", "журналист", "blog",
    "блогер", "nutzer", "user", "usu", "utilis", "utente", "użytkown", "користувач", "пользовател",
    "activis", "aktivis", "attivis", "актив", "correspon", "korrespon", "corrispon", "influenc",
    "vlog", "photogra", "fotogra",
)  # fmt: skip


def _author_of_picture(s: Tagged, b: int) -> Name | None:
    """Return who made a picture "of" somebody: a handle, or one who reports for a living."""
    name = name_after(s, b + 1)
    if name is None or name.text[0] == "@":
        return name
    between = range(b + 1, name.end)
    named = any(s.has(n, Tag.TITLE) and s.tokens[n].lower.startswith(_POSTERS) for n in between)
    return name if named and s.lexicon.code != "en" else None


def _may_author(s: Tagged, where: list[Place], head: int, b: int) -> bool:
    if head < 0:
        return False
    if s.has(b, Tag.BY) and s.has(head, Tag.POST | Tag.TWEET):
        return not undone(s, head)
    if s.has(head, Tag.TWEETS | Tag.TEXTS):
        return not s.has(head - 1, Tag.WITHOUT)
    if s.has(b, Tag.BY) and s.has(head, Tag.PICTURES) and not _depicts(s, b):
        return True
    if s.has(b, Tag.BY) and s.lexicon.nouns_are_capitalised and _is_framed(s, where, b):
        return True
    return _place_ending(s, where, head, b) is not None


def _is_framed(s: Tagged, where: list[Place], b: int) -> bool:
    """Tell whether place and participle follow "by": "wurde von X auf Instagram geteilt"."""
    near = next((p for p in where if p.located and b < p.start <= b + NEAR), None)
    return near is not None and any(s.has(n, Tag.POST) for n in range(near.end, near.end + 4))


def _depicts(s: Tagged, b: int) -> bool:
    return s.has(b, Tag.OF)


def _place_ending(s: Tagged, where: list[Place], head: int, b: int) -> Place | None:
    """Return the place right before "by", allowing one garbled word between ("…, job by X")."""
    for place in where:
        gap = head + 1 - place.end - s.is_mark(place.end, ",")
        if place.end <= b and gap in (-1, 0, 1):
            right = gap != 1 or _is_garble(s, head, b)
            written = s.has(place.start - 1, Tag.TEXTS)
            owned = (
                s.has(b, Tag.BY) or (gap == 1 and right) or place.account or place.thing or written
            )
            posted = (
                place.account or place.thing or thing_before(s, place.start, Tag.POST | Tag.THING)
            )
            if right and owned and posted:
                return place
    return None


def _is_garble(s: Tagged, head: int, b: int) -> bool:
    """Tell whether an unknown word stands where "posted" must have stood."""
    token = s.tokens[head]
    plain = token.text.isalpha() and token.text.islower() and not s.tags[head]
    if s.has(b, Tag.OF) and token.lower not in _WORKS:
        return False
    participle = token.lower.endswith(("ed", "en", "ung")) or token.lower in _OTHER_DEEDS
    return s.lexicon.code == "en" and plain and not participle and head + 1 == b


_WORKS = word_set("work job product creation property courtesy labor labour author")
_OTHER_DEEDS = word_set("shot made held led run seen taken sent hit met caught won paid")


def _platform_of_agent(
    s: Tagged, where: list[Place], head: int, b: int, name: Name
) -> Platform | None:
    place = _place_ending(s, where, head, b)
    if place:
        return place.platform
    if s.has(head, Tag.TWEETS) or (s.has(head, Tag.TWEET) and not s.has(head, Tag.POST)):
        return X
    after = next((p for p in where if 0 <= p.start - name.end <= 4), None)
    if after and after.located and not verb_between(s, name.end, after.start):
        return after.platform
    posted = next((p for p in where if p.located and 0 <= p.start - name.end <= 7), None)
    if posted and any(
        s.has(n, Tag.BE) and s.has(n + 1, Tag.POST) for n in range(name.end, posted.start)
    ):
        return posted.platform  # "A video by X was uploaded to YouTube"
    of_only = not s.has(b, Tag.BY)
    before = [p for p in where if p.end <= head + 1 and head - p.end <= NEAR]
    around = [p for p in where if p.start <= head < p.end]
    if around:
        return around[-1].platform
    of_only &= name.text[0] != "@"
    if of_only or not before or not s.has(head, Tag.POST | Tag.THING):
        return None
    return before[-1].platform


def by_postposition(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    """Yield posts whose author stands before "tarafından"."""
    for at in range(len(s.tokens)):
        if not s.has(at, Tag.BY_AFTER):
            continue
        name = name_ending_at(s, at - 1)
        near = [p for p in where if at - NEAR <= p.start <= at + NEAR]
        posted = any(s.has(n, Tag.POST) for n in range(at, min(at + NEAR, len(s.tokens))))
        if name and near and posted:
            yield Attribution(name, near[0].platform, name.start, near[0].end)
