"""Anchors and tokens as JSON."""

from __future__ import annotations

from tracker.evidence.anchors import anchor_digest, token_body
from tracker.model.anchor import Anchor, Token
from tracker.model.summary import AnchorSummary


def anchor_document(anchor: Anchor) -> dict[str, object]:
    """Return an anchor with the digest that is timestamped."""
    return {
        "number": anchor.number,
        "entries": [anchor.first_sequence, anchor.last_sequence],
        "head_hash": anchor.head_hash,
        "merkle_root": anchor.merkle_root,
        "previous": anchor.previous,
        "at": anchor.at,
        "digest": anchor_digest(anchor),
    }


def token_document(token: Token) -> dict[str, object]:
    """Return a token as the ledger records it."""
    return token_body(token)


def anchors_document(summary: AnchorSummary) -> dict[str, object]:
    """Return the newest anchor and, of each authority, how many tokens there are in which state."""
    return {
        "last": None if summary.last is None else anchor_document(summary.last),
        "new_entries": summary.new_entries,
        "authorities": [
            {
                "authority": known.authority,
                "kind": known.kind.value,
                "verified": known.verified,
                "held": known.held,
                "pending": known.pending,
                "attested": known.attested,
                "error": known.error,
            }
            for known in summary.authorities
        ],
    }
