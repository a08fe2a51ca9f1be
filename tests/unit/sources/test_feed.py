"""Feeds in every dialect, broken ones too."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from tracker.errors import SourceError
from tracker.model.capture import Exchange
from tracker.model.post import Post, PostKind
from tracker.model.time_claim import ClaimKind, ForgeableBy
from tracker.sources.feed import feed_entries, feed_post, is_feed, read_feed

URL = "https://news.example/feed.xml"
NOW = datetime(2024, 6, 1, tzinfo=UTC)
RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>News</title>{}</channel></rss>"""


def exchange(body: str | bytes, content_type: str = "application/rss+xml") -> Exchange:
    data = body.encode() if isinstance(body, str) else body
    return Exchange(URL, URL, 200, content_type, NOW, NOW, data)


def entries(body: str | bytes) -> tuple[Post, ...]:
    return feed_entries(read_feed(exchange(body)), URL)


def test_rss_entry_with_everything() -> None:
    body = RSS.format("""<item><title>The &lt;b&gt;bridge</title><link>/story?utm_source=rss</link>
      <pubDate>Wed, 01 May 2024 10:00:00 +0200</pubDate><author>ann@paper.example (Ann)</author>
      <enclosure url="/v/1.mp4" type="video/mp4" length="9"/>
      <media:content url="https://cdn.example/2.mp4" medium="video"/>
      <enclosure url="/a.mp3" type="audio/mpeg"/>
      <content:encoded><![CDATA[<p>See <a href="https://t.me/abcde/55">this</a></p>
        <iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>
        <blockquote class="twitter-tweet"><a href="https://twitter.com/a/status/21">May</a></blockquote>
        ]]></content:encoded></item>""")
    (post,) = entries(body)
    assert post.key == "https://news.example/story"
    assert post.kind is PostKind.ARTICLE
    assert "https://news.example/story?utm_source=rss" in post.spellings
    assert [ref.url for ref in post.media] == [
        "https://news.example/v/1.mp4",
        "https://cdn.example/2.mp4",
    ]
    assert {(link.url, link.relation.value) for link in post.links} == {
        ("https://t.me/abcde/55", "links"),
        ("https://www.youtube.com/embed/dQw4w9WgXcQ", "embeds"),
        ("https://twitter.com/a/status/21", "embeds"),
    }
    (claim,) = post.claims
    assert (claim.kind, claim.forgeable_by) == (ClaimKind.FEED, ForgeableBy.PLATFORM)
    assert claim.interval.earliest_at == datetime(2024, 5, 1, 8, tzinfo=UTC)


def test_atom_entry_and_its_update_as_an_upper_bound() -> None:
    (post,) = entries("""<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry>
      <link rel="alternate" href="https://social.example/@ann/108779000807761862"/>
      <published>2024-05-01T10:00:00Z</published><updated>2024-05-02T10:00:00Z</updated>
      <content type="html">&lt;video src="/x.mp4"&gt;</content></entry></feed>""")
    assert (post.platform, post.kind, post.account) == (
        "mastodon",
        PostKind.POST,
        "ann@social.example",
    )
    assert [claim.source for claim in post.claims] == ["feed:published", "feed:updated"]
    assert post.claims[1].interval.earliest_at is None
    assert [ref.url for ref in post.media] == ["https://social.example/x.mp4"]


def test_rdf() -> None:
    (post,) = entries("""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <item rdf:about="https://news.example/a"><title>A</title><link>https://news.example/a</link>
      <dc:date>2024-05-01T10:00:00Z</dc:date></item></rdf:RDF>""")
    assert post.key == "https://news.example/a"
    assert len(post.claims) == 1


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ("<guid>https://news.example/g</guid>", "https://news.example/g"),
        ('<enclosure url="https://c.example/v.mp4" type="video/mp4"/>', "https://c.example/v.mp4"),
        (
            "<guid isPermaLink='false'>77</guid><link>https://n.example/l</link>",
            "https://n.example/l",
        ),
    ],
)
def test_where_the_key_comes_from(item: str, key: str) -> None:
    assert [post.key for post in entries(RSS.format(f"<item>{item}</item>"))] == [key]


@pytest.mark.parametrize(
    "item",
    [
        "<title>nothing to go to</title>",
        "<link>javascript:alert(1)</link>",
        "<link>file:///etc/passwd</link><guid>urn:x:1</guid>",
    ],
)
def test_an_entry_without_an_address_is_left_out(item: str) -> None:
    assert entries(RSS.format(f"<item>{item}</item>")) == ()


def test_a_broken_feed_gives_what_can_be_read() -> None:
    body = RSS.format(
        "<item><link>https://n.example/1</link></item><item><title>A & B<b></title>"
        "<link>https://n.example/2</link></item><item><link>https://n.exa"
    ).removesuffix("</channel></rss>")
    assert {"https://n.example/1", "https://n.example/2"} <= {post.key for post in entries(body)}


def test_one_address_listed_twice_is_one_entry_and_their_number_is_bounded() -> None:
    item = "<item><link>https://n.example/1</link></item>"
    assert len(entries(RSS.format(item + item.replace("/1<", "/1?utm_medium=rss<")))) == 1
    many = "".join(f"<item><link>https://n.example/{n}</link></item>" for n in range(700))
    assert len(entries(RSS.format(many))) == 500


@pytest.mark.parametrize("body", ["", "hello", "{}", "<html><body>page</body></html>", "<x/>"])
def test_what_is_no_feed_is_named(body: str) -> None:
    with pytest.raises(SourceError, match="not an RSS or Atom feed"):
        read_feed(exchange(body, "text/html"))


def test_entities_that_explode_are_not_expanded() -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 100}">' for n in range(12))
    body = f"<!DOCTYPE rss [{bomb}]>" + RSS.partition("?>")[2].format(
        "<item><title>&e11;</title><link>https://n.example/1</link></item>"
    )
    with suppress(SourceError):  # refusing the whole feed is as good
        assert all(len(post.title or "") <= 500 for post in entries(body))


@pytest.mark.parametrize(
    ("body", "content_type", "answer"),
    [
        (b"<?xml version='1.0'?><rss version='2.0'>", "text/xml", True),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'>", "text/plain", True),
        (b"<!doctype html><html><rss >", "text/html", False),
        (b"<html>", "application/rss+xml", False),
        (b"", "application/atom+xml; charset=utf-8", True),
    ],
)
def test_telling_a_feed(body: bytes, content_type: str, answer: bool) -> None:
    assert is_feed(body, content_type) is answer


def test_the_feed_itself_lists_its_entries() -> None:
    post = feed_post(exchange(RSS.format("<item><link>https://n.example/1</link></item>")))
    assert (post.kind, post.title) == (PostKind.FEED, "News")
    assert [(link.url, link.relation.value) for link in post.links] == [
        ("https://n.example/1", "lists")
    ]
