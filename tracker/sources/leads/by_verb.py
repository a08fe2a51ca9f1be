"""Posts told by a verb: "X tweeted", "X posted … on Twitter", "On Twitter, X said"."""

from __future__ import annotations

from collections.abc import Iterator

from tracker.model.ids import Platform
from tracker.sources.leads.attribution import AND, Attribution, undone
from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.names import Name, name_ending_at
from tracker.sources.leads.noun_phrases import has_good_head
from tracker.sources.leads.places_of_verbs import place_of_verb
from tracker.sources.leads.platforms import X
from tracker.sources.leads.subjects import subject
from tracker.sources.leads.tagging import Place, Tag, Tagged
from tracker.sources.leads.text import Kind


def by_verb(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    """Yield posts told by somebody who tweets, posts, writes or says."""
    for v in range(len(s.tokens)):
        speaks = s.has(v, Tag.VERB) or _makes_statement(s, v) or _follows_quote(s, v)
        if not speaks or undone(s, v) or _is_noun_use(s, v, where) or _is_idiom(s, v):
            continue
        tweets = s.has(v, Tag.TWEET) and not (s.has(v, Tag.POST) and s.lexicon.code != "en")
        place = place_of_verb(s, where, v)
        platform = X if tweets else place.platform if place else None
        if platform is None:
            continue
        name = subject(s, where, v, place)
        if name:
            start, end = _span(v, name, place)
            yield Attribution(name, platform, start, end)
            yield from _fellows(s, name, platform, end)


_IDIOMS = word_set("viral off part place over down out missing")


def _is_idiom(s: Tagged, v: int) -> bool:
    """Tell whether the verb posts nothing: "went viral", "took part", "turned up"."""
    after = s.tokens[v + 1].lower if v + 1 < len(s.tokens) else ""
    return s.lexicon.code == "en" and s.tokens[v].lower in _LIGHT and after in _IDIOMS


_LIGHT = word_set("went took takes taking turned put")


def _fellows(s: Tagged, name: Name, platform: Platform, end: int) -> Iterator[Attribution]:
    """Yield the same deed for the one named before: "Both Lamont and Senator Murphy tweeted"."""
    k = name.start - 1
    while s.has(k, Tag.TITLE):
        k -= 1
    if k > 0 and s.tokens[k].lower in AND:
        other = name_ending_at(s, k - 1)
        if other and not other.owns and has_good_head(s, other):
            yield Attribution(other, platform, other.start, end)


def _follows_quote(s: Tagged, v: int) -> bool:
    """Tell whether an unknown word right after direct speech must be its verb of saying."""
    word = s.tokens[v]
    if s.lexicon.code == "de" and word.lower == "so":
        return s.is_mark(v - 1, ",") and s.is_quote(v - 2)
    if word.kind is not Kind.WORD or not word.text[0].islower() or s.tags[v] & ~Tag.ADVERB:
        return False
    k, marks = v - 1, 0
    while k >= 0 and (s.is_mark(k, ",-–—.") or s.tokens[k].lower in _REFLEXIVES):
        k, marks = k - 1, marks + 1
    if s.is_quote(k):
        return marks > 0 and len(s.tokens[k].text.split()) > 1
    name = name_ending_at(s, v - 1) if s.lexicon.code == "en" else None
    if name is None or not word.lower.endswith("ed"):
        return False
    start = name.start - 1
    while s.has(start, Tag.TITLE) or s.is_mark(start, ","):
        start -= 1
    return s.is_quote(start)


_REFLEXIVES = word_set("s se si sich się")


_MAKES = word_set(
    "made makes issued issues gave left sent broadcast delivered machte gab fait donné hizo emitió"
    " dejó fatto emesso fez emitiu wydał wydała зробив зробила сделал сделала"
)


def _makes_statement(s: Tagged, v: int) -> bool:
    """Tell whether the word makes a verb of saying with its object: "made a claim"."""
    objects = range(v + 1, min(v + 6, len(s.tokens)))
    return s.tokens[v].lower in _MAKES and any(s.has(n, Tag.TEXTS) for n in objects)


def _span(v: int, name: Name, place: Place | None) -> tuple[int, int]:
    starts = [v, name.start] + ([place.start] if place else [])
    ends = [v + 1, name.end] + ([place.end] if place else [])
    return min(starts), max(ends)


def _is_noun_use(s: Tagged, v: int, where: list[Place]) -> bool:
    """Tell whether the word is the noun that looks like the verb ("posts", "Tweets", "shares")."""
    if not s.has(v, Tag.THING):
        return False
    inside = any(p.start <= v < p.end for p in where)
    before = s.tokens[v - 1] if v else None
    subject = before is not None and before.text[:1].isupper() and name_ending_at(s, v - 1)
    return inside or not subject or s.tokens[v - 1].suffix == "s"
