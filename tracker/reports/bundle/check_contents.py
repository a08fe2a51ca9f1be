"""Whether a bundle's evidence is what the entries about it recorded."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from tracker.errors import IntegrityError
from tracker.evidence.digests import fingerprint_digest, keyframe_list_digest, match_digest
from tracker.evidence.recorded import Recorded, RecordedDigest
from tracker.model.ids import VideoId
from tracker.model.ledger import Broken
from tracker.reports.bundle.bag import Written
from tracker.reports.bundle.contents import as_json
from tracker.reports.bundle.fingerprint_form import fingerprint_from_json
from tracker.reports.bundle.match_form import matches_from
from tracker.reports.bundle.read import Bundle

_BY_DIGEST = re.compile(r"data/(?:captures|credentials|originals)/([0-9a-f]{64})(?:\.[a-z0-9]+)?")
_FINGERPRINT = re.compile(r"data/fingerprints/([0-9a-f]{64})\.json")
_KEYFRAME = re.compile(r"data/keyframes/([0-9a-f]{64})/\d+-(-?\d{1,15})\.jpg")
_REVISION = re.compile(r"data/chain/revision-(\d{1,9})\.json")
_MATCHES = "data/matches.json"


def check_contents(
    bundle: Bundle, files: Mapping[str, Written], about: Mapping[str, object], recorded: Recorded
) -> Iterator[Broken]:
    """Yield every file that is not what a whole entry of the ledger recorded."""
    redacted = about.get("redacted") is True
    yield from _named_by_digest(files, recorded, redacted=redacted)
    algorithms: dict[str, str] = {}
    yield from _fingerprints(bundle, files, recorded, algorithms)
    yield from _keyframes(files, recorded, algorithms)
    yield from _matches(bundle, recorded)
    yield from _revisions(files, str(about.get("clip")), recorded)


def _named_by_digest(
    files: Mapping[str, Written], recorded: Recorded, *, redacted: bool
) -> Iterator[Broken]:
    for path, file in files.items():
        found = _BY_DIGEST.fullmatch(path)
        if found is None:
            continue
        if found[1] != file.sha256:
            yield Broken("file", path, "its name is the digest of other bytes")
        elif not redacted and found[1] not in recorded.files:
            yield Broken("file", path, "no whole entry of the ledger records it")


def _differs(path: str, digest: str, entry: RecordedDigest | None) -> Iterator[Broken]:
    if entry is None:
        yield Broken("file", path, "no whole entry of the ledger records it")
    elif entry.value != digest:
        yield Broken("file", path, f"it is not what entry {entry.sequence} recorded")


def _fingerprints(
    bundle: Bundle, files: Mapping[str, Written], recorded: Recorded, algorithms: dict[str, str]
) -> Iterator[Broken]:
    for path in files:
        found = _FINGERPRINT.fullmatch(path)
        if found is None:
            continue
        try:
            video, fingerprint = fingerprint_from_json(bundle.read(path))
        except IntegrityError as exc:
            yield Broken("file", path, str(exc))
            continue
        key = fingerprint.algorithm.key
        algorithms[found[1]] = key
        if video != found[1]:
            yield Broken("file", path, "it is about another video than its name says")
        entry = recorded.fingerprints.get((VideoId(found[1]), key))
        yield from _differs(path, fingerprint_digest(fingerprint), entry)


def _keyframes(
    files: Mapping[str, Written], recorded: Recorded, algorithms: Mapping[str, str]
) -> Iterator[Broken]:
    frames: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for path in sorted(files):  # numbered in five digits: in order
        found = _KEYFRAME.fullmatch(path)
        if found is not None:
            frames[found[1]].append((int(found[2]), files[path].sha256))
    for video, pictures in frames.items():
        entry = recorded.keyframes.get((VideoId(video), algorithms.get(video, "")))
        yield from _differs(f"data/keyframes/{video}", keyframe_list_digest(pictures), entry)


def _matches(bundle: Bundle, recorded: Recorded) -> Iterator[Broken]:
    if _MATCHES not in bundle.paths():
        return
    try:
        algorithm, matches = matches_from(as_json(bundle.read(_MATCHES)))
        for match in matches:
            pair = frozenset((match.query, match.reference))
            entry = recorded.matches.get((frozenset(map(str, pair)), algorithm))
            yield from _differs(_MATCHES, match_digest(match), entry)
    except (IntegrityError, ValueError) as exc:
        yield Broken("file", _MATCHES, str(exc))


def _revisions(files: Mapping[str, Written], clip: str, recorded: Recorded) -> Iterator[Broken]:
    for path, file in files.items():
        found = _REVISION.fullmatch(path)
        if found is not None:
            yield from _differs(path, file.sha256, recorded.chains.get((clip, int(found[1]))))
