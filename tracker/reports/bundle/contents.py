"""What goes into a bundle: values gathered beforehand, and the files made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.ledger import LedgerEntry
from tracker.model.match import Match
from tracker.reports.bundle.anchor_form import (
    AnchorPart,
    anchor_files,
    anchors_document,
    openssl_lines,
)
from tracker.reports.bundle.fingerprint_form import fingerprint_json
from tracker.reports.bundle.ledger_form import entry_line, redacted_document
from tracker.reports.bundle.match_form import matches_document
from tracker.reports.bundle.verify_text import verify_text
from tracker.reports.csv_table import render_csv
from tracker.reports.documents import Document, instant_text
from tracker.reports.html import render_html
from tracker.reports.json_document import capture_document, json_text, render_json
from tracker.reports.prov_document import render_prov
from tracker.reports.report_input import ReportInput

SUFFIXES = {"mp4": ".mp4", "mov": ".mov", "webm": ".webm", "matroska": ".mkv", "mpegts": ".ts"}
"""What an original is called after its digest, by words in its container's name."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the archive under its digest, and where its bytes are."""

    sha256: str
    path: Path


@dataclass(frozen=True, slots=True)
class BundleInput:
    """All that a bundle holds. What is large is fetched when its turn comes.

    ``entries`` are the ledger's about this case; in a ``redacted`` bundle those whose text had
    to be changed are in ``redacted_entries``. ``revisions`` are (number, document as recorded).
    ``missing`` says in sentences what a reader may look for in vain.
    """

    report: ReportInput
    answers: tuple[StoredFile, ...]
    manifests: tuple[StoredFile, ...]
    originals: tuple[StoredFile, ...]
    videos: tuple[VideoId, ...]
    fingerprint: Callable[[VideoId], Fingerprint | None]
    keyframes: Callable[[VideoId], Sequence[Keyframe]]
    algorithm_key: str
    matches: tuple[Match, ...]
    revisions: tuple[tuple[int, str], ...]
    entries: tuple[LedgerEntry, ...]
    redacted_entries: tuple[LedgerEntry, ...] = ()
    redacted: bool = False
    missing: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    anchors: tuple[AnchorPart, ...] = ()


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file of the bundle: its place, and its bytes or where they are."""

    path: str
    source: bytes | Path


def bundle_files(bundle: BundleInput) -> Iterator[BundleFile]:
    """Yield every file that the seal covers, one after the other, always in the same order."""
    report = bundle.report
    yield BundleFile("VERIFY.md", _verify_text(bundle))
    yield BundleFile("data/bundle.json", json_text(bundle_document(bundle)).encode())
    yield BundleFile("data/report/report.html", render_html(report).encode())
    yield BundleFile("data/report/report.json", render_json(report).encode())
    yield BundleFile("data/report/report.csv", render_csv(report).encode())
    yield BundleFile("data/report/report.prov.json", render_prov(report).encode())
    yield BundleFile("data/captures/index.json", json_text(_captures(bundle)).encode())
    for answer in bundle.answers:
        yield BundleFile(f"data/captures/{answer.sha256}", answer.path)
    for manifest in bundle.manifests:
        yield BundleFile(f"data/credentials/{manifest.sha256}.json", manifest.path)
    for number, document in bundle.revisions:
        yield BundleFile(f"data/chain/revision-{number}.json", document.encode())
    yield BundleFile("data/matches.json", _matches(bundle))
    for video in bundle.videos:
        yield from _of_video(bundle, video)
    for original in bundle.originals:
        yield BundleFile(f"data/originals/{original.sha256}{suffix_of(report, original.sha256)}",
                         original.path)  # fmt: skip
    yield from _ledger(bundle)
    if bundle.anchors:
        index = json_text(anchors_document(bundle.anchors))
        yield BundleFile("data/anchors/index.json", index.encode())
    for path, body in anchor_files(bundle.anchors):
        yield BundleFile(path, body)


def bundle_document(bundle: BundleInput) -> Document:
    """Return ``tracker/bundle/1``: the bundle's own account of itself."""
    chain, archive = bundle.report.chain, bundle.report.archive
    return {
        "schema": "tracker/bundle/1",
        "clip": chain.clip,
        "revision": chain.revision,
        "as_of": instant_text(chain.as_of),
        "tool_version": bundle.report.tool_version,
        "redacted": bundle.redacted,
        "originals": bool(bundle.originals),
        "complete": not bundle.incomplete,
        "incomplete": list(bundle.incomplete),
        "missing": list(bundle.missing),
        "ledger": {
            "state": archive.ledger_entries,
            "head": archive.ledger_head,
            "entries": [entry.sequence for entry in bundle.entries],
            "redacted_entries": [entry.sequence for entry in bundle.redacted_entries],
        },
        "videos": list(bundle.videos),
        "answers": [answer.sha256 for answer in bundle.answers],
        "revisions": [number for number, _ in bundle.revisions],
    }


def _of_video(bundle: BundleInput, video: VideoId) -> Iterator[BundleFile]:
    fingerprint = bundle.fingerprint(video)
    if fingerprint is not None:
        body = fingerprint_json(video, fingerprint)
        yield BundleFile(f"data/fingerprints/{video}.json", body)
    for number, frame in enumerate(bundle.keyframes(video), start=1):
        yield BundleFile(f"data/keyframes/{video}/{number:05d}-{frame.pts_ms}.jpg", frame.jpeg)


def _verify_text(bundle: BundleInput) -> bytes:
    lines = openssl_lines(bundle.anchors)
    return verify_text(
        redacted=bundle.redacted, anchored=bool(bundle.anchors), openssl=lines
    ).encode()


def _matches(bundle: BundleInput) -> bytes:
    return json_text(matches_document(bundle.algorithm_key, bundle.matches)).encode()


def _ledger(bundle: BundleInput) -> Iterator[BundleFile]:
    lines = "".join(map(entry_line, bundle.entries))
    yield BundleFile("data/ledger/entries.txt", lines.encode())
    if bundle.redacted:
        document = redacted_document(bundle.redacted_entries)
        yield BundleFile("data/ledger/redacted.json", json_text(document).encode())


def _captures(bundle: BundleInput) -> Document:
    return {
        "schema": "tracker/captures/1",
        "captures": [capture_document(record) for record in bundle.report.captures],
    }


def suffix_of(report: ReportInput, sha256: str) -> str:
    """Return the file name ending that fits the video's container, or nothing."""
    for video in report.videos:
        if video.id == sha256 and video.info is not None:
            words = video.info.container.lower()
            return next((end for word, end in SUFFIXES.items() if word in words), "")
    return ""


def as_json(body: bytes) -> object:
    """Return parsed JSON; raises ``ValueError`` for what is none."""
    try:
        return json.loads(body)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc
