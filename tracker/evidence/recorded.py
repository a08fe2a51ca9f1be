"""What the ledger says there is, gathered from the bodies of its entries.

Bodies by kind (other keys are free)::

    capture      sha256 (of the stored bytes; also under "video" or "body"), post, url, size_bytes,
                 kept (false: the bytes were looked at and not stored)
    fingerprint  video, algorithm, digest, keyframes_digest
    match        query, reference, algorithm, digest
    sound_match  query, reference, algorithm, digest
    chain        clip, revision, root, reason, digest
    verdict      number, clip, video, verdict, by, why, digest
    credentials  video, digest, manifest (SHA-256 of the kept manifest store, or null)
    anchor       anchor (its number), digest
    timestamp    every field of the token
    state        see storage.row_changes
    deletion     sha256 (bytes removed on purpose), keyframes (algorithms whose pictures went too)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tracker.evidence.canonical import canonical_digest
from tracker.evidence.hash_chain import complete_kinds
from tracker.model.ids import SHA256_HEX, VideoId, video_id
from tracker.model.ledger import LedgerEntry, LedgerKind

Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RecordedDigest:
    """A digest and the number of the entry that recorded it."""

    value: str
    sequence: int


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """What a revision of a chain ``said`` (root, why it changed, when) and the entry's number."""

    said: tuple[str, str, str]
    sequence: int


@dataclass(slots=True)
class RecordedStates:
    """What rows were last, by kind (``posts``, ``videos``, ``clips``).

    ``parts`` leads from kind and name to digests by part, ``whole`` holds those of which parts
    that are not named are empty; ``captures`` leads from numbers to digest and post;
    ``complete`` names the kinds of which whatever is not recorded was never recorded by us.
    """

    parts: dict[tuple[str, str], dict[str, RecordedDigest]] = field(default_factory=dict)
    whole: set[tuple[str, str]] = field(default_factory=set)
    captures: dict[int, tuple[RecordedDigest, str | None]] = field(default_factory=dict)
    became: dict[str, str] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)

    def now(self, post: str) -> str:
        """Return what a post is called by now."""
        for _ in range(len(self.became)):
            if post not in self.became:
                break
            post = self.became[post]
        return post


@dataclass(slots=True)
class Recorded:
    """The present state of affairs according to the ledger; later entries replace earlier ones.

    ``files`` leads from the digest of every file that must be there to the entry that recorded
    it; ``absent`` holds those never stored or deleted on purpose. Fingerprints and keyframes
    are found by video and algorithm, matches by pair and algorithm, chains by clip and revision,
    verdicts and anchors by number, tokens by the number of their entry.
    """

    entries: int = 0
    files: dict[str, int] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    fingerprints: dict[tuple[VideoId, str], RecordedDigest] = field(default_factory=dict)
    keyframes: dict[tuple[VideoId, str], RecordedDigest] = field(default_factory=dict)
    matches: dict[tuple[frozenset[str], str], RecordedDigest] = field(default_factory=dict)
    sound_matches: dict[tuple[frozenset[str], str], RecordedDigest] = field(default_factory=dict)
    chains: dict[tuple[str, int], RecordedDigest] = field(default_factory=dict)
    answers: dict[tuple[str, int], RecordedAnswer] = field(default_factory=dict)
    verdicts: dict[int, RecordedDigest] = field(default_factory=dict)
    credentials: dict[str, RecordedDigest] = field(default_factory=dict)
    anchors: dict[int, RecordedDigest] = field(default_factory=dict)
    tokens: dict[int, RecordedDigest] = field(default_factory=dict)
    states: RecordedStates = field(default_factory=RecordedStates)

    def take(self, entry: LedgerEntry) -> None:
        """Add what ``entry`` says; a body that cannot be read adds nothing."""
        self.entries += 1
        reader = _READERS.get(entry.kind)
        if reader is not None:
            reader(self, _body(entry), entry.sequence)
        if entry.kind is LedgerKind.CHAIN:
            _answer(self, _body(entry), entry)


def _body(entry: LedgerEntry) -> Body:
    try:
        body = json.loads(entry.body)
    except (ValueError, TypeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _capture(recorded: Recorded, body: Body, sequence: int) -> None:
    names = [body.get(key) for key in ("sha256", "video", "body")]
    digests = {name for name in names if isinstance(name, str) and SHA256_HEX.match(name)}
    if body.get("kept") is False:
        recorded.absent |= digests - set(recorded.files)
        return
    recorded.files |= dict.fromkeys(digests, sequence)
    recorded.absent -= digests


def _deletion(recorded: Recorded, body: Body, sequence: int) -> None:  # noqa: ARG001 - one signature for all readers
    digest = str(body.get("sha256"))
    if recorded.files.pop(digest, None) is not None:
        recorded.absent.add(digest)
    keyframes = body.get("keyframes")
    for algorithm in keyframes if isinstance(keyframes, list) else ():
        recorded.keyframes.pop((VideoId(digest), str(algorithm)), None)


def _fingerprint(recorded: Recorded, body: Body, sequence: int) -> None:
    try:
        name = (video_id(str(body.get("video"))), str(body.get("algorithm")))
    except ValueError:
        return
    recorded.fingerprints[name] = RecordedDigest(str(body.get("digest")), sequence)
    if body.get("keyframes_digest") is not None:
        recorded.keyframes[name] = RecordedDigest(str(body["keyframes_digest"]), sequence)


def _match(recorded: Recorded, body: Body, sequence: int) -> None:
    recorded.matches[_pair(body)] = RecordedDigest(str(body.get("digest")), sequence)


def _sound_match(recorded: Recorded, body: Body, sequence: int) -> None:
    recorded.sound_matches[_pair(body)] = RecordedDigest(str(body.get("digest")), sequence)


def _pair(body: Body) -> tuple[frozenset[str], str]:
    """Return what a match is found by: both videos and the algorithm."""
    pair = frozenset((str(body.get("query")), str(body.get("reference"))))
    return pair, str(body.get("algorithm"))


def _chain(recorded: Recorded, body: Body, sequence: int) -> None:
    revision = body.get("revision")
    if isinstance(revision, int):
        name = (str(body.get("clip")), revision)
        recorded.chains[name] = RecordedDigest(str(body.get("digest")), sequence)


def _answer(recorded: Recorded, body: Body, entry: LedgerEntry) -> None:
    revision, root, reason = (body.get(key) for key in ("revision", "root", "reason"))
    if isinstance(revision, int) and isinstance(root, str) and isinstance(reason, str):
        name = (str(body.get("clip")), revision)
        recorded.answers[name] = RecordedAnswer((root, reason, entry.at), entry.sequence)


def _verdict(recorded: Recorded, body: Body, sequence: int) -> None:
    number = body.get("number")
    if isinstance(number, int):
        recorded.verdicts[number] = RecordedDigest(str(body.get("digest")), sequence)


def _credentials(recorded: Recorded, body: Body, sequence: int) -> None:
    recorded.credentials[str(body.get("video"))] = RecordedDigest(str(body.get("digest")), sequence)
    manifest = body.get("manifest")
    if isinstance(manifest, str) and SHA256_HEX.match(manifest):
        recorded.files[manifest] = sequence


def _anchor(recorded: Recorded, body: Body, sequence: int) -> None:
    number = body.get("anchor")
    if isinstance(number, int):
        recorded.anchors[number] = RecordedDigest(str(body.get("digest")), sequence)


def _token(recorded: Recorded, body: Body, sequence: int) -> None:
    try:
        recorded.tokens[sequence] = RecordedDigest(canonical_digest(body), sequence)
    except ValueError:
        recorded.tokens[sequence] = RecordedDigest("", sequence)


def _genesis(recorded: Recorded, body: Body, sequence: int) -> None:  # noqa: ARG001 - as above
    recorded.states.complete |= complete_kinds(body)


def _state(recorded: Recorded, body: Body, sequence: int) -> None:
    states = recorded.states
    states.complete |= complete_kinds(body)
    for former, key in _items(body, "became"):
        states.became[former] = str(key)
        states.parts.pop(("posts", former), None)
    for kind in ("posts", "videos", "clips"):
        for name, parts in _items(body, kind):
            if isinstance(parts, dict):
                _take_parts(states, (kind, name), parts, sequence)
    for number, state in _items(body, "captures"):
        if number.isdecimal() and isinstance(state, dict):
            post = state.get("post")
            digest = RecordedDigest(str(state.get("digest")), sequence)
            states.captures[int(number)] = (digest, None if post is None else str(post))


def _take_parts(states: RecordedStates, name: tuple[str, str], parts: Body, sequence: int) -> None:
    known = states.parts.setdefault(name, {})
    for part, digest in parts.items():
        if part == "whole":
            states.whole.add(name)
        else:
            known[part] = RecordedDigest(str(digest), sequence)


def _items(body: Body, key: str) -> Iterable[tuple[str, object]]:
    found = body.get(key)
    return found.items() if isinstance(found, dict) else ()


_READERS: Mapping[LedgerKind, Callable[[Recorded, Body, int], None]] = {
    LedgerKind.CAPTURE: _capture,
    LedgerKind.DELETION: _deletion,
    LedgerKind.FINGERPRINT: _fingerprint,
    LedgerKind.MATCH: _match,
    LedgerKind.SOUND_MATCH: _sound_match,
    LedgerKind.CHAIN: _chain,
    LedgerKind.VERDICT: _verdict,
    LedgerKind.CREDENTIALS: _credentials,
    LedgerKind.GENESIS: _genesis,
    LedgerKind.STATE: _state,
    LedgerKind.ANCHOR: _anchor,
    LedgerKind.TIMESTAMP: _token,
}
