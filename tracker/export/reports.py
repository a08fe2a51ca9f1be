"""Writes a provenance report in any of its forms, and records the export."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlmodel import Session

from storage import ledger
from storage.anchor_store import AnchorStore
from storage.files import sync_directory
from tracker.clock import Clock
from tracker.errors import OutsideError, UsageError
from tracker.export.case import Cases
from tracker.export.gather import Gatherer
from tracker.export.names import redactor_for
from tracker.export.salts import read_salt, salt_of_case
from tracker.ingest.stage import Archive
from tracker.model.chain import Chain
from tracker.model.ledger import LedgerEntry, LedgerKind
from tracker.reports.bundle.bag import BagFacts
from tracker.reports.bundle.contents import BundleInput, bundle_files
from tracker.reports.bundle.ledger_form import Link
from tracker.reports.bundle.write import write_bundle
from tracker.reports.csv_table import render_csv
from tracker.reports.documents import instant_text
from tracker.reports.html import render_html
from tracker.reports.json_document import render_json
from tracker.reports.prov_document import render_prov
from tracker.reports.redact import Redactor
from tracker.reports.report_input import ReportInput
from tracker.subjects import Subjects

RENDERERS: Mapping[str, Callable[[ReportInput], str]] = {
    "html": render_html,
    "json": render_json,
    "csv": render_csv,
    "prov": render_prov,
}

Record = dict[str, object]
"""The body of an export's entry in the ledger."""

BUNDLE = "bundle"
FORMATS = (*RENDERERS, BUNDLE)


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What may be chosen: the videos themselves in a bundle, names of accounts replaced.

    ``salt_file`` holds the salt that replaces names, by default one kept with the archive.
    """

    originals: bool = False
    redact: bool = False
    salt_file: Path | None = None


class Reports:
    """Gathers what a report shows, writes it, and records the export.

    Anchors are read, and salts kept, under ``home``, the data directory.
    """

    def __init__(
        self, archive: Archive, subjects: Subjects, algorithm_key: str, clock: Clock, home: Path
    ) -> None:
        self._archive = archive
        self._subjects = subjects
        self._gatherer = Gatherer(archive, algorithm_key)
        self._cases = Cases(archive, self._gatherer, algorithm_key, AnchorStore(home / "anchors"))
        self._clock = clock
        self._salts = home / "redaction"

    def write(
        self, subject: str, form: str, output: Path, options: ReportOptions = ReportOptions()
    ) -> Path:
        """Write the report of ``subject`` to ``output`` and return the path.

        It appears whole or not at all. Of several clips that the subject shows, the report is
        about the one it shows most of. Raises ``UnknownSubject``, ``UsageError``,
        ``IntegrityError`` or ``OutsideError``.
        """
        _check(form, options)
        if str(output) == "-":
            raise UsageError("a report is written to a file, not to standard output: name one")
        if output.exists() and not (output.is_file() or output.is_dir()):
            raise UsageError(f"{output} is no regular file: a report would take its place")
        chain = self._subjects.chains(subject)[0]
        with self._archive.database.read() as session:
            report = self._gatherer.report(session, subject, chain)
            redactor = self._redactor(session, report, options)
            if form == BUNDLE:
                bundle = self._cases.bundle(session, report, redactor, originals=options.originals)
        if form == BUNDLE:
            self._write_bundle(output, bundle, _record(chain, form, redactor))
        else:
            shown = redactor.value(report) if redactor else report
            self._write_one(output, RENDERERS[form](shown), _record(chain, form, redactor))
        return output

    def page(self, subject: str) -> str:
        """Return the HTML report of ``subject`` as of now; looking at it is no export.

        Raises ``UnknownSubject``.
        """
        chain = self._subjects.chains(subject)[0]
        with self._archive.database.read() as session:
            return render_html(self._gatherer.report(session, subject, chain))

    def _write_bundle(self, output: Path, bundle: BundleInput, record: Record) -> None:
        chain = bundle.report.chain
        facts = BagFacts(chain.clip, bundle.report.tool_version, instant_text(chain.as_of) or "")
        write_bundle(output, facts, bundle_files(bundle), partial(self._seal, record))

    def _write_one(self, output: Path, text: str, record: Record) -> None:
        body = text.encode("utf-8")
        _write_whole(output, body)
        record = {
            **record,
            "export_sha256": hashlib.sha256(body).hexdigest(),
            "size_bytes": len(body),
        }
        with self._archive.database.write() as session:
            ledger.append(session, LedgerKind.EXPORT, record, at=self._clock.now())

    def _seal(self, record: Record, digest: str) -> tuple[LedgerEntry, list[Link]]:
        """Return the entry that seals files of that digest, and the chain up to it.

        An export of what was exported before is recorded as well, but sealed by the first entry:
        so the two are equal byte for byte.
        """
        record = {**record, "sealed_sha256": digest}
        with self._archive.database.write() as session:
            first = _sealed_before(session, digest)
            if first is not None:
                record["same_as_entry"] = first.sequence
            added = ledger.append(session, LedgerKind.EXPORT, record, at=self._clock.now())
            seal = first or added
            return seal, list(ledger.links(session, seal.sequence))

    def _redactor(
        self, session: Session, report: ReportInput, options: ReportOptions
    ) -> Redactor | None:
        if not options.redact:
            return None
        if options.salt_file is not None:
            salt = read_salt(options.salt_file)
        else:
            salt = salt_of_case(self._salts, report.chain.clip)
        return redactor_for(session, self._archive, report, salt)


def _check(form: str, options: ReportOptions) -> None:
    if options.originals and form != BUNDLE:
        raise UsageError("originals go into bundles only: --format bundle")
    if options.originals and options.redact:
        raise UsageError("original files name accounts in ways that cannot be replaced: "
                         "--originals and --redact exclude each other")  # fmt: skip
    if options.salt_file is not None and not options.redact:
        raise UsageError("a salt is for redacted reports: --redact")


def _record(chain: Chain, form: str, redactor: Redactor | None) -> Record:
    record: Record = {"clip": chain.clip, "revision": chain.revision, "format": form}
    return {**record, "redacted": True} if redactor else record


def _sealed_before(session: Session, digest: str) -> LedgerEntry | None:
    for entry in ledger.of_kind(session, LedgerKind.EXPORT):
        if digest in entry.body and json.loads(entry.body).get("sealed_sha256") == digest:
            return entry
    return None


def _write_whole(output: Path, body: bytes) -> None:
    """Write beside the target and rename, so that a reader never sees half a report."""
    temporary = output.parent / f".{output.name[:200]}.{secrets.token_hex(4)}"
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:  # its permissions are those of any new file
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(output)
        sync_directory(output.parent)
    except OSError as exc:
        raise OutsideError(f"cannot write {output}: {exc.strerror}") from exc
    finally:
        with suppress(OSError):  # whatever went wrong is told above; what is left is hidden
            temporary.unlink(missing_ok=True)
