"""Bundles: whole, equal, checkable by a stranger, and broken by whatever is done to them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import bagit
import pytest

from storage import ledger
from tests.support.json_schema import load, problems
from tests.support.made_case import MadeCase, make_case
from tracker.app import App, open_app
from tracker.config import Settings
from tracker.errors import IntegrityError, UsageError
from tracker.export import ReportOptions
from tracker.model.ledger import LedgerKind
from tracker.model.summary import Verified
from tracker.reports.bundle import bag
from tracker.reports.bundle.bag import BagFacts, Written
from tracker.reports.bundle.check import verify_bundle

ORIGINALS = ReportOptions(originals=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MadeCase]:
    """A bundle that is exported once; tests work on copies of it."""
    root = tmp_path_factory.mktemp("bundle")
    with open_app(Settings(data_dir=root / "archive")) as app:
        make_case(app, 2, salt="neighbour")
        case = make_case(app, 3)
        return app.reports.write(case.clip, "bundle", root / "bundle", ORIGINALS), case


@pytest.fixture
def bundle(made: tuple[Path, MadeCase], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[0], tmp_path / "copy"))


def files_of(root: Path) -> dict[str, bytes]:
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def names(verified: Verified, kind: str) -> set[str]:
    return {item.name for item in verified.broken if item.kind == kind}


# --- what is inside -----------------------------------------------------------------------


def test_everything_the_issue_names_is_inside(made: tuple[Path, MadeCase]) -> None:
    bundle, case = made
    found = set(files_of(bundle))
    assert {f"data/report/report.{end}" for end in ("html", "json", "csv", "prov.json")} <= found
    assert {f"data/originals/{video}.mp4" for video in case.videos} <= found
    assert {f"data/fingerprints/{video}.json" for video in case.videos} <= found
    for video in case.videos:
        assert f"data/keyframes/{video}/00002-3000.jpg" in found
    about = json.loads((bundle / "data/bundle.json").read_text())
    assert about["complete"] is True
    assert about["missing"] == []
    assert len(about["answers"]) == 3
    assert {f"data/captures/{answer}" for answer in about["answers"]} <= found
    assert "data/chain/revision-1.json" in found


def test_every_document_is_what_its_schema_says(made: tuple[Path, MadeCase]) -> None:
    found = {path: body for path, body in files_of(made[0]).items() if path.endswith(".json")}
    checked = 0
    for path, body in found.items():
        document = json.loads(body)
        if path.startswith("data/chain/") or path.endswith(".prov.json"):
            continue  # as the ledger digested it; as W3C says
        name = document["schema"].split("/")[1]
        assert problems(document, load(name)) == [], path
        checked += 1
    assert checked >= 4 + len(made[1].videos)


def test_captures_say_what_a_court_asks_for(made: tuple[Path, MadeCase]) -> None:
    bundle, case = made
    captures = json.loads((bundle / "data/captures/index.json").read_text())["captures"]
    assert {capture["post"] for capture in captures} == set(case.posts)
    for capture in captures:
        assert capture["requested_url"]
        assert capture["final_url"]
        assert capture["redirects"]
        assert capture["status_code"] == 200
        assert capture["started_at"].endswith("Z")
        assert capture["tools"]
        assert capture["body_sha256"] or capture["video"]


def test_nothing_of_another_case_is_inside_but_hashes(bundle: Path) -> None:
    for path, body in files_of(bundle).items():
        assert b"neighbour" not in body, path
    lines = (bundle / "data/ledger/chain.txt").read_text().splitlines()
    entries = (bundle / "data/ledger/entries.txt").read_text().splitlines()
    assert len(lines) > len(entries) + 5


def test_a_report_is_never_written_to_a_file_called_dash(
    app: App, case: MadeCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for form in ("html", "bundle"):
        with pytest.raises(UsageError, match="to a file, not to standard output"):
            app.reports.write(case.clip, form, Path("-"))
    assert not list(tmp_path.glob("-"))


@pytest.mark.parametrize("form", ["html", "json", "bundle"])
def test_a_report_takes_the_place_of_nothing_but_a_file(
    form: str, app: App, case: MadeCase, tmp_path: Path
) -> None:
    pipe = tmp_path / "report.zip"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match=r"report\.zip is no regular file"):
        app.reports.write(case.clip, form, pipe)
    assert pipe.is_fifo()


def test_originals_are_only_there_on_request(app: App, case: MadeCase, tmp_path: Path) -> None:
    app.reports.write(case.clip, "bundle", tmp_path / "plain")
    assert not (tmp_path / "plain/data/originals").exists()
    about = json.loads((tmp_path / "plain/data/bundle.json").read_text())
    assert about["missing"] == ["3 original files were not asked for (--originals)"]
    assert verify_bundle(tmp_path / "plain").ok


def test_what_is_not_held_any_more_is_said(app: App, case: MadeCase, tmp_path: Path) -> None:
    app.archive.media.remove(case.videos[1])
    app.reports.write(case.clip, "bundle", tmp_path / "bundle", ORIGINALS)
    about = json.loads((tmp_path / "bundle/data/bundle.json").read_text())
    assert f"the original {case.videos[1]} is not held any more" in about["missing"]
    assert verify_bundle(tmp_path / "bundle").ok


def test_a_damaged_file_of_the_archive_does_not_pass(
    app: App, case: MadeCase, tmp_path: Path
) -> None:
    damaged = app.archive.media.path(case.videos[0])
    damaged.chmod(0o600)
    damaged.write_bytes(b"other bytes")
    with pytest.raises(IntegrityError, match="was changed"):
        app.reports.write(case.clip, "bundle", tmp_path / "bundle", ORIGINALS)
    assert list(tmp_path.glob("*bundle*")) == []


def test_a_directory_that_holds_something_is_left_alone(
    app: App, case: MadeCase, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        app.reports.write(case.clip, "bundle", tmp_path / "mine")
    assert files_of(tmp_path / "mine") == {"notes.txt": b"mine"}


# --- twice the same -----------------------------------------------------------------------


def test_two_exports_of_one_state_are_equal(app: App, case: MadeCase, tmp_path: Path) -> None:
    first = app.reports.write(case.clip, "bundle", tmp_path / "one", ORIGINALS)
    app.reports.write(case.clip, "html", tmp_path / "between.html")
    second = app.reports.write(case.clip, "bundle", tmp_path / "two", ORIGINALS)
    assert files_of(first) == files_of(second)
    zips = [app.reports.write(case.clip, "bundle", tmp_path / f"{n}.zip") for n in (1, 2)]
    assert zips[0].read_bytes() == zips[1].read_bytes()
    with app.archive.database.read() as session:
        exports = list(ledger.of_kind(session, LedgerKind.EXPORT))
    assert len(exports) == 5  # each one is recorded, those of an equal state as such
    assert [json.loads(e.body).get("same_as_entry") for e in exports[1:]] == [
        None, exports[0].sequence, None, exports[3].sequence,
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["html", "json", "csv", "prov"])
def test_reports_of_one_state_are_equal(
    app: App, case: MadeCase, tmp_path: Path, form: str
) -> None:
    first = app.reports.write(case.clip, form, tmp_path / "one").read_bytes()
    assert app.reports.write(case.clip, form, tmp_path / "two").read_bytes() == first


# --- a stranger checks --------------------------------------------------------------------


def test_bagit_accepts_it(bundle: Path) -> None:
    assert bagit.Bag(str(bundle)).validate()


def test_an_unpacked_zip_is_the_same_bag(app: App, case: MadeCase, tmp_path: Path) -> None:
    packed = app.reports.write(case.clip, "bundle", tmp_path / "b.zip")
    with zipfile.ZipFile(packed) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        archive.extractall(tmp_path / "out")
    directory = app.reports.write(case.clip, "bundle", tmp_path / "b")
    assert files_of(tmp_path / "out" / case.clip) == files_of(directory)
    assert bagit.Bag(str(tmp_path / "out" / case.clip)).validate()


def test_whole_bundles_verify(bundle: Path, app: App, case: MadeCase, tmp_path: Path) -> None:
    found = verify_bundle(bundle)
    assert found.ok, found.broken
    assert found.files == len(files_of(bundle))
    assert found.entries == len((bundle / "data/ledger/chain.txt").read_text().splitlines())
    packed = app.reports.write(case.clip, "bundle", tmp_path / "b.zip")
    assert verify_bundle(packed).ok


def run_verify_text(root: Path) -> str:
    """Run every block of VERIFY.md as a stranger would and return what is printed."""
    blocks = re.findall(r"```sh\n(.*?)```", (root / "VERIFY.md").read_text(), re.DOTALL)
    assert len(blocks) >= 4
    done = subprocess.run(
        ["sh", "-c", "\n".join(blocks)], cwd=root, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_the_lines_of_verify_md_find_nothing_wrong_in_a_whole_bundle(bundle: Path) -> None:
    assert run_verify_text(bundle) == ""


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("data/report/report.html", "FAILED"),
        ("data/ledger/chain.txt", "BROKEN at entry"),
        ("data/ledger/entries.txt", "BROKEN"),
        ("data/sealed.txt", "BROKEN: seal"),
    ],
)
def test_the_lines_of_verify_md_find_changes(bundle: Path, path: str, word: str) -> None:
    flip(bundle / path)
    assert word in run_verify_text(bundle)


# --- tampering ----------------------------------------------------------------------------


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(bytes(body))


def pack_again(root: Path) -> None:
    """Write the manifests anew, as an attacker would who knows BagIt."""
    about = json.loads((root / "data/bundle.json").read_bytes())
    for name in ("bag-info.txt", bag.MANIFEST, bag.TAG_MANIFEST):
        (root / name).unlink(missing_ok=True)
    files = digests(root)
    facts = BagFacts(about["clip"], about["tool_version"], about["as_of"])
    (root / "bag-info.txt").write_text(bag.bag_info(facts, files))
    (root / bag.MANIFEST).write_text(bag.manifest(digests(root), payload=True))
    (root / bag.TAG_MANIFEST).write_text(bag.manifest(digests(root), payload=False))
    assert bagit.Bag(str(root)).validate()


def digests(root: Path) -> dict[str, Written]:
    return {
        path: Written(hashlib.sha256(body).hexdigest(), len(body))
        for path, body in files_of(root).items()
    }


def test_a_flipped_byte_in_any_file_is_named(bundle: Path) -> None:
    for path, body in files_of(bundle).items():
        flip(bundle / path)
        found = verify_bundle(bundle)
        if path in {bag.MANIFEST, bag.TAG_MANIFEST}:
            assert not found.ok, path
        else:
            assert path in names(found, "file"), path
        (bundle / path).write_bytes(body)
    assert verify_bundle(bundle).ok


def test_any_file_taken_away_is_named(bundle: Path) -> None:
    for path, body in files_of(bundle).items():
        (bundle / path).unlink()
        assert path in names(verify_bundle(bundle), "file"), path
        (bundle / path).write_bytes(body)


@pytest.mark.parametrize("path", ["data/captures/" + "0" * 64, "note.txt", "data/ledger/x.txt"])
def test_an_added_file_is_named(bundle: Path, path: str) -> None:
    (bundle / path).write_text("planted")
    assert path in names(verify_bundle(bundle), "file")
    if path.startswith("data/"):
        pack_again(bundle)
        assert path in names(verify_bundle(bundle), "file")


def test_rewritten_manifests_do_not_hide_a_changed_file(bundle: Path) -> None:
    """Every payload file: the seal, the ledger's own hashes, or the digests in it tell."""
    for path, body in files_of(bundle).items():
        if not path.startswith("data/") and path != "VERIFY.md":
            continue
        if path == "data/bundle.json":  # the attacker keeps it readable
            (bundle / path).write_bytes(body.replace(b'"revision": 1', b'"revision": 7'))
        else:
            flip(bundle / path)
        pack_again(bundle)
        found = verify_bundle(bundle)
        assert not found.ok, path
        if path not in {"data/ledger/chain.txt", "data/ledger/seal.txt"}:
            assert path in names(found, "file"), path
        (bundle / path).write_bytes(body)
        pack_again(bundle)
    assert verify_bundle(bundle).ok


EVIDENCE = ("data/captures/", "data/fingerprints/", "data/keyframes/", "data/matches.json",
            "data/chain/", "data/originals/")  # fmt: skip


def test_a_forged_seal_list_does_not_hide_changed_evidence(bundle: Path) -> None:
    """Even with ``sealed.txt`` written anew: the entries digest the evidence themselves."""
    for path, body in files_of(bundle).items():
        if not path.startswith(EVIDENCE) or path.endswith("index.json"):
            continue
        flip(bundle / path)
        lines = (bundle / "data/sealed.txt").read_text()
        forged = lines.replace(
            hashlib.sha256(body).hexdigest() + f"  {path}",
            hashlib.sha256((bundle / path).read_bytes()).hexdigest() + f"  {path}",
        )
        (bundle / "data/sealed.txt").write_text(forged)
        pack_again(bundle)
        named = names(verify_bundle(bundle), "file")
        assert "data/sealed.txt" in named
        assert any(path.startswith(name) for name in named if name != "data/sealed.txt"), path
        (bundle / path).write_bytes(body)
        (bundle / "data/sealed.txt").write_text(lines)


Lines = list[str]


def changed(lines: Lines) -> Lines:
    return [
        *lines[:4],
        lines[4].replace("capture", "deleted").replace("fingerprint", "x"),
        *lines[5:],
    ]


def swapped(lines: Lines) -> Lines:
    return [*lines[:4], lines[5], lines[4], *lines[6:]]


def removed(lines: Lines) -> Lines:
    return [*lines[:4], *lines[5:]]


def cut(lines: Lines) -> Lines:
    return lines[:-2]


@pytest.mark.parametrize("change", [changed, swapped, removed, cut])
def test_ledger_rows_of_the_case_cannot_be_touched(
    bundle: Path, change: Callable[[Lines], Lines]
) -> None:
    path = bundle / "data/ledger/entries.txt"
    lines = path.read_text().splitlines(keepends=True)
    numbers = [json.loads(line.split(" ", 2)[2])["sequence"] for line in lines]
    path.write_text("".join(change(lines)))
    pack_again(bundle)
    found = verify_bundle(bundle)
    named = names(found, "entry")
    expected = numbers[-1] if change is cut else numbers[4]
    assert str(expected) in named, found.broken


def rehashed(lines: Lines) -> Lines:
    return [*lines[:4], lines[4][:-9] + "00000000\n", *lines[5:]]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (rehashed, lambda _: {"6"}),
        (swapped, lambda _: {"5", "6"}),
        (removed, lambda _: {"6"}),
        (cut, lambda rows: {str(rows)}),
    ],
)
def test_rows_of_the_whole_chain_cannot_be_touched(
    bundle: Path, change: Callable[[Lines], Lines], expected: Callable[[int], set[str]]
) -> None:
    path = bundle / "data/ledger/chain.txt"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(change(lines)))
    pack_again(bundle)
    found = verify_bundle(bundle)
    named = names(found, "entry")
    assert expected(len(lines)) <= named, found.broken


def test_a_seal_of_another_bundle_does_not_fit(app: App, case: MadeCase, tmp_path: Path) -> None:
    bundle = app.reports.write(case.clip, "bundle", tmp_path / "bundle", ORIGINALS)
    other = app.reports.write(case.clip, "bundle", tmp_path / "other")
    for name in ("chain.txt", "seal.txt"):
        shutil.copyfile(other / "data/ledger" / name, bundle / "data/ledger" / name)
    pack_again(bundle)
    assert "data/sealed.txt" in names(verify_bundle(bundle), "file")


# --- hostile bundles ----------------------------------------------------------------------


def test_links_and_devices_are_not_followed(bundle: Path) -> None:
    answer = next((bundle / "data/captures").glob("[0-9a-f]*"))
    answer.unlink()
    answer.symlink_to("/dev/zero")
    assert f"data/captures/{answer.name}" in names(verify_bundle(bundle), "file")


@pytest.mark.parametrize("name", ["c/../../out.txt", "/etc/out.txt", "top.txt"])
def test_a_zip_that_reaches_outside_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("c/bagit.txt", bag.DECLARATION)
        archive.writestr(name, "x")
    assert not verify_bundle(tmp_path / "b.zip").ok


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04 nothing", b"text"])
def test_what_is_no_zip_is_broken_and_no_crash(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "b.zip").write_bytes(body)
    found = verify_bundle(tmp_path / "b.zip")
    assert [item.kind for item in found.broken] == ["file"]


def test_an_empty_directory_is_no_bundle(tmp_path: Path) -> None:
    found = verify_bundle(tmp_path)
    assert "data/ledger/seal.txt" in names(found, "file")


HOSTILE = [b"", b"\xff\xfe", b"[" * 100_000, b"{}", b"[]", b"null", b'{"ledger": {"entries": "x"}}']


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_content_anywhere_is_named_and_no_crash(bundle: Path, body: bytes) -> None:
    kinds: dict[str, str] = {}
    for path in files_of(bundle):  # one of each evidence, all else
        many = path.startswith(("data/captures/", "data/keyframes/", "data/fingerprints/"))
        kinds.setdefault(path.split("/")[1] if many else path, path)
    for path in kinds.values():
        former = (bundle / path).read_bytes()
        (bundle / path).write_bytes(body)
        assert path in names(verify_bundle(bundle), "file"), path
        (bundle / path).write_bytes(former)


def test_there_must_be_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no bundle"):
        verify_bundle(tmp_path / "nothing")
