"""Platforms on loopback, as yt-dlp's own extractors ask them: TLS, their hosts, their forms.

Each platform holds one post with one video. The documents are our own and as small as may be: the
fields which the extractors read, in the places where the platforms put them. YouTube gives its
formats with plain addresses, as it does to the clients that need no JavaScript.
"""

from __future__ import annotations

import json
import ssl
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.support.authority import Authority, make_authority
from tests.support.callback_server import Call, Route, WebServer, not_found, serving

PUBLISHED_AT = datetime(2024, 5, 17, 10, 20, 30, tzinfo=UTC)
_SECONDS = int(PUBLISHED_AT.timestamp())
_CODE_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SitePost:
    """One post as the platform has it: the address it is added by, its author and its words."""

    platform: str
    url: str
    account: str
    hosts: tuple[str, ...]
    routes: Mapping[tuple[str, str], Route]  # (host, path or pattern) → answer, the first counts

    def answering_instead(self, answers: Mapping[str, Route]) -> SitePost:
        """Return the post with other answers, by path or pattern, on all of its hosts."""
        others = {(host, path): route for host in self.hosts for path, route in answers.items()}
        own = {place: route for place, route in self.routes.items() if place not in others}
        return replace(self, routes={**others, **own})


@dataclass
class PlatformSites:
    """The running platforms: ``posts`` by platform, what ``[network]`` needs to reach them."""

    posts: dict[str, SitePost]
    connect_to: dict[str, str]
    ca_file: Path
    asked: list[tuple[str, str]] = field(default_factory=list)  # (host, path with parameters)

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings that send the command here."""
        return {
            "TRACKER_NETWORK__CONNECT_TO": json.dumps(self.connect_to),
            "TRACKER_NETWORK__CA_FILE": str(self.ca_file),
        }


@contextmanager
def serving_platforms(
    folder: Path, videos: Mapping[str, bytes], link: str
) -> Iterator[PlatformSites]:
    """Run all platforms of ``videos`` (by name) until the block ends.

    Each post shows its video and links ``link`` in its words.
    """
    posts = {name: MAKERS[name](video, f"Seen today: {link}") for name, video in videos.items()}
    authority = make_authority(folder, {host for post in posts.values() for host in post.hosts})
    with serving_posts(posts, authority) as sites:
        yield sites


@contextmanager
def serving_posts(posts: Mapping[str, SitePost], authority: Authority) -> Iterator[PlatformSites]:
    """Run the sites of ``posts``, all on one port, until the block ends."""
    with serving() as server:
        _speak_tls(server, authority.context)
        place = f"127.0.0.1:{server.server_port}"
        hosts = [host for post in posts.values() for host in post.hosts]
        sites = PlatformSites(dict(posts), dict.fromkeys(hosts, place), authority.ca_file)
        server.fallback = _answers(sites)
        yield sites


def _speak_tls(server: WebServer, context: ssl.SSLContext) -> None:
    """Shake hands in the thread of each connection, not in the one that accepts them."""
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )


def _answers(sites: PlatformSites) -> Route:
    routes = [item for post in sites.posts.values() for item in post.routes.items()]

    def answer(call: Call) -> None:
        host, path = call.headers.get("Host", ""), call.path.partition("?")[0]
        sites.asked.append((host, call.path))
        fitting = (r for (h, p), r in routes if h == host and fnmatchcase(path, p))
        next(fitting, not_found)(call)

    return answer


# --- how things are said ------------------------------------------------------------------------


def page_of(html: str, **headers: str) -> Route:
    """Answer with a page."""
    return lambda call: call.reply(html.encode(), headers=headers)


def answering(value: object, headers: Mapping[str, str] | None = None, status: int = 200) -> Route:
    """Answer with a value as JSON."""
    body, kind = json.dumps(value).encode(), "application/json; charset=utf-8"
    return lambda call: call.reply(body, kind, status=status, headers=headers)


def _video(content: bytes) -> Route:
    return lambda call: call.reply(content, "video/mp4")


def _script(attributes: str, value: object) -> str:
    return f"<script {attributes}>{json.dumps(value)}</script>"


def _relay(data: Json) -> str:
    """Data as Meta's pages carry it: a prefetched answer inside a server's call."""
    answer = {"__bbox": {"result": {"data": data}}}
    inner = ["RelayPrefetchedStreamCache", "next", [], ["adp_1", answer]]
    handed = [{"__bbox": {"require": [inner]}}]
    value = {"require": [["ScheduledServerJS", "handle", None, handed]]}
    return _script('type="application/json" data-sjs', value)


# --- the platforms ------------------------------------------------------------------------------


def youtube(video: bytes, words: str) -> SitePost:
    """A video whose formats need no script."""
    number, site, media = "lbTest_0001", "www.youtube.com", "rr1---sn-test.googlevideo.com"
    details = {"videoId": number, "title": "A bridge", "shortDescription": words,
               "lengthSeconds": "4", "channelId": "UC" + "a" * 22, "author": "River Watch",
               "isPrivate": False, "isLiveContent": False}  # fmt: skip
    facts = {"uploadDate": "2024-05-17T03:20:30-07:00", "publishDate": "2024-05-17T03:20:30-07:00",
             "ownerProfileUrl": "http://www.youtube.com/@riverwatch"}  # fmt: skip
    told = {"playabilityStatus": {"status": "OK"}, "videoDetails": details,
            "microformat": {"playerMicroformatRenderer": facts}}  # fmt: skip
    stream = {"itag": 18, "url": f"https://{media}/videoplayback?itag=18", "width": 320,
              "height": 180, "mimeType": 'video/mp4; codecs="avc1.42001E, mp4a.40.2"',
              "quality": "medium", "qualityLabel": "180p"}  # fmt: skip
    return SitePost("youtube", f"https://{site}/watch?v={number}", "@riverwatch", (site, media), {
        (site, "/watch"): page_of(youtube_page(told)),
        (site, "/youtubei/v1/player"): answering({**told, "streamingData": {"formats": [stream]}}),
        (media, "/videoplayback"): _video(video),
    })  # fmt: skip


def youtube_page(told: Json) -> str:
    """Return a watch page that holds the player's answer ``told``."""
    player = f"<script>var ytInitialPlayerResponse = {json.dumps(told)};</script>"
    shown: Json = {"contents": {"twoColumnWatchNextResults": {}}}
    return f"<title>A bridge</title>{player}{youtube_data(shown)}"


def youtube_data(shown: Json) -> str:
    """Return the data of any page as the page holds it."""
    return f"<script>var ytInitialData = {json.dumps(shown)};</script>"


def tiktok(video: bytes, words: str) -> SitePost:
    """A video whose page holds all there is to know of it."""
    number, site, media = str(_SECONDS << 32 | 0xD05), "www.tiktok.com", "v16-webapp.tiktokcdn.com"
    file = f"https://{media}/video/tos/clip.mp4"
    item = {"id": number, "desc": words, "createTime": str(_SECONDS),
            "author": {"id": "77", "uniqueId": "rivermaker", "nickname": "River Maker",
                       "secUid": "MS4wLjABAAAAtest"},
            "video": {"width": 320, "height": 180, "duration": 4, "playAddr": file,
                      "bitrateInfo": [{"PlayAddr": {"UrlList": [file]}}]}}  # fmt: skip
    page = tiktok_page({"statusCode": 0, "itemInfo": {"itemStruct": item}})
    path = f"/@rivermaker/video/{number}"
    return SitePost("tiktok", f"https://{site}{path}", "rivermaker", (site, media), {
        (site, path): page_of(page),
        (site, f"/@_/video/{number}"): page_of(page),
        (media, "/video/tos/clip.mp4"): _video(video),
    })  # fmt: skip


def tiktok_page(detail: Json) -> str:
    """Return a video's page that holds ``detail``."""
    return tiktok_scope({"webapp.video-detail": detail})


def tiktok_scope(scope: Json) -> str:
    """Return any page's data as the page holds it."""
    attributes = 'id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json"'
    return _script(attributes, {"__DEFAULT_SCOPE__": scope})


def instagram(video: bytes, words: str) -> SitePost:
    """A reel, as its page shows it to whoever is not logged in."""
    made_ms = round(PUBLISHED_AT.timestamp() * 1000) - 1_314_220_021_721 - 9_000
    number = (made_ms << 23) | (958 << 10) | 453
    code = _shortcode(number)
    site, media = "www.instagram.com", "scontent.cdninstagram.com"
    item = {"pk": str(number), "code": code, "taken_at": _SECONDS, "caption": {"text": words},
            "user": {"pk": "42", "username": "river.gram", "full_name": "River Gram"},
            "video_duration": 4.0, "has_audio": True,
            "video_versions": [{"type": 101, "url": f"https://{media}/o1/v/clip.mp4",
                                "width": 320, "height": 180}]}  # fmt: skip
    page = _relay({"xig_polaris_media": {"if_not_gated_logged_out": item}})
    session = '<script>["LSD",[],{"token":"lsd-of-the-test"},323]</script>'
    ruling = answering({"status": "ok"}, {"Set-Cookie": "csrftoken=of-the-test; Path=/; Secure"})
    return SitePost("instagram", f"https://{site}/reel/{code}/", "river.gram", (site, media), {
        (site, "/"): page_of(session),
        (site, "/api/v1/web/get_ruling_for_content/"): ruling,
        (site, f"/p/{code}"): page_of(page),
        (media, "/o1/v/clip.mp4"): _video(video),
    })  # fmt: skip


def _shortcode(number: int) -> str:
    code = ""
    while number:
        number, digit = divmod(number, 64)
        code = _CODE_LETTERS[digit] + code
    return code


def facebook(video: bytes, words: str) -> SitePost:
    """A public video."""
    number, site, media = "1234567890123456", "www.facebook.com", "video.xx.fbcdn.net"
    item = {"__typename": "Video", "id": number, "publish_time": _SECONDS,
            "playable_duration_in_ms": 4000, "playable_url": f"https://{media}/v/clip.mp4",
            "owner": {"id": "100040874179269", "name": "River Friends"}}  # fmt: skip
    story = {"attachments": [{"media": item}]}
    page = (
        f'<title>A bridge | Facebook</title><meta name="description" content="{words}">'
        + _relay({"video": {"id": number, "creation_story": story}})
    )
    return SitePost("facebook", f"https://{site}/watch/?v={number}", "River Friends",
                    (site, media), {
        (site, "/watch/"): page_of(page),
        (site, "/watch"): page_of(page),
        (media, "/v/clip.mp4"): _video(video),
    })  # fmt: skip


def vk(video: bytes, words: str) -> SitePost:
    """A video of a community, by the call its own page makes."""
    number, site, media = "-22822305_456241864", "vk.com", "vkvd1.okcdn.ru"
    player = {"params": [{"md_title": "A bridge", "md_author": "River Club", "date": _SECONDS,
                          "author_id": -22822305, "duration": 4,
                          "url240": f"https://{media}/?id=1&type=0"}]}  # fmt: skip
    facts = {"mvData": {"title": "A bridge", "desc": words, "duration": 4}, "player": player}
    answer = {"payload": ["0", ["A bridge", "<div class='mv_info'></div>", facts]]}
    return SitePost("vk", f"https://{site}/video{number}", "River Club", (site, media), {
        (site, "/al_video.php"): answering(answer),
        (media, "/"): _video(video),
    })  # fmt: skip


def rumble(video: bytes, words: str) -> SitePost:
    """A video whose page holds a player."""
    site, media, path = "rumble.com", "sp.rmbl.test", "/v1abcde-a-bridge.html"
    page = (
        '<script>window.a=1;Rumble("play", {"video":"v0wxyz","div":"rumble_v0wxyz"});</script>'
        f'<div class="media-description">{words}</div>'
    )
    file = {"url": f"https://{media}/video/clip.mp4", "meta": {"w": 320, "h": 180}}
    told = {"title": "A bridge", "duration": 4, "live": 0, "fps": 25,
            "pubDate": "2024-05-17T10:20:30+00:00", "ua": {"mp4": {"180": file}},
            "author": {"name": "RiverRumble", "url": "https://rumble.com/c/RiverRumble"},
            "cc": {}}  # fmt: skip
    return SitePost("rumble", f"https://{site}{path}", "RiverRumble", (site, media), {
        (site, path): page_of(page),
        (site, "/embedJS/u3/"): answering(told),
        (media, "/video/clip.mp4"): _video(video),
    })  # fmt: skip


def odysee(video: bytes, words: str) -> SitePost:
    """A stream of a channel, by the calls of its protocol."""
    site, api, media = "odysee.com", "api.lbry.tv", "player.odycdn.com"
    claim = "2" + "f" * 39
    stream = {
        "claim_id": claim, "name": "a-bridge", "timestamp": _SECONDS + 40,
        "signing_channel": {"name": "@RiverOdyssey", "claim_id": "1" + "e" * 39,
                            "value": {"title": "River Odyssey"}},
        "value": {"title": "A bridge", "description": words, "stream_type": "video",
                  "release_time": str(_SECONDS), "video": {"duration": 4},
                  "source": {"name": "clip.mp4", "media_type": "video/mp4"}},
    }  # fmt: skip

    def proxy(call: Call) -> None:
        asked = json.loads(call.posted)
        if asked["method"] == "resolve":
            answering({"result": {asked["params"]["urls"]: stream}})(call)
        else:
            answering({"result": {"streaming_url": f"https://{media}/api/v6/streams/clip.mp4"}})(
                call
            )

    return SitePost("odysee", f"https://{site}/@RiverOdyssey:1/a-bridge:2", "@RiverOdyssey",
                    (site, api, media), {
        (api, "/api/v1/proxy"): proxy,
        (media, "/api/v6/streams/clip.mp4"): _video(video),
        (media, "/api/v3/streams/clip.mp4"): _video(video),
    })  # fmt: skip


def reddit(video: bytes, words: str) -> SitePost:
    """A post with a video of the site's own."""
    site, old, media, number = "www.reddit.com", "old.reddit.com", "v.redd.it", "1cu7abc"
    file = f"https://{media}/clip0/DASH_240.mp4"
    about = {"id": number, "title": "A bridge", "author": "river_redditor", "subreddit": "videos",
             "selftext": words, "created_utc": float(_SECONDS), "over_18": False,
             "url": f"https://{media}/clip0", "media": {"reddit_video": {
                 "fallback_url": f"{file}?source=fallback", "height": 180, "width": 320,
                 "duration": 4}}}  # fmt: skip
    listing = [{"data": {"children": [{"kind": "t3", "data": about}]}}, {"data": {"children": []}}]
    path = f"/r/videos/comments/{number}/a_bridge"
    cookie = {"Set-Cookie": "loid=of-the-test; Domain=reddit.com; Path=/; Secure"}
    return SitePost("reddit", f"https://{site}{path}/", "river_redditor", (site, old, media), {
        (old, "/"): page_of("<title>reddit</title>", **cookie),
        (site, f"/comments/{number}/.json"): answering(listing),
        (site, f"/r/videos/comments/{number}/.json"): answering(listing),
        (media, "/clip0/DASH_240.mp4"): _video(video),
        (site, "/r/videos/new/.rss"): _reddit_feed(f"https://{site}{path}/", number),
    })  # fmt: skip


def x_as_guest(video: bytes, words: str) -> SitePost:
    """A post of X as its own pages get it without an account."""
    number = str(round(PUBLISHED_AT.timestamp() * 1000) - 1_288_834_974_657 << 22)
    site, api, media = "x.com", "api.x.com", "video.twimg.com"
    file = f"https://{media}/amplify_video/1/vid/avc1/320x180/clip.mp4"
    shown = {"id_str": "1791413475000000001", "type": "video", "video_info": {
        "duration_millis": 3000, "variants": [{"content_type": "video/mp4", "bitrate": 832000,
                                               "url": file}]}}  # fmt: skip
    user = {"result": {"legacy": {"screen_name": "river_guest", "name": "River Guest"}}}
    tweet = {"__typename": "Tweet", "core": {"user_results": user}, "legacy": {
        "full_text": words, "created_at": PUBLISHED_AT.strftime("%a %b %d %H:%M:%S +0000 %Y"),
        "extended_entities": {"media": [shown]}}}  # fmt: skip
    answer = {"data": {"tweetResult": {"result": tweet}}}
    return SitePost("x", f"https://{site}/river_guest/status/{number}", "river_guest",
                    (site, api, media), {
        (api, "/1.1/guest/activate.json"): answering({"guest_token": "of-the-test"}),
        (site, "/i/*"): answering(answer),
        (media, "/amplify_video/1/vid/avc1/320x180/clip.mp4"): _video(video),
    })  # fmt: skip


def _reddit_feed(url: str, number: str) -> Route:
    """The feed that Reddit offers of a list: Atom, with the post's links inside its content."""
    shown = f'&lt;a href="{url}"&gt;[comments]&lt;/a&gt;'
    entry = (
        f"<entry><author><name>/u/river_redditor</name></author><id>t3_{number}</id>"
        f'<content type="html">{shown}</content><link href="{url}"/><title>A bridge</title>'
        "<published>2024-05-17T10:20:30+00:00</published></entry>"
    )
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>videos</title>{entry}</feed>'
    return lambda call: call.reply(feed.encode(), "application/atom+xml; charset=UTF-8")


MAKERS = {
    "x": x_as_guest,
    "youtube": youtube,
    "tiktok": tiktok,
    "instagram": instagram,
    "facebook": facebook,
    "vk": vk,
    "rumble": rumble,
    "odysee": odysee,
    "reddit": reddit,
}
