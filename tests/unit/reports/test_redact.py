"""Words and addresses with names in them, one by one."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sample_chain import sample_report
from tracker.reports.redact import Redactor

SALT = b"\x01" * 32
NAMES = ("kharkiv_today", "Ann", "Новини Харкова", "jo")


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(SALT, NAMES, paths=["/home/ann/film.mp4"], hosts=["social.example"])


@pytest.mark.parametrize(
    "text",
    [
        "kharkiv_today wrote it",
        "KHARKIV_TODAY",
        "see @kharkiv_today.",
        "#Freekharkiv_todayNow",
        "Ann's film, (ann)",
        "von Новини Харкова gezeigt",
        "https://x.com/kharkiv_today/status/1",
        "t.me/kharkiv_today/77",
        "https://kharkiv_today.substack.com/p/1",
        "https://news.example/2026/kharkiv_today-film.html",
        "https://news.example/%D0%9D%D0%BE%D0%B2%D0%B8%D0%BD%D0%B8%20%D0%A5%D0%B0%D1%80%D0%BA%D0%BE%D0%B2%D0%B0",
        "https://news.example/by/kharkiv%5Ftoday?page=%C3%A9",
        "at://kharkiv_today/app.bsky.feed.post/3k",
        "<kharkiv_today@mail.example>",
        "＠kharkiv_today",
        "x:@kharkiv_today",
    ],
)
def test_known_names_are_gone(redactor: Redactor, text: str) -> None:
    shown = redactor.text(text)
    assert not re.search(r"kharkiv_today|\bann\b|Новини", unquote(shown), re.IGNORECASE)
    assert re.search(r"(account|address)-[0-9a-f]{12}|redacted://", shown)


@pytest.mark.parametrize(
    "text",
    [
        "@somebody_never_seen",
        "https://www.tiktok.com/@nobody.known/video/7321004441122334455",
        "https://social.example/users/nobody", "@nobody@social.example", "https://t.me/nobody_known",
        "https://bsky.app/profile/nobody.bsky.social/post/3k", "did:plc:abcdefgh",
        "nobody@mail.example",
        "https://www.youtube.com/@nobody", "https://x.com/nobody", "https://unknown.example/@nobody/1",
    ],
)  # fmt: skip
def test_accounts_nobody_knew_are_gone_too(redactor: Redactor, text: str) -> None:
    assert "nobody" not in redactor.text(text)
    assert "somebody" not in redactor.text(text)
    assert "plc:" not in redactor.text(text)


@pytest.mark.parametrize(
    "text",
    [
        "savanna and Hannah went to Johannesburg",
        "https://news.example/2026/port-explosion.html",
        "clip-ec244e131a331e6e",
        "a" * 64,
        "between 10:00 and 10:01 UTC, 3 of 4",
    ],
)
def test_what_names_nobody_stays(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text


def test_the_same_name_is_the_same_word_in_every_spelling(redactor: Redactor) -> None:
    word = redactor.account("kharkiv_today")
    assert redactor.account("@Kharkiv_Today") == word
    assert redactor.text("@kharkiv_today") == word
    assert redactor.account(word) == word
    assert redactor.text(word) == word
    assert Redactor(b"\x02" * 32, NAMES).account("kharkiv_today") != word


def test_files_go_by_another_name(redactor: Redactor) -> None:
    shown = redactor.text("The files /home/ann/film.mp4 and another are equal")
    assert re.search(r"The files file-[0-9a-f]{12}\.mp4 and another are equal", shown)


def test_a_whole_report_keeps_its_shape(redactor: Redactor) -> None:
    report = sample_report()
    shown = redactor.value(report)
    assert len(shown.chain.links) == len(report.chain.links)
    for before, after in zip(report.chain.links, shown.chain.links, strict=True):
        assert before.appearance.id == after.appearance.id
        assert before.relation is after.relation
        assert before.appearance.published == after.appearance.published
        if before.appearance.post is not None:
            assert after.appearance.post is not None
            assert after.appearance.post.platform == before.appearance.post.platform
    assert shown.pictures == report.pictures


@given(st.text())
def test_any_text_is_redacted_without_error_and_once(text: str) -> None:
    redactor = Redactor(SALT, NAMES)
    once = redactor.text(text)
    assert "kharkiv_today" not in once.casefold()
    assert redactor.text(text) == once
