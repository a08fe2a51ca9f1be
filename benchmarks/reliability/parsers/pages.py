"""Parsers of pages: articles, listings, feeds, embeds, JSON-LD, Telegram's pages, plain text."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from benchmarks.reliability.mutations import PIECES, bodies, documents, texts
from benchmarks.reliability.parsers.parser import (
    NOW,
    URL,
    Parser,
    check_post,
    check_text,
    exchange,
    repeated,
    repeated_bytes,
)
from tracker.errors import TrackerError
from tracker.net.http import HttpClient, Response
from tracker.sources.article import read_article
from tracker.sources.direct_media import is_media
from tracker.sources.feed import feed_post, is_feed, read_feed
from tracker.sources.leads import find_leads
from tracker.sources.listing import listed_by_page
from tracker.sources.refresh import refresh_target
from tracker.sources.saved_article import read_saved_html, read_saved_text
from tracker.sources.telegram import Telegram

EMBEDS = (
    (
        '<blockquote class="twitter-tweet"><p>Look <a href="https://t.co/a">at</a></p>'
        "&mdash; A (@a) "
        '<a href="https://twitter.com/a/status/1098230906194546688?ref_src=tw">Feb</a></blockquote>'
    ),
    '<iframe src="https://platform.twitter.com/embed/Tweet.html?id=1098230906194546688"></iframe>',
    '<amp-twitter data-tweetid="1098230906194546688" layout="responsive"></amp-twitter>',
    (
        '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/reel/'
        'DW1nTDiDvnF/?utm_source=ig_embed"></blockquote>'
    ),
    (
        '<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@b/video/68547178704887022'
        '13" data-video-id="6854717870488702213"></blockquote>'
    ),
    '<script async data-telegram-post="channelname/4711" data-width="100%"></script>',
    '<iframe srcdoc="&lt;a href=&quot;https://t.me/abcde/5&quot;&gt;x&lt;/a&gt;"></iframe>',
    '<video src="/v/1.mp4" poster="/p.jpg"><source src="/v/2.webm" type="video/webm"></video>',
    '<iframe src="https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?rel=0"></iframe>',
    '<div data-embed="{&quot;url&quot;: &quot;https://vk.com/video-100_200&quot;}"></div>',
)
LD = {
    "@context": "https://schema.org",
    "@graph": [
        {"@type": "WebSite", "name": "The Paper"},
        {
            "@type": ["NewsArticle", "Thing"],
            "headline": "The bridge",
            "url": URL,
            "datePublished": "2024-05-01T10:00:00+02:00",
            "dateModified": "2024-05-03T08:00:00Z",
            "publisher": {"@type": "Organization", "name": "The Paper"},
            "author": [{"@type": "Person", "name": "Ann"}],
            "video": [
                {
                    "@type": "VideoObject",
                    "contentUrl": "/v/1.mp4",
                    "embedUrl": "https://youtu.be/dQw4w9WgXcQ",
                    "uploadDate": "2024-04-30",
                }
            ],
        },
    ],
}
TEXT = (
    "A video posted on Telegram by reporter Olha Kovalenko on Monday shows a column near the "
    "bridge. Footage shared by @dnipro.drone on TikTok, first published on X by the Ukrainian "
    "Ministry of Infrastructure (Screenshot: Facebook/Hennadij Truchanow), was filmed earlier."
)
TEXTS = (
    TEXT,
    "In einem Video, das Wolodymyr Selenskyj am Freitag auf Telegram veröffentlichte, spricht er.",
    "Dans une vidéo publiée sur X par Benoît Payan le 9 septembre, « on voit le port ». (@leport)",
    "El vídeo fue difundido en X por Carmen Aristegui; después lo compartió @la_vecina.mx.",
    "Ігор Терехов опублікував відео у Telegram. Видео выложил в Telegram канал «Труха⚡️Украина».",
    "نشر المتحدث باسم الجيش مقطع فيديو على منصة إكس يوم الاثنين، وأعاد نشره حساب @abc_news.",
    "“We saw it,” said Mr. J. R. O'Neill-Smith Jr., who posted the clip on Instagram (@oneill).",
)
RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>News</title><item>
<title>The &lt;b&gt;bridge</title><link>/story?utm_source=rss</link><guid>https://n.example/1</guid>
<pubDate>Wed, 01 May 2024 10:00:00 +0200</pubDate><author>ann@paper.example (Ann)</author>
<enclosure url="/v/1.mp4" type="video/mp4" length="9"/>
<media:content url="https://cdn.example/2.mp4" medium="video"/>
<content:encoded><![CDATA[<p>See <a href="https://t.me/abcde/55">this</a></p>]]></content:encoded>
</item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/"><title>A</title>
<entry><id>tag:a.example,2024:1</id><link rel="alternate" href="1.html"/><link rel="enclosure"
 href="v.mp4" type="video/mp4"/><updated>2024-05-01T10:00:00Z</updated><author><name>Ann</name>
</author><content type="html">&lt;iframe src="https://t.me/abcde/5?embed=1"&gt;</content></entry>
</feed>"""
MESSAGE = (
    '<a href="/s/abcde?before=55" class="tme_messages_more" data-before="55"></a>'
    '<div class="tgme_widget_message js-widget_message" data-post="abcde/55">'
    '<div class="tgme_widget_message_forwarded_from"><a class="tgme_widget_message_forwarded_from_'
    'name" href="https://t.me/other/9">Other</a></div><a class="tgme_widget_message_reply" '
    'href="https://t.me/abcde/50"><div class="tgme_widget_message_text">said</div></a>'
    '<div class="tgme_widget_message_grouped_wrap"><a href="https://t.me/abcde/56?single">'
    '<video src="https://cdn.example/file/a.mp4?token=1"></video></a></div>'
    '<div class="tgme_widget_message_text js-message_text">Seen <br>at <a href="https://x.com/a/'
    'status/21">this</a></div><a class="tgme_widget_message_date" href="https://t.me/abcde/55">'
    '<time datetime="2026-02-01T10:00:00+00:00">10:00</time></a></div>'
)
GONE = '<div class="tgme_widget_message_error">Post not found</div>'


def page(body: str, head: str = "") -> str:
    """Return a whole page around ``body``."""
    return f"<!doctype html><html><head>{head}</head><body><article>{body}</article></body></html>"


HEAD = (
    f'<title>The bridge</title><base href="{URL}"><link rel="canonical" href="{URL}">'
    '<meta property="og:video" content="/v/3.mp4"><meta property="og:site_name" content="Paper">'
    '<meta property="article:published_time" content="2024-05-01T10:00:00+02:00">'
    '<meta name="twitter:player" content="https://player.example/e/1"><meta charset="utf-8">'
    '<meta http-equiv="refresh" content="5; url=https://x.com/a/status/21">'
)
PAGES = (
    page("<p>" + "</p><p>".join(TEXTS) + "</p>" + "".join(EMBEDS), HEAD),
    page(f"<figure>{EMBEDS[7]}<figcaption>Video: Facebook/Ann B.</figcaption></figure>", HEAD),
    page("".join(f"<h2><a href='/n/{n}'>Four words at least {n}</a></h2>" for n in range(4))),
    page(TEXT, f'<script type="application/ld+json">{json.dumps(LD)}</script>'),
    *EMBEDS,
)
PAGE_PIECES = (
    *PIECES,
    *EMBEDS,
    *("<div>", "</div>", "<p>", "<li>", "<b><i><a>", "<form><table><tr>", "<plaintext>", "<a b"),
    *(' a="b"', "<iframe srcdoc='", "<noscript>", "<math><mi>", "<select><option>", "<style>"),
    *('<script type="application/ld+json">', "<!doctype", "<?xml", "&amp;", "<frameset>", "<br>"),
)


def _article(body: bytes) -> None:
    check_post(
        read_article(body, URL, "text/html; charset=utf-8", requested_url="http://a.example")
    )
    for post in listed_by_page(body, URL):
        check_post(post)
    refresh_target(body, URL)
    is_media("text/html", body[:512])


def _saved(body: bytes) -> None:
    for read in (read_saved_html, read_saved_text):
        check_post(read(body, "file:///home/ann/page.html"))


def _json_ld(data: object) -> None:
    script = json.dumps(data, default=str).replace("</", "<\\/")
    head = f'<script type="application/ld+json">{script}</script>'
    check_post(read_article(page(TEXT, head).encode("utf-8", "replace"), URL))


def _feed(body: bytes) -> None:
    is_feed(body, None)
    answer = exchange(body, "application/rss+xml", "https://news.example/feed.xml")
    read_feed(answer)
    check_post(feed_post(answer))


def _leads(text: str) -> None:
    for lead in find_leads(text, URL, NOW.date()):
        check_text(lead.account, 200)
        assert lead.text


class _Pages(HttpClient):
    """A client to which every page is the same."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def get(self, url: str, **_: object) -> Response:
        return Response(exchange(self.body, "text/html; charset=utf-8", url), {})


def _telegram(body: bytes) -> None:
    source = Telegram(_Pages(body))
    for target in ("https://t.me/abcde/55", "https://t.me/s/abcde"):
        try:
            check_post(source.fetch(target).post)
        except TrackerError:
            continue


def page_parsers() -> tuple[Parser, ...]:
    """Return the parsers of pages and texts."""
    pages = tuple(text.encode() for text in PAGES)
    saved = (
        *pages,
        *(text.encode() for text in TEXTS),
        b"<!-- saved from url=(0030)https://a.example/ -->",
    )
    feeds = (RSS.encode(), ATOM.encode())
    messages = (page(MESSAGE).encode(), page(MESSAGE * 3).encode(), page(GONE).encode())
    return (
        Parser(
            "article", bodies(pages, PAGE_PIECES), _article, grow=_grown_page, pieces=PAGE_PIECES
        ),
        Parser(
            "saved page",
            bodies(saved, PAGE_PIECES),
            _saved,
            grow=repeated_bytes,
            pieces=(*TEXTS, "<!-- ", "saved with SingleFile\n url: ", "https://a.example/ "),
        ),
        Parser("JSON-LD", documents((LD, LD["@graph"], [LD])), _json_ld),
        Parser(
            "feed",
            bodies(feeds, PAGE_PIECES),
            _feed,
            grow=_grown_feed,
            pieces=(*PAGE_PIECES, "<item>", "<item><title>a</title></item>", "<entry>", "<link "),
        ),
        Parser(
            "Telegram page",
            bodies(messages, PAGE_PIECES),
            _telegram,
            grow=_grown_page,
            pieces=(MESSAGE, '<div class="tgme_widget_message" data-post="abcde/5">'),
        ),
        Parser(
            "leads in a text",
            texts(TEXTS),
            _leads,
            grow=repeated,
            pieces=(*PIECES, *TEXTS, *_LEAD_PIECES),
        ),
        Parser(
            "meta refresh",
            st.builds(lambda b: b, bodies((HEAD.encode(),))),
            lambda body: refresh_target(body, URL),
            grow=repeated_bytes,
            pieces=("<meta ", "<meta http-equiv=refresh content=", "content='", "refresh"),
        ),
    )


_LEAD_PIECES = (
    *(
        "@a ",
        "@",
        "# ",
        "“",
        "”",
        "«",
        "‘a ",
        "A. ",
        "Mr. ",
        "A B ",
        "Ann ",
        "on Telegram ",
        "posted ",
    ),
    *(
        "by Ann ",
        "video ",
        "(",
        "(Facebook/",
        "Screenshot: ",
        ". ",
        "… ",
        "-",
        "– ",
        "a-",
        "А",
        "ب ",
        "\n",
    ),
    *(
        "the ",
        "of ",
        "von ",
        "said ",
        "who ",
        "on X, ",
        ", and ",
        "' ",
        "'s ",
        "!?",
        "1.",
        "a.b.c.",
        "X ",
    ),
)


def _grown_page(piece: str, size: int) -> bytes:
    return page(repeated(piece, size)).encode("utf-8", "surrogatepass")


def _grown_feed(piece: str, size: int) -> bytes:
    body = repeated(piece, size)
    return RSS.replace("<item>", f"<item>{body}", 1).encode("utf-8", "surrogatepass")
