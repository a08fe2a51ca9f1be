"""From the looks at a post to when it was last seen and first seen gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.model.status import PostStatus, StatusChange, visibility_of

START = datetime(2026, 3, 1, tzinfo=UTC)
LETTERS = {"L": PostStatus.LIVE, "D": PostStatus.DELETED, "P": PostStatus.PRIVATE}


def steps(text: str) -> list[StatusChange]:
    """Step ``n`` lasts from hour ``2n`` to ``2n + 1``."""
    hours = [START + timedelta(hours=hour) for hour in range(2 * len(text))]
    return [
        StatusChange(LETTERS[letter], hours[2 * n], hours[2 * n + 1])
        for n, letter in enumerate(text)
    ]


@pytest.mark.parametrize(
    ("looks", "seen_hour", "gone_hour", "gone_as"),
    [
        ("L", 1, None, None),
        ("LD", 1, 2, "deleted"),
        ("LPD", 1, 2, "private"),
        ("LDL", 5, 2, "deleted"),
        ("LDLP", 5, 6, "private"),
        ("LDLPDL", 11, 6, "private"),
        ("D", None, 0, "deleted"),
        ("DL", 3, 0, "deleted"),
    ],
)
def test_last_seen_and_first_gone(
    looks: str, seen_hour: int | None, gone_hour: int | None, gone_as: str | None
) -> None:
    found = visibility_of(steps(looks))
    assert found is not None
    hours = [
        None if at is None else (at - START) / timedelta(hours=1)
        for at in (found.last_seen_at, found.first_gone_at)
    ]
    assert hours == [seen_hour, gone_hour]
    assert (found.gone_as and found.gone_as.value) == gone_as


def test_nobody_looked() -> None:
    assert visibility_of([]) is None


@given(st.text(alphabet="LDP", min_size=1, max_size=12))
def test_gone_now_means_gone_after_it_was_last_seen(looks: str) -> None:
    found = visibility_of(steps(looks))
    assert found is not None
    assert found.status is LETTERS[looks[-1]]
    if found.status is PostStatus.LIVE:
        assert found.last_seen_at == found.last_look_at
    elif "L" in looks:
        assert found.first_gone_at is not None
        assert found.last_seen_at is not None
        assert timedelta(0) < found.first_gone_at - found.last_seen_at <= timedelta(hours=1)
