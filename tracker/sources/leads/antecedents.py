"""Who "she", "the senator" or "the department" is: the one person or office it can only mean."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tracker.sources.leads.lexicon import word_set
from tracker.sources.leads.names import Name, name_at
from tracker.sources.leads.organisations import is_demonym, is_organisation
from tracker.sources.leads.tagging import Tag, Tagged
from tracker.sources.leads.text import Kind, Token

MAX_SENTENCES_APART = 2
"""Sentences without any name that may stand between a person and the pronoun."""

_SUBJECTS = {
    "en": word_set("he she"),
    "fr": word_set("il elle"),
    "de": word_set("er"),
    "es": word_set("él ella"),
    "it": word_set("lui lei"),
    "pt": word_set("ele ela"),
    "pl": word_set("on ona"),
    "uk": word_set("він вона"),
    "ru": word_set("он она"),
}
_OWNERS = word_set("his her")
_ARTICLES = word_set("the")
_HUMANS = word_set("man woman boy girl teenager mother father pensioner tourist neighbour neighbor")
_WHEREABOUTS = word_set("in at from near to into outside over across on via dans à in en em no na")


@dataclass
class Antecedents:
    """What the sentences read so far allow a pronoun or "the senator" to mean."""

    person: str | None = None
    roles: dict[str, set[str]] = field(default_factory=dict)
    offices: dict[str, str] = field(default_factory=dict)
    apart: int = 0

    def learn(self, s: Tagged, full_names: dict[str, str]) -> None:
        """Take note of the persons and offices a sentence names."""
        names = list(_names(s))
        for name in names:
            self._learn_office(name)
        persons = [n for n in names if _is_person(s, n, full_names)]
        for name in persons:
            self._learn_roles(s, name, full_names)
        if not persons:
            self.apart += 1
            if self.apart > MAX_SENTENCES_APART or _somebody_else(s):
                self.person = None
            return
        self.apart = 0
        told = {full_names.get(n.text, n.text) for n in persons}
        self.person = told.pop() if len(told) == 1 and not _somebody_else(s) else None

    def _learn_office(self, name: Name) -> None:
        words = name.text.split()
        if len(words) > 1 and is_organisation(words[-1]) and words[-1][0].isupper():
            self.offices[words[-1].lower()] = name.text

    def _learn_roles(self, s: Tagged, name: Name, full_names: dict[str, str]) -> None:
        full = full_names.get(name.text, name.text)
        for n in range(max(0, name.start - 3), name.end):
            if s.has(n, Tag.TITLE) and s.tokens[n].text not in full.split():
                self.roles.setdefault(s.tokens[n].lower, set()).add(full)
        if s.is_mark(name.end, ","):
            for n in range(name.end + 1, min(name.end + 4, len(s.tokens))):
                if s.has(n, Tag.TITLE):
                    self.roles.setdefault(s.tokens[n].lower, set()).add(full)

    def resolved(self, s: Tagged) -> tuple[Tagged, str] | None:
        """Return the sentence with the name put for what stands for it, and that name."""
        for at in range(len(s.tokens)):
            who, length = self._subject_at(s, at)
            if who:
                fits = not any(n.start < at for n in _persons_other_than(s, who))
                return (_put(s, at, length, who, None), who) if fits else None
        for at in range(len(s.tokens)):
            if self.person and s.lexicon.code == "en" and s.tokens[at].lower in _OWNERS:
                alone = not any(_persons_other_than(s, self.person))
                return (_put(s, at, 1, self.person, "s"), self.person) if alone else None
        return None

    def _subject_at(self, s: Tagged, at: int) -> tuple[str | None, int]:
        word = s.tokens[at]
        if word.lower in _SUBJECTS.get(s.lexicon.code, ()):
            return self.person, 1
        if s.lexicon.code != "en" or word.lower not in _ARTICLES or at + 1 >= len(s.tokens):
            return None, 0
        noun, length = s.tokens[at + 1], 2
        if s.has(at + length, Tag.OF) or _goes_on(s, at + length):
            return self._aged(s, at)
        meant = self.roles.get(noun.lower, set())
        if len(meant) == 1 and noun.text[0].islower():
            return next(iter(meant)), length
        if noun.lower in self.offices and noun.text[0].islower():
            return self.offices[noun.lower], length
        if noun.text[0].isupper() and is_demonym(noun.text) and not noun.suffix:
            return self.person, length
        return None, 0

    def _aged(self, s: Tagged, at: int) -> tuple[str | None, int]:
        """Return the person for "the 26-year-old"."""
        words = [t.lower for t in s.tokens[at + 1 : at + 4]]
        aged = len(words) == 3 and words[0].isdigit() and words[1:] == ["year", "old"]
        return (self.person, 4) if aged and not _goes_on(s, at + 4) else (None, 0)


def _goes_on(s: Tagged, at: int) -> bool:
    """Tell whether the noun phrase goes on: "the senator's aide", "the mayor Ed Pool"."""
    if at >= len(s.tokens) or s.tokens[at].kind is not Kind.WORD:
        return at < len(s.tokens) and s.tokens[at].kind is Kind.HANDLE
    if s.tokens[at - 1].suffix:
        return True
    ends = Tag.VERB | Tag.BE | Tag.HAVE | Tag.ADVERB | Tag.ON | Tag.RELATIVE | Tag.MARK_WORD
    return not s.has(at, ends | Tag.DAY) and not s.tokens[at].lower.endswith("ed")


def _put(s: Tagged, at: int, length: int, who: str, suffix: str | None) -> Tagged:
    kind = Kind.HANDLE if who.startswith(("@", "u/")) else Kind.WORD
    name = Token(who, who.lower(), kind, suffix)
    cut = at + length
    platforms = {n if n < at else n - length + 1: p for n, p in s.platforms.items()}
    return replace(
        s,
        tokens=(*s.tokens[:at], name, *s.tokens[cut:]),
        tags=(*s.tags[:at], Tag.NONE, *s.tags[cut:]),
        platforms=platforms,
    )


def _names(s: Tagged) -> list[Name]:
    found, at = [], 0
    while at < len(s.tokens):
        name = name_at(s, at)
        if name:
            found.append(name)
        at = max(name.end, at + 1) if name else at + 1
    return found


def _is_person(s: Tagged, name: Name, full_names: dict[str, str]) -> bool:
    words = name.text.split()
    if any(is_organisation(word) for word in words) or s.tokens[name.start].kind is Kind.HANDLE:
        return False
    placed = name.start > 0 and s.tokens[name.start - 1].lower in _WHEREABOUTS
    return not placed and (2 <= len(words) <= 4 or name.text in full_names)


def _persons_other_than(s: Tagged, who: str) -> list[Name]:
    parts = set(who.split())
    return [
        n for n in _names(s) if not set(n.text.split()) & parts and _is_person(s, n, {n.text: ""})
    ]


def _somebody_else(s: Tagged) -> bool:
    """Tell whether an unnamed person could be meant as well: "a user", "one man"."""
    for n in range(len(s.tokens) - 1):
        if s.tokens[n].lower not in {"a", "an", "one", "another"} or s.is_mark(n - 1, ","):
            continue
        for k in range(n + 1, min(n + 4, len(s.tokens))):
            token = s.tokens[k]
            human = token.lower in _HUMANS or (s.has(k, Tag.TITLE) and token.text[0].islower())
            after = s.tokens[k + 1] if k + 1 < len(s.tokens) else None
            describes = after and after.kind is Kind.WORD and not s.tags[k + 1] & ~Tag.TITLE
            if human and not describes and s.tokens[n + 1].text[0].islower():
                return True
    return False
