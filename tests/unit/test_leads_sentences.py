"""Leads, one way of saying it at a time: a sentence and whom it says to have posted where."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tracker.sources.leads import find_leads

SENTENCES = Path(__file__).parent / "leads_sentences"
PUBLISHED = date(2024, 5, 5)


def _rows() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the lines of the lists: ``sentence => platform:account; platform:account``."""
    rows = []
    for path in sorted(SENTENCES.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            sentence, _, told = line.partition(" =>")
            rows.append((sentence, [_pair(one) for one in told.split(";") if one.strip()]))
    return rows


def _pair(told: str) -> tuple[str, str]:
    platform, _, account = told.strip().partition(":")
    return platform, account


ROWS = _rows()


@pytest.mark.parametrize(("sentence", "expected"), ROWS, ids=[row[0][:60] for row in ROWS])
def test_a_sentence_tells_exactly_these(sentence: str, expected: list[tuple[str, str]]) -> None:
    found = find_leads(sentence, "https://news.example/a", PUBLISHED)
    assert sorted((str(lead.platform), lead.account) for lead in found) == sorted(expected)


def test_the_lists_hold_sentences_that_attribute_and_that_do_not() -> None:
    assert sum(1 for _, expected in ROWS if expected) > 150
    assert sum(1 for _, expected in ROWS if not expected) > 50
