"""Which names a redacted export must not hold: all by which the archive knows an account."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session

from storage import posts as post_rows
from tracker.errors import IntegrityError, UnsupportedSource
from tracker.ingest.stage import Archive
from tracker.net.urls import WEB, parse_address
from tracker.reports.json_document import report_document
from tracker.reports.redact import Redactor, bare_names
from tracker.reports.report_input import ReportInput

MAX_ANSWER_BYTES = 8_000_000
MAX_NAME_CHARS = 100

HANDLE_KEYS = frozenset(
    {
        *("screen_name", "username", "handle", "acct", "did", "nick"),
        *("uploader", "uploader_id", "channel", "channel_id", "creator"),
    }
)
"""What answers of platforms and yt-dlp call an account by."""

DISPLAY_KEYS = frozenset({"name", "display_name", "displayName", "author_name", "fullname"})
"""What they call its display name by, in an object that has a handle as well."""


def redactor_for(session: Session, archive: Archive, report: ReportInput, salt: bytes) -> Redactor:
    """Return a redactor that knows every name which the report or the archive gives."""
    names = {*_of_case(report), *_from_answers(archive, report)}
    words = _texts(report_document(report))
    names |= _occurring(post_rows.accounts(session), words)
    paths = [path for link in report.chain.links for path in link.appearance.files]
    paths += [path for sound in report.same_sounds for path in sound.files]
    return Redactor(salt, names, paths, _hosts(report))


def _of_case(report: ReportInput) -> Iterator[str]:
    for post in report.posts:
        yield post.account or ""
        yield from (lead.account for lead in post.leads)
        for address in (post.key, *post.spellings, *(link.url for link in post.links)):
            yield _account_in(address)
    for link in report.chain.links:
        if link.appearance.post is not None:
            yield link.appearance.post.account or ""
    yield from (lead.account for lead in report.chain.leads)
    for sound in report.same_sounds:
        yield from (post.account or "" for post in sound.posts)
    for record in report.captures:
        for address in (record.exchange.requested_url, record.exchange.final_url):
            yield _account_in(address)
    yield from map(_account_in, report.archive.watched)


def _account_in(address: str) -> str:
    try:
        return parse_address(address).account or ""
    except UnsupportedSource:
        return ""


def _hosts(report: ReportInput) -> set[str]:
    """Return the servers of accounts that have no platform's well-known name."""
    seen = [(post.key, post.platform) for post in report.posts]
    seen += [
        (post.key, post.platform)
        for link in report.chain.links
        if (post := link.appearance.post) is not None
    ]
    return {_host(key) for key, platform in seen if platform != WEB} - {""}


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


# --- names in raw answers -----------------------------------------------------------------


def _from_answers(archive: Archive, report: ReportInput) -> Iterator[str]:
    """Yield the names that kept answers of platforms give, display names among them."""
    for digest in dict.fromkeys(r.body_sha256 for r in report.captures if r.held):
        path = archive.media.path(str(digest))
        try:
            if path.stat().st_size <= MAX_ANSWER_BYTES:
                yield from names_in(archive.media.read(str(digest)))
        except (IntegrityError, OSError):
            continue  # `tracker verify` names damaged files


def names_in(body: bytes) -> Iterator[str]:
    """Yield the account names in a JSON answer; nothing for any other."""
    if body.lstrip()[:1] not in (b"{", b"["):
        return
    try:
        waiting: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        return
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield from _names_of(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _names_of(item: dict[str, Any]) -> Iterator[str]:
    keys = HANDLE_KEYS | DISPLAY_KEYS if HANDLE_KEYS & item.keys() else HANDLE_KEYS
    for key in keys & item.keys():
        name = item[key]
        if isinstance(name, str) and len(name) <= MAX_NAME_CHARS:
            yield name


# --- other accounts that happen to be named -----------------------------------------------


def _occurring(accounts: Iterable[str], texts: Iterable[str]) -> set[str]:
    """Return those of the archive's accounts that the texts name, word by word."""
    whole = "\n".join(texts).casefold()
    words = set(re.findall(r"\w+", whole))
    return {
        name
        for name in bare_names(accounts)
        if (parts := re.findall(r"\w+", name.casefold()))
        and words.issuperset(parts)
        and name.casefold() in whole
    }


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
