"""What it costs to ask the originals, beside decoding the same files.

    python -m benchmarks.speed.contests REFDIR [--videos N] [--seconds S]

Of each of ``N`` videos ``S`` seconds are taken as the clip; four copies of it and one more are
made, which has to be given one of five sources. *Decoding*: every frame of the six files, with
PyAV, one thread. *Telling*: what ``tracker.contests`` does, without starting processes. And for
whether two files show one moment: decoding the clip and the copy asked about, and what
``tracker.originals`` does. CPU time of all.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2

from benchmarks.accuracy.edits.ffmpeg import Part, read_source, render
from tracker.contests import OWN_REACH_MS
from tracker.matching import instants
from tracker.matching.leaning import SIDE, Source, common_moments, leanings, reach_ms
from tracker.media.frames import frames_near
from tracker.media.probe import MediaLimits
from tracker.model.ids import VideoId
from tracker.model.match import Segment
from tracker.model.still import Still

BEGIN_S = 2.0
QUALITIES = (30, 31, 32, 33, 26)
"""x264's quality of each copy; the last one is asked about."""


def main(arguments: list[str] | None = None) -> int:
    """Print the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.contests")
    parser.add_argument("folder", type=Path, metavar="REFDIR")
    parser.add_argument("--videos", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    spent: defaultdict[str, float] = defaultdict(float)
    paths = sorted(path for path in options.folder.iterdir() if path.suffix == ".mp4")
    for path in paths[: options.videos]:
        with TemporaryDirectory() as folder:
            made = _made(path, Path(folder), options.seconds)
            two = [made[0], made[-1]]
            spent["six decoded"] += _timed(partial(_all_decoded, made))
            spent["source told"] += _timed(partial(_told, made, options.seconds))
            spent["two decoded"] += _timed(partial(_all_decoded, two))
            spent["moment told"] += _timed(partial(_agreed, two, options.seconds))
    if not spent:
        print(f"{options.folder} holds no .mp4", file=sys.stderr)
        return 1
    count = min(options.videos, len(paths))
    print("| asked | videos | files each | decoding, CPU ms | telling, CPU ms | ratio |")
    print("|---" * 6 + "|")
    print(_row("which of five sources", count, 6, spent["six decoded"], spent["source told"]))
    print(_row("whether one moment", count, 2, spent["two decoded"], spent["moment told"]))
    return 0


def _row(asked: str, count: int, files: int, decoding: float, telling: float) -> str:
    spent = (f"{seconds / count * 1000:.0f}" for seconds in (decoding, telling))
    return f"| {asked} | {count} | {files} | {' | '.join(spent)} | {telling / decoding:.2f} |"


def _made(path: Path, folder: Path, seconds: float) -> list[Path]:
    """Return the clip and its copies, the one that is asked about last."""
    part = Part(read_source(path, 720), BEGIN_S, seconds)
    files = [folder / f"{number}.mp4" for number in range(len(QUALITIES) + 1)]
    render([part.arguments], "[0:v]null[done]", ["[done]"], files[0], _encoded(18))
    for copy, quality in zip(files[1:], QUALITIES, strict=True):
        source = [("-i", str(files[0]))]
        render(source, "[0:v]null[done]", ["[done]"], copy, _encoded(quality))
    return files


def _encoded(quality: int) -> tuple[str, ...]:
    codec = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
    return (*codec, "-crf", str(quality))


def _all_decoded(paths: Iterable[Path]) -> int:
    return sum(map(_decoded, paths))


def _decoded(path: Path) -> int:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        return sum(1 for _ in container.decode(stream))


def _told(files: list[Path], seconds: float) -> None:
    end_ms = round(seconds * 1000)
    whole = Segment(0, end_ms, 0, end_ms, 1.0, mirrored=False, score=1.0)
    moments, limits = common_moments(whole, whole), MediaLimits()
    own = frames_near(files[-1], moments, OWN_REACH_MS, SIDE, limits)
    copy = {at: min(own, key=partial(_apart, at)) for at in moments}
    sources = {}
    for number, path in enumerate(files[:-1]):
        stills = frames_near(path, moments, round(reach_ms(whole)), SIDE, limits)
        sources[VideoId(f"{number:064x}")] = Source(whole, stills)
    leanings(copy, sources, list(combinations(sources, 2)))


def _agreed(files: list[Path], seconds: float) -> None:
    end_ms = round(seconds * 1000)
    whole = Segment(0, end_ms, 0, end_ms, 1.0, mirrored=False, score=1.0)
    times, limits = instants.instants(whole), MediaLimits()
    reaches = (instants.OWN_REACH_MS, instants.reference_reach_ms(whole))
    ours, theirs = (
        frames_near(path, times, reach, instants.SIDE, limits)
        for path, reach in zip(files, reaches, strict=True)
    )
    instants.instant_agreement(ours, theirs, whole)


def _apart(moment_ms: int, still: Still) -> int:
    return abs(still.pts_ms - moment_ms)


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
