"""Pages and feeds as sites serve them, small enough to read."""

from __future__ import annotations

from collections.abc import Iterable

_FILLER = "What happened is told here at some length, as articles do. " * 5


def article(title: str, *links: str, published: str | None = None) -> str:
    """Return an article that embeds the posts at ``links``."""
    date = f'<meta property="article:published_time" content="{published}">' if published else ""
    shown = "".join(f'<blockquote cite="{u}"><a href="{u}">{u}</a></blockquote>' for u in links)
    return (
        f"<!doctype html><html><head><title>{title}</title>{date}</head>"
        f"<body><article><h1>{title}</h1><p>{_FILLER}</p>{shown}</article></body></html>"
    )


def video_page(title: str, media: str, published: str) -> str:
    """Return a page whose one video is at ``media``."""
    return (
        f"<!doctype html><html><head><title>{title}</title>"
        '<script type="application/ld+json">{"@context": "https://schema.org", '
        f'"@type": "VideoObject", "name": "{title}", "uploadDate": "{published}", '
        f'"contentUrl": "{media}"}}</script></head><body><article><h1>{title}</h1>'
        f'<p>{_FILLER}</p><video controls src="{media}"></video></article></body></html>'
    )


def feed(links: Iterable[str]) -> str:
    """Return an RSS feed of ``links``."""
    items = "".join(
        f"<item><title>{url}</title><link>{url}</link><guid>{url}</guid></item>" for url in links
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>N</title>{items}</channel></rss>'
    )
