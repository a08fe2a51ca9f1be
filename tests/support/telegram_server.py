"""Telegram's public pages on loopback: channel previews, embedded posts, signed video files.

The markup is that of the service's own widget: one block a message, newest last, twenty a page,
``?before=`` for older ones, an error block where a post is gone.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.support.callback_server import Call, WebServer, serving

PAGE_SIZE = 20


@dataclass
class Message:
    """What a channel published. ``text`` is markup, as the widget serves it."""

    number: int
    text: str = ""
    at: str = "2026-02-01T10:00:00+00:00"
    videos: tuple[str, ...] = ()
    forwarded_from: str = ""
    reply_to: str = ""
    edited: bool = False


@dataclass
class TelegramSite:
    """The running site: fill ``channels`` and ``files``. Any other channel has no preview."""

    server: WebServer
    channels: dict[str, list[Message]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    limited: bool = False
    tokens: Iterator[int] = field(default_factory=itertools.count)

    @property
    def host(self) -> str:
        """Where the site is."""
        return self.server.url("")

    def publish(self, channel: str, *messages: Message) -> None:
        """Add messages to a channel."""
        self.channels.setdefault(channel, []).extend(messages)

    def delete(self, channel: str, number: int) -> None:
        """Take a message away."""
        self.channels[channel] = [m for m in self.channels[channel] if m.number != number]

    def answer(self, call: Call) -> None:
        """Answer whatever is asked."""
        split = urlsplit(call.path)
        parts = split.path.strip("/").split("/")
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        if self.limited:
            call.reply(b"", status=429, headers={"Retry-After": "600"})
        elif parts[0] == "file":
            self._file(call, parts[-1])
        elif parts[0] == "s" and parts[1] in self.channels:
            call.reply(self._listing(parts[1], query.get("before")).encode())
        elif parts[0] == "s":
            call.reply(status=302, headers={"Location": f"/{parts[1]}"})
        elif len(parts) == 2 and "embed" in query:
            call.reply(self._embed(parts[0], parts[1]).encode())
        else:
            call.reply(b"<html><body>Telegram: contact</body></html>")

    def _file(self, call: Call, name: str) -> None:
        body = self.files.get(name)
        if body is None or "token=" not in call.path:
            call.reply(status=404)
        else:
            call.reply(body, "video/mp4")

    def _listing(self, channel: str, before: str | None) -> str:
        older = [m for m in self.channels[channel] if before is None or m.number < int(before)]
        shown = sorted(older, key=lambda m: m.number)[-PAGE_SIZE:]
        more = ""
        if len(older) > len(shown):
            first = shown[0].number
            more = (
                f'<a href="/s/{channel}?before={first}" class="tme_messages_more js-messages_more" '
                f'data-before="{first}"></a>'
            )
        return f"<html><body>{more}{''.join(self._block(channel, m) for m in shown)}</body></html>"

    def _embed(self, channel: str, number: str) -> str:
        for message in self.channels.get(channel.lower(), ()):
            if str(message.number) == number:
                return f"<html><body>{self._block(channel, message)}</body></html>"
        return (
            '<html><body><div class="tgme_widget_message_error">Post not found</div></body></html>'
        )

    def _block(self, channel: str, message: Message) -> str:
        link = f"https://t.me/{channel}/{message.number}"
        videos = "".join(self._video(link, n, v) for n, v in enumerate(message.videos))
        forwarded = (
            '<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from '
            f'<a class="tgme_widget_message_forwarded_from_name" href="{message.forwarded_from}">'
            "<span dir='auto'>Other</span></a></div>"
            if message.forwarded_from
            else ""
        )
        reply = (
            f'<a class="tgme_widget_message_reply" href="{message.reply_to}">'
            '<div class="tgme_widget_message_text js-message_reply_text">what was said</div></a>'
            if message.reply_to
            else ""
        )
        text = (
            f'<div class="tgme_widget_message_text js-message_text" dir="auto">{message.text}</div>'
            if message.text
            else ""
        )
        edited = "edited&nbsp;" if message.edited else ""
        return (
            '<div class="tgme_widget_message_wrap js-widget_message_wrap">'
            f'<div class="tgme_widget_message js-widget_message" data-post="{channel}/'
            f'{message.number}"><div class="tgme_widget_message_bubble">'
            f'<a class="tgme_widget_message_owner_name" href="https://t.me/{channel}">'
            f"<span dir='auto'>{html.escape(channel.title())}</span></a>{forwarded}{reply}{videos}"
            f'{text}<div class="tgme_widget_message_footer">'
            '<span class="tgme_widget_message_views">4.1K</span>'
            f'<span class="tgme_widget_message_meta">{edited}'
            f'<a class="tgme_widget_message_date" href="{link}"><time datetime="{message.at}" '
            'class="time">10:00</time></a></span></div></div></div></div>'
        )

    def _video(self, link: str, number: int, name: str) -> str:
        own = link if number == 0 else f"{link.rpartition('/')[0]}/{_after(link, number)}?single"
        source = self.server.url(f"/file/{name}?token={next(self.tokens)}")
        return (
            '<div class="tgme_widget_message_grouped_wrap">'
            f'<a class="tgme_widget_message_video_player js-message_video_player" href="{own}">'
            f'<div class="tgme_widget_message_video_wrap"><video src="{source}" '
            'class="tgme_widget_message_video js-message_video"></video></div>'
            '<time class="message_video_duration">0:04</time></a></div>'
        )


def _after(link: str, number: int) -> int:
    return int(link.rpartition("/")[2]) + number


@contextmanager
def serve_telegram() -> Iterator[TelegramSite]:
    """Run the site for the enclosed block."""
    with serving() as server:
        site = TelegramSite(server)
        server.fallback = site.answer
        yield site
