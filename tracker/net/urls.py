"""What an address tells by its form alone, without asking the network.

One post has many spellings: mobile hosts, short links, embeds, mirrors, tracking parameters.
``canonical_url`` maps them to one key wherever the form alone allows it. Where the account in
an address may be missing or wrong (X, TikTok, Instagram, Facebook videos, Reddit) the key is
built from the post's id only. Bluesky and Mastodon ids are unique only within an account or a
host, so these stay in the key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote, unquote

from tracker.errors import UnsupportedSource
from tracker.model.ids import Platform, PostKey
from tracker.net.link_wrappers import is_short_link, wrapped_url
from tracker.net.platform_forms import FORMS, MAIN_HOSTS
from tracker.net.url_form import Form, bare_host, handles
from tracker.net.url_syntax import WebUrl, parse_web_url, shown

WEB = Platform("web")
_MAX_NESTING = 5
_AT_URI = re.compile(r"at://([^/?#]+)/app\.bsky\.feed\.post/([^/?#]+)", re.IGNORECASE)
_SHORTHAND = re.compile(
    r"x:(?:@(?P<account>\w{1,20})|search:(?P<search>.*\S.*)|quotes:(?P<quotes>\d{1,20}))\Z",
    re.ASCII | re.IGNORECASE,
)
_MAX_HANDLE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Address:
    """What an address tells by its form alone.

    ``account`` is the handle without ``@`` where the address names it (``user@host`` on
    Mastodon). ``post_id`` is the platform's own id; it is ``None`` for short links that lead
    to one post but do not say which. ``is_post`` is True for the address of one single post
    on a known platform. ``is_short_link`` is True for an address that only leads on, nobody
    knows where without asking.
    """

    key: PostKey
    platform: Platform
    account: str | None
    post_id: str | None
    is_post: bool
    is_short_link: bool = False


class _TooDeep(UnsupportedSource):
    """Addresses inside addresses beyond all reason."""


def canonical_url(url: str) -> PostKey:
    """Return the one key for every spelling of ``url``; applying it twice changes nothing.

    Raises ``UnsupportedSource`` for anything but an http(s) address, a Bluesky ``at://``, or the
    shorthand ``x:@handle``, ``x:search:QUERY``, ``x:quotes:POST_ID``.
    """
    return parse_address(url).key


@lru_cache(maxsize=1024)  # one post's address is asked about a dozen times on its way
def parse_address(url: str) -> Address:
    """Return platform, account and post id that the form of ``url`` gives away.

    Raises ``UnsupportedSource`` for anything but an http(s) address (or a Bluesky ``at://``).
    """
    return _parse(url, nesting=0)


def is_shorthand(text: str) -> bool:
    """Tell whether ``text`` names an account or a search in short: ``x:@handle``."""
    return _SHORTHAND.match(text.strip()) is not None


def _parse(url: str, nesting: int) -> Address:
    web = parse_web_url(_spelled_out(url))
    inner = _parsed_inner(wrapped_url(web), nesting)
    if inner is not None:
        return inner
    if web.fragment.startswith("!/") and _main_platform(web) == "x":  # twitter.com/#!/…
        web = parse_web_url(f"https://{web.host}/{web.fragment[2:]}")
    known_host = _main_platform(web) is not None
    for form in FORMS:
        if known_host and form.host_in_account:
            continue  # a form of unknown servers
        if handles(form, web.host) and (address := _apply(form, web, nesting)):
            return address
    return _plain(web)


def _spelled_out(url: str) -> str:
    """The web address of what is written as an ``at://`` URI or in our shorthand."""
    text = url.strip()
    if found := _AT_URI.match(text):
        return f"https://bsky.app/profile/{found[1]}/post/{found[2]}"
    if found := _SHORTHAND.match(text):
        account, search = found["account"], found["search"]
        if account is not None:
            return f"https://x.com/{account}"
        if search is not None:
            return f"https://x.com/search?q={_quoted(search.strip())}"
        return f"https://x.com/i/status/{found['quotes']}/quotes"
    return url


def _quoted(words: str) -> str:
    try:
        return quote(words, safe="")
    except UnicodeEncodeError as exc:  # half a character
        raise UnsupportedSource(f"not words that can be searched for: {shown(words)}") from exc


def _main_platform(web: WebUrl) -> Platform | None:
    return MAIN_HOSTS.get(bare_host(web.host))


def _plain(web: WebUrl) -> Address:
    """An address of no known form: a page on the open web, or somewhere on a platform."""
    platform = _main_platform(web)
    short = is_short_link(web)
    if platform is not None or short:
        web = replace(web, scheme="https", port=None)
    return Address(
        PostKey(web.text()),
        platform or WEB,
        None,
        None,
        is_post=False,
        is_short_link=short,
    )


def _apply(form: Form, web: WebUrl, nesting: int) -> Address | None:
    groups = _groups(form, web)
    if groups is None:
        return None
    if form.nested is not None:
        return _nested(web.parameter(form.nested), nesting)
    values = {"scheme": web.scheme, "authority": web.authority, "host": web.host}
    for name, value in groups.items():
        values[name] = value.lower() if name in form.fold else value
    return Address(
        key=PostKey(form.key.format_map(values)),
        platform=form.platform,
        account=_account(form, groups, web),
        post_id=values.get("id"),
        is_post=form.is_post,
    )


def _groups(form: Form, web: WebUrl) -> dict[str, str] | None:
    found = form.path.fullmatch(web.path)
    if found is None:
        return None
    groups = {name: value for name, value in found.groupdict().items() if value is not None}
    for group, (parameter, pattern) in form.parameters.items():
        value = pattern.match((web.parameter(parameter) or "").strip())
        if value is None:
            return None
        parts = {group: value[0], **value.groupdict()}
        groups.update({name: quote(part, safe="") for name, part in parts.items()})
    return groups


def _nested(inner: str | None, nesting: int) -> Address | None:
    """The address inside an embed's own address, if it is one of a post."""
    address = _parsed_inner(inner, nesting)
    return address if address is not None and address.is_post else None


def _parsed_inner(inner: str | None, nesting: int) -> Address | None:
    if inner is None:
        return None
    if nesting >= _MAX_NESTING:
        raise _TooDeep("an address that wraps too many others")
    try:
        return _parse(inner, nesting + 1)
    except _TooDeep:
        raise
    except UnsupportedSource:
        return None


def _account(form: Form, groups: dict[str, str], web: WebUrl) -> str | None:
    handle = unquote(groups.get("account", "")).removeprefix("@")
    if not handle or handle in form.no_account or not handle.isprintable():
        return None
    if form.host_in_account and "@" not in handle:
        handle = f"{handle}@{web.authority}"
    return handle[:_MAX_HANDLE_CHARS]
