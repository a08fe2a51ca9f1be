"""The redacted profile: no known name anywhere, the same word for the same account."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import stat
from pathlib import Path

import pytest

from tests.integration.export.conftest import HOME
from tests.support.json_schema import load, problems
from tests.support.made_case import MadeCase
from tracker.app import App
from tracker.errors import UsageError
from tracker.export import FORMATS, ReportOptions
from tracker.reports.bundle.check import verify_bundle

REDACTED = ReportOptions(redact=True)


def everything(path: Path) -> str:
    """Return all text of an export, names of files included, in lower case."""
    paths = [path] if path.is_file() else [p for p in sorted(path.rglob("*")) if p.is_file()]
    return "\n".join(
        f"{p.name}\n{p.read_bytes().decode('utf-8', 'replace')}" for p in paths
    ).casefold()


@pytest.mark.parametrize("form", FORMATS)
def test_no_known_name_is_left_in_any_form(
    app: App, case: MadeCase, tmp_path: Path, form: str
) -> None:
    open_form = app.reports.write(case.posts[0], form, tmp_path / "open")
    text = everything(app.reports.write(case.posts[0], form, tmp_path / "redacted", REDACTED))
    shown = everything(open_form)
    assert any(name.casefold() in shown for name in case.handles)
    for name in case.names:
        assert name.casefold() not in text, name
    assert "witness_" not in text
    assert "account-" in text


def test_an_account_has_one_word_all_over_a_case(app: App, case: MadeCase, tmp_path: Path) -> None:
    path = app.reports.write(case.clip, "json", tmp_path / "r.json", REDACTED)
    report = json.loads(path.read_text())
    first = report["chain"]["appearances"][0]["post"]["account"]
    second = next(p for p in report["posts"] if p["account"] != first)
    assert first in second["text"]  # it is mentioned there with @
    assert len({p["account"] for p in report["posts"]}) == 3


def test_the_owner_can_check_a_name_with_the_salt(app: App, case: MadeCase, tmp_path: Path) -> None:
    path = app.reports.write(case.clip, "csv", tmp_path / "r.csv", REDACTED)
    row = next(csv.DictReader(io.StringIO(path.read_text())))
    salt_file = tmp_path / HOME / "redaction" / f"{case.clip}.salt"
    assert stat.S_IMODE(salt_file.stat().st_mode) == 0o600
    salt = bytes.fromhex(salt_file.read_text().strip())
    digest = hmac.new(salt, case.handles[0].encode(), hashlib.sha256).hexdigest()
    assert row["account"] == f"account-{digest[:12]}"


def test_a_salt_of_ones_own(app: App, case: MadeCase, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.write_text("ab" * 32)
    other.write_text("cd" * 32)
    texts = [
        app.reports.write(
            case.clip, "csv", tmp_path / "r", ReportOptions(redact=True, salt_file=salt)
        ).read_text()
        for salt in (mine, mine, other)
    ]
    assert texts[0] == texts[1] != texts[2]
    assert not (tmp_path / HOME / "redaction").exists()


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab" * 4, "abc" * 11])
def test_what_is_no_salt_is_refused(app: App, case: MadeCase, tmp_path: Path, text: str) -> None:
    (tmp_path / "salt").write_text(text)
    with pytest.raises(UsageError, match="no salt"):
        app.reports.write(
            case.clip, "csv", tmp_path / "r",
            ReportOptions(redact=True, salt_file=tmp_path / "salt"),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("bundle", ReportOptions(redact=True, originals=True)),
        ("html", ReportOptions(originals=True)),
        ("html", ReportOptions(salt_file=Path("salt"))),
    ],
)
def test_options_that_exclude_each_other(
    app: App, case: MadeCase, tmp_path: Path, form: str, options: ReportOptions
) -> None:
    with pytest.raises(UsageError):
        app.reports.write(case.clip, form, tmp_path / "r", options)


def test_a_redacted_bundle_says_what_it_leaves_out_and_verifies(
    app: App, case: MadeCase, tmp_path: Path
) -> None:
    plain = app.reports.write(case.clip, "bundle", tmp_path / "plain")
    path = app.reports.write(case.clip, "bundle", tmp_path / "redacted", REDACTED)
    again = app.reports.write(case.clip, "bundle", tmp_path / "again.zip", REDACTED)
    about = json.loads((path / "data/bundle.json").read_text())
    assert about["redacted"] is True
    assert "3 raw answers" in about["missing"][0]
    assert [p.name for p in (path / "data/captures").iterdir()] == ["index.json"]
    captures = json.loads((path / "data/captures/index.json").read_text())["captures"]
    known = {p.name for p in (plain / "data/captures").iterdir()} - {"index.json"}
    assert {c["body_sha256"] for c in captures if c["body_sha256"]} == known
    assert verify_bundle(path).ok
    assert verify_bundle(again).ok
    # Entries without names are whole; the others keep their places in the chain.
    whole = (path / "data/ledger/entries.txt").read_text()
    assert "keyframes_digest" in whole
    assert about["ledger"]["redacted_entries"]


def test_redacted_entries_keep_their_place(app: App, case: MadeCase, tmp_path: Path) -> None:
    path = app.reports.write(case.clip, "bundle", tmp_path / "redacted", REDACTED)
    redacted = path / "data/ledger/redacted.json"
    document = json.loads(redacted.read_text())
    assert problems(document, load("redacted-entries")) == []
    document["entries"][0]["entry_hash"] = "0" * 64
    redacted.write_text(json.dumps(document))
    named = {item.name for item in verify_bundle(path).broken if item.kind == "entry"}
    assert str(document["entries"][0]["sequence"]) in named
