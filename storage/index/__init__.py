"""The exact index over all stored fingerprints."""

from storage.index.hash_index import FaissHashIndex, feature_rows, features_key

__all__ = ["FaissHashIndex", "feature_rows", "features_key"]
