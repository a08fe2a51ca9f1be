"""The table for spreadsheets: one row an appearance, and no cell that runs."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from tests.support.sample_chain import bare_report, sample_chain, sample_report
from tracker.reports.csv_table import COLUMNS, render_csv
from tracker.reports.report_input import ReportInput


def rows(report: ReportInput) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(report), newline="")))


def with_why(why: str) -> ReportInput:
    links = tuple(replace(link, why=why) for link in sample_chain().links)
    return replace(bare_report(), chain=replace(sample_chain(), links=links))


def test_one_row_for_each_appearance_with_every_column() -> None:
    found = rows(sample_report())
    assert len(found) == 9
    assert tuple(found[0]) == COLUMNS
    first = found[0]
    assert first["is_root"] == "yes"
    assert first["published_earliest"] == "2023-09-04T06:12:00Z"
    assert first["published_basis"] == "platform_reported"
    assert (first["segment_start_ms"], first["segment_end_ms"]) == ("500", "9500")
    assert found[3]["account"] == "قناة الأخبار العاجلة"
    assert found[8]["url"] == ""


@pytest.mark.parametrize(
    "why",
    [
        '=HYPERLINK("http://evil.example","x")',
        *("+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u200b=1", "\x00=1"),
        *("\u202e=1", "＝1", "\x1b[31m=1"),
    ],
)
def test_a_formula_is_made_text(why: str) -> None:
    for row in rows(with_why(why)):
        assert row["why"].startswith("'")


def test_plain_words_and_quotes_come_back_as_they_were() -> None:
    why = 'He said "a, b"; then\u00a0left'
    assert rows(with_why(why))[0]["why"] == 'He said "a, b"; then left'


def test_equal_input_gives_equal_text_in_writable_utf8() -> None:
    assert render_csv(sample_report()).encode("utf-8") == render_csv(sample_report()).encode()


def test_no_row_breaks_over_lines() -> None:
    assert render_csv(sample_report()).count("\r\n") == 10
