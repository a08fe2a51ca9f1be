"""Runs the peers that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.accuracy.peers.chromaprint import chromaprint
from benchmarks.accuracy.peers.hosted import PeerEnvironment, videohash, vpdq
from benchmarks.accuracy.peers.naive import naive
from benchmarks.accuracy.peers.peer import PeerResult
from tracker.benchmark.corpus import read_corpus

NAMES = ("phash", "dhash", "vpdq", "videohash2", "chromaprint")


def run_peers(
    directory: Path, names: Iterable[str], python: Path, progress: Callable[[str], None]
) -> list[PeerResult]:
    """Return what each of ``names`` finds on the corpus; ``python`` runs those not of ours.

    Raises ``ToolError`` if their environment is not there.
    """
    corpus = read_corpus(directory)
    environment = PeerEnvironment(python)
    methods: Mapping[str, Callable[[], PeerResult]] = {
        "phash": partial(naive, corpus, "pHash"),
        "dhash": partial(naive, corpus, "dHash"),
        "vpdq": partial(vpdq, corpus, environment),
        "videohash2": partial(videohash, corpus, environment),
        "chromaprint": partial(chromaprint, corpus),
    }
    results = []
    for name in names:
        results.append(methods[name]())
        progress(name)
    return results
