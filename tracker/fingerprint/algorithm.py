"""Which fingerprint this release makes: its name, parameters and the libraries behind it."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version

from tracker.model.algorithm import Algorithm

HASH_SIZE = 16
"""Side of the block of DCT coefficients: 16 gives 256 bits.

64 bits leave too little between related and unrelated frames once several views are compared:
unrelated frames of the accuracy corpus come within 12 of 64 bits, but not within 70 of 256
(one pair in a hundred million).
"""

CODE_BYTES = HASH_SIZE * HASH_SIZE // 8
SAMPLE_INTERVAL_MS = 250
GRAY_SIDE = 192
FEATURE_SIDE = 288
"""Longer side of the picture that features are taken from."""

FEATURE_INTERVAL_MS = 1000
FEATURES_PER_FRAME = 60
VIEWS_REVISION = 2
"""Raised whenever views, their boxes or the quality gate change."""

FEATURES_REVISION = 2
"""Raised whenever anything about keypoints, their codes or their choice changes."""

_BIT_DECIDING = ("av", "imagehash", "numpy", "opencv-python-headless", "pillow")


@lru_cache(maxsize=1)
def current_algorithm() -> Algorithm:
    """Return the algorithm whose fingerprints this installation makes."""
    parameters = {
        "feature_interval_ms": FEATURE_INTERVAL_MS,
        "feature_side": FEATURE_SIDE,
        "features": FEATURES_REVISION,
        "features_per_frame": FEATURES_PER_FRAME,
        "bits": HASH_SIZE * HASH_SIZE,
        "gray_side": GRAY_SIDE,
        "interval_ms": SAMPLE_INTERVAL_MS,
        "views": VIEWS_REVISION,
    }
    return Algorithm(
        name="phash-views",
        parameters=tuple(f"{name}={value}" for name, value in sorted(parameters.items())),
        versions=tuple(f"{name}={_release(name)}" for name in _BIT_DECIDING),
    )


def _release(package: str) -> str:
    """Return major and minor version: bug-fix releases do not change pictures."""
    return ".".join(version(package).split(".")[:2])
