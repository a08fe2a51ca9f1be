"""Who posted where: all the ways in which a sentence attributes a post to an account.

Each rule looks at a bounded window around a verb of posting, a preposition of authorship or a
platform, so the work grows with the length of the text and with nothing else.
"""

from __future__ import annotations

from tracker.sources.leads.attribution import Attribution
from tracker.sources.leads.by_account import according_to, by_account, by_alias, by_handle, by_owner
from tracker.sources.leads.by_agent import by_agent, by_postposition
from tracker.sources.leads.by_speaker import by_speaker, in_own_words
from tracker.sources.leads.by_verb import by_verb
from tracker.sources.leads.names import Name
from tracker.sources.leads.tagging import Place, Tag, Tagged, places


def attributions(s: Tagged) -> list[Attribution]:
    """Return the posts the sentence attributes to a name, in order, each once."""
    where = places(s)
    if _speaks_of_itself(s, where):
        return []
    found = [
        *by_agent(s, where),
        *by_postposition(s, where),
        *by_verb(s, where),
        *by_speaker(s, where),
        *according_to(s, where),
        *by_account(s, where),
        *by_owner(s, where),
        *by_alias(s, where),
        *by_handle(s, where),
        *in_own_words(s, where),
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
