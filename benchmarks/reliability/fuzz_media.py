"""Thousands of broken media files through the children that read media, under limits.

``python -m benchmarks.reliability.fuzz_media [FOLDER] [--files 5000]`` takes excerpts of two
seconds of the videos in FOLDER (as they are encoded), the same footage in other containers and
codecs, and without FOLDER only footage it makes itself; mutates them (``media_edits``); and has
each looked at as the daemon does: playable, Content Credentials, fingerprint, in a child process.

Counted are files examined, refused (by the sentence), and children that were ended by a limit or
died. Something is wrong when this process fails, a file takes longer than the limit, a child passes
its memory, an error is no single sentence, or files, processes or descriptors are left behind: the
exit code is then 1. Files on which a child died are kept in ``--keep DIR``.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.reliability.interrupted import end_in_order
from benchmarks.reliability.media_edits import mutated
from benchmarks.speed.footage import ffmpeg
from tests.support.footage import make_footage
from tracker.app import CHILD_PRELOAD
from tracker.errors import MediaLimitExceeded, TrackerError
from tracker.evidence.content_credentials import read_credentials
from tracker.examine import examine
from tracker.media.child_process import ChildLimits, ChildProcessExecutor
from tracker.media.playable import playable

EXCERPT_S = 2
MAX_SEEDS = 12
WALL_TIME_S = 30.0
MEMORY_BYTES = 2 * 1024**3
PRELOAD = (
    *CHILD_PRELOAD,
    "tracker.app",
    "tests.support.footage",
    "benchmarks.speed.footage",
    "c2pa",
)
"""What each child would import anew otherwise, at fifty times the price of looking at a file."""

_SUFFIXES = frozenset({".mp4", ".webm", ".mkv", ".mov", ".ts", ".avi", ".flv", ".gif", ".m4v"})

CONTAINERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("mov", ("-c:v", "libx264", "-bf", "2")),
    ("mp4", ("-c:v", "libx265", "-x265-params", "log-level=none")),
    ("mp4", ("-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "film-grain=0")),
    ("mp4", ("-c:v", "libx264", "-movflags", "frag_keyframe+empty_moov")),
    ("webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")),
    ("mkv", ("-c:v", "libx264", "-pix_fmt", "yuv444p")),
    ("ts", ("-c:v", "libx264",)),
    ("mpg", ("-c:v", "mpeg2video",)),
    ("avi", ("-c:v", "mpeg4",)),
    ("flv", ("-c:v", "flv1",)),
    ("gif", ("-r", "5", "-an")),
    ("ogv", ("-c:v", "libtheora", "-c:a", "libvorbis")),
    ("wmv", ("-c:v", "wmv2",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Looked:
    """What the children said of one file: the outcome, and what it took (of the last child)."""

    outcome: str
    sentence: str
    cpu_s: float
    peak_mb: float


@dataclass
class Sum:
    """What happened to all files."""

    files: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)
    edits: Counter[str] = field(default_factory=Counter)
    worst_wall_s: float = 0.0
    worst_cpu_s: float = 0.0
    worst_mb: float = 0.0
    wrong: list[str] = field(default_factory=list)


Answer = tuple[str, str, float, float]
"""The fields of ``Looked``: a child may answer with values of the product and plain ones only."""


def looked_at(path: Path) -> Answer:
    """Look at the file as the daemon does, in this (child) process."""
    try:
        playable(path)
        read_credentials(path)
        examine(path)
    except TrackerError as exc:
        return _looked(type(exc).__name__, str(exc))
    return _looked("examined", "")


def _looked(outcome: str, sentence: str) -> Answer:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(usage.ru_utime + usage.ru_stime for usage in spent)
    return (outcome, sentence, cpu_s, max(usage.ru_maxrss for usage in spent) / 1024)


# --- the files ------------------------------------------------------------------------------


def seeds_from(folder: Path | None, work: Path) -> list[bytes]:
    """Return short whole files: excerpts of a folder's videos, and made footage in many forms."""
    sources = [make_footage(work / f"made{n}.mp4", seed=n, seconds=3).path for n in range(2)]
    if folder is not None:
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
        step = max(1, len(found) // MAX_SEEDS)
        sources = found[::step][:MAX_SEEDS]
    seeds = [body for source in sources if (body := _copied(source, work))]
    for number, (suffix, options) in enumerate(CONTAINERS):
        seeds.append(_encoded(sources[number % len(sources)], suffix, options, work))
    return [body for body in seeds if body]


def _copied(source: Path, work: Path) -> bytes:
    """The first seconds as they are encoded, in one file of the same kind."""
    target = work / f"copy{source.suffix}"
    line = [
        "-i",
        str(source),
        "-t",
        str(EXCERPT_S),
        "-map",
        "0:v:0",
        "-map",
        "0:a:0?",
        "-c",
        "copy",
    ]
    return _ran(line, target)


def _encoded(source: Path, suffix: str, options: tuple[str, ...], work: Path) -> bytes:
    sound = ("-f", "lavfi", "-i", f"sine=d={EXCERPT_S}")
    scaled = ("-vf", "scale=160:-2", "-t", str(EXCERPT_S), "-map", "0:v:0", "-map", "1:a:0")
    return _ran(["-i", str(source), *sound, *scaled, *options], work / f"made.{suffix}")


def _ran(line: list[str], target: Path) -> bytes:
    whole = [ffmpeg(), "-v", "error", "-nostdin", "-y", *line, str(target)]
    done = subprocess.run(whole, check=False, capture_output=True)
    return target.read_bytes() if done.returncode == 0 and target.exists() else b""


# --- the run --------------------------------------------------------------------------------


class Run:
    """Files through the children, and what came of them."""

    def __init__(
        self, seeds: Sequence[bytes], seed: int, work: Path, keep: Path, workers: int
    ) -> None:
        self.sum = Sum()
        self._seeds = seeds
        self._seed = seed
        self._work = work
        self._keep = keep
        limits = ChildLimits(wall_time_s=WALL_TIME_S, memory_bytes=MEMORY_BYTES)
        self._executor = ChildProcessExecutor(workers, limits, preload=PRELOAD)
        self._executor.warm_up()

    def close(self) -> None:
        """End the children."""
        self._executor.shutdown()

    def one(self, number: int) -> None:
        """Make the file of this number, have it looked at, and count what was said."""
        data, edits = mutated(self._seeds, number, self._seed)
        path = self._work / f"{number}.bin"
        path.write_bytes(data)
        started = time.monotonic()
        looked = self._asked(path)
        wall_s = time.monotonic() - started
        self._count(path, looked, wall_s, edits)
        path.unlink()

    def _asked(self, path: Path) -> Looked:
        try:
            return Looked(*self._executor.submit(looked_at, path).result())
        except MediaLimitExceeded as exc:
            return Looked("ended by a limit", str(exc), 0.0, 0.0)
        except TrackerError as exc:
            return Looked("died", str(exc), 0.0, 0.0)

    def _count(self, path: Path, looked: Looked, wall_s: float, edits: str) -> None:
        total = self.sum
        total.files += 1
        total.outcomes[looked.outcome] += 1
        sentence = re.sub(r"\d+(?=\.bin)|\d{2,}", "N", looked.sentence)
        if sentence:
            total.sentences[f"{looked.outcome}: {sentence}"] += 1
        total.edits[edits] += 1
        total.worst_wall_s = max(total.worst_wall_s, wall_s)
        total.worst_cpu_s = max(total.worst_cpu_s, looked.cpu_s)
        total.worst_mb = max(total.worst_mb, looked.peak_mb)
        if "\n" in looked.sentence or len(looked.sentence) > 200:
            total.wrong.append(f"{path.name}: no clear line: {looked.sentence[:300]!r}")
        if wall_s > WALL_TIME_S + 15:
            total.wrong.append(f"{path.name} took {wall_s:.0f} s")
        if looked.outcome in {"died", "ended by a limit"}:
            self._keep.mkdir(parents=True, exist_ok=True)
            (self._keep / f"{path.stem}-{looked.outcome.split()[0]}.bin").write_bytes(
                path.read_bytes()
            )


def run_all(
    seeds: Sequence[bytes], files: int, seed: int, work: Path, keep: Path, workers: int
) -> Sum:
    """Have ``files`` files looked at; what is left behind is noted as wrong."""
    scratch = work / "scratch"
    scratch.mkdir()
    os.environ["TMPDIR"] = str(scratch)  # of the children; this process knows its own by now
    run = Run(seeds, seed, work, keep, workers)
    run.one(-1)
    descriptors = _open_descriptors()
    with ThreadPoolExecutor(workers) as pool:
        for number, _ in enumerate(pool.map(run.one, range(files)), start=1):
            if number % 250 == 0:
                print(f"  {number} of {files}: {dict(run.sum.outcomes)}", flush=True)
    if _open_descriptors() > descriptors + 4:
        run.sum.wrong.append("file descriptors are left open")
    run.close()
    left = [path.name for path in scratch.iterdir()]
    if left:
        run.sum.wrong.append(f"left behind in the temporary folder: {left[:5]}")
    return run.sum


def report(total: Sum, parent_mb: float) -> str:
    """Return the figures."""
    lines = ["| outcome | files |", "|---|---|"]
    lines += [f"| {outcome} | {count:,} |" for outcome, count in total.outcomes.most_common()]
    lines += [f"| **all** | {total.files:,} |", "", "| said | files |", "|---|---|"]
    lines += [f"| {text} | {count:,} |" for text, count in total.sentences.most_common(30)]
    lines += [
        "",
        (
            f"Worst: {total.worst_wall_s:.1f} s wall clock (limit {WALL_TIME_S:.0f}), "
            f"{total.worst_cpu_s:.1f} s CPU, {total.worst_mb:.0f} MB resident in a child "
            f"(limit {MEMORY_BYTES // 1024**2} MB of addresses); this process: {parent_mb:.0f} MB."
        ),
    ]
    return "\n".join([*lines, *(f"WRONG: {text}" for text in total.wrong)])


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0


def main() -> int:
    """Run, print, and return 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability.fuzz_media")
    parser.add_argument("folder", type=Path, nargs="?", help="any folder of videos")
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--keep", type=Path, default=Path(tempfile.gettempdir()) / "tracker-fuzz-media"
    )
    arguments = parser.parse_args()
    end_in_order()
    with tempfile.TemporaryDirectory(prefix="tracker-fuzz-") as folder:
        work = Path(folder)
        seeds = seeds_from(arguments.folder, work)
        size_mb = sum(map(len, seeds)) / 1e6
        print(f"{len(seeds)} files of {size_mb:.1f} MB together to begin with", flush=True)
        started = time.monotonic()
        total = run_all(
            seeds, arguments.files, arguments.seed, work, arguments.keep, arguments.workers
        )
        took_s = time.monotonic() - started
    parent_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(report(total, parent_mb))
    print(f"{total.files:,} files in {took_s:.0f} s")
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
