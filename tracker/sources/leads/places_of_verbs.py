"""Which "on Twitter" belongs to which verb."""

from __future__ import annotations

from tracker.sources.leads.attribution import NEAR, REACH, is_on, skip_back
from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.names import is_shaped, name_ending_at
from tracker.sources.leads.platforms import X
from tracker.sources.leads.tagging import Place, Tag, Tagged


def place_of_verb(s: Tagged, where: list[Place], v: int) -> Place | None:
    """Return the place where the verb says the thing was posted, nearest first."""
    located = [p for p in where if p.located or p.thing]
    after = [p for p in located if v < p.start <= v + REACH and _reaches(s, v, p)]
    before = [p for p in located if p.end <= v and v - p.end <= REACH and _leads_to(s, p, v)]
    tweeted = _tweet_noun(s, v)
    if after:
        return after[0]
    return before[-1] if before else tweeted


def _tweet_noun(s: Tagged, v: int) -> Place | None:
    """Return "in a tweet" around the verb as a place on X."""
    for at in range(max(0, v - NEAR), min(v + NEAR, len(s.tokens))):
        if s.has(at, Tag.TWEETS) and at != v and not s.has(at, Tag.TWEET):
            start = next((k for k in range(at - 1, max(-1, at - 5), -1) if is_on(s, k)), None)
            if start is None and s.lexicon.verb_last and s.tokens[at].lower[-1] in "ea":
                start = at
            if start is not None:
                place = Place(X, start, at + 1, at, located=True, thing=True)
                fits = _reaches(s, v, place) if start > v else _leads_to(s, place, v)
                if fits and not _has_agent_after(s, at + 1):
                    return place
    return None


def _has_agent_after(s: Tagged, at: int) -> bool:
    return s.has(at, Tag.BY | Tag.OF) and not s.lexicon.verb_last


def _reaches(s: Tagged, v: int, place: Place) -> bool:
    """Tell whether "on …" after the verb belongs to it and not to something it mentions."""
    if not place.located and not place.thing:
        return False
    only_says = (s.has(v, Tag.SAY) or not s.has(v, Tag.VERB)) and not s.has(v, Tag.POST | Tag.TWEET)
    if _inside_relative(s, place, v):
        return False
    if _in_own_thing(s, v, place):
        return True
    for n in range(v + 1, place.start):
        if s.is_mark(n, ";"):
            return False
        finite = s.has(n, Tag.VERB) and not s.has(n, Tag.THING) and not s.has(n, Tag.ADVERB)
        if finite and not _is_participle_after_noun(s, n, v):
            return False
        pictured = s.has(n, Tag.PICTURES) or _is_spoken_of(s, n, v)
        if only_says and (_opens_clause(s, n) or pictured or s.is_mark(n, ":")):
            return False
    if only_says and place.thing and not place.located:
        return False
    return not _governed_by_name(s, place)


def _is_spoken_of(s: Tagged, n: int, v: int) -> bool:
    """Tell whether the text at ``n`` is what the verb speaks about: "said the post on X"."""
    if s.lexicon.code != "en" or not s.has(v, Tag.SAY) or not s.has(n, Tag.TEXTS):
        return False
    return n > v + 1 and s.tokens[v + 1].lower in {"the", "a", "that", "her", "his", "their"}


def _in_own_thing(s: Tagged, v: int, place: Place) -> bool:
    """Tell whether somebody speaks "in a message posted on" the place, with no other author."""
    on = next((n for n in range(v + 1, v + 5) if s.has(n, Tag.ON)), None)
    if on is None or not place.located or s.has(place.end, Tag.BY):
        return False
    thing = next((n for n in range(on + 1, on + 6) if s.has(n, Tag.THING)), None)
    if thing is None or not 0 < place.start - thing <= 4:
        return False
    return all(
        s.has(n, Tag.POST | Tag.ADVERB | Tag.DAY | Tag.THING) for n in range(thing + 1, place.start)
    )


def _is_participle_after_noun(s: Tagged, n: int, v: int) -> bool:
    return s.lexicon.code == "de" and n == v + 1


def _governed_by_name(s: Tagged, place: Place) -> bool:
    """Tell whether the place has an author of its own: "in a tweet by Y"."""
    return place.thing and s.has(place.end, Tag.BY)


_THAT = word_set("that dass que che że що что أن أنه أنها بأن إن if whether ob si")


def _opens_clause(s: Tagged, n: int) -> bool:
    return s.tokens[n].lower in _THAT


def _leads_to(s: Tagged, place: Place, v: int) -> bool:
    """Tell whether the verb after a place is about what was posted there ("On X, Y wrote")."""
    for n in range(place.end, v):
        if s.is_mark(n, ";"):
            return False
        finite = s.has(n, Tag.VERB) and not s.has(n, Tag.THING | Tag.ADVERB)
        if finite and not s.lexicon.verb_last:
            return False
    if place.thing and not place.located:
        return False
    if _ends_indirect_speech(s, place, v):
        return False
    if s.lexicon.verb_last:
        return True
    if _modifies_picture(s, place) or _inside_relative(s, place, -1):
        return False
    where = place.end + s.is_mark(place.end, ",")
    if where < len(s.tokens) and s.tokens[where].lower in _WHERE:
        return True
    return _opens_part(s, place) or _follows_subject(s, place)


def _ends_indirect_speech(s: Tagged, place: Place, v: int) -> bool:
    """Tell whether the place is told by whoever speaks: "Auf X werde gelogen, sagte Y"."""
    closes = s.lexicon.code == "de" and s.is_mark(v - 1, ",") and not s.has(v, Tag.POST)
    return closes and v - place.end > 2 and not any(s.is_quote(n) for n in range(place.end, v))


_WHERE = word_set("where wo où donde dove onde gdzie де где حيث")


def _opens_part(s: Tagged, place: Place) -> bool:
    """Tell whether the place begins the sentence, or what follows direct speech or a comma."""
    k = place.start - 1
    while k >= 0 and (s.has(k, Tag.ADVERB | Tag.DAY) or s.tokens[k].text.lower() in _OPENERS):
        k -= 1
    if s.has(k, Tag.TEXTS | Tag.TWEETS):
        k = next((n - 1 for n in range(k, max(-1, k - 6), -1) if is_on(s, n)), k)
    if k == 0 and s.has(k, Tag.TEXTS) and s.lexicon.verb_first:
        return True  # "Wpis na platformie X zamieścił …"
    return k < 0 or s.is_quote(k) or s.tokens[k].text in {",", ":", "—", "–", "-", "(", ".", "…"}


_OPENERS = word_set("and but so while und aber et mais y pero e ma mas i ale і й та але а и но و")


def _follows_subject(s: Tagged, place: Place) -> bool:
    k = place.start - 1
    while k >= 0 and (
        s.has(k, Tag.ADVERB | Tag.DAY | Tag.HAVE)
        or s.is_mark(k, ",)")
        or s.tokens[k].text.isdigit()
    ):
        k -= 1
    return name_ending_at(s, k) is not None


def _modifies_picture(s: Tagged, place: Place) -> bool:
    """Tell whether "on …" describes a picture or a deed told before it ("videos on Twitter")."""
    k = skip_back(s, place.start)
    if s.has(k, Tag.PICTURES | Tag.ACCOUNTS):
        return True
    return s.has(k, Tag.POST) and not is_shaped(s, k)


def _inside_relative(s: Tagged, place: Place, v: int) -> bool:
    """Tell whether the place lies in "who is popular on …", told after the verb at ``v``."""
    for n in range(place.start - 1, max(v, place.start - NEAR), -1):
        if s.is_mark(n, ",") or s.is_quote(n):
            return False
        relative = s.has(n, Tag.RELATIVE) and s.tokens[n].lower not in _THAT | _GERMAN_ARTICLES
        if relative or (s.has(n, Tag.BE) and not s.has(n, Tag.POST)):
            return True
    return False


_GERMAN_ARTICLES = frozenset({"der", "die", "das"})
