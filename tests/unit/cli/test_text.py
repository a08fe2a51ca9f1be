"""What a person at a terminal reads: the answer first, nothing that harms the terminal."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from tests.support import sample_results
from tests.support.sample_chain import ROOT, bare_report, sample_chain
from tracker.cli import status_text, text
from tracker.model.added import AddedResult, Left
from tracker.model.ids import PostKey, VideoId
from tracker.model.summary import FailingWork, StatusSummary, Verified
from tracker.model.verdict import Verdict, VerdictKind
from tracker.reports.added_words import left_words
from tracker.reports.lookup_words import lookup_answer

Printer = Callable[[Console], None]

PRINTERS: dict[str, Printer] = {
    "lookup": lambda c: text.print_lookup(c, sample_results.seen_before(), with_candidates=True),
    "not seen": lambda c: text.print_lookup(c, sample_results.never_seen()),
    "chain": lambda c: text.print_chain(c, sample_chain()),
    "bare chain": lambda c: text.print_chain(c, bare_report().chain),
    "clips": lambda c: text.print_clips(c, sample_results.clips()),
    "added": lambda c: text.print_added(c, sample_results.added()),
    "status": lambda c: status_text.print_status(c, sample_results.status()),
    "verified": lambda c: text.print_verified(c, sample_results.broken()),
    "watches": lambda c: text.print_watches(c, sample_results.watches()),
}


def printed(printer: Printer, *, colour: bool = False, width: int = 80) -> str:
    out = io.StringIO()
    coloured = Console(file=out, width=width, force_terminal=True, color_system="standard")
    printer(coloured if colour else Console(file=out, width=width, force_terminal=False))
    return out.getvalue()


@pytest.mark.parametrize("name", PRINTERS)
def test_no_control_character_reaches_the_terminal(name: str) -> None:
    shown = printed(PRINTERS[name])
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


@pytest.mark.parametrize("name", PRINTERS)
def test_in_colour_only_our_own_styles_are_set(name: str) -> None:
    codes = set(re.findall("\x1b[^m]*m", printed(PRINTERS[name], colour=True)))
    assert {"\x1b[1m"} <= codes <= {"\x1b[0m", "\x1b[1m", "\x1b[2m"}


@pytest.mark.parametrize("name", PRINTERS)
def test_lines_fit_80_columns_but_for_addresses_kept_whole(name: str) -> None:
    for line in printed(PRINTERS[name]).splitlines():
        assert cell_len(line) <= 80 or "://" in line
        assert line == line.rstrip()


def test_colour_changes_no_word() -> None:
    for printer in PRINTERS.values():
        assert re.sub("\x1b[^m]*m", "", printed(printer, colour=True)) == printed(printer)


def test_markup_in_a_post_is_shown_and_not_obeyed() -> None:
    assert "[/bold]" in printed(PRINTERS["chain"])
    assert "markup[/] red" in " ".join(printed(PRINTERS["added"]).split())


def test_a_status_names_the_first_that_fail_and_counts_the_others() -> None:
    quota = FailingWork("quota", "x", 1, "spent")
    failing = tuple(FailingWork("capture", f"https://a.test/{n}", 1, "gone") for n in range(200))
    status = replace(sample_results.status(), failing=(*failing, quota), failing_items=1234)
    shown = printed(lambda c: status_text.print_status(c, status))
    assert shown.count("https://a.test/") == 20
    assert "quota" in shown
    assert "and 1,214 more that fail" in shown


def test_a_lookup_begins_with_the_answer() -> None:
    shown = " ".join(printed(PRINTERS["lookup"]).split())
    assert shown.startswith(
        "Seen before, in 1 video. Earliest appearance known to this archive: @kharkiv_today on "
        "Telegram, published between 06:12:00 and 06:13:00 UTC on 4 September 2023 (as the "
        "platform reports it)."
    )
    assert "Your 0:09.0 to 0:12.0 is its 0:00.5 to 0:04.2, 1.25 times as fast, mirrored" in shown
    assert "an earlier appearance may exist elsewhere" in shown


def test_candidates_are_shown_only_when_asked_for() -> None:
    result = sample_results.seen_before()
    assert "score 0.31" in printed(PRINTERS["lookup"])
    assert "score 0.31" not in printed(lambda c: text.print_lookup(c, result))


def test_not_seen_says_what_was_searched() -> None:
    shown = printed(PRINTERS["not seen"])
    assert shown.startswith("Not seen: ")
    assert "Searched: 1,840 videos" in shown


def test_matches_without_an_earliest_say_so() -> None:
    result = replace(sample_results.seen_before(), earliest=None)
    assert lookup_answer(result) == "Seen before, in 1 video. Where first cannot be said."


def test_an_address_can_be_copied_whole() -> None:
    long = replace(ROOT, key=PostKey("https://example.org/" + "a" * 200))
    shown = printed(lambda c: text.print_added(c, AddedResult("t", posts=(long,))))
    assert long.key in shown


def test_added_counts_and_names_what_failed() -> None:
    assert text.added_answer(sample_results.added()) == (
        "Added article.html: 2 posts, 1 new video (1 already held), 2 leads, 1 error."
    )
    left = AddedResult("x", left=Left(over_budget=1, beyond_depth=12, budget=200, depth=2))
    assert left_words(left) == [
        "1 link left: the budget of 200 posts is spent.",
        "12 links not followed, beyond the depth of 2.",
    ]
    assert left_words(sample_results.added()) == []


def test_status_and_verification_in_one_sentence() -> None:
    quiet = StatusSummary(at=sample_chain().as_of)
    assert status_text.status_answer(quiet) == "Nothing is pending, nothing fails."
    assert status_text.status_answer(sample_results.status()) == "12 items pending, 1 failing."
    assert text.verified_answer(Verified(2, 1, 0)) == (
        "Intact: 2 ledger entries, 1 file and 0 anchors checked, nothing differs."
    )
    assert printed(PRINTERS["verified"]).startswith("Broken: 1 item of what was recorded")


def test_plain_is_one_harmless_line() -> None:
    assert text.plain("a\x1b[31m\nb\u202e") == "a b"


def test_what_persons_decided_stands_apart_from_the_appearances() -> None:
    chain = sample_chain()
    verdict = Verdict(
        chain.clip, VideoId("7" * 64), VerdictKind.SAME, "N. Name", "w", chain.as_of, "a"
    )
    shown = printed(lambda c: text.print_chain(c, replace(chain, verdicts=(verdict,))))
    assert "\n\nWhat persons decided:\n  - Judged by N. Name" in shown
    assert "What persons decided" not in printed(PRINTERS["chain"])
