"""What is searched for: names, hashtags, rare words; never addresses, whatever the language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.values import a_post
from tracker.ingest.discovery_targets import searches
from tracker.ingest.search_terms import MAX_TERM_CHARS, MAX_TERMS, search_terms
from tracker.model.ids import Platform
from tracker.model.post import Lead


def terms(*texts: str) -> tuple[str, ...]:
    posts = [a_post(f"https://x.test/a/status/{n}", text=text) for n, text in enumerate(texts)]
    return search_terms(posts, [])


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Water is rising under the Kessler Bridge since dawn", "Kessler Bridge"),
        ("The Kessler Bridge is closed, the river is high", "Kessler Bridge"),
        ("seen today #KesslerBridge", "#KesslerBridge"),
        ("На відео видно, як горить Старий Порт у місті", "Старий Порт"),
        ("النار في الميناء القديم #بيروت", "#بيروت"),
        ("昨日の #地震 の様子", "#地震"),
    ],
)
def test_names_and_hashtags_come_first(text: str, first: str) -> None:
    assert terms(text)[0] == first


def test_what_several_texts_name_comes_before_what_one_does() -> None:
    found = terms("fire near Odesa", "smoke over Odesa", "somebody called Maximilian Tester")
    assert found[0] == "Odesa"


def test_how_a_sentence_or_a_headline_begins_is_no_name() -> None:
    assert terms("Watch this. Look there. Just now") == ("there watch",)
    assert terms("Crowd Runs Across The Bridge") == ("across bridge",)


def test_addresses_mentions_and_numbers_are_not_searched_for() -> None:
    text = "see https://Example.org/Secret/Path www.Other.net/Name @Somebody me@Mail.org 20260227"
    assert terms(text, "bit.ly/Hidden t.me/Channel/12") == ()


def test_the_sentences_of_leads_count_as_well() -> None:
    lead = Lead("the video that the channel of Ruslan Petrenko showed", Platform("x"), "r", "u")
    assert search_terms([], [lead])[0] == "Ruslan Petrenko"


def test_a_hashtag_that_spells_a_name_is_one_search() -> None:
    found = terms("under Kessler Bridge", "now #kesslerbridge")
    assert sum("kessler" in term.lower() for term in found) == 1


@given(st.lists(st.text(max_size=300), max_size=4))
def test_whatever_the_text_terms_are_few_short_and_hold_words_alone(texts: list[str]) -> None:
    found = terms(*texts)
    assert found == terms(*texts)
    assert len(found) <= MAX_TERMS
    assert len(set(found)) == len(found)
    for term in found:
        assert 0 < len(term) <= MAX_TERM_CHARS
        assert re.fullmatch(r"#?[\w'’ -]+", term)


@given(st.text(max_size=80))
def test_no_piece_of_an_address_is_searched_for(path: str) -> None:
    hidden = re.sub(r"\s", "", path)
    assert terms(f"https://example.org/{hidden}") == ()


def test_every_platform_is_asked_for_the_best_term_before_any_for_the_next() -> None:
    made = searches(
        ("bluesky", "mastodon", "https://one.test", "x", "youtube"),
        ("one.test",),
        ("Kessler Bridge", "across river"),
    )
    assert [(s.platform, s.target) for s in made] == [
        ("bluesky", "https://bsky.app/search?q=Kessler%20Bridge"),
        ("mastodon", "https://one.test/tags/KesslerBridge"),
        ("x", "https://x.com/search?q=%22Kessler%20Bridge%22%20has%3Avideos%20-is%3Aretweet"),
        ("youtube", "https://www.youtube.com/results?search_query=Kessler%20Bridge"),
        ("bluesky", "https://bsky.app/search?q=across%20river"),
        ("x", "https://x.com/search?q=across%20river%20has%3Avideos%20-is%3Aretweet"),
        ("youtube", "https://www.youtube.com/results?search_query=across%20river"),
    ]
