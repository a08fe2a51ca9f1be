"""An archive of any number of posts, written straight into the tables: years of intake in minutes.

Of a hundred posts four were never reached and are given up, thirty have media, of which one
cannot be fetched any more; they lead to ten videos, six clips and five matches. Everything is
done, nothing is due; a fixed number of the newest posts are from this week, however many there are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection

from storage.database import Database
from storage.fingerprint_rows import fingerprint_columns
from storage.rows import json_text
from storage.tables import (
    AlgorithmRow,
    AttemptRow,
    CaptureRow,
    ClipMemberRow,
    ClipRow,
    CredentialsRow,
    DetectionRow,
    DiscoveryRow,
    FingerprintRow,
    LedgerRow,
    LinkRow,
    MatchRow,
    MediaRow,
    PostClaimRow,
    PostRow,
    RevisionRow,
    SpellingRow,
    StatusRow,
    VideoRow,
)
from tracker.evidence.hash_chain import genesis, next_entry
from tracker.fingerprint.algorithm import current_algorithm
from tracker.model.fingerprint import Fingerprint
from tracker.model.ledger import LedgerEntry, LedgerKind

NOW = datetime.now(UTC).replace(microsecond=0)
YEARS = timedelta(days=3 * 365)
PLATFORMS = ("x", "bluesky", "mastodon", "telegram", "youtube", "web")
CHUNK = 20_000
GIVEN_UP = "the page is gone (HTTP 404)"


@dataclass(frozen=True, slots=True)
class _Made:
    """How many posts there are, and how many of them are from this week."""

    posts: int
    recent: int

    def at(self, number: int) -> datetime:
        """Spread the posts over three years, the recent ones over this week."""
        behind = self.posts - number
        if behind <= self.recent:
            return NOW - timedelta(days=6) * (behind / self.recent)
        return NOW - timedelta(days=30) - YEARS * (behind / self.posts)

    def is_recent(self, number: int) -> bool:
        return self.posts - number <= self.recent


def fill(database: Database, size: int, *, recent: int = 2000) -> None:
    """Write the archive of ``size`` posts into a migrated, empty database."""
    posts = _Made(size, recent)
    engine = database._writer_engine()  # noqa: SLF001 - past the sessions on purpose: they are slow
    with engine.begin() as connection:
        algorithm = current_algorithm()
        row = {
            "id": 1,
            "key": algorithm.key,
            "name": algorithm.name,
            "parameters": json_text(list(algorithm.parameters)),
            "versions": json_text(list(algorithm.versions)),
        }
        _insert(connection, AlgorithmRow, [row])
    for start in range(0, size, CHUNK):
        chunk = range(start, min(start + CHUNK, size))
        with engine.begin() as connection:
            _videos(connection, [n for n in chunk if n % 10 == 0], posts)
            _posts(connection, chunk, posts)
    with engine.begin() as connection:
        _ledger(connection, size)


def digest(kind: str, number: int) -> str:
    """Return a SHA-256 that belongs to that number."""
    return hashlib.sha256(f"{kind}{number}".encode()).hexdigest()


def key(number: int) -> str:
    """Return the address of a post."""
    return f"https://platform.test/someone/status/{number}"


def _insert(connection: Connection, table: Any, rows: Iterable[dict[str, object]]) -> None:
    values = list(rows)
    if values:
        connection.execute(table.__table__.insert(), values)


def _posts(connection: Connection, numbers: range, posts: _Made) -> None:
    fetched = [n for n in numbers if n % 25 != 7]
    media = [n for n in fetched if n % 10 < 3]
    _insert(connection, PostRow, (_post(n, posts) for n in numbers))
    _insert(connection, SpellingRow, ({"url": key(n), "post_id": n + 1} for n in numbers))
    _insert(connection, PostClaimRow, (c for n in fetched for c in _claims(n, posts)))
    _insert(connection, StatusRow, (
        {"post_id": n + 1, "status": "live", "at": posts.at(n), "last_at": NOW} for n in fetched
    ))  # fmt: skip
    _insert(connection, LinkRow, (
        {"post_id": n + 1, "url": key(n // 2), "relation": "links"} for n in fetched
    ))  # fmt: skip
    _insert(connection, CaptureRow, (_capture(n, posts) for n in fetched))
    _fixity(connection, (digest("answer", n) for n in fetched), "media")
    _insert(connection, MediaRow, (_medium(n) for n in media))
    given_up = [("collect", key(n)) for n in numbers if n % 25 == 7]
    given_up += [("capture", str(n + 1)) for n in media if n % 100 == 2]
    _insert(connection, AttemptRow, (
        {"stage": stage, "item": item, "tries": 1, "error": GIVEN_UP, "last_at": NOW,
         "next_at": NOW, "parked": True}
        for stage, item in given_up
    ))  # fmt: skip


def _post(number: int, posts: _Made) -> dict[str, object]:
    at, fetched = posts.at(number), number % 25 != 7
    return {
        "id": number + 1,
        "key": key(number),
        "url": key(number),
        "platform": PLATFORMS[number % len(PLATFORMS)],
        "kind": "post",
        "account": f"account{number % 5000}",
        "text": "a text of about the usual length, which says what somebody thinks " * 3,
        "status": "live" if fetched else "unknown",
        "depth": 0,
        "origin": f"watch:https://feed{number % 20}.test/feed.xml",
        "first_observed_at": at,
        "fetched_at": at if fetched else None,
        "checked_at": NOW,
        "next_check_at": NOW + timedelta(days=30) if fetched else None,
        "published_earliest_at": at if fetched else None,
        "published_latest_at": at if fetched else None,
        "published_basis": "id_derived" if fetched else None,
    }


def _claims(number: int, posts: _Made) -> Iterator[dict[str, object]]:
    at = posts.at(number)
    for kind, forger in (("id_derived", "platform"), ("first_observed", "nobody")):
        yield {
            "post_id": number + 1,
            "kind": kind,
            "earliest_at": at if kind == "id_derived" else None,
            "latest_at": at,
            "forgeable_by": forger,
            "source": "platform:id",
        }


def _capture(number: int, posts: _Made) -> dict[str, object]:
    at = posts.at(number)
    return {
        "post_id": number + 1,
        "requested_url": key(number),
        "final_url": key(number),
        "status_code": 200,
        "content_type": "text/html",
        "started_at": at,
        "finished_at": at,
        "body_sha256": digest("answer", number),
        "redirects": "[]",
        "tools": '[["httpx","0.28"]]',
    }


def _medium(number: int) -> dict[str, object]:
    lost = number % 100 == 2
    return {
        "id": number + 1,
        "post_id": number + 1,
        "url": f"{key(number)}/video.mp4",
        "via": "http",
        "platform_media_id": None,
        "video": None if lost else digest("video", number - number % 10),
    }


def _videos(connection: Connection, numbers: list[int], posts: _Made) -> None:
    names = {n: digest("video", n) for n in numbers}
    clips = {n: f"clip-{names[n][:16]}" for n in numbers if n % 100 < 60}
    _insert(connection, VideoRow, (_video(n, names[n], posts) for n in numbers))
    _insert(connection, CredentialsRow, (
        {"video": name, "state": "absent", "read_at": NOW, "actions": "[]", "problems": "[]",
         "reason": "", "tools": "[]"}
        for name in names.values()
    ))  # fmt: skip
    _insert(connection, FingerprintRow, (_fingerprint(n, names[n]) for n in numbers))
    _insert(connection, DetectionRow, (
        {"video": name, "algorithm_id": 1, "at": NOW} for name in names.values()
    ))  # fmt: skip
    _fixity(connection, names.values(), "media")
    _fixity(connection, names.values(), "keyframes", current_algorithm().key)
    _insert(connection, ClipRow, (
        {"id": clip, "reference": names[n], "start_ms": 0, "end_ms": 9000,
         "created_at": posts.at(n)}
        for n, clip in clips.items()
    ))  # fmt: skip
    _insert(connection, ClipMemberRow, (
        {"clip": clip, "video": names[n]} for n, clip in clips.items()
    ))  # fmt: skip
    _insert(connection, RevisionRow, (
        {"clip": clip, "revision": 1, "root": f"{clip}-root", "reason": "first record of this clip",
         "digest": digest("chain", n), "document": '{"links":[]}', "at": NOW}
        for n, clip in clips.items()
    ))  # fmt: skip
    _insert(connection, DiscoveryRow, (
        {"clip": clip, "platform": "bluesky", "query": "words", "target": f"search:{clip}",
         "until_at": NOW, "searched_at": NOW - timedelta(hours=30), "hits": 0, "earlier": 0,
         "without_preview": 0, "compared": 0, "likely": 0, "fetched": 0}
        for n, clip in clips.items() if posts.is_recent(n)
    ))  # fmt: skip
    pairs = [sorted((names[n], names[n + 10])) for n in numbers if n % 20 == 0 and n + 10 in names]
    _insert(connection, MatchRow, (
        {"algorithm_id": 1, "query": pair[0], "reference": pair[1], "score": 0.9,
         "asserted": False, "segments": "[]", "pairs": "[]", "transformations": "[]",
         "reverse_transformations": "[]", "found_at": NOW}
        for pair in pairs
    ))  # fmt: skip


def _video(number: int, name: str, posts: _Made) -> dict[str, object]:
    return {
        "sha256": name,
        "size_bytes": 5_000_000,
        "kept": True,
        "first_observed_at": posts.at(number),
        "container": "mp4",
        "codec": "h264",
        "width": 640,
        "height": 360,
        "duration_ms": 9000,
        "has_audio": False,
        "evidence_version": 2,
        "recorded_version": 2,
    }


def _fingerprint(number: int, name: str) -> dict[str, object]:
    return {
        "id": number + 1,
        "video": name,
        "algorithm_id": 1,
        "made_at": NOW,
        **fingerprint_columns(made_fingerprint(number)),
    }


def made_fingerprint(seed: int, frames: int = 8) -> Fingerprint:
    """Return a small fingerprint of noise under the present algorithm."""
    rng = np.random.default_rng(seed)
    return Fingerprint(
        algorithm=current_algorithm(),
        codes=rng.integers(0, 256, (frames, 32), dtype=np.uint8),
        pts_ms=np.arange(frames, dtype=np.int32) * 250,
        views=np.zeros(frames, dtype=np.uint8),
        quality=np.full(frames, 200, dtype=np.uint8),
        duration_ms=frames * 250,
    )


def _fixity(connection: Connection, names: Iterable[str], kind: str, part: str = "") -> None:
    """Say of files that they were found whole yesterday, whether or not they have their line."""
    at = int((NOW - timedelta(days=1)).timestamp() * 1_000_000)
    connection.exec_driver_sql(
        "INSERT OR REPLACE INTO fixity_check (kind, name, part, result, reason, "
        "size_bytes, checked_at, since_at) VALUES (?, ?, ?, 'ok', '', 5000, ?, ?)",
        [(kind, name, part, at, at) for name in names],
    )


def _ledger(connection: Connection, posts: int) -> None:
    last, rows = genesis(NOW), []
    for entry in _entries(last, posts):
        rows.append(_entry(entry))
        if len(rows) == CHUNK:
            _insert(connection, LedgerRow, rows)
            rows = []
    _insert(connection, LedgerRow, rows)


def _entries(last: LedgerEntry, posts: int) -> Iterator[LedgerEntry]:
    yield last
    for number in range(posts):
        for kind, body in _bodies(number):
            last = next_entry(last, kind, body, NOW)
            yield last


def _bodies(number: int) -> Iterator[tuple[LedgerKind, dict[str, object]]]:
    if number % 25 == 7:
        return
    yield LedgerKind.CAPTURE, {"post": key(number), "sha256": digest("answer", number)}
    state = {"post": digest("post", number), "claims": digest("claims", number), "whole": True}
    yield LedgerKind.STATE, {"posts": {key(number): state}}
    if number % 10 == 0:
        video = digest("video", number)
        for kind in (LedgerKind.FINGERPRINT, LedgerKind.CREDENTIALS, LedgerKind.MATCH):
            yield kind, {"video": video, "digest": digest(kind, number), "algorithm": "made"}


def _entry(entry: LedgerEntry) -> dict[str, object]:
    return {
        "sequence": entry.sequence,
        "kind": entry.kind.value,
        "at": entry.at,
        "body": entry.body if isinstance(entry.body, str) else json.dumps(entry.body),
        "previous_hash": entry.previous_hash,
        "entry_hash": entry.entry_hash,
    }
