"""Who does what a verb says, on either side of it and across appositions."""

from __future__ import annotations

from tracker.sources.leads.attribution import REACH, is_passive
from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.names import Name, is_arabic, is_shaped, name_ending_at
from tracker.sources.leads.noun_phrases import has_good_head, name_after
from tracker.sources.leads.tagging import Place, Tag, Tagged


def subject(s: Tagged, where: list[Place], v: int, place: Place | None) -> Name | None:
    """Return the name that does what the verb at ``v`` says, ``None`` for anybody unnamed."""
    if s.lexicon.verb_last:
        return _subject_before(s, where, v) or (
            _subject_before(s, where, place.start) if place and place.start < v else None
        )
    first = _subject_before(s, where, v) or _subject_of_chain(s, v)
    if first or is_passive(s, v):
        return first
    inverted = _subject_after(s, where, v)
    if inverted:
        return inverted
    if place and place.end <= v and _free_for_subject(s, place, v):
        return _subject_before(s, where, place.start)
    return None


_NEW_CLAUSE = word_set("that who which as while when where because after before if whose")


def _subject_of_chain(s: Tagged, v: int) -> Name | None:
    """Return the subject of an earlier verb: "Ann Lee filmed the blaze and posted it"."""
    if s.lexicon.code != "en" or v < 4 or s.tokens[v - 1].lower != "and":
        return None
    for j in range(v - 3, max(-1, v - REACH), -1):
        if s.has(j, Tag.SAY) or s.is_quote(j) or s.tokens[j].lower in _NEW_CLAUSE:
            return None
        found = name_ending_at(s, j)
        if found and found.end >= v:
            return None
        if found:
            good = not found.owns and has_good_head(s, found) and " " in found.text
            acts = s.tokens[found.end + s.is_mark(found.end, ",")].lower.endswith("ed")
            return found if good and acts else None
        if s.is_mark(j, ",") and s.tokens[j + 1].lower.endswith("ed"):
            return _across_apposition(s, j)
    return None


def _free_for_subject(s: Tagged, place: Place, v: int) -> bool:
    """Tell whether nothing between place and verb could itself be the subject."""
    german = s.lexicon.code == "de"
    between = range(place.end, v)
    return german or all(
        s.has(n, Tag.ADVERB | Tag.DAY | Tag.HAVE) or s.is_mark(n, ",") for n in between
    )


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
    if s.lexicon.verb_last or is_arabic(s.tokens[j].text):
        return not s.has(j, Tag.VERB) and s.lexicon.verb_last
    if s.lexicon.code in {"fr", "es", "it", "pt"} and s.tokens[j].lower in _CLITICS:
        return True
    relative = s.has(j, Tag.RELATIVE) and s.tokens[j].lower not in {"der", "die", "das"}
    return relative and not s.has(j - 1, Tag.PICTURES | Tag.THING)


_CLITICS = word_set("lo la l li le les ne y en se s si me te ci vi lui leur o os as lhe")


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
    if not (s.lexicon.verb_first or _is_led_in(s, v) or _is_inverted(s, where, v)):
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


def _is_inverted(s: Tagged, where: list[Place], v: int) -> bool:
    """Tell whether a translated "wrote on Telegram the governor X" kept its foreign order."""
    end = next((p.end for p in where if p.located and p.start == v + 1), None)
    if end is None or end + 1 >= len(s.tokens):
        return False
    titled = s.has(end, Tag.TITLE) or (s.tokens[end].lower == "the" and s.has(end + 1, Tag.TITLE))
    return titled and not s.has(end + 2, Tag.BE | Tag.HAVE | Tag.VERB)


def _is_led_in(s: Tagged, v: int) -> bool:
    """Tell whether direct speech or a place stands before the verb."""
    k = v - 1
    while s.is_mark(k, ",-–—") or (k >= 0 and s.has(k, Tag.ADVERB | Tag.HAVE)):
        k -= 1
    return s.is_quote(k) or (k == -1 and v > 0)


def _is_object(s: Tagged, start: int, found: Name) -> bool:
    """Tell whether something between verb and name makes the name an object of the deed."""
    return any(s.has(n, Tag.THING | Tag.ON) for n in range(start, found.start))
