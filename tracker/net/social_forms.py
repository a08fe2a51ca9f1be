"""Forms of address of the social networks, as a table.

Each row says: on these hosts, a path like this is one post (or one account), and this is its
key. Rows are tried in order. A network's mirrors and embed hosts stand beside its own.
"""

from __future__ import annotations

import re

from tracker.net.url_form import NUMBER, Form, form

X_HOSTS = (
    "x.com twitter.com .fxtwitter.com .vxtwitter.com .fixupx.com .fixvx.com .twittpr.com "
    "platform.twitter.com platform.x.com publish.twitter.com publish.x.com "
    "twitterez.com xcancel.com twiiit.com lightbrd.com nitter."
)
_X_KEY = "https://x.com/i/status/{id}"
_X_ANY_TEXT = re.compile(r".*\S.*", re.DOTALL)
_X_LISTINGS = (
    form(
        "x",
        X_HOSTS,
        r"/(?:\w{1,20}|i/web)/status(?:es)?/(?P<quoted>\d{1,20})/quotes/?",
        "https://x.com/i/status/{quoted}/quotes",
        is_post=False,
    ),
    form(
        "x",
        "x.com twitter.com",
        r"/search(?:/(?:live|top|video|videos|photos))?/?",
        "https://x.com/search?q={query}",
        is_post=False,
        query=("q", _X_ANY_TEXT),
    ),
)
_X = (
    form(
        "x",
        X_HOSTS,
        r"/(?P<account>\w{1,20})/status(?:es)?/(?P<id>\d{1,20})(?!\w).*",
        _X_KEY,
        no_account="i",
    ),
    form("x", X_HOSTS, r"/i/(?:web/status|videos(?:/tweet)?)/(?P<id>\d{1,20})(?!\w).*", _X_KEY),
    form("x", X_HOSTS, r"/statuses/(?P<id>\d{1,20})(?!\w).*", _X_KEY),
    form("x", X_HOSTS, r"/embed/(?:index|Tweet)\.html", _X_KEY, id=("id", NUMBER)),
    form("x", X_HOSTS, r"/", nested="query"),  # publish.twitter.com shows how to embed it
    form("x", X_HOSTS, r"/oembed/?", nested="url"),
)

_X_PAGES = (
    "home|explore|search|hashtag|i|intent|share|login|signup|settings|messages|notifications|"
    "compose|tos|privacy|jobs|about|download|account|oauth|statuses|embed"
)
_X_ACCOUNT = form(
    "x",
    "x.com twitter.com",
    rf"/(?P<account>(?!(?:{_X_PAGES})(?:/|$))\w{{1,20}})"
    r"(?:/(?:with_replies|media|highlights|articles))?/?",
    "https://x.com/{account}",
    fold="account",
    is_post=False,
)

_TT_KEY = "https://www.tiktok.com/@_/video/{id}"
_TT_ID = r"(?P<id>\d{6,20})(?!\w).*"
_TIKTOK = (
    form(
        "tiktok",
        "tiktok.com .vxtiktok.com .tnktok.com .tfxktok.com tiktokez.com kktiktok.com",
        r"/@(?P<account>[\w.-]*)/(?:video|photo)/" + _TT_ID,
        _TT_KEY,
        no_account="_",
    ),
    form(
        "tiktok", "tiktok.com", r"/(?:v|embed(?:/v\d)?|player/v\d|share/video)/" + _TT_ID, _TT_KEY
    ),
    form("tiktok", "vm.tiktok.com vt.tiktok.com", r"(?P<path>/\w+)/?", "https://{host}{path}/"),
    form("tiktok", "tiktok.com", r"/t/(?P<code>\w+)/?", "https://www.tiktok.com/t/{code}/"),
    form(
        "tiktok",
        "tiktok.com",
        r"/@(?P<account>[\w.-]+)/?",
        "https://www.tiktok.com/@{account}",
        fold="account",
        is_post=False,
    ),
    form(
        "douyin",
        "douyin.com iesdouyin.com",
        r"(?:/share)?/video/(?P<id>\d{6,20})(?!\w).*",
        "https://www.douyin.com/video/{id}",
    ),
)

_IG = (
    "instagram.com instagr.am .ddinstagram.com kkinstagram.com vxinstagram.com uuinstagram.com "
    "eeinstagram.com zzinstagram.com instagramez.com"
)
_IG_PAGES = "p reel reels tv stories explore accounts share about legal developer direct web"
_INSTAGRAM = (
    form(
        "instagram",
        _IG,
        r"/(?:(?P<account>(?!share/)[\w.]+)/)?(?:p|tv|reels?(?!/audio/))/(?P<id>[\w-]{5,60})(?:/.*)?",
        "https://www.instagram.com/p/{id}/",
    ),
    form(
        "instagram",
        _IG,
        r"/stories/(?P<account>(?!highlights/)[\w.]+)/(?P<id>\d{6,20})/?",
        "https://www.instagram.com/stories/{account}/{id}/",
        fold="account",
    ),
    form(
        "instagram",
        _IG,
        r"/share/(?:(?:p|reel|tv)/)?(?P<code>[\w-]+)/?",
        "https://www.instagram.com/share/{code}/",
    ),
    form(
        "instagram",
        _IG,
        rf"/(?P<account>(?!(?:{'|'.join(_IG_PAGES.split())})/?$)[\w.]+)/?",
        "https://www.instagram.com/{account}/",
        fold="account",
        is_post=False,
    ),
    form(
        "threads",
        "threads.net threads.com fixthreads.net vxthreads.net threadsez.com",
        r"/@(?P<account>[\w.]+)/post/(?P<id>[\w-]{5,60})(?:/.*)?",
        "https://www.threads.net/@{account}/post/{id}",
        fold="account",
    ),
)

_FB = ".facebook.com fb.com facebed.com"
_FB_VIDEO = "https://www.facebook.com/watch/?v={id}"
_FB_ID = r"(?P<id>\d{5,20})"
_FB_STORY = re.compile(r"[\w.-]{5,100}", re.ASCII)
_FACEBOOK = (
    form("facebook", _FB, r"/plugins/(?:video|post)\.php", nested="href"),
    form("facebook", _FB, r"/(?:watch(?:/live)?|video\.php)/?", _FB_VIDEO, id=("v", NUMBER)),
    form("facebook", _FB, r"/video/embed/?", _FB_VIDEO, id=("video_id", NUMBER)),
    form(
        "facebook",
        _FB,
        r"/(?P<account>[^/]+)/videos/(?:[^/]+/)?" + _FB_ID + r"/?",
        _FB_VIDEO,
    ),
    form("facebook", _FB, rf"/reel/{_FB_ID}/?", _FB_VIDEO),
    form(
        "facebook",
        _FB,
        r"/(?P<account>(?!groups/)[^/]+)/posts/(?:[^/]+/)?(?P<id>\w{5,100})/?",
        "https://www.facebook.com/{account}/posts/{id}",
    ),
    form(
        "facebook",
        _FB,
        r"/groups/(?P<group>[^/]+)/(?:permalink|posts)/(?P<id>\d{5,20})/?",
        "https://www.facebook.com/groups/{group}/posts/{id}/",
    ),
    form(
        "facebook",
        _FB,
        r"/(?:permalink|story)\.php",
        "https://www.facebook.com/permalink.php?story_fbid={id}&id={owner}",
        id=("story_fbid", _FB_STORY),
        owner=("id", NUMBER),
    ),
    form(
        "facebook",
        _FB,
        r"/share/(?P<sort>[vrp])/(?P<code>\w+)/?",
        "https://www.facebook.com/share/{sort}/{code}/",
    ),
    form("facebook", "fb.watch", r"/(?P<code>[\w-]+)/?", "https://fb.watch/{code}/"),
)

_TG = "t.me telegram.me telegram.dog"
_TG_NAME = r"(?P<account>(?!joinchat$|share$|addstickers$|proxy$|iv$)[A-Za-z]\w{3,31})"
_TELEGRAM = (
    form("telegram", _TG, r"/c/(?P<chat>\d+)/(?:\d+/)?(?P<id>\d+)/?", "https://t.me/c/{chat}/{id}"),
    form(
        "telegram",
        _TG,
        rf"/(?:s/)?{_TG_NAME}/(?:\d+/)?(?P<id>\d+)/?",
        "https://t.me/{account}/{id}",
        fold="account",
    ),
    form(
        "telegram",
        _TG,
        rf"/(?:s/)?{_TG_NAME}/?",
        "https://t.me/s/{account}",
        fold="account",
        is_post=False,
    ),
)

_BSKY = (
    "bsky.app staging.bsky.app main.bsky.dev fxbsky.app bskyx.app vxbsky.app bskye.app xbsky.app"
)
_BLUESKY = (
    form(
        "bluesky",
        _BSKY,
        r"/profile/(?P<account>[\w.:%-]+)/post/(?P<id>[\w.:~-]{1,100})(?:/.*)?",
        "https://bsky.app/profile/{account}/post/{id}",
        fold="account",
    ),
    form(
        "bluesky",
        "embed.bsky.app",
        r"/embed/(?P<account>[\w.:%-]+)/app\.bsky\.feed\.post/(?P<id>[\w.:~-]{1,100})/?",
        "https://bsky.app/profile/{account}/post/{id}",
        fold="account",
    ),
    # A repost has no page of its own: the sharer's profile, with the record's name.
    form(
        "bluesky",
        _BSKY,
        r"/profile/(?P<account>[\w.:%-]+)/?",
        "https://bsky.app/profile/{account}?repost={id}",
        fold="account",
        id=("repost", re.compile(r"[\w.:~-]{1,100}\Z", re.ASCII)),
    ),
    form(
        "bluesky",
        _BSKY,
        r"/profile/(?P<account>[\w.:%-]+)/?",
        "https://bsky.app/profile/{account}",
        fold="account",
        is_post=False,
    ),
)

_REDDIT_KEY = "https://www.reddit.com/comments/{id}"
_REDDIT_ID = r"(?P<id>[A-Za-z0-9]{2,13})"
_REDDIT_HOSTS = (
    ".reddit.com rxddit.com vxreddit.com rxyddit.com redditez.com libreddit. redlib. teddit."
)
_REDDIT = (
    form(
        "reddit",
        _REDDIT_HOSTS,
        rf"/(?:r/[^/]+/|(?:u|user)/(?P<account>[^/]+)/)?comments/{_REDDIT_ID}(?:[/.].*)?",
        _REDDIT_KEY,
        fold="id",
    ),
    form("reddit", "redd.it", rf"/{_REDDIT_ID}/?", _REDDIT_KEY, fold="id"),
    form("reddit", "v.redd.it", r"/(?P<code>\w+)/?", "https://v.redd.it/{code}"),
    form(
        "reddit",
        ".reddit.com",
        r"/(?P<place>(?:r|u|user)/[^/]+/s/\w+)/?",
        "https://www.reddit.com/{place}",
    ),
    form(
        "reddit",
        ".reddit.com",
        r"/(?:u|user)/(?P<account>[\w-]+)/?",
        "https://www.reddit.com/user/{account}",
        fold="account",
        is_post=False,
    ),
)

# Ids of these are snowflakes of one server, so the host belongs to the account.
_FEDI_ACCOUNT = r"(?P<account>[\w.-]{1,64}(?:@[\w.:-]{1,253})?)"
_FEDIVERSE = (
    form(
        "truthsocial",
        "truthsocial.com",
        r"/@(?P<account>[\w.-]+)/(?:posts/)?(?P<id>\d{5,20})(?:/embed)?/?",
        "https://truthsocial.com/@{account}/posts/{id}",
    ),
    form(
        "gab",
        "gab.com",
        r"/@?(?P<account>[\w.-]+)/posts/(?P<id>\d{5,20})/?",
        "https://gab.com/{account}/posts/{id}",
    ),
    form(
        "mastodon",
        "",
        rf"(?:/web|/deck)?/@{_FEDI_ACCOUNT}/(?P<id>\d{{1,20}})(?:/embed)?/?",
        "{scheme}://{authority}/@{account}/{id}",
        host_in_account=True,
    ),
    form(
        "mastodon",
        "",
        rf"/(?:ap/)?users/{_FEDI_ACCOUNT}/statuses/(?P<id>\d{{1,20}})(?:/(?:embed|activity))?/?",
        "{scheme}://{authority}/@{account}/{id}",
        host_in_account=True,
    ),
)

SOCIAL_FORMS: tuple[Form, ...] = (
    *_X_LISTINGS,
    *_X,
    _X_ACCOUNT,
    *_TIKTOK,
    *_INSTAGRAM,
    *_FACEBOOK,
    *_TELEGRAM,
    *_BLUESKY,
    *_REDDIT,
)
FEDIVERSE_FORMS: tuple[Form, ...] = _FEDIVERSE
