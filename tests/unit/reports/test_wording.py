"""Findings in words: intervals that never claim more than they hold, phrases for every kind."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sample_chain import appearance_id, at, sample_chain, sample_report
from tracker.model.chain import Coverage, Relation
from tracker.model.clip import PostSummary
from tracker.model.ids import Platform, PostKey
from tracker.model.match import Transformation
from tracker.model.status import PostStatus, Visibility
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeInterval
from tracker.reports import wording
from tracker.reports.media_words import length_words, media_time
from tracker.reports.plain_text import (
    MAX_COMBINING_MARKS,
    clean_block,
    clean_line,
    file_name,
    web_link,
)
from tracker.reports.transformation_words import transformation_phrase
from tracker.reports.visibility_words import visibility_words

SECOND = timedelta(seconds=1)
INSTANTS = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@pytest.mark.parametrize(
    ("earliest", "latest", "words"),
    [
        (at(2021, 3, 3, 14, 5), at(2021, 3, 3, 14, 5) + SECOND,
         "between 14:05:00 and 14:05:01 UTC on 3 March 2021"),
        (at(2021, 3, 3, 14, 5), at(2021, 3, 3, 14, 5),
         "between 14:05:00 and 14:05:01 UTC on 3 March 2021"),
        (at(2021, 3, 3), at(2021, 3, 4) - SECOND / 1_000_000,
         "on 3 March 2021, at some time of that day (UTC)"),
        (at(2021, 3, 3, 9), at(2021, 3, 3, 18, 30),
         "between 09:00 and 18:30 UTC on 3 March 2021"),
        (at(2021, 3, 2, 10), at(2021, 3, 4, 12),
         "between 2 March 2021, 10:00 and 4 March 2021, 12:00 UTC"),
        (None, at(2021, 3, 3, 9) + SECOND, "no later than 3 March 2021, 09:01 UTC"),
        (at(2021, 3, 3, 9) + SECOND, None, "no earlier than 3 March 2021, 09:00 UTC"),
        (None, None, "at an unknown time"),
    ],
)  # fmt: skip
def test_interval_words(earliest: datetime | None, latest: datetime | None, words: str) -> None:
    assert wording.interval_words(TimeInterval(earliest, latest)) == words


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(hours=1)))
def test_what_is_said_holds_the_whole_interval(start: datetime, length: timedelta) -> None:
    words = wording.interval_words(TimeInterval(start, start + length))
    clocks = re.findall(r"\d\d:\d\d(?::\d\d)?", words)
    days = re.findall(r"\d+ [A-Z][a-z]+ \d{4}", words)
    assert len(clocks) == 2
    said_start, said_end = (
        datetime.strptime(f"{day} {clock}{':00' * (len(clock) == 5)} +0000", "%d %B %Y %H:%M:%S %z")
        for day, clock in zip((days[0], days[-1]), clocks, strict=True)
    )
    assert said_start <= start
    assert said_end >= start + length
    assert clocks[0] != clocks[1] or "and" in words.partition(" UTC")[2]


@pytest.mark.parametrize("kind", list(ClaimKind))
def test_every_kind_of_claim_has_words(kind: ClaimKind) -> None:
    assert "_" not in wording.basis_words(kind)


@pytest.mark.parametrize("hundredth", range(101))
def test_the_word_for_a_confidence_goes_by_the_number_beside_it(hundredth: int) -> None:
    shown = wording.confidence_words(hundredth / 100)
    assert f"({hundredth / 100:.2f} of 1)" in shown
    for near in (max(hundredth / 100 - 0.0049, 0), min(hundredth / 100 + 0.0049, 1)):
        assert wording.confidence_words(near) == shown


def test_every_status_party_and_relation_has_words() -> None:
    for status in PostStatus:
        assert "_" not in wording.status_words(status)
        look = datetime(2026, 3, 1, tzinfo=UTC)
        seen = Visibility(status, look, look, look, look, PostStatus.GEO_BLOCKED)
        post = PostSummary(PostKey("u"), Platform("x"), None, None, status, seen)
        assert "_" not in visibility_words(post)
    for party in ForgeableBy:
        assert wording.forgeable_words(party)
    link = sample_chain().links[1]
    for relation in Relation:
        words = wording.relation_words(replace(link, relation=relation), {appearance_id(1): 1})
        assert "_" not in words + wording.short_relation(relation)
        assert "{" not in words


def test_a_parent_that_is_not_listed_is_not_invented() -> None:
    link = replace(sample_chain().links[1], parent=None)
    assert wording.relation_words(link, {}) == (
        "Shows this footage; which appearance it was taken from is not known"
    )


def test_relation_and_changes_read_as_one_phrase() -> None:
    chain = sample_chain()
    assert wording.relation_and_changes(chain.links[1], wording.positions_of(chain)) == (
        "Copy of appearance 1, cropped to 80\u00a0% × 80\u00a0% of the picture, compressed again"
    )


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("crop", {"box": [0.1, 0.1, 0.8, 0.8]}, "cropped to 80\u00a0% × 80\u00a0% of the picture"),
        ("crop", {"box": [0, 0, 0.5, 0.5]},
         "cropped to 50\u00a0% × 50\u00a0% of the picture (upper left part)"),
        ("crop", {"box": "<b>"}, "cropped"),
        ("crop", {"box": [0.1, 0.1, float("nan"), 9]}, "cropped"),
        ("mirror", {}, "mirrored left to right"),
        ("speed", {"factor": 1.25}, "sped up to 1.25 times the speed"),
        ("speed", {"speed": 0.75}, "slowed down to 0.75 times the speed"),
        ("speed", {"factor": "fast"}, "speed changed"),
        ("rotate", {"degrees": -6.2}, "rotated by 6°"),
        ("letterbox", {"box": [0, 0.25, 1, 0.5]},
         "bars added above and below (the picture fills 50\u00a0% of the frame)"),
        ("borders", {"box": [0.2, 0, 0.6, 1.0]},
         "bars added left or right (the picture fills 60\u00a0% of the frame)"),
        ("borders", {"box": [0, 0.2, 1.0, 0.6]},
         "bars added above or below (the picture fills 60\u00a0% of the frame)"),
        ("borders", {"box": [0.1, 0.1, 0.5, 0.5]},
         "set inside a larger frame (the picture fills 25\u00a0% of the frame)"),
        ("borders", {"box": [0.2, 0, 0.6, 1.0], "fill": "blurred"},
         "set on a blurred enlargement of itself (the picture fills 60\u00a0% of the frame)"),
        ("rotation", {"degrees_counter_clockwise": 10.2}, "rotated by 10° counter-clockwise"),
        ("rotation", {"degrees_counter_clockwise": -3}, "rotated by 3° clockwise"),
        ("overlay", {"box": [0.8, 0.05, 0.15, 0.1]},
         "something laid over the picture (upper right)"),
        ("overlay", {"box": [9, 9, 9, 9]}, "something laid over the picture"),
        ("caption", {"box": [0.2, 0.85, 0.6, 0.1], "place": "picture"}, "caption added (bottom)"),
        ("caption", {"box": [0, 0, 1, 0.2], "place": "bar"}, "caption bar added (top)"),
        ("picture_in_picture", {"box": [0, 0.6, 0.3, 0.4], "shows": "other"},
         "another picture set into it (lower left)"),
        ("picture_in_picture", {"box": [0.5, 0, 0.5, 1], "shows": "reference"},
         "shown small (50\u00a0% of the width) inside another picture"),
        ("compilation", {"query_ms": [[8000, 14_000]]},
         "cut together with other footage (shared: 0:08.0–0:14.0)"),
        ("compilation", {"query_ms": [["<b>", 1]]}, "cut together with other footage"),
        ("colour", {"grey": True, "contrast": 0.5}, "turned to black and white"),
        ("colour", {"brightness": 0.1, "contrast": 0.7, "saturation": 1.0, "hue_degrees": 60},
         "colours changed (brighter, less contrast, colours shifted)"),
        ("colour", {"brightness": "<b>"}, "colours changed"),
        ("reencode", {}, "compressed again"),
        ("reencode", {"size": [426, 240], "reference_size": [640, 360]},
         "compressed again (640×360 to 426×240 pixels)"),
        ("reencode", {"size": ["<b>", -1], "stretch": 0.75},
         "compressed again, stretched to another shape"),
        ("trim", {}, "shortened"),
        ("trim", {"reference_ms": [4000, 13_000]},
         "shortened to 0:04.0–0:13.0 of the other video"),
        ("trim", {"reference_ms": ["<b>", None]}, "shortened"),
        ("Picture-In-Picture", {}, "shown small inside another picture"),
        ("some_new_kind", {}, "changed otherwise: some new kind"),
        ("\u202e\x1b[31m", {}, "changed otherwise: not named"),
    ],
)  # fmt: skip
def test_transformations_in_words(kind: str, detail: dict[str, object], words: str) -> None:
    assert transformation_phrase(Transformation(kind, detail)) == words


def test_those_that_may_be_earlier_leave_out_what_can_only_follow() -> None:
    chain = sample_chain()
    positions = wording.positions_of(chain)
    assert [positions[link.appearance.id] for link in wording.maybe_earlier(chain)] == [5, 9]


def test_who_names_account_and_platform() -> None:
    def post(platform: str, account: str | None) -> PostSummary:
        return PostSummary(PostKey("https://n.example.org/a"), Platform(platform), account, None)

    assert wording.who(post("x", "name")) == "@name on X"
    assert wording.who(post("web", None)) == "n.example.org on the web"
    assert wording.who(post("youtube", "Some Channel")) == "Some Channel on YouTube"
    assert wording.who(post("new_place", None)) == "an unnamed account on new_place"
    assert wording.who(None, ("C:\\Users\\me\\a.mp4",)) == "a local file (a.mp4)"


def test_media_times_and_counts() -> None:
    assert media_time(4250) == "0:04.2"
    assert media_time(3_723_000) == "1:02:03.0"
    assert length_words(125_000) == "2 min 05 s"
    assert wording.count_words(12_345, "post") == "12,345 posts"
    assert wording.apart_words(timedelta(days=41)) == "41 days"


def test_the_answer_names_interval_basis_and_date() -> None:
    words = wording.answer_words(sample_report().chain)
    assert words == (
        "Earliest appearance known to this archive as of 22 November 2026, 10:00 UTC: "
        "@kharkiv_today on Telegram, published between 06:12:00 and 06:13:00 UTC on "
        "4 September 2023 (as the platform reports it)."
    )


@given(st.text(), st.integers(1, 80))
def test_cleaned_text_is_one_short_harmless_line(text: str, limit: int) -> None:
    cleaned = clean_line(text, limit)
    assert len(cleaned) <= limit
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069]", cleaned)
    assert cleaned.encode("utf-8").decode("utf-8") == clean_line(cleaned, limit)


def test_joiners_and_right_to_left_letters_stay() -> None:
    assert clean_line("می\u200cخواهم 👩\u200d🚒") == "می\u200cخواهم 👩\u200d🚒"
    assert clean_block("a\n\n\n\nb\tc\u202e") == "a\n\nb c"
    assert clean_line("e" + "\u0301" * 50) == "e" + "\u0301" * MAX_COMBINING_MARKS


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//example.org", ""),
        *(
            "https://",
            "http://[::1",
            "https://a.example/\u202egpj",
            "https://a b/",
            "ftp://a.example/",
        ),
        "https://a.example/" + "x" * 3000,
    ],
)
def test_only_web_addresses_can_be_followed(url: str) -> None:
    assert web_link(url) is None


def test_web_addresses_are_left_as_they_are() -> None:
    assert web_link("https://example.org/ä?q=1#f") == "https://example.org/ä?q=1#f"
    assert file_name("/a/b/") == "b"
    assert [file_name(path) for path in ("/", "\\", "")] == ["unnamed"] * 3


def test_posts_of_one_day_are_dated_once() -> None:
    searched = Coverage(1, 2, 3, (Platform("x"),), at(2026, 3, 1), at(2026, 3, 1, 9))
    assert wording.searched_words(searched).count("dated") == 1
    assert " to " not in wording.searched_words(searched)
    assert " to " in wording.searched_words(replace(searched, newest_post_at=at(2026, 3, 4)))


def test_moments_of_a_finding_are_written_out_and_what_is_no_date_stays() -> None:
    text = "public before 2026-03-02 06:41:10 UTC, says 2026-13-45 06:41:10 UTC; 2026-03-02 6:41"
    assert wording.with_moments_written_out(text) == (
        "public before 2 March 2026, 06:41:10 UTC, says 2026-13-45 06:41:10 UTC; 2026-03-02 6:41"
    )
