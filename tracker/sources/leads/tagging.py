"""A sentence as the grammar sees it: tokens, the part each plays, and where platforms stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag, auto
from itertools import pairwise

from tracker.model.ids import Platform
from tracker.sources.leads.days import is_day_word
from tracker.sources.leads.lexicon import Lexicon
from tracker.sources.leads.platforms import (
    TWO_WORDS,
    X_LETTERS,
    X,
    platform_of,
    split_compound,
)
from tracker.sources.leads.text import Kind, Token, tokens

MAX_FILLERS = 6
"""Words that may stand between "on" and the platform: "on his official channel on …"."""


class Tag(IntFlag):
    """The parts a word can play; one word may play several."""

    NONE = 0
    BY = auto()
    OF = auto()
    ON = auto()
    ACCORDING = auto()
    BE = auto()
    HAVE = auto()
    WITHOUT = auto()
    RELATIVE = auto()
    ADVERB = auto()
    POST = auto()
    SAY = auto()
    TWEET = auto()
    TEXTS = auto()
    PICTURES = auto()
    TWEETS = auto()
    ACCOUNTS = auto()
    TITLE = auto()
    NEVER = auto()
    MARK_WORD = auto()
    OURS = auto()
    BY_AFTER = auto()
    DAY = auto()
    ANOTHER = auto()

    VERB = POST | SAY | TWEET
    THING = TEXTS | PICTURES | TWEETS
    LINK = BY | OF | ON


_FIELDS = {
    "by": Tag.BY,
    "of": Tag.OF,
    "on": Tag.ON,
    "according": Tag.ACCORDING,
    "be": Tag.BE,
    "have": Tag.HAVE,
    "without": Tag.WITHOUT,
    "relative": Tag.RELATIVE,
    "adverbs": Tag.ADVERB,
    "post": Tag.POST,
    "say": Tag.SAY,
    "tweet": Tag.TWEET,
    "texts": Tag.TEXTS,
    "pictures": Tag.PICTURES,
    "tweets": Tag.TWEETS,
    "accounts": Tag.ACCOUNTS,
    "titles": Tag.TITLE,
    "never": Tag.NEVER,
    "marks": Tag.MARK_WORD,
    "ours": Tag.OURS,
    "by_after": Tag.BY_AFTER,
    "another": Tag.ANOTHER,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A platform where it is named: ``[start, end)`` with the preposition and nouns around it.

    ``located`` is True for "on Twitter", False for "a Twitter account". ``owner`` is the index
    of a word in the possessive before it ("McFaul's Twitter account").
    """

    platform: Platform
    start: int
    end: int
    at: int
    located: bool
    account: bool = False
    thing: bool = False
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """One sentence, ready for the grammar."""

    tokens: tuple[Token, ...]
    tags: tuple[Tag, ...]
    platforms: dict[int, Platform]
    lexicon: Lexicon

    def has(self, at: int, tag: Tag) -> bool:
        """Tell whether the word at ``at`` can play any of ``tag``; False outside the sentence."""
        return 0 <= at < len(self.tags) and bool(self.tags[at] & tag)

    def is_mark(self, at: int, marks: str) -> bool:
        """Tell whether the token at ``at`` is one of the punctuation characters ``marks``."""
        inside = 0 <= at < len(self.tokens) and self.tokens[at].kind is Kind.MARK
        return inside and self.tokens[at].text in marks

    def is_quote(self, at: int) -> bool:
        """Tell whether the token at ``at`` is a quotation."""
        return 0 <= at < len(self.tokens) and self.tokens[at].kind is Kind.QUOTE


def tag(sentence: str, lexicon: Lexicon) -> Tagged:
    """Return the sentence's tokens with all the parts their words can play."""
    found, platforms = _merge(_split(tokens(sentence)))
    tags = tuple(
        Tag.NONE if n in platforms else _tags_of(token, lexicon) for n, token in enumerate(found)
    )
    return Tagged(tuple(found), tags, platforms, lexicon)


def _split(found: Sequence[Token]) -> list[Token]:
    parts: list[Token] = []
    for token in found:
        named = Token(token.text, token.lower, Kind.WORD)
        if token.kind is Kind.QUOTE and (platform_of(named) or token.text in X_LETTERS):
            parts.append(named)  # соцсеть «ВКонтакте»
        else:
            parts += split_compound(token) or (token,)
    return parts


def _merge(found: list[Token]) -> tuple[list[Token], dict[int, Platform]]:
    """Join platforms of two words and ``X (formerly Twitter)``; return them by index."""
    merged: list[Token] = []
    platforms: dict[int, Platform] = {}
    at = 0
    while at < len(found):
        pair = (found[at].lower, found[at + 1].lower) if at + 1 < len(found) else ("", "")
        length = 2 if pair in TWO_WORDS and found[at].text[0] == found[at].text[0].upper() else 1
        name = TWO_WORDS[pair] if length == 2 else platform_of(found[at])
        if found[at].text in X_LETTERS:
            name, length = _x_at(found, at)
        if name:
            platforms[len(merged)] = name
        merged.append(found[at + length - 1] if name and length == 2 else found[at])
        at += length
    return merged, platforms


def _x_at(found: list[Token], at: int) -> tuple[Platform | None, int]:
    """Return ``x`` and how many tokens it takes when "Twitter" explains the letter."""
    if at + 1 < len(found) and found[at + 1].glued and platform_of(found[at + 1]) is None:
        follows = found[at + 1].text[0].isupper() or found[at + 1].lower in {"post", "account"}
        return (X, 1) if follows or found[at + 1].lower[:3] in {"кан", "акк", "акау"} else (None, 1)
    for ahead in range(1, 6):
        if at + ahead >= len(found):
            break
        token = found[at + ahead]
        if platform_of(token) == X and found[at + 1].text in {"(", ",", "/", "–", "—"}:
            closed = at + ahead + 1 < len(found) and found[at + ahead + 1].text in {")", ","}
            return X, ahead + 1 + closed
        if token.kind is Kind.WORD and token.text[0].isupper():
            break
    return X, 1


def _tags_of(token: Token, lexicon: Lexicon) -> Tag:
    if token.kind is not Kind.WORD:
        return Tag.NONE
    tags = Tag.NONE
    for name, flag in _FIELDS.items():
        if token.lower in getattr(lexicon, name):
            tags |= flag
    if is_day_word(token.lower):
        tags |= Tag.DAY
    stem = token.lower.removesuffix("s") if lexicon.nouns_are_capitalised else token.lower
    if lexicon.title_endings and stem.endswith(lexicon.title_endings):
        tags |= Tag.TITLE
    if token.glued:
        tags &= ~(Tag.LINK | Tag.MARK_WORD | Tag.NEVER | Tag.WITHOUT)
    return tags


def places(s: Tagged) -> list[Place]:
    """Return the platforms of the sentence that stand where a post could be."""
    found = []
    for at, name in s.platforms.items():
        place = _place(s, at, name)
        if place:
            found.append(place)
    return [p for p, after in pairwise([*found, None]) if p and not _swallowed(p, after)]


def _swallowed(place: Place, after: Place | None) -> bool:
    return after is not None and after.start <= place.start and not place.located


def _place(s: Tagged, at: int, name: Platform) -> Place | None:
    end, account, thing = _nouns_after(s, at)
    start, located, before = _left_of(s, at)
    account |= bool(before & Tag.ACCOUNTS)
    thing |= bool(before & (Tag.TEXTS | Tag.PICTURES | Tag.TWEETS))
    owner = _owner(s, start, at)
    thing |= _is_count_noun(s, at, end, name)
    suffix = s.tokens[at].suffix
    through = end < len(s.tokens) and s.tokens[end].lower in _THROUGH
    if s.lexicon.verb_last and (suffix or end > at + 1 or through):
        located = True
    elif suffix and not (account or thing) and suffix == "s":
        return None
    if s.tokens[at].text in X_LETTERS and not _sure_of_x(s, at, located, account or thing):
        return None
    if not (located or account or thing):
        return None
    return Place(name, start, end, at, located, account, thing, owner)


def _is_count_noun(s: Tagged, at: int, end: int, name: Platform) -> bool:
    """Tell whether the platform stands for a post on it: "a TikTok by …", "Ann's TikTok"."""
    if name != "tiktok" or end != at + 1 or at == 0 or s.lexicon.code != "en":
        return False
    before = s.tokens[at - 1]
    counted = before.lower in _COUNTING or before.suffix == "s"
    ends = Tag.LINK | Tag.VERB | Tag.BE | Tag.HAVE | Tag.RELATIVE | Tag.MARK_WORD | Tag.ADVERB
    alone = end >= len(s.tokens) or s.tokens[end].kind is not Kind.WORD or s.has(end, ends)
    return counted and alone


_THROUGH = frozenset({"üzerinden", "aracılığıyla", "platformunda", "platformundan"})
_COUNTING = frozenset(
    {"a", "another", "one", "this", "that", "his", "her", "viral", "recent", "new", "now-deleted"}
)


def _sure_of_x(s: Tagged, at: int, located: bool, noun: bool) -> bool:
    between = s.tokens[at - 1] if at else None
    lonely = between is not None and between.kind is Kind.WORD and between.text[0].isupper()
    lonely = lonely and not s.has(at - 1, Tag.ON)
    return (located or noun) and (not lonely or noun or s.lexicon.nouns_are_capitalised)


def _nouns_after(s: Tagged, at: int) -> tuple[int, bool, bool]:
    end, account, thing = at + 1, False, False
    while end < len(s.tokens) and end <= at + 3:
        word = s.tags[end]
        if s.tokens[end].kind is not Kind.WORD or word & (Tag.LINK & ~Tag.ACCOUNTS):
            break
        if word & Tag.ACCOUNTS:
            account = True
        elif word & Tag.THING and _is_noun_here(s, end):
            thing = True
        elif end == at + 1 and s.has(end + 1, Tag.ACCOUNTS) and s.tokens[end].text.islower():
            pass  # "Telegram news channel"
        else:
            break
        end += 1
    return end, account, thing


def _is_noun_here(s: Tagged, end: int) -> bool:
    """Tell whether a noun after a platform belongs to it (not so in Romance and Slavic order)."""
    follows = s.lexicon.code in {"en", "de", "tr"} or s.tokens[end].glued
    return follows and not (s.tags[end] & Tag.POST and s.tokens[end].text.endswith("ed"))


def _left_of(s: Tagged, at: int) -> tuple[int, bool, Tag]:
    """Return where the phrase with the platform begins, whether by "on", and its nouns."""
    seen, start = Tag.NONE, at
    for k in range(at - 1, max(-1, at - 2 - MAX_FILLERS), -1):
        word = s.tags[k]
        noun = bool(word & (Tag.ACCOUNTS | Tag.TEXTS | Tag.PICTURES | Tag.TWEETS))
        if (
            word & Tag.ON
            and not noun
            and not (word & Tag.OF and seen == Tag.NONE and _noun_left(s, k))
        ):
            return k, True, seen
        if word & Tag.OF or (noun and _may_precede(s, k, at)):
            seen |= word & (Tag.ACCOUNTS | Tag.THING)
            start = k if noun else start
            continue
        named = s.tokens[k].text[0].isupper() and _owner(s, k, at) is not None
        if not _is_filler(s, k) and not named:
            break
    return start, False, seen


def _noun_left(s: Tagged, k: int) -> bool:
    return s.has(k - 1, Tag.ACCOUNTS | Tag.TEXTS)


def _may_precede(s: Tagged, k: int, at: int) -> bool:
    """Tell whether the noun at ``k`` is the platform's own, as in "canal de Telegram"."""
    if s.tags[k] & Tag.POST and s.lexicon.code == "en":
        return False
    between = range(k + 1, at)
    return all(s.has(n, Tag.OF | Tag.ADVERB) or s.tokens[n].text.islower() for n in between)


def _is_filler(s: Tagged, k: int) -> bool:
    token, word = s.tokens[k], s.tags[k]
    if token.kind is not Kind.WORD or word & (Tag.VERB | Tag.BY | Tag.DAY | Tag.WITHOUT):
        return False
    if token.suffix == "s" or token.text[0].islower() or word & Tag.MARK_WORD:
        return True
    medium = s.lexicon.nouns_are_capitalised and bool(word & Tag.NEVER)
    return medium or not _is_cased(token.text)


def _is_cased(text: str) -> bool:
    return text[0].lower() != text[0].upper()


def _owner(s: Tagged, start: int, at: int) -> int | None:
    for k in range(at - 1, max(start - 2, -1), -1):
        if s.tokens[k].suffix == "s" and s.tokens[k].text[0].isupper():
            return k
    return None
