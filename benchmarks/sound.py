"""What sound costs, how far apart same and different sounds are, and where borders come out.

Run: ``python -m benchmarks.sound DIR`` on a corpus folder (``ref/``, ``q/``, ``gt.json``). Costs
and error rates are of that footage; borders and tempo of melodies made on the spot.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from storage.index.sound_index import SoundIndex
from tests.support.sound import AAC, MP3, OPUS, a_sound, make_melody, random_sound, run_ffmpeg
from tracker.benchmark.corpus import Corpus, Query, read_corpus
from tracker.matching.sound_agreement import sound_agreement
from tracker.matching.sound_alignment import Agreement, agreement, aligned
from tracker.matching.sound_search import SoundSearch
from tracker.media.sound import ITEM_PERIOD_MS, children_cpu_ms, sound_print
from tracker.model.ids import VideoId
from tracker.model.match import Segment, SoundAgreement
from tracker.model.sound import SoundPrint

SLACK_ITEMS = 4
SPLICES = 24
ARCHIVE_HALF_HOURS = 400


@dataclass(frozen=True, slots=True)
class Sounds:
    """The prints of a corpus by file, and what making them cost."""

    prints: dict[str, SoundPrint | None]
    sound_cpu_ms: float
    decode_cpu_ms: float


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    corpus = read_corpus(parser.parse_args().corpus)
    sounds = _sounds(corpus)
    print(f"sound / decode of all, CPU: {sounds.sound_cpu_ms / sounds.decode_cpu_ms:.3f}")
    _print_errors(corpus, sounds)
    _print_found(corpus, sounds)
    _print_agreement(corpus, sounds)
    _print_borders()
    _print_size()
    _print_search()


def _sounds(corpus: Corpus) -> Sounds:
    files = {item.file for item in (*corpus.references, *corpus.queries)}
    prints: dict[str, SoundPrint | None] = {}
    sound_ms = decode_ms = 0.0
    for file in sorted(files):
        before = children_cpu_ms()
        path = corpus.directory / file
        prints[file] = sound_print(path)
        between = children_cpu_ms()
        command = ["-v", "error", "-nostdin", "-threads", "1", "-i", str(path), "-f", "null", "-"]
        subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *command], check=False)
        sound_ms, decode_ms = (
            sound_ms + between - before,
            decode_ms + children_cpu_ms() - between,
        )
    return Sounds(prints, sound_ms, decode_ms)


def _truth(query: Query) -> Segment:
    times = (query.query_start, query.query_end, query.ref_start, query.ref_end)
    start, end, ref_start, ref_end = (round(1000 * t) for t in times)
    speed = (ref_end - ref_start) / (end - start)
    return Segment(start, end, ref_start, ref_end, speed, mirrored=False, score=1.0)


def _along(query: SoundPrint, reference: SoundPrint, segment: Segment) -> Agreement:
    """Return the best agreement near the stretch that the truth names."""
    middle = query.item_window_ms / 2
    times = np.arange(len(query.items)) * ITEM_PERIOD_MS + middle
    rows = np.flatnonzero((times >= segment.query_start_ms) & (times <= segment.query_end_ms))
    there = segment.reference_start_ms + segment.speed * (times[rows] - segment.query_start_ms)
    others = np.round((there - middle) / ITEM_PERIOD_MS).astype(np.int64)
    tries = [
        agreement(query, reference, rows, others + slack)
        for slack in range(-SLACK_ITEMS, SLACK_ITEMS + 1)
    ]
    return min(tries, key=lambda one: one.errors)


def _pairs(corpus: Corpus, sounds: Sounds) -> Iterator[tuple[Query, SoundPrint, str, SoundPrint]]:
    for query in corpus.queries:
        asked = sounds.prints[query.file]
        for reference in corpus.references:
            held = sounds.prints[reference.file]
            if asked is not None and held is not None:
                yield query, asked, reference.id, held


def _print_errors(corpus: Corpus, sounds: Sounds) -> None:
    same, other = [], []
    for query, asked, name, held in _pairs(corpus, sounds):
        if query.positive and query.ref == name and abs(_truth(query).speed - 1) < 0.01:
            found = _along(asked, held, _truth(query))
            same += [found.errors] if found.items else []
        elif query.ref != name:
            rows = np.arange(min(len(asked.items), len(held.items)))
            found = agreement(asked, held, rows, rows)
            other += [found.errors] if found.items else []
    print(f"share of differing bits, the copy's stretch at speed 1: {_percentiles(same)}")
    print(f"share of differing bits, foreign footage: {_percentiles(other)}")


def _print_found(corpus: Corpus, sounds: Sounds) -> None:
    found = foreign = pairs = 0
    missed: list[str] = []
    for query, asked, name, held in _pairs(corpus, sounds):
        pairs += 1
        is_found = bool(aligned(asked, held))
        if query.ref != name:
            foreign += is_found
        elif _along(asked, held, _truth(query)).items:
            found += is_found
            missed += [] if is_found else [query.transform]
    print(f"copies whose stretch is heard: {found} found, {len(missed)} missed {sorted(missed)}")
    print(f"foreign pairs said to sound the same: {foreign} of {pairs}")


def _print_agreement(corpus: Corpus, sounds: Sounds) -> None:
    told = dict.fromkeys(SoundAgreement, 0)
    wrong = dict.fromkeys(SoundAgreement, 0)
    for query, asked, name, held in _pairs(corpus, sounds):
        if query.positive and query.ref == name:
            told[sound_agreement(asked, held, [_truth(query)])] += 1
        elif query.ref != name:
            end = min(asked.duration_ms, held.duration_ms, 10_000)
            segment = Segment(0, end, 0, end, 1.0, mirrored=False, score=1.0)
            wrong[sound_agreement(asked, held, [segment])] += 1
    print("copies:", ", ".join(f"{k.value} {n}" for k, n in told.items()))
    print("foreign stretches:", ", ".join(f"{k.value} {n}" for k, n in wrong.items()))


def _print_borders() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        melodies = [make_melody(folder / f"{n}.wav", 100 + n, 30) for n in range(8)]
        off = [e for n in range(SPLICES) for e in _splice(folder, melodies, n)]
        print(f"borders off in spliced melodies, ms: {_percentiles(off, 0)}")
        for tempo in (0.8, 0.9, 1.1, 1.25):
            copy = run_ffmpeg(
                "-i", melodies[0], "-af", f"atempo={tempo}", *AAC, folder / f"{tempo}.mp4"
            )
            found = aligned(_print_of(copy), _print_of(melodies[0]))
            covered = sum(s.query_end_ms - s.query_start_ms for s in found) / (30_000 / tempo)
            print(f"tempo {tempo}: {covered:.2f} of the length found")


def _splice(folder: Path, melodies: Sequence[Path], number: int) -> list[float]:
    """Return how far the four borders of a melody between two others are off."""
    rng = random.Random(number)  # noqa: S311 - a reproducible draw, no secret
    first, middle, last = rng.sample(list(melodies), 3)
    at, start, length = rng.uniform(6, 10), rng.uniform(2, 8), rng.choice([8, 12, 15])
    codec, suffix = rng.choice([(AAC, "mp4"), (OPUS, "webm"), (MP3, "mp3")])
    joined = run_ffmpeg(
        "-t", str(at), "-i", first, "-ss", str(start), "-t", str(length), "-i", middle,
        "-t", "8", "-i", last, "-filter_complex", "[0][1][2]concat=n=3:v=0:a=1",
        *codec, folder / f"joined.{suffix}",
    )  # fmt: skip
    found = aligned(_print_of(joined), _print_of(middle))
    if len(found) != 1:
        return [float("inf")] * 4
    truth = (at, at + length, start, start + length)
    told = (
        found[0].query_start_ms,
        found[0].query_end_ms,
        found[0].reference_start_ms,
        found[0].reference_end_ms,
    )
    return [abs(ms - 1000 * s) for ms, s in zip(told, truth, strict=True)]


def _print_of(path: Path) -> SoundPrint:
    made = sound_print(path)
    if made is None:
        raise SystemExit(f"{path} has no sound")
    return made


def _print_size() -> None:
    hour = random_sound(1, round(3_600_000 / ITEM_PERIOD_MS))
    with tempfile.TemporaryDirectory() as name:
        index = SoundIndex(Path(name), "benchmark")
        index.refresh(lambda _: [(1, VideoId("a" * 64), hour)])
        kept = hour.items.nbytes + index.size_bytes
        print(f"kept per hour at most: {kept} bytes, {index.size_bytes} of them index")


def _print_search() -> None:
    """Print what one question costs in an archive of made-up sounds."""
    half_hour = round(1_800_000 / ITEM_PERIOD_MS)
    held = {VideoId(f"{n:064x}"): n for n in range(ARCHIVE_HALF_HOURS)}
    with tempfile.TemporaryDirectory() as name:
        rows = [(n + 1, video, random_sound(n, half_hour)) for video, n in held.items()]
        SoundIndex(Path(name), "benchmark").refresh(lambda _: rows)
        asked = a_sound(rows[7][2].items[1000:1480])
        started = time.process_time()
        search = SoundSearch(
            SoundIndex(Path(name), "benchmark"), lambda v: random_sound(held[v], half_hour)
        )
        found = search.others(VideoId("f" * 64), asked, lambda _: True)
        spent_ms = 1000 * (time.process_time() - started)
    hours = ARCHIVE_HALF_HOURS // 2
    print(f"a minute asked of {hours} h, index just opened: {spent_ms:.0f} ms CPU", end="")
    print(f", {len(found)} found")


def _percentiles(values: Sequence[float], digits: int = 3) -> str:
    if not values:
        return "none"
    found = np.percentile(np.array(values), [50, 90, 100]).round(digits)
    return "median {}, 90 % {}, greatest {}".format(*found) + f" (n={len(values)})"


if __name__ == "__main__":
    main()
