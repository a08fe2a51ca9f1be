"""Everything an archive holds, in a form in which two archives of one world can be compared.

Row numbers, times of observation and the ledger's order are left out: they differ by right. All
the rest must be the same, each thing as often as in the other archive.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

State = Mapping[str, Counter[tuple[Any, ...]]]

_QUERIES = {
    "posts": "SELECT key, url, platform, kind, account, title, status, fetched_at IS NOT NULL,"
    " published_earliest_at, published_basis FROM post",
    "links": "SELECT p.key, l.url, l.relation FROM post_link l JOIN post p ON p.id = l.post_id",
    "media": "SELECT p.key, m.url, m.via, m.video FROM post_media m"
    " JOIN post p ON p.id = m.post_id",
    "claims": "SELECT p.key, c.kind, c.earliest_at, c.source FROM post_claim c"
    " JOIN post p ON p.id = c.post_id",
    # What polls of a feed were answered belongs to no post; there are as many as there were polls.
    "captures": "SELECT p.key, c.requested_url, c.status_code, c.body_sha256, c.video"
    " FROM capture c JOIN post p ON p.id = c.post_id",
    "videos": "SELECT sha256, size_bytes, kept, container, codec, duration_ms,"
    " recorded_version = evidence_version FROM video",
    "credentials": "SELECT video, state, manifest_sha256 FROM content_credentials",
    "fingerprints": "SELECT f.video, a.key, f.codes, f.pts_ms, f.views, f.features, f.thumbnails,"
    " f.boxes, f.sound FROM fingerprint f JOIN algorithm a ON a.id = f.algorithm_id",
    "comparisons": "SELECT video FROM detection",
    "matches": "SELECT query, reference, score, asserted, segments, transformations"
    " FROM video_match",
    "sound matches": "SELECT query, reference, score, segments FROM sound_match",
    "likenesses": "SELECT query, reference, bits, differs FROM likeness",
    "leanings": "SELECT video, one, other, leaning FROM leaning",
    "deletions": "SELECT video, rule, removed_at IS NOT NULL FROM deletion",
    "failing": "SELECT stage, item FROM attempt",
}
_OF_THE_LEDGER = {
    "capture": ("post", "url", "sha256"),
    "fingerprint": ("video", "algorithm", "digest", "keyframes_digest"),
    "match": ("query", "reference", "digest"),
    "sound_match": ("query", "reference", "digest"),
    "credentials": ("video", "digest"),
    "deletion": ("video", "rule"),
}


def state_of(data_dir: Path, chains: Sequence[Mapping[str, Any]]) -> dict[str, Counter[Any]]:
    """Return what the archive holds; ``chains`` are its documents ``tracker/chain/1``."""
    connection = sqlite3.connect(f"file:{data_dir / 'tracker.db'}?mode=ro", uri=True)
    try:
        found = {name: Counter(_rows(connection, query)) for name, query in _QUERIES.items()}
        found["ledger"] = Counter(_entries(connection))
    finally:
        connection.close()
    found["chains"] = Counter(_chain(chain) for chain in chains)
    found["files"] = Counter(_files(data_dir / "media" / "sha256"))
    found["keyframes"] = Counter(_files(data_dir / "keyframes"))
    return found


def differences(calm: State, other: State) -> dict[str, tuple[int, int]]:
    """Return, for each kind of thing that differs, how many were lost and how many are too many."""
    found = {name: ((calm[name] - other[name]), (other[name] - calm[name])) for name in calm}
    return {
        name: (lost.total(), more.total()) for name, (lost, more) in found.items() if lost or more
    }


def leftovers(data_dir: Path) -> list[Path]:
    """Return files and folders that only a process at work may have there."""
    temporary = [path for path in data_dir.rglob("*") if _is_temporary(path)]
    return sorted(set(temporary) | set(_unlisted_shards(data_dir / "index")))


def _is_temporary(path: Path) -> bool:
    in_working_folder = path.parent.name in {"tmp", "staging"}
    return in_working_folder or path.suffix in {".tmp", ".part", ".ytdl"}


def _unlisted_shards(index: Path) -> Iterator[Path]:
    for folder in index.glob("*"):
        manifest = folder / "manifest.json"
        document = json.loads(manifest.read_bytes()) if manifest.exists() else {"shards": []}
        listed = {shard["name"] for shard in document["shards"]}
        yield from (p for p in folder.glob("shard-*") if p.name.partition(".")[0] not in listed)


def _rows(connection: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    for row in connection.execute(query):
        yield tuple(
            hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value
            for value in row
        )


def _entries(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """Yield what was entered once a thing; polls, chains and states come as often as they come."""
    for kind, text in connection.execute("SELECT kind, body FROM ledger_entry"):
        body = json.loads(text)
        names = _OF_THE_LEDGER.get(kind)
        if names is not None and not (kind == "capture" and body["post"] is None):
            told = [body.get(name) for name in names]
            # Whichever of a pair came second is the query; the match itself is the same.
            yield (kind, *(sorted(told) if "reference" in names else told))


def _chain(chain: Mapping[str, Any]) -> tuple[Any, ...]:
    shown = {a["id"]: (a["video"], (a["post"] or {}).get("url")) for a in chain["appearances"]}
    links = ((*shown[a["id"]], a["relation"], shown.get(a["parent"])) for a in chain["appearances"])
    return (shown.get(chain["root"]), *sorted(links, key=repr))


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*"):
        if path.is_file() and path.parent.name != "tmp":
            yield path.name, hashlib.sha256(path.read_bytes()).hexdigest()
