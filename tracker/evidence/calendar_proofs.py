"""OpenTimestamps: proofs that a digest was committed to a blockchain, or will be.

A proof (``.ots``) is a path of hashes from a digest to attestations: a calendar's promise while it
is pending, a block of Bitcoin later. Which block has that header is for whoever checks it against
a node or a list of headers: here a path is read, and no more than that is said.
The one place where exceptions of opentimestamps are caught. Source: the library's serialisation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.op import OpSHA256
from opentimestamps.core.serialize import (
    BytesDeserializationContext,
    BytesSerializationContext,
    DeserializationError,
)
from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp

from tracker.model.anchor import TokenState

MAX_ANSWER_BYTES = 10_000
"""What the calendars' own client reads of an answer."""
MAX_BLOCK_HEIGHT = 2**31


@dataclass(frozen=True, slots=True)
class Promise:
    """A calendar's word that it will commit ``commitment``; it is asked again at ``calendar``."""

    commitment: bytes
    calendar: str


@dataclass(frozen=True, slots=True)
class CalendarProof:
    """What a proof holds; ``block_height`` is of the earliest block of Bitcoin it leads to."""

    promises: tuple[Promise, ...]
    block_height: int | None

    @property
    def state(self) -> TokenState:
        """``ATTESTED`` once there is a path to a block, ``PENDING`` before."""
        return TokenState.PENDING if self.block_height is None else TokenState.ATTESTED


def new_proof(digest: bytes, answer: bytes) -> bytes:
    """Return the proof file made of a calendar's answer to ``digest`` (32 bytes).

    Raises ``ValueError`` for an answer that is none.
    """
    with _proof_errors("the answer is no timestamp"):
        return _written(_read_answer(answer, digest))


def read_proof(proof: bytes, digest: bytes) -> CalendarProof:
    """Return what a proof file holds; ``ValueError`` unless it is one over ``digest``."""
    with _proof_errors("not a proof of OpenTimestamps"):
        timestamp = _read_file(proof)
        found = list(timestamp.all_attestations())
    if timestamp.msg != digest:
        raise ValueError("the proof is over another digest")
    promises = [Promise(msg, a.uri) for msg, a in found if isinstance(a, PendingAttestation)]
    heights = [
        a.height
        for msg, a in found
        if isinstance(a, BitcoinBlockHeaderAttestation)
        and len(msg) == len(digest)
        and 0 <= a.height < MAX_BLOCK_HEIGHT
    ]
    ordered = sorted(set(promises), key=lambda p: (p.calendar, p.commitment))
    return CalendarProof(tuple(ordered), min(heights, default=None))


def upgraded_proof(proof: bytes, promise: Promise, answer: bytes) -> bytes:
    """Return ``proof`` with what a calendar has since found out about its promise.

    Raises ``ValueError`` for an answer that is no timestamp, and for a promise of another proof.
    """
    with _proof_errors("the answer is no timestamp"):
        whole = _read_file(proof)
        more = _read_answer(answer, promise.commitment)
        (place,) = [t for t in _nodes(whole) if t.msg == promise.commitment][:1]
        place.merge(more)
        return _written(whole)


def _read_answer(answer: bytes, digest: bytes) -> Timestamp:
    if len(answer) > MAX_ANSWER_BYTES:
        raise ValueError("it is too long")
    context = BytesDeserializationContext(answer)
    timestamp = Timestamp.deserialize(context, digest)
    context.assert_eof()
    return timestamp


def _read_file(proof: bytes) -> Timestamp:
    read = DetachedTimestampFile.deserialize(BytesDeserializationContext(proof))
    if not isinstance(read.file_hash_op, OpSHA256):
        raise ValueError("it is not over a SHA-256")  # noqa: TRY004 - a file that is no use, not a wrong argument
    return read.timestamp


def _written(timestamp: Timestamp) -> bytes:
    context = BytesSerializationContext()
    DetachedTimestampFile(OpSHA256(), timestamp).serialize(context)
    written: bytes = context.getbytes()
    return written


def _nodes(timestamp: Timestamp) -> Iterator[Timestamp]:
    yield timestamp
    for following in timestamp.ops.values():
        yield from _nodes(following)


@contextmanager
def _proof_errors(what: str) -> Iterator[None]:
    try:
        yield
    except (DeserializationError, ValueError, TypeError, AssertionError, RecursionError) as exc:
        raise ValueError(f"{what}: {exc}") from exc
