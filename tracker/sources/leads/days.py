"""Days named in a text, in several languages, resolved only as far as the text allows."""

from __future__ import annotations

import re
from datetime import date, timedelta

from tracker.sources.leads.lexicon import word_set

_MONTH_STEMS = (
    "jan ene gen stycz січ янв oca يناير styczeń",
    "feb fév fev lut лют фев şub فبراير février",
    "mar mär marz берез март mart مارس märz marc",
    "apr avr abr kwie квіт апр nis أبريل ابريل",
    "may mai maj mag трав мая май mayıs مايو mayo maio",
    "jun juin giu cze черв июн haz يونيو",
    "jul juil lug lip лип июл tem يوليو",
    "aug août aou ago sie серп авг ağu أغسطس اغسطس",
    "sep set wrz верес сен eyl سبتمبر",
    "oct okt ott out paź жовт окт eki أكتوبر اكتوبر",
    "nov lis листоп ноя kas نوفمبر",
    "dec dez déc dic gru груд дек ara ديسمبر",
)
_WEEKDAY_STEMS = (
    "monday montag lundi lunes lunedì segunda-feira poniedzia понеділ понедель pazartesi الاثنين",
    "tuesday dienstag mardi martes martedì terça wtor вівтор вторник salı الثلاثاء",
    "wednesday mittwoch mercredi miércoles mercoledì quarta środ серед сред çarşamba الأربعاء",
    "thursday donnerstag jeudi jueves giovedì quinta czwart четвер perşembe الخميس",
    "friday freitag vendredi viernes venerdì sexta piąt п'ятниц пятниц cuma الجمعة",
    "saturday samstag samedi sábado sabato sobot субот суббот cumartesi السبت",
    "sunday sonntag dimanche domingo domenica niedziel неділ воскресень pazar الأحد",
)
_TODAY = word_set("today heute aujourd'hui hoy oggi hoje dziś dzisiaj сьогодні сегодня bugün اليوم")
_YESTERDAY = word_set("yesterday gestern hier ayer ieri ontem wczoraj вчора вчера dün أمس")
_EXACT_ONLY = {
    "mar",
    "may",
    "mai",
    "maj",
    "mag",
    "set",
    "lis",
    "ara",
    "dic",
    "gen",
    "out",
    "lip",
    "tem",
    "sie",
    "nis",
    "oca",
    "ago",
    "gru",
    "kas",
    "eki",
    "lut",
    "jun",
    "jul",
    "jan",
    "dec",
    "dez",
    "nov",
    "oct",
    "okt",
    "sep",
    "apr",
    "aug",
    "feb",
    "abr",
    "avr",
    "май",
    "мая",
    "ene",
    "haz",
    "cze",
    "lug",
    "giu",
    "ott",
    "fev",
    "fév",
    "déc",
    "wrz",
    "paź",
    "eyl",
    "şub",
    "ağu",
    "marc",
    "mart",
    "marz",
    "mär",
    "сен",
    "окт",
    "авг",
    "янв",
    "фев",
    "апр",
    "июн",
    "июл",
    "ноя",
    "дек",
    "pazar",
    "серед",
    "сред",
}
_FULL_MONTHS = (
    "january januar janvier enero gennaio janeiro stycznia січня января ocak كانون",
    "february februar février febrero febbraio fevereiro lutego лютого февраля şubat شباط",
    "march märz mars marzo março marca березня марта mart آذار",
    "april avril abril aprile kwietnia квітня апреля nisan نيسان",
    "may mai mayo maggio maio maja травня мая mayıs",
    "june juni juin junio giugno junho czerwca червня июня haziran حزيران",
    "july juli juillet julio luglio julho lipca липня июля temmuz تموز",
    "august août agosto sierpnia серпня августа ağustos آب",
    "september septembre septiembre settembre setembro września вересня сентября eylül أيلول",
    "october oktober octobre octubre ottobre outubro października жовтня октября ekim",
    "november novembre noviembre novembro listopada листопада ноября kasım",
    "december dezember décembre diciembre dicembre dezembro grudnia грудня декабря aralık",
)
_MONTHS = {
    w: n
    for n, (stems, full) in enumerate(zip(_MONTH_STEMS, _FULL_MONTHS, strict=True), 1)
    for w in f"{stems} {full}".split()
}
_WEEKDAYS = {w: n for n, stems in enumerate(_WEEKDAY_STEMS) for w in stems.split()}
_AMBIGUOUS = {"quarta", "quinta", "sexta", "terça"}  # ordinals too: only before "-feira"
_ISO = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
_YEAR = range(1990, 2101)
LONGEST_ENDING = 3
"""Letters by which a form of a month's or weekday's name may be longer than its stem."""

_BETWEEN = {",", ".", "de", "del", "of", "the"}


def weekday_of(word: str) -> int | None:
    """Return 0 (Monday) to 6 for the name of a weekday in any form, otherwise ``None``."""
    return _looked_up(word, _WEEKDAYS, shortest=4)


def month_of(word: str) -> int | None:
    """Return 1 to 12 for the name of a month, otherwise ``None``."""
    return _looked_up(word.rstrip("."), _MONTHS, shortest=4)


def _looked_up(word: str, table: dict[str, int], shortest: int) -> int | None:
    if word in table:
        return table[word]
    for size in range(len(word) - 1, max(shortest, len(word) - LONGEST_ENDING) - 1, -1):
        stem = word[:size]
        if stem in table and stem not in _EXACT_ONLY:
            return table[stem]
    return None


def is_day_word(word: str) -> bool:
    """Tell whether ``word`` is part of a day: weekday, month, "yesterday"."""
    known = word in _TODAY or word in _YESTERDAY
    return known or weekday_of(word) is not None or month_of(word) is not None


def resolve_day(words: list[str], published_on: date | None) -> str | None:
    """Return the ISO day that ``words`` (lower case, in order) name, if they name just one.

    A weekday is the last one on or before ``published_on``; without that date it says nothing,
    nor does a day without a year.
    """
    for at, word in enumerate(words):
        day = _explicit(words, at, published_on) or _relative(word, published_on)
        if day:
            return day.isoformat()
    return None


def _relative(word: str, published_on: date | None) -> date | None:
    if published_on is None:
        return None
    if word in _TODAY:
        return published_on
    if word in _YESTERDAY:
        return published_on - timedelta(days=1)
    weekday = None if word in _AMBIGUOUS else weekday_of(word)
    if weekday is None:
        return None
    return published_on - timedelta(days=(published_on.weekday() - weekday) % 7)


def _explicit(words: list[str], at: int, published_on: date | None) -> date | None:
    if _ISO.fullmatch(words[at]):
        return _date(*(int(part) for part in words[at].split("-")))
    numeric = re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./]((?:19|20)\d\d)", words[at])
    if numeric:
        day, month, year = (int(part) for part in numeric.groups())
        return _date(year, month, day) if "." in words[at] or day > 12 else None
    named = month_of(words[at])
    return _around_month(words, at, named, published_on) if named else None


def _around_month(words: list[str], at: int, month: int, published_on: date | None) -> date | None:
    near = [w for w in words[max(0, at - 3) : at + 4] if w not in _BETWEEN]
    here = near.index(words[at])
    before = _day_number(near[here - 1]) if here else None
    after = _day_number(near[here + 1]) if here + 1 < len(near) else None
    day = before or after
    if day is None:
        return None
    rest = near[here + (1 if before else 2) :][:2]
    year = next((int(w) for w in rest if w.isdecimal() and int(w) in _YEAR), None)
    if year:
        return _date(year, month, day)
    return _latest(month, day, published_on) if published_on else None


def _latest(month: int, day: int, published_on: date) -> date | None:
    this_year = _date(published_on.year, month, day)
    if this_year and this_year > published_on:
        return _date(published_on.year - 1, month, day)
    return this_year


def _day_number(word: str) -> int | None:
    found = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|er|º|-го|-е)?\.?", word)
    return int(found.group(1)) if found and 1 <= int(found.group(1)) <= 31 else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
