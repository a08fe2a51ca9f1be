"""One imagehash a second, and counting.

Two videos are called related when enough hashes of the query lie near hashes of the reference.
As a favour to it, distance and count are chosen on the corpus itself: those that find most with
no false positive.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from pathlib import Path

import faiss
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.accuracy.peers.peer import Features, Judged, PeerResult, entries, measured_peer
from tracker.benchmark.corpus import Corpus
from tracker.benchmark.metrics import scores
from tracker.media.frames import FrameReader, Sampling
from tracker.media.probe import MediaLimits

Codes = npt.NDArray[np.uint8]
DISTANCES = range(2, 21, 2)
HASHES = {"pHash": imagehash.phash, "dHash": imagehash.dhash}


def naive(corpus: Corpus, kind: str) -> PeerResult:
    """Return the best that counting hashes of ``kind`` (``pHash``, ``dHash``) can do."""
    features = {entry.id: _features(corpus.path(entry), kind) for entry in entries(corpus)}
    results = [
        measured_peer(
            f"imagehash {kind}, 1 per second, ≤ {radius} bits",
            f"imagehash {version('imagehash')}",
            None,
            corpus,
            features,
            _Near(radius),
        )
        for radius in DISTANCES
    ]
    return max(results, key=lambda result: scores(result.at_no_false_positive()).found)


def _features(path: Path, kind: str) -> Features[Codes]:
    started = time.process_time()
    reader = FrameReader(path, Sampling(interval_ms=1000), MediaLimits())
    bits = [HASHES[kind](Image.fromarray(frame.gray)).hash.ravel() for frame in reader]
    codes = np.packbits(np.array(bits), axis=1)
    return Features(codes, codes.nbytes, time.process_time() - started)


class _Near:
    """Scores a pair by the share of the query's hashes that the reference holds a near one to."""

    def __init__(self, radius: int) -> None:
        self._radius = radius

    def __call__(self, query: Codes, reference: Codes) -> Judged:
        index = faiss.IndexBinaryFlat(64)
        index.add(reference)
        nearest = index.search(query, 1)[0][:, 0]
        return Judged(float((nearest <= self._radius).mean()))
