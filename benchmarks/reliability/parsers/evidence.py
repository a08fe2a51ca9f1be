"""Parsers of evidence from strangers: bundles, ledger lines, anchors, time stamps, manifests."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.op import OpAppend, OpSHA256
from opentimestamps.core.serialize import BytesSerializationContext
from opentimestamps.core.timestamp import Timestamp

from benchmarks.reliability.mutations import bodies, documents, json_bodies, texts
from benchmarks.reliability.parsers.parser import Parser, check_text, repeated_bytes
from tests.support.made_case import make_case
from tests.support.tsa_server import make_authority
from tracker.app import open_app
from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.evidence.anchors import read_statement
from tracker.evidence.calendar_proofs import new_proof, read_proof, upgraded_proof
from tracker.evidence.content_credentials import credentials_claims, parsed_store
from tracker.evidence.hash_chain import entry_hash
from tracker.evidence.timestamp_tokens import judge_response, timestamp_request
from tracker.export import ReportOptions
from tracker.fingerprint.algorithm import GRAY_SIDE
from tracker.fingerprint.builder import FingerprintBuilder
from tracker.model.ids import VideoId
from tracker.reports.bundle.check import verify_bundle
from tracker.reports.bundle.fingerprint_form import fingerprint_from_json, fingerprint_json
from tracker.reports.bundle.ledger_form import parse_entry, parse_links
from tracker.reports.bundle.match_form import matches_from

DIGEST = hashlib.sha256(b"an anchor").digest()
STATEMENT = b'{"format":"tracker/anchor/1"}'
ANCHOR = {
    "format": "tracker/anchor/1",
    "number": 1,
    "first_sequence": 1,
    "last_sequence": 9,
    "head_hash": "a" * 64,
    "merkle_root": "b" * 64,
    "previous": "0" * 64,
    "at": "2026-02-01T10:00:00.000000Z",
}
ENTRY = (
    f'{"a" * 64} {"b" * 64} {{"at":"2026-02-01T10:00:00.000000Z","body":"{{}}","kind":"capture",'
    '"sequence":3}'
)
LINK = f"3 {'a' * 64} {'b' * 64}"
MANIFEST = {
    "active_manifest": "urn:1",
    "validation_state": "Valid",
    "manifests": {
        "urn:1": {
            "title": "film.mp4",
            "claim_generator_info": [{"name": "Camera", "version": "9"}],
            "signature_info": {"issuer": "A", "common_name": "B", "time": "2026-02-01T10:00:00Z"},
            "assertions": [
                {
                    "label": "c2pa.actions.v2",
                    "data": {
                        "actions": [
                            {
                                "action": "c2pa.created",
                                "when": "2026-02-01T09:00:00Z",
                                "softwareAgent": {"name": "Cutter"},
                                "digitalSourceType": "http://cv.iptc.org/digitalCapture",
                            }
                        ]
                    },
                }
            ],
        }
    },
    "validation_results": {
        "activeManifest": {"failure": [{"code": "assertion.dataHash.mismatch"}]},
        "ingredientDeltas": [{"validationDeltas": {"failure": [{"code": "a"}]}}],
    },
}


def _written(timestamp: Timestamp) -> bytes:
    context = BytesSerializationContext()
    timestamp.serialize(context)
    body: bytes = context.getbytes()
    return body


@cache
def _calendar_answers() -> tuple[bytes, bytes, bytes]:
    """A promise, a confirmation of it, and a proof file made of the promise."""
    promise = Timestamp(DIGEST)
    end = promise.ops.add(OpAppend(b"calendar")).ops.add(OpSHA256())
    end.attestations.add(PendingAttestation("https://calendar.test"))
    confirmed = Timestamp(end.msg)
    block = confirmed.ops.add(OpAppend(b"block")).ops.add(OpSHA256())
    block.attestations.add(BitcoinBlockHeaderAttestation(800_000))
    return _written(promise), _written(confirmed), new_proof(DIGEST, _written(promise))


def _proof(body: bytes) -> None:
    found = read_proof(body, DIGEST)
    for promise in found.promises:
        upgraded_proof(body, promise, body)


def _calendar_answer(body: bytes) -> None:
    proof = new_proof(DIGEST, body)
    assert read_proof(proof, DIGEST) == read_proof(proof, DIGEST)


def _upgrade(body: bytes) -> None:
    proof = _calendar_answers()[2]
    (promise,) = read_proof(proof, DIGEST).promises
    read_proof(upgraded_proof(proof, promise, body), DIGEST)


@cache
def _time_stamp() -> tuple[bytes, bytes, int | None]:
    """A response of an authority, its certificate, and the nonce that was asked with."""
    with tempfile.TemporaryDirectory(prefix="tracker-fuzz-tsa-") as folder:
        authority = make_authority(Path(folder) / "one")
        asked = timestamp_request(STATEMENT)
        return authority.reply(asked.body), authority.ca_file.read_bytes(), asked.nonce


def _response(body: bytes) -> None:
    _, ca_pem, nonce = _time_stamp()
    verdict = judge_response(body, STATEMENT, ca_pem=ca_pem, nonce=nonce)
    check_text(verdict.reason, 2000)
    for pem in (body, ca_pem + body):
        judge_response(_time_stamp()[0], STATEMENT, ca_pem=pem, nonce=nonce)


def _ledger(text: str) -> None:
    for line in text.splitlines():
        try:
            entry = parse_entry(line)
        except TrackerError:
            continue
        with suppress(ValueError):  # half a character: told as an entry that was changed
            entry_hash(entry.sequence, entry.kind, entry.at, entry.body, entry.previous_hash)
    list(parse_links(text.splitlines()))


def _statement(body: bytes) -> None:
    anchor = read_statement(body)
    assert anchor.number >= 1


def _manifest(document: object) -> None:
    read = parsed_store(json.dumps(document, default=str))
    found = read.credentials
    for text in (found.title, found.issuer, found.signer, found.claim_generator, found.reason):
        check_text(text, 2000)
    credentials_claims(found)


@cache
def _bundle_files() -> Mapping[str, bytes]:
    """The files of a small bundle, by path."""
    with tempfile.TemporaryDirectory(prefix="tracker-fuzz-bundle-") as folder:
        root = Path(folder)
        with open_app(Settings(data_dir=root / "archive")) as app:
            case = make_case(app, 2)
            out = app.reports.write(case.clip, "bundle", root / "bundle", ReportOptions())
        found = {
            f"bundle/{path.relative_to(out).as_posix()}": path.read_bytes()
            for path in sorted(out.rglob("*"))
            if path.is_file()
        }
    shutil.rmtree(folder, ignore_errors=True)
    return found


def _zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in files.items():
            archive.writestr(path, body)
    return out.getvalue()


def _bundles() -> st.SearchStrategy[bytes]:
    """Bundles as zip files: one member edited, or the zip file itself."""
    files = _bundle_files()
    small = {path: body for path, body in files.items() if len(body) < 60_000}

    def with_member(path: str, body: bytes) -> bytes:
        return _zipped({**files, path: body})

    edited = st.sampled_from(sorted(small)).flatmap(
        lambda path: st.builds(with_member, st.just(path), bodies((small[path],)))
    )
    return st.one_of(edited, edited, bodies((_zipped(files),)))


@cache
def _bundle_path() -> Path:
    return Path(tempfile.mkdtemp(prefix="tracker-fuzz-zip-")) / "bundle.zip"


def _bundle(body: bytes) -> None:
    path = _bundle_path()
    path.write_bytes(body)
    verified = verify_bundle(path)
    for item in verified.broken:
        assert item.reason


def _fingerprints() -> tuple[object, ...]:
    """A fingerprint of one frame: most of a longer one is base64, which tells a parser nothing."""
    picture = np.zeros((1, GRAY_SIDE // 4, GRAY_SIDE // 4), np.uint8)
    builder = FingerprintBuilder()
    builder.add(0, picture[0])
    return (json.loads(fingerprint_json(VideoId("a" * 64), builder.finish(40))),)


def evidence_parsers() -> tuple[Parser, ...]:
    """Return the parsers of evidence; the first call makes a small bundle and a time stamp."""
    promise, confirmed, proof = _calendar_answers()
    invalid = (TrackerError, ValueError)
    return (
        Parser("calendar answer", bodies((promise,)), _calendar_answer, invalid),
        Parser("calendar upgrade", bodies((confirmed,)), _upgrade, invalid),
        Parser(
            "calendar proof",
            bodies((proof,)),
            _proof,
            invalid,
            grow=repeated_bytes,
            pieces=("\xff\x08", "\x08", "\xf0\x01a"),
        ),
        Parser("timestamp response", st.deferred(lambda: bodies((_time_stamp()[0],))), _response),
        Parser("ledger lines", texts((ENTRY, LINK, f"{ENTRY}\n{ENTRY}")), _ledger),
        Parser("anchor statement", json_bodies((ANCHOR,)), _statement, invalid),
        Parser("Content Credentials", documents((MANIFEST,)), _manifest),
        Parser(
            "fingerprint file",
            st.deferred(lambda: json_bodies(_fingerprints())),
            fingerprint_from_json,
        ),
        Parser("matches file", documents(({"algorithm": "a", "matches": [{}]},)), matches_from),
        Parser("bundle", st.deferred(_bundles), _bundle),
    )
