from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.model.ids import Platform
from tracker.model.time_claim import ClaimKind, ForgeableBy
from tracker.timestamps import generic_ids, snowflake
from tracker.timestamps.ids import RULES, claims_from_address, x_media_claim

NOW = datetime(2026, 11, 1, tzinfo=UTC)
A_POST = "https://example.org/post"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# platform, id, the instant inside it (recomputed from the published layouts)
VECTORS = [
    ("x", "1098230906194546688", "2019-02-20T14:40:26.837"),
    ("x", "1695424220702888009", "2023-08-26T13:13:28"),
    ("x", "719944021058060289", "2016-04-12T17:43:25.190"),
    ("tiktok", "6854717870488702213", "2020-07-29T02:06:13.872"),
    ("tiktok", "7253412088251534594", "2023-07-08T11:43:25"),
    ("douyin", "6854717870488702213", "2020-07-29T02:06:13.872"),
    ("ixigua", "6996881461559165471", "2021-08-16T04:33:34"),
    ("likee", "7093444807096327263", "2022-05-03T09:48:40"),
    ("instagram", "DW1nTDiDvnF", "2026-04-07T16:48:30.621"),
    ("instagram", "3870172288071432645", "2026-04-07T16:48:30.621"),
    ("instagram", "3870172288071432645_123456", "2026-04-07T16:48:30.621"),
    ("instagram", "DW1nTDiDvnF" + "Q" * 28, "2026-04-07T16:48:30.621"),
    ("instagram", "2384288897814875714", "2020-08-26T13:43:27.313"),
    ("mastodon", "108779000807761862", "2022-08-07T01:30:27.755"),
    ("gab", "107163961867310434", "2021-10-25T20:04:49.235"),
    ("truthsocial", "108779000807761862", "2022-08-07T01:30:27.755"),
    ("bluesky", "3lbd2ebt3wk2r", "2024-11-19T18:19:55.098"),
    ("discord", "175928847299117063", "2016-04-30T11:18:25.796"),
    ("linkedin", "6685980502161199104", "2020-07-06T18:59:31.226"),
    ("linkedin", "7084656651378536448", "2023-07-11T22:16:12.244"),
    ("weibo", "4910815147462302", "2023-06-09T12:17:12"),
    ("xiaohongshu", "6411cf99000000001300b6d9", "2023-03-15T14:00:57"),
]


@pytest.mark.parametrize(("platform", "post_id", "expected"), VECTORS)
def test_known_ids_decode_to_their_known_times(platform: str, post_id: str, expected: str) -> None:
    (claim,) = claims_from_address(Platform(platform), post_id, A_POST, now=NOW)
    rule = RULES[Platform(platform)]
    at = utc(expected)
    assert claim.interval.earliest_at is not None
    decoded = claim.interval.earliest_at + rule.before
    whole_second = "." not in expected
    assert timedelta(0) <= decoded - at < timedelta(seconds=1 if whole_second else 0.001)
    assert claim.interval.latest_at == decoded + rule.after
    assert claim.kind is ClaimKind.ID_DERIVED
    assert claim.source == f"{platform}:id"


def test_every_platform_of_the_table_has_a_vector() -> None:
    assert {platform for platform, _, _ in VECTORS} == set(RULES)


# The platform's own time for the same post: the interval must hold it.
REPORTED = [
    ("x", "1098230906194546688", "2019-02-20T14:40:27"),
    ("tiktok", "6854717870488702213", "2020-07-29T02:06:17"),
    ("weibo", "4910815147462302", "2023-06-09T12:13:39"),
    ("instagram", "BkfuX9UB-eK", "2018-06-26T17:08:39"),
]


@pytest.mark.parametrize(("platform", "post_id", "reported"), REPORTED)
def test_the_interval_holds_the_time_the_platform_reported(
    platform: str, post_id: str, reported: str
) -> None:
    (claim,) = claims_from_address(Platform(platform), post_id, A_POST, now=NOW)
    first, last = claim.interval.earliest_at, claim.interval.latest_at
    assert first is not None
    assert last is not None
    assert first <= utc(reported) <= last


def test_who_could_forge_an_id() -> None:
    forgers = {
        platform: claims_from_address(Platform(platform), post_id, A_POST, now=NOW)[0].forgeable_by
        for platform, post_id, _ in VECTORS
    }
    assert forgers.pop("bluesky") is ForgeableBy.UPLOADER
    assert set(forgers.values()) == {ForgeableBy.PLATFORM}


@pytest.mark.parametrize(
    ("platform", "post_id"),
    [
        ("youtube", "dQw4w9WgXcQ"),
        ("facebook", "1234567890123456"),
        ("vimeo", "76979871"),
        ("reddit", "6rrwyj"),
        ("telegram", "44"),
        ("web", "1098230906194546688"),
        ("x", "29700859246"),  # counted one by one, before ids held a time
        ("x", "20"),
        ("x", "9999999999999999999"),  # in the future
        ("x", "-1098230906194546688"),
        ("x", "١٠٩٨٢٣٠٩٠٦١٩٤٥٤٦٦٨٨"),
        ("x", ""),
        ("x", "9" * 400),
        ("instagram", "BkfuX"),
        ("instagram", "ünlikely-id"),
        ("instagram", "1234567"),
        ("mastodon", "12345"),
        ("bluesky", "self"),
        ("bluesky", "zzzzzzzzzzzzz"),  # top bit set
        ("bluesky", "2222222222222"),  # 1970
        ("bluesky", "3lbd2ebt3wk21"),
        ("weibo", "!!!"),
        ("weibo", "ZZZZZZZZ9"),
        ("xiaohongshu", "6411cf99"),
        ("discord", "1"),
    ],
)
def test_ids_without_a_plausible_time_make_no_claim(platform: str, post_id: str) -> None:
    assert claims_from_address(Platform(platform), post_id, A_POST, now=NOW) == ()


def test_a_time_after_now_makes_no_claim() -> None:
    at = utc("2019-02-20T14:40:26")
    post_id = "1098230906194546688"
    x = Platform("x")
    assert claims_from_address(x, post_id, A_POST, now=at)
    assert not claims_from_address(x, post_id, A_POST, now=at - timedelta(hours=1))
    assert claims_from_address(x, post_id, A_POST)


@given(st.sampled_from(sorted(RULES)), st.text(max_size=45), st.text(max_size=60))
def test_no_text_breaks_the_decoders(platform: Platform, post_id: str, url: str) -> None:
    for claim in claims_from_address(platform, post_id, url, now=NOW):
        assert claim.interval.latest_at is not None


def test_a_media_address_of_x_is_a_lower_bound() -> None:
    url = "https://video.twimg.com/ext_tw_video/717462543795523584/pu/vid/1280x720/a.mp4"
    (claim,) = claims_from_address(Platform("web"), None, url, now=NOW)
    assert claim.interval.earliest_at == utc("2016-04-05T21:22:54.907")
    assert claim.interval.latest_at is None
    assert claim.source == "x:media_id"
    assert claim == x_media_claim("717462543795523584", now=NOW)


def test_an_attachment_of_discord_holds_its_upload() -> None:
    url = "https://cdn.discordapp.com/attachments/1/175928847299117063/v.mp4?ex=1"
    (claim,) = claims_from_address(Platform("web"), None, url, now=NOW)
    assert claim.interval.earliest_at == utc("2016-04-30T11:18:25.796")


INSTANTS = st.timedeltas(timedelta(days=45 * 366), timedelta(days=109 * 365)).map(
    lambda after: snowflake.EPOCH + after
)
LAYOUTS = [
    snowflake.X,
    snowflake.INSTAGRAM,
    snowflake.MASTODON,
    snowflake.DISCORD,
    snowflake.LINKEDIN,
    snowflake.BLUESKY,
    snowflake.BYTEDANCE_SECONDS,
    snowflake.WEIBO,
]


@given(st.sampled_from(LAYOUTS), INSTANTS)
def test_ids_of_an_instant_decode_to_it(layout: snowflake.Layout, at: datetime) -> None:
    first = layout.first_id(at)
    unit = timedelta(microseconds=layout.unit_us)
    assert timedelta(0) <= at - layout.at(first) < unit
    assert layout.at(first) == layout.at(first + (1 << layout.shift) - 1)
    assert layout.at(first + (1 << layout.shift)) == layout.at(first) + unit


@given(INSTANTS)
def test_tiktok_ids_hold_milliseconds(at: datetime) -> None:
    number = snowflake.tiktok_first_id(at)
    assert snowflake.tiktok_at(number) == at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert snowflake.tiktok_at(number | 0x3FFFFF) == snowflake.tiktok_at(number)


@given(st.integers(64**10, 64**11 - 1))
def test_instagram_shortcodes_and_numbers_are_inverse(number: int) -> None:
    assert snowflake.instagram_id(snowflake.instagram_shortcode(number)) == number


@given(st.integers(0, 2**63 - 1))
def test_tids_and_numbers_are_inverse(number: int) -> None:
    assert snowflake.tid_number(snowflake.tid(number)) == number


@given(st.integers(10**15, 10**16 - 1))
def test_weibo_codes_and_numbers_are_inverse(mid: int) -> None:
    code = snowflake.weibo_code(mid)
    assert snowflake.weibo_mid(code) == mid
    rule = RULES[Platform("weibo")]
    assert rule.decode(code) == rule.decode(str(mid))


@pytest.mark.parametrize(
    ("decode", "text", "expected"),
    [
        (generic_ids.object_id_at, "507f1f77bcf86cd799439011", "2012-10-17T21:13:27"),
        (generic_ids.uuid_at, "C232AB00-9414-11EC-B3C8-9F6BDECED846", "2022-02-22T19:22:22"),
        (generic_ids.uuid_at, "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "2022-02-22T19:22:22"),
        (generic_ids.ulid_at, "01ARYZ6S41TSV4RRFFQ69G5FAV", "2016-07-30T22:36:16.385"),
        (generic_ids.ksuid_at, "0ujtsYcgvSTl8PAuAdqWYSMnLOv", "2017-10-10T04:00:47"),
    ],
)
def test_generic_ids(decode: object, text: str, expected: str) -> None:
    assert callable(decode)
    assert decode(text) == utc(expected)


@given(st.text(max_size=40))
def test_generic_decoders_take_any_text(text: str) -> None:
    for decode in (
        generic_ids.object_id_at,
        generic_ids.uuid_at,
        generic_ids.ulid_at,
        generic_ids.ksuid_at,
    ):
        found = decode(text)
        assert found is None or found.tzinfo is UTC


def test_a_random_uuid_holds_no_time() -> None:
    assert generic_ids.uuid_at("919108f7-52d1-4320-9bac-f847db4148a8") is None
    assert generic_ids.ksuid_at("z" * 27) is None
    assert generic_ids.ulid_at("8" + "Z" * 25) is None
