"""Addresses that only lead on to another one: exit pages that name it, and short links.

Exit pages of platforms (``l.facebook.com/l.php?u=…``) and AMP caches name their target, so they
are taken off by their form alone. Short links have to be asked; their hosts are listed so that a
short link in a text is worth asking about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from tracker.net.url_form import bare_host
from tracker.net.url_syntax import WebUrl


@dataclass(frozen=True, slots=True)
class _Exit:
    """On these hosts, a path like this names its target in the first of these parameters."""

    hosts: frozenset[str]
    path: re.Pattern[str]
    parameters: tuple[str, ...]


def _exit(hosts: str, path: str, parameters: str) -> _Exit:
    return _Exit(frozenset(hosts.split()), re.compile(path), tuple(parameters.split()))


_EXITS = (
    _exit("l.facebook.com lm.facebook.com facebook.com", r"/l\.php", "u"),
    _exit("l.instagram.com l.threads.net l.threads.com", r"/", "u"),
    _exit("youtube.com", r"/redirect/?", "q"),
    _exit("google.com google.de google.fr google.es google.it google.co.uk", r"/url/?", "q url"),
    _exit("vk.com vk.ru", r"/away(?:\.php)?", "to"),
    _exit("out.reddit.com", r"/.*", "url"),
    _exit("t.umblr.com", r"/redirect/?", "z"),
    _exit("linkedin.com", r"/(?:redir/redirect|safety/go)/?", "url"),
    _exit("steamcommunity.com", r"/linkfilter/?", "u url"),
    _exit("slack-redir.net", r"/link/?", "url"),
    _exit("t.me telegram.me", r"/iv/?", "url"),
)
_TARGET = re.compile(r"https?://", re.IGNORECASE)
_GOOGLE_AMP = re.compile(r"/amp/(s/)?([^/]+\..+)", re.DOTALL)
_AMP_CACHE = re.compile(r"/[cv]/(s/)?([^/]+\..+)", re.DOTALL)

_SHORTENERS = (
    "t.co bit.ly bitly.com j.mp tinyurl.com goo.gl ow.ly buff.ly is.gd v.gd dlvr.it lnkd.in "
    "shorturl.at rb.gy cutt.ly t.ly tiny.cc rebrand.ly trib.al soo.gd s.id clck.ru vk.cc ift.tt "
    "wp.me flip.it spr.ly ebx.sh amzn.to nyti.ms wapo.st bbc.in cnn.it reut.rs apne.ws gu.com "
    "abcn.ws cbsn.ws nbcnews.to politi.co bloom.bg on.wsj.com on.ft.com econ.st aje.io aje.me "
    "hrld.us lemde.fr spon.de sz.de p.dw.com dpo.st yhoo.it huff.to cnb.cx n.pr"
)
SHORT_LINK_HOSTS = frozenset(_SHORTENERS.split())
"""Hosts whose addresses only lead on. Any other address may do so too and is followed as well."""


def wrapped_url(web: WebUrl) -> str | None:
    """Return the address that an exit page or an AMP cache names, ``None`` for any other."""
    host = bare_host(web.host)
    for way_out in _EXITS:
        if host in way_out.hosts and way_out.path.fullmatch(web.path):
            values = (web.parameter(name) for name in way_out.parameters)
            return next((value for value in values if value and _TARGET.match(value)), None)
    if host == "href.li" and web.query:
        target = unquote("&".join(web.query))
        return target if _TARGET.match(target) else None
    return _behind_amp(host, web)


def _behind_amp(host: str, web: WebUrl) -> str | None:
    pattern = None
    if host == "google.com":
        pattern = _GOOGLE_AMP
    elif host.endswith(".cdn.ampproject.org"):
        pattern = _AMP_CACHE
    found = pattern.fullmatch(web.path) if pattern is not None else None
    if found is None:
        return None
    query = "?" + "&".join(web.query) if web.query else ""
    return f"{'https' if found[1] else 'http'}://{found[2]}{query}"


def is_short_link(web: WebUrl) -> bool:
    """Tell whether the address is one of a link shortener's."""
    return bare_host(web.host) in SHORT_LINK_HOSTS and len(web.path) > 1
