"""The still pictures that listings name beside their videos."""

from __future__ import annotations

import pytest

from tracker.sources.bluesky_posts import previews_of
from tracker.sources.x_posts import read_posts
from tracker.sources.ytdlp_page import listed_posts

PICTURE = "https://pictures.test/a.jpg"
STRANGE: list[object] = [None, 7, "", "javascript:1", "ftp://pictures.test/a", [], {}]


def listed(entry: dict[str, object]) -> tuple[str, ...]:
    (post,) = listed_posts(
        {"entries": [{"url": "https://www.youtube.com/watch?v=jNQXAC9IVRw", **entry}]}
    )
    return post.previews


def test_of_a_listed_videos_pictures_the_best_is_taken() -> None:
    small = {"url": "https://pictures.test/small.jpg"}
    assert listed({"thumbnails": [small, {"url": PICTURE}]}) == (PICTURE,)
    assert listed({"thumbnail": PICTURE}) == (PICTURE,)
    assert listed({}) == ()


@pytest.mark.parametrize("strange", STRANGE)
def test_what_is_no_address_of_a_picture_is_passed_over(strange: object) -> None:
    assert listed({"thumbnails": strange}) == ()
    assert listed({"thumbnails": [{"url": strange}, strange]}) == ()
    view = {"$type": "app.bsky.embed.video#view", "thumbnail": strange}
    assert previews_of({"embed": view}) == ()
    assert x_previews({"type": "video", "preview_image_url": strange}) == ()


def x_previews(item: dict[str, object]) -> tuple[str, ...]:
    post = {"id": "20", "author_id": "1", "text": "t", "attachments": {"media_keys": ["7_1"]}}
    found = read_posts({"data": [post], "includes": {"media": [{"media_key": "7_1", **item}]}})
    return found.posts["20"].previews


def test_x_and_bluesky_name_the_picture_of_a_video() -> None:
    assert x_previews({"type": "video", "preview_image_url": PICTURE}) == (PICTURE,)
    assert x_previews({"type": "photo", "preview_image_url": PICTURE}) == ()
    view = {"$type": "app.bsky.embed.video#view", "thumbnail": PICTURE}
    assert previews_of({"embed": view}) == (PICTURE,)
    assert previews_of(
        {"embed": {"$type": "app.bsky.embed.recordWithMedia#view", "media": view}}
    ) == (PICTURE,)
