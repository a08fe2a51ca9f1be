"""Requests are counted by host and by what came of them."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.webserver import serve
from tracker.clock import SystemClock
from tracker.errors import TrackerError
from tracker.metrics import REGISTRY
from tracker.net.guard import AddressGuard
from tracker.net.http import HttpClient, HttpLimits


def _counted(outcome: str) -> float:
    text = generate_latest(REGISTRY).decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "tracker_fetches_total" and sample.labels["outcome"] == outcome
    )


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize(
    ("outcome", "address"),
    [
        ("2xx", lambda site: site.add("/there", "text")),
        ("4xx", lambda site: site.url("/nowhere")),
        ("failed", lambda _site: f"http://127.0.0.1:{_closed_port()}/"),
        ("refused", lambda _site: "http://10.0.0.1/"),
    ],
)
def test_each_request_counts_once_by_what_came_of_it(
    outcome: str, address: Callable[..., str]
) -> None:
    guard = AddressGuard(allowed_networks=("127.0.0.0/8",))
    client = HttpClient(HttpLimits(), guard, SystemClock())
    before = _counted(outcome)
    with serve() as site:
        try:
            client.get(address(site))
        except TrackerError:
            assert outcome != "2xx"
    client.close()
    assert _counted(outcome) == before + 1
