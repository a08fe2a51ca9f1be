"""Parsers of the sources: bytes in, values out, no network."""
