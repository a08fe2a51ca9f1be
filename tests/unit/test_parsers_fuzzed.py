"""Every parser of what comes from outside, fed with edited copies of good inputs.

The short form of ``python -m benchmarks.reliability.fuzz_parsers``; what that found has a test of
its own below.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from benchmarks.reliability.parsers import all_parsers
from benchmarks.reliability.parsers.parser import NOW, check_post
from benchmarks.reliability.parsers.platforms import MASTODON_STATUS, VIDEO, X_ANSWER, YOUTUBE
from tracker.errors import HttpStatusError, PostUnavailable
from tracker.model.status import PostStatus
from tracker.net.ytdlp_answers import error_of
from tracker.sources.leads import find_leads
from tracker.sources.x_posts import read_posts
from tracker.sources.ytdlp_page import post_from_info

PARSERS = all_parsers()
EXAMPLES = 10


@pytest.mark.parametrize("name", PARSERS)
def test_nothing_but_its_own_refusals_comes_out_of_a_parser(name: str) -> None:
    parser = PARSERS[name]

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(parser.inputs)
    def tried(value: object) -> None:
        try:
            parser.read(value)
        except parser.refusals:
            return

    tried()


UNHASHABLE = ({"a": 1}, ["video"])


@pytest.mark.parametrize("value", UNHASHABLE)
def test_lists_and_objects_where_names_are_due_are_passed_over(value: object) -> None:
    mastodon = PARSERS["Mastodon answer"]
    media = [{"type": value, "url": "https://social.example/1.mp4"}]
    mastodon.read({**MASTODON_STATUS, "visibility": value, "media_attachments": media})
    formats = [{"protocol": value, "vcodec": value, "url": "https://v.example/1.mp4"}]
    entries = [VIDEO, {"id": "b", "formats": formats}]
    check_post(post_from_info({"entries": entries}, YOUTUBE))
    problem = {"resource_id": "21", "resource_type": value}
    answer = {**X_ANSWER, "includes": {"media": [{"media_key": "7_1", "type": value}]}}
    raw = {"id": "9", "attachments": {"media_keys": ["7_1"]}}
    assert read_posts({**answer, "data": [raw], "errors": [problem]}).posts["9"].media == ()


def test_a_query_of_raw_bytes_is_refused_and_no_crash() -> None:
    PARSERS["web query"].read("/nothing?\u00cb\u0013=\u00ff")
    PARSERS["web query"].read("/lookup?[")


def test_an_id_of_thousands_of_digits_names_no_post() -> None:
    assert read_posts({"data": [{"id": "1" * 5000, "text": "a"}]}).asked == ()


def test_an_answer_of_the_yt_dlp_child_may_say_anything() -> None:
    said = {"kind": "unavailable", "status": True, "message": "gone"}
    error = error_of(said, YOUTUBE, NOW)
    assert isinstance(error, PostUnavailable)
    assert error.status is PostStatus.UNKNOWN
    refused = error_of({"kind": "http", "status_code": "a"}, YOUTUBE, NOW)
    assert isinstance(refused, HttpStatusError)


def test_an_account_is_not_called_by_hundreds_of_letters() -> None:
    name = "Z" * 400
    text = f"A video that {name} posted on Telegram shows it. Olha Kovalenko posted it on Telegram."
    assert all(len(lead.account) <= 200 for lead in find_leads(text, "https://a.example/"))
