"""Proof that what is kept is what was recorded: canonical JSON, hash chain, Merkle root."""
