"""Which rows of a fingerprint an index holds, and in which kind of shard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from storage.index.feature_shard import FeatureShard
from storage.index.hash_shard import HashShard
from storage.index.rows import ShardHits, ShardName, ShardRows
from storage.index.runs import leaders
from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.search_rows import search_features, search_rows

RowsOf = Callable[[VideoId, Fingerprint], ShardRows]
"""Says which rows an index holds of a fingerprint."""


class Shard(Protocol):
    """One immutable file of an index; ``name`` and ``id_table`` uint8 (videos, 32) as stored."""

    name: ShardName
    id_table: npt.NDArray[np.uint8]

    def video(self, owner: int) -> VideoId:
        """Return the video that hits call ``owner``."""
        ...

    def search(self, codes: npt.NDArray[np.uint8], radius: int, *, exact: bool) -> ShardHits:
        """Return rows within ``radius`` bits of each of ``codes``, all of them if ``exact``."""
        ...

    def rows(self) -> ShardRows:
        """Return everything in the shard, copied."""
        ...

    def check(self) -> None:
        """Read everything; raises ``IntegrityError``."""
        ...


@dataclass(frozen=True, slots=True)
class Layout:
    """What an index is made of.

    ``most_exact_rows``: an index of more rows is searched by cells, None: by none.
    """

    rows: RowsOf
    open: Callable[[Path, ShardName, int], Shard]
    write: Callable[[Path, ShardRows], ShardName]
    most_exact_rows: int | None = None


MOST_EXACT_FEATURES = 1_000_000
"""Feature codes up to which all are compared: about half a second for a minute of video."""


def hash_rows(video: VideoId, fingerprint: Fingerprint) -> ShardRows:
    """Return the hashes of frames that are searched among, in runs."""
    keep = search_rows(fingerprint)
    codes = fingerprint.codes[keep]
    return ShardRows(
        codes,
        np.zeros(len(keep), np.int32),
        fingerprint.pts_ms[keep],
        fingerprint.views[keep],
        leaders(codes),
        (video,),
    )


def feature_codes(video: VideoId, fingerprint: Fingerprint) -> ShardRows:
    """Return the codes of the local features that are searched among."""
    features = fingerprint.features
    keep = search_features(features)
    return ShardRows(
        features.codes[keep],
        np.zeros(len(keep), np.int32),
        features.pts_ms[features.frames[keep]],
        np.zeros(len(keep), np.uint8),
        np.arange(len(keep), dtype=np.int64),
        (video,),
    )


def features_key(algorithm_key: str) -> str:
    """Return what the index of an algorithm's local features is called."""
    return f"{algorithm_key}|features"


HASHES = Layout(hash_rows, HashShard, HashShard.write)
FEATURES = Layout(feature_codes, FeatureShard, FeatureShard.write, MOST_EXACT_FEATURES)
