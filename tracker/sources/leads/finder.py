"""From a text to its leads: language, sentences, attributions, days, and who was meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from tracker.model.ids import Platform
from tracker.model.post import Lead
from tracker.sources.clean import MAX_ACCOUNT_CHARS, clean_text
from tracker.sources.leads.antecedents import Antecedents
from tracker.sources.leads.attribution import Attribution
from tracker.sources.leads.credits import credits_in
from tracker.sources.leads.days import is_day_word, resolve_day
from tracker.sources.leads.grammar import attributions
from tracker.sources.leads.languages.arabic import ARABIC
from tracker.sources.leads.languages.english import ENGLISH
from tracker.sources.leads.languages.german import GERMAN
from tracker.sources.leads.languages.romance import FRENCH, ITALIAN, PORTUGUESE, SPANISH
from tracker.sources.leads.languages.slavic import POLISH, RUSSIAN, UKRAINIAN
from tracker.sources.leads.languages.turkish import TURKISH
from tracker.sources.leads.lexicon import Lexicon
from tracker.sources.leads.names import name_at
from tracker.sources.leads.platforms import HINT
from tracker.sources.leads.tagging import Tag, Tagged, tag
from tracker.sources.leads.text import fold, paragraphs, sentences, tokens

MAX_TEXT_CHARS = 300_000
"""What follows in a longer text is not read; the longest reportage is a third as long."""

MAX_LEADS = 500
MAX_CREDIT_CHARS = 4_000

LATIN = (ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, POLISH, TURKISH)
CYRILLIC = (UKRAINIAN, RUSSIAN)


@dataclass
class _Search:
    """What has been read so far: names in full, and the leads already told."""

    source_url: str
    published_on: date | None
    full_names: dict[str, str] = field(default_factory=dict)
    told: dict[tuple[Platform, str], Lead] = field(default_factory=dict)
    leads: list[Lead] = field(default_factory=list)
    antecedents: Antecedents = field(default_factory=Antecedents)
    before: str = ""  # the end of the paragraph before


def find_leads(text: str, source_url: str, published_on: date | None = None) -> tuple[Lead, ...]:
    """Return the posts and videos that ``text`` attributes to named accounts, in its order.

    A lead needs all of it said: somebody named, a platform named, and that the one posted on the
    other. A later mention of the same account on the same platform is the same lead unless the
    text calls it another post or gives it another day. ``account`` is the handle with ``@`` if
    the text gives one, otherwise the name without title or office. ``day`` is set only when the
    text gives one next to the attribution; weekdays need ``published_on``, the day the text
    appeared. Reads at most ``MAX_TEXT_CHARS`` characters, in time proportional to them; raises
    nothing.
    """
    search = _Search(source_url, published_on)
    read = list(paragraphs(clean_text(text, MAX_TEXT_CHARS) or ""))
    usual = _language_of("\n".join(read)[:50_000], None)
    for paragraph in read:
        if len(search.leads) >= MAX_LEADS:
            break
        _read(paragraph, usual, search)
    return tuple(search.leads[:MAX_LEADS])


def _read(paragraph: str, usual: Lexicon, search: _Search) -> None:
    lexicon = _language_of(paragraph[:5_000], usual)
    for sentence in sentences(paragraph):
        tagged = tag(sentence, lexicon)
        _learn(tagged, search)
        if HINT.search(sentence):
            _read_sentence(sentence, tagged, search)
        search.antecedents.learn(tagged, search.full_names)
    _read_credits(paragraph, search)
    search.before = paragraph[-200:]


def _read_sentence(sentence: str, tagged: Tagged, search: _Search) -> None:
    """Record what a sentence attributes; if nothing to a name, then to whom it means."""
    told = attributions(tagged)
    for found in told:
        _record(sentence, tagged, found, search)
    meant = None if told else search.antecedents.resolved(tagged)
    for found in attributions(meant[0]) if meant else ():
        if meant and found.name.text == meant[1]:
            _record(sentence, meant[0], found, search)


def _learn(tagged: Tagged, search: _Search) -> None:
    """Remember names of several words by their last, for "McFaul" after "Michael McFaul"."""
    at = 0
    while at < len(tagged.tokens):
        found = name_at(tagged, at)
        if found and 2 <= len(found.text.split()) <= 4 and found.text[0] != "@":
            search.full_names.setdefault(found.text.split()[-1], found.text)
        at = found.end if found else at + 1


def _record(sentence: str, tagged: Tagged, found: Attribution, search: _Search) -> None:
    account = search.full_names.get(found.name.text, found.name.text)
    day = _day_of(tagged, found, search.published_on)
    another = any(_another(tagged, n) for n in range(max(0, found.start - 6), found.end))
    _add(search, Lead(sentence, found.platform, account, search.source_url, day), another)


def _another(tagged: Tagged, at: int) -> bool:
    """Tell whether "another" or its like at ``at`` is said of a post."""
    if not tagged.has(at, Tag.ANOTHER):
        return False
    before = 0 if tagged.lexicon.code == "en" else 2
    told = any(tagged.has(n, Tag.THING) for n in range(at - before, at + 5))
    return told or at + 1 in tagged.platforms


def _add(search: _Search, lead: Lead, another: bool) -> None:
    if len(lead.account) > MAX_ACCOUNT_CHARS:
        return  # nobody is called that
    key = (lead.platform, fold(lead.account).lstrip("@"))
    known = search.told.get(key)
    dated_apart = known is not None and known.day and lead.day and known.day != lead.day
    if known is None or another or dated_apart:
        search.told[key] = lead
        search.leads.append(lead)


def _read_credits(paragraph: str, search: _Search) -> None:
    for at in range(0, len(paragraph), MAX_CREDIT_CHARS):
        for credit in credits_in(paragraph[at : at + MAX_CREDIT_CHARS], search.before):
            words = [t.lower for t in tokens(credit.day)] if credit.day else []
            day = resolve_day(words, search.published_on)
            lead = Lead(credit.text, credit.platform, credit.account, search.source_url, day)
            known = search.told.get((credit.platform, fold(credit.alias or "")))
            if known is None or known.day:
                _add(search, lead, another=False)


# Days


def _day_of(tagged: Tagged, found: Attribution, published_on: date | None) -> str | None:
    """Return the day that stands with the attribution, not one elsewhere in the sentence."""
    start, end = found.start, found.end
    while start > 0 and _continues_day(tagged, start - 1) and found.start - start < 8:
        start -= 1
    while end < len(tagged.tokens) and _continues_day(tagged, end) and end - found.end < 8:
        end += 1
    words = [t.lower for t in tagged.tokens[start:end]]
    if tagged.lexicon.code != "fr":
        words = [word for word in words if word != "hier"]  # German: "here"
    return resolve_day(words, published_on)


def _continues_day(tagged: Tagged, at: int) -> bool:
    token = tagged.tokens[at]
    small = tagged.has(at, Tag.ADVERB | Tag.DAY | Tag.ON | Tag.OF) and not tagged.has(at, Tag.VERB)
    article = token.lower in {"the", "le", "el", "il", "am", "den", "de", "р", "року", "г", "года"}
    return (
        small
        or article
        or token.text[0].isdigit()
        or (tagged.is_mark(at, ",.") and _near_day(tagged, at))
    )


def _near_day(tagged: Tagged, at: int) -> bool:
    around = range(max(0, at - 2), min(at + 4, len(tagged.tokens)))
    return any(
        is_day_word(tagged.tokens[n].lower) or tagged.tokens[n].text[0].isdigit() for n in around
    )


# Language


def _language_of(text: str, usual: Lexicon | None) -> Lexicon:
    """Return the language whose small words are most frequent; ``usual`` wins when in doubt."""
    seen = Counter(_words_of(text))
    choice = _script_of(text)
    best = max(choice, key=lambda lexicon: _hits(seen, lexicon))
    if usual is None or usual not in choice:
        return best
    clear = _hits(seen, best) >= 1.3 * _hits(seen, usual) + 1
    return best if clear else usual


def _words_of(text: str) -> Iterator[str]:
    for line in text.split():
        yield from fold(line).replace("’", "'").strip('.,;:!?()«»"“”„').split("'")


def _hits(seen: Counter[str], lexicon: Lexicon) -> float:
    lists = (lexicon.post, lexicon.say, lexicon.tweet, lexicon.texts, lexicon.pictures)
    small = sum(count for word, count in seen.items() if word in lexicon.marks)
    return small + sum(0.6 for word in seen if any(word in listed for listed in lists))


def _script_of(text: str) -> tuple[Lexicon, ...]:
    letters = Counter(_script(c) for c in text if c.isalpha())
    script = max(letters, key=lambda name: letters[name], default="latin")
    if script == "arabic":
        return (ARABIC,)
    if script == "cyrillic":
        ukrainian = sum(text.count(c) for c in "іїєґІЇЄҐ")
        russian = sum(text.count(c) for c in "ыэъёЫЭЪЁ")
        return (UKRAINIAN,) if ukrainian > russian else (RUSSIAN,) if russian else CYRILLIC
    return LATIN


def _script(letter: str) -> str:
    if "\u0400" <= letter <= "\u052f":
        return "cyrillic"
    if "\u0600" <= letter <= "\u06ff":
        return "arabic"
    return "latin"
