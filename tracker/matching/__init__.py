"""Finds what two videos share: candidates, alignment in time, proof, and what was changed."""
