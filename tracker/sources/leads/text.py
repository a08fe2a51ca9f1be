"""Paragraphs, sentences and tokens of text that may be garbled, all in one pass over it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

MAX_SENTENCE_CHARS = 4_000
"""A longer run without a full stop is cut: nobody attributes a post in a sentence that long."""

MIN_WRAPPED_LINES = 5
MAX_WRAPPED_CHARS = 100
"""Text whose every line is shorter was broken into lines by a program, not by its author."""

QUOTES = {"“": "”", "«": "»", "„": "“”", "「": "」", "『": "』", '"': '"', "‹": "›", "”": "”"}
MAX_QUOTED_CHARS = 2_500
MAX_QUOTED_NAME_WORDS = 4

_ABBREVIATION = re.compile(
    r"(?:^|[\s(]|\b[A-Z]\.)(?:[A-WYZА-ФЦ-ЯЁІЇЄ]|[Mm]rs?|Ms|Dr|Prof|Gen|Col|Lt|Sgt|Capt|Sen|Rep|Gov|St|Jr|Sr|No"
    r"|vs|ca|bzw|Nr|Sr|Sra|Dra|[Mm]me|M|Sig|Dott|prof|gen|ks|р|г|рр|ім|им|т|ст|ул|Hr|Fr|Av"
    r"|approx|Jan|Feb|Aug|Sept?|Oct|Nov|Dec)$"
)
_END = re.compile(r"[.!?…。！？؟]+[\"”»“’'）)\]]*")
_TOKEN = re.compile(
    r"(?P<url>https?://\S+|www\.\S+|(?:pic\.twitter\.com|t\.me|t\.co)/\S+)"
    r"|(?P<handle>(?<![\w@])@\w(?:[\w.]{0,40}\w)?(?:@\w[\w.-]{1,60}\w)?|(?<![\w/])/?u/[\w-]{2,40})"
    r"|(?P<date>\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4})"
    r"|(?P<initials>(?:[^\W\d_]\.){2,}|[A-WYZА-ФЦ-ЯЁІЇЄҐ]\.(?=\s?[A-ZА-ЯЁІЇЄҐ]))"
    r"|(?P<elision>\b(?:[lL]|[dD]|qu|[jnscmt]|dell|dall|nell|sull|all|un|quell|[Dd]ell|[Nn]ell"
    r"|[Ss]ull)[’'](?=\w))"
    r"|(?P<word>\w+(?:[’'ʼ]\w+)?)"
    r"|(?P<mark>[^\w\s])"
)
_SUFFIX = re.compile(
    r"(?<=\w)[’'ʼ](s|y?[ae]|y?[ıiuü]|n?[ıiuü]n|n?[dt][ae]n?|y?l[ae]|[dt][ae]ki|em|owi|ie|ego|emu|om)$"
)


class Kind(Enum):
    """What sort of thing a token is."""

    WORD = "word"
    HANDLE = "handle"
    QUOTE = "quote"  # a stretch of direct speech or a title, as one token
    MARK = "mark"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a sentence.

    ``suffix`` is what follows an apostrophe after a capitalised word (``s``, ``da``), cut from
    ``text``; ``lower`` is the case-folded text without Arabic vowel signs.
    """

    text: str
    lower: str
    kind: Kind
    suffix: str | None = None
    glued: bool = False  # joined to the token before it by a hyphen


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it stands."""

    text: str


def paragraphs(text: str) -> Iterator[str]:
    """Yield the non-empty lines of ``text``, joining lines that were merely wrapped."""
    lines = text.splitlines()
    wrapped = len(lines) >= MIN_WRAPPED_LINES and max(map(len, lines)) <= MAX_WRAPPED_CHARS
    held = ""
    for line in lines:
        stripped = line.strip()
        if held and _is_continued(held, stripped, wrapped):
            held = f"{held} {stripped}"
            continue
        if held:
            yield held
        held = stripped
    if held:
        yield held


def _is_continued(held: str, line: str, wrapped: bool) -> bool:
    """Tell whether ``line`` goes on in the middle of a sentence that was broken by wrapping."""
    if not line or not 40 <= len(held) <= MAX_SENTENCE_CHARS or line[0] in "@#*-•":
        return False
    return line[0].islower() or (wrapped and held[-1] not in '.!?:”»…"')


def sentences(paragraph: str) -> Iterator[str]:
    """Yield the sentences of a paragraph; quoted speech stays with the words around it.

    A stop followed by a lower-case word ends no sentence: machine translation puts such stops
    between a speaker and the verb.
    """
    quoted = _quoted_spans(paragraph)
    start, span = 0, 0
    for end in _END.finditer(paragraph):
        while span < len(quoted) and quoted[span][1] < end.start():
            span += 1
        inside = span < len(quoted) and quoted[span][0] < end.start() < quoted[span][1] - 1
        if not inside and _ends_here(paragraph, start, end):
            yield from _pieces(paragraph[start : end.end()])
            start = end.end()
    yield from _pieces(paragraph[start:])


def _ends_here(text: str, start: int, end: re.Match[str]) -> bool:
    after = text[end.end() : end.end() + 6]
    if end.group()[0] in "。！？":
        return True
    if not after or not after[0].isspace():
        return not after
    first = after.lstrip()[:1]
    before = text[max(start, end.start() - 12) : end.start()]
    if end.group() == "." and (_ABBREVIATION.search(before) or before[-1:].isdigit()):
        return not _ABBREVIATION.search(before) and first.isupper() and not _ordinal(before, after)
    return not first.islower() and first not in "–—,;"


def _ordinal(before: str, after: str) -> bool:
    """Tell whether ``before`` ends in the day of a date such as ``9. September``."""
    return bool(re.search(r"(?:^|\s)\d{1,2}$", before)) and after.lstrip()[:1].isupper()


def _pieces(text: str) -> Iterator[str]:
    stripped = text.strip()
    for at in range(0, len(stripped), MAX_SENTENCE_CHARS):
        yield stripped[at : at + MAX_SENTENCE_CHARS]


def _quoted_spans(text: str) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of every closed quotation, outermost, in order."""
    spans: list[tuple[int, int]] = []
    closings = _Closings(text)
    at = 0
    for mark in re.finditer(r'[“«„「『"]', text):
        if mark.start() < at:
            continue
        close = closings.after(mark.start())
        if close:
            spans.append((mark.start(), close))
            at = close
    if text[:1] in "“„«" and not spans and len(text) <= MAX_QUOTED_CHARS:
        return [(0, len(text))]  # a quotation that goes on in the next paragraph
    return spans


class _Closings:
    """Where quotations close; each closing mark is looked up once, so the work is linear."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next: dict[str, int] = {}

    def after(self, start: int) -> int | None:
        """Return the end of the quotation opened at ``start``, ``None`` if it is not closed."""
        wanted = QUOTES[self._text[start]]
        found = [at for at in (self._find(mark, start + 1) for mark in wanted) if at >= 0]
        close = min(found, default=-1)
        return close + 1 if 0 <= close < start + MAX_QUOTED_CHARS else None

    def _find(self, mark: str, start: int) -> int:
        known = self._next.get(mark, 0)
        if known == -1 or known >= start:
            return known
        self._next[mark] = self._text.find(mark, start)
        return self._next[mark]


def tokens(sentence: str) -> list[Token]:
    """Return the tokens of a sentence, each quotation being one of them."""
    found: list[Token] = []
    at = 0
    for start, end in _quoted_spans(sentence):
        found += _plain_tokens(sentence[at:start])
        found += _quotation(sentence[start:end])
        at = end
    return found + _plain_tokens(sentence[at:])


def _quotation(quoted: str) -> list[Token]:
    inner = quoted[1:-1].strip()
    text = inner.rstrip(",.") or quoted[0]
    return [Token(text, fold(text), Kind.QUOTE)]


def _plain_tokens(text: str) -> list[Token]:
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        token = _token(match)
        if token.text == "-" and _joins(text, match):
            continue
        glued = match.start() > 0 and text[match.start() - 1] in "-‑" and bool(found)
        glued = glued and match.start() > 1 and text[match.start() - 2].isalnum()
        found.append(
            Token(token.text, token.lower, token.kind, token.suffix, True) if glued else token
        )
    return found


def _joins(text: str, hyphen: re.Match[str]) -> bool:
    before, after = text[: hyphen.start()][-1:], text[hyphen.end() : hyphen.end() + 1]
    return before.isalnum() and after.isalnum()


def _token(match: re.Match[str]) -> Token:
    text = match.group()
    if match.lastgroup == "url":
        return Token(text, text.lower(), Kind.URL)
    if match.lastgroup == "handle":
        bare = text.lstrip("/")
        return Token(bare, bare.lower(), Kind.HANDLE)
    if match.lastgroup == "mark":
        return Token("-" if text == "‑" else text, text, Kind.MARK)
    if match.lastgroup == "elision":
        return Token(text, text[:-1].lower(), Kind.WORD)
    suffix = _SUFFIX.search(text)
    if suffix and (text[0].isupper() or suffix.group(1) == "s"):
        bare = text[: suffix.start()]
        return Token(bare, fold(bare), Kind.WORD, suffix.group(1))
    return Token(text, fold(text.replace("ʼ", "’").replace("’", "'")), Kind.WORD)


_ARABIC_SIGNS = re.compile("[\u064b-\u0652\u0640]")


def fold(text: str) -> str:
    """Return ``text`` for comparison: lower case, without Arabic vowel signs."""
    return _ARABIC_SIGNS.sub("", text.replace("İ", "i").lower())
