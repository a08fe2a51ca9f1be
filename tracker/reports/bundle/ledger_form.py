"""Ledger entries as lines that ``sha256sum`` can check.

A line of ``entries.txt`` is ``HASH PREVIOUS FACTS``: ``HASH`` is the SHA-256 over ``PREVIOUS``, a
line feed and ``FACTS``, which is the entry's canonical JSON (see ``tracker.evidence.hash_chain``).
A line of ``chain.txt`` is ``SEQUENCE PREVIOUS HASH``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from tracker.errors import IntegrityError
from tracker.evidence.canonical import canonical_json
from tracker.model.ledger import LedgerEntry, LedgerKind
from tracker.reports.documents import Document

Link = tuple[int, str, str]
"""Sequence, previous hash, entry hash."""

_LINE = re.compile(r"([0-9a-f]{64}) ([0-9a-f]{64}) (\{.*\})")
_LINK = re.compile(r"(\d{1,15}) ([0-9a-f]{64}) ([0-9a-f]{64})")


def entry_line(entry: LedgerEntry) -> str:
    """Return the entry's line, with its line feed."""
    facts = {
        "at": entry.at,
        "body": entry.body,
        "kind": str(entry.kind),
        "sequence": entry.sequence,
    }
    return f"{entry.entry_hash} {entry.previous_hash} {canonical_json(facts).decode()}\n"


def parse_entry(line: str) -> LedgerEntry:
    """Return the entry of a line; raise ``IntegrityError`` for any other text."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise IntegrityError("not a line of the ledger")
    try:
        facts = json.loads(found[3])
        known = facts["kind"] in LedgerKind.__members__.values()
        return LedgerEntry(
            sequence=int(facts["sequence"]),
            kind=LedgerKind(facts["kind"]) if known else str(facts["kind"]),  # type: ignore[arg-type]  # kinds of a later release are passed on as they stand
            at=str(facts["at"]),
            body=str(facts["body"]),
            previous_hash=found[2],
            entry_hash=found[1],
        )
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise IntegrityError(f"no ledger entry: {exc}") from exc


def link_line(link: Link) -> str:
    """Return the line of one link of the whole chain, with its line feed."""
    return f"{link[0]} {link[1]} {link[2]}\n"


def parse_links(lines: Iterable[str]) -> Iterator[Link]:
    """Yield the links; raise ``IntegrityError``, naming the line, for any other text."""
    for number, line in enumerate(lines, start=1):
        found = _LINK.fullmatch(line)
        if found is None:
            raise IntegrityError(f"line {number} is no link of the ledger")
        yield int(found[1]), found[2], found[3]


def redacted_document(entries: Iterable[LedgerEntry]) -> Document:
    """Return ``tracker/redacted-entries/1``: entries whose text was changed, so not checkable."""
    return {
        "schema": "tracker/redacted-entries/1",
        "entries": [
            {
                "sequence": entry.sequence,
                "kind": str(entry.kind),
                "at": entry.at,
                "entry_hash": entry.entry_hash,
                "body": json.loads(entry.body),
            }
            for entry in entries
        ],
    }
