"""An attribution, and what every rule asks about the words of a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.model.ids import Platform
from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.names import Name
from tracker.sources.leads.tagging import Tag, Tagged

REACH = 28
"""Words between a verb and its platform, or a verb and its subject across an apposition."""


NEAR = 12
"""Words between a post and "by", or an account and the verb."""


AND = word_set("and und et y e i і та и ve و")
"""What joins two subjects."""


WITNESSES = word_set(
    "captured filmed recorded identified geolocated spotted documented noticed shows films explains"
    " demonstrates describes details discusses recalls tells reveals shares spoke speaks wrote"
    " analysed analyzed mapped tracked translated pinned summed joked"
)
"""What somebody does in or with a picture that is their own."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """A post of ``name`` on ``platform``, told by the tokens ``[start, end)``."""

    name: Name
    platform: Platform
    start: int
    end: int


def thing_before(s: Tagged, at: int, tags: Tag) -> bool:
    """Tell whether a word with one of ``tags`` stands shortly before ``at``."""
    for n in range(at - 1, max(-1, at - 1 - NEAR), -1):
        if s.is_mark(n, ";"):
            return False
        if s.has(n, tags):
            return True
    return False


def skip_back(s: Tagged, at: int) -> int:
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


def verb_between(s: Tagged, start: int, end: int) -> bool:
    """Tell whether a verb of posting or saying stands in ``[start, end)``."""
    return any(s.has(n, Tag.VERB) and not s.has(n, Tag.THING) for n in range(start, end))


def undone(s: Tagged, v: int) -> bool:
    """Tell whether the verb is denied, intended or only possible."""
    for k in range(v - 1, max(-1, v - 4), -1):
        if s.has(k, Tag.WITHOUT):
            return s.lexicon.code != "de" or s.tokens[k].lower != "zu" or k == v - 1
        if not s.has(k, Tag.ADVERB | Tag.HAVE | Tag.BE):
            return False
    return False


def is_on(s: Tagged, k: int) -> bool:
    """Tell whether the word is "on", "in", "via" …"""
    return s.has(k, Tag.ON) and not s.has(k, Tag.THING)


def is_passive(s: Tagged, v: int) -> bool:
    """Tell whether the verb at ``v`` is a participle after "was"."""
    k = v - 1
    while k >= 0 and s.has(k, Tag.ADVERB | Tag.HAVE) and not s.has(k, Tag.BE):
        k -= 1
    return s.has(k, Tag.BE)
