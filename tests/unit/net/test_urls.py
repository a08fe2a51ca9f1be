from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker.errors import UnsupportedSource
from tracker.net.urls import canonical_url, parse_address

X_ID = "1098230906194546688"
TT_ID = "6854717870488702213"
MASTODON_ID = "108779000807761862"

# key -> platform, post id, spellings
POSTS: dict[str, tuple[str, str | None, list[str]]] = {
    f"https://x.com/i/status/{X_ID}": (
        "x",
        X_ID,
        [
            f"https://twitter.com/BBC/status/{X_ID}?s=20&t=abc",
            f"http://www.twitter.com/BBC/statuses/{X_ID}",
            f"https://mobile.twitter.com/BBC/status/{X_ID}/photo/1",
            f"https://x.com/i/web/status/{X_ID}",
            f"https://X.com/other_name/status/{X_ID}#m",
            f"https://fxtwitter.com/BBC/status/{X_ID}/en",
            f"https://vxtwitter.com/BBC/status/{X_ID}",
            f"https://fixupx.com/BBC/status/{X_ID}",
            f"https://nitter.net/BBC/status/{X_ID}#m",
            f"https://nitter.example.org/BBC/status/{X_ID}",
            f"https://twitter.com/#!/BBC/status/{X_ID}",
            f"http://www.twitter.com/#!/BBC/status/{X_ID}",
            f"https://twitter.com/i/videos/{X_ID}",
            f"https://platform.twitter.com/embed/Tweet.html?dnt=true&id={X_ID}",
            f"https://d.fxtwitter.com/BBC/status/{X_ID}",
            f"https://c.vxtwitter.com/BBC/status/{X_ID}.mp4",
            f"https://xcancel.com/i/status/{X_ID}#m",
            f"https://nitter.net/i/status/{X_ID}",
            f"https://publish.twitter.com/?query=https%3A%2F%2Fx.com%2FBBC%2Fstatus%2F{X_ID}",
            f"https://publish.x.com/oembed?url=https%3A%2F%2Fx.com%2FBBC%2Fstatus%2F{X_ID}",
            f"https://l.facebook.com/l.php?u=https%3A%2F%2Fx.com%2FBBC%2Fstatus%2F{X_ID}&h=AT0",
            f"https://www.google.com/url?sa=t&url=https%3A%2F%2Fx.com%2FBBC%2Fstatus%2F{X_ID}",
        ],
    ),
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ": (
        "youtube",
        "dQw4w9WgXcQ",
        [
            "https://youtu.be/dQw4w9WgXcQ?si=abc&t=42",
            "http://m.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ&list=PL1",
            "https://music.youtube.com/watch?v=dQw4w9WgXcQ",
            "https://www.youtube.com/shorts/dQw4w9WgXcQ",
            "https://www.youtube.com/live/dQw4w9WgXcQ?feature=share",
            "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?rel=0",
            "https://www.youtube.com/v/dQw4w9WgXcQ",
            "https://yewtu.be/watch?v=dQw4w9WgXcQ",
            "https://piped.video/watch?v=dQw4w9WgXcQ",
            "https://www.youtube.com/redirect?event=x&q=https%3A%2F%2Fyoutu.be%2FdQw4w9WgXcQ",
            "https://vk.com/away.php?to=https%3A%2F%2Fyoutu.be%2FdQw4w9WgXcQ",
            "https://www.youtube.com/oembed?url=https%3A%2F%2Fyoutu.be%2FdQw4w9WgXcQ&format=json",
        ],
    ),
    f"https://www.tiktok.com/@_/video/{TT_ID}": (
        "tiktok",
        TT_ID,
        [
            f"https://www.tiktok.com/@some.body/video/{TT_ID}?is_from_webapp=1",
            f"https://m.tiktok.com/v/{TT_ID}.html?u_code=1",
            f"https://www.tiktok.com/embed/v2/{TT_ID}?lang=en",
            f"https://www.tiktok.com/player/v1/{TT_ID}",
            f"https://www.tiktok.com/@/video/{TT_ID}",
        ],
    ),
    "https://www.instagram.com/p/DW1nTDiDvnF/": (
        "instagram",
        "DW1nTDiDvnF",
        [
            "https://instagram.com/reel/DW1nTDiDvnF/?igsh=abc",
            "https://www.instagram.com/reels/DW1nTDiDvnF",
            "https://www.instagram.com/tv/DW1nTDiDvnF/",
            "https://www.instagram.com/some.body/p/DW1nTDiDvnF/",
            "https://www.instagram.com/p/DW1nTDiDvnF/embed/captioned/?cr=1",
            "https://ddinstagram.com/reel/DW1nTDiDvnF",
            "https://www.kkinstagram.com/reel/DW1nTDiDvnF/?igsh=1&utm_source=x",
            "https://l.instagram.com/?u=https%3A%2F%2Finstagram.com%2Fp%2FDW1nTDiDvnF&e=AT0",
        ],
    ),
    "https://www.facebook.com/watch/?v=1234567890": (
        "facebook",
        "1234567890",
        [
            "https://www.facebook.com/watch?v=1234567890&ref=sharing",
            "https://m.facebook.com/watch/?v=1234567890",
            "https://web.facebook.com/some.page/videos/1234567890/",
            "https://de-de.facebook.com/some.page/videos/a-title/1234567890/",
            "https://www.facebook.com/reel/1234567890",
            "https://www.facebook.com/video.php?v=1234567890",
            "https://www.facebook.com/plugins/video.php?height=314&show_text=false&href="
            + quote("https://www.facebook.com/some.page/videos/1234567890/", safe=""),
        ],
    ),
    "https://fb.watch/abc_-1/": ("facebook", None, ["https://fb.watch/abc_-1"]),
    "https://t.me/channel_name/44": (
        "telegram",
        "44",
        [
            "https://t.me/s/Channel_Name/44",
            "https://t.me/channel_name/44?embed=1&single",
            "http://telegram.me/channel_name/44",
        ],
    ),
    "https://bsky.app/profile/some.body.org/post/3lbd2ebt3wk2r": (
        "bluesky",
        "3lbd2ebt3wk2r",
        [
            "https://bsky.app/profile/Some.Body.org/post/3lbd2ebt3wk2r?ref_src=embed",
            "https://embed.bsky.app/embed/some.body.org/app.bsky.feed.post/3lbd2ebt3wk2r?id=1",
            "at://some.body.org/app.bsky.feed.post/3lbd2ebt3wk2r",
        ],
    ),
    "https://bsky.app/profile/did:plc:abc234/post/3lbd2ebt3wk2r": (
        "bluesky",
        "3lbd2ebt3wk2r",
        ["at://did:plc:abc234/app.bsky.feed.post/3lbd2ebt3wk2r"],
    ),
    f"https://mastodon.example/@bob/{MASTODON_ID}": (
        "mastodon",
        MASTODON_ID,
        [
            f"https://mastodon.example/@bob/{MASTODON_ID}/embed",
            f"https://mastodon.example/users/bob/statuses/{MASTODON_ID}",
            f"https://mastodon.example/web/@bob/{MASTODON_ID}",
            f"https://mastodon.example/users/bob/statuses/{MASTODON_ID}/activity",
        ],
    ),
    "https://www.reddit.com/comments/6rrwyj": (
        "reddit",
        "6rrwyj",
        [
            "https://old.reddit.com/r/videos/comments/6rrwyj/that_small_heart_attack/",
            "https://www.reddit.com/r/videos/comments/6rrwyj/slug/dl7?context=3",
            "https://redd.it/6RRWYJ",
            "https://www.rxddit.com/r/videos/comments/6rrwyj/slug/",
            "https://redlib.example.org/r/videos/comments/6rrwyj/slug",
            "https://out.reddit.com/t3_6rrwyj?url=https%3A%2F%2Fredd.it%2F6rrwyj&token=x",
            "https://reddit.com/comments/6rrwyj.json",
        ],
    ),
    "https://vk.com/video-22822305_456241864": (
        "vk",
        "456241864",
        [
            "https://m.vk.com/video-22822305_456241864?list=1",
            "https://vkvideo.ru/video-22822305_456241864",
            "https://vk.com/clip-22822305_456241864",
            "https://vk.com/feed?z=video-22822305_456241864%2Fpl_cat",
            "https://vk.com/video_ext.php?oid=-22822305&id=456241864&hash=0f",
        ],
    ),
    "https://rumble.com/v2abcd-a-title.html": (
        "rumble",
        "v2abcd",
        ["https://www.rumble.com/v2abcd-a-title.html?mref=1"],
    ),
    "https://rumble.com/embed/v28xyz/": (
        "rumble",
        "v28xyz",
        ["https://rumble.com/embed/u4.v28xyz"],
    ),
    "https://odysee.com/@Some:a/a-title:b1": (
        "odysee",
        "a-title:b1",
        [
            "https://odysee.com/@Some:a/a-title:b1?r=x",
            "https://odysee.com/$/embed/@Some:a/a-title:b1",
        ],
    ),
    "https://vimeo.com/76979871": (
        "vimeo",
        "76979871",
        [
            "https://player.vimeo.com/video/76979871?title=0",
            "https://vimeo.com/channels/staffpicks/76979871",
            "http://www.vimeo.com/76979871",
        ],
    ),
    "https://vimeo.com/76979871/8272103f6e": (
        "vimeo",
        "76979871",
        ["https://player.vimeo.com/video/76979871?h=8272103f6e"],
    ),
    "https://www.dailymotion.com/video/x8abcd": (
        "dailymotion",
        "x8abcd",
        [
            "https://dai.ly/x8abcd",
            "https://www.dailymotion.com/embed/video/x8abcd?autoplay=1",
            "https://www.dailymotion.com/video/x8abcd_a-title_news",
            "https://geo.dailymotion.com/player/xabc.html?video=x8abcd",
        ],
    ),
    "https://clips.twitch.tv/FancyClip-x_Y": (
        "twitch",
        "FancyClip-x_Y",
        [
            "https://www.twitch.tv/somebody/clip/FancyClip-x_Y?filter=clips",
            "https://clips.twitch.tv/embed?clip=FancyClip-x_Y&parent=example.org",
        ],
    ),
}
SPELLINGS = [
    (spelling, key, platform, post_id)
    for key, (platform, post_id, spellings) in POSTS.items()
    for spelling in [key, *spellings]
]


@pytest.mark.parametrize(("spelling", "key", "platform", "post_id"), SPELLINGS)
def test_every_spelling_of_a_post_has_one_key(
    spelling: str, key: str, platform: str, post_id: str | None
) -> None:
    address = parse_address(spelling)
    assert (address.key, address.platform, address.post_id) == (key, platform, post_id)
    assert address.is_post


@pytest.mark.parametrize(
    ("url", "platform", "account"),
    [
        (f"https://twitter.com/BBC/status/{X_ID}", "x", "BBC"),
        (f"https://x.com/i/status/{X_ID}", "x", None),
        ("https://x.com/BBC", "x", "BBC"),
        ("https://x.com/home", "x", None),
        (f"https://www.tiktok.com/@some.body/video/{TT_ID}", "tiktok", "some.body"),
        (f"https://www.tiktok.com/@_/video/{TT_ID}", "tiktok", None),
        ("https://www.youtube.com/@Some%20One/videos", "youtube", "Some One"),
        ("https://www.instagram.com/some.body/reel/DW1nTDiDvnF/", "instagram", "some.body"),
        ("https://www.instagram.com/some.body/", "instagram", "some.body"),
        ("https://t.me/s/Channel_Name", "telegram", "Channel_Name"),
        ("https://t.me/Channel_Name/4", "telegram", "Channel_Name"),
        ("https://bsky.app/profile/some.body.org", "bluesky", "some.body.org"),
        (f"https://mastodon.example/@bob/{MASTODON_ID}", "mastodon", "bob@mastodon.example"),
        (f"https://mastodon.example/@bob@far.example/{MASTODON_ID}", "mastodon", "bob@far.example"),
        (f"http://127.0.0.1:8000/@bob/{MASTODON_ID}", "mastodon", "bob@127.0.0.1:8000"),
        ("https://www.reddit.com/user/bob/comments/6rrwyj/x/", "reddit", "bob"),
        (f"https://gab.com/bob/posts/{MASTODON_ID}", "gab", "bob"),
        (f"https://truthsocial.com/@bob/posts/{MASTODON_ID}", "truthsocial", "bob"),
        ("https://news.example/a", "web", None),
    ],
)
def test_account_is_read_where_the_address_names_it(
    url: str, platform: str, account: str | None
) -> None:
    address = parse_address(url)
    assert (address.platform, address.account) == (platform, account)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("http://example.org:8080/a", "http://example.org:8080/a"),
        ("http://example.org./a/./b/../c", "http://example.org/a/c"),
        ("https://exämple.org/ü?q=é", "https://xn--exmple-cua.org/%C3%BC?q=%C3%A9"),
        ("https://example.org/%7euser/%e4?a=%2f", "https://example.org/~user/%E4?a=%2F"),
        ("https://example.org/a b.mp4", "https://example.org/a%20b.mp4"),
        ("https://example.org/100%", "https://example.org/100%25"),
        (
            "https://example.org/a?utm_source=x&b=2&fbclid=1&a=1&&gclid=3#part",
            "https://example.org/a?b=2&a=1",
        ),
        ("https://example.org/a?UTM_Medium=x", "https://example.org/a"),
        ("https://example.org/a?", "https://example.org/a"),
        ("  https://example.org/a\n", "https://example.org/a"),
        ("http://[2001:DB8::0:1]:80/a", "http://[2001:db8::1]/a"),
        ("http://127.0.0.1:8000/article.html?id=1", "http://127.0.0.1:8000/article.html?id=1"),
        ("http://x.com/search?q=a", "https://x.com/search?q=a"),
        ("https://www.youtube.com/embed/videoseries?list=PL1",) * 2,
        ("https://medium.com/@someone/a-story-1a2b3c",) * 2,
        ("https://www.tiktok.com/@someone/12345",) * 2,
    ],
)
def test_open_web_addresses_get_one_normal_form(url: str, key: str) -> None:
    address = parse_address(url)
    assert address.key == key
    assert not address.is_post


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("x:@NASA", "https://x.com/nasa"),
        ("X:@NASA", "https://x.com/nasa"),
        ("https://twitter.com/NASA/with_replies", "https://x.com/nasa"),
        ("https://x.com/nasa/media?utm_source=x", "https://x.com/nasa"),
        ("x:search:from:nasa has:videos", "https://x.com/search?q=from%3Anasa%20has%3Avideos"),
        ("https://x.com/search?q=from%3Anasa+has%3Avideos&src=typed_query&f=live",
         "https://x.com/search?q=from%3Anasa%20has%3Avideos"),
        ("x:search: 100% \"a b\" ", "https://x.com/search?q=100%25%20%22a%20b%22"),
        (f"x:quotes:{X_ID}", f"https://x.com/i/status/{X_ID}/quotes"),
        (f"https://twitter.com/BBC/status/{X_ID}/quotes?s=20", f"https://x.com/i/status/{X_ID}/quotes"),
    ],
)  # fmt: skip
def test_accounts_searches_and_quotes_of_x_have_one_key(url: str, key: str) -> None:
    address = parse_address(url)
    assert (address.key, address.platform, address.is_post) == (key, "x", False)
    assert canonical_url(address.key) == key


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example%2Fa%3Fb%3D1%26fbclid%3D2&h=x",
         "https://news.example/a?b=1"),
        ("https://www.google.com/amp/s/news.example/a.html", "https://news.example/a.html"),
        ("https://news-example.cdn.ampproject.org/v/s/news.example/a?x=1",
         "https://news.example/a?x=1"),
        ("https://href.li/?https://news.example/a", "https://news.example/a"),
        ("https://www.google.com/url?q=/local", "https://www.google.com/url?q=/local"),
        ("https://vk.com/away.php?to=javascript:alert(1)",
         "https://vk.com/away.php?to=javascript:alert(1)"),
    ],
)  # fmt: skip
def test_exit_pages_are_taken_off(url: str, key: str) -> None:
    assert canonical_url(url) == key
    assert not parse_address(url).is_post


def test_addresses_inside_addresses_without_end_are_refused() -> None:
    with pytest.raises(UnsupportedSource, match="wraps too many"):
        canonical_url("https://l.facebook.com/l.php?u=" * 40 + "https://example.org/")


def test_short_links_are_known_by_their_host() -> None:
    found = {url: parse_address(url).is_short_link for url in (
        "https://t.co/abc", "http://www.bit.ly/x", "https://t.co/", "https://example.org/abc",
        "https://youtu.be/dQw4w9WgXcQ",
    )}  # fmt: skip
    assert list(found.values()) == [True, True, False, False, False]


def test_a_short_link_is_one_whichever_way_it_is_asked() -> None:
    assert canonical_url("http://t.co/AbC?amp=1&utm_source=x") == "https://t.co/AbC?amp=1"
    assert canonical_url("https://t.co/AbC") != canonical_url("https://t.co/abc")


def test_http_and_https_stay_apart_on_the_open_web() -> None:
    assert canonical_url("http://example.org/a") != canonical_url("https://example.org/a")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x.com/a/status/1",
        "ftp://example.org/a",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///a",
        "https://user:secret@example.org/",
        "https://x.com\\@example.org/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "https://exa mple.org/",
        "https://example..org/",
        "https://\ud800.org/",
        "https://example.org/\ud800",
        "x:search:bridge \ud800",
        "https://example.org/" + "a" * 9000,
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(UnsupportedSource):
        parse_address(url)


def test_refusal_does_not_repeat_a_password() -> None:
    with pytest.raises(UnsupportedSource) as caught:
        parse_address("https://user:secret@example.org/")
    assert "secret" not in str(caught.value)


PIECES = st.sampled_from(
    [
        "https://",
        "http://",
        "x.com",
        "twitter.com",
        "youtu.be",
        "www.youtube.com",
        "tiktok.com",
        "t.me",
        "vk.com",
        "bsky.app",
        "www.facebook.com",
        "reddit.com",
        "nitter.net",
        "vimeo.com",
        "example.org",
        "127.0.0.1",
        "[::1]",
        ":80",
        ":443",
        ":8000",
        ".",
        "..",
        "/",
        "//",
        "/status/",
        "123456",
        "/@bob/",
        "/watch?v=",
        "dQw4w9WgXcQ",
        "?",
        "&",
        "#",
        "#!/",
        "%",
        "%2e",
        "%7E",
        "%zz",
        "=",
        ";",
        "\\",
        "@",
        "é",
        "日本",
        "/plugins/video.php?href=",
        "l.facebook.com",
        "/l.php?u=",
        "www.google.com",
        "/amp/s/",
        "/search?q=",
        "/quotes",
        "+",
        "x:@",
        "x:search:",
        "/p/",
        "/reel/",
        "utm_source=1",
        "&z=video-1_2",
        "/comments/",
        "/video/",
        "at://",
        "\n",
    ]
)


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(PIECES, max_size=9).map("".join),
        st.lists(PIECES, max_size=7).map(lambda parts: "https://" + "".join(parts)),
        st.text(max_size=30).map(lambda text: "https://example.org/" + text),
        st.text(max_size=30).map(lambda text: "https://x.com/a/status/1?" + text),
    )
)
@example("https://www.facebook.com/plugins/video.php?href=" * 5)
@example("https://l.facebook.com/l.php?u=" * 5)
@example("x:search:+ %2B %")
@example("https://x.com/search?q=%20a%20")
@example("http://0x7f.1/")
@example("https://vm.tiktok.com/a/")
def test_canonical_form_is_stable_and_nothing_else_is_raised(url: str) -> None:
    try:
        address = parse_address(url)
    except UnsupportedSource:
        return
    again = parse_address(address.key)
    assert again.key == address.key
    assert (again.platform, again.post_id) == (address.platform, address.post_id)
    assert again.is_post == address.is_post
    assert address.key.isascii()
