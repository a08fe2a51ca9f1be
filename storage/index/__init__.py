"""The exact hash index over all stored fingerprints."""

from storage.index.hash_index import FaissHashIndex

__all__ = ["FaissHashIndex"]
