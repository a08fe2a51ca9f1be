"""What a page says about itself, and pages that are broken or built to harm."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sources.pages import URL, page, read
from tracker.errors import SourceError
from tracker.model.post import PostKind
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind
from tracker.sources.article import has_content, read_article

LONG = "Plain words about what happened at the bridge that night. " * 6


def ld(*objects: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(o)}</script>' for o in objects)


def sources_of(html: str) -> list[str]:
    return [claim.source for claim in read(html).claims]


def test_news_article_with_its_video() -> None:
    article = {
        "@context": "https://schema.org",
        "@type": ["NewsArticle", "Thing"],
        "headline": "The bridge",
        "url": URL,
        "datePublished": "2024-05-01T10:00:00+02:00",
        "dateModified": "2024-05-03T08:00:00Z",
        "publisher": {"@type": "Organization", "name": "The Paper"},
        "author": [{"@type": "Person", "name": "Ann"}],
        "video": [{"@type": "VideoObject", "contentUrl": "/v/1.mp4", "uploadDate": "2024-04-30"}],
    }
    post = read(page(LONG, ld({"@graph": [{"@type": "WebSite"}, article]})))
    assert (post.title, post.account, post.kind) == ("The bridge", "The Paper", PostKind.ARTICLE)
    assert [ref.url for ref in post.media] == ["https://news.example/v/1.mp4"]
    published, modified = post.claims
    assert published.kind is ClaimKind.PAGE_METADATA
    assert published.source == "jsonld:datePublished"
    assert published.interval.earliest_at == datetime(2024, 5, 1, 8, tzinfo=UTC)
    assert modified.source == "jsonld:dateModified"
    assert modified.interval.earliest_at is None  # changed then, published at some time before


def test_a_video_page_is_its_authors_and_an_article_is_its_publishers() -> None:
    video = {
        "@type": "VideoObject",
        "contentUrl": "/v/1.mp4",
        "author": {"@type": "Person", "name": "river.watch"},
    }
    site = '<meta property="og:site_name" content="ClipShare">'
    assert read(page(LONG, site + ld(video))).account == "river.watch"
    article = {"@type": "NewsArticle", "url": URL, "publisher": {"name": "The Paper"}}
    assert read(page(LONG, ld(article, video))).account == "The Paper"
    assert read(page(LONG, site + ld(video, video | {"contentUrl": "/2.mp4"}))).account == (
        "ClipShare"
    )


def test_dates_of_other_articles_are_not_this_page() -> None:
    others = {
        "@type": "ItemList",
        "itemListElement": [{"@type": "NewsArticle", "datePublished": "2001-01-01T00:00:00Z"}],
    }
    comment = {
        "@type": "NewsArticle",
        "url": URL,
        "datePublished": "2024-05-01T10:00:00Z",
        "comment": [{"@type": "Comment", "datePublished": "2024-06-01T10:00:00Z"}],
        "mentions": {"@type": "NewsArticle", "datePublished": "2002-01-01T00:00:00Z"},
    }
    elsewhere = {
        "@type": "NewsArticle",
        "url": "https://news.example/other",
        "datePublished": "2003-01-01T00:00:00Z",
    }
    claims = read(page(LONG, ld(others, elsewhere, comment))).claims
    assert [claim.interval.earliest_at for claim in claims] == [
        datetime(2024, 5, 1, 10, tzinfo=UTC)
    ]


@pytest.mark.parametrize(
    ("head", "body", "source"),
    [
        (
            '<meta property="article:published_time" content="2024-05-01T10:00:00Z">',
            "",
            "meta:article:published_time",
        ),
        ('<meta name="DC.date.issued" content="2024-05-01">', "", "meta:dc.date.issued"),
        ('<meta itemprop="datePublished" content="2024-05-01">', "", "meta:datepublished"),
        ("", '<time itemprop="datePublished" datetime="2024-05-01T10:00Z">', "html:time"),
        ("", '<header><time datetime="2024-05-01T10:00:00Z">1 May</time></header>', "html:time"),
        ("", '<p class="x"><time class="entry-date" datetime="2024-05-01">', "html:time"),
        (ld({"@type": "VideoObject", "uploadDate": "2024-05-01"}), "", "jsonld:uploadDate"),
        (ld({"@type": "WebPage", "datePublished": "2024-05-01"}), "", "jsonld:datePublished"),
    ],
)
def test_every_place_of_a_date(head: str, body: str, source: str) -> None:
    assert sources_of(page(body + LONG, head)) == [source]


@pytest.mark.parametrize(
    "html",
    [
        page(
            '<section><p>A comment, <time datetime="2024-05-01T10:00Z">1 May</time></p></section>'
        ),
        page(LONG, '<meta property="article:published_time" content="yesterday">'),
        page(LONG, '<meta property="article:published_time" content="0001-01-01T00:00:00Z">'),
        page(LONG, ld({"@type": "NewsArticle", "datePublished": {"x": [1, None]}})),
        page(LONG, ld({"@type": "NewsArticle", "datePublished": 20240501})),
        page(LONG, ld(*[{"@type": "VideoObject", "uploadDate": "2024-05-01"}] * 2)),
    ],
)
def test_no_date_is_made_up(html: str) -> None:
    assert sources_of(html) == []


def test_declared_videos_in_every_vocabulary() -> None:
    head = (
        '<meta property="og:video" content="https://news.example/a.mp4">'
        '<meta property="og:video:url" content="http://news.example/a.mp4">'
        '<meta name="twitter:player:stream" content="/b.mp4">'
        '<meta name="twitter:player" content="https://www.youtube.com/embed/dQw4w9WgXcQ">'
        + ld({"@type": "http://schema.org/VideoObject", "embedUrl": "https://tv.example/e/1"})
    )
    body = (
        '<div itemscope itemtype="https://schema.org/VideoObject"><meta itemprop="contentURL" '
        'content="/c.mp4"></div>'
    )
    post = read(page(body, head))
    assert [ref.url.rpartition("/")[2] for ref in post.media] == ["c.mp4", "a.mp4", "b.mp4"]
    assert [link.url for link in post.links] == [
        "https://tv.example/e/1",
        "https://www.youtube.com/embed/dQw4w9WgXcQ",
    ]


def test_og_video_that_is_a_player_page() -> None:
    head = (
        '<meta property="og:video:url" content="https://tv.example/embed/9">'
        '<meta property="og:video:type" content="text/html">'
    )
    post = read(page(LONG, head))
    assert (post.media, [link.url for link in post.links]) == ((), ["https://tv.example/embed/9"])


@pytest.mark.parametrize(
    ("stated", "url", "believed"),
    [
        ("/2024/story", "https://news.example/2024/story?fbclid=1&page=2", True),
        ("https://www.news.example/2024/story", "https://news.example/2024/story/amp", True),
        ("https://other.example/2024/story", "https://news.example/2024/story", False),
        ("https://news.example/", "https://news.example/2024/story", False),
        ("https://news.example/show", "https://news.example/show?id=7", False),
        ("javascript:alert(1)", "https://news.example/2024/story", False),
        ("https://news.example:8443/2024/x", "https://news.example/2024/story", False),
    ],
)
def test_canonical_link_is_believed_within_reason(stated: str, url: str, believed: bool) -> None:
    spellings = read(page(LONG, f'<link rel="canonical" href="{stated}">'), url).spellings
    assert any(stated.removeprefix("/") in spelling for spelling in spellings) is believed


def test_where_the_reader_was_sent_from_is_another_spelling_but_not_of_a_front_page() -> None:
    html = page(LONG).encode()
    short = "https://sho.rt/x"
    assert short in read_article(html, URL, requested_url=short).spellings
    assert short not in read_article(html, "https://news.example/", requested_url=short).spellings


def test_a_post_page_of_a_platform_is_a_post() -> None:
    post = read(page(LONG), "https://social.example/@ann/108779000807761862")
    assert (post.kind, post.platform, post.account) == (
        PostKind.POST,
        "mastodon",
        "ann@social.example",
    )
    assert post.status is PostStatus.LIVE


def test_leads_leave_out_what_the_page_links_itself() -> None:
    told = "<p>A video posted on Telegram by the channel Rybar shows the bridge.</p>"
    assert [lead.account for lead in read(page(told + LONG)).leads] == ["Rybar"]
    linked = told.replace("Telegram", '<a href="https://t.me/rybar/4711">Telegram</a>')
    assert read(page(linked + LONG)).leads == ()
    shown = told + '<iframe src="https://t.me/rybar_x/4711?embed=1"></iframe>'
    assert read(page(shown + LONG)).leads == ()


def test_text_is_the_article_without_navigation_and_embeds() -> None:
    html = page(
        "<h1>Head</h1><p>One <b>bold</b>\n word.<br>Two.</p><nav>Menu</nav><script>x</script>"
        '<blockquote class="twitter-tweet">Their words</blockquote><p>' + LONG + "</p>"
    )
    text = read(html).text or ""
    assert text.startswith("Head\n\nOne bold word.\n\nTwo.\n\nPlain words")
    assert "Menu" not in text
    assert "Their words" not in text


def test_control_characters_and_lengths() -> None:
    html = page(LONG * 400, f"<title>A\x1b[31m\u202eB\x07 {'t' * 900}</title>")
    post = read(html)
    assert post.title is not None
    assert post.title.startswith("A [31m B t")
    assert len(post.title) <= 500
    assert len(post.text or "") <= 100_000


@pytest.mark.parametrize(
    ("body", "content_type", "title"),
    [
        ("<title>Привет</title>".encode("cp1251"), "text/html; charset=windows-1251", "Привет"),
        ("<meta charset=koi8-r><title>Привет</title>".encode("koi8-r"), None, "Привет"),
        ("<title>Grüße</title>".encode("cp1252"), "text/html", "Grüße"),
        ("<title>Grüße</title>".encode("utf-16"), "text/html", "Grüße"),
        ("<title>日本</title>".encode("shift_jis"), 'text/html; charset="Shift_JIS"', "日本"),
        ("<meta charset=zip><title>Grüße</title>".encode(), "text/html; charset=rot13", "Grüße"),
        (b"<title>a\x00b\xff</title>", "text/html; charset=utf-8", "ab\ufffd"),
    ],
)
def test_character_sets(body: bytes, content_type: str | None, title: str) -> None:
    assert read_article(body, URL, content_type).title == title


@pytest.mark.parametrize(
    "script",
    [
        "",
        "{",
        "nonsense",
        "[" * 100_000,
        '{"@graph":' * 20_000 + "1" + "}" * 20_000,
        '{"@type": [null, 5, {"x": 1}], "video": [[[[]]]]}',
        '{"@type":"VideoObject","contentUrl":["http://[", 7, null, {"url": {}}, "ftp://x/y.mp4"]}',
        '{"@type":"NewsArticle","url":5,"mainEntityOfPage":[[1]],"author":[[["a"]]],"headline":{}}',
        '"text"',
        "12",
    ],
)
def test_json_ld_garbage_is_passed_over(script: str) -> None:
    html = page(LONG, f'<title>T</title><script type="application/ld+json">{script}</script>')
    post = read(html)
    assert (post.title, post.media, post.claims) == ("T", (), ())


def test_json_ld_with_line_breaks_and_comment_marks_is_read() -> None:
    text = '<!-- {"@type":"NewsArticle","headline":"One\nTwo"} -->'
    assert read(page("", f'<script type="application/ld+json">{text}</script>')).title == "One Two"


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<",
        "<!doctype html>",
        "<html><body><article><p>open <b>and <i>never</b> closed",
        "<table><a href='https://x.com/a/status/1'>x<table><tr><td><form></table></form>",
        "<iframe src='https://www.youtube.com/embed/dQw4w9WgXcQ",
        "<a href=>x</a><a href='http://['>x</a><a href='http://a:99999999/'>x</a>",
        "<a href='https://xn--/'>x</a><a href='//'>x</a><base href='http://['>",
        "<svg><title>x</title><script>1</script></svg><math><mi>x",
        "\ufffe\udfff".encode("utf-16", "surrogatepass").decode("latin-1"),
    ],
)
def test_malformed_pages_are_read_without_complaint(html: str) -> None:
    assert read(html).kind is PostKind.ARTICLE


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 300_000 + "x",
        "<div " + " ".join(f"a{n}" for n in range(100_000)) + ">x",
        "<section><span>" * 50_000,
    ],
)
def test_a_page_built_to_exhaust_the_parser_is_refused_at_once(html: str) -> None:
    started = time.process_time()
    with pytest.raises(SourceError, match="built to exhaust"):
        read(html)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "html",
    [
        "<p>" * 200_000,
        "<a href='https://x.com/a/status/1'>" * 20_000,
        "<blockquote cite='/a'>" * 1500,
        "<template>" * 1500 + "<iframe>",
        "<p>https://x.com/a/status/" + "9" * 100_000,
        "<script>" + "if(a<b){" * 50_000 + "</script><p>text",
        "<meta content='x' name='date'>" * 20_000,
        "<!--" * 100_000,
        '<div itemscope itemtype="https://schema.org/VideoObject"><b itemprop=embedUrl>' * 900,
    ],
)
def test_odd_but_harmless_pages_cost_little(html: str) -> None:
    started = time.process_time()
    read(page(html))
    assert time.process_time() - started < 10


def test_a_page_of_five_megabytes() -> None:
    block = f"<div class='card'><p>{LONG}<a href='/p/%d'>more</a></p></div>"
    body = "".join(block % n for n in range(13_000))
    html = page(body + "<a href='https://x.com/a/status/77'>x</a>")
    assert len(html) > 5_000_000
    started = time.process_time()
    post = read(html)
    assert time.process_time() - started < 10
    assert [link.url for link in post.links] == ["https://x.com/a/status/77"]


def test_links_and_videos_are_bounded() -> None:
    body = "".join(f'<a href="https://x.com/a/status/{n}">x</a>' for n in range(1000))
    videos = "".join(f'<video src="/{n}.mp4"></video>' for n in range(100))
    post = read(page(body + videos))
    assert (len(post.links), len(post.media)) == (300, 20)


def test_a_page_that_says_nothing_has_no_content() -> None:
    assert not has_content(read(page("<p>Please enable JavaScript.</p>")))
    assert has_content(read(page(LONG)))
    assert has_content(read(page('<a href="https://x.com/a/status/1">x</a>')))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<blockquote class=twitter-tweet>",
                "</blockquote>",
                "<a href='https://x.com/a/status/5'>",
                "</a>",
                "<iframe src='//youtu.be/dQw4w9WgXcQ'>",
                "<video src=a.mp4>",
                "<template>",
                "<script type='application/ld+json'>",
                "</script>",
                "<table><td>",
                "text https://t.me/abcde/5 ",
                "<noscript>",
                "<!--",
                "-->",
                "<base href='/x/'>",
                "\x00",
                "'\"",
            ]
        ),
        max_size=25,
    )
)
def test_any_mixture_of_tags_is_read(pieces: list[str]) -> None:
    post = read("".join(pieces))
    assert all(link.url.startswith(("https://", "http://")) for link in post.links)
    assert all(ref.url.startswith(("https://", "http://")) for ref in post.media)
    assert len({link.url for link in post.links}) == len(post.links)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read(body: bytes) -> None:
    assert read_article(body, URL, "text/html").kind is PostKind.ARTICLE
