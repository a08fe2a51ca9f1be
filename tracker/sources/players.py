"""Tells a video player's ``<iframe>`` from advertising, maps, forms and the like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from tracker.sources.clean import words

# Words that say "player", as a whole part of a path, a host label, a class name or a title.
_PLAYER_PATH = re.compile(
    r"(?:^|[/_.-])(?:embed|embeds|embedded|player|players|video|videos|videoembed|clip|iframe-?player|"
    r"vod|watch)(?=$|[/_.-])",
    re.IGNORECASE,
)
_PLAYER_HOST = re.compile(r"(?:^|[.-])(?:player|players|video|videos|vod|embed)(?=[.-])")
_PLAYER_QUERY = re.compile(r"(?:^|&)(?:video|video_?id|vid|clip_?id|media_?id)=", re.IGNORECASE)
_PLAYER_NAME = re.compile(
    r"(?:^|[\s_-])(?:video|videos|player|videoplayer|video-js|jwplayer|jw-player|brightcove)"
    r"(?=$|[\s_-])",
    re.IGNORECASE,
)
_NAMED = ("class", "id", "title", "name", "aria-label", "data-testid")

_AD_NAME = re.compile(
    r"(?:^|[\s_-])(?:ad|ads|adv|advert|advertisement|advertising|adsense|adslot|ad-slot|adunit|"
    r"sponsor|sponsored|banner|promo|dfp|gpt|google_ads_iframe|taboola|outbrain)(?=$|[\s_\d-])",
    re.IGNORECASE,
)
_AD_PATH = re.compile(
    r"(?:^|[/_.-])(?:ads?|adserver|adframe|adserve|advert|vast|banners?|pixel|sync|usersync)"
    r"(?=$|[/_.-])",
    re.IGNORECASE,
)
_AD_SIZES = words(
    "300x250 728x90 160x600 300x600 970x250 970x90 320x50 320x100 336x280 468x60 120x600 250x250 "
    "1x1 0x0"
)
# Hosts whose frames are never somebody's video: advertising, measuring, consent, comments, audio,
# maps, forms, charts. A name stands for its subdomains too.
_NEVER = words(
    "doubleclick.net googlesyndication.com googletagmanager.com googleadservices.com adnxs.com "
    "adsrvr.org amazon-adsystem.com criteo.com criteo.net taboola.com outbrain.com teads.tv "
    "rubiconproject.com pubmatic.com openx.net casalemedia.com smartadserver.com 3lift.com "
    "adform.net yieldmo.com indexww.com media.net moatads.com scorecardresearch.com "
    "quantserve.com hotjar.com recaptcha.net hcaptcha.com onetrust.com cookiebot.com "
    "consensu.org sp-prod.net disqus.com disquscdn.com facebook.net addthis.com sharethis.com "
    "addtoany.com spotify.com soundcloud.com podcasts.apple.com music.apple.com anchor.fm "
    "acast.com megaphone.fm spreaker.com omny.fm libsyn.com buzzsprout.com audioboom.com "
    "docs.google.com maps.google.com calendar.google.com accounts.google.com typeform.com "
    "jotform.com surveymonkey.com mailchimp.com list-manage.com substack.com datawrapper.de "
    "dwcdn.net infogram.com flourish.studio openstreetmap.org mapbox.com documentcloud.org "
    "scribd.com issuu.com paypal.com stripe.com donorbox.org"
)


def looks_like_player(url: str, attributes: Mapping[str, str | None]) -> bool:
    """Tell whether an ``<iframe>`` at ``url`` with these attributes shows a video.

    Needs a sign of a player in the address or in the element's names, and none of advertising.
    Permissions such as ``allowfullscreen`` prove nothing: maps and advertisements have them too.
    """
    try:
        split = urlsplit(url)
    except ValueError:
        return False
    if _is_never(split.hostname or "", split.path) or _looks_like_ad(split.path, attributes):
        return False
    return (
        bool(_PLAYER_PATH.search(split.path))
        or bool(_PLAYER_HOST.search(split.hostname or ""))
        or bool(_PLAYER_QUERY.search(split.query))
        or any(_PLAYER_NAME.search(attributes.get(name) or "") for name in _NAMED)
    )


def _is_never(host: str, path: str) -> bool:
    labels = host.lower().split(".")
    suffixes = {".".join(labels[start:]) for start in range(len(labels))}
    if not _NEVER.isdisjoint(suffixes):
        return True
    google_frame = bool({"google.com", "www.google.com"} & suffixes)
    return google_frame and path.startswith(("/maps", "/recaptcha"))


def _looks_like_ad(path: str, attributes: Mapping[str, str | None]) -> bool:
    size = f"{_number(attributes.get('width'))}x{_number(attributes.get('height'))}"
    hidden = re.search(
        r"display\s*:\s*none|visibility\s*:\s*hidden", attributes.get("style") or "", re.IGNORECASE
    )
    return (
        size in _AD_SIZES
        or hidden is not None
        or bool(_AD_PATH.search(path))
        or any(_AD_NAME.search(attributes.get(name) or "") for name in _NAMED)
    )


def _number(value: str | None) -> str:
    return (value or "").strip().removesuffix("px")
