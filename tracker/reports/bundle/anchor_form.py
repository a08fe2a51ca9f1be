"""Anchors and time stamps as a bundle holds them.

::

    data/anchors/index.json            tracker/anchors/1: every anchor, and the tokens that are here
    data/anchors/000001/anchor.json    the statement: exactly what is timestamped
    data/anchors/000001/SHA256.tsq     what was asked of an authority (RFC 3161)
    data/anchors/000001/SHA256.tsr     its answer
    data/anchors/000001/SHA256.pem     certificates: the answer's own, and those it was checked with
    data/anchors/000001/SHA256.ots     a proof of OpenTimestamps

Statements of all anchors are there, each holding the digest of the one before; tokens only of the
anchors that first covered an entry about the case, and of the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.evidence.anchors import anchor_digest, anchor_statement
from tracker.model.anchor import Anchor, Token, TokenKind, TokenState
from tracker.reports.documents import Document, instant_text

FOLDER = "data/anchors"
SUFFIXES = {
    "request": ".tsq",
    "chain": ".pem",
    "ca": ".pem",
}


@dataclass(frozen=True, slots=True)
class AnchorPart:
    """An anchor with what is held about it; ``files`` are (name, bytes) of its tokens."""

    anchor: Anchor
    tokens: tuple[Token, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()


def folder_of(number: int) -> str:
    """Return the folder of an anchor in a bundle."""
    return f"{FOLDER}/{number:06}"


def token_file(kind: TokenKind, part: str, sha256: str) -> str:
    """Return the name of a token's file: ``part`` is request, response, chain or ca."""
    response = ".ots" if kind is TokenKind.OPENTIMESTAMPS else ".tsr"
    return sha256 + SUFFIXES.get(part, response)


def anchor_files(parts: tuple[AnchorPart, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every statement and token."""
    for part in parts:
        folder = folder_of(part.anchor.number)
        yield f"{folder}/anchor.json", anchor_statement(part.anchor)
        for name, body in dict(part.files).items():
            yield f"{folder}/{name}", body


def anchors_document(parts: tuple[AnchorPart, ...]) -> Document:
    """Return ``tracker/anchors/1``."""
    return {
        "schema": "tracker/anchors/1",
        "anchors": [
            {
                "number": part.anchor.number,
                "first_sequence": part.anchor.first_sequence,
                "last_sequence": part.anchor.last_sequence,
                "digest": anchor_digest(part.anchor),
                "at": part.anchor.at,
                "tokens": [token_document(token) for token in part.tokens],
            }
            for part in parts
        ],
    }


def token_document(token: Token) -> Document:
    """Return a token: who vouches, how far it was checked, and its files by their digests."""
    return {
        "kind": token.kind.value,
        "authority": token.authority,
        "state": token.state.value,
        "reason": token.reason or None,
        "received_at": instant_text(token.received_at),
        "gen_at": instant_text(token.gen_at),
        "policy": token.policy,
        "serial": token.serial,
        "nonce": token.nonce,
        "block_height": token.block_height,
        "files": token.files(),
    }


def openssl_lines(parts: tuple[AnchorPart, ...]) -> tuple[str, ...]:
    """Return the line that checks each verified RFC 3161 token; it prints ``Verification: OK``."""
    return tuple(
        _openssl_line(folder_of(part.anchor.number), token)
        for part in parts
        for token in part.tokens
        if token.kind is TokenKind.RFC3161 and token.state is TokenState.VERIFIED and token.ca
    )


def _openssl_line(folder: str, token: Token) -> str:
    untrusted = f" \\\n  -untrusted {folder}/{token.chain}.pem" if token.chain else ""
    return (
        f"openssl ts -verify -data {folder}/anchor.json \\\n"
        f"  -in {folder}/{token.response}.tsr \\\n"
        f"  -CAfile {folder}/{token.ca}.pem{untrusted}"
    )
