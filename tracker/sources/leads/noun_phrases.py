"""Noun phrases around names: what stands before a name, and which name a phrase means."""

from __future__ import annotations

import re

from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.names import Name, is_shaped, name_at, quoted_name
from tracker.sources.leads.tagging import Tag, Tagged
from tracker.sources.leads.text import Kind

MAX_NOUN_PHRASE = 14
"""Words read after "by" in search of the name: titles, offices, places."""


_SHOWING = re.compile(
    r"^(?:\w+ing|shows?|showed|depicts?|features?|sees?|quotes?|quoted|cites?|cited|accus\w+|asked"
    r"|told|for|at|against|about|with|near|inside|outside|behind|like|called|montre|montrant|muestra"
    r"|mostra|zeigt|показує|показывает|przedstawia|contre|contra|contro|gegen|mit|avec|con|com|z"
    r"|про|против|проти|о|об)$"
)


def name_after(s: Tagged, start: int, limit: int = MAX_NOUN_PHRASE) -> Name | None:
    """Return the name of a noun phrase at ``start``: "the former mayor of Kyiv, Vitali Klitschko".

    Names that only say where somebody is from or whom they work for are passed over.
    """
    at, inside = start, False
    while at < min(start + limit, len(s.tokens)):
        token, word = s.tokens[at], s.tags[at]
        quoted = quoted_name(s, at) if _called(s, at, start) else None
        if quoted and s.has(at - 1, Tag.TITLE) and name_at(s, at + 1):
            quoted, at = None, at + 1  # голова «Укрзалізниці» Олександр Камишін
        found = quoted or name_at(s, at)
        if found:
            if (not inside and not _modifies(s, found)) or is_handle(s, found):
                return found
            at, inside = found.end, inside and not s.is_mark(found.end, ",")
            at += s.is_mark(at, ",")
            continue
        named = _named_after_comma(s, start, at)
        if named:
            return named
        if word & (Tag.OF | Tag.ON) and not token.glued and at > start:
            inside = True
        elif not _may_describe(s, at):
            return None
        at += 1
    return None


def _named_after_comma(s: Tagged, start: int, at: int) -> Name | None:
    """Return the name in apposition to a noun: "by a farmer from the area, Joe Bell,"."""
    if not s.is_mark(at, ",") or at < start + 2 or s.tokens[start].lower not in _DETERMINERS:
        return None
    if not any(s.tokens[n].text[0].islower() for n in range(start + 1, at)):
        return None
    name = name_at(s, at + 1)
    if name is None or name.owns or s.has(name.end, Tag.SAY | Tag.HAVE):
        return None
    return name if " " in name.text or is_handle(s, name) else None


def is_handle(s: Tagged, found: Name) -> bool:
    """Tell whether the name is a handle."""
    return s.tokens[found.start].kind is Kind.HANDLE


def _called(s: Tagged, at: int, start: int) -> bool:
    return at > start and s.is_quote(at)


def _names_a_unit(s: Tagged, found: Name) -> bool:
    """Tell whether a Slavic office goes on after the word: "речник Повітряних сил Юрій Ігнат"."""
    if s.lexicon.code not in {"uk", "ru", "pl"} or " " in found.text:
        return False
    after = s.tokens[found.end]
    plain = after.kind is Kind.WORD and after.text[0].islower() and not s.tags[found.end]
    return plain and s.has(found.start - 1, Tag.TITLE) and is_shaped(s, found.end + 1)


_ADJECTIVE = re.compile(r"(?:ской|ского|ский|ская|ської|ського|ський|ська|skiego|skiej)$")


def _modifies(s: Tagged, found: Name) -> bool:
    """Tell whether the name only describes the noun after it ("CNN reporter …")."""
    if found.owns or found.end >= len(s.tokens):
        return found.owns
    if _names_a_unit(s, found):
        return True
    if (
        _ADJECTIVE.search(found.text)
        and " " not in found.text
        and (s.tokens[found.end].text[0].islower() and not s.tags[found.end])
    ):
        return True
    for n in range(found.end, min(found.end + 4, len(s.tokens))):
        token, word = s.tokens[n], s.tags[n]
        if token.kind is not Kind.WORD or not token.text[0].islower():
            return False
        if word & (Tag.VERB | Tag.LINK | Tag.MARK_WORD | Tag.DAY) and not token.glued:
            return False
        if word & Tag.TITLE:
            return True
    return False


def _may_describe(s: Tagged, at: int) -> bool:
    token, word = s.tokens[at], s.tags[at]
    if token.kind is not Kind.WORD:
        abbreviated = s.is_mark(at, ".") and s.has(at - 1, Tag.TITLE)
        return abbreviated or (s.is_mark(at, "\"'’") and at > 0)
    if token.suffix == "s" and token.text[0].isupper():
        return True
    if word & (Tag.TITLE | Tag.ACCOUNTS | Tag.OF) or at in s.platforms:
        return True
    if word & (Tag.POST | Tag.SAY | Tag.TWEET | Tag.WITHOUT | Tag.RELATIVE | Tag.BE | Tag.DAY):
        return False
    if word & Tag.MARK_WORD:
        return token.lower in _DETERMINERS
    return not word & Tag.NEVER or s.lexicon.code != "en"


_DETERMINERS = word_set(
    "the a an his her its their one another of el la los las un una une uno il lo i gli le l"
    " o a os as um"
    " uma der die das den dem ein eine einen einem einer les d du des de del della dell do da"
    " as"
)


def has_good_head(s: Tagged, found: Name) -> bool:
    """Tell whether the name can be the subject, not the object of what stands before it."""
    k = found.start - 1
    for _ in range(4):
        if k < 0 or s.tokens[k].kind is not Kind.WORD:
            return True
        word, token = s.tags[k], s.tokens[k]
        if token.suffix == "s" and token.text[0].isupper():
            return True
        describes = bool(word & (Tag.TITLE | Tag.ACCOUNTS | Tag.PICTURES)) or k in s.platforms
        if word & Tag.LINK and not describes and not token.glued:
            return False
        german = s.lexicon.code == "de" and not s.is_mark(k - 1, ",")
        if word & Tag.SAY or (word & Tag.RELATIVE and not german):
            return True
        if _SHOWING.match(token.lower) and not describes:
            return False
        if not describes and token.lower not in _DETERMINERS and k in range(found.start):
            return not word & Tag.BY
        k -= 1
    return True
