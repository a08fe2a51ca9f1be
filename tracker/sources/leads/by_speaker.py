"""Posts in which somebody speaks: "In a video posted on Telegram, X thanked …"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tracker.sources.leads.attribution import NEAR, WITNESSES, Attribution, is_on
from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.names import Name, name_at, name_ending_at
from tracker.sources.leads.noun_phrases import has_good_head, name_after
from tracker.sources.leads.platforms import X
from tracker.sources.leads.tagging import Place, Tag, Tagged
from tracker.sources.leads.text import Kind


def by_speaker(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    """Yield posts told by what is said in them: "In a video on Telegram, X thanked …"."""
    if not where:
        return
    place = where[0]
    first = s.tokens[0].lower
    posting = (s.has(0, Tag.POST | Tag.SAY) and first.endswith("ing")) or first == "speaking"
    opens = posting or s.has(0, Tag.ON)
    ahead = s.tokens[place.end : place.end + 3]
    if not place.located or place.end > NEAR + 4 or not opens:
        return
    thing = posting or any(s.has(n, Tag.THING) for n in range(place.end))
    handle = any(t.kind is Kind.HANDLE for t in ahead)
    if not (thing or handle) or any(s.has(n, Tag.BY) for n in range(1, place.end + 1)):
        return
    at = place.end
    if s.has(at, Tag.RELATIVE):
        at = next((n for n in range(at, at + NEAR + 2) if s.is_mark(n, ",")), at)
    while s.has(at, Tag.DAY | Tag.ADVERB) or _is_number(s, at) or s.is_mark(at, ","):
        at += 1
    name = _speaker(s, at)
    if name:
        yield Attribution(name, place.platform, 0, name.end)


def _is_number(s: Tagged, at: int) -> bool:
    return _same_day(s, at) or (at < len(s.tokens) and s.tokens[at].text.isdigit())


def _same_day(s: Tagged, at: int) -> bool:
    """Tell whether "the same evening" goes on at ``at``."""
    the = at < len(s.tokens) and s.tokens[at].lower in {"the", "same"}
    return the and any(s.has(n, Tag.DAY | Tag.ADVERB) for n in (at + 1, at + 2))


def _speaker(s: Tagged, at: int) -> Name | None:
    """Return the name that begins at ``at`` and speaks, or the one after a verb of saying."""
    if s.has(at, Tag.SAY | Tag.POST) and s.lexicon.verb_first:
        return name_after(s, at + 1)
    name = name_after(s, at)
    if name is None or name.owns:
        return None
    verb = name.end
    if s.is_mark(verb, ","):
        verb = next((n + 1 for n in range(verb + 1, verb + NEAR) if s.is_mark(n, ",")), verb)
    while s.has(verb, Tag.ADVERB | Tag.HAVE) and not s.has(verb, Tag.BE):
        verb += 1
    return name if _speaks(s, verb) else None


def _speaks(s: Tagged, verb: int) -> bool:
    if s.has(verb, Tag.SAY | Tag.POST):
        return True
    if verb < len(s.tokens) and s.tokens[verb].lower in WITNESSES:
        return True
    past = verb < len(s.tokens) and s.tokens[verb].lower.endswith("ed")
    return past and s.lexicon.code == "en" and s.tokens[verb].lower not in _ONLY_SEEN


_ONLY_SEEN = word_set("appeared seemed walked entered arrived collapsed died fled wounded")


def in_own_words(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    """Yield posts told as "X in a tweet thanked …" or "X in a post on Facebook"."""
    tweets = [_tweet_phrase(s, at) for at in range(len(s.tokens)) if s.has(at, Tag.TWEETS)]
    for place in [w for w in (_in_written_thing(s, p) for p in where) if w]:
        name = name_ending_at(s, place.start - 1)
        if name and not name.owns and has_good_head(s, name) and _is_only_name(s, name):
            yield Attribution(name, place.platform, name.start, place.end)
    for place in where:
        name = _speaker_in_picture(s, place)
        if name:
            yield Attribution(name, place.platform, name.start, place.end)
    for place in [*(p for p in where if p.located and p.thing), *(t for t in tweets if t)]:
        after = place.end < len(s.tokens) and s.tokens[place.end].text[0].islower()
        if not after or s.has(place.end, Tag.BE | Tag.LINK | Tag.RELATIVE | Tag.MARK_WORD):
            continue
        name = name_ending_at(s, place.start - 1)
        if name and not name.owns and has_good_head(s, name):
            yield Attribution(name, place.platform, name.start, place.end)


def _speaker_in_picture(s: Tagged, place: Place) -> Name | None:
    """Return the name in "X, in a video posted on YouTube, says"."""
    if not (place.located and s.is_mark(place.end, ",")):
        return None
    k = place.start - 1
    while s.has(k, Tag.POST | Tag.ADVERB) and not s.has(k, Tag.THING):
        k -= 1
    if not s.has(k, Tag.THING):
        return None
    on = next((n for n in range(k - 1, k - 5, -1) if is_on(s, n)), None)
    if on is None or not s.is_mark(on - 1, ","):
        return None
    name = name_ending_at(s, on - 2)
    return name if name and not name.owns and has_good_head(s, name) else None


def _in_written_thing(s: Tagged, place: Place) -> Place | None:
    """Return "in a post on Facebook" as one place."""
    if not place.located or not s.has(place.start - 1, Tag.TEXTS):
        return None
    on = next((k for k in range(place.start - 2, place.start - 6, -1) if is_on(s, k)), None)
    return None if on is None else replace(place, start=on, thing=True)


def _is_only_name(s: Tagged, name: Name) -> bool:
    """Tell whether no other name before it could have written the thing."""
    k = name.start - 1
    small = Tag.ADVERB | Tag.DAY | Tag.TITLE
    led_in = all(s.has(n, small) or len(s.tokens[n].text) <= 4 for n in range(name.start))
    titled = s.has(k, Tag.TITLE) or s.has(name.start, Tag.TITLE) or led_in
    return titled and not any(name_at(s, n) for n in range(name.start) if not s.has(n, small))


def _tweet_phrase(s: Tagged, at: int) -> Place | None:
    start = next((k for k in range(at - 1, max(-1, at - 4), -1) if is_on(s, k)), None)
    return None if start is None else Place(X, start, at + 1, at, located=True, thing=True)
