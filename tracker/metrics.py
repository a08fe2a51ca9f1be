"""What this process has done since it began, in counters that Prometheus reads.

Counting costs a dictionary look-up and is always on; whether anyone may read the counters is up to
the config. Labels take a bounded number of values: host names come from outside.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
MAX_HOSTS = 100
OTHER_HOSTS = "other"
MAX_HOST_CHARS = 100

_FETCHES = Counter(
    "tracker_fetches", "Requests to other hosts.", ["host", "outcome"], registry=REGISTRY
)
_ITEMS = Counter(
    "tracker_items", "Items that a stage tried.", ["stage", "outcome"], registry=REGISTRY
)
_FINGERPRINT_SECONDS = Histogram(
    "tracker_fingerprint_seconds",
    "How long decoding and fingerprinting one video took.",
    buckets=(1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600),
    registry=REGISTRY,
)
ProcessCollector(registry=REGISTRY)

_hosts: set[str] = set()
_lock = threading.Lock()


def count_fetch(host: str, outcome: str) -> None:
    """Count one request; the hundred hosts first asked have names, the rest are ``other``."""
    _FETCHES.labels(_bounded(host), outcome).inc()


def count_answer(host: str, status_code: int) -> None:
    """Count one request that was answered, by the class of its status (``2xx`` …)."""
    count_fetch(host, f"{status_code // 100}xx")


def count_item(stage: str, outcome: str) -> None:
    """Count one item that a stage has done (``done``), not managed or crashed on."""
    _ITEMS.labels(stage, outcome).inc()


@contextmanager
def fingerprint_timed() -> Iterator[None]:
    """Measure the block as the fingerprinting of one video, if it comes to an end."""
    started = time.monotonic()
    yield
    _FINGERPRINT_SECONDS.observe(time.monotonic() - started)


def _bounded(host: str) -> str:
    name = host.lower()[:MAX_HOST_CHARS]
    with _lock:
        if name in _hosts:
            return name
        if len(_hosts) >= MAX_HOSTS:
            return OTHER_HOSTS
        _hosts.add(name)
    return name
