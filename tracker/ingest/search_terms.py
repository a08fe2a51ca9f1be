"""What to search for: the names, hashtags and rare words that posts and articles use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tracker.model.post import Lead, Post

MAX_TERMS = 3
MAX_TERM_CHARS = 60
MAX_TEXT_CHARS = 5000
MAX_TEXTS = 200
MAX_NAME_WORDS = 3
LEAST_WORD_CHARS = 5
"""Shorter words are mostly grammar, in whichever language."""

_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?//\S+|\bwww\.\S+|\S+@\S+|\b[\w-]+(?:\.[\w-]+)+(?:/\S*)?|(?<!\w)@\S+",
    re.IGNORECASE,
)
_TAG = re.compile(r"(?<![\w#])#(\w{2,50})")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SENTENCE = re.compile(r"[.!?…:;,|()\[\]{}«»„“”\"\n。！？、，：]+|\s[–—-]\s")
_TITLE_CASE_SHARE = 0.6
_NAME, _HASHTAG, _PLAIN = 3.0, 3.0, 1.0


def search_terms(posts: Iterable[Post], leads: Iterable[Lead]) -> tuple[str, ...]:
    """Return up to ``MAX_TERMS`` searches, the most telling first, each ``MAX_TERM_CHARS`` at most.

    A name is a run of capitalised words that is not merely how a sentence or a headline begins; a
    hashtag keeps its ``#``; rare words are the longest, two in one search. What several texts use
    goes before what one does. Nothing of addresses, mentions or numbers is used, and no word list
    of any language.
    """
    texts = _texts(posts, leads)
    lower = {w for text in texts for w in _words(text) if w == w.lower()}
    names: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for text in texts:
        names.update(set(_names(_TAG.sub(" ", text), lower)))
        tags.update({tag for tag in _TAG.findall(text) if not tag.isdecimal()})
        words.update({w.casefold() for w in _words(_TAG.sub(" ", text)) if _is_rare(w)})
    ranked = _ranked(names, tags)
    known = " ".join(ranked).casefold()
    rest = sorted((w for w in words if w not in known), key=lambda w: (-words[w], -len(w), w))
    pair = " ".join(rest[:2])[:MAX_TERM_CHARS]
    taken = ranked[: MAX_TERMS - 1] if pair else ranked[:MAX_TERMS]
    return tuple(term for term in (*taken, pair) if term)


def _ranked(names: Counter[str], tags: Counter[str]) -> list[str]:
    scored = {name: _NAME * n + name.count(" ") for name, n in names.items()}
    scored |= {f"#{tag}": _HASHTAG * n for tag, n in tags.items()}
    best = sorted(scored, key=lambda term: (-scored[term], -len(term), term))
    distinct: dict[str, str] = {}
    for term in best:  # a hashtag that only spells a name together is the same search
        distinct.setdefault(re.sub(r"\W", "", term).casefold(), term)
    return [term[:MAX_TERM_CHARS] for term in distinct.values()]


def _texts(posts: Iterable[Post], leads: Iterable[Lead]) -> Sequence[str]:
    raw = [text for post in posts for text in (post.title, post.text) if text]
    raw += [lead.text for lead in leads]
    cleaned = (_ADDRESS.sub(" ", text[:MAX_TEXT_CHARS]) for text in raw[:MAX_TEXTS])
    return tuple(dict.fromkeys(cleaned))


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if not word.isdecimal()]


def _is_rare(word: str) -> bool:
    return LEAST_WORD_CHARS <= len(word) <= MAX_TERM_CHARS // 2


def _names(text: str, lower: set[str]) -> Iterator[str]:
    """Yield the runs of capitalised words of each sentence, as they are written."""
    for sentence in _SENTENCE.split(text):
        words = _words(sentence)
        capital = [word[0].isupper() for word in words]
        if len(words) > MAX_NAME_WORDS and sum(capital) > _TITLE_CASE_SHARE * len(words):
            continue  # a headline in capitals names nothing by them
        for start, run in _runs(words, capital):
            while run and run[0].casefold() in lower:
                start, run = start + 1, run[1:]
            if run and (start > 0 or len(run) > 1) and len(" ".join(run)) > 2:
                yield " ".join(run[:MAX_NAME_WORDS])


def _runs(words: Sequence[str], capital: Sequence[bool]) -> Iterator[tuple[int, list[str]]]:
    run: list[str] = []
    for position, (word, is_capital) in enumerate(zip(words, capital, strict=True)):
        if is_capital:
            run.append(word)
        elif run:
            yield position - len(run), run
            run = []
    if run:
        yield len(words) - len(run), run
