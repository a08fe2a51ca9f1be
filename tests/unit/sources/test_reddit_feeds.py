"""Which of Reddit's addresses are lists, and where their feeds are."""

from __future__ import annotations

import pytest

from tracker.net.urls import canonical_url
from tracker.sources.reddit_feeds import feed_of_list

WWW = "https://www.reddit.com"


@pytest.mark.parametrize(
    ("url", "feed"),
    [
        (f"{WWW}/r/videos", f"{WWW}/r/videos/new/.rss"),
        (f"{WWW}/r/videos/", f"{WWW}/r/videos/new/.rss"),
        ("https://old.reddit.com/r/videos+news/hot/", f"{WWW}/r/videos+news/hot/.rss"),
        (f"{WWW}/r/videos/top/?t=day", f"{WWW}/r/videos/top/.rss?t=day"),
        (f"{WWW}/user/some-body", f"{WWW}/user/some-body/submitted/.rss"),
        (f"{WWW}/u/some_body/overview", f"{WWW}/u/some_body/overview/.rss"),
        (f"{WWW}/r/videos/search/?q=a+b&sort=new", f"{WWW}/r/videos/search.rss?q=a+b&sort=new"),
        (f"{WWW}/search?q=bridge", f"{WWW}/search.rss?q=bridge"),
        (f"{WWW}/r/videos/new/.rss", None),
        (f"{WWW}/r/videos/new.json", None),
        (f"{WWW}/r/videos/comments/1cu7abc/a_bridge/", None),
        (f"{WWW}/r/videos/wiki", None),
        (f"{WWW}/", None),
        ("https://v.redd.it/clip0", None),
        ("https://example.org/r/videos/", None),
        ("no address", None),
    ],
)
def test_lists_have_feeds(url: str, feed: str | None) -> None:
    assert feed_of_list(url) == feed
    if feed is not None:
        assert feed_of_list(canonical_url(url)) == feed  # as a watch keeps it
        assert feed_of_list(feed) is None
