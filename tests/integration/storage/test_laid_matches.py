"""What is known of matched pictures is kept, digested, and found out anew in older archives."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine

from storage import fingerprints as fingerprint_rows
from storage import matches as match_rows
from storage.database import Database
from storage.migrations.runner import migration_config
from tests.support.made_case import make_case
from tests.support.values import NOW, a_match
from tracker.app import open_app
from tracker.config import Settings
from tracker.evidence.digests import match_digest
from tracker.model.match import InstantAgreement, Laid, Match
from tracker.reports.bundle.match_form import matches_document, matches_from

INSTANTS = InstantAgreement(0.912, -0.034, 1.56, 0.875)
LAID = Laid(0.5, 0.1, 0.3, 0.0, 1.2, -0.1, 0.4, -0.2)


def changed(match: Match) -> Match:
    return replace(match, laid=LAID, moment_told=False, moment_odds=2.345, instants=INSTANTS)


def test_it_comes_back_as_it_was_from_either_side(tmp_path: Path) -> None:
    with open_app(Settings(data_dir=tmp_path)) as app:
        one, other = make_case(app, 2).videos[:2]
        match = changed(a_match(one, other))
        with app.archive.database.write() as session:
            assert match_rows.save_match(session, match, "some algorithm", now=NOW)
            assert not match_rows.save_match(session, match.swapped(), "some algorithm", now=NOW)
        with app.archive.database.read() as session:
            assert match_rows.match_of(session, one, other, "some algorithm") == match
            assert match_rows.match_of(session, other, one, "some algorithm") == match.swapped()


@pytest.mark.parametrize(
    "different",
    [
        {"laid": None},
        {"laid": replace(LAID, detail=0.3)},
        {"moment_told": True},
        {"moment_odds": None},
        {"moment_odds": 2.346},
        {"instants": None},
        {"instants": replace(INSTANTS, elsewhere=0.034)},
        {"instants": replace(INSTANTS, mutual=0.75)},
    ],
)
def test_the_digest_tells_when_it_was_changed(different: dict[str, object]) -> None:
    match = changed(a_match(*"ab"))
    assert match_digest(replace(match, **different)) != match_digest(match)  # type: ignore[arg-type]
    assert match_digest(match.swapped()) == match_digest(match)


def test_the_digest_of_what_a_release_without_mutual_fits_matched_is_as_it_was() -> None:
    older = replace(changed(a_match(*"ab")), instants=replace(INSTANTS, mutual=None))
    assert match_digest(older).startswith("80a3ad1eb5f6d8d0dfe6280d4e74b061b14216a6")


def test_bundles_hold_it_exactly_and_those_of_older_releases_are_read(tmp_path: Path) -> None:
    with open_app(Settings(data_dir=tmp_path)) as app:
        one, other = make_case(app, 2).videos[:2]
    match = changed(a_match(min(one, other), max(one, other)))
    document = matches_document("some algorithm", [match])
    assert matches_from(document) == ("some algorithm", [match])
    for item in document["matches"]:  # type: ignore[attr-defined]  # a list of objects
        del item["laid"], item["moment_told"], item["moment_odds"], item["instants"]
    older = replace(match, laid=None, moment_told=True, moment_odds=None, instants=None)
    assert matches_from(document)[1] == [older]
    document = matches_document("some algorithm", [match])
    for item in document["matches"]:  # type: ignore[attr-defined]
        del item["instants"]["mutual"]
    older = replace(match, instants=replace(INSTANTS, mutual=None))
    assert matches_from(document)[1] == [older]


@pytest.mark.parametrize("schema", ["0016", "0019", "0021", "0022"])
def test_what_an_older_release_matched_is_compared_again(tmp_path: Path, schema: str) -> None:
    """Its matches say nothing of how near the pictures are, or of how likely one moment is."""
    with open_app(Settings(data_dir=tmp_path / "new")) as app:
        case, algorithm = make_case(app, 3), app.algorithm_key
        with app.archive.database.read() as session:
            assert set(case.videos) <= fingerprint_rows.detected(session, algorithm)
    shutil.copytree(tmp_path / "new", tmp_path / "old")
    engine = create_engine(f"sqlite:///{tmp_path / 'old' / 'tracker.db'}")
    config = migration_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, schema)
    engine.dispose()
    database = Database(f"sqlite:///{tmp_path / 'old' / 'tracker.db'}")
    database.migrate()
    with database.read() as session:
        assert not set(case.videos) & fingerprint_rows.detected(session, algorithm)
    database.close()
