"""How fast the indexes answer, and whether they answer as brute force does.

``python -m benchmarks.speed.search [DIR] [--frames 10000000] [--views 0,1,2] [--output FILE]``
multiplies the videos under DIR (without it: footage that is made here) to archives of the wanted
sizes on disk and asks them, hashes in processes of their own. It writes what it measured as
Markdown; everything it made is removed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import faiss
import numpy as np

from benchmarks.speed.feature_search import edited_copies, measure
from benchmarks.speed.multiplied import Multiplied, name, number_of, originals, rows_of
from benchmarks.speed.search_choices import choices
from benchmarks.speed.search_report import Answered, Built, Measured, report
from storage.index import FaissHashIndex
from storage.index.hash_shard import HashShard
from storage.index.layouts import Layout
from storage.index.rows import merged
from tests.support.footage import make_footage
from tracker.fingerprint.algorithm import CODE_BYTES
from tracker.matching.candidates import SEARCH_RADIUS_BITS, candidates
from tracker.matching.view_pairs import mirrored
from tracker.model.algorithm import Algorithm
from tracker.model.fingerprint import Fingerprint
from tracker.model.search_rows import search_rows

KEY = "search benchmark"
QUERY_FRAMES = 60
EXACT_FRAMES = 1_000_000
VIDEOS_AT_ONCE = 256
MADE_VIDEOS = 12
MADE_SECONDS = 40


def build(archive: Multiplied, frames: int, directory: Path) -> Built:
    """Store an index of at least ``frames`` reference frames."""
    started = time.perf_counter()
    index = _index(archive, directory)
    count = archive.copies_for(frames, [video.frames for video in archive.videos])
    index.refresh(lambda after: archive.source(count, after))
    held = sum(archive.of(number).frames for number in range(count))
    return Built(held, index.rows, count, index.size_bytes, time.perf_counter() - started)


def _index(archive: Multiplied, directory: Path) -> FaissHashIndex:
    layout = Layout(archive.hashes, HashShard, HashShard.write)
    return FaissHashIndex(directory, KEY, CODE_BYTES, layout)


def ask_in_a_fresh_process(directory: Path, query: Path, right: int, threads: int) -> Answered:
    """Return how a process that has not seen the index answers."""
    line = [sys.executable, "-m", "benchmarks.speed.search", "--ask", str(directory), str(query)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [*line, "--right", str(right), "--started", repr(time.time())],
        env=environment, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return Answered(**json.loads(done.stdout))


def answer(directory: Path, query_path: Path, right: int, started: float) -> Answered:
    """Open the index, ask for one frame, then for all; the work of the fresh process."""
    query = _read(query_path)
    first_frame = query.pts_ms == query.pts_ms.min()
    start_s = time.time() - started
    before, cpu, clock = _resident_bytes(), time.process_time(), time.perf_counter()
    index = FaissHashIndex(directory, KEY, CODE_BYTES)
    candidates(rows_of(query, first_frame), index)
    first_s = time.perf_counter() - clock
    first_cpu_s = time.process_time() - cpu
    cpu, clock = time.process_time(), time.perf_counter()
    found = candidates(query, index)
    return Answered(
        start_s=start_s,
        first_s=first_s,
        all_s=time.perf_counter() - clock,
        first_cpu_s=first_cpu_s,
        cpu_s=time.process_time() - cpu,
        memory_bytes=_peak_bytes() - before,
        codes=2 * len(search_rows(query)),
        found=bool(found) and found[0].video == name(right),
    )


def equal_to_brute_force(archive: Multiplied, directory: Path, query: Fingerprint) -> int:
    """Return how many pairs index and brute force found alike; ends the run if they differ."""
    index = _index(archive, directory)
    rows = search_rows(query)
    codes = np.concatenate([query.codes[rows], mirrored(query.codes[rows])])
    hits = index.search(codes, SEARCH_RADIUS_BITS)
    owners = np.array([number_of(index.video(int(r))) for r in hits.references], np.int64)
    columns = (hits.query_rows, owners, hits.pts_ms, hits.views, hits.distances)
    found = _sorted(np.stack(columns).astype(np.int64))
    if not np.array_equal(found, _sorted(_brute_force(archive, index.videos, codes))):
        raise SystemExit("the index does not find what brute force finds")
    return len(found[0])


def _brute_force(archive: Multiplied, videos: int, codes: np.ndarray) -> np.ndarray:
    """Return (query row, video, time, view, distance) of all pairs, by faiss over plain rows."""
    found = [np.zeros((5, 0), np.int64)]
    for start in range(0, videos, VIDEOS_AT_ONCE):
        numbers = range(start, min(start + VIDEOS_AT_ONCE, videos))
        rows = merged([archive.hashes(name(n), archive.of(n).fingerprint) for n in numbers])
        flat = faiss.IndexBinaryFlat(CODE_BYTES * 8)
        flat.add(rows.codes)
        limits, distances, at = flat.range_search(codes, SEARCH_RADIUS_BITS + 1)
        asked = np.repeat(np.arange(len(codes)), np.diff(limits.astype(np.int64)))
        columns = (asked, rows.owners[at] + start, rows.pts_ms[at], rows.views[at], distances)
        found.append(np.stack(columns).astype(np.int64))
    return np.concatenate(found, axis=1)


def _sorted(columns: np.ndarray) -> np.ndarray:
    return columns[:, np.lexsort(columns)]


def write_query(path: Path, query: Fingerprint) -> None:
    """Store what another process needs of ``query``."""
    np.savez(path, codes=query.codes, pts_ms=query.pts_ms, views=query.views, quality=query.quality)


def _read(path: Path) -> Fingerprint:
    with np.load(path) as held:
        return Fingerprint(
            Algorithm(KEY, (), ()),
            held["codes"],
            held["pts_ms"],
            held["views"],
            held["quality"],
            int(held["pts_ms"].max()),
        )


def forget_pages(directory: Path) -> None:
    """Drop the files of the index from the page cache, as far as the system agrees."""
    for path in directory.rglob("shard-*"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _resident_bytes() -> int:
    return _status_bytes("VmRSS")


def _peak_bytes() -> int:
    return _status_bytes("VmHWM")  # getrusage tells the peak of the process that started this one


def _status_bytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def run(arguments: argparse.Namespace, work: Path) -> str:
    """Measure everything and return the report."""
    videos = originals(arguments.directory or _made(work / "footage"), arguments.views)
    archive = Multiplied(videos)
    query_path, index_directory = work / "query.npz", work / "large"
    built = build(archive, arguments.frames, index_directory)
    right = built.videos // 2
    query = archive.query(right, QUERY_FRAMES)
    write_query(query_path, query)
    answers = []
    for label, threads in (("not in the page cache", 2), ("in the page cache", 2), ("same", 1)):
        if label.startswith("not"):
            forget_pages(index_directory)
        told = ask_in_a_fresh_process(index_directory, query_path, right, threads)
        answers.append((label, threads, told))
    exact = build(archive, min(EXACT_FRAMES, arguments.frames), work / "exact")
    pairs = equal_to_brute_force(
        archive, work / "exact", archive.query(exact.videos // 2, QUERY_FRAMES)
    )
    asked = edited_copies(videos, work)
    features = [measure(archive, n, asked, work / f"f{n}") for n in arguments.keyframes]
    return report(
        Measured(
            command=" ".join(["python -m benchmarks.speed.search", *_shown(sys.argv[1:])]),
            originals=len(videos),
            originals_ms=sum(video.fingerprint.duration_ms for video in videos),
            query_frames=QUERY_FRAMES,
            large=built,
            answers=tuple(answers),
            exact=exact,
            exact_pairs=pairs,
            features=tuple(features),
            choices=tuple(choices(videos, asked)),
            load=os.getloadavg()[2],
        )
    )


def _made(directory: Path) -> Path:
    directory.mkdir()
    for seed in range(MADE_VIDEOS):
        make_footage(directory / f"{seed}.mp4", seed, MADE_SECONDS)
    return directory


def main() -> None:
    """Measure, or be the fresh process that is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.search")
    parser.add_argument("directory", type=Path, nargs="?")
    parser.add_argument("--frames", type=int, default=10_000_000)
    parser.add_argument("--keyframes", type=_numbers, default=[1000, 10_000, 100_000])
    parser.add_argument("--views", type=_numbers, help="hashes of these views alone: 0,1,2")
    parser.add_argument("--output", type=Path, help="where the report goes; else printed")
    parser.add_argument("--ask", type=Path, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--right", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ask:
        told = answer(arguments.ask[0], arguments.ask[1], arguments.right, arguments.started)
        print(json.dumps(asdict(told)))
        return
    with TemporaryDirectory(prefix="search-benchmark-") as work:
        text = run(arguments, Path(work))
    print(text)
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")


def _shown(arguments: list[str]) -> list[str]:
    """Return the arguments as the report shows them: no one needs to know the paths here."""
    shown = ["DIR" if Path(one).is_dir() else one for one in arguments]
    return [Path(one).name if "/" in one else one for one in shown]


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    main()
