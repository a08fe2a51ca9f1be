"""Whatever order videos are stored in, the same matches are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import pytest

from storage.index import FaissHashIndex, feature_rows, features_key
from tests.unit.matching import made_films as films
from tests.unit.matching.made_films import Take
from tracker.evidence.digests import match_digest
from tracker.fingerprint.algorithm import CODE_BYTES, current_algorithm
from tracker.identify import Identifier
from tracker.model.features import CODE_BYTES as FEATURE_CODE_BYTES
from tracker.model.fingerprint import Examined, Fingerprint
from tracker.model.ids import VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.video import MediaInfo


@dataclass
class Shelf:
    """An archive in memory."""

    held: dict[VideoId, Fingerprint]

    def get(self, wanted: VideoId) -> Fingerprint:
        return self.held[wanted]

    def keyframes(self, _wanted: VideoId) -> Sequence[Keyframe]:
        return ()

    def size(self, _wanted: VideoId) -> None:
        return None


def a_shelf() -> Shelf:
    clip = films.later(Take(1, 1), 3000)
    made = {
        "4": films.fingerprint(Take(1, 1), 10_000),
        "2": films.fingerprint(films.edited(clip, films.recoded), 5000),
        "7": films.fingerprint(films.edited(clip, films.flipped), 5000),
        "1": films.fingerprint(films.joined((Take(8, 1), 3000), (clip, 4000)), 7000),
    }
    return Shelf({VideoId(name * 64): fingerprint for name, fingerprint in made.items()})


def matches(shelf: Shelf, order: Sequence[VideoId], directory: Path) -> dict[str, str]:
    """Store one video after the other, each asked about before it is stored."""
    key = current_algorithm().key
    index = FaissHashIndex(directory, key, CODE_BYTES)
    features = FaissHashIndex(directory, features_key(key), FEATURE_CODE_BYTES, feature_rows)
    rows: list[tuple[int, VideoId, Fingerprint]] = []

    def after(last: int) -> list[tuple[int, VideoId, Fingerprint]]:
        return [row for row in rows if row[0] > last]

    found: dict[str, str] = {}
    for video in order:
        fingerprint = shelf.get(video)
        info = MediaInfo("mp4", "h264", 288, 162, fingerprint.duration_ms, False, None)
        identifier = Identifier(index, shelf, features)
        answer = identifier.identify(video, Examined(info, fingerprint, ()), both_directions=True)
        for match in answer.matches:
            pair = "-".join(sorted((match.query[:1], match.reference[:1])))
            found[pair] = match_digest(match)
        rows.append((len(rows) + 1, video, fingerprint))
        index.refresh(after)
        features.refresh(after)
    return found


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return a_shelf()


def test_the_order_of_ingestion_changes_no_match(shelf: Shelf, tmp_path: Path) -> None:
    orders = list(permutations(shelf.held))[::5]
    answers = [matches(shelf, order, tmp_path / str(n)) for n, order in enumerate(orders)]
    assert len(answers[0]) >= 3
    assert all(answer == answers[0] for answer in answers)
