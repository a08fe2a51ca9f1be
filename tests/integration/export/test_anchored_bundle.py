"""Anchors and time stamps in a bundle: a stranger checks them, and sees what was done to them."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from storage import anchors
from storage.anchor_store import CERTIFICATES, REQUEST, AnchorStore
from tests.integration.export.test_bundle import files_of, flip, names, pack_again
from tests.support.json_schema import load, problems
from tests.support.made_case import START, MadeCase, make_case
from tests.support.tsa_server import TimestampAuthority, make_authority
from tracker.app import App, open_app
from tracker.config import Settings
from tracker.evidence.anchors import anchor_statement
from tracker.evidence.timestamp_tokens import judge_response, timestamp_request
from tracker.model.anchor import Token, TokenKind, TokenState
from tracker.reports.bundle.check import verify_bundle

LATER = START + timedelta(days=1)


def anchor(app: App, home: Path, authority: TimestampAuthority | None) -> None:
    """Anchor the ledger as the job does, with a token of the authority and a pending proof."""
    store = AnchorStore(home / "anchors")
    with app.archive.database.write() as session:
        made = anchors.make_anchor(session, LATER)
    assert made is not None
    store.put_statement(made)
    if authority is None:
        return
    statement = anchor_statement(made)
    asked, ca_pem = timestamp_request(statement), authority.ca_file.read_bytes()
    answer = authority.reply(asked.body)
    verdict = judge_response(answer, statement, ca_pem=ca_pem, nonce=asked.nonce)
    assert verdict.verified
    tokens = [
        Token(
            made.number, TokenKind.RFC3161, "https://tsa.test", verdict.state, "", LATER,
            request=store.put(made, asked.body, REQUEST),
            response=store.put(made, answer, ".tsr"),
            chain=store.put(made, verdict.chain_pem, CERTIFICATES),
            ca=store.put(made, ca_pem, CERTIFICATES),
            gen_at=verdict.gen_at, policy=verdict.policy, nonce=verdict.nonce,
            serial=verdict.serial,
        ),
        Token(
            made.number, TokenKind.OPENTIMESTAMPS, "https://calendar.test", TokenState.PENDING,
            "promised", LATER, request=None, response=store.put(made, b"a proof", ".ots"),
        ),
    ]  # fmt: skip
    with app.archive.database.write() as session:
        for token in tokens:
            anchors.add_token(session, token, LATER)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MadeCase]:
    root = tmp_path_factory.mktemp("anchored")
    authority = make_authority(root / "tsa")
    with open_app(Settings(data_dir=root / "archive")) as app:
        make_case(app, 1, salt="neighbour")
        anchor(app, root / "archive", None)
        case = make_case(app, 2)
        anchor(app, root / "archive", authority)
        app.reports.write(case.clip, "html", root / "report.html")
        first = app.reports.write(case.clip, "bundle", root / "bundle")
        again = app.reports.write(case.clip, "bundle", root / "again")
        assert files_of(first) == files_of(again)
        return first, case


@pytest.fixture
def bundle(made: tuple[Path, MadeCase], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[0], tmp_path / "copy"))


def of(bundle: Path, ending: str) -> Path:
    return next((bundle / "data/anchors/000002").glob(f"*{ending}"))


def test_it_holds_every_anchor_and_the_tokens_over_the_case(bundle: Path) -> None:
    found = verify_bundle(bundle)
    assert found.ok, found.broken
    assert found.anchors == 2
    assert [p.name for p in (bundle / "data/anchors/000001").iterdir()] == ["anchor.json"]
    endings = sorted(p.suffix for p in (bundle / "data/anchors/000002").iterdir())
    assert endings == [".json", ".ots", ".pem", ".pem", ".tsq", ".tsr"]
    index = json.loads((bundle / "data/anchors/index.json").read_text())
    assert problems(index, load("anchors")) == []
    assert [token["state"] for token in index["anchors"][1]["tokens"]] == ["verified", "pending"]


def test_the_page_says_what_came_of_each_stamp(made: tuple[Path, MadeCase]) -> None:
    page = (made[0].parent / "report.html").read_text()
    assert re.search(r"https://tsa\.test: time stamp of [^<]* signature checked", page)
    assert "https://calendar.test: pending, so not a time stamp yet" in page


def run_blocks(bundle: Path) -> tuple[str, str]:
    text = (bundle / "VERIFY.md").read_text()
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    done = subprocess.run(
        ["sh", "-c", blocks], cwd=bundle, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout, done.stderr


def test_the_lines_of_verify_md_agree(bundle: Path) -> None:
    out, errors = run_blocks(bundle)
    assert out.strip() == "Verification: OK"
    assert "BROKEN" not in errors


def test_openssl_refuses_another_anchor(bundle: Path) -> None:
    flip(bundle / "data/anchors/000002/anchor.json")
    out, _ = run_blocks(bundle)
    assert "Verification: OK" not in out
    assert "BROKEN: data/anchors/000002/anchor.json" in out


@pytest.mark.parametrize("ending", [".tsr", ".tsq", ".pem", ".ots"])
def test_a_changed_token_is_named(bundle: Path, ending: str) -> None:
    path = of(bundle, ending)
    flip(path)
    pack_again(bundle)
    name = path.relative_to(bundle).as_posix()
    assert name in names(verify_bundle(bundle), "token")
    assert name in names(verify_bundle(bundle), "file")


def test_a_token_of_another_authority_under_the_same_name_is_named(
    bundle: Path, tmp_path: Path
) -> None:
    other = make_authority(tmp_path / "other")
    statement = (bundle / "data/anchors/000002/anchor.json").read_bytes()
    path = of(bundle, ".tsr")
    path.write_bytes(other.reply(timestamp_request(statement).body))
    pack_again(bundle)
    assert path.relative_to(bundle).as_posix() in names(verify_bundle(bundle), "token")


@pytest.mark.parametrize("ending", [".tsr", ".ots"])
def test_a_removed_token_is_named(bundle: Path, ending: str) -> None:
    path = of(bundle, ending)
    path.unlink()
    pack_again(bundle)
    assert path.relative_to(bundle).as_posix() in names(verify_bundle(bundle), "token")


@pytest.mark.parametrize("number", [1, 2])
def test_a_changed_or_removed_anchor_is_named(bundle: Path, number: int) -> None:
    path = bundle / f"data/anchors/{number:06}/anchor.json"
    path.write_bytes(path.read_bytes().replace(b'"first_sequence":', b'"first_sequence":1'))
    pack_again(bundle)
    assert str(number) in names(verify_bundle(bundle), "anchor")
    path.unlink()
    pack_again(bundle)
    assert names(verify_bundle(bundle), "anchor") & {str(number), "2"}


def test_an_anchor_catches_whoever_writes_the_hidden_entries_anew(bundle: Path) -> None:
    """Entries of other cases are hashes only: two of them changed in step deceive the chain."""
    path = bundle / "data/ledger/chain.txt"
    rows = [line.split(" ") for line in path.read_text().splitlines()]
    forged = hashlib.sha256(b"forged").hexdigest()
    rows[3][2] = rows[4][1] = forged
    path.write_text("".join(" ".join(row) + "\n" for row in rows))
    pack_again(bundle)
    assert "1" in names(verify_bundle(bundle), "anchor")
