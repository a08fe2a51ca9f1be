"""Posts told by the account: "the Telegram channel X reported", "on X's Facebook page"."""

from __future__ import annotations

from collections.abc import Iterator

from tracker.sources.leads.attribution import (
    NEAR,
    WITNESSES,
    Attribution,
    is_passive,
    thing_before,
    verb_between,
)
from tracker.sources.leads.by_agent import second
from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.names import Name, is_shaped, name_at, name_ending_at, quoted_name
from tracker.sources.leads.noun_phrases import is_handle, name_after
from tracker.sources.leads.platforms import X
from tracker.sources.leads.tagging import Place, Tag, Tagged
from tracker.sources.leads.text import Kind


def according_to(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    """Yield posts told as "according to X on Telegram"."""
    for a in range(len(s.tokens)):
        if not s.has(a, Tag.ACCORDING):
            continue
        start = a + 1 + (s.has(a + 1, Tag.WITHOUT | Tag.ON) and s.tokens[a].lower == "according")
        name = name_after(s, start)
        near = name and next((p for p in where if 0 <= p.start - name.end <= 5), None)
        if name and near and near.located and not verb_between(s, name.end, near.start):
            yield Attribution(name, near.platform, a, near.end)


def by_account(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    """Yield posts told by their account: "the Telegram channel X reported"."""
    for place in where:
        if not place.account:
            continue
        name = _account_name(s, place)
        if name and _is_used(s, place, name):
            yield Attribution(name, place.platform, place.start, name.end)
            yield from second(s, name, place.platform, place.start)


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
    at = _past_alias(s, at)
    named = quoted_name(s, at) or name_at(s, at) or _title(s, at)
    return named if named is None or not named.owns else None


_GOING_BY = word_set(
    "who that goes going by with under the handle username name user @ known as , called dubbed"
)


def _past_alias(s: Tagged, at: int) -> int:
    """Return the index of the handle after "who goes by", ``at`` if there is none."""
    k = at
    while k < min(at + 7, len(s.tokens)) and s.tokens[k].lower in _GOING_BY:
        k += 1
    handle = k < len(s.tokens) and (s.tokens[k].kind is Kind.HANDLE or s.is_quote(k))
    return k if handle else at


def _title(s: Tagged, at: int) -> Name | None:
    """Return a channel's name that begins with a common word: "Two Majors", "The Insider"."""
    end = at
    while end < min(at + 4, len(s.tokens)) and s.tokens[end].kind is Kind.WORD:
        token = s.tokens[end]
        if not token.text[0].isupper() or s.has(end, Tag.DAY) or end in s.platforms:
            break
        end += 1
    if end - at < 2:
        return None
    return Name(at, end, " ".join(t.text for t in s.tokens[at:end]))


def by_alias(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    """Yield posts of one "known on TikTok as @x", where the sentence speaks of posting."""
    for place in where:
        as_at = place.end
        if not (place.located and as_at < len(s.tokens) and s.tokens[as_at].lower == "as"):
            continue
        name = name_at(s, as_at + 1)
        if name and is_handle(s, name) and _posts_after(s, name.end):
            yield Attribution(name, place.platform, place.start, name.end)


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
    if s.lexicon.verb_first and _posted_before(s, place):
        return True
    if s.has(agent, Tag.BY) and any(s.has(n, Tag.POST | Tag.THING) for n in left):
        return True
    if s.has(agent, Tag.OF) and any(s.has(n, Tag.THING) for n in left):
        return True
    to_account = s.has(agent - 1, Tag.ACCORDING) or s.has(agent, Tag.ACCORDING)
    return to_account or _posts_after(s, name.end)


def _posted_before(s: Tagged, place: Place) -> bool:
    """Tell whether the account follows its verb: "Видео опубликовал Telegram-канал …"."""
    for n in range(place.start - 1, max(-1, place.start - NEAR), -1):
        if s.tokens[n].kind is Kind.MARK or s.has(n, Tag.WITHOUT | Tag.BE | Tag.ON):
            return False
        if s.has(n, Tag.POST):
            return not is_passive(s, n)
    return False


def _skip_determiners(s: Tagged, start: int) -> int:
    k = start - 1
    while k >= 0 and start - k < 5 and not s.has(k, Tag.LINK | Tag.ACCORDING | Tag.VERB):
        k -= 1
    return k


def _shows_after(s: Tagged, end: int) -> bool:
    return any(s.has(n, Tag.THING) for n in range(end, min(end + NEAR, len(s.tokens))))


def _posts_after(s: Tagged, end: int) -> bool:
    following = s.tokens[end + s.is_mark(end, ",") :][:1]
    if any(token.lower in WITNESSES for token in following):
        return True
    for n in range(end, min(end + NEAR, len(s.tokens))):
        if s.has(n, Tag.WITHOUT) or s.is_mark(n, ";"):
            return False
        if s.has(n, Tag.VERB) and not (s.has(n, Tag.THING) and n > end):
            return not is_passive(s, n)
    return False


def by_owner(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    """Yield posts told by a possessive: "on X's Telegram channel", "X's tweet"."""
    for place in where:
        if place.owner is None:
            continue
        name = name_ending_at(s, place.owner)
        around = range(max(0, place.start - NEAR), min(place.end + NEAR, len(s.tokens)))
        used = place.located and any(s.has(n, Tag.VERB | Tag.THING) for n in around)
        told = place.thing or (used and not s.has(place.end, Tag.HAVE | Tag.BE))
        if name and told:
            yield Attribution(name, place.platform, name.start, place.end)
    yield from _owned_thing(s, where)
    for at in range(1, len(s.tokens)):
        if s.has(at, Tag.TWEETS) and not any(p.start <= at < p.end for p in where):
            k = at - 1
            while k > at - 4 and s.has(k, Tag.ADVERB | Tag.ANOTHER | Tag.DAY):
                k -= 1
            name = name_ending_at(s, k) if k >= 0 and s.tokens[k].suffix == "s" else None
            if name:
                yield Attribution(name, X, name.start, at + 1)


def _owned_thing(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    """Yield posts told as "X's video on TikTok"."""
    for place in where:
        k = place.start - 1
        while s.has(k, Tag.POST | Tag.ADVERB) and not s.has(k, Tag.THING):
            k -= 1
        if not place.located or not s.has(k, Tag.THING) or s.lexicon.code != "en":
            continue
        k -= 1
        while k > 0 and s.tokens[k].suffix is None and s.tokens[k].lower in _PLAIN:
            k -= 1
        name = name_ending_at(s, k) if k >= 0 and s.tokens[k].suffix == "s" else None
        if name and not s.has(name.start - 1, Tag.VERB):
            yield Attribution(name, place.platform, name.start, place.end)


_PLAIN = word_set("original viral latest first new second own earlier recent short full video")


def by_handle(s: Tagged, where: list[Place]) -> Iterator[Attribution]:
    """Yield posts told by a handle and its platform: "a video by @x on TikTok"."""
    for place in where:
        last = place.start - 1 - s.is_mark(place.start - 1, ",)")
        if not (place.located and is_shaped(s, last) and s.tokens[last].kind is Kind.HANDLE):
            continue
        if thing_before(s, last, Tag.POST | Tag.THING) or s.has(last - 1, Tag.BY):
            found = name_ending_at(s, last)
            if found:
                yield Attribution(found, place.platform, last, place.end)
