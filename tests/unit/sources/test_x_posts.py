"""Answers of X's API as nobody documented them: nothing is believed, nothing is raised."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracker.model.post import LinkRelation, MediaRef, PostLink
from tracker.net.urls import canonical_url, parse_address
from tracker.sources.x_posts import post_key, read_posts

KEY = "7_717462543795523584"
WORDS = (
    "data includes errors tweets users media id text author_id created_at attachments media_keys "
    "media_key type variants url content_type bit_rate entities urls expanded_url unwound_url "
    "referenced_tweets edit_history_tweet_ids note_tweet username resource_id resource_type value "
    "title detail media_source_tweet_id"
)
NAMES = st.sampled_from(WORDS.split())
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.text(max_size=8),
    st.sampled_from(
        ["1098230906194546688", "9", KEY, "video", "video/mp4", "retweeted", "tweet", "1e9999",
         "https://t.co/a", "https://x.com/a/status/9", "2019-02-20T14:40:26.000Z", "\ud800", "٣"]
    ),
)  # fmt: skip
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=6)),
    max_leaves=40,
)


@given(st.dictionaries(NAMES, DOCUMENTS, max_size=4))
def test_any_json_is_read_without_a_word(document: dict[str, object]) -> None:
    found = read_posts(document)
    assert set(found.asked) <= set(found.posts)
    for post in found.posts.values():
        for link in post.links:
            assert parse_address(link.url)


@given(st.lists(st.dictionaries(NAMES, DOCUMENTS, max_size=6), max_size=3))
def test_any_post_is_read_without_a_word(posts: list[dict[str, object]]) -> None:
    numbered = [{**post, "id": str(9 + n)} for n, post in enumerate(posts)]
    found = read_posts({"data": numbered, "includes": {"tweets": numbered, "media": posts}})
    assert set(found.asked) == {post["id"] for post in numbered}


def _with_media(**media: object) -> tuple[MediaRef, ...]:
    post = {"id": "9", "attachments": {"media_keys": [KEY]}}
    includes = {"media": [{"media_key": KEY, "type": "video", **media}]}
    return read_posts({"data": [post], "includes": includes}).posts["9"].media


def test_the_best_plain_file_then_a_stream_then_the_post_itself() -> None:
    def variant(url: str, kind: str, rate: int | None) -> dict[str, object]:
        return {"url": url, "content_type": kind, "bit_rate": rate}

    small = variant("https://video.example/s.mp4", "video/mp4", 1)
    large = variant("https://video.example/l.mp4", "video/mp4", 99)
    stream = variant("https://video.example/p.m3u8", "application/x-mpegURL", None)
    media_id = "x:717462543795523584"
    assert _with_media(variants=[small, stream, large]) == (
        MediaRef("https://video.example/l.mp4", "http", media_id),
    )
    assert _with_media(variants=[stream]) == (
        MediaRef("https://video.example/p.m3u8", "ytdlp", media_id),
    )
    assert _with_media() == (MediaRef(post_key("9"), "ytdlp", media_id),)
    assert _with_media(type="photo", variants=[large]) == ()
    assert _with_media(type="animated_gif", variants=[small])[0].via == "http"


def test_long_posts_are_read_whole_with_their_links() -> None:
    urls = [{"expanded_url": "https://news.example/a", "url": "https://t.co/a"}]
    note = {"text": "the whole &amp; long text", "entities": {"urls": urls}}
    post = read_posts({"data": {"id": "9", "text": "the whole…", "note_tweet": note}}).posts["9"]
    assert post.text == "the whole & long text"
    assert post.links == (PostLink("https://news.example/a", LinkRelation.LINKS),)


def test_a_pointer_the_platform_states_is_not_a_plain_link_as_well() -> None:
    urls = [{"expanded_url": "https://twitter.com/ann/status/8?s=20"}, {"url": "https://x.com/bob"}]
    raw = {
        "id": "9",
        "referenced_tweets": [{"type": "quoted", "id": "8"}],
        "attachments": {"media_source_tweet_id": ["7", "9"]},
        "edit_history_tweet_ids": ["6", "9", "10"],
        "entities": {"urls": urls},
    }
    post = read_posts({"data": [raw]}).posts["9"]
    assert [(link.url, link.relation) for link in post.links] == [
        (canonical_url("https://x.com/i/status/7"), LinkRelation.REUSES),
        (canonical_url("https://x.com/i/status/6"), LinkRelation.EDITS),
        (canonical_url("https://x.com/i/status/10"), LinkRelation.EDITS),
        (canonical_url("https://x.com/i/status/8"), LinkRelation.QUOTES),
    ]
