"""When X says no: for how long, and for what else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import TrackerError
from tracker.net.x_refusals import WINDOW, Scope, is_used_up, refusal, reset_at

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def stamp(**ahead: float) -> str:
    return str(int((NOW + timedelta(**ahead)).timestamp()))


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, WINDOW),
        ({"x-rate-limit-reset": stamp(minutes=4)}, timedelta(minutes=4)),
        ({"x-rate-limit-reset": stamp(minutes=-4)}, timedelta(seconds=1)),
        ({"x-rate-limit-reset": stamp(days=40)}, WINDOW),
        ({"x-rate-limit-reset": "soon"}, WINDOW),
        ({"x-rate-limit-reset": "٣"}, WINDOW),
        (
            {
                "x-rate-limit-remaining": "0",
                "x-rate-limit-reset": stamp(minutes=4),
                "x-app-limit-24hour-remaining": "0",
                "x-app-limit-24hour-reset": stamp(hours=9),
            },
            timedelta(hours=9),
        ),
        (
            {
                "x-rate-limit-reset": stamp(minutes=4),
                "x-app-limit-24hour-remaining": "7",
                "x-app-limit-24hour-reset": stamp(hours=9),
            },
            timedelta(minutes=4),
        ),
    ],
)
def test_when_the_next_request_is_welcome(headers: dict[str, str], wait: timedelta) -> None:
    assert reset_at(headers, NOW) == NOW + wait


def test_the_last_request_of_a_window_says_so() -> None:
    assert is_used_up({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1"})
    assert not is_used_up({"x-rate-limit-remaining": "1", "x-rate-limit-reset": "1"})
    assert not is_used_up({"x-rate-limit-remaining": "0"})
    assert not is_used_up({})


@pytest.mark.parametrize(
    ("status", "document", "scope"),
    [
        (429, {}, Scope.ENDPOINT),
        (429, {"title": "UsageCapExceeded"}, Scope.MONTH),
        (429, {"type": "https://api.x.com/2/problems/usage-capped"}, Scope.MONTH),
        (403, {"type": "https://api.twitter.com/2/problems/usage-capped"}, Scope.MONTH),
        (402, {}, Scope.MONTH),
        (403, {"type": "https://api.twitter.com/2/problems/client-forbidden"}, Scope.ENDPOINT),
        (401, {}, Scope.TOKEN),
        (400, {"errors": [{"message": "bad"}]}, Scope.REQUEST),
        (500, {}, Scope.REQUEST),
        (404, {}, Scope.REQUEST),
    ],
)
def test_what_else_a_refusal_holds_for(
    status: int, document: dict[str, object], scope: Scope
) -> None:
    found = refusal("timeline", status, {}, document, NOW)
    assert found.scope is scope
    lasting = scope in {Scope.ENDPOINT, Scope.TOKEN}
    assert (found.error.retry_at is not None) is lasting


@given(
    st.integers(100, 999),
    st.dictionaries(st.sampled_from(["title", "detail", "type", "errors"]), st.text() | st.none()),
    st.dictionaries(st.sampled_from(["x-rate-limit-reset", "x-rate-limit-remaining"]), st.text()),
)
def test_any_refusal_is_one_line_and_no_wait_is_endless(
    status: int, document: dict[str, object], headers: dict[str, str]
) -> None:
    error = refusal("timeline", status, headers, document, NOW).error
    assert isinstance(error, TrackerError)
    assert "\n" not in str(error)
    assert str(error).isprintable()
    assert error.retry_at is None or NOW < error.retry_at <= NOW + timedelta(days=2)
