"""Whether a bundle's anchors fit its chain, and whether its tokens still vouch for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tracker.errors import IntegrityError
from tracker.evidence.anchors import LedgerHashes, anchor_digest, check_anchors, read_statement
from tracker.model.anchor import Anchor, TokenKind, TokenState
from tracker.model.ledger import Broken, LedgerEntry, LedgerKind
from tracker.reports.bundle.anchor_form import folder_of, token_file
from tracker.reports.bundle.bag import Written
from tracker.reports.bundle.check_ledger import CheckedLedger
from tracker.reports.bundle.contents import as_json
from tracker.reports.bundle.read import Bundle

_STATEMENT = re.compile(r"data/anchors/(\d{6,12})/anchor\.json")
_PARTS = ("request", "response", "chain", "ca")


def check_anchor_part(
    bundle: Bundle, files: Mapping[str, Written], ledger: CheckedLedger
) -> tuple[int, list[Broken]]:
    """Return how many anchors there are, and what is broken about them and their tokens."""
    anchors: dict[int, Anchor] = {}
    broken = list(_statements(bundle, anchors))
    in_order = [anchors[number] for number in sorted(anchors)]
    broken += check_anchors(_hashes(ledger), in_order)
    for entry, body in _bodies(ledger, LedgerKind.ANCHOR):
        broken += _recorded(entry, body, anchors)
    for entry, body in _bodies(ledger, LedgerKind.TIMESTAMP):
        broken += _token(bundle, files, entry, body)
    return len(anchors), broken


def _statements(bundle: Bundle, anchors: dict[int, Anchor]) -> Iterator[Broken]:
    for path in sorted(bundle.paths()):
        found = _STATEMENT.fullmatch(path)
        if found is None:
            continue
        name = str(int(found[1]))
        try:
            anchor = read_statement(bundle.read(path))
        except (IntegrityError, ValueError) as exc:
            yield Broken("anchor", name, str(exc))
            continue
        if str(anchor.number) != name:
            yield Broken("anchor", name, "its statement is that of another anchor")
        anchors[anchor.number] = anchor


def _hashes(ledger: CheckedLedger) -> LedgerHashes:
    hashes = LedgerHashes()
    for sequence, previous, digest in (ledger.links[n] for n in sorted(ledger.links)):
        hashes.take(LedgerEntry(sequence, LedgerKind.GENESIS, "", "", previous, digest))
    return hashes


def _bodies(
    ledger: CheckedLedger, kind: LedgerKind
) -> Iterator[tuple[LedgerEntry, Mapping[str, Any]]]:
    for entry in ledger.whole:
        if entry.kind is kind:
            body = as_json(entry.body.encode())
            if isinstance(body, dict):
                yield entry, body


def _recorded(
    entry: LedgerEntry, body: Mapping[str, Any], anchors: Mapping[int, Anchor]
) -> Iterator[Broken]:
    number = body.get("anchor")
    anchor = anchors.get(number) if isinstance(number, int) else None
    if anchor is None:
        yield Broken("anchor", str(number), f"it is missing; entry {entry.sequence} records it")
    elif anchor_digest(anchor) != body.get("digest"):
        yield Broken("anchor", str(number), f"it is not what entry {entry.sequence} recorded")


def _token(
    bundle: Bundle, files: Mapping[str, Written], entry: LedgerEntry, body: Mapping[str, Any]
) -> Iterator[Broken]:
    """Check the files of one token against the entry that records it, and what it proves."""
    try:
        folder, kind = folder_of(int(body["anchor"])), TokenKind(body["kind"])
    except (KeyError, ValueError, TypeError):
        return
    whole = True
    for part in _PARTS:
        digest = body.get(part)
        if not isinstance(digest, str):
            continue
        path = f"{folder}/{token_file(kind, part, digest)}"
        if path not in files:
            whole = False
            yield Broken("token", path, f"it is missing; entry {entry.sequence} records it")
        elif files[path].sha256 != digest:
            whole = False
            yield Broken("token", path, f"it is not what entry {entry.sequence} recorded")
    if whole and kind is TokenKind.RFC3161 and body.get("state") == TokenState.VERIFIED.value:
        yield from _judged(bundle, folder, body)


def _judged(bundle: Bundle, folder: str, body: Mapping[str, Any]) -> Iterator[Broken]:
    from tracker.evidence.timestamp_tokens import judge_response  # loaded late: 60 ms

    path = f"{folder}/{body.get('response')}.tsr"
    nonce = body.get("nonce")
    try:
        verdict = judge_response(
            bundle.read(path),
            bundle.read(f"{folder}/anchor.json"),
            ca_pem=bundle.read(f"{folder}/{body.get('ca')}.pem"),
            nonce=int(nonce) if isinstance(nonce, str) and nonce.isdecimal() else None,
        )
    except IntegrityError as exc:
        yield Broken("token", path, str(exc))
        return
    if not verdict.verified:
        yield Broken("token", path, verdict.reason)
