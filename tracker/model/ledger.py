"""Entries of the custody ledger."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LedgerKind(StrEnum):
    """What an entry records."""

    GENESIS = "genesis"
    CAPTURE = "capture"
    STATUS = "status"
    FINGERPRINT = "fingerprint"
    MATCH = "match"
    SOUND_MATCH = "sound_match"
    CHAIN = "chain"
    VERDICT = "verdict"
    EXPORT = "export"
    DELETION = "deletion"
    WATCH = "watch"
    DISCOVERY = "discovery"
    CREDENTIALS = "credentials"
    FIXITY = "fixity"
    HOLD = "hold"
    ANCHOR = "anchor"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One link of the hash chain.

    ``body`` is RFC 8785 canonical JSON; ``entry_hash`` is the lower-case hex SHA-256 over
    ``previous_hash`` and the canonical form of all other fields (see
    ``tracker.evidence.hash_chain``).
    """

    sequence: int
    kind: LedgerKind
    at: str  # ISO 8601 UTC with Z, microseconds
    body: str
    previous_hash: str
    entry_hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    """One item that ``tracker verify`` found not to be what was recorded."""

    kind: str  # file | entry | anchor | token
    name: str
    reason: str
