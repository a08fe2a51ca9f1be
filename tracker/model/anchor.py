"""Anchors of the ledger, and the tokens by which outside parties vouch for their time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the ledger was at one moment: all entries up to ``last_sequence``.

    ``merkle_root`` is over the hashes of the entries ``first_sequence`` to ``last_sequence``, the
    ones since the anchor before; ``head_hash`` is the hash of the last; ``previous`` is the digest
    of the anchor before (64 zeros for the first). Hashes are lower-case hex. What is
    timestamped is its statement (see ``tracker.evidence.anchors``).
    """

    number: int
    first_sequence: int
    last_sequence: int
    head_hash: str
    merkle_root: str
    previous: str
    at: str  # ISO 8601 UTC with Z, microseconds


class TokenKind(StrEnum):
    """Who vouches for the time, and how."""

    RFC3161 = "rfc3161"
    OPENTIMESTAMPS = "opentimestamps"


class TokenState(StrEnum):
    """How far a token goes."""

    VERIFIED = "verified"  # a timestamp authority's signature over this anchor, checked
    HELD = "held"  # an answer that is kept and not verified; the reason says why
    PENDING = "pending"  # a calendar promised to commit it to a blockchain
    ATTESTED = "attested"  # a path to a block is held; its header was not looked at


@dataclass(frozen=True, slots=True)
class Token:
    """One answer about one anchor. Files are named by their SHA-256; ``None``: there is none.

    ``response`` is the raw answer (RFC 3161) or the proof (``.ots``), ``request`` what was asked,
    ``chain`` the certificates of the answer and ``ca`` the ones it was checked against (PEM).
    ``gen_at`` is the authority's time, ``policy`` its policy as dotted numbers, ``nonce`` and
    ``serial`` decimal numbers as text; all four are as the answer says and only worth something
    when the state is ``VERIFIED``. ``block_height`` is of Bitcoin.
    """

    anchor: int
    kind: TokenKind
    authority: str
    state: TokenState
    reason: str
    received_at: datetime
    request: str | None
    response: str
    chain: str | None = None
    ca: str | None = None
    gen_at: datetime | None = None
    policy: str | None = None
    nonce: str | None = None
    serial: str | None = None
    block_height: int | None = None

    def files(self) -> dict[str, str]:
        """Return the digests of its files by what they are: request, response, chain, ca."""
        named = {
            "request": self.request,
            "response": self.response,
            "chain": self.chain,
            "ca": self.ca,
        }
        return {name: digest for name, digest in named.items() if digest is not None}
