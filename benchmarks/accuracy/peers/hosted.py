"""vPDQ and videohash2, which run in an environment of their own."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.peers import worker
from benchmarks.accuracy.peers.peer import (
    Features,
    Judged,
    PeerResult,
    entries,
    measured_peer,
    of_entries,
)
from tracker.benchmark.corpus import Corpus
from tracker.errors import ToolError

Codes = npt.NDArray[np.uint8]

VPDQ_BITS = 31
VPDQ_QUALITY = 50
VPDQ_QUERY_SHARE = 0.8
"""Shipped settings: two frames match below 31 bits, frames under quality 50 are left out, and
80 % of the query's frames must match.

Source: facebook/ThreatExchange, vpdq/README.md and python-threatexchange's extension vpdq
(``VPDQ_DISTANCE_THRESHOLD``, ``VPDQ_QUALITY_THRESHOLD``, ``VPDQ_QUERY_MATCH_THRESHOLD_PERCENT``).
"""

VIDEOHASH_BITS = 64
VIDEOHASH_DIFFERENT_SHARE = 0.15
"""Source: videohash2's ``VideoHash.is_similar``: no more than 15 % of the bits, rounded up."""


@dataclass(frozen=True, slots=True)
class PeerEnvironment:
    """The interpreter of the peers' environment."""

    python: Path

    def features(self, method: str, corpus: Corpus) -> Iterator[dict[str, object]]:
        """Yield the version and then one object a file, as ``worker`` writes them."""
        command = [str(self.python), worker.__file__, method, imageio_ffmpeg.get_ffmpeg_exe()]
        paths = "".join(f"{corpus.path(entry).resolve()}\n" for entry in entries(corpus))
        try:
            done = subprocess.run(command, input=paths, capture_output=True, text=True, check=False)
        except OSError as exc:
            raise ToolError(f"{self.python} cannot be run: `make bench-peers` makes it") from exc
        if done.returncode:
            reason = done.stderr.strip().splitlines()
            raise ToolError(f"{method}: {reason[-1] if reason else 'no reason given'}")
        for line in done.stdout.splitlines():
            document: dict[str, object] = json.loads(line)
            yield document


def vpdq(corpus: Corpus, environment: PeerEnvironment) -> PeerResult:
    """Return what vPDQ's matching rule finds."""
    first, *found = environment.features("vpdq", corpus)
    features = of_entries(corpus, (_codes(one) for one in found))
    name = f"vPDQ, 1 per second, < {VPDQ_BITS} bits"
    return measured_peer(
        name, str(first["version"]), VPDQ_QUERY_SHARE, corpus, features, _share_of_query
    )


def _codes(document: dict[str, object]) -> Features[Codes]:
    data, cpu_s = document["data"], document["cpu_s"]
    assert isinstance(data, list)
    assert isinstance(cpu_s, float)
    kept = [bytes.fromhex(code) for code, quality in data if quality >= VPDQ_QUALITY]
    codes = np.frombuffer(b"".join(kept), np.uint8).reshape(-1, 32)
    return Features(codes, codes.nbytes, cpu_s)


def _share_of_query(query: Codes, reference: Codes) -> Judged:
    if not len(query) or not len(reference):
        return Judged(0.0)
    bits = np.bitwise_count(query[:, None] ^ reference[None, :]).sum(axis=2, dtype=np.int64)
    return Judged(float((bits.min(axis=1) < VPDQ_BITS).mean()))


def videohash(corpus: Corpus, environment: PeerEnvironment) -> PeerResult:
    """Return what comparing one hash a video finds."""
    first, *found = environment.features("videohash2", corpus)
    features = of_entries(corpus, (_whole_hash(one) for one in found))
    most = math.ceil(VIDEOHASH_DIFFERENT_SHARE * VIDEOHASH_BITS)
    shipped = 1 - most / VIDEOHASH_BITS
    name = "videohash2, one hash a video"
    return measured_peer(name, str(first["version"]), shipped, corpus, features, _equal_bits)


def _whole_hash(document: dict[str, object]) -> Features[int | None]:
    data, cpu_s = document["data"], document["cpu_s"]
    assert isinstance(cpu_s, float)
    return Features(int(str(data), 16) if data else None, VIDEOHASH_BITS // 8, cpu_s)


def _equal_bits(query: int | None, reference: int | None) -> Judged:
    if query is None or reference is None:
        return Judged(0.0)
    return Judged(1 - (query ^ reference).bit_count() / VIDEOHASH_BITS)
