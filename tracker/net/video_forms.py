"""Forms of address of video platforms and other networks, as a table (see ``social_forms``)."""

from __future__ import annotations

import re

from tracker.net.url_form import NUMBER, Form, form

_YOUTUBE_ID = re.compile(r"(?!videoseries$|live_stream$)[\w-]{11}(?![\w-])", re.ASCII)
_YT = (
    "youtube.com music.youtube.com gaming.youtube.com youtube-nocookie.com youtubekids.com "
    "yout-ube.com koutube.com yewtu.be piped.video piped. invidious. inv."
)
_YT_KEY = "https://www.youtube.com/watch?v={id}"
_YT_PATH_ID = r"(?P<id>(?!videoseries/?$|live_stream/?$)[\w-]{11})(?![\w-]).*"
_YOUTUBE = (
    form("youtube", _YT, r"/watch(?:_popup)?/?", _YT_KEY, id=("v", _YOUTUBE_ID)),
    form("youtube", _YT, r"/(?:shorts|live|embed|v|e|watch)/" + _YT_PATH_ID, _YT_KEY),
    form("youtube", "youtu.be", r"/(?:shorts/|live/)?" + _YT_PATH_ID, _YT_KEY),
    form("youtube", _YT, r"/oembed/?", nested="url"),
    form(
        "youtube",
        _YT,
        r"(?P<path>/(?:@|c/|user/|channel/)(?P<account>[^/]+)(?:/[a-z]*)?)",
        "https://www.youtube.com{path}",
        is_post=False,
    ),
)


_VK = "vk.com vk.ru new.vk.com vkvideo.ru"
_VK_VIDEO = "https://vk.com/video{owner}_{id}"
_VK_PAIR = r"(?P<owner>-?\d+)_(?P<id>\d+)"
_VK_NUMBER = re.compile(r"-?\d{1,20}(?!\w)")
_VK_POPUP = re.compile(rf"(?:video|clip){_VK_PAIR}", re.ASCII)
_VKONTAKTE = (
    form("vk", _VK, rf"/(?:[\w.]+/)?(?:video|clip){_VK_PAIR}(?:/.*)?", _VK_VIDEO),
    form("vk", _VK, rf"/wall{_VK_PAIR}", "https://vk.com/wall{owner}_{id}"),
    form(
        "vk",
        _VK,
        r"/video_ext\.php",
        _VK_VIDEO,
        owner=("oid", _VK_NUMBER),
        id=("id", NUMBER),
    ),
    form("vk", _VK, r"/.*", _VK_VIDEO, popup=("z", _VK_POPUP)),
)

_RUMBLE = (
    form(
        "rumble",
        "rumble.com",
        r"/embed/(?:[0-9a-z]+\.)?(?P<id>v[0-9a-z]+)/?",
        "https://rumble.com/embed/{id}/",  # not the id of the page, so it cannot be unified
    ),
    form(
        "rumble",
        "rumble.com",
        r"/(?P<id>v(?!ideos)[0-9a-z]+)(?P<slug>-[^/]*\.html|\.html|)",
        "https://rumble.com/{id}{slug}",
    ),
)

_ODYSEE_PART = r"[^/:]+(?::|%23)[0-9a-f]+"
_ODYSEE = (
    form(
        "odysee",
        "odysee.com lbry.tv",
        r"/(?:\$/(?:embed|download)/)?@(?P<account>[^/:]+):(?P<channel>[0-9a-f]+)/(?P<id>[^/:]+:[0-9a-f]+)/?",
        "https://odysee.com/@{account}:{channel}/{id}",
    ),
    form(
        "odysee",
        "odysee.com lbry.tv",
        r"/(?:\$/(?:embed|download)/)?(?P<id>[^/:@$][^/:]*(?::|/)[0-9a-f]+)/?",
        "https://odysee.com/{id}",
    ),
)

_VIMEO_ID = r"(?P<id>\d{3,15})"
_VIMEO_HASH = re.compile(r"[0-9a-f]{6,16}(?!\w)")
_VIMEO = (
    # An unlisted video opens only with its hash, so the hash stays where it is given.
    form(
        "vimeo",
        "vimeo.com",
        rf"/{_VIMEO_ID}/(?P<hash>[0-9a-f]{{6,16}})/?",
        "https://vimeo.com/{id}/{hash}",
    ),
    form(
        "vimeo",
        "player.vimeo.com",
        rf"/video/{_VIMEO_ID}/?",
        "https://vimeo.com/{id}/{hash}",
        hash=("h", _VIMEO_HASH),
    ),
    form("vimeo", "player.vimeo.com", rf"/video/{_VIMEO_ID}/?", "https://vimeo.com/{id}"),
    form(
        "vimeo",
        "vimeo.com",
        rf"/(?:(?:channels|groups|showcase|album|ondemand)/[^/]+/)?(?:videos?/)?{_VIMEO_ID}/?",
        "https://vimeo.com/{id}",
    ),
)

_DM_KEY = "https://www.dailymotion.com/video/{id}"
_DM_ID = r"(?P<id>[a-zA-Z0-9]{5,10})(?![a-zA-Z0-9]).*"
_DM_PARAMETER = re.compile(r"[a-zA-Z0-9]{5,10}(?!\w)")
_DAILYMOTION = (
    form("dailymotion", "dailymotion.com", rf"/(?:embed/)?video/{_DM_ID}", _DM_KEY),
    form("dailymotion", "dai.ly", rf"/{_DM_ID}", _DM_KEY),
    form(
        "dailymotion",
        "dailymotion.com geo.dailymotion.com",
        r"/player(?:/\w+)?\.html",
        _DM_KEY,
        id=("video", _DM_PARAMETER),
    ),
)

_CLIP_KEY = "https://clips.twitch.tv/{id}"
_VOD_KEY = "https://www.twitch.tv/videos/{id}"
_CLIP = re.compile(r"[\w-]{4,120}", re.ASCII)
_VOD = re.compile(r"(?<=v)\d{1,15}(?!\w)|\d{1,15}(?!\w)")
_TWITCH = (
    form("twitch", "clips.twitch.tv", r"/embed/?", _CLIP_KEY, id=("clip", _CLIP)),
    form("twitch", "clips.twitch.tv", r"/(?P<id>[\w-]{4,120})/?", _CLIP_KEY),
    form("twitch", "twitch.tv", r"/(?P<account>\w+)/clip/(?P<id>[\w-]{4,120})/?", _CLIP_KEY),
    form("twitch", "twitch.tv", r"/(?:\w+/v(?:ideo)?/|videos/v?)(?P<id>\d+)/?", _VOD_KEY),
    form("twitch", "player.twitch.tv", r"/", _VOD_KEY, id=("video", _VOD)),
)

_OTHERS = (
    form(
        "linkedin",
        ".linkedin.com",
        r"/(?:embed/)?feed/update/urn(?::|%3A)li(?::|%3A)(?P<sort>activity|ugcPost|share)(?::|%3A)(?P<id>\d{15,20})/?",
        "https://www.linkedin.com/feed/update/urn:li:{sort}:{id}/",
    ),
    form(
        "linkedin",
        ".linkedin.com",
        r"/posts/(?P<account>[^/_]+)_.*-(?P<sort>activity|ugcPost|share)-(?P<id>\d{15,20})(?:-[\w-]+)?/?",
        "https://www.linkedin.com/feed/update/urn:li:{sort}:{id}/",
    ),
    form(
        "weibo",
        "weibo.com weibo.cn m.weibo.cn",
        r"/(?:status|detail|\d+)/(?P<id>\d{16}|[0-9A-Za-z]{9})/?",
        "https://m.weibo.cn/status/{id}",
    ),
    form(
        "xiaohongshu",
        "xiaohongshu.com",
        r"/(?:explore|discovery/item)/(?P<id>[0-9a-f]{24})/?",
        "https://www.xiaohongshu.com/explore/{id}",
    ),
    form(
        "ixigua",
        "ixigua.com",
        r"/(?:i|video/)?(?P<id>\d{15,20})/?",
        "https://www.ixigua.com/{id}",
    ),
    form(
        "likee",
        "likee.video likee.com l.likee.video",
        r"/@(?P<account>[^/]+)/video/(?P<id>\d{15,20})/?",
        "https://likee.video/@{account}/video/{id}",
    ),
    form(
        "discord",
        "discord.com discordapp.com ptb.discord.com canary.discord.com",
        r"/channels/(?P<guild>\d+|@me)/(?P<channel>\d+)/(?P<id>\d{15,20})/?",
        "https://discord.com/channels/{guild}/{channel}/{id}",
    ),
    form(
        "bilibili",
        "bilibili.com",
        r"/video/(?P<id>BV[0-9A-Za-z]{10}|av\d+)/?",
        "https://www.bilibili.com/video/{id}/",
    ),
)

VIDEO_FORMS: tuple[Form, ...] = (
    *_YOUTUBE,
    *_VKONTAKTE,
    *_RUMBLE,
    *_ODYSEE,
    *_VIMEO,
    *_DAILYMOTION,
    *_TWITCH,
    *_OTHERS,
)
