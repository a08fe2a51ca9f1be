"""Credit lines and what copying leaves of an embedded post.

``(Credit: Telegram / @name)``, ``Video: Name via TikTok``, ``@name/Twitter``,
``… pic.twitter.com/abc — Name (@handle) September 9, 2022``,
``A post shared by Name (@handle)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tracker.model.ids import Platform
from tracker.sources.leads.platforms import TWO_WORDS, X_LETTERS, X, platform_of
from tracker.sources.leads.text import Kind, Token, fold

_NAME = (
    r"(?:@\w[\w.]{1,40}|[A-ZА-ЯЁІЇЄҐÀ-Þ][\w’'.-]{1,30}"
    r"(?:[ ](?:[A-ZА-ЯЁІЇЄҐÀ-Þ0-9][\w’'.-]{0,30}|van|von|de|der|al|bin|da|di)){0,3})"
)
_SITE = (
    r"(?:Twitter|X|Telegram|Tik ?Tok|Facebook|Instagram|YouTube|Bluesky|Mastodon|Threads|Reddit|VK"
    r"|Weibo|Truth Social|LinkedIn|Rumble|Телеграм|Твіттер|Твиттер|Фейсбук|Інстаграм|ТікТок)"
)
_CREDIT = (
    r"(?:(?:screen ?(?:shot|grab|capture)s?|videos?|photos?|images?|pictures?|footage|credits?"
    r"|sources?|courtesy|foto|bild|quelle|vidéo|capture d['’]écran|crédits?|fuente|crédito"
    r"|imagen|captura|immagine|fonte|źródło|zrzut ekranu|wideo|відео|фото|джерело|скріншот|видео"
    r"|источник|скриншот|kaynak|ekran görüntüsü|المصدر|فيديو|صورة|©)[ ]?[:/][ ]?"
    r"|courtesy of[ ]|(?:credit|credits) to[ ]"
    r"|[(\[©][ ]?)"
)
_HANDLE_AND_SITE = re.compile(rf"(?P<name>@\w[\w.]{{1,40}})[ ]?[/|][ ]?(?P<site>{_SITE})\b")
_SITE_AND_HANDLE = re.compile(rf"\b(?P<site>{_SITE})[ ]?[/|:][ ]?(?P<name>@\w[\w.]{{1,40}})")
_NAME_AND_SITE = re.compile(
    rf"(?i:{_CREDIT})(?P<name>{_NAME})"
    rf"(?:[ ]?[/|][ ]?|,?[ ](?:via|on|auf|sur|en|su|na|через|у|в)[ ])(?P<site>{_SITE})\b"
)
_SITE_AND_NAME = re.compile(
    rf"(?i:{_CREDIT})(?P<site>{_SITE})[ ]?(?:[/|:][ ]?|[ ]@?(?=@))(?P<name>{_NAME})(?=[)\].,;\s]|$)"
)
_EMBED = re.compile(
    r"[—–-][ ]?(?P<name>[^—–\n@]{1,80})[(](?P<handle>@\w{1,20})[)][ ]"
    r"(?P<day>\w+[ ]\d{1,2},[ ]\d{4}|\d{1,2}[.]?[ ](?:de[ ])?\w+[ ](?:de[ ])?\d{4})"
)
_EMBED_SITE = re.compile(r"pic\.twitter\.com|t\.co/|twitter\.com|x\.com|\bTwitter\b|\btweet")
_SHARED = re.compile(
    r"(?:A (?:post|video|reel) shared by|Ein Beitrag geteilt von|Une publication partagée par"
    r"|Una publicación compartida (?:de|por)|Un post condiviso da|Uma publicação compartilhada por)"
    r"[ ](?P<name>[^(\n]{0,80})[(](?P<handle>@\w[\w.]{0,40})[)]"
)


@dataclass(frozen=True, slots=True)
class Credit:
    """A post named by a line that is no sentence; ``day`` is that line's own words for it."""

    account: str
    platform: Platform
    text: str
    day: str | None = None
    alias: str | None = None  # the name written next to a handle


def credits_in(paragraph: str, before: str = "") -> Iterator[Credit]:
    """Yield the posts that credits and left-overs of embeds in ``paragraph`` name.

    ``before`` is the end of the paragraph before it, where an embed's text and link stand.
    """
    for pattern in (_HANDLE_AND_SITE, _SITE_AND_HANDLE, _NAME_AND_SITE, _SITE_AND_NAME):
        for found in pattern.finditer(paragraph):
            platform, name = site(found["site"]), found["name"].strip(" .,")
            if platform and not _is_site(name) and not _asks_to_follow(paragraph, found.start()):
                yield Credit(name, platform, _line(paragraph, found))
    if _EMBED_SITE.search(paragraph) or _EMBED_SITE.search(before):
        for found in _EMBED.finditer(paragraph):
            yield Credit(
                found["handle"], X, _line(paragraph, found), found["day"], found["name"].strip()
            )
    for found in _SHARED.finditer(paragraph):
        yield Credit(found["handle"], Platform("instagram"), _line(paragraph, found))


def _asks_to_follow(paragraph: str, at: int) -> bool:
    before = paragraph[max(0, at - 40) : at].lower()
    return bool(re.search(r"follow|folg|suivez|s[ií]gu|segui|obserwuj|підпис|подпис|takip", before))


def _is_site(name: str) -> bool:
    parts = [site(part) for part in name.replace("/", " ").split()]
    return any(parts) or name.lower() in {"getty images", "reuters", "afp", "ap", "via", "getty"}


def site(name: str) -> Platform | None:
    """Return the platform of a name as credits write it."""
    if name in X_LETTERS:
        return X
    pair = tuple(fold(name).split())
    if len(pair) == 2:
        return TWO_WORDS.get((pair[0], pair[1]))
    return platform_of(Token(name, fold(name), Kind.WORD))


def _line(paragraph: str, found: re.Match[str]) -> str:
    """Return the paragraph, or the part around the find when it is long."""
    if len(paragraph) <= 600:
        return paragraph.strip()
    start = max(0, found.start() - 300)
    return paragraph[start : found.end() + 40].strip()
