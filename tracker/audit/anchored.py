"""Check anchors and tokens: the ledger against its anchors, and what outside parties signed.

Three places tell of an anchor: its row, the ledger's entry about it, and a copy of its statement
on disk. Whoever rewrites the ledger has to rewrite all three, and then no token fits any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from storage import anchors as anchor_rows
from storage.anchor_store import AnchorStore, token_files
from storage.anchors import StoredAnchor, StoredToken
from tracker.errors import IntegrityError, OutsideError
from tracker.evidence.anchors import (
    LedgerHashes,
    anchor_digest,
    anchor_statement,
    check_anchor,
    check_anchors,
    read_statement,
    token_body,
)
from tracker.evidence.canonical import canonical_digest
from tracker.evidence.recorded import RecordedDigest
from tracker.model.anchor import Anchor, Token, TokenKind, TokenState
from tracker.model.ledger import Broken

NAME_OF = {"request": "request", "response": "answer", "chain": "certificates", "ca": "CA file"}


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What lay in the anchors' folder before the database was read."""

    statements: tuple[tuple[Path, bytes], ...] = ()
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class AnchorsHeld:
    """The rows of one snapshot of the database."""

    anchors: tuple[StoredAnchor, ...]
    tokens: tuple[StoredToken, ...]

    @property
    def sound(self) -> dict[int, Anchor]:
        """The anchors, by number, that say what an anchor can say; the others are broken."""
        return {s.anchor.number: s.anchor for s in self.anchors if _digest(s) is not None}


def on_disk(store: AnchorStore) -> OnDisk:
    """Return what the folder holds; to be called before the database's snapshot is taken.

    Files about an anchor are written after its row, so what is listed now has its row then.
    """
    return OnDisk(tuple(store.statements()), tuple(store.files()))


def anchors_held(session: Session) -> AnchorsHeld:
    """Return every anchor and token of the database."""
    found = anchor_rows.stored_anchors(session), anchor_rows.stored_tokens(session)
    return AnchorsHeld(tuple(found[0]), tuple(found[1]))


def check_rows(
    held: AnchorsHeld,
    hashes: LedgerHashes,
    anchors: Mapping[int, RecordedDigest],
    tokens: Mapping[int, RecordedDigest],
) -> Iterator[Broken]:
    """Yield what does not fit between the ledger, its anchors and the tokens over them.

    ``anchors`` and ``tokens`` are what the ledger's entries say of them, by the number of the
    anchor and by the number of the entry.
    """
    yield from check_anchors(hashes, [s.anchor for s in held.anchors if _has_numbers(s.anchor)])
    rows = {stored.anchor.number: _digest(stored) for stored in held.anchors}
    for number, reason in _differing(anchors, rows):
        yield Broken("anchor", str(number), reason)
    answers = {stored.sequence: _token_digest(stored) for stored in held.tokens}
    names = {stored.sequence: _token_name(stored) for stored in held.tokens}
    for sequence, reason in _differing(tokens, answers):
        yield Broken("token", names.get(sequence, f"of entry {sequence}"), reason)


def check_copies(held: AnchorsHeld, hashes: LedgerHashes, disk: OnDisk) -> Iterator[Broken]:
    """Yield copies that were changed, and those of anchors the database knows nothing of."""
    known = {anchor_digest(anchor) for anchor in held.sound.values()}
    for path, statement in disk.statements:
        try:
            anchor = read_statement(statement)
        except ValueError:
            yield Broken("anchor", str(path), "it was changed: it is no anchor's statement")
            continue
        if anchor_digest(anchor) not in known:
            yield Broken("anchor", str(path), _unknown(anchor, hashes))


def check_files(held: AnchorsHeld, store: AnchorStore) -> Iterator[Broken]:
    """Yield copies and files of tokens that are gone or changed, and tokens that prove nothing."""
    anchors = held.sound
    newest = max(anchors, default=0)
    for number, anchor in anchors.items():
        path = store.statement_path(anchor)
        if number != newest and not path.is_file():
            yield Broken("anchor", str(path), "it is missing")
    for token in _readable(held):
        if token.anchor in anchors:
            yield from _check_token(store, anchors[token.anchor], token)


def count_files(held: AnchorsHeld) -> int:
    """Return how many files the tokens have, copies of the anchors included."""
    return len(held.anchors) + sum(len(token.files()) for token in _readable(held))


def notes(held: AnchorsHeld, store: AnchorStore, disk: OnDisk) -> Iterator[str]:
    """Yield what is not wrong but worth knowing: files nobody knows, tokens that prove nothing."""
    anchors = held.sound
    known = {path for token in _readable(held) for path in _paths(store, anchors, token)}
    yield from (f"{path} is recorded nowhere" for path in disk.files if path not in known)
    newest = {(t.anchor, t.kind, t.authority): t for t in _readable(held)}
    for token in newest.values():
        if token.state is TokenState.HELD:
            yield f"{_name(token)} is held, not verified: {token.reason}"
    last = anchors.get(max(anchors, default=0))
    if last is not None and not store.statement_path(last).is_file():
        yield f"{store.statement_path(last)} is not written yet; the next `tracker run` does it"


def _paths(store: AnchorStore, anchors: Mapping[int, Anchor], token: Token) -> Iterator[Path]:
    anchor = anchors.get(token.anchor)
    if anchor is not None:
        for digest, suffix in token_files(token).values():
            try:
                yield store.path(anchor, digest, suffix)
            except ValueError:
                continue  # a row that was changed: named elsewhere


def _differing(
    recorded: Mapping[int, RecordedDigest], rows: Mapping[int, str | None]
) -> Iterator[tuple[int, str]]:
    for number, digest in rows.items():
        entry = recorded.get(number)
        if entry is None:
            yield number, "no ledger entry records it (entries were removed)"
        elif digest != entry.value:
            yield number, f"the database no longer says what entry {entry.sequence} recorded"
    for number, entry in recorded.items():
        if number not in rows:
            yield number, f"it is gone from the database; entry {entry.sequence} records it"


def _digest(stored: StoredAnchor) -> str | None:
    """Return the digest of a row; ``None`` when it contradicts itself."""
    try:
        digest = anchor_digest(stored.anchor)
    except ValueError:
        return None
    return digest if digest == stored.digest else None


def _token_digest(stored: StoredToken) -> str | None:
    try:
        return None if stored.token is None else canonical_digest(token_body(stored.token))
    except ValueError:  # bytes in the place of text
        return None


def _has_numbers(anchor: Anchor) -> bool:
    """Tell whether an anchor covers entries at all: SQLite keeps anything in a column."""
    return isinstance(anchor.first_sequence, int) and isinstance(anchor.last_sequence, int)


def _unknown(anchor: Anchor, hashes: LedgerHashes) -> str:
    reason = check_anchor(hashes, anchor)
    if reason is None:
        return "the database has no such anchor: its row was removed or replaced"
    return f"the database was removed, replaced or put back to an earlier state: {reason}"


def _readable(held: AnchorsHeld) -> Iterable[Token]:
    return [s.token for s in held.tokens if s.token is not None and _token_digest(s) is not None]


def _check_token(store: AnchorStore, anchor: Anchor, token: Token) -> Iterator[Broken]:
    bodies: dict[str, bytes] = {}
    for part, (digest, suffix) in token_files(token).items():
        try:
            bodies[part] = store.read(anchor, digest, suffix)
        except ValueError:
            return  # a row that was changed: named elsewhere
        except (IntegrityError, OutsideError) as exc:
            name = str(store.path(anchor, digest, suffix))
            reason = str(exc).removeprefix(f"{name} ")
            yield Broken("token", name, f"{NAME_OF[part]} of {_name(token)}: {reason}")
    if "response" in bodies:
        doubt = _contradicted(token, anchor, bodies)
        if doubt:
            yield Broken("token", _name(token), doubt)


def _contradicted(token: Token, anchor: Anchor, bodies: Mapping[str, bytes]) -> str | None:
    """Return why the kept answer does not prove what is recorded of it."""
    if token.kind is TokenKind.OPENTIMESTAMPS:
        return _proof_contradicted(token, anchor, bodies["response"])
    if token.state is not TokenState.VERIFIED or "ca" not in bodies:
        return None
    from tracker.evidence.timestamp_tokens import judge_response  # loaded late: 60 ms

    nonce = int(token.nonce) if token.nonce and token.nonce.isdecimal() else None
    verdict = judge_response(
        bodies["response"], anchor_statement(anchor), ca_pem=bodies["ca"], nonce=nonce
    )
    if not verdict.verified:
        return f"it does not verify: {verdict.reason}"
    said = (verdict.gen_at, verdict.policy, verdict.serial)
    if said != (token.gen_at, token.policy, token.serial):
        return "it says another time, policy or serial number than was recorded"
    return None


def _proof_contradicted(token: Token, anchor: Anchor, proof: bytes) -> str | None:
    from tracker.evidence.calendar_proofs import read_proof  # loaded late: 100 ms

    try:
        read = read_proof(proof, bytes.fromhex(anchor_digest(anchor)))
    except ValueError as exc:
        return str(exc)
    if (read.state, read.block_height) != (token.state, token.block_height):
        return "the proof does not lead where was recorded"
    return None


def _token_name(stored: StoredToken) -> str:
    if stored.token is None:
        return f"of entry {stored.sequence}"
    return _name(stored.token)


def _name(token: Token) -> str:
    return f"{token.authority} over anchor {token.anchor}"
