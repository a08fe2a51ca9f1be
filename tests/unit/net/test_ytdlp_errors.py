from __future__ import annotations

import io

import pytest
from yt_dlp.networking import Response
from yt_dlp.networking.exceptions import HTTPError, TransportError
from yt_dlp.utils import (
    DownloadError,
    ExtractorError,
    GeoRestrictedError,
    UnsupportedError,
    UserNotLive,
)

from tracker.net.ytdlp_errors import LiveStream, TooLarge, failure


def wrapped(error: Exception) -> DownloadError:
    """As ``YoutubeDL.report_error`` hands errors on."""
    return DownloadError(f"ERROR: {error}", (type(error), error, None))


def http_error(status: int) -> ExtractorError:
    response = Response(io.BytesIO(b""), "http://example.org/", {}, status=status)
    return ExtractorError("Unable to download webpage", expected=True, cause=HTTPError(response))


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        (GeoRestrictedError("Blocked", countries=["DE"]), "unavailable", "geo_blocked"),
        (UserNotLive(), "unavailable", "unknown"),
        (UnsupportedError("http://example.org/"), "unsupported", None),
        (http_error(404), "unavailable", "deleted"),
        (http_error(410), "unavailable", "deleted"),
        (http_error(401), "unavailable", "login_required"),
        (http_error(451), "unavailable", "geo_blocked"),
        (http_error(429), "rate_limited", None),
        (ExtractorError("Sign in to confirm you’re not a bot", expected=True), "bot_check", None),
        (ExtractorError("Please solve the CAPTCHA", expected=True), "bot_check", None),
        (http_error(500), "http", None),
        (ExtractorError("x", cause=TransportError("refused")), "network", None),
        (ExtractorError("something odd", expected=True), "unavailable", "unknown"),
        (ExtractorError("something odd"), "tool", None),
    ],
)
@pytest.mark.parametrize("outer", [wrapped, lambda error: error], ids=["wrapped", "bare"])
def test_types_decide_first(error: Exception, kind: str, status: str | None, outer: object) -> None:
    assert callable(outer)
    answer = failure(outer(error), [])
    assert (answer["kind"], answer["status"]) == (kind, status)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Private video. Sign in if you've been granted access", "private"),
        ("This tweet is from a protected account", "private"),
        ("This content isn't available. Login required", "login_required"),
        ("You need to log in to access this content", "login_required"),
        ("Sign in to confirm your age", "login_required"),
        ("Join this channel to get access to members-only content", "login_required"),
        ("Sign in to confirm you're not a bot", "bot_check"),
        ("rate-limit reached or login required", "rate_limited"),
        ("The uploader has not made this video available in your country", "geo_blocked"),
        ("Video unavailable. This video has been removed by the uploader", "deleted"),
        ("Video unavailable", "deleted"),
        ("This account has been suspended", "suspended"),
        ("The YouTube account of this video has been terminated", "suspended"),
        ("The post does not exist", "deleted"),
        ("No video could be found in this tweet", "unsupported"),
        ("No video formats found!", "unsupported"),
    ],
)
def test_wordings_of_the_platforms(text: str, outcome: str) -> None:
    error = ExtractorError(text, expected=True, video_id="abc", ie="youtube")
    answer = failure(wrapped(error), [])
    assert (answer["status"] or answer["kind"]) == outcome
    assert text.rstrip(".") in str(answer["message"])


def test_limits_and_live_streams() -> None:
    assert failure(TooLarge("the video is larger"), [])["kind"] == "too_large"
    assert failure(LiveStream(), [])["status"] == "live"
    assert failure(MemoryError(), [])["kind"] == "tool"


def test_a_refused_address_explains_any_failure() -> None:
    answer = failure(http_error(404), ["it leads to 10.0.0.1"])
    assert answer["kind"] == "forbidden"
    assert answer["message"] == "it leads to 10.0.0.1"


def test_the_sentence_has_no_advice_and_no_prefix() -> None:
    error = ExtractorError("It broke", video_id="abc", ie="youtube")
    message = str(failure(wrapped(error), [])["message"])
    assert message == "It broke"
