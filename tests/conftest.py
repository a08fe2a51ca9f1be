"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# No example may fail for being slow: how long one takes is the machine's affair, and is measured
# by benchmarks.
settings.register_profile("tracker", deadline=None)
settings.load_profile("tracker")
