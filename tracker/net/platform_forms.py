"""All known forms of address in the order they are tried, and the platforms' own hosts."""

from __future__ import annotations

from tracker.model.ids import Platform
from tracker.net.social_forms import FEDIVERSE_FORMS, SOCIAL_FORMS
from tracker.net.url_form import Form
from tracker.net.video_forms import VIDEO_FORMS

FORMS: tuple[Form, ...] = (*SOCIAL_FORMS, *VIDEO_FORMS, *FEDIVERSE_FORMS)

_HOSTS = {
    "x": "x.com twitter.com mobile.twitter.com mobile.x.com",
    "youtube": "youtube.com youtu.be music.youtube.com youtube-nocookie.com",
    "tiktok": "tiktok.com",
    "douyin": "douyin.com",
    "instagram": "instagram.com instagr.am",
    "threads": "threads.net threads.com",
    "facebook": "facebook.com fb.com fb.watch web.facebook.com mbasic.facebook.com",
    "telegram": "t.me telegram.me telegram.dog",
    "bluesky": "bsky.app",
    "reddit": "reddit.com old.reddit.com redd.it",
    "truthsocial": "truthsocial.com",
    "gab": "gab.com",
    "vk": "vk.com vk.ru vkvideo.ru",
    "rumble": "rumble.com",
    "odysee": "odysee.com",
    "vimeo": "vimeo.com player.vimeo.com",
    "dailymotion": "dailymotion.com dai.ly",
    "twitch": "twitch.tv clips.twitch.tv",
    "linkedin": "linkedin.com",
    "weibo": "weibo.com weibo.cn",
    "xiaohongshu": "xiaohongshu.com",
    "bilibili": "bilibili.com",
    "discord": "discord.com",
}

MAIN_HOSTS: dict[str, Platform] = {
    host: Platform(name) for name, hosts in _HOSTS.items() for host in hosts.split()
}
