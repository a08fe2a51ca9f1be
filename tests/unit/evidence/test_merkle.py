from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.evidence.merkle import inclusion_proof, is_included, merkle_root

LEAVES = st.lists(st.binary(max_size=8), min_size=1, max_size=40)

# The log of the reference implementation's test data (RFC 6962 trees over these leaves).
KNOWN = [
    b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno",
]  # fmt: skip
KNOWN_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("size", sorted(KNOWN_ROOTS))
def test_the_known_roots(size: int) -> None:
    assert merkle_root(KNOWN[:size]).hex() == KNOWN_ROOTS[size]


@given(LEAVES, st.data())
def test_every_leaf_can_be_proved(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = inclusion_proof(leaves, index)
    assert is_included(leaves[index], index, len(leaves), proof, merkle_root(leaves))


@given(LEAVES, st.data())
def test_nothing_else_can_be_proved(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, root = inclusion_proof(leaves, index), merkle_root(leaves)
    size = len(leaves)
    assert not is_included(leaves[index] + b"x", index, size, proof, root)
    assert not is_included(leaves[index], index, size, (*proof, root), root)
    assert not is_included(leaves[index], size, size, proof, root)
    if proof:
        assert not is_included(leaves[index], index, size, proof[:-1], root)
        changed = bytes([proof[0][0] ^ 1]) + proof[0][1:]
        assert not is_included(leaves[index], index, size, (changed, *proof[1:]), root)


@given(LEAVES, st.data())
def test_a_changed_leaf_changes_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    changed = [*leaves]
    changed[index] += b"x"
    assert merkle_root(changed) != merkle_root(leaves)


def test_a_node_is_no_leaf() -> None:
    left, right = (merkle_root([leaf]) for leaf in (b"a", b"b"))
    assert merkle_root([left + right]) != merkle_root([b"a", b"b"])


def test_no_proof_for_a_leaf_that_is_not_there() -> None:
    with pytest.raises(IndexError, match="no leaf 2"):
        inclusion_proof([b"a", b"b"], 2)
