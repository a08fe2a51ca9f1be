"""Anchor the ledger, and have outside parties vouch for the time of the newest anchor.

Each anchor names the one before, so a token over the newest vouches for everything before it too:
an authority that was away is asked about the newest anchor only. What is known of an authority is
asked of the database, so nothing is lost by a kill and nothing is asked twice without need.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from storage import anchors as anchor_rows
from storage import attempts, row_changes
from storage.anchor_store import CERTIFICATES, REQUEST, RESPONSES
from tracker.clock import Clock
from tracker.errors import NetworkError, OutsideError, TrackerError
from tracker.evidence.anchors import anchor_digest, anchor_statement
from tracker.ingest.stage import Archive, tried
from tracker.model.anchor import Anchor, Token, TokenKind, TokenState

if TYPE_CHECKING:
    from tracker.evidence.timestamp_tokens import TokenVerdict
    from tracker.net.timestamping import TimestampDoor  # who only asks how it stands needs none

NAME = "timestamp"
UPGRADES_AT_ONCE = 50
UPGRADES_END_AFTER = timedelta(days=30)
"""Calendars commit within hours; a promise as old as this is not asked about again."""
MAX_CA_BYTES = 1024 * 1024

Key = tuple[int, TokenKind, str]
"""Anchor, kind and authority: what one line of tokens is about, the newest last."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A timestamp authority; without a file of certificates its word is kept, not verified."""

    url: str
    ca_file: Path | None


@dataclass(frozen=True, slots=True)
class TimestampTerms:
    """Who is asked."""

    authorities: tuple[Authority, ...] = ()
    calendars: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anchored:
    """What one run came to: the newest anchor, and what came in or failed on the way."""

    anchor: Anchor | None
    is_new: bool = False
    tokens: tuple[Token, ...] = ()
    failed: tuple[tuple[str, TrackerError], ...] = ()


@dataclass(frozen=True, slots=True)
class _Question:
    """``name`` is what failures are counted under."""

    name: str
    ask: Callable[[], Iterator[Token]]


@dataclass(frozen=True, slots=True)
class _Known:
    """The anchors by number, and the newest token of each line."""

    anchors: Mapping[int, Anchor]
    newest: Mapping[Key, Token]


class Anchoring:
    """Makes anchors and gathers tokens over them."""

    def __init__(
        self, archive: Archive, door: TimestampDoor, terms: TimestampTerms, clock: Clock
    ) -> None:
        self._archive = archive
        self._store = archive.anchors
        self._door = door
        self._terms = terms
        self._clock = clock
        self._all_recorded = False  # found out once: it takes a look at all states

    def run(
        self, stopping: Callable[[], bool] = lambda: False, *, at_once: bool = False
    ) -> Anchored:
        """Anchor what is new, then ask whoever is due (``at_once``: whoever failed lately too).

        Raises ``DatabaseError`` and ``OutsideError`` of the disk; what authorities do wrong is
        counted, logged with the failing work and returned.
        """
        self._record_older_rows(stopping)
        anchor, is_new = self._anchor()
        if anchor is None:
            return Anchored(None)
        tokens: list[Token] = list(self._believed_now())
        failed: list[tuple[str, TrackerError]] = []
        for question in self._questions(anchor):
            if stopping():
                break
            if not at_once and self._waits(question.name):
                continue
            try:
                with tried(
                    NAME, question.name, self._archive, self._clock,
                    stopping=stopping, gives_up=False,
                ):  # fmt: skip
                    tokens.extend(question.ask())
            except TrackerError as exc:
                failed.append((question.name, exc))
        return Anchored(anchor, is_new, tuple(tokens), tuple(failed))

    def _record_older_rows(self, stopping: Callable[[], bool]) -> None:
        """Have the ledger say what an older release kept without saying so; once, in steps."""
        database = self._archive.database
        if self._all_recorded:
            return
        with database.read() as session:
            unrecorded = row_changes.unrecorded(session)
        for kind in unrecorded:
            after = None
            while True:
                if stopping():
                    return
                with database.write() as session:
                    owners = row_changes.owners_after(session, kind, after)
                    row_changes.adopt(session, kind, owners)
                if not owners:
                    break
                after = owners[-1]
        if unrecorded:
            with database.write() as session:
                row_changes.finish_adoption(session, self._clock.now())
        self._all_recorded = True

    def _anchor(self) -> tuple[Anchor | None, bool]:
        with self._archive.database.read() as session:
            last = anchor_rows.last_anchor(session)
        if last is not None:
            # A run may have been killed below; once there is a newer anchor nobody would look.
            self._store.put_statement(last)
        with self._archive.database.write() as session:
            made = anchor_rows.make_anchor(session, self._clock.now())
            newest = made or anchor_rows.last_anchor(session)
        if newest is not None:
            self._store.put_statement(newest)
        return newest, made is not None

    def _known(self) -> _Known:
        with self._archive.database.read() as session:
            found = anchor_rows.anchors(session)
            newest = {(t.anchor, t.kind, t.authority): t for t in anchor_rows.tokens(session)}
        return _Known({anchor.number: anchor for anchor in found}, newest)

    def _waits(self, name: str) -> bool:
        with self._archive.database.read() as session:
            return attempts.waits(session, NAME, name, self._clock.now())

    def _questions(self, anchor: Anchor) -> Iterator[_Question]:
        known = self._known()
        for authority in self._terms.authorities:
            token = known.newest.get((anchor.number, TokenKind.RFC3161, authority.url))
            if token is None or self._was_refused(anchor, token):
                yield _Question(authority.url, partial(self._timestamp, anchor, authority))
        for calendar in self._terms.calendars:
            if (anchor.number, TokenKind.OPENTIMESTAMPS, calendar) not in known.newest:
                yield _Question(calendar, partial(self._submit, anchor, calendar))
        for token in self._promises(known.newest.values()):
            its = known.anchors[token.anchor]
            yield _Question(upgrade_name(token.authority), partial(self._upgrade, its, token))

    # --- timestamp authorities ---------------------------------------------------------------

    def _timestamp(self, anchor: Anchor, authority: Authority) -> Iterator[Token]:
        """Ask for a token, keep whatever comes back, and raise when it is a refusal."""
        from tracker.evidence.timestamp_tokens import timestamp_request  # loaded late, as below

        asked = timestamp_request(anchor_statement(anchor))
        request = self._store.put(anchor, asked.body, REQUEST)
        try:
            reply = self._door.ask_authority(authority.url, asked.body)
        except TrackerError:
            self._store.remove(anchor, request, REQUEST)  # nobody answered it
            raise
        response = self._store.put(anchor, reply.body, RESPONSES[TokenKind.RFC3161])
        token = Token(
            anchor=anchor.number,
            kind=TokenKind.RFC3161,
            authority=authority.url,
            state=TokenState.HELD,
            reason="",
            received_at=self._clock.now(),
            request=request,
            response=response,
        )
        token, verdict = self._judged(anchor, token, reply.body, authority, asked.nonce)
        self._keep(token)
        yield token
        if not verdict.granted or not (reply.is_timestamp or verdict.verified):
            raise NetworkError(f"{authority.url}: {token.reason}")

    def _judged(
        self, anchor: Anchor, token: Token, body: bytes, authority: Authority, nonce: int | None
    ) -> tuple[Token, TokenVerdict]:
        """Return the token with what can be said of it now, the certificates kept beside it."""
        # Loaded late: the library costs each command some 60 ms.
        from tracker.evidence.timestamp_tokens import judge_response

        ca, trouble = _read_ca(authority.ca_file)
        verdict = judge_response(body, anchor_statement(anchor), ca_pem=ca, nonce=nonce)
        reason = trouble if trouble and verdict.granted else verdict.reason
        judged = replace(
            token,
            state=verdict.state,
            reason=reason,
            chain=self._put_pem(anchor, verdict.chain_pem),
            ca=self._put_pem(anchor, ca),
            gen_at=verdict.gen_at,
            policy=verdict.policy,
            nonce=None if nonce is None else str(nonce),
            serial=verdict.serial,
        )
        return judged, verdict

    def _put_pem(self, anchor: Anchor, pem: bytes | None) -> str | None:
        return self._store.put(anchor, pem, CERTIFICATES) if pem else None

    def _was_refused(self, anchor: Anchor, token: Token) -> bool:
        """Tell whether asking again may help: the answer held is no token at all."""
        if token.state is TokenState.VERIFIED:
            return False
        from tracker.evidence.timestamp_tokens import judge_response

        try:
            body = self._store.read(anchor, token.response, RESPONSES[token.kind])
        except TrackerError:
            return True
        return not judge_response(body, b"", ca_pem=None, nonce=None).granted

    def _believed_now(self) -> Iterator[Token]:
        """Judge held tokens again where the config now names other certificates."""
        known = self._known()
        for authority in self._terms.authorities:
            ca, _ = _read_ca(authority.ca_file)
            digest = None if ca is None else hashlib.sha256(ca).hexdigest()
            for token in _held(known.newest.values(), authority.url):
                if digest is not None and digest != token.ca:
                    yield from self._judge_again(known.anchors[token.anchor], token, authority)

    def _judge_again(self, anchor: Anchor, token: Token, authority: Authority) -> Iterator[Token]:
        try:
            body = self._store.read(anchor, token.response, RESPONSES[token.kind])
        except TrackerError:
            return  # `tracker verify` names it
        nonce = int(token.nonce) if token.nonce and token.nonce.isdecimal() else None
        judged, verdict = self._judged(anchor, token, body, authority, nonce)
        if verdict.verified:
            self._keep(judged)
            yield judged

    # --- calendars ---------------------------------------------------------------------------

    def _submit(self, anchor: Anchor, calendar: str) -> Iterator[Token]:
        # Loaded late: the library costs each command some 100 ms.
        from tracker.evidence.calendar_proofs import new_proof

        digest = bytes.fromhex(anchor_digest(anchor))
        answer = self._door.submit(calendar, digest)
        try:
            proof = new_proof(digest, answer)
        except ValueError as exc:
            raise NetworkError(f"{calendar}: {exc}") from exc
        yield self._keep_proof(anchor, calendar, proof)

    def _upgrade(self, anchor: Anchor, token: Token) -> Iterator[Token]:
        """Ask the calendars of a pending proof; yields a token once it leads to a block."""
        from tracker.evidence.calendar_proofs import read_proof, upgraded_proof

        proof = self._store.read(anchor, token.response, RESPONSES[token.kind])
        digest = bytes.fromhex(anchor_digest(anchor))
        try:
            for promise in read_proof(proof, digest).promises:
                answer = self._door.upgrade(promise.calendar, promise.commitment)
                if answer is not None:
                    proof = upgraded_proof(proof, promise, answer)
            state = read_proof(proof, digest).state
        except ValueError as exc:
            raise NetworkError(f"{token.authority}: {exc}") from exc
        if state is TokenState.ATTESTED:
            yield self._keep_proof(anchor, token.authority, proof)

    def _keep_proof(self, anchor: Anchor, calendar: str, proof: bytes) -> Token:
        from tracker.evidence.calendar_proofs import read_proof

        read = read_proof(proof, bytes.fromhex(anchor_digest(anchor)))
        token = Token(
            anchor=anchor.number,
            kind=TokenKind.OPENTIMESTAMPS,
            authority=calendar,
            state=read.state,
            reason="",
            received_at=self._clock.now(),
            request=None,
            response=self._store.put(anchor, proof, RESPONSES[TokenKind.OPENTIMESTAMPS]),
            block_height=read.block_height,
        )
        self._keep(token)
        return token

    def _promises(self, tokens: Iterable[Token]) -> list[Token]:
        """Return the pending proofs to ask about, the oldest first."""
        since = self._clock.now() - UPGRADES_END_AFTER
        pending = [t for t in tokens if t.state is TokenState.PENDING and t.received_at >= since]
        return sorted(pending, key=lambda t: (t.received_at, t.authority))[:UPGRADES_AT_ONCE]

    def _keep(self, token: Token) -> None:
        with self._archive.database.write() as session:
            anchor_rows.add_token(session, token, self._clock.now())


def upgrade_name(calendar: str) -> str:
    """Return what failures to upgrade a calendar's proofs are counted under."""
    return f"{calendar} (upgrade)"


def _held(tokens: Iterable[Token], authority: str) -> list[Token]:
    return [
        t
        for t in tokens
        if (t.kind, t.state, t.authority) == (TokenKind.RFC3161, TokenState.HELD, authority)
    ]


def _read_ca(path: Path | None) -> tuple[bytes | None, str]:
    """Return the certificates to believe, or ``None`` and what keeps us from having any."""
    if path is None:
        return None, "the config names no ca_file to check it against"
    try:
        with path.expanduser().open("rb") as stream:
            return stream.read(MAX_CA_BYTES), ""
    except OSError as exc:
        problem = OutsideError(f"cannot read the ca_file {path}: {exc.strerror}")
        return None, str(problem)
