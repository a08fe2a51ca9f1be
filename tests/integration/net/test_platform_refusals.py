"""What platforms say of posts nobody may see, through yt-dlp's own extractors, in our words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests.support.authority import make_authority
from tests.support.callback_server import Call, Route
from tests.support.platform_sites import (
    MAKERS,
    answering,
    page_of,
    serving_posts,
    tiktok_page,
    youtube_page,
)
from tests.support.ytdlp_calls import answers_of
from tracker.errors import BotCheck, PostUnavailable, RateLimited, TrackerError
from tracker.model.status import PostStatus
from tracker.net.ytdlp_answers import error_of


@dataclass(frozen=True, slots=True)
class Refusal:
    """A platform's answers instead of its post, and what they mean."""

    platform: str
    answers: Mapping[str, Route]  # path → answer, on every host of the platform
    status: PostStatus | type[TrackerError]


def _unplayable(status: str, reason: str, subreason: str = "") -> Mapping[str, Route]:
    screen = {"playerErrorMessageRenderer": {"subreason": {"simpleText": subreason}}}
    told = {"playabilityStatus": {"status": status, "reason": reason, "errorScreen": screen}}
    client = {"INNERTUBE_CONTEXT": {"client": {"clientName": "WEB_EMBEDDED_PLAYER"}}}
    return {
        "/watch": page_of(youtube_page(told)),
        "/embed/*": page_of(f"<script>ytcfg.set({json.dumps(client)});</script>"),
        "/youtubei/v1/player": answering(told),
    }


def _gone(status: int) -> Route:
    return lambda call: call.reply(b"gone", status=status)


def _to_login(call: Call) -> None:
    call.reply(status=302, headers={"Location": "/accounts/login/?next=%2Fp%2F"})


def _tombstone(text: str) -> Route:
    result = {"__typename": "TweetTombstone", "tombstone": {"text": {"text": text}}}
    return answering({"data": {"tweetResult": {"result": result}}})


_UNAVAILABLE = {"__typename": "TweetUnavailable", "reason": "Protected"}
REFUSALS = {
    "youtube private": Refusal(
        "youtube",
        _unplayable("LOGIN_REQUIRED", "Private video", "Sign in if you've been granted access"),
        PostStatus.PRIVATE,
    ),
    "youtube removed": Refusal(
        "youtube",
        _unplayable("ERROR", "Video unavailable", "This video has been removed by the uploader"),
        PostStatus.DELETED,
    ),
    "youtube terminated": Refusal(
        "youtube",
        _unplayable("ERROR", "Video unavailable", "This video is no longer available because the "
                    "YouTube account associated with this video has been terminated."),
        PostStatus.SUSPENDED,
    ),
    "youtube country": Refusal(
        "youtube",
        _unplayable("UNPLAYABLE", "Video unavailable",
                    "The uploader has not made this video available in your country"),
        PostStatus.GEO_BLOCKED,
    ),
    "youtube bot": Refusal(
        "youtube", _unplayable("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot"), BotCheck
    ),
    "youtube age": Refusal(
        "youtube", _unplayable("LOGIN_REQUIRED", "Sign in to confirm your age"),
        PostStatus.LOGIN_REQUIRED,
    ),
    "tiktok private": Refusal(
        "tiktok", {"*": page_of(tiktok_page({"statusCode": 10222}))}, PostStatus.PRIVATE
    ),
    "tiktok barred": Refusal(
        "tiktok", {"*": page_of(tiktok_page({"statusCode": 10204}))}, PostStatus.UNKNOWN
    ),
    "instagram login": Refusal(
        "instagram", {"/p/*": _to_login, "/accounts/login/": page_of("Log in")}, RateLimited
    ),
    "instagram empty": Refusal("instagram", {"/p/*": page_of("<p>Hello")}, PostStatus.UNKNOWN),
    "facebook login": Refusal(
        "facebook", {"/watch/": page_of('<form id="login_form"></form>'),
                     "/watch": page_of('<form id="login_form"></form>')},
        PostStatus.LOGIN_REQUIRED,
    ),
    "vk login": Refusal(
        "vk", {"/al_video.php": answering({"payload": ["3", ["\"x\""]]})},
        PostStatus.LOGIN_REQUIRED,
    ),
    "vk removed": Refusal(
        "vk", {"/al_video.php": answering({"payload": ["8", ['"This video has been removed"']]})},
        PostStatus.DELETED,
    ),
    "rumble gone": Refusal("rumble", {"/v1abcde-a-bridge.html": _gone(410)}, PostStatus.DELETED),
    "odysee refused": Refusal(
        "odysee", {"/api/v1/proxy": answering({"error": {"code": 451, "message": "taken down"}})},
        PostStatus.DELETED,
    ),
    "reddit gone": Refusal("reddit", {"*.json": _gone(404)}, PostStatus.DELETED),
    "reddit private": Refusal(
        "reddit", {"*.json": answering({"reason": "private", "error": 403}, status=403)},
        PostStatus.PRIVATE,
    ),
    "reddit busy": Refusal("reddit", {"*.json": _gone(429)}, RateLimited),
    "x suspended": Refusal(
        "x", {"/i/*": _tombstone("This Post is from a suspended account. Learn more")},
        PostStatus.SUSPENDED,
    ),
    "x protected": Refusal(
        "x", {"/i/*": answering({"data": {"tweetResult": {"result": _UNAVAILABLE}}})},
        PostStatus.PRIVATE,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TrackerError]:
    """Every refusal, asked for in one process: to start yt-dlp costs more than all of them."""
    folder = tmp_path_factory.mktemp("refusals")
    posts = {
        name: MAKERS[refusal.platform](b"", "words").answering_instead(refusal.answers)
        for name, refusal in REFUSALS.items()
    }
    authority = make_authority(folder, {host for post in posts.values() for host in post.hosts})
    with ExitStack() as stack:
        sites = {
            name: stack.enter_context(serving_posts({name: post}, authority))
            for name, post in posts.items()
        }
        asked = [(posts[name].url, site) for name, site in sites.items()]
        answers = dict(zip(posts, answers_of(asked, folder), strict=True))
    for name, answer in answers.items():
        assert answer["outcome"] == "failed", (name, answer)
    now = datetime.now(UTC)
    return {name: error_of(answer, posts[name].url, now) for name, answer in answers.items()}


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_a_refusal_becomes_a_status_or_a_reason_to_wait(
    name: str, errors: dict[str, TrackerError]
) -> None:
    error, expected = errors[name], REFUSALS[name].status
    assert "--" not in str(error)  # no advice about options that nobody here has
    if isinstance(expected, PostStatus):
        assert isinstance(error, PostUnavailable), error
        assert error.status is expected, error
    else:
        assert isinstance(error, expected), error
        assert not isinstance(error, PostUnavailable)
