"""PROV-JSON: read back by ``prov``, it has what the chain has."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from prov.model import ProvActivity, ProvAgent, ProvDerivation, ProvDocument, ProvEntity, ProvRecord

from tests.support.made_case import make_case
from tests.support.sample_chain import AS_OF, bare_report, sample_report
from tracker.app import open_app
from tracker.config import Settings
from tracker.model.verdict import Verdict, VerdictKind
from tracker.reports.prov_document import ProvCounts, prov_counts, render_prov
from tracker.reports.report_input import ReportInput


def read_back(report: ReportInput) -> ProvDocument:
    found = ProvDocument.deserialize(content=render_prov(report), format="json")
    assert isinstance(found, ProvDocument)
    return found


def count(document: ProvDocument, kind: type[ProvRecord]) -> int:
    return len({str(record.identifier) for record in document.get_records(kind)})


def counts(document: ProvDocument) -> ProvCounts:
    return ProvCounts(
        count(document, ProvEntity), count(document, ProvActivity), count(document, ProvAgent)
    )


def test_it_reads_back_with_the_chains_counts() -> None:
    report = sample_report()
    assert counts(read_back(report)) == prov_counts(report)
    assert len(list(read_back(report).get_records(ProvDerivation))) == sum(
        link.parent is not None for link in report.chain.links
    )


def test_verdicts_are_activities_of_the_persons_who_judged() -> None:
    report = sample_report()
    video = report.chain.links[0].appearance.video
    judged = (
        Verdict(report.chain.clip, video, VerdictKind.SAME, "N. Name", "seen", AS_OF, "a"),
        Verdict(report.chain.clip, video, VerdictKind.UNSURE, "N. Name", "unsure", AS_OF, "a"),
    )
    more = replace(report, chain=replace(report.chain, verdicts=judged))
    before, after = counts(read_back(report)), counts(read_back(more))
    assert after == prov_counts(more)
    assert (after.activities, after.agents) == (before.activities + 2, before.agents + 1)


def test_a_chain_of_nothing_has_the_program_and_one_answer() -> None:
    report = replace(bare_report(), chain=replace(bare_report().chain, links=()))
    assert counts(read_back(report)).agents == 1
    assert counts(read_back(report)) == prov_counts(report)


def test_a_stored_chain_has_every_step(tmp_path: Path) -> None:
    with open_app(Settings(data_dir=tmp_path / "data")) as app:
        case = make_case(app, 3)
        path = app.reports.write(case.clip, "prov", tmp_path / "r.prov.json")
    document = ProvDocument.deserialize(content=path.read_text(), format="json")
    assert isinstance(document, ProvDocument)
    # 3 posts, 3 files, 3 answers; 6 captures, 3 fingerprints, 2 comparisons, 1 answer; 3 accounts.
    assert counts(document) == ProvCounts(entities=9, activities=12, agents=4)


def test_equal_reports_give_equal_text_and_hostile_names_are_only_labels() -> None:
    report = sample_report()
    assert render_prov(report) == render_prov(report)
    document = json.loads(render_prov(report))
    for kind in ("entity", "activity", "agent"):
        for name in document[kind]:
            assert name.removeprefix("tracker:").replace("-", "").isalnum(), name
