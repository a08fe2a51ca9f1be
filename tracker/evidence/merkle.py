"""A Merkle tree: one hash that stands for many, and short proofs of what it covers.

Leaves and nodes are hashed under different prefixes, so that none can be passed off as the
other. Source: RFC 6962, section 2.1 (RFC 9162 keeps the same tree).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

LEAF = b"\x00"
NODE = b"\x01"


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the 32-byte root over ``leaves``; that of no leaves is the hash of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    return _root([_leaf(leaf) for leaf in leaves])


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the hashes that lead from ``leaves[index]`` up to the root, lowest first.

    Raises ``IndexError`` for a leaf that is not there.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} in a tree of {len(leaves)}")
    return tuple(_path([_leaf(leaf) for leaf in leaves], index))


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether ``proof`` shows ``leaf`` to be number ``index`` of the ``size`` under ``root``.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    position, last, found = index, size - 1, _leaf(leaf)
    for sibling in proof:
        if last == 0:
            return False
        if position % 2 or position == last:
            found = _node(sibling, found)
            while position % 2 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            found = _node(found, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and found == root


def _root(hashes: Sequence[bytes]) -> bytes:
    # Level by level; an odd one out moves up unchanged, which is RFC 6962's tree.
    level = list(hashes)
    while len(level) > 1:
        paired = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def _path(hashes: Sequence[bytes], index: int) -> list[bytes]:
    level, path = list(hashes), []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        paired = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
        index >>= 1
    return path


def _leaf(body: bytes) -> bytes:
    return hashlib.sha256(LEAF + body).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()
