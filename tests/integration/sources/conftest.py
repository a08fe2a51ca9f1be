"""One client to the loopback platforms, and the application of the ingest tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.ingest.conftest import clock, make_app
from tracker.clock import SystemClock
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits

__all__ = ["clock", "make_app"]

LIMITS = HttpLimits(
    connect_timeout_s=2, read_timeout_s=2, total_timeout_s=4, max_page_bytes=2_000_000
)


@pytest.fixture
def http() -> Iterator[HttpClient]:
    client = HttpClient(LIMITS, AddressGuard(allow_private=True), SystemClock())
    yield client
    client.close()
