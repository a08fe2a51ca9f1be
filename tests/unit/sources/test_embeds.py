"""Every way a page can hide the address of a post."""

from __future__ import annotations

import pytest

from tests.unit.sources.pages import links_of, page, read
from tracker.model.post import LinkRelation
from tracker.net.urls import canonical_url

X = "https://x.com/i/status/1098230906194546688"
YOUTUBE = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
INSTAGRAM = "https://www.instagram.com/p/DW1nTDiDvnF/"
TIKTOK = "https://www.tiktok.com/@_/video/6854717870488702213"
TELEGRAM = "https://t.me/channelname/4711"
BLUESKY = "https://bsky.app/profile/did:plc:abc234/post/3lbd2ebt3wk2r"
MASTODON = "https://mastodon.example/@ann/108779000807761862"
FACEBOOK = "https://www.facebook.com/watch/?v=1234567890"
VIMEO = "https://vimeo.com/76979871"
DAILYMOTION = "https://www.dailymotion.com/video/x8abcde"
RUMBLE = "https://rumble.com/embed/v4abcde/"
ODYSEE = "https://odysee.com/clip:a1"
REDDIT = "https://www.reddit.com/comments/1abcde"
VK = "https://vk.com/video-100_200"
THREADS = "https://www.threads.net/@ann/post/DAbCdEfGhIj"

EMBEDDED = {
    "x blockquote": (
        (
            '<blockquote class="twitter-tweet"><p>Look <a href="https://t.co/a">at</a></p>&mdash; A'
            ' (@a) <a href="https://twitter.com/a/status/1098230906194546688?ref_src=tw">Feb</a>'
            '</blockquote><script async src="https://platform.twitter.com/widgets.js"></script>'
        ),
        X,
    ),
    "x blockquote of a video": (
        '<blockquote class="twitter-video"><a href="//x.com/a/status/1098230906194546688">v</a>',
        X,
    ),
    "x frame": (
        '<iframe src="https://platform.twitter.com/embed/Tweet.html?dnt=1&id=1098230906194546688">',
        X,
    ),
    "x amp": ('<amp-twitter data-tweetid="1098230906194546688" layout="responsive">', X),
    "x by id alone": ('<div class="embed" data-tweet-id="1098230906194546688"></div>', X),
    "instagram blockquote": (
        (
            '<blockquote class="instagram-media" data-instgrm-permalink='
            '"https://www.instagram.com/reel/DW1nTDiDvnF/?utm_source=ig_embed"></blockquote>'
        ),
        INSTAGRAM,
    ),
    "instagram blockquote, link only": (
        '<blockquote class="instagram-media"><a href="https://instagram.com/p/DW1nTDiDvnF/">i</a>',
        INSTAGRAM,
    ),
    "instagram frame": ('<iframe src="//www.instagram.com/p/DW1nTDiDvnF/embed/">', INSTAGRAM),
    "instagram amp": ('<amp-instagram data-shortcode="DW1nTDiDvnF">', INSTAGRAM),
    "tiktok blockquote": (
        (
            '<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@b/video/'
            '6854717870488702213" data-video-id="6854717870488702213"></blockquote>'
        ),
        TIKTOK,
    ),
    "tiktok blockquote, id only": (
        '<blockquote class="tiktok-embed" data-video-id="6854717870488702213"></blockquote>',
        TIKTOK,
    ),
    "tiktok frame": ('<iframe src="https://www.tiktok.com/embed/v2/6854717870488702213">', TIKTOK),
    "tiktok amp": ('<amp-tiktok data-src="6854717870488702213">', TIKTOK),
    "telegram script": (
        (
            '<script async src="https://telegram.org/js/telegram-widget.js?22" '
            'data-telegram-post="channelname/4711" data-width="100%"></script>'
        ),
        TELEGRAM,
    ),
    "telegram frame": ('<iframe src="https://t.me/channelname/4711?embed=1">', TELEGRAM),
    "bluesky blockquote": (
        (
            '<blockquote class="bluesky-embed" data-bluesky-uri='
            '"at://did:plc:abc234/app.bsky.feed.post/3lbd2ebt3wk2r"><p>x</p></blockquote>'
        ),
        BLUESKY,
    ),
    "bluesky frame": (
        '<iframe src="https://embed.bsky.app/embed/did:plc:abc234/app.bsky.feed.post/3lbd2ebt3wk2r?id=1">',
        BLUESKY,
    ),
    "mastodon blockquote": (
        (
            '<blockquote class="mastodon-embed" data-embed-url='
            '"https://mastodon.example/@ann/108779000807761862/embed"></blockquote>'
        ),
        MASTODON,
    ),
    "mastodon frame": (
        '<iframe class="mastodon-embed" src="https://mastodon.example/@ann/108779000807761862/embed">',
        MASTODON,
    ),
    "facebook video frame": (
        (
            '<iframe src="https://www.facebook.com/plugins/video.php?height=3&href='
            'https%3A%2F%2Fwww.facebook.com%2Fann%2Fvideos%2F1234567890%2F">'
        ),
        FACEBOOK,
    ),
    "facebook post frame": (
        (
            '<iframe src="https://www.facebook.com/plugins/post.php?href='
            'https%3A%2F%2Fwww.facebook.com%2Fann%2Fposts%2F1234567">'
        ),
        "https://www.facebook.com/ann/posts/1234567",
    ),
    "facebook div": (
        '<div class="fb-video" data-href="https://www.facebook.com/ann/videos/1234567890/"></div>',
        FACEBOOK,
    ),
    "facebook amp": (
        '<amp-facebook data-href="https://www.facebook.com/ann/videos/1234567890/">',
        FACEBOOK,
    ),
    "youtube frame": ('<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ?rel=0">', YOUTUBE),
    "youtube-nocookie, lazy": (
        '<iframe src="about:blank" data-src="https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ">',
        YOUTUBE,
    ),
    "youtube, behind consent": (
        '<iframe data-cookieblock-src="https://www.youtube.com/embed/dQw4w9WgXcQ">',
        YOUTUBE,
    ),
    "youtube amp": ('<amp-youtube data-videoid="dQw4w9WgXcQ">', YOUTUBE),
    "youtube element": ('<lite-youtube videoid="dQw4w9WgXcQ"></lite-youtube>', YOUTUBE),
    "youtube in noscript": (
        '<noscript><iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe></noscript>',
        YOUTUBE,
    ),
    "youtube in template": (
        '<template><iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe></template>',
        YOUTUBE,
    ),
    "youtube in a script of plain text": (
        (
            '<script type="text/plain"><iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ">'
            "</iframe></script>"
        ),
        YOUTUBE,
    ),
    "youtube in an attribute": (
        (
            '<div data-embed-html="&lt;iframe src=&quot;https://www.youtube.com/embed/dQw4w9WgXcQ'
            '&quot;&gt;&lt;/iframe&gt;"></div>'
        ),
        YOUTUBE,
    ),
    "youtube in srcdoc": (
        "<iframe srcdoc=\"&lt;iframe src='https://www.youtube.com/embed/dQw4w9WgXcQ'&gt;\">",
        YOUTUBE,
    ),
    "youtube by the block editor": (
        (
            '<figure class="wp-block-embed is-type-video"><div class="wp-block-embed__wrapper">\n'
            "https://youtu.be/dQw4w9WgXcQ?si=x\n</div></figure>"
        ),
        YOUTUBE,
    ),
    "youtube by the editor's oembed": (
        '<figure class="media"><oembed url="https://www.youtube.com/watch?v=dQw4w9WgXcQ"></oembed>',
        YOUTUBE,
    ),
    "youtube object": ('<embed src="https://www.youtube.com/v/dQw4w9WgXcQ?version=3">', YOUTUBE),
    "vimeo": ('<iframe src="//player.vimeo.com/video/76979871?title=0">', VIMEO),
    "dailymotion": (
        '<iframe src="https://geo.dailymotion.com/player.html?video=x8abcde">',
        DAILYMOTION,
    ),
    "rumble": ('<iframe class="rumble" src="https://rumble.com/embed/v4abcde/?pub=4">', RUMBLE),
    "odysee": ('<iframe src="https://odysee.com/$/embed/clip:a1">', ODYSEE),
    "reddit blockquote": (
        (
            '<blockquote class="reddit-embed-bq"><a href="https://www.reddit.com/r/v/comments/1abcde/t/">'
            'T</a> by <a href="https://www.reddit.com/user/ann/">ann</a></blockquote>'
        ),
        REDDIT,
    ),
    "reddit frame": ('<iframe src="https://embed.reddit.com/r/v/comments/1abcde/t/">', REDDIT),
    "vk frame": ('<iframe src="https://vk.com/video_ext.php?oid=-100&id=200&hash=a">', VK),
    "vk widget": ('<div id="vk_post_-100_300"></div>', "https://vk.com/wall-100_300"),
    "threads": (
        (
            '<blockquote class="text-post-media" data-text-post-permalink='
            '"https://www.threads.net/@ann/post/DAbCdEfGhIj"></blockquote>'
        ),
        THREADS,
    ),
    "a page cited on any host": (
        '<blockquote cite="http://127.0.0.1:8000/clips/7">video</blockquote>',
        "http://127.0.0.1:8000/clips/7",
    ),
    "a figure cited on any host": (
        '<figure cite="/clips/8"><img src="x.jpg"></figure>',
        "https://news.example/clips/8",
    ),
    "a word-press post": (
        '<blockquote class="wp-embedded-content"><a href="https://other.example/p/">o</a>',
        "https://other.example/p/",
    ),
}


@pytest.mark.parametrize("name", EMBEDDED)
def test_an_embed_is_found_as_shown(name: str) -> None:
    markup, key = EMBEDDED[name]
    embeds = [
        canonical_url(link.url)
        for link in read(page(markup)).links
        if link.relation is LinkRelation.EMBEDS
    ]
    assert embeds == [key]


@pytest.mark.parametrize("key", [X, YOUTUBE, INSTAGRAM, TIKTOK, TELEGRAM, BLUESKY, MASTODON, VK])
def test_a_plain_link_to_a_post_is_a_link(key: str) -> None:
    assert links_of(f'<p>See <a href="{key}">this</a>.</p>') == [(key, "links")]


def test_an_address_written_out_counts_as_a_link() -> None:
    assert links_of(f"<p>The post ({X}).</p>") == [(X, "links")]


@pytest.mark.parametrize(
    "markup",
    [
        f'<nav><a href="{X}">us</a></nav>',
        f'<footer><p><a href="{X}">us</a></p></footer>',
        f'<div class="post-share-buttons"><a href="{X}">us</a></div>',
        f'<ul id="social-links"><li><a href="{X}">us</a></li></ul>',
        '<a href="https://twitter.com/intent/tweet?url=https://news.example/a">share</a>',
        '<a href="https://www.facebook.com/sharer.php?u=https%3A%2F%2Fx.com%2Fa%2Fstatus%2F1">s</a>',
        '<a href="https://t.me/share/url?url=https://news.example/">share</a>',
        '<a href="https://x.com/thepaper">follow us</a>',
        '<a href="javascript:alert(1)">x</a><a href="mailto:a@b.example">x</a><a href="#c">x</a>',
        '<a href="https://x.com@evil.example/a/status/1">x</a>',
        '<iframe src="data:text/html,<b>"></iframe><iframe></iframe><blockquote></blockquote>',
        '<blockquote class="twitter-tweet"></blockquote><amp-twitter></amp-twitter>',
        '<div data-tweet-id="{{ id }}"></div><lite-youtube videoid="../../x"></lite-youtube>',
    ],
)
def test_what_is_no_pointer_to_a_post(markup: str) -> None:
    assert links_of(markup) == []


def test_the_last_link_of_a_quoted_post_is_its_own() -> None:
    markup = (
        '<blockquote class="twitter-tweet">As <a href="https://x.com/b/status/20">they</a> said '
        '<a href="https://x.com/b/status/20/video/1">v</a> — A '
        '<a href="https://x.com/a/status/21">May 1</a></blockquote>'
    )
    assert links_of(markup) == [
        ("https://x.com/i/status/21", "embeds"),
        ("https://x.com/i/status/20", "links"),
    ]


def test_spellings_of_one_post_are_one_link_and_shown_beats_linked() -> None:
    markup = (
        f'<a href="{YOUTUBE}&t=5">watch</a><a href="https://youtu.be/dQw4w9WgXcQ">again</a>'
        '<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>'
    )
    assert links_of(markup) == [(YOUTUBE, "embeds")]


def test_links_keep_the_order_of_the_page() -> None:
    keys = [X, TELEGRAM, YOUTUBE, VIMEO]
    assert [key for key, _ in links_of("".join(f'<a href="{k}">x</a>' for k in keys))] == keys


def test_a_page_does_not_link_itself() -> None:
    html = page('<a href="/story?utm_source=x">perma</a><blockquote cite="/story">q</blockquote>')
    assert read(html, "https://news.example/story").links == ()


def test_relative_addresses_follow_the_base_element() -> None:
    html = '<base href="https://cdn.example/x/"><blockquote cite="../clip/1">a</blockquote>'
    assert [link.url for link in read(html).links] == ["https://cdn.example/clip/1"]


@pytest.mark.parametrize(
    "frame",
    [
        '<iframe src="https://tv.example/embed/abc123" width="640" height="360"></iframe>',
        '<iframe src="https://player.tv.example/abc123"></iframe>',
        '<iframe src="https://tv.example/x?videoId=77"></iframe>',
        '<iframe src="https://tv.example/9" class="js-video-player"></iframe>',
        '<iframe data-src="https://tv.example/videos/9.html" title="Video: the bridge"></iframe>',
        '<amp-iframe src="https://tv.example/embed/9"></amp-iframe>',
        '<amp-video-iframe src="https://tv.example/player/9"></amp-video-iframe>',
    ],
)
def test_an_unknown_host_is_followed_when_its_frame_is_a_player(frame: str) -> None:
    assert [relation for _, relation in links_of(frame)] == ["embeds"]


@pytest.mark.parametrize(
    "frame",
    [
        '<iframe src="https://tv.example/page" allowfullscreen allow="fullscreen"></iframe>',
        '<iframe src="https://securepubads.g.doubleclick.net/video/player"></iframe>',
        '<iframe src="https://x.example/embed/1" id="google_ads_iframe_1"></iframe>',
        '<iframe src="https://x.example/embed/1" width="300" height="250"></iframe>',
        '<iframe src="https://x.example/ads/video/player.html"></iframe>',
        '<iframe src="https://x.example/embed/1" style="display: none"></iframe>',
        '<iframe src="https://x.example/player" width="1" height="1"></iframe>',
        '<iframe src="https://www.google.com/maps/embed?pb=1"></iframe>',
        '<iframe src="https://open.spotify.com/embed/episode/1"></iframe>',
        '<iframe src="https://w.soundcloud.com/player/?url=x"></iframe>',
        '<iframe src="https://datawrapper.dwcdn.net/embed/1/"></iframe>',
        '<iframe src="https://disqus.com/embed/comments/?f=video"></iframe>',
    ],
)
def test_frames_of_advertising_maps_and_sound_are_not_followed(frame: str) -> None:
    assert links_of(frame) == []


def test_files_of_a_player() -> None:
    html = page(
        '<video poster="p.jpg" src="blob:https://x">'
        '<source src="a.m3u8" type="application/x-mpegURL">'
        '<source src="/small.mp4" size="360"><source src="/big.mp4" size="1080"></video>'
        '<video data-src="//cdn.example/lazy.webm"></video><audio src="a.mp3"></audio>'
        '<picture><source src="a.mp4"></picture>'
    )
    assert [(ref.url, ref.via) for ref in read(html).media] == [
        ("https://news.example/big.mp4", "http"),
        ("https://cdn.example/lazy.webm", "http"),
    ]


def test_a_play_list_alone_is_for_yt_dlp() -> None:
    media = read(page('<video><source src="/live/index.m3u8"></video>')).media
    assert [(ref.url, ref.via) for ref in media] == [
        ("https://news.example/live/index.m3u8", "ytdlp")
    ]


def test_a_link_to_a_film_file_is_a_link() -> None:
    assert links_of('<a href="/files/clip.MP4?dl=1">film</a><a href="/report.pdf">pdf</a>') == [
        ("https://news.example/files/clip.MP4?dl=1", "links")
    ]
