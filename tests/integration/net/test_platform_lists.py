"""Accounts and channels of platforms, listed by yt-dlp's own extractors from loopback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.authority import make_authority
from tests.support.callback_server import Call, Route
from tests.support.platform_sites import (
    SitePost,
    answering,
    page_of,
    serving_posts,
    tiktok_scope,
    youtube_data,
)
from tests.support.ytdlp_calls import answers_of
from tracker.sources.ytdlp_page import listed_posts

_IDS = ("7369911464708017413", "7369911464708017414")
_NAMES = ("lbTest_0001", "lbTest_0002")


def _list(url: str, host: str, routes: Mapping[str, Route], *others: str) -> SitePost:
    hosts = (host, *others)
    return SitePost("", url, "", hosts, {(h, path): r for h in hosts for path, r in routes.items()})


def _youtube() -> SitePost:
    videos = [
        {"richItemRenderer": {"content": {"videoRenderer": {
            "videoId": name, "title": {"runs": [{"text": f"Video {name}"}]}}}}}
        for name in _NAMES
    ]  # fmt: skip
    tab = {"tabRenderer": {"selected": True, "title": "Videos",
                           "content": {"richGridRenderer": {"contents": videos}}}}  # fmt: skip
    about = {"channelMetadataRenderer": {"title": "River Watch", "externalId": "UC" + "a" * 22}}
    data = {"metadata": about, "contents": {"twoColumnBrowseResultsRenderer": {"tabs": [tab]}}}
    url = "https://www.youtube.com/@riverwatch/videos"
    return _list(url, "www.youtube.com", {"/@riverwatch/videos": page_of(youtube_data(data))})


def _tiktok() -> SitePost:
    user = {"userInfo": {"user": {"secUid": "MS4wLjABAAAAtest"}, "stats": {"videoCount": 2},
                         "itemList": [{"id": _IDS[0]}]}}  # fmt: skip
    items = [{"id": number, "desc": "words", "createTime": int(number) >> 32} for number in _IDS]
    return _list("https://www.tiktok.com/@rivermaker", "www.tiktok.com", {
        "/@rivermaker": page_of(tiktok_scope({"webapp.user-detail": user})),
        "/api/creator/item_list/": answering({"itemList": items, "hasMorePrevious": False}),
    })  # fmt: skip


def _vk() -> SitePost:
    listed = {"all": {"count": 2, "total": 2, "list": [[-22, 7, "a"], [-22, 8, "b"]]}}
    return _list("https://vk.com/video/@riverclub", "vk.com", {
        "/video/@riverclub": page_of('<script>var newCur = {"oid": -22};</script>'),
        "/al_video.php": answering({"payload": ["0", [listed]]}),
    })  # fmt: skip


def _rumble() -> SitePost:
    def page(call: Call) -> None:
        if "page=1" not in call.path:
            call.reply(status=404)
            return
        links = "".join(
            f'<a class="videostream__link link" href="/v{n}abcde-a.html"></a>' for n in "12"
        )
        call.reply(links.encode())

    return _list("https://rumble.com/c/RiverRumble", "rumble.com", {"/c/RiverRumble": page})


def _odysee() -> SitePost:
    def proxy(call: Call) -> None:
        asked = json.loads(call.posted)
        if asked["method"] == "resolve":
            found = {asked["params"]["urls"]: {"claim_id": "1" * 40, "value": {"title": "River"}}}
            answering({"result": found})(call)
            return
        items = [
            {"name": f"clip{n}", "claim_id": n * 40, "timestamp": 1715941230, "value": {}}
            for n in ("a", "b") if asked["params"]["page"] == 1
        ]  # fmt: skip
        answering({"result": {"items": items}})(call)

    url = "https://odysee.com/@RiverOdyssey:1"
    return _list(url, "odysee.com", {"/api/v1/proxy": proxy}, "api.lbry.tv")


LISTS = {"youtube": _youtube, "tiktok": _tiktok, "vk": _vk, "rumble": _rumble, "odysee": _odysee}
EXPECTED = {
    "youtube": [f"https://www.youtube.com/watch?v={name}" for name in _NAMES],
    "tiktok": [f"https://www.tiktok.com/@_/video/{number}" for number in _IDS],
    "vk": ["https://vk.com/video-22_7", "https://vk.com/video-22_8"],
    "rumble": ["https://rumble.com/v1abcde-a.html", "https://rumble.com/v2abcde-a.html"],
    "odysee": [f"https://odysee.com/clip{n}:{n * 40}" for n in "ab"],
}
TERMS = {"known": [], "start": 1, "limit": 50, "newest_first": True}


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Mapping[str, Any]]:
    folder = tmp_path_factory.mktemp("lists")
    places = {name: make() for name, make in LISTS.items()}
    authority = make_authority(folder, {host for place in places.values() for host in place.hosts})
    with ExitStack() as stack:
        asked = [
            (place.url, stack.enter_context(serving_posts({name: place}, authority)))
            for name, place in places.items()
        ]
        return dict(zip(LISTS, answers_of(asked, folder, listing=TERMS), strict=True))


@pytest.mark.parametrize("platform", sorted(LISTS))
def test_an_account_lists_its_posts(platform: str, listed: dict[str, Mapping[str, Any]]) -> None:
    answer = listed[platform]
    assert answer["outcome"] == "done", answer
    assert (answer["ended"], answer["interrupted"]) == (True, None)
    posts = listed_posts(answer["info"])
    assert [post.key for post in posts] == EXPECTED[platform]
    assert {post.platform for post in posts} == {platform}
