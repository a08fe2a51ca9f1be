from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.timestamps.combine import combine
from tracker.timestamps.conflicts import conflicts, gap

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
Minutes = float | None


def claim(
    kind: ClaimKind,
    start_min: Minutes,
    end_min: Minutes,
    *,
    forgeable_by: ForgeableBy = ForgeableBy.PLATFORM,
    source: str = "test",
) -> TimeClaim:
    """A claim from ``start_min`` to ``end_min``, minutes after noon."""
    first = None if start_min is None else NOON + timedelta(minutes=start_min)
    last = None if end_min is None else NOON + timedelta(minutes=end_min)
    return TimeClaim(kind, TimeInterval(first, last), forgeable_by, source)


def span(claims: list[TimeClaim]) -> tuple[ClaimKind, Minutes, Minutes] | None:
    found = combine(claims)
    if found is None:
        return None
    ends = (found.interval.earliest_at, found.interval.latest_at)
    first, last = (None if at is None else (at - NOON) / timedelta(minutes=1) for at in ends)
    return found.basis, first, last


K = ClaimKind


@pytest.mark.parametrize(
    "kinds",
    [
        (K.ID_DERIVED, K.PLATFORM_REPORTED),
        (K.PLATFORM_REPORTED, K.PAGE_METADATA),
        (K.PLATFORM_REPORTED, K.FEED),
        (K.PAGE_METADATA, K.OPERATOR),
        (K.FEED, K.OPERATOR),
        (K.OPERATOR, K.HTTP_HEADER),
        (K.PAGE_METADATA, K.HTTP_HEADER),
    ],
)
def test_the_more_trustworthy_kind_wins_even_when_wider(kinds: tuple[K, K]) -> None:
    better, worse = kinds
    assert span([claim(worse, 0, 1), claim(better, 100, 200)]) == (better, 100, 200)


def test_what_the_uploader_chose_counts_less_than_what_the_platform_says() -> None:
    tid = claim(K.ID_DERIVED, 0, 5, forgeable_by=ForgeableBy.UPLOADER)
    indexed = claim(K.PLATFORM_REPORTED, 60, 61)
    assert span([tid, indexed]) == (K.PLATFORM_REPORTED, 60, 61)
    assert span([tid, claim(K.PAGE_METADATA, 60, 61)]) == (K.ID_DERIVED, 0, 5)


def test_the_narrowest_of_one_kind_wins() -> None:
    day, second = claim(K.PLATFORM_REPORTED, -720, 720), claim(K.PLATFORM_REPORTED, 3, 4)
    assert span([day, second]) == (K.PLATFORM_REPORTED, 3, 4)


def test_what_was_first_observed_bounds_the_interval_above() -> None:
    day = claim(K.PLATFORM_REPORTED, -720, 720)
    assert span([day, claim(K.FIRST_OBSERVED, None, 30)]) == (K.PLATFORM_REPORTED, -720, 30)
    assert span([day, claim(K.FIRST_OBSERVED, None, 9000)]) == (K.PLATFORM_REPORTED, -720, 720)


def test_a_bound_that_contradicts_the_claim_does_not_change_it() -> None:
    stated = claim(K.PLATFORM_REPORTED, 10, 20)
    assert span([stated, claim(K.FIRST_OBSERVED, None, 5)]) == (K.PLATFORM_REPORTED, 10, 20)


def test_only_observed() -> None:
    seen = [claim(K.FIRST_OBSERVED, 40, 40), claim(K.FIRST_OBSERVED, 30, 30)]
    assert span(seen) == (K.FIRST_OBSERVED, None, 30)


def test_the_upload_of_the_media_bounds_the_post_below() -> None:
    upload = claim(K.ID_DERIVED, 10, None, source="x:media_id")
    day = claim(K.PLATFORM_REPORTED, -720, 720)
    assert span([day, upload]) == (K.PLATFORM_REPORTED, 10, 720)
    assert span([upload, claim(K.FIRST_OBSERVED, None, 90)]) == (K.ID_DERIVED, 10, 90)
    assert span([upload]) == (K.ID_DERIVED, 10, None)


@pytest.mark.parametrize("kind", [K.CONTAINER_METADATA, K.C2PA_SIGNED])
def test_when_a_file_was_made_is_never_when_it_was_published(kind: K) -> None:
    assert combine([claim(kind, 0, 1)]) is None
    assert span([claim(kind, 0, 1), claim(K.OPERATOR, 5, 6)]) == (K.OPERATOR, 5, 6)


def test_nothing_to_go_by() -> None:
    assert combine([]) is None
    assert combine([claim(K.OPERATOR, None, None)]) is None


X_ID = claim(K.ID_DERIVED, 0, 0.1, source="x:id")


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (X_ID, claim(K.PLATFORM_REPORTED, -1548, -1547.9), "share of something else"),
        (X_ID, claim(K.PLATFORM_REPORTED, 3, 3.1), "share of something else"),
        (
            claim(K.ID_DERIVED, 10, None, source="x:media_id"),
            claim(K.PLATFORM_REPORTED, 0, 1),
            "upload of its media",
        ),
        (claim(K.ID_DERIVED, 10, None, source="x:media_id"), X_ID, "upload of its media"),
        (claim(K.PLATFORM_REPORTED, 0, 1), claim(K.FIRST_OBSERVED, None, -5), "first saw"),
        (claim(K.PAGE_METADATA, 0, 1), claim(K.ARCHIVE_CAPTURE, None, -5), "web archive"),
        (claim(K.ID_DERIVED, 0, 1), claim(K.TSA, None, -5), "trusted timestamp"),
        (claim(K.FEED, 0, 1), claim(K.CONTAINER_METADATA, 60, 60), "re-encoded or replaced"),
        (claim(K.FEED, 0, 1), claim(K.C2PA_SIGNED, 60, 60), "re-encoded or replaced"),
        (claim(K.PAGE_METADATA, 0, 1), claim(K.FEED, 3000, 3001), "2 days apart"),
        (claim(K.PAGE_METADATA, 0, 1), claim(K.OPERATOR, 2000, 2001), "33.3 hours apart"),
        (claim(K.PAGE_METADATA, 0, 1), claim(K.PAGE_METADATA, 3000, 3001), "apart"),
        (claim(K.ID_DERIVED, 0, 1, source="tiktok:id"), claim(K.PLATFORM_REPORTED, 90, 91), "89"),
        (X_ID, claim(K.OPERATOR, -44, -44), "are 44 minutes apart"),
        (claim(K.ID_DERIVED, 0, 1, source="tiktok:id"), claim(K.OPERATOR, 90, 90), "89 minutes"),
    ],
)
def test_what_cannot_both_be_true(one: TimeClaim, other: TimeClaim, words: str) -> None:
    (found,) = conflicts([one, other])
    (swapped,) = conflicts([other, one])
    assert found.claims == (0, 1)
    assert words in found.text
    assert found.text == swapped.text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (X_ID, claim(K.PLATFORM_REPORTED, 0, 1)),
        (X_ID, claim(K.PLATFORM_REPORTED, 1, 1.1)),
        (X_ID, claim(K.OPERATOR, -1, -1)),
        (X_ID, claim(K.OPERATOR, -600, 840)),
        (claim(K.ID_DERIVED, 0, 1, source="instagram:id"), claim(K.PLATFORM_REPORTED, 30, 31)),
        (claim(K.PAGE_METADATA, 0, 1), claim(K.FEED, 1000, 1001)),
        (claim(K.FEED, 60, 61), claim(K.CONTAINER_METADATA, 0, 0)),
        (claim(K.FEED, 0, 1), claim(K.FIRST_OBSERVED, None, 5)),
        (claim(K.FEED, 0, 1), claim(K.HTTP_HEADER, 9000, 9001)),
        (claim(K.CONTAINER_METADATA, 0, 1), claim(K.C2PA_SIGNED, 9000, 9001)),
        (claim(K.FIRST_OBSERVED, None, 1), claim(K.TSA, None, -9000)),
        (claim(K.ID_DERIVED, -9000, None, source="x:media_id"), X_ID),
        (claim(K.FEED, None, None), claim(K.PAGE_METADATA, 0, 1)),
    ],
)
def test_what_may_both_be_true(one: TimeClaim, other: TimeClaim) -> None:
    assert conflicts([one, other]) == ()


def test_conflicts_name_the_claims_by_index() -> None:
    fine = claim(K.FEED, 0, 1)
    found = conflicts([fine, X_ID, fine, claim(K.PLATFORM_REPORTED, -500, -499)])
    assert [conflict.claims for conflict in found] == [(1, 3)]


ENDS = st.one_of(st.none(), st.integers(-5000, 5000))
CLAIMS = st.builds(
    lambda kind, ends, forger, source: claim(
        kind, *_ordered(*ends), forgeable_by=forger, source=source
    ),
    st.sampled_from(ClaimKind),
    st.tuples(ENDS, ENDS),
    st.sampled_from(ForgeableBy),
    st.sampled_from(["x:id", "x:media_id", "page", "feed"]),
)


def _ordered(start: Minutes, end: Minutes) -> tuple[Minutes, Minutes]:
    return (start, end) if start is None or end is None else (min(start, end), max(start, end))


@given(st.lists(CLAIMS, max_size=6).flatmap(lambda c: st.tuples(st.just(c), st.permutations(c))))
def test_the_order_of_claims_changes_nothing(
    both: tuple[list[TimeClaim], list[TimeClaim]],
) -> None:
    given_order, other_order = both
    assert combine(given_order) == combine(other_order)
    assert _facts(given_order) == _facts(other_order)


def _facts(claims: list[TimeClaim]) -> list[tuple[str, list[str]]]:
    return sorted(
        (found.text, sorted(repr(claims[index]) for index in found.claims))
        for found in conflicts(claims)
    )


@given(st.lists(CLAIMS, max_size=6))
def test_the_answer_lies_within_a_claim_of_its_kind(claims: list[TimeClaim]) -> None:
    found = combine(claims)
    if found is None:
        return
    same = [c.interval for c in claims if c.kind is found.basis]
    assert any(gap(interval, found.interval) == timedelta(0) for interval in same)


@given(CLAIMS, CLAIMS)
def test_overlapping_claims_never_conflict(one: TimeClaim, other: TimeClaim) -> None:
    if one.interval.overlaps(other.interval):
        assert conflicts([one, other]) == ()
