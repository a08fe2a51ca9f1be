"""Names of persons, organisations and accounts in a tagged sentence."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.sources.leads.days import month_of
from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.offices import after_place, is_surname
from tracker.sources.leads.organisations import (
    INSTITUTIONS,
    OF_STATE,
    is_demonym,
    is_organisation,
)
from tracker.sources.leads.tagging import Tag, Tagged
from tracker.sources.leads.text import MAX_QUOTED_NAME_WORDS, Kind, Token

MAX_NAME_WORDS = 8


_PARTICLES = word_set(
    "van von der den de da di del della dos das do du des la le el al ul bin ibn bint abu"
    " abd ter ten"
    " af zu y e i und & al- ash- ad- as- ben mac mc st san santa bar della degli"
    " аль эль ель бен ван фон де да ди ибн абу"
)


_JOINED_BY = word_set("of for the and de la du des del di dei della do da dos")


@dataclass(frozen=True, slots=True)
class Name:
    """A name at ``[start, end)``; ``text`` is without titles, with ``@`` for a handle."""

    start: int
    end: int
    text: str
    owns: bool = False  # in the possessive: "McFaul's"


def is_shaped(s: Tagged, at: int) -> bool:
    """Tell whether the token at ``at`` may be a word of a name."""
    if not 0 <= at < len(s.tokens) or at in s.platforms:
        return False
    token, word = s.tokens[at], s.tags[at]
    if token.kind is Kind.HANDLE:
        return True
    if token.kind is not Kind.WORD or (word & Tag.DAY and not _is_month_name(s, at)):
        return False
    if is_arabic(token.text):
        parts = ~(Tag.TITLE | Tag.ANOTHER | Tag.ACCOUNTS)
        return not word & parts or (bool(word & Tag.TITLE) and not word & Tag.NEVER)
    if word & (Tag.NEVER | Tag.MARK_WORD) and not _is_acronym(token, at):
        return _opens_name(s, at)
    if word & (Tag.VERB | Tag.PICTURES | Tag.TWEETS | Tag.BY_AFTER) and not _in_run(s, at):
        return False
    return token.text[0].isupper() or _is_cjk(token.text) or _is_code(token.text)


def _is_month_name(s: Tagged, at: int) -> bool:
    """Tell whether a word that could be a month is part of a name: Theresa May, Maja Novak."""
    if month_of(s.tokens[at].lower) is None or not s.tokens[at].text[0].isupper():
        return False
    beside = [s.tokens[n] for n in (at - 1, at + 1) if 0 <= n < len(s.tokens)]
    if any(token.text[0].isdigit() for token in beside):
        return False
    named = [n for n in (at - 1, at + 1) if 0 <= n < len(s.tokens) and n not in s.platforms]
    return any(
        s.tokens[n].text[0].isupper()
        and not s.tags[n] & ~Tag.TITLE
        and s.tokens[n].kind is Kind.WORD
        for n in named
    )


def _in_run(s: Tagged, at: int) -> bool:
    """Tell whether a capitalised verb or noun continues a name ("Kyiv Post", "Al Tweet")."""
    if not s.tokens[at].text[0].isupper() or s.has(at, Tag.BY_AFTER):
        return False
    before = s.tokens[at - 1] if at else None
    known = before is not None and before.kind is Kind.WORD and before.text[0].isupper()
    return known and s.has(at, Tag.TEXTS) and not s.has(at - 1, Tag.NEVER | Tag.MARK_WORD)


def _opens_name(s: Tagged, at: int) -> bool:
    """Tell whether a capitalised article begins a name, as in ``Le Monde`` inside a sentence."""
    token = s.tokens[at]
    inside = at > 0 and token.text[0].isupper() and not s.is_mark(at - 1, ".:—–")
    article = token.lower in {"le", "la", "el", "al", "los", "les", "o", "de", "van", "new"}
    follows = at + 1 < len(s.tokens) and s.tokens[at + 1].text[0].isupper()
    if follows and token.text[0].isupper() and token.lower in _FORCES:
        return is_shaped(s, at + 1)
    return (
        follows and token.text[0].isupper() and article and (inside or token.lower in {"al", "el"})
    )


_FORCES = word_set(
    "polizei feuerwehr bundespolizei regierung police policja policía polizia polícia поліція"
    " полиция armee army"
)


def _is_acronym(token: Token, at: int) -> bool:
    return len(token.text) > 2 and token.text.isupper() and at > 0


def is_arabic(text: str) -> bool:
    """Tell whether a word begins in Arabic script."""
    return "\u0600" <= text[0] <= "\u06ff"


def _is_cjk(text: str) -> bool:
    return "\u3040" <= text[0] <= "\u9fff" or "\uac00" <= text[0] <= "\ud7af"


def _is_code(text: str) -> bool:
    """Tell whether a lower-case word looks like an account: ``war_monitor``, ``nexta_tv``."""
    letters = any(c.isalpha() for c in text)
    return letters and ("_" in text.strip("_") or any(c.isupper() for c in text[1:]))


def name_at(s: Tagged, start: int) -> Name | None:
    """Return the longest name that begins at ``start``, ``None`` if none does."""
    if not is_shaped(s, start) or _hangs_on_lower(s, start):
        return None
    institution = _institution(s, start)
    if institution:
        return institution
    if _is_one_of(s, start):
        return None
    if s.tokens[start].kind is Kind.HANDLE:
        return Name(start, start + 1, s.tokens[start].text)
    end = start + 1
    while end < len(s.tokens) and end - start < MAX_NAME_WORDS:
        if s.tokens[end - 1].suffix and not _owns_office(s, end - 1):
            break
        step = _extends(s, start, end)
        if not step:
            break
        end += step
    return _finished(s, start, end)


def _institution(s: Tagged, start: int) -> Name | None:
    """Return an institution whose name is not capitalised: "the Russian defense ministry"."""
    token = s.tokens[start]
    if s.lexicon.code != "en" or not (is_demonym(token.text) or token.suffix == "s"):
        return None
    end = start + 1
    while end < len(s.tokens) and end - start < 3 and s.tokens[end].text in OF_STATE:
        end += 1
    if end > start + 1 and (end >= len(s.tokens) or s.tokens[end].text not in INSTITUTIONS):
        end -= 1  # "military" alone: an institution, not its adjective
    if end >= len(s.tokens) or s.tokens[end].text not in INSTITUTIONS:
        return None
    of_whom = token.text + ("'s" if token.suffix else "")
    rest = " ".join(t.text for t in s.tokens[start + 1 : end + 1])
    return Name(start, end + 1, f"{of_whom} {rest}")


_ONE_OF = word_set("أحد إحدى بعض عدد أحدهم")


def _is_one_of(s: Tagged, at: int) -> bool:
    """Tell whether an Arabic noun only says of whom somebody is one ("أحد المستخدمين")."""
    return s.tokens[at].lower in _ONE_OF or (at > 0 and s.tokens[at - 1].lower in _ONE_OF)


def _owns_office(s: Tagged, at: int) -> bool:
    """Tell whether a possessive is part of an institution's name: "Sheriff's Office"."""
    after = at + 1
    office = after < len(s.tokens) and is_organisation(s.tokens[after].text)
    named = s.tokens[at].suffix == "s" and s.has(at, Tag.TITLE)
    return bool(office) and named and s.tokens[after].text[0].isupper()


def _hangs_on_lower(s: Tagged, at: int) -> bool:
    """Tell whether the word is the second half of ``pro-Russian``."""
    return (
        s.tokens[at].glued
        and at > 0
        and s.tokens[at - 1].text[0].islower()
        and (s.tokens[at - 1].lower not in _PARTICLES)
    )


def _extends(s: Tagged, start: int, end: int) -> int:
    """Return how many tokens from ``end`` on still belong to the name."""
    token = s.tokens[end]
    if is_shaped(s, end) and token.kind is not Kind.HANDLE:
        return 1
    if token.kind is Kind.WORD and token.text[0].isupper() and len(token.text) > 1:
        small = s.has(end, Tag.MARK_WORD) and not s.has(end, Tag.LINK | Tag.DAY)
        return 2 if small and s.lexicon.code == "en" and is_shaped(s, end + 1) else 0
    if token.kind is Kind.WORD and token.text.isdigit() and len(token.text) <= 4:
        dated = s.has(end + 1, Tag.DAY) or s.has(end - 1, Tag.DAY)
        return 0 if dated or len(token.text) == 4 else 1
    if token.glued and token.text[0].islower() and not s.tags[end] & (Tag.TITLE | Tag.VERB):
        return 1 if is_arabic(token.text) else 0
    seated = token.lower == "in" and s.tokens[end - 1].lower in {"embassy", "consulate"}
    if seated and is_shaped(s, end + 1):
        return 2
    ahead = 1
    while token.lower in _PARTICLES | _JOINED_BY and ahead < 3:
        if is_shaped(s, end + ahead) and s.tokens[end + ahead].kind is not Kind.HANDLE:
            joins = token.lower in _PARTICLES and not _joins_only_offices(s, token, end)
            return ahead + 1 if joins or _is_office(s, start, end) else 0
        if (
            end + ahead >= len(s.tokens)
            or s.tokens[end + ahead].lower not in _PARTICLES | _JOINED_BY
        ):
            return 0
        ahead += 1
    return 0


def _joins_only_offices(s: Tagged, token: Token, end: int) -> bool:
    """Tell whether a particle is this language's own "of" or "and", so no part of a person."""
    small = token.lower in {"y", "e", "i", "und", "&"}
    foreign = s.lexicon.code in {"en", "de"}
    return (small and token.text != "&") or (s.has(end, Tag.BY | Tag.ON) and not foreign)


def _is_office(s: Tagged, start: int, end: int) -> bool:
    return any(is_organisation(s.tokens[n].text) for n in range(start, end))


def _finished(s: Tagged, start: int, end: int) -> Name | None:
    owns = s.tokens[end - 1].suffix == "s"
    first = _after_titles(s, start, end)
    if first is None:
        return None
    if is_arabic(s.tokens[start].text):
        return _arabic(s, start, end)
    person = after_place(s, start, first, end)
    start, first = (person, person) if person > first else (start, first)
    if end - first == 1 and not _stands_alone(s, first):
        return None
    text = _joined(s, first, end)
    handle = _handle_after(s, end)
    return Name(start, handle[1], handle[0]) if handle else Name(start, end, text, owns)


def _after_titles(s: Tagged, start: int, end: int) -> int | None:
    """Return the index of the first word after the last title, ``None`` if only titles stand."""
    first = start
    for n in range(start, end):
        ahead = range(n + 1, end)
        if n == end - 1 and n > start and is_surname(s, n):
            continue
        if s.tags[n] & Tag.TITLE and not any(is_organisation(s.tokens[m].text) for m in ahead):
            first = n + 1
    if first < end and s.tokens[first].text.isdigit():
        return None
    while first < end and s.tokens[first].lower in _JOINED_BY:
        first += 1
    if first < end:
        return first
    whole = any(is_organisation(s.tokens[n].text) for n in range(start, end)) and end - start > 1
    return start if whole else None


_PLURALS = ("ers", "ors", "ists", "ians", "ants", "ents", "ees", "ies", "ans", "ics", "ves", "ngs")


def _stands_alone(s: Tagged, at: int) -> bool:
    """Tell whether a single word is a name, not a demonym or a capitalised noun."""
    token = s.tokens[at]
    after = s.tokens[at + 1] if at + 1 < len(s.tokens) else None
    lower_follows = after is not None and after.kind is Kind.WORD and after.text[0].islower()
    if lower_follows and after is not None and after.glued:
        return False
    if is_demonym(token.text) and (lower_follows or token.text in {"Russian", "Ukrainian"}):
        somebody = lower_follows and s.lexicon.code == "en" and token.lower != "guardian"
        if somebody and at and s.tokens[at - 1].lower == "the":
            return False  # "The Nigerian said"
        acts = s.has(at + 1, Tag.VERB | Tag.LINK | Tag.MARK_WORD | Tag.ADVERB)
        return acts and token.text not in {"Russian", "Ukrainian"}
    if (
        lower_follows
        and s.has(at + 1, Tag.TITLE | Tag.PICTURES | Tag.ACCOUNTS)
        and not token.suffix
    ):
        return s.has(at + 1, Tag.VERB | Tag.MARK_WORD)
    if s.lexicon.nouns_are_capitalised and at and s.tokens[at - 1].lower in _ARTICLES:
        return len(token.text) > 2 and (token.text.isupper() or _is_code(token.text))
    if at == 0 and s.lexicon.code == "en" and s.has(1, Tag.THING) and s.has(1, Tag.VERB):
        other = s.tokens[2].lower if len(s.tokens) > 2 else ""
        if other.endswith("ed") or s.has(2, Tag.BE | Tag.LINK | Tag.VERB):
            return False  # "Similar posts appeared"
    if s.lexicon.code == "en" and at == 0 and token.lower.endswith(_PLURALS) and not token.suffix:
        return token.text.isupper()
    return len(token.text) > 1


_ARTICLES = word_set("der die das den dem des ein eine einen einem einer")


def _joined(s: Tagged, start: int, end: int) -> str:
    text = s.tokens[start].text
    for n in range(start + 1, end):
        if s.tokens[n - 1].suffix == "s":
            text += "'s"
        text += ("-" if s.tokens[n].glued else " ") + s.tokens[n].text
    return text.replace("’ ", "’").replace("' ", "'")


def _handle_after(s: Tagged, end: int) -> tuple[str, int] | None:
    """Return the handle in parentheses after a name, and where the parentheses end."""
    for n in range(end, min(end + 2, len(s.tokens))):
        if s.tokens[n].kind is Kind.HANDLE:
            close = n + 1 if s.is_mark(n + 1, ")]") else n
            return s.tokens[n].text, close + 1
        if not s.is_mark(n, "(["):
            return None
    return None


def _arabic(s: Tagged, start: int, end: int) -> Name | None:
    """Return an Arabic name without the titles and the adjectives that agree with them."""
    titled = any(s.has(n, Tag.TITLE) for n in range(start, end))
    first = start
    for n in range(start, end):
        if s.has(n, Tag.TITLE):
            first = n + 1
    while titled and first < end - 1 and s.tokens[first].text.startswith("ال"):
        first += 1
    only = titled and first == end - 1 and s.tokens[first].text.startswith("ال")
    if first >= end or (only and not is_organisation(s.tokens[first].text)):
        return None
    last = end if end - first <= 4 else first + 3
    handle = _handle_after(s, end)
    if handle:
        return Name(start, handle[1], handle[0])
    return Name(start, end, _joined(s, first, last))


def name_ending_at(s: Tagged, last: int) -> Name | None:
    """Return the name whose last word is at ``last``."""
    if s.is_quote(last):
        return quoted_name(s, last) if s.has(last - 1, Tag.ACCOUNTS | Tag.TITLE) else None
    for start in range(last - 1, max(-1, last - 4), -1):
        institution = _institution(s, start) if is_shaped(s, start) else None
        if institution and institution.end == last + 1:
            return institution
    if not is_shaped(s, last) and not (0 <= last < len(s.tokens) and s.tokens[last].text.isdigit()):
        return None
    best = None
    for start in range(last, max(-1, last - MAX_NAME_WORDS), -1):
        found = name_at(s, start)
        if found and found.end >= last + 1:
            best = found
        elif (
            best
            and not is_shaped(s, start)
            and s.tokens[start].lower not in _PARTICLES | _JOINED_BY
        ) or (start < last and s.tokens[start].kind is Kind.MARK):
            break
    return best


def quoted_name(s: Tagged, at: int) -> Name | None:
    """Return a short quotation as a name, as after "the Telegram channel"."""
    if not s.is_quote(at):
        return None
    text = s.tokens[at].text
    short = 0 < len(text.split()) <= MAX_QUOTED_NAME_WORDS and len(text) <= 60
    fits = (
        short and text[-1] not in ".!?…," and (text[0].isupper() or "_" in text or " " not in text)
    )
    return Name(at, at + 1, text) if fits else None
