"""Ids at the very edges of what a layout holds, and generic ids made from known instants."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.model.ids import Platform
from tracker.timestamps import generic_ids, snowflake
from tracker.timestamps.decode import readings
from tracker.timestamps.ids import RULES, claims_from_address
from tracker.timestamps.snowflake import EPOCH

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TOLERANCE = timedelta(minutes=10)


# What makes the smallest id of an instant, and the unit of its layout.
def _maker(layout: snowflake.Layout) -> tuple[Callable[[datetime], str], timedelta]:
    return lambda at: str(layout.first_id(at)), timedelta(microseconds=layout.unit_us)


FIRST_SNOWFLAKE = 29_700_859_247
"""Ids of X below were counted one by one. Source: the announcement of snowflake ids."""

MAKERS: dict[str, tuple[Callable[[datetime], str], timedelta]] = {
    "x": _maker(snowflake.X),
    "ixigua": _maker(snowflake.BYTEDANCE_SECONDS),
    "likee": _maker(snowflake.BYTEDANCE_SECONDS),
    "instagram": _maker(snowflake.INSTAGRAM),
    "mastodon": _maker(snowflake.MASTODON),
    "gab": _maker(snowflake.MASTODON),
    "truthsocial": _maker(snowflake.MASTODON),
    "discord": _maker(snowflake.DISCORD),
    "linkedin": _maker(snowflake.LINKEDIN),
    "tiktok": (lambda at: str(snowflake.tiktok_first_id(at)), timedelta(milliseconds=1)),
    "douyin": (lambda at: str(snowflake.tiktok_first_id(at)), timedelta(milliseconds=1)),
    "bluesky": (
        lambda at: snowflake.tid(snowflake.BLUESKY.first_id(at)),
        timedelta(microseconds=1),
    ),
    "weibo": (
        lambda at: snowflake.weibo_code(snowflake.WEIBO.first_id(at)),
        timedelta(seconds=1),
    ),
    "xiaohongshu": (
        lambda at: f"{int(at.timestamp()):08x}{'0' * 16}",
        timedelta(seconds=1),
    ),
}


def claims(platform: str, at: datetime) -> int:
    post_id = MAKERS[platform][0](at)
    return len(claims_from_address(Platform(platform), post_id, "https://example.org/", now=NOW))


def test_every_layout_of_the_table_has_a_maker() -> None:
    assert set(MAKERS) == set(RULES)


@pytest.mark.parametrize("platform", sorted(MAKERS))
def test_neighbours_just_outside_the_range_hold_no_time(platform: str) -> None:
    unit = MAKERS[platform][1]
    since = RULES[Platform(platform)].since
    since = snowflake.X.at(FIRST_SNOWFLAKE) if platform == "x" else since
    assert claims(platform, since + unit) == 1
    assert claims(platform, since - unit) == 0
    assert claims(platform, NOW + TOLERANCE - unit) == 1
    assert claims(platform, NOW + TOLERANCE + 2 * unit) == 0


def test_ids_of_x_that_were_counted_one_by_one_hold_no_time() -> None:
    for number, count in ((FIRST_SNOWFLAKE - 1, 0), (FIRST_SNOWFLAKE, 1)):
        assert len(claims_from_address(Platform("x"), str(number), "", now=NOW)) == count


@pytest.mark.parametrize(
    ("decode", "inside", "outside"),
    [
        (generic_ids.ksuid_at, "aWgEPTl1tmebfsQzFP4bxwgy80V", "aWgEPTl1tmebfsQzFP4bxwgy80W"),
        (generic_ids.ksuid_at, "0" * 27, "0" * 26),
        (generic_ids.ksuid_at, "0" * 27, "0" * 28),
        (generic_ids.ulid_at, "7" + "Z" * 9 + "0" * 16, "8" + "0" * 25),
        (generic_ids.ulid_at, "0" * 26, "0" * 25),
        (generic_ids.ulid_at, "0" * 26, "0" * 25 + "U"),  # letters that look like digits are out
        (generic_ids.object_id_at, "f" * 24, "f" * 23),
        (generic_ids.object_id_at, "f" * 24, "f" * 23 + "g"),
        (generic_ids.object_id_at, "0" * 24, "0" * 25),
        (generic_ids.uuid_at, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
         "017f22e2-79b0-6cc3-98c4-dc0c0c07398f"),
        (generic_ids.uuid_at, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
         "017f22e2-79b0-8cc3-98c4-dc0c0c07398f"),
        (generic_ids.uuid_at, "c232ab00-9414-11ec-b3c8-9f6bdeced846",
         "c232ab00-9414-21ec-b3c8-9f6bdeced846"),
    ],
)  # fmt: skip
def test_neighbours_of_generic_ids(
    decode: Callable[[str], datetime | None], inside: str, outside: str
) -> None:
    assert decode(outside) is None
    # The last ULID lies beyond what a calendar holds: there is no time then either.
    assert (decode(inside) is None) == (inside.startswith("7Z"))


def test_neighbours_of_letters_and_lengths() -> None:
    """One letter more, less or further than the layout has."""
    assert (
        snowflake.tid_number("j" + "z" * 12) == 2**64 - 1
    )  # any longer would be no number of 64 bits
    for tid in ("k" + "2" * 12, "3lbd2ebt3wk2", "3lbd2ebt3wk2r2", "3lbd2ebt3wk21"):
        with pytest.raises(ValueError, match=r"TID|substring"):
            snowflake.tid_number(tid)
    weibo = Platform("weibo")
    assert len(claims_from_address(weibo, "4910815147462302", "", now=NOW)) == 1
    for mid in ("491081514746230", "49108151474623020"):
        assert claims_from_address(weibo, mid, "", now=NOW) == ()
    url = "https://video.twimg.com/ext_tw_video/{}/pu/vid/1280x720/a.mp4"
    for number, count in ((FIRST_SNOWFLAKE - 1, 0), (FIRST_SNOWFLAKE, 1)):
        assert len(claims_from_address(Platform("web"), None, url.format(number), now=NOW)) == count


INSTANTS = st.timedeltas(timedelta(days=45 * 366), timedelta(days=56 * 365)).map(
    lambda after: EPOCH + after
)
TAILS = st.integers(0, 2**62 - 1)


def _digits(number: int, alphabet: str, length: int) -> str:
    text = ""
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        text = alphabet[digit] + text
    return text


@given(INSTANTS, TAILS)
def test_generic_ids_made_at_an_instant_decode_to_it(at: datetime, tail: int) -> None:
    seconds = int(at.timestamp())
    milliseconds = (at - EPOCH) // timedelta(milliseconds=1)
    to_second, to_millisecond = (
        EPOCH + timedelta(seconds=seconds),
        EPOCH + timedelta(milliseconds=milliseconds),
    )
    assert generic_ids.object_id_at(f"{seconds:08x}{tail:016x}") == to_second
    version_7 = uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | (tail >> 2))
    assert generic_ids.uuid_at(str(version_7)) == to_millisecond
    crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    ulid = _digits(milliseconds, crockford, 10) + _digits(tail, crockford, 16)
    assert generic_ids.ulid_at(ulid) == to_millisecond
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    ksuid = _digits(((seconds - 1_400_000_000) << 128) | tail, letters, 27)
    if seconds >= 1_400_000_000:
        assert generic_ids.ksuid_at(ksuid) == to_second


@given(INSTANTS)
def test_uuids_of_version_1_hold_their_microsecond(at: datetime) -> None:
    intervals = (at - datetime(1582, 10, 15, tzinfo=UTC)) // timedelta(microseconds=1) * 10
    low, middle, high = intervals & 0xFFFFFFFF, (intervals >> 32) & 0xFFFF, intervals >> 48
    made = uuid.UUID(fields=(low, middle, high | 0x1000, 0x80, 0, 1))
    assert generic_ids.uuid_at(str(made)) == at


def test_an_id_is_read_under_every_layout_it_may_be_of() -> None:
    found = {reading.layout: reading for reading in readings("1098230906194546688", now=NOW)}
    assert {"x", "discord", "instagram"} == set(found)
    assert found["x"].interval.earliest_at == datetime(2019, 2, 20, 14, 40, 26, 837000, tzinfo=UTC)
    (generic,) = readings("01ARYZ6S41TSV4RRFFQ69G5FAV", now=NOW)
    assert (generic.layout, generic.is_generic) == ("ulid", True)
    assert (
        readings("nothing", now=NOW) == readings("", now=NOW) == readings("9" * 999, now=NOW) == ()
    )


@given(st.text(max_size=60))
def test_any_text_may_be_asked_about(text: str) -> None:
    for reading in readings(text, now=NOW):
        assert reading.interval.earliest_at is not None
