from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.timestamps.claims import parse_datetime_claim
from tracker.timestamps.info_json import claims_from_info
from tracker.timestamps.snowflake import EPOCH


def read(text: str) -> TimeClaim | None:
    return parse_datetime_claim(text, ClaimKind.FEED, ForgeableBy.PLATFORM, "feed:published")


def ends(text: str) -> tuple[str, str] | None:
    claim = read(text)
    if claim is None or claim.interval.earliest_at is None or claim.interval.latest_at is None:
        return None
    return claim.interval.earliest_at.isoformat()[:-6], claim.interval.latest_at.isoformat()[:-6]


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2024-05-01T12:00:00Z", "2024-05-01T12:00:00", "2024-05-01T12:00:00.999999"),
        ("2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00", "2024-05-01T10:00:00.999999"),
        ("2024-05-01 12:00:00.25-0330", "2024-05-01T15:30:00.250000", "2024-05-01T15:30:00.259999"),
        ("2024-05-01T12:00Z", "2024-05-01T12:00:00", "2024-05-01T12:00:59.999999"),
        ("20240501T120000Z", "2024-05-01T12:00:00", "2024-05-01T12:00:00.999999"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59", "2016-12-31T23:59:59.999999"),
        ("2024-05-01", "2024-04-30T10:00:00", "2024-05-02T11:59:59.999999"),
        ("20240501", "2024-04-30T10:00:00", "2024-05-02T11:59:59.999999"),
        ("2024-05-01T12:00:00", "2024-04-30T22:00:00", "2024-05-02T00:00:00.999999"),
        ("Wed, 01 May 2024 10:00:00 GMT", "2024-05-01T10:00:00", "2024-05-01T10:00:00.999999"),
        ("Wed, 1 May 2024 10:00 EST", "2024-05-01T15:00:00", "2024-05-01T15:00:59.999999"),
        ("01 May 24 10:00:00 +0200", "2024-05-01T08:00:00", "2024-05-01T08:00:00.999999"),
        ("Wed, 01 May 2024 10:00:00", "2024-04-30T20:00:00", "2024-05-01T22:00:00.999999"),
        ("Wed, 01 May 2024 10:00:00 XYZ", "2024-04-30T20:00:00", "2024-05-01T22:00:00.999999"),
        ("  2024-05-01T12:00:00Z\n", "2024-05-01T12:00:00", "2024-05-01T12:00:00.999999"),
    ],
)
def test_a_date_is_as_wide_as_it_is_vague(text: str, earliest: str, latest: str) -> None:
    assert ends(text) == (earliest, latest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2024",
        "2024-13-01",
        "2024-02-30",
        "2024-05-01T25:00:00Z",
        "2024-05-01T12:61:00Z",
        "2024-05-01T12:00:00+25:00",
        "1970-01-01T00:00:00Z",
        "1989-12-31",
        "0001-01-01",
        "9999-12-31T23:59:59-12:00",
        "2101-06-01",
        "2024-05-01T12:00:00Z" + " " * 200,
        "32 May 2024 10:00:00 GMT",
        "٢٠٢٤-٠٥-٠١",
    ],
)
def test_garbage_and_absurd_years_make_no_claim(text: str) -> None:
    assert read(text) is None


def test_the_claim_says_where_it_came_from() -> None:
    claim = read("2024-05-01T12:00:00Z")
    assert claim is not None
    assert (claim.kind, claim.forgeable_by) == (ClaimKind.FEED, ForgeableBy.PLATFORM)
    assert claim.source == "feed:published"


ZONES = st.integers(-12 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.builds(
    lambda after, zone: (EPOCH + after).astimezone(zone),
    st.timedeltas(timedelta(days=21 * 366), timedelta(days=129 * 365)),
    ZONES,
)


@given(MOMENTS)
def test_what_is_written_with_its_zone_is_read_back(at: datetime) -> None:
    second = at.replace(microsecond=0).astimezone(UTC)
    for text in (at.isoformat(timespec="seconds"), format_datetime(at)):
        claim = read(text)
        assert claim is not None
        assert claim.interval.earliest_at == second
    exact = read(at.isoformat(timespec="microseconds"))
    assert exact is not None
    assert exact.interval == TimeInterval(at, at)


@given(MOMENTS)
def test_a_local_time_without_zone_still_holds_the_truth(at: datetime) -> None:
    for text in (f"{at:%Y-%m-%d}", f"{at:%Y-%m-%dT%H:%M}", f"{at:%d %b %Y %H:%M:%S}"):
        claim = read(text)
        assert claim is not None
        assert claim.interval.overlaps(TimeInterval(at, at))


@given(st.text(max_size=120))
def test_no_text_breaks_the_reader(text: str) -> None:
    read(text)


def test_info_of_yt_dlp() -> None:
    claims = claims_from_info(
        {
            "extractor": "youtube",
            "timestamp": 1700000000,
            "release_timestamp": 1700003600.0,
            "upload_date": "20231114",
            "epoch": 1800000000,
        }
    )
    at = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    almost = timedelta(microseconds=999_999)
    assert [(c.source, c.interval) for c in claims] == [
        ("yt-dlp:timestamp", TimeInterval(at, at + almost)),
        (
            "yt-dlp:release_timestamp",
            TimeInterval(at + timedelta(hours=1), at + timedelta(hours=1) + almost),
        ),
        ("yt-dlp:upload_date", TimeInterval.whole_day(at.date())),
    ]
    assert {c.kind for c in claims} == {ClaimKind.PLATFORM_REPORTED}


def test_the_day_alone_is_never_midnight() -> None:
    (claim,) = claims_from_info({"extractor": "tiktok", "upload_date": "20240131"})
    assert claim.interval == TimeInterval(
        datetime(2024, 1, 31, tzinfo=UTC),
        datetime(2024, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("info", "kind"),
    [
        ({"extractor": "generic", "direct": True}, ClaimKind.HTTP_HEADER),
        ({"extractor": "generic"}, ClaimKind.PAGE_METADATA),
        ({"extractor": "html5"}, ClaimKind.PAGE_METADATA),
        ({"extractor": "TikTok"}, ClaimKind.PLATFORM_REPORTED),
    ],
)
def test_who_reported_the_time(info: dict[str, object], kind: ClaimKind) -> None:
    (claim,) = claims_from_info({**info, "timestamp": 1700000000})
    assert claim.kind is kind


def test_the_media_id_of_an_x_post_is_a_lower_bound() -> None:
    info = {"extractor": "twitter", "id": "717462543795523584", "display_id": "719944021058060289"}
    (claim,) = claims_from_info(info)
    assert (claim.source, claim.interval.latest_at) == ("x:media_id", None)


@pytest.mark.parametrize(
    "value",
    [None, "1700000000", True, float("nan"), float("inf"), 1e300, -1, 0, 10**40, [1], {"a": 1}],
)
def test_a_timestamp_that_is_none_makes_no_claim(value: object) -> None:
    assert claims_from_info({"timestamp": value, "epoch": 1700000000}) == ()


@pytest.mark.parametrize("value", [None, 20240131, "2024-01-31", "20240231", "00010101", "x"])
def test_a_day_that_is_none_makes_no_claim(value: object) -> None:
    assert claims_from_info({"upload_date": value}) == ()
