"""Finds where a video was seen before, keeps the evidence, and says who posted it first."""

__version__ = "0.1.0"
