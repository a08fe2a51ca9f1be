"""What a page points at is kept as addresses that can be stored, shown and asked for."""

from __future__ import annotations

import pytest

from tracker.model.post import LinkRelation
from tracker.sources.found import Found


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://t.me/other/9?single", "https://t.me/other/9?single"),
        ("\x0bhttps://t.me/other/9", "https://t.me/other/9"),
        ("https://t.me/other/9\x1f", "https://t.me/other/9"),
        ("at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3kabc", None),
    ],
)
def test_a_post_is_kept_as_it_is_written_but_for_what_no_address_holds(
    written: str, kept: str | None
) -> None:
    found = Found()
    assert found.add_post(written, LinkRelation.SHARES)
    (link,) = found.links
    assert link.url.isprintable()
    assert link.url.startswith("https://")
    if kept is not None:
        assert link.url == kept


def test_a_page_with_a_control_character_within_is_kept_by_its_canonical_address() -> None:
    found = Found()
    assert found.add_page("https://news.example/a\x0bb", LinkRelation.LINKS)
    assert [link.url for link in found.links] == ["https://news.example/a%0Bb"]


def test_a_video_at_an_address_that_nobody_can_ask_for_is_left_out() -> None:
    found = Found()
    assert found.add_video("\x0bhttps://cdn.example/a.mp4")
    assert not found.add_video("https://cdn.example/b\x0b.mp4")
    assert [ref.url for ref in found.media] == ["https://cdn.example/a.mp4"]
