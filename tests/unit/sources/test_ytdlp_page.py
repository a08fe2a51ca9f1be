"""yt-dlp's metadata read as posts."""

from __future__ import annotations

from typing import Any

import pytest

from tracker.model.post import PostKind
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind
from tracker.sources.ytdlp_page import listed_posts, post_from_info

STATUS = "https://x.com/ann/status/1695424220702888009"  # 2023-08-26T13:13:28Z
YOUTUBE = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


def test_a_video_of_a_platform() -> None:
    info = {
        "id": "dQw4w9WgXcQ",
        "title": "The bridge",
        "description": f"From {STATUS} and {YOUTUBE}",
        "uploader_id": "@ann",
        "timestamp": 1690000000,
        "availability": "unlisted",
        "webpage_url": YOUTUBE,
    }
    post = post_from_info(info, "https://youtu.be/dQw4w9WgXcQ?si=1")
    assert (post.key, post.platform, post.account) == (YOUTUBE, "youtube", "ann")
    assert (post.title, post.status) == ("The bridge", PostStatus.LIVE)
    assert [link.url for link in post.links] == [STATUS]
    assert [(r.url, r.via, r.platform_media_id) for r in post.media] == [
        (YOUTUBE, "ytdlp", "youtube:dQw4w9WgXcQ")
    ]
    assert post.spellings == ("https://youtu.be/dQw4w9WgXcQ?si=1",)


def test_a_repost_on_x_does_not_take_the_account_and_time_of_the_original() -> None:
    original = {"uploader_id": "bob", "timestamp": 1692962814, "id": "1694962700000000000"}
    post = post_from_info(original, STATUS)  # the id is 25.8 h younger than the time told
    assert post.account == "ann"
    assert {claim.kind for claim in post.claims} == {ClaimKind.ID_DERIVED}
    own = post_from_info({**original, "timestamp": 1693055608}, STATUS)
    assert ClaimKind.PLATFORM_REPORTED in {claim.kind for claim in own.claims}


def test_a_post_with_two_videos() -> None:
    entries: list[dict[str, Any]] = [
        {"id": str(n), "formats": [
            {"protocol": "https", "url": f"https://v.example/{n}/small.mp4", "height": 360},
            {"protocol": "https", "url": f"https://v.example/{n}/big.mp4", "height": 720},
            {"protocol": "https", "url": "https://v.example/sound", "vcodec": "none", "height": 9},
            {"protocol": "m3u8_native", "url": "https://v.example/p.m3u8", "height": 1080},
        ]}
        for n in (11, 12)
    ]  # fmt: skip
    post = post_from_info({"_type": "playlist", "entries": entries}, STATUS)
    assert [(ref.via, ref.platform_media_id) for ref in post.media] == [
        ("ytdlp", "x:11"),
        ("http", "x:12"),
    ]
    assert post.media[1].url == "https://v.example/12/big.mp4"


def test_a_channel_is_a_feed_of_its_videos() -> None:
    entries = [{"url": YOUTUBE, "title": "One"}, {"url": YOUTUBE}, None, 5, {"url": "x"}]
    info = {"title": "Ann", "entries": entries, "webpage_url": "https://www.youtube.com/@ann"}
    post = post_from_info(info, "https://www.youtube.com/@ann/videos")
    assert (post.kind, post.account, post.media) == (PostKind.FEED, "ann", ())
    assert [(link.url, link.relation.value) for link in post.links] == [(YOUTUBE, "lists")]
    assert [(entry.key, entry.title) for entry in listed_posts(info)] == [(YOUTUBE, "One")]


@pytest.mark.parametrize(
    ("url", "info", "account"),
    [
        ("https://www.tiktok.com/@b.c/video/6854717870488702213", {"uploader": "b.c"}, "b.c"),
        ("https://www.tiktok.com/embed/v2/6854717870488702213", {"uploader": "b.c"}, "b.c"),
        ("https://www.instagram.com/p/DW1nTDiDvnF/", {"channel": "ann", "uploader": "A N"}, "ann"),
        ("https://www.facebook.com/watch/?v=1234567", {"uploader_id": "1", "uploader": "A"}, "A"),
        ("https://vimeo.com/76979871", {}, None),
        ("https://vimeo.com/76979871", {"uploader_id": 5, "uploader": ["x"]}, None),
    ],
)
def test_whose_post_it_is(url: str, info: dict[str, object], account: str | None) -> None:
    assert post_from_info(info, url).account == account


def test_private_posts_are_private() -> None:
    assert post_from_info({"availability": "private"}, YOUTUBE).status is PostStatus.PRIVATE
