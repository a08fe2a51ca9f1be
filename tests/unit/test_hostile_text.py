"""Titles, names and file names that mean harm, through every form of output."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog
from rich.console import Console

from tests.support.hostile_text import EMOJI, HARMFUL, TEXTS, harm_in
from tests.support.sample_chain import bare_report, sample_chain
from tests.support.sample_results import added, seen_before
from tracker.cli import text as printed
from tracker.cli.context import Session, complain, note, warn
from tracker.errors import TrackerError
from tracker.log import configure_logging
from tracker.model.chain import Chain
from tracker.reports.csv_table import render_csv
from tracker.reports.html import render_html
from tracker.reports.json_document import render_json
from tracker.reports.prov_document import render_prov
from tracker.reports.report_input import ReportInput
from tracker.sources.clean import clean_account, clean_line, clean_text

NAMED = {**TEXTS, "ten megabytes of emoji": EMOJI}


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def chain_about(text: str) -> Chain:
    """A chain every text of which is ``text``, as if nothing had cleaned it before."""
    whole = sample_chain()
    links = tuple(
        replace(
            link,
            why=text,
            appearance=replace(
                link.appearance,
                files=(text,),
                post=link.appearance.post and replace(link.appearance.post, account=text),
            ),
        )
        for link in whole.links
    )
    leads = tuple(replace(lead, account=text, text=text) for lead in whole.leads)
    return replace(whole, links=links, leads=leads)


def report_about(text: str) -> ReportInput:
    return replace(bare_report(), chain=chain_about(text))


@pytest.mark.parametrize("name", NAMED)
def test_a_terminal_is_told_nothing_but_words(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = NAMED[name]
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=False)
    printed.print_chain(console, chain_about(text))
    printed.print_added(console, replace(added(), target=text))
    found = seen_before()
    printed.print_lookup(console, replace(found, subject=replace(found.subject, target=text)))
    complain(text, text)
    note(text)
    warn(text, TrackerError(text))
    errors = capsys.readouterr().err
    assert harm_in(out.getvalue()) == ""
    assert harm_in(errors) == ""
    assert errors.count("\n") == 3
    assert len(out.getvalue()) < 100_000


@pytest.mark.parametrize("name", TEXTS)
def test_a_line_of_json_says_all_of_it_and_does_nothing(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Session().emit({"text": TEXTS[name]})
    (line,) = capsys.readouterr().out.splitlines()
    assert harm_in(line) == ""
    line.encode("utf-8")
    assert json.loads(line) == {"text": TEXTS[name]}


@pytest.mark.parametrize("name", NAMED)
def test_a_table_holds_no_formula_and_no_flood(name: str) -> None:
    rows = list(csv.reader(io.StringIO(render_csv(report_about(NAMED[name])), newline="")))
    assert len(rows) == 1 + len(sample_chain().links)
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))
        assert not HARMFUL.search(cell)
        assert len(cell) <= 32_767


@pytest.mark.parametrize("name", NAMED)
def test_a_page_obeys_nothing_and_stays_small(name: str) -> None:
    page = render_html(report_about(NAMED[name]))
    assert harm_in(page) == ""
    assert "<script" not in page
    assert "<img src=x" not in page
    assert len(page) < 1_000_000


@pytest.mark.parametrize("name", [name for name in NAMED if name != "ten megabytes of emoji"])
def test_documents_are_whole(name: str) -> None:
    for render in (render_json, render_prov):
        document = render(report_about(TEXTS[name]))
        json.loads(document)
        document.encode("utf-8")


@pytest.mark.parametrize("name", NAMED)
def test_what_is_kept_is_bounded_and_clean(name: str) -> None:
    for kept in (clean_line(NAMED[name]), clean_text(NAMED[name]), clean_account(NAMED[name])):
        assert len(kept or "") <= 100_000
        (kept or "").encode("utf-8")
        assert not set(kept or "") & {"\x00", "\x1b", "\x07", "\u202e", "\u2066"}


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_log_line_stays_one_harmless_line(
    name: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info", "json" if form == "json" else "text")
    structlog.get_logger().info("fetched", url=TEXTS[name], bare=TEXTS[name].replace(" ", ""))
    (line,) = capsys.readouterr().err.splitlines()
    assert harm_in(line) == ""
    line.encode("utf-8")
    if form == "json":
        assert json.loads(line)["event"] == "fetched"
