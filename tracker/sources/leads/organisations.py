"""Words that make a name an institution's, and words for where somebody is from."""

from __future__ import annotations

import re

from tracker.sources.leads.lexicon import word_set

_ORGANISATION = re.compile(
    r"(?i)^(?:minist\w+|forces?|staff|departments?|office|house|embassy|council|committee|command"
    r"|army|navy|guard|police|service|services|administration|agency|union|party|league|board"
    r"|bureau|centre|center|institute|university|association|federation|foundation|movement"
    r"|patrol|brigade|battalion|regiment|division|corps|directorate|united|kingdom|bank|church|friends"
    r"|voice|radio|news|times|post|gazette|republic|organi[sz]ation|group|initiative|academy"
    r"|міністерств\w*|минист\w*|генштаб\w*|сил\w*|збройн\w*|служб\w*|штаб\w*|управлін\w*"
    r"|управлен\w*|адміністрац\w*|администрац\w*|ministerstwo|ministère|ministerio|ministero"
    r"|ministério|ministerium|bundeswehr|polizei|bakanlığı|وزارة|جيش|الجيش|هيئة|مركز)$"
)


_DEMONYM = re.compile(r"[a-z]{3}(?:ian|ish|ese|ean|can|aeli|raqi|bani|ench|utch|reek|stani)$")
_DEMONYM_CHARS = 8  # the longest of these ends, and the three letters before it


INSTITUTIONS = word_set(
    "ministry army military police government embassy navy parliament presidency intelligence"
    " staff force forces command guard coastguard parliament"
)
OF_STATE = word_set(
    "defense defence foreign interior health air general armed national military border coast"
    " emergency security education energy justice finance civil state"
)


def is_organisation(word: str) -> bool:
    """Tell whether a word says that the name is an institution's ("Ministry", "Police")."""
    return _ORGANISATION.match(word) is not None


def is_demonym(word: str) -> bool:
    """Tell whether a word says where somebody is from ("Nigerian")."""
    return _DEMONYM.search(word.lower()[-_DEMONYM_CHARS:]) is not None
