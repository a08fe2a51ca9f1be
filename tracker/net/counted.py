"""Every request that httpx sends is counted by host and outcome (``tracker.metrics``)."""

from __future__ import annotations

import httpx

from tracker import metrics
from tracker.errors import ForbiddenAddress, TrackerError


class CountedTransport(httpx.HTTPTransport):
    """httpx's transport, which counts what came of each request."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer; raises what httpx and the connection below raise."""
        host = request.url.host
        try:
            answer = super().handle_request(request)
        except (httpx.HTTPError, TrackerError) as exc:
            metrics.count_fetch(host, outcome_of(exc))
            raise
        metrics.count_answer(host, answer.status_code)
        return answer


def outcome_of(error: Exception) -> str:
    """Return what a request that got no answer is counted as."""
    if isinstance(error, ForbiddenAddress):
        return "refused"
    return "timeout" if isinstance(error, httpx.TimeoutException) else "failed"
