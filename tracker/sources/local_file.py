"""A video file on this machine as a post: under its own address where somebody knows it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tracker.errors import SourceError, UnsupportedSource, UsageError
from tracker.model.ids import Platform, PostKey
from tracker.model.post import MediaRef, Post, PostKind
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.net.urls import WEB, parse_address
from tracker.sources.clean import clean_account, clean_line
from tracker.timestamps.claims import parse_datetime_claim

_SOURCE = "operator:published-at"
FILE = Platform("file")


def local_post(
    path: Path,
    *,
    published_at: str | datetime | TimeInterval | None = None,
    post_url: str | None = None,
    platform: str | None = None,
    account: str | None = None,
) -> Post:
    """Return the post for the video file ``path``, with what the operator says of its source.

    With ``post_url`` the post is the one at that address; without, it is a file, named by its
    URI. ``published_at`` is a date as a person writes it (a time without zone counts for every
    zone), an aware instant, or an interval; it becomes a claim by the operator. Raises
    ``SourceError`` if there is no such file, ``UsageError`` for a date that cannot be read,
    ``UnsupportedSource`` for a ``post_url`` that is no web address.
    """
    uri = file_uri(path)
    address = parse_address(post_url) if post_url is not None else None
    stated = platform and clean_line(platform.lower(), 40)
    known = address.platform if address is not None else FILE
    kind = _kind(address is not None or bool(stated) or bool(account))
    return Post(
        key=address.key if address is not None else PostKey(uri),
        platform=Platform(stated) if stated and known in {FILE, WEB} else known,
        kind=kind,
        account=clean_account(account) or (address.account if address is not None else None),
        # What a file is called here says nothing about what was written in the post.
        title=clean_line(path.name) if kind is PostKind.FILE else None,
        media=(MediaRef(uri, "file"),),
        claims=_operator_claims(published_at),
        spellings=(post_url,) if post_url is not None and address is not None else (),
    )


def file_uri(path: Path) -> str:
    """Return the stable URI of an existing local file; raise ``SourceError`` if there is none."""
    try:
        resolved = path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as exc:  # RuntimeError: a loop of symlinks
        raise SourceError(f"no such file: {path}") from exc
    if resolved.is_dir():
        raise UnsupportedSource(f"{path} is a folder; `tracker import` takes in folders")
    if not resolved.is_file():
        raise UnsupportedSource(f"{path} is not a regular file")
    return resolved.as_uri()


def _kind(was_published: bool) -> PostKind:
    """A file of which a place or an account is stated was published, address known or not."""
    return PostKind.POST if was_published else PostKind.FILE


def _operator_claims(stated: str | datetime | TimeInterval | None) -> tuple[TimeClaim, ...]:
    if stated is None:
        return ()
    if isinstance(stated, str):
        claim = parse_datetime_claim(stated, ClaimKind.OPERATOR, ForgeableBy.US, _SOURCE)
        if claim is None:
            raise UsageError(f"not a date that can be read (ISO 8601, please): {stated[:60]!r}")
        return (claim,)
    if isinstance(stated, datetime):
        stated = TimeInterval.instant(stated)
    return (TimeClaim(ClaimKind.OPERATOR, stated, ForgeableBy.US, _SOURCE),)
