from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.op import OpAppend, OpSHA256
from opentimestamps.core.serialize import BytesSerializationContext
from opentimestamps.core.timestamp import Timestamp

from tracker.evidence.calendar_proofs import new_proof, read_proof, upgraded_proof
from tracker.model.anchor import TokenState

DIGEST = hashlib.sha256(b"an anchor").digest()
CALENDAR = "https://calendar.test"


def written(timestamp: Timestamp) -> bytes:
    context = BytesSerializationContext()
    timestamp.serialize(context)
    body: bytes = context.getbytes()
    return body


def promised(digest: bytes = DIGEST) -> bytes:
    timestamp = Timestamp(digest)
    end = timestamp.ops.add(OpAppend(b"calendar")).ops.add(OpSHA256())
    end.attestations.add(PendingAttestation(CALENDAR))
    return written(timestamp)


def in_block(commitment: bytes, height: int) -> bytes:
    timestamp = Timestamp(commitment)
    end = timestamp.ops.add(OpAppend(b"block")).ops.add(OpSHA256())
    end.attestations.add(BitcoinBlockHeaderAttestation(height))
    return written(timestamp)


def test_a_new_proof_is_pending() -> None:
    proof = read_proof(new_proof(DIGEST, promised()), DIGEST)
    assert (proof.state, proof.block_height) == (TokenState.PENDING, None)
    (promise,) = proof.promises
    assert promise.calendar == CALENDAR
    assert promise.commitment == hashlib.sha256(DIGEST + b"calendar").digest()


def test_an_upgraded_proof_names_its_block() -> None:
    pending = new_proof(DIGEST, promised())
    (promise,) = read_proof(pending, DIGEST).promises
    proof = upgraded_proof(pending, promise, in_block(promise.commitment, 871_234))
    assert read_proof(proof, DIGEST).state is TokenState.ATTESTED
    assert read_proof(proof, DIGEST).block_height == 871_234
    later = upgraded_proof(proof, promise, in_block(promise.commitment, 871_300))
    assert read_proof(later, DIGEST).block_height == 871_234


def test_a_proof_over_another_digest_is_none_of_ours() -> None:
    with pytest.raises(ValueError, match="another digest"):
        read_proof(new_proof(DIGEST, promised()), bytes(32))


def test_an_upgrade_of_another_promise_is_refused() -> None:
    pending = new_proof(DIGEST, promised())
    (other,) = read_proof(new_proof(bytes(32), promised(bytes(32))), bytes(32)).promises
    with pytest.raises(ValueError, match="no timestamp"):
        upgraded_proof(pending, other, in_block(other.commitment, 1))


@pytest.mark.parametrize("answer", [b"", b"<html>", b"\xff" * 9000, b"\x08" * 9000, b"x" * 10_001])
def test_garbage_is_no_proof(answer: bytes) -> None:
    with pytest.raises(ValueError, match="no timestamp"):
        new_proof(DIGEST, answer)


@given(st.binary(max_size=300))
def test_no_bytes_stop_the_reader(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"proof|timestamp"):
        read_proof(body, DIGEST)


@given(st.data())
def test_a_changed_proof_is_refused_or_says_something_else(data: st.DataObject) -> None:
    original = new_proof(DIGEST, promised())
    proof = bytearray(original)
    place = data.draw(st.integers(0, len(proof) - 1))
    proof[place] ^= data.draw(st.integers(1, 255))
    try:
        read = read_proof(bytes(proof), DIGEST)
    except ValueError:
        return
    assert read != read_proof(original, DIGEST)
