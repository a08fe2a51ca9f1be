"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# No example may fail for being slow: how long one takes is the machine's affair, and is measured
# by benchmarks.
settings.register_profile("tracker", deadline=None)
settings.load_profile("tracker")


@pytest.fixture(autouse=True)
def _log_of_this_test_only() -> Iterator[None]:
    """A command run within a test logs to its standard error, which is closed after the test."""
    yield
    structlog.reset_defaults()
