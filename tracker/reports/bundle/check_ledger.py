"""Whether a bundle's part of the ledger holds together, and with the whole chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tracker.errors import IntegrityError
from tracker.evidence.hash_chain import GENESIS_PREVIOUS, entry_hash
from tracker.evidence.recorded import Recorded
from tracker.model.ledger import Broken, LedgerEntry, LedgerKind
from tracker.reports.bundle.contents import as_json
from tracker.reports.bundle.ledger_form import Link, parse_entry, parse_links
from tracker.reports.bundle.read import Bundle
from tracker.reports.bundle.write import CHAIN, SEAL

ENTRIES, REDACTED = "data/ledger/entries.txt", "data/ledger/redacted.json"


@dataclass(slots=True)
class CheckedLedger:
    """What the ledger part says, as far as it is ``whole``; ``entries`` counts links."""

    links: dict[int, Link] = field(default_factory=dict)
    recorded: Recorded = field(default_factory=Recorded)
    whole: list[LedgerEntry] = field(default_factory=list)
    seal: LedgerEntry | None = None

    @property
    def entries(self) -> int:
        """How many entries the whole chain has."""
        return len(self.links)


def check_ledger(bundle: Bundle, about: Mapping[str, object]) -> tuple[CheckedLedger, list[Broken]]:
    """Return what the ledger part says and everything that is broken in it."""
    ledger = CheckedLedger()
    broken = list(_chain(bundle, ledger))
    broken += _entries(bundle, about, ledger)
    broken += _redacted(bundle, about, ledger)
    broken += _seal(bundle, ledger)
    return ledger, broken


def sealed_digest(seal: LedgerEntry) -> str | None:
    """Return the digest of ``sealed.txt`` that the sealing entry holds."""
    try:
        body = as_json(seal.body.encode())
    except ValueError:
        return None
    found = body.get("sealed_sha256") if isinstance(body, dict) else None
    return found if isinstance(found, str) else None


def _chain(bundle: Bundle, ledger: CheckedLedger) -> Iterator[Broken]:
    due, last = 1, GENESIS_PREVIOUS
    try:
        for link in parse_links(bundle.text(CHAIN).splitlines()):
            sequence, previous, found = link
            if sequence != due:
                yield Broken("entry", str(sequence), _out_of_place(sequence, due))
            elif previous != last:
                yield Broken("entry", str(sequence), "it does not follow the entry before it")
            ledger.links[sequence] = link
            due, last = sequence + 1, found
    except IntegrityError as exc:
        yield Broken("file", CHAIN, str(exc).removeprefix(f"{CHAIN} "))


def _out_of_place(sequence: int, due: int) -> str:
    if sequence < due:
        return f"out of order: number {due} was due here"
    missing = f"entry {due}" if sequence == due + 1 else f"entries {due} to {sequence - 1}"
    return f"{missing} before it {'is' if sequence == due + 1 else 'are'} missing"


def _entries(
    bundle: Bundle, about: Mapping[str, object], ledger: CheckedLedger
) -> Iterator[Broken]:
    found: list[int] = []
    try:
        lines = bundle.text(ENTRIES).split("\n")
    except IntegrityError as exc:
        yield Broken("file", ENTRIES, str(exc).removeprefix(f"{ENTRIES} "))
        return
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            entry = parse_entry(line)
        except IntegrityError as exc:
            yield Broken("entry", f"line {number} of {ENTRIES}", str(exc))
            continue
        reason = _wrong(entry, ledger) or _disordered(entry, found)
        found.append(entry.sequence)
        if reason is None:
            ledger.recorded.take(entry)
            ledger.whole.append(entry)
        else:
            yield Broken("entry", str(entry.sequence), reason)
    yield from _complete(found, _numbers(about, "entries"), ENTRIES)


def _wrong(entry: LedgerEntry, ledger: CheckedLedger) -> str | None:
    try:
        due = entry_hash(entry.sequence, entry.kind, entry.at, entry.body, entry.previous_hash)
    except ValueError:
        due = None
    if due != entry.entry_hash:
        return "its content is not what was recorded"
    if ledger.links.get(entry.sequence) != (entry.sequence, entry.previous_hash, entry.entry_hash):
        return "it has no place in the chain: another entry stands there"
    return None


def _disordered(entry: LedgerEntry, before: list[int]) -> str | None:
    return "out of order" if before and entry.sequence <= before[-1] else None


def _complete(found: list[int], listed: list[int], name: str) -> Iterator[Broken]:
    for sequence in sorted(set(listed) - set(found)):
        yield Broken("entry", str(sequence), f"it is missing from {name}")
    for sequence in sorted(set(found) - set(listed)):
        yield Broken("entry", str(sequence), f"it was added to {name}")


def _redacted(
    bundle: Bundle, about: Mapping[str, object], ledger: CheckedLedger
) -> Iterator[Broken]:
    listed = _numbers(about, "redacted_entries")
    if REDACTED not in bundle.paths():
        yield from _complete([], listed, REDACTED)
        return
    found: list[int] = []
    for item in _redacted_items(bundle):
        sequence, digest = item.get("sequence"), item.get("entry_hash")
        if not isinstance(sequence, int):
            yield Broken("file", REDACTED, "an entry in it has no number")
            continue
        found.append(sequence)
        link = ledger.links.get(sequence)
        if link is None or link[2] != digest:
            yield Broken("entry", str(sequence), "its hash is another one in the chain")
    yield from _complete(found, listed, REDACTED)


def _redacted_items(bundle: Bundle) -> list[dict[str, object]]:
    try:
        document = as_json(bundle.read(REDACTED))
    except (IntegrityError, ValueError):
        return []
    entries = document.get("entries") if isinstance(document, dict) else None
    return [item for item in entries if isinstance(item, dict)] if isinstance(entries, list) else []


def _seal(bundle: Bundle, ledger: CheckedLedger) -> Iterator[Broken]:
    if SEAL not in bundle.paths():
        return
    try:
        seal = parse_entry(bundle.text(SEAL).removesuffix("\n"))
    except IntegrityError as exc:
        yield Broken("file", SEAL, str(exc).removeprefix(f"{SEAL} "))
        return
    ledger.seal = seal
    reason = _wrong(seal, ledger)
    last = max(ledger.links, default=0)
    if reason is None and seal.kind is not LedgerKind.EXPORT:
        reason = "it seals no export"
    if last < seal.sequence:
        reason = f"the chain ends with entry {last}, before this one, which seals the bundle"
    elif reason is None and last > seal.sequence:
        reason = "it seals the bundle, yet entries follow it"
    if reason is not None:
        yield Broken("entry", str(seal.sequence), reason)


def _numbers(about: Mapping[str, object], key: str) -> list[int]:
    ledger = about.get("ledger")
    values = ledger.get(key) if isinstance(ledger, dict) else None
    return [n for n in values if isinstance(n, int)] if isinstance(values, list) else []
