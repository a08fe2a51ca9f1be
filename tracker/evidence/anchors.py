"""Anchors: what the ledger was at a moment, in one short text that others can timestamp.

The statement of an anchor is the canonical JSON of::

    {"format": "tracker/anchor/1", "number": 2, "first_sequence": 41, "last_sequence": 97,
     "head_hash": "…", "merkle_root": "…", "previous": "…", "at": "2026-11-24T00:00:00.000000Z"}

Its SHA-256 is what timestamp authorities sign and calendars commit to. Through ``previous`` and
through the ledger's own chain, whoever vouches for one anchor vouches for all before it.
"""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from tracker.evidence.canonical import canonical_json
from tracker.evidence.merkle import inclusion_proof, is_included, merkle_root
from tracker.model.anchor import Anchor, Token
from tracker.model.ids import SHA256_HEX
from tracker.model.ledger import Broken, LedgerEntry, LedgerKind

FORMAT = "tracker/anchor/1"
NO_PREVIOUS = "0" * 64
MAX_STATEMENT_BYTES = 4096
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z")
_TEXTS = ("head_hash", "merkle_root", "previous")
_NUMBERS = ("number", "first_sequence", "last_sequence")

UPKEEP = frozenset({LedgerKind.ANCHOR, LedgerKind.TIMESTAMP})
"""Entries about anchors themselves: alone they are no reason for another one."""


class LedgerHashes:
    """The hashes of ledger entries by their sequence: forty bytes an entry.

    ``take`` wants entries by ascending sequence, as the database gives them.
    """

    def __init__(self, entries: Iterable[LedgerEntry] = ()) -> None:
        self._sequences = array("q")
        self._hashes = bytearray()
        for entry in entries:
            self.take(entry)

    def take(self, entry: LedgerEntry) -> None:
        """Add an entry; what is no SHA-256 counts as one that nothing hashes to."""
        known = SHA256_HEX.match(entry.entry_hash)
        self._sequences.append(entry.sequence)
        self._hashes += bytes.fromhex(entry.entry_hash) if known else bytes(32)

    @property
    def last_sequence(self) -> int:
        """The number of the last entry; 0 of an empty ledger."""
        return self._sequences[-1] if self._sequences else 0

    def between(self, first: int, last: int) -> list[bytes]:
        """Return the hashes of the entries from ``first`` to ``last`` that are there."""
        start, end = bisect_left(self._sequences, first), bisect_right(self._sequences, last)
        return [bytes(self._hashes[n * 32 : n * 32 + 32]) for n in range(start, end)]


def anchor_statement(anchor: Anchor) -> bytes:
    """Return the text that is timestamped, as it is written to disk and into bundles."""
    fields = {name: getattr(anchor, name) for name in (*_NUMBERS, *_TEXTS, "at")}
    return canonical_json({"format": FORMAT, **fields})


def anchor_digest(anchor: Anchor) -> str:
    """Return the SHA-256 of the anchor's statement in lower-case hex."""
    return hashlib.sha256(anchor_statement(anchor)).hexdigest()


def read_statement(statement: bytes) -> Anchor:
    """Return the anchor a statement is of; ``ValueError`` unless it is one, to the letter."""
    if len(statement) > MAX_STATEMENT_BYTES:
        raise ValueError("too long for an anchor")
    try:
        read = json.loads(statement)
        anchor = Anchor(**{name: read[name] for name in (*_NUMBERS, *_TEXTS, "at")})
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise ValueError("not an anchor's statement") from exc
    if not _is_sound(anchor) or anchor_statement(anchor) != statement:
        raise ValueError("not an anchor's statement")
    return anchor


def next_anchor(hashes: LedgerHashes, previous: Anchor | None, at: datetime) -> Anchor:
    """Return the anchor of all entries behind ``previous``; ``ValueError`` when there is none."""
    first = previous.last_sequence + 1 if previous else 1
    leaves = hashes.between(first, hashes.last_sequence)
    if not leaves or at.tzinfo is None:
        raise ValueError("an anchor needs new entries and a time with its zone")
    return Anchor(
        number=previous.number + 1 if previous else 1,
        first_sequence=first,
        last_sequence=hashes.last_sequence,
        head_hash=leaves[-1].hex(),
        merkle_root=merkle_root(leaves).hex(),
        previous=anchor_digest(previous) if previous else NO_PREVIOUS,
        at=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    )


def check_anchor(hashes: LedgerHashes, anchor: Anchor) -> str | None:
    """Return why the ledger is not what it was when it was anchored; ``None`` if it still is."""
    if hashes.last_sequence < anchor.last_sequence:
        return (
            f"it covers the ledger up to entry {anchor.last_sequence}, which now ends at entry "
            f"{hashes.last_sequence}: its tail was cut off"
        )
    head = hashes.between(anchor.last_sequence, anchor.last_sequence)
    if [found.hex() for found in head] != [anchor.head_hash]:
        return f"entry {anchor.last_sequence} is not the one it recorded: the ledger was rewritten"
    leaves = hashes.between(anchor.first_sequence, anchor.last_sequence)
    if merkle_root(leaves).hex() != anchor.merkle_root:
        return (
            f"entries {anchor.first_sequence} to {anchor.last_sequence} are not those it recorded"
        )
    return None


def verify_anchors(entries: Iterable[LedgerEntry], anchors: Sequence[Anchor]) -> Iterator[Broken]:
    """Yield what is wrong with ``anchors`` (by ascending number) over a whole ledger.

    The chain of the entries themselves is ``hash_chain.check_chain``'s.
    """
    yield from check_anchors(LedgerHashes(entries), anchors)


def check_anchors(hashes: LedgerHashes, anchors: Sequence[Anchor]) -> Iterator[Broken]:
    """Yield each anchor that does not fit the ledger or does not follow the one before."""
    previous: Anchor | None = None
    for anchor in anchors:
        reason = _out_of_line(anchor, previous) or check_anchor(hashes, anchor)
        if reason:
            yield Broken("anchor", str(anchor.number), reason)
        previous = anchor


def prove_inclusion(hashes: LedgerHashes, anchor: Anchor, sequence: int) -> tuple[str, ...]:
    """Return the hashes that lead from entry ``sequence`` to the anchor's root, lowest first.

    Raises ``IndexError`` for an entry that is not among those the root is over.
    """
    leaves = hashes.between(anchor.first_sequence, anchor.last_sequence)
    return tuple(h.hex() for h in inclusion_proof(leaves, sequence - anchor.first_sequence))


def is_covered(entry: LedgerEntry, anchor: Anchor, proof: Sequence[str]) -> bool:
    """Tell whether ``proof`` shows that the anchor's root is over ``entry``."""
    try:
        leaf, path = bytes.fromhex(entry.entry_hash), [bytes.fromhex(h) for h in proof]
    except ValueError:
        return False
    size = anchor.last_sequence - anchor.first_sequence + 1
    index = entry.sequence - anchor.first_sequence
    return is_included(leaf, index, size, path, bytes.fromhex(anchor.merkle_root))


def anchor_body(anchor: Anchor) -> dict[str, object]:
    """Return the body of the ledger entry that records an anchor."""
    return {
        "anchor": anchor.number,
        "digest": anchor_digest(anchor),
        "first_sequence": anchor.first_sequence,
        "last_sequence": anchor.last_sequence,
        "merkle_root": anchor.merkle_root,
    }


def token_body(token: Token) -> dict[str, object]:
    """Return the body of the ledger entry that records a token: every field of it."""
    return {
        "anchor": token.anchor,
        "kind": token.kind.value,
        "authority": token.authority,
        "state": token.state.value,
        "reason": token.reason,
        "received_at": _stamp(token.received_at),
        **token.files(),
        "gen_at": _stamp(token.gen_at),
        "policy": token.policy,
        "nonce": token.nonce,
        "serial": token.serial,
        "block_height": token.block_height,
    }


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _out_of_line(anchor: Anchor, previous: Anchor | None) -> str | None:
    number = previous.number + 1 if previous else 1
    if anchor.number != number:
        return f"anchor {number} is missing before it"
    first = previous.last_sequence + 1 if previous else 1
    if anchor.previous != _digest_of(previous) or anchor.first_sequence != first:
        return "it does not follow the anchor before it: one of the two was replaced"
    return None


def _digest_of(previous: Anchor | None) -> str | None:
    try:
        return anchor_digest(previous) if previous else NO_PREVIOUS
    except ValueError:  # a row that was changed to what no anchor can say
        return None


def _is_sound(anchor: Anchor) -> bool:
    texts = [getattr(anchor, name) for name in _TEXTS]
    numbers = [getattr(anchor, name) for name in _NUMBERS]
    return (
        all(isinstance(text, str) and SHA256_HEX.match(text) for text in texts)
        and all(type(n) is int and 0 < n < 2**53 for n in numbers)
        and anchor.first_sequence <= anchor.last_sequence
        and isinstance(anchor.at, str)
        and bool(_STAMP.match(anchor.at))
    )
