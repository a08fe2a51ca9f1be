"""Frames in, fingerprint out."""
