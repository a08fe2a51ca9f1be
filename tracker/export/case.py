"""Everything a bundle holds, read from the archive: the evidence behind one report."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlmodel import Session

from storage import anchors as anchor_rows
from storage import clips as clip_rows
from storage import fingerprints as fingerprint_rows
from storage import ledger
from storage.anchor_store import AnchorStore, token_files
from tracker.evidence.anchors import UPKEEP
from tracker.evidence.canonical import canonical_json
from tracker.export.gather import Gatherer, videos_of
from tracker.ingest.stage import Archive
from tracker.model.anchor import Anchor
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerEntry, LedgerKind
from tracker.model.match import Match
from tracker.reports.bundle.anchor_form import AnchorPart
from tracker.reports.bundle.contents import BundleInput, StoredFile
from tracker.reports.criteria import lacking
from tracker.reports.redact import Redactor
from tracker.reports.report_input import ReportInput

BATCH = 2000
_OF_PAIRS = frozenset({LedgerKind.MATCH, LedgerKind.SOUND_MATCH})


class Cases:
    """Gathers bundles."""

    def __init__(
        self, archive: Archive, gatherer: Gatherer, algorithm_key: str, anchors: AnchorStore
    ) -> None:
        self._anchor_store = anchors
        self._archive = archive
        self._gatherer = gatherer
        self._algorithm = algorithm_key

    def bundle(
        self,
        session: Session,
        report: ReportInput,
        redactor: Redactor | None,
        *,
        originals: bool,
    ) -> BundleInput:
        """Return the bundle of a report, redacted if there is a redactor."""
        answers = () if redactor else tuple(self._answers(report))
        revisions = () if redactor else tuple(self._revisions(session, report))
        kept, changed = self._entries(session, report, redactor)
        parts = tuple(self._anchors(session, [e.sequence for e in (*kept, *changed)]))
        kept = tuple(sorted((*kept, *_upkeep(session, report, parts)), key=lambda e: e.sequence))
        shown = redactor.value(report) if redactor else report
        stored = tuple(self._originals(report)) if originals else ()
        return BundleInput(
            report=shown,
            answers=answers,
            manifests=() if redactor else tuple(self._manifests(report)),
            originals=stored,
            videos=videos_of(report.chain),
            fingerprint=self._fingerprint,
            keyframes=self._gatherer.keyframes,
            algorithm_key=self._algorithm,
            matches=_matches(report),
            revisions=revisions,
            entries=kept,
            redacted_entries=changed,
            redacted=redactor is not None,
            missing=tuple(_missing(report, len(stored), redacted=redactor is not None)),
            incomplete=tuple(_incomplete(shown)),
            anchors=parts,
        )

    def _answers(self, report: ReportInput) -> Iterator[StoredFile]:
        for digest in sorted({r.body_sha256 for r in report.captures if r.held and r.body_sha256}):
            yield StoredFile(digest, self._archive.media.path(digest))

    def _manifests(self, report: ReportInput) -> Iterator[StoredFile]:
        digests = {held.credentials.manifest_sha256 for held in report.credentials}
        for digest in sorted(filter(None, digests)):
            if self._archive.media.contains(digest):
                yield StoredFile(digest, self._archive.media.path(digest))

    def _originals(self, report: ReportInput) -> Iterator[StoredFile]:
        for held in report.held:
            if held.original:
                yield StoredFile(held.video, self._archive.media.path(held.video))

    def _revisions(self, session: Session, report: ReportInput) -> Iterator[tuple[int, str]]:
        for stored in clip_rows.revisions(session, report.chain.clip):
            yield stored.revision, stored.document

    def _fingerprint(self, video: VideoId) -> Fingerprint | None:
        with self._archive.database.read() as session:
            return fingerprint_rows.get_fingerprint(session, video, self._algorithm)

    def _anchors(self, session: Session, sequences: list[int]) -> Iterator[AnchorPart]:
        """Yield every anchor, with tokens where it first covers an entry or is the last."""
        anchors = anchor_rows.anchors(session)
        wanted = {_first_over(anchors, sequence) for sequence in sequences}
        for anchor in anchors:
            if anchor.number not in wanted and anchor is not anchors[-1]:
                yield AnchorPart(anchor)
                continue
            tokens = tuple(anchor_rows.tokens(session, anchor.number))
            files = {
                f"{digest}{suffix}": self._anchor_store.read(anchor, digest, suffix)
                for token in tokens
                for digest, suffix in token_files(token).values()
            }
            yield AnchorPart(anchor, tokens, tuple(files.items()))

    def _entries(
        self, session: Session, report: ReportInput, redactor: Redactor | None
    ) -> tuple[tuple[LedgerEntry, ...], tuple[LedgerEntry, ...]]:
        """Return the entries about the case, and those whose text had to be changed."""
        names = _names(report)
        kept: list[LedgerEntry] = []
        changed: list[LedgerEntry] = []
        for entry in _ledger(session, report.archive.ledger_entries):
            if not concerns(entry, names):
                continue
            shown = _redacted(entry, redactor) if redactor else entry
            (kept if shown == entry else changed).append(shown)
        return tuple(kept), tuple(changed)


def _first_over(anchors: Sequence[Anchor], sequence: int) -> int | None:
    at = bisect_left([anchor.last_sequence for anchor in anchors], sequence)
    return anchors[at].number if at < len(anchors) else None


def _upkeep(
    session: Session, report: ReportInput, parts: Sequence[AnchorPart]
) -> Iterator[LedgerEntry]:
    """Yield the entries that record the anchors with tokens in the bundle, and those tokens."""
    told = {part.anchor.number for part in parts if part.tokens}
    for kind in sorted(UPKEEP):
        for entry in ledger.of_kind(session, kind):
            inside = entry.sequence <= report.archive.ledger_entries
            if inside and json.loads(entry.body).get("anchor") in told:
                yield entry


def concerns(entry: LedgerEntry, names: frozenset[str]) -> bool:
    """Tell whether an entry is about a case, by the names of its clip, posts, files and answers.

    What two videos share concerns a case only if both are of it: the other one may be of a case
    that is nobody's business.
    """
    if entry.kind is LedgerKind.GENESIS:
        return True
    if entry.kind is LedgerKind.STATE:  # digests of rows of one archive, of several cases at once
        return False
    try:
        body = json.loads(entry.body)
    except (ValueError, RecursionError):
        return False
    if entry.kind in _OF_PAIRS:
        return isinstance(body, dict) and names.issuperset(
            str(body.get(key)) for key in ("query", "reference")
        )
    return any(text in names for text in _strings(body))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _names(report: ReportInput) -> frozenset[str]:
    links = report.chain.links
    return frozenset(
        {
            report.chain.clip,
            *videos_of(report.chain),
            *(link.appearance.post.key for link in links if link.appearance.post),
            *(r.body_sha256 for r in report.captures if r.body_sha256),
        }
    )


def _ledger(session: Session, through: int) -> Iterator[LedgerEntry]:
    after = 0
    while batch := ledger.entries(session, after, BATCH):
        for entry in batch:
            if entry.sequence > through:
                return
            yield entry
        after = batch[-1].sequence


def _redacted(entry: LedgerEntry, redactor: Redactor) -> LedgerEntry:
    body = redactor.value(json.loads(entry.body))
    return replace(entry, body=canonical_json(body).decode())


def _matches(report: ReportInput) -> tuple[Match, ...]:
    found: dict[frozenset[str], Match] = {}
    for item in report.compared:
        match = item.match if item.match.query < item.match.reference else item.match.swapped()
        found.setdefault(frozenset((match.query, match.reference)), match)
    return tuple(sorted(found.values(), key=lambda match: (match.query, match.reference)))


# --- what is not there --------------------------------------------------------------------


def _missing(report: ReportInput, originals: int, *, redacted: bool) -> Iterator[str]:
    """Say what a reader may look for in vain, and why."""
    answers = {r.body_sha256: r.held for r in report.captures if r.body_sha256}
    if redacted:
        yield (
            f"{len(answers)} raw answers, manifests of Content Credentials and recorded documents "
            "of the chain are left out: they hold names"
        )
    for digest, held in sorted(answers.items()):
        if not held:
            yield f"the raw answer {digest} is not held any more"
    kept = sum(item.original for item in report.held)
    if kept and not originals:
        yield f"{kept} original files were not asked for (--originals)"
    for item in report.held:
        if not item.original:
            yield f"the original {item.video} is not held any more"
        if item.algorithm is None:
            yield f"{item.video} has no fingerprint of the present algorithm"


def _incomplete(report: ReportInput) -> Iterator[str]:
    """Say which captures lack what a court asks for, and which posts have none."""
    for number, record in enumerate(report.captures, start=1):
        if lacks := ", ".join(lacking(record)):
            yield f"capture {number} of {record.exchange.requested_url} lacks {lacks}"
    captured = {record.post for record in report.captures}
    for link in report.chain.links:
        post = link.appearance.post
        if post is not None and post.key not in captured:
            yield f"no answer was captured for {post.key}"
