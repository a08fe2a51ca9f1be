"""The indexes over all stored fingerprints."""

from storage.index.hash_index import FaissHashIndex, feature_rows
from storage.index.layouts import FEATURES, HASHES, features_key

__all__ = ["FEATURES", "HASHES", "FaissHashIndex", "feature_rows", "features_key"]
