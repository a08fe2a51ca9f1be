"""Picks the source for a target: by the form of its address, then by what the server answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tracker import __version__
from tracker.clock import Clock
from tracker.errors import (
    HttpStatusError,
    NetworkError,
    OutsideError,
    PostUnavailable,
    SourceError,
    UnsupportedSource,
)
from tracker.model.capture import Exchange, FetchedPost
from tracker.model.post import Post, PostKind
from tracker.model.watch import Watch
from tracker.net.http import HttpClient, Permit, Response
from tracker.net.urls import WEB, Address, canonical_url, is_shorthand, parse_address
from tracker.net.ytdlp import YtDlp
from tracker.sources.article import has_content, read_article
from tracker.sources.direct_media import has_media_magic, is_media, media_post
from tracker.sources.feed import feed_post, is_feed, polled_feed
from tracker.sources.listing import listed_by_page
from tracker.sources.local_file import file_uri, local_post
from tracker.sources.ports import AsksForMany, PlatformSource, Polled
from tracker.sources.reddit_feeds import feed_of_list
from tracker.sources.refresh import refresh_target
from tracker.sources.saved_article import HTML_SUFFIXES, TEXT_SUFFIXES, read_saved
from tracker.sources.sidecar import VIDEO_SUFFIXES
from tracker.sources.ytdlp_listing import poll_listing
from tracker.sources.ytdlp_page import YtDlpPage
from tracker.timestamps.ids import claims_from_address

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_WEB = re.compile(r"(?:https?|at)://", re.IGNORECASE)
_MAX_HOPS = 4
_HTML_TYPES = ("text/html", "application/xhtml")
_LOOKS_LIKE_HTML = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|meta|title|article)\b", re.IGNORECASE
)


class Sources:
    """Reads whatever a person or a link points at. Safe to use from several threads."""

    def __init__(
        self,
        http: HttpClient,
        ytdlp: YtDlp,
        clock: Clock,
        native: Sequence[PlatformSource] = (),
        permit: Permit | None = None,
    ) -> None:
        # ``permit`` is asked before a plain page or feed is read (see ``HttpClient.get``).
        self._permit = permit
        self._native = native
        self._http = http
        self._ytdlp = ytdlp
        self._clock = clock
        self._platforms = YtDlpPage(ytdlp)

    def fetch(self, target: str) -> FetchedPost:
        """Return the post at ``target``: a web address, a ``file:`` URI or a local path.

        Raises ``UnsupportedSource`` where nothing here can read it, ``SourceError`` for a file
        or page that cannot be read, ``PostUnavailable``, and the errors of the network.
        """
        text = target.strip()
        if is_shorthand(text):
            return self._from_web(canonical_url(text))
        if _WEB.match(text):
            return self._from_web(text)
        if text.lower().startswith("file:"):
            return self._from_file(_path_of_uri(text))
        if _SCHEME.match(text) and not Path(text).exists():
            raise UnsupportedSource(f"only http, https and local files are read: {text[:200]}")
        if not text:
            raise UnsupportedSource("an empty target")
        return self._from_file(Path(text))

    def expect(self, targets: Sequence[str]) -> None:
        """Say what will be fetched soon, to sources that can ask for many posts at once."""
        for source in self._native:
            if isinstance(source, AsksForMany):
                source.expect(targets)

    def poll(self, watch: Watch, since: datetime | None) -> Polled:
        """Return what the watched address lists now: a feed, a channel, or a page's links.

        Nothing is left out for being older than ``since``: feeds cost nothing by the item, and
        a post that is back-dated or listed late would be lost. Raises as ``fetch`` does.
        """
        for source in self._native_for(watch.target):
            with suppress(UnsupportedSource):
                return source.recent(watch, since)
        if self._goes_to_platform(watch.target):
            return poll_listing(self._ytdlp, watch)
        _refuse_unlistable(watch.target)
        answer = self._http.get(
            feed_of_list(watch.target) or watch.target,
            etag=watch.etag,
            last_modified=watch.last_modified,
            abandon=is_media,
            permit=self._permit,
        )
        exchange = answer.exchange
        if answer.not_modified or is_feed(exchange.body, exchange.content_type):
            return polled_feed(answer)
        if is_media(exchange.content_type, exchange.body[:512]) or not _is_html(exchange):
            raise UnsupportedSource(f"neither a feed nor a page: {watch.target}")
        return _polled_page(answer)

    def _from_web(self, url: str, hops: int = 0) -> FetchedPost:
        address = parse_address(url)
        for source in self._native_for(url):
            with suppress(UnsupportedSource):
                return source.fetch(url)
        if not self._goes_to_platform(url):
            return self._as_page(url, address, hops)
        try:
            return self._platforms.fetch(url)
        except UnsupportedSource as exc:
            # A post without a video, or a form yt-dlp does not know: its page may still speak.
            try:
                return self._by_content(address.key, hops)
            except (SourceError, OutsideError):
                raise exc from None

    def _as_page(self, url: str, address: Address, hops: int) -> FetchedPost:
        """Read the post's own page where the address was that of an embed or a mirror of it."""
        if not address.is_post or address.post_id is None or url == address.key:
            return self._by_content(url, hops)
        try:
            return self._by_content(address.key, hops)
        except (SourceError, HttpStatusError):  # a login wall, often, where the embed has none
            return self._by_content(url, hops)

    def _native_for(self, url: str) -> list[PlatformSource]:
        return [source for source in self._native if source.accepts(url)]

    def _goes_to_platform(self, url: str) -> bool:
        return parse_address(url).platform != WEB and self._platforms.accepts(url)

    def _by_content(self, url: str, hops: int = 0) -> FetchedPost:
        address = parse_address(url)
        web = address.key if url.startswith("at:") else feed_of_list(url) or url
        answer = self._http.get(
            web,
            abandon=is_media,
            leaves=lambda target: _is_other_post(target, address),
            permit=self._permit,
        )
        exchange = answer.exchange
        if answer.leads_to is not None:
            return self._led_to(answer.leads_to, url, exchange, hops)
        if is_media(exchange.content_type, exchange.body[:512]):
            return FetchedPost(media_post(exchange), (replace(exchange, body=b""),))
        if is_feed(exchange.body, exchange.content_type):
            return FetchedPost(feed_post(exchange), (exchange,))
        if not _is_html(exchange):
            kind = (exchange.content_type or "unknown").split(";")[0]
            raise UnsupportedSource(f"not a page, a feed or a video ({kind[:60]}): {url}")
        target = refresh_target(exchange.body, exchange.final_url)
        if target and (address.is_short_link or _is_other_post(target, address)):
            return self._led_to(target, url, exchange, hops)
        return self._page(exchange)

    def _led_to(self, target: str, url: str, exchange: Exchange, hops: int) -> FetchedPost:
        """Return the platform's post that a short link or a mirror has led to."""
        if hops >= _MAX_HOPS:
            raise NetworkError(f"one post leads to another without end: {url[:200]}")
        found = self._from_web(target, hops + 1)
        spellings = dict.fromkeys((*found.post.spellings, url, target))
        spellings.pop(found.post.key, None)
        post = replace(found.post, spellings=tuple(spellings))
        return FetchedPost(post, (exchange, *found.exchanges))

    def _page(self, exchange: Exchange) -> FetchedPost:
        url = exchange.requested_url
        post = read_article(
            exchange.body, exchange.final_url, exchange.content_type, requested_url=url
        )
        post = _with_id_claims(post)
        shows_video = bool(post.media) or any(link.relation == "embeds" for link in post.links)
        if not shows_video and (not has_content(post) or self._platforms.accepts(url)):
            return self._helped_by_ytdlp(post, exchange)
        return FetchedPost(post, (exchange,))

    def _helped_by_ytdlp(self, post: Post, exchange: Exchange) -> FetchedPost:
        """The page shows no video we can see: yt-dlp may know the site, or find one."""
        try:
            found = self._platforms.fetch(exchange.final_url)
        except (UnsupportedSource, OutsideError, PostUnavailable) as exc:
            if has_content(post):
                return FetchedPost(post, (exchange,))
            raise UnsupportedSource(
                f"nothing to read at {exchange.requested_url}: no text, no video, no links"
            ) from exc
        merged = replace(
            post,
            title=post.title or found.post.title,
            text=post.text or found.post.text,
            account=post.account or found.post.account,
            media=found.post.media,
            claims=(*post.claims, *found.post.claims),
        )
        return FetchedPost(merged, (exchange, *found.exchanges))

    def _from_file(self, path: Path) -> FetchedPost:
        uri = file_uri(path)
        started_at = self._clock.now()
        body = b""
        if _is_video_file(path):
            post = local_post(path)
        elif _is_saved_page(path):
            post, body = read_saved(path, uri)
            if not post.text and not has_content(post):
                raise UnsupportedSource(f"nothing to read in {path}: no text, no video, no links")
        else:
            raise UnsupportedSource(
                f"{path} is neither a video nor an article saved as .html or .txt"
            )
        now, tools = self._clock.now(), (("tracker", __version__),)
        exchange = Exchange(uri, uri, None, None, started_at, now, body, tools=tools)
        return FetchedPost(post, (exchange,))


def _refuse_unlistable(target: str) -> None:
    """Say at once what a page behind a login would only show as an empty list."""
    address = parse_address(target)
    if address.platform == "facebook" and not address.is_post:
        raise UnsupportedSource(
            f"Facebook lists nothing to whoever has no account; add its posts one by one: {target}"
        )


def _is_other_post(target: str, asked: Address) -> bool:
    """Tell whether a redirect leads to a post on a platform, from elsewhere than its own page."""
    try:
        address = parse_address(target)
    except UnsupportedSource:
        return False
    known = address.is_post and address.post_id is not None
    return known and address.platform != WEB and address.key != asked.key


def _polled_page(answer: Response) -> Polled:
    exchange = answer.exchange
    return Polled(
        entries=listed_by_page(exchange.body, exchange.final_url, exchange.content_type),
        exchanges=(exchange,),
        etag=answer.headers.get("etag"),
        last_modified=answer.headers.get("last-modified"),
    )


def _with_id_claims(post: Post) -> Post:
    """A post on a platform's page carries its time in its id, whatever the page says."""
    if post.kind is not PostKind.POST:
        return post
    address = parse_address(post.key)
    claims = claims_from_address(address.platform, address.post_id, post.key)
    return replace(post, claims=(*claims, *post.claims))


def _is_html(exchange: Exchange) -> bool:
    kind = (exchange.content_type or "").strip().lower()
    if kind.startswith(_HTML_TYPES):
        return True
    is_vague = not kind or kind.startswith(("text/plain", "application/xml", "text/xml"))
    return is_vague and bool(_LOOKS_LIKE_HTML.search(exchange.body[:4096]))


def _path_of_uri(uri: str) -> Path:
    try:
        split = urlsplit(uri)
    except ValueError as exc:
        raise UnsupportedSource(f"not a file URI: {uri[:200]}") from exc
    if split.netloc not in {"", "localhost"}:
        raise UnsupportedSource(f"a file on another machine is not read: {uri[:200]}")
    return Path(unquote(split.path, errors="surrogateescape"))


def _is_video_file(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES or has_media_magic(_head(path))


def _is_saved_page(path: Path) -> bool:
    if path.suffix.lower() in HTML_SUFFIXES | TEXT_SUFFIXES:
        return True
    return not path.suffix and bool(_LOOKS_LIKE_HTML.search(_head(path)))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError as exc:
        raise SourceError(f"cannot read {path}: {exc.strerror}") from exc
