"""What a fuzzed parser is: where its inputs come from, how it is called, what must hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tracker.errors import TrackerError
from tracker.evidence.canonical import canonical_json
from tracker.model.capture import Exchange
from tracker.model.post import Post
from tracker.net.urls import canonical_url
from tracker.sources.clean import (
    MAX_ACCOUNT_CHARS,
    MAX_TEXT_CHARS,
    MAX_TITLE_CHARS,
    MAX_URL_CHARS,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
URL = "https://news.example/2024/story"
_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True, slots=True)
class Parser:
    """One parser under test.

    ``read`` takes what ``inputs`` gives and asserts what must hold of the answer; raising one of
    ``refusals`` is an answer too. ``grow`` makes an input of about ``size`` bytes out of a piece
    of text, for the search of slow inputs (``None``: its inputs are bounded from outside).
    """

    name: str
    inputs: st.SearchStrategy[Any]
    read: Callable[[Any], object]
    refusals: tuple[type[Exception], ...] = (TrackerError,)
    grow: Callable[[str, int], Any] | None = None
    pieces: Sequence[str] = ()


def repeated(piece: str, size: int) -> str:
    """Return ``piece`` again and again, ``size`` characters in all."""
    return (piece * (size // max(len(piece), 1) + 1))[:size]


def repeated_bytes(piece: str, size: int) -> bytes:
    """Return ``piece`` again and again as bytes."""
    return repeated(piece, size).encode("utf-8", "surrogatepass")


def exchange(body: bytes, content_type: str | None = None, url: str = URL) -> Exchange:
    """Return an answer with ``body``."""
    return Exchange(url, url, 200, content_type, NOW, NOW, body)


def check_post(post: Post) -> None:
    """Assert what everything behind the sources relies on."""
    check_text(post.title, MAX_TITLE_CHARS)
    check_text(post.account, MAX_ACCOUNT_CHARS)
    check_text(post.text, MAX_TEXT_CHARS)
    for url in (*(link.url for link in post.links), *post.spellings, *post.previews):
        check_text(url, MAX_URL_CHARS)
    for link in post.links:
        assert canonical_url(canonical_url(link.url)) == canonical_url(link.url)
    for ref in post.media:
        check_text(ref.url, MAX_URL_CHARS)
        check_text(ref.platform_media_id, MAX_URL_CHARS)
    for lead in post.leads:
        check_text(lead.account, MAX_ACCOUNT_CHARS)
        check_text(lead.text, MAX_TEXT_CHARS)
    for claim in post.claims:
        first, last = claim.interval.earliest_at, claim.interval.latest_at
        assert first is None or last is None or first <= last
        canonical_json({"claim": claim.source, "at": [str(first), str(last)]})
    assert len(post.links) <= 2000
    assert len(post.media) <= 2000
    assert len(post.leads) <= 2000


def check_text(text: str | None, limit: int) -> None:
    """Assert that ``text`` can be stored, shown and sent."""
    if text is None:
        return
    assert len(text) <= limit, f"{len(text)} characters, {limit} allowed"
    found = _CONTROLS.search(text)
    assert found is None, f"holds U+{ord(found[0]):04X}"
    text.encode()
