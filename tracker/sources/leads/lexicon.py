"""Word lists of one language, by the part a word plays in attributing a post."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Words:
    """Lower-case words; one written with a trailing ``*`` stands for all that begin so."""

    exact: frozenset[str]
    prefixes: tuple[str, ...]

    def __contains__(self, word: str) -> bool:
        return word in self.exact or (bool(self.prefixes) and word.startswith(self.prefixes))


def words(text: str) -> Words:
    """Return the words of ``text``, separated by white space."""
    listed = text.split()
    return Words(
        frozenset(w for w in listed if not w.endswith("*")),
        tuple(w[:-1] for w in listed if w.endswith("*")),
    )


def word_set(text: str) -> frozenset[str]:
    """Return the words of ``text`` as a plain set."""
    return frozenset(text.split())


NONE = words("")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the grammar knows of one language.

    ``marks`` are frequent small words that tell the language; none of them is ever part of a
    name. ``texts`` are things somebody wrote (a post, a message), ``pictures`` things that may
    show somebody other than their author (a video, a photo). ``other_deeds`` are participles
    that name somebody else than the one who posted ("filmed by").
    """

    code: str
    marks: Words
    by: Words
    of: Words
    on: Words
    according: Words
    be: Words
    have: Words
    without: Words  # negations and intentions: what follows did not happen
    relative: Words
    adverbs: Words
    post: Words
    say: Words
    tweet: Words
    texts: Words
    pictures: Words
    tweets: Words
    accounts: Words
    titles: Words
    never: Words  # capitalised or not, no name: pronouns, groups of people
    ours: Words  # "our", "follow", "subscribe": the page speaks of itself
    title_endings: tuple[str, ...] = ()
    by_after: Words = field(default=NONE)  # postpositions (Turkish "tarafından")
    nouns_are_capitalised: bool = False
    verb_first: bool = True  # "wrote X" needs no quotation before it
    verb_last: bool = False
    another: Words = field(default=NONE)
