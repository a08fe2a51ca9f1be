"""The names of platforms in the forms that languages give them."""

from __future__ import annotations

import re

from tracker.model.ids import Platform
from tracker.sources.leads.text import Kind, Token

_ENDING = r"(?:a|u|ie|ze|em|om|owi|y|ów)?"
_CYRILLIC_ENDING = r"(?:а|у|і|е|ом|ові|ами|ах|ів)?"

_FORMS: tuple[tuple[str, str], ...] = (
    ("x", rf"twitter{_ENDING}"),
    ("x", rf"тв[іи]т+ер{_CYRILLIC_ENDING}"),
    ("x", "[وبلف]?(?:ال)?(?:تويتر|[إا]كس)"),
    ("x", "推特|推特上|ツイッター"),
    ("telegram", rf"telegram{_ENDING}|telegramm"),
    ("telegram", rf"тел[еє]гра[мм]{_CYRILLIC_ENDING}|телеграмі|телеграме|тґ|тг"),
    ("telegram", "[وبلف]?(?:ال)?(?:تي?لي?[غجقك]رام)"),
    ("telegram", "电报|テレグラム"),
    ("tiktok", rf"tiktok{_ENDING}|tik-tok"),
    ("tiktok", rf"т[іи]кток{_CYRILLIC_ENDING}"),
    ("tiktok", "[وبلف]?(?:ال)?تيكتوك"),
    ("facebook", rf"facebook{_ENDING}|fb"),
    ("facebook", rf"фейсбук{_CYRILLIC_ENDING}|фейсбуці|фб"),
    ("facebook", "[وبلف]?(?:ال)?(?:فيسبوك|فيس)"),
    ("instagram", rf"instagram{_ENDING}|insta|ig"),
    ("instagram", rf"[іи]нстагра[мм]{_CYRILLIC_ENDING}|инстаграме|інстаграмі"),
    ("instagram", "[وبلف]?(?:ال)?[إاأ]?نست[غجقك]رام"),
    ("youtube", rf"youtube{_ENDING}|youtubie"),
    ("youtube", rf"ют[ью]?[юуб]б{_CYRILLIC_ENDING}|ютубі|ютубе|ютуб|ютюб"),
    ("youtube", "[وبلف]?(?:ال)?يوتيوب"),
    ("bluesky", "bluesky|блюскай"),
    ("mastodon", "mastodon|мастодон"),
    ("threads", "threads"),
    ("reddit", "reddit|реддит|реддіт"),
    ("vk", "vk|vkontakte|вконтакт[еі]?|вк"),
    ("odnoklassniki", "odnoklassniki|одноклассник(?:и|ах)|однокласник(?:и|ах)"),
    ("weibo", "weibo|微博"),
    ("douyin", "douyin|抖音"),
    ("truthsocial", "truthsocial"),
    ("linkedin", "linkedin"),
    ("snapchat", "snapchat"),
    ("rumble", "rumble"),
    ("odysee", "odysee"),
    ("gab", "gab"),
    ("gettr", "gettr"),
    ("parler", "parler"),
    ("vimeo", "vimeo"),
    ("dailymotion", "dailymotion"),
    ("twitch", "twitch"),
    ("max", "-"),
)
_BY_FORM = [(Platform(name), re.compile(form)) for name, form in _FORMS]
_CAPITAL_ONLY = {"telegram", "threads", "rumble", "gab", "mastodon", "parler", "fb", "ig", "vk"}
_CAPITAL_ONLY |= {"telegramm", "telegramy", "insta"}
X_LETTERS = {"X", "Х", "𝕏"}
X = Platform("x")
TWO_WORDS = {
    ("truth", "social"): Platform("truthsocial"),
    ("tik", "tok"): Platform("tiktok"),
    ("тік", "ток"): Platform("tiktok"),
    ("تيك", "توك"): Platform("tiktok"),
    ("you", "tube"): Platform("youtube"),
    ("فيس", "بوك"): Platform("facebook"),
    ("blue", "sky"): Platform("bluesky"),
    ("в", "контакте"): Platform("vk"),
}
HINT = re.compile(
    r"twit|tweet|tuit|tuí|твит|твіт|غر[ّ]?د|تغريد|تويتر|[إا]كس|推特|teleg|тел[еє]г|رام|tik|т[іи]к"
    r"|تيك|faceb|фейсб|فيس|insta|[іи]нста|youtu|ютуб|ютюб|يوتيوب|bluesky|blue sky|mastod|threads"
    r"|reddit|vkont|вконт|\bvk\b|\bвк\b|weibo|微博|douyin|抖音|truth|linkedin|snapch|rumble|odysee"
    r"|\bgab\b|gettr|parler|vimeo|dailym|twitch|tivit|\bfb\b|\big\b|однокл|odnokl|\b[xх]\b|𝕏|ツイ"
    r"|gazouill|cinguett|ćwierk|电报|\bтг\b|\bфб\b|затві|твітн|trino",
    re.IGNORECASE,
)
"""Some word in a text that may name a platform; a text without any holds no lead."""

_COMPOUND = re.compile(
    r"(twitter|telegram|tiktok|facebook|instagram|youtube|телеграм|тікток|тикток|ютуб|фейсбук"
    r"|[іи]нстаграм|твіттер|твиттер)(\w{3,})"
)


def platform_of(token: Token) -> Platform | None:
    """Return the platform a single word names, ``None`` for every other word and for ``X``."""
    if token.kind is not Kind.WORD:
        return None
    if token.lower in _CAPITAL_ONLY and not token.text[0].isupper() and not token.glued:
        return None
    for name, form in _BY_FORM:
        if form.fullmatch(token.lower):
            return name
    return None


def split_compound(token: Token) -> tuple[Token, Token] | None:
    """Return ``Twitternutzer`` as platform and noun, ``None`` for other words."""
    found = _COMPOUND.fullmatch(token.lower) if token.kind is Kind.WORD else None
    if not found or platform_of(token):
        return None
    cut = len(found.group(1))
    head = Token(token.text[:cut], token.lower[:cut], Kind.WORD)
    return head, Token(token.text[cut:], token.lower[cut:], Kind.WORD, token.suffix, True)
