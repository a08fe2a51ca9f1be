"""Who posted where: the ways in which a sentence attributes a post to an account.

Each rule looks at a bounded window around a verb of posting, a preposition of authorship or a
platform, so the work grows with the length of the text and with nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.model.ids import Platform
from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.names import (
    Name,
    has_good_head,
    is_shaped,
    name_after,
    name_at,
    name_ending_at,
    quoted_name,
)
from tracker.sources.leads.platforms import X
from tracker.sources.leads.tagging import Place, Tag, Tagged, places

REACH = 28
"""Words between a verb and its platform, or a verb and its subject across an apposition."""

NEAR = 12
"""Words between a post and "by", or an account and the verb."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """A post of ``name`` on ``platform``, told by the tokens ``[start, end)``."""

    name: Name
    platform: Platform
    start: int
    end: int


def attributions(s: Tagged) -> list[Attribution]:
    """Return the posts the sentence attributes to a name, in order, each once."""
    where = places(s)
    if _speaks_of_itself(s, where):
        return []
    found = [
        *_by_agent(s, where),
        *_by_postposition(s, where),
        *_by_verb(s, where),
        *_by_speaker(s, where),
        *_according_to(s, where),
        *_by_account(s, where),
        *_by_owner(s, where),
        *_by_handle(s, where),
        *_in_own_words(s, where),
    ]
    return _distinct(sorted(found, key=lambda a: (a.name.start, a.end - a.start)))


def _distinct(found: list[Attribution]) -> list[Attribution]:
    kept: list[Attribution] = []
    for one in found:
        same = (
            one.name.text == k.name.text or _overlap(one.name, k.name)
            for k in kept
            if k.platform == one.platform
        )
        if not any(same):
            kept.append(one)
    return kept


def _overlap(a: Name, b: Name) -> bool:
    return a.start < b.end and b.start < a.end


def _speaks_of_itself(s: Tagged, where: list[Place]) -> bool:
    """Tell whether the page asks its reader to follow or join it."""
    first = next((n for n in range(len(s.tokens)) if s.tags[n] or s.tokens[n].text.isalpha()), 0)
    asks = s.has(first, Tag.OURS)
    owned = any(s.has(n, Tag.OURS) for p in where for n in range(max(0, p.start - 2), p.end))
    return asks or owned


def _thing_before(s: Tagged, at: int, tags: Tag) -> bool:
    for n in range(at - 1, max(-1, at - 1 - NEAR), -1):
        if s.is_mark(n, ";"):
            return False
        if s.has(n, tags):
            return True
    return False


def _skip_back(s: Tagged, at: int) -> int:
    """Return the index of the last word before ``at`` that is no adverb, day or comma."""
    k = at - 1
    while k >= 0 and (
        s.has(k, Tag.DAY)
        or (s.has(k, Tag.ADVERB) and not s.has(k, Tag.VERB | Tag.THING))
        or s.is_mark(k, ",()")
        or s.is_quote(k)
        or s.tokens[k].text.isdigit()
    ):
        k -= 1
    return k


# "posted on Twitter by X", "a Telegram post by X", "a tweet from X"


def _by_agent(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    for b in range(len(s.tokens)):
        if not s.has(b, Tag.BY | Tag.OF) or s.tokens[b].glued:
            continue
        head = _skip_back(s, b)
        name = name_after(s, b + 1) if _may_author(s, where, head, b) else None
        if name is None and s.has(head, Tag.PICTURES):
            name = _only_handle(name_after(s, b + 1))
        platform = _platform_of_agent(s, where, head, b, name) if name else None
        if name and platform:
            yield Attribution(name, platform, head, name.end)
            yield from _second(s, name, platform, head)


def _second(s: Tagged, name: Name, platform: Platform, head: int) -> Iterator[Attribution]:
    if name.end < len(s.tokens) and s.tokens[name.end].lower in _AND:
        other = name_at(s, name.end + 1)
        if other and not s.has(other.end, Tag.VERB):
            yield Attribution(other, platform, head, other.end)


def _only_handle(name: Name | None) -> Name | None:
    return name if name and name.text[0] == "@" else None


_AND = word_set("and und et y e i і та и ve و")


def _may_author(s: Tagged, where: list[Place], head: int, b: int) -> bool:
    if head < 0:
        return False
    if s.has(b, Tag.BY) and s.has(head, Tag.POST | Tag.TWEET):
        return not _undone(s, head)
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
            owned = s.has(b, Tag.BY) or place.account or place.thing or written
            posted = (
                place.account or place.thing or _thing_before(s, place.start, Tag.POST | Tag.THING)
            )
            if right and owned and posted:
                return place
    return None


def _is_garble(s: Tagged, head: int, b: int) -> bool:
    """Tell whether an unknown word stands where "posted" must have stood."""
    token = s.tokens[head]
    plain = token.text.isalpha() and token.text.islower() and not s.tags[head]
    participle = token.lower.endswith(("ed", "en", "ung")) or token.lower in _OTHER_DEEDS
    return s.lexicon.code == "en" and plain and not participle and head + 1 == b


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
    if after and after.located and not _verb_between(s, name.end, after.start):
        return after.platform
    of_only = not s.has(b, Tag.BY)
    before = [p for p in where if p.end <= head + 1 and head - p.end <= NEAR]
    around = [p for p in where if p.start <= head < p.end]
    if around:
        return around[-1].platform
    of_only &= name.text[0] != "@"
    if of_only or not before or not s.has(head, Tag.POST | Tag.THING):
        return None
    return before[-1].platform


def _verb_between(s: Tagged, start: int, end: int) -> bool:
    return any(s.has(n, Tag.VERB) and not s.has(n, Tag.THING) for n in range(start, end))


# "X tarafından Twitter'da paylaşılan video"


def _by_postposition(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    for at in range(len(s.tokens)):
        if not s.has(at, Tag.BY_AFTER):
            continue
        name = name_ending_at(s, at - 1)
        near = [p for p in where if at - NEAR <= p.start <= at + NEAR]
        posted = any(s.has(n, Tag.POST) for n in range(at, min(at + NEAR, len(s.tokens))))
        if name and near and posted:
            yield Attribution(name, near[0].platform, name.start, near[0].end)


# "X tweeted", "X posted … on Twitter", "wrote X on Twitter", "On Twitter, X said"


def _by_verb(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    for v in range(len(s.tokens)):
        if (
            not (s.has(v, Tag.VERB) or _makes_statement(s, v))
            or _undone(s, v)
            or _is_noun_use(s, v, where)
        ):
            continue
        tweets = s.has(v, Tag.TWEET) and not (s.has(v, Tag.POST) and s.lexicon.code != "en")
        place = _place_of_verb(s, where, v)
        platform = X if tweets else place.platform if place else None
        if platform is None:
            continue
        name = _subject(s, where, v, place)
        if name:
            start, end = _span(v, name, place)
            yield Attribution(name, platform, start, end)


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


def _undone(s: Tagged, v: int) -> bool:
    """Tell whether the verb is denied, intended or only possible."""
    for k in range(v - 1, max(-1, v - 4), -1):
        if s.has(k, Tag.WITHOUT):
            return s.lexicon.code != "de" or s.tokens[k].lower != "zu" or k == v - 1
        if not s.has(k, Tag.ADVERB | Tag.HAVE | Tag.BE):
            return False
    return False


def _is_noun_use(s: Tagged, v: int, where: list[Place]) -> bool:
    """Tell whether the word is the noun that looks like the verb ("posts", "Tweets", "shares")."""
    if not s.has(v, Tag.THING):
        return False
    inside = any(p.start <= v < p.end for p in where)
    before = s.tokens[v - 1] if v else None
    subject = before is not None and before.text[:1].isupper() and name_ending_at(s, v - 1)
    return inside or not subject or s.tokens[v - 1].suffix == "s"


def _place_of_verb(s: Tagged, where: list[Place], v: int) -> Place | None:
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
            start = next((k for k in range(at - 1, max(-1, at - 5), -1) if _is_on(s, k)), None)
            if start is None and s.lexicon.verb_last and s.tokens[at].lower[-1] in "ea":
                start = at
            if start is not None:
                place = Place(X, start, at + 1, at, located=True, thing=True)
                fits = _reaches(s, v, place) if start > v else _leads_to(s, place, v)
                if fits and not _has_agent_after(s, at + 1):
                    return place
    return None


def _is_on(s: Tagged, k: int) -> bool:
    return s.has(k, Tag.ON) and not s.has(k, Tag.THING)


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
        pictured = s.has(n, Tag.PICTURES)
        if only_says and (_opens_clause(s, n) or pictured or s.is_mark(n, ":")):
            return False
    if only_says and place.thing and not place.located:
        return False
    return not _governed_by_name(s, place)


def _in_own_thing(s: Tagged, v: int, place: Place) -> bool:
    """Tell whether somebody speaks "in a message posted on" the place, with no other author."""
    on = next((n for n in range(v + 1, v + 5) if s.has(n, Tag.ON)), None)
    if on is None or not place.located or s.has(place.end, Tag.BY):
        return False
    thing = next((n for n in range(on + 1, on + 6) if s.has(n, Tag.THING)), None)
    if thing is None or not 0 < place.start - thing <= 4:
        return False
    return all(s.has(n, Tag.POST | Tag.ADVERB | Tag.DAY) for n in range(thing + 1, place.start))


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
    if s.lexicon.verb_last:
        return True
    if _modifies_picture(s, place) or _inside_relative(s, place, -1):
        return False
    where = place.end + s.is_mark(place.end, ",")
    if where < len(s.tokens) and s.tokens[where].lower in _WHERE:
        return True
    return _opens_part(s, place) or _follows_subject(s, place)


_WHERE = word_set("where wo où donde dove onde gdzie де где حيث")


def _opens_part(s: Tagged, place: Place) -> bool:
    """Tell whether the place begins the sentence, or what follows direct speech or a comma."""
    k = place.start - 1
    while k >= 0 and (s.has(k, Tag.ADVERB | Tag.DAY) or s.tokens[k].text.lower() in _OPENERS):
        k -= 1
    if s.has(k, Tag.TEXTS | Tag.TWEETS):
        k = next((n - 1 for n in range(k, max(-1, k - 6), -1) if _is_on(s, n)), k)
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
    k = _skip_back(s, place.start)
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


# Subjects


def _subject(s: Tagged, where: list[Place], v: int, place: Place | None) -> Name | None:
    if s.lexicon.verb_last:
        return _subject_before(s, where, v) or (
            _subject_before(s, where, place.start) if place and place.start < v else None
        )
    first = _subject_before(s, where, v)
    if first or _is_passive(s, v):
        return first
    inverted = _subject_after(s, where, v)
    if inverted:
        return inverted
    if place and place.end <= v and _free_for_subject(s, place, v):
        return _subject_before(s, where, place.start)
    return None


def _free_for_subject(s: Tagged, place: Place, v: int) -> bool:
    """Tell whether nothing between place and verb could itself be the subject."""
    german = s.lexicon.code == "de"
    between = range(place.end, v)
    return german or all(
        s.has(n, Tag.ADVERB | Tag.DAY | Tag.HAVE) or s.is_mark(n, ",") for n in between
    )


def _is_passive(s: Tagged, v: int) -> bool:
    k = v - 1
    while k >= 0 and s.has(k, Tag.ADVERB | Tag.HAVE) and not s.has(k, Tag.BE):
        k -= 1
    return s.has(k, Tag.BE)


def _subject_before(s: Tagged, where: list[Place], v: int) -> Name | None:
    """Return the name that does what the verb at ``v`` says, looking to its left."""
    ends = {p.end: p for p in where if p.located}
    j, steps = v - 1, 0
    while j >= 0 and steps < REACH:
        steps += 1
        if j + 1 in ends and ends[j + 1].end <= v:
            j = ends[j + 1].start - 1
            continue
        if s.has(j, Tag.BE | Tag.WITHOUT) and not s.has(j, Tag.ADVERB):
            return None
        found = name_ending_at(s, j)
        if found:
            return _head_of(s, found)
        if s.is_mark(j, ",)—–.-("):
            return _across_apposition(s, j)
        if not (_is_skipped(s, j) or _resumes(s, j)):
            return None
        j -= 1
    return None


_PRONOUNS = word_set("he she they él ella il elle lui lei ele ela er sie він вона он она on ona")


def _resumes(s: Tagged, j: int) -> bool:
    """Tell whether a pronoun repeats the subject: "the mayor, Claudia López, he published"."""
    if s.tokens[j].lower not in _PRONOUNS or not s.is_mark(j - 1, ","):
        return False
    found = name_ending_at(s, j - 2)
    return found is not None and (found.start == 0 or s.is_mark(found.start - 1, ","))


def _is_skipped(s: Tagged, j: int) -> bool:
    """Tell whether a word may stand between a subject and its verb."""
    if s.has(j, Tag.HAVE | Tag.ADVERB | Tag.DAY) or s.tokens[j].text.isdigit():
        return True
    if s.lexicon.verb_last or _is_arabic(s.tokens[j].text):
        return not s.has(j, Tag.VERB) and s.lexicon.verb_last
    relative = s.has(j, Tag.RELATIVE) and s.tokens[j].lower not in {"der", "die", "das"}
    return relative and not s.has(j - 1, Tag.PICTURES | Tag.THING)


def _is_arabic(text: str) -> bool:
    return "\u0600" <= text[0] <= "\u06ff"


def _head_of(s: Tagged, found: Name) -> Name | None:
    """Return the name, or the one it belongs to: "X of the Kyiv Independent"."""
    if found.owns:
        return None
    if has_good_head(s, found):
        return found
    k = found.start - 1
    while k >= 0 and found.start - k < 6 and not s.has(k, Tag.LINK):
        k -= 1
    if not s.has(k, Tag.OF | Tag.ON) or not s.has(k, Tag.LINK):
        return None
    owner = name_ending_at(s, k - 1)
    return owner if owner and not owner.owns and has_good_head(s, owner) else None


def _across_apposition(s: Tagged, j: int) -> Name | None:
    """Return the name before an apposition that ends at the mark ``j``."""
    direct = name_ending_at(s, j - 1)
    if direct and not direct.owns and has_good_head(s, direct) and not _is_listed(s, direct):
        return direct
    for k in range(j - 1, max(-1, j - 1 - REACH), -1):
        if s.is_quote(k) or s.is_mark(k, ";"):
            return None
        if s.is_mark(k, ",(—–"):
            found = name_ending_at(s, k - 1)
            if found and not found.owns and has_good_head(s, found):
                return found
    return None


def _is_listed(s: Tagged, found: Name) -> bool:
    """Tell whether the name is the last part of a place: "mayor of Kyiv, Ukraine,"."""
    if " " in found.text or not s.is_mark(found.start - 1, ","):
        return False
    return name_ending_at(s, found.start - 2) is not None


def _subject_after(s: Tagged, where: list[Place], v: int) -> Name | None:
    """Return the name right after the verb: "wrote X on Twitter"."""
    if not (s.lexicon.verb_first or _is_led_in(s, v)):
        return None
    begins = {p.start: p.end for p in where if p.located}
    start = v + 1
    while start in begins or (
        s.has(start, Tag.ADVERB | Tag.DAY | Tag.HAVE) and not is_shaped(s, start)
    ):
        start = begins.get(start, start + 1)
    if s.is_mark(start, ":,(") or (s.has(start, Tag.LINK) and not s.lexicon.nouns_are_capitalised):
        return None
    found = name_after(s, start)
    if found and found.owns:
        return None
    return found if found and not _is_object(s, start, found) else None


def _is_led_in(s: Tagged, v: int) -> bool:
    """Tell whether direct speech or a place stands before the verb."""
    k = v - 1
    while s.is_mark(k, ",-–—") or (k >= 0 and s.has(k, Tag.ADVERB)):
        k -= 1
    return s.is_quote(k) or (k == -1 and v > 0)


def _is_object(s: Tagged, start: int, found: Name) -> bool:
    """Tell whether something between verb and name makes the name an object of the deed."""
    return any(s.has(n, Tag.THING | Tag.ON) for n in range(start, found.start))


# "In a video posted on Telegram, X thanked …"


def _by_speaker(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    place = where[0] if where else None
    posting = s.has(0, Tag.POST | Tag.SAY) and s.tokens[0].lower.endswith("ing")
    opens = posting or s.has(0, Tag.ON)
    if place is None or not place.located or place.end > NEAR + 4 or not opens:
        return
    thing = posting or any(s.has(n, Tag.THING) for n in range(place.end))
    if not thing or any(s.has(n, Tag.BY) for n in range(1, place.end + 1)):
        return
    at = place.end
    while s.has(at, Tag.DAY | Tag.ADVERB) or s.is_mark(at, ",") or _is_number(s, at):
        at += 1
    name = _speaker(s, at)
    if name:
        yield Attribution(name, place.platform, 0, name.end)


def _is_number(s: Tagged, at: int) -> bool:
    return at < len(s.tokens) and s.tokens[at].text.isdigit()


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
    past = verb < len(s.tokens) and s.tokens[verb].lower.endswith("ed")
    return past and s.lexicon.code == "en" and s.tokens[verb].lower not in _ONLY_SEEN


_ONLY_SEEN = word_set("appeared seemed walked entered arrived collapsed died fled wounded")


# "according to X on Telegram"


def _according_to(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    for a in range(len(s.tokens)):
        if not s.has(a, Tag.ACCORDING):
            continue
        start = a + 1 + (s.has(a + 1, Tag.WITHOUT | Tag.ON) and s.tokens[a].lower == "according")
        name = name_after(s, start)
        near = name and next((p for p in where if 0 <= p.start - name.end <= 5), None)
        if name and near and near.located and not _verb_between(s, name.end, near.start):
            yield Attribution(name, near.platform, a, near.end)


# "the Telegram channel X reported", "posted on the Telegram channel X", "TikTok user @x"


def _by_account(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    for place in where:
        if not place.account:
            continue
        name = _account_name(s, place)
        if name and _is_used(s, place, name):
            yield Attribution(name, place.platform, place.start, name.end)


_CALLED = word_set(
    "called named known as namens nommé appelée appelé llamado llamada chiamato chiamata chamado"
    " chamada nazwie під назвою под названием adlı isimli باسم باسم:"
)


def _account_name(s: Tagged, place: Place) -> Name | None:
    if s.lexicon.verb_last:
        before = name_ending_at(s, place.start - 1)
        if before:
            return before
    at = place.end
    while at < len(s.tokens) and (
        s.tokens[at].lower in _CALLED or s.is_mark(at, ":,'\"") or s.has(at, Tag.OF)
    ):
        if s.has(at, Tag.OF):
            return name_after(s, at + 1)
        at += 1
    if at > place.end and s.is_mark(place.end, ",") and not s.is_quote(at):
        found = name_at(s, at)
        return found if found and (s.is_mark(found.end, ",") or found.text[0] == "@") else None
    named = quoted_name(s, at) or name_at(s, at)
    return named if named is None or not named.owns else None


def _is_used(s: Tagged, place: Place, name: Name) -> bool:
    """Tell whether something is said to have been posted by or on the account."""
    if s.has(name.end, Tag.BE | Tag.HAVE | Tag.WITHOUT) and not _posts_after(s, name.end):
        return False
    left = range(max(0, place.start - NEAR), place.end)
    if place.located:
        return any(s.has(n, Tag.POST | Tag.SAY | Tag.THING | Tag.ACCORDING) for n in left) or (
            _posts_after(s, name.end) or _shows_after(s, name.end)
        )
    agent = _skip_determiners(s, place.start)
    if s.has(agent, Tag.BY) and any(s.has(n, Tag.POST | Tag.THING) for n in left):
        return True
    if s.has(agent, Tag.OF) and any(s.has(n, Tag.THING) for n in left):
        return True
    to_account = s.has(agent - 1, Tag.ACCORDING) or s.has(agent, Tag.ACCORDING)
    return to_account or _posts_after(s, name.end)


def _skip_determiners(s: Tagged, start: int) -> int:
    k = start - 1
    while k >= 0 and start - k < 5 and not s.has(k, Tag.LINK | Tag.ACCORDING | Tag.VERB):
        k -= 1
    return k


def _shows_after(s: Tagged, end: int) -> bool:
    return any(s.has(n, Tag.THING) for n in range(end, min(end + NEAR, len(s.tokens))))


def _posts_after(s: Tagged, end: int) -> bool:
    for n in range(end, min(end + NEAR, len(s.tokens))):
        if s.has(n, Tag.WITHOUT) or s.is_mark(n, ";"):
            return False
        if s.has(n, Tag.VERB) and not (s.has(n, Tag.THING) and n > end):
            return not _is_passive(s, n)
    return False


# "on X's Telegram channel", "X's tweet", "X's Facebook post"


def _by_owner(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    for place in where:
        if place.owner is None:
            continue
        name = name_ending_at(s, place.owner)
        around = range(max(0, place.start - NEAR), min(place.end + NEAR, len(s.tokens)))
        used = place.located and any(s.has(n, Tag.VERB | Tag.THING) for n in around)
        if name and (used or place.thing) and not s.has(place.end, Tag.HAVE | Tag.BE):
            yield Attribution(name, place.platform, name.start, place.end)
    for at in range(1, len(s.tokens)):
        if s.has(at, Tag.TWEETS) and not any(p.start <= at < p.end for p in where):
            k = at - 1
            while k > at - 4 and s.has(k, Tag.ADVERB | Tag.ANOTHER | Tag.DAY):
                k -= 1
            name = name_ending_at(s, k) if k >= 0 and s.tokens[k].suffix == "s" else None
            if name:
                yield Attribution(name, X, name.start, at + 1)


# "X in a tweet thanked …"


def _in_own_words(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    tweets = [_tweet_phrase(s, at) for at in range(len(s.tokens)) if s.has(at, Tag.TWEETS)]
    for place in [*(p for p in where if p.located and p.thing), *(t for t in tweets if t)]:
        after = place.end < len(s.tokens) and s.tokens[place.end].text[0].islower()
        if not after or s.has(place.end, Tag.BE | Tag.LINK | Tag.RELATIVE | Tag.MARK_WORD):
            continue
        name = name_ending_at(s, place.start - 1)
        if name and not name.owns and has_good_head(s, name):
            yield Attribution(name, place.platform, name.start, place.end)


def _tweet_phrase(s: Tagged, at: int) -> Place | None:
    start = next((k for k in range(at - 1, max(-1, at - 4), -1) if _is_on(s, k)), None)
    return None if start is None else Place(X, start, at + 1, at, located=True, thing=True)


# "a video by @x on TikTok", "@x on TikTok"


def _by_handle(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    for place in where:
        last = place.start - 1 - s.is_mark(place.start - 1, ",)")
        if not (place.located and is_shaped(s, last) and s.tokens[last].text.startswith("@")):
            continue
        if _thing_before(s, last, Tag.POST | Tag.THING) or s.has(last - 1, Tag.BY):
            found = name_ending_at(s, last)
            if found:
                yield Attribution(found, place.platform, last, place.end)
