"""Plans and writes a whole corpus folder."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.accuracy.edits.catalogue import RECIPES
from benchmarks.accuracy.edits.ffmpeg import Part, Source, read_source
from benchmarks.accuracy.edits.lookalikes import LookAlikes
from benchmarks.accuracy.edits.montage import MONTAGES, edited, spliced
from benchmarks.accuracy.edits.recipe import Edit
from benchmarks.accuracy.edits.stillness import Samples, Takes, sampled, takes
from benchmarks.accuracy.edits.truth import Span, negative, positive
from tracker.errors import UsageError

SIDE = 360
SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts"})
SHORT_S = 3.0
LEAST_S, MOST_S = 5.0, 14.0
SHORT_SHARE = 0.2
"""Of the queries of one stretch, how many show exactly three seconds."""

NEGATIVES_PER_POSITIVE = 0.5
MOST_PAIRS_OF_A_SOURCE = 3
LEAST_FOR_CHANNELS = 10
"""Files there must be before three of them are set aside for channels' look-alikes."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pool:
    """What each file is for; no file is for two things, so no footage is on both sides."""

    references: tuple[Source, ...]
    foreign: tuple[Source, ...]
    pairs: tuple[Takes, ...]
    channels: tuple[Source, ...]
    samples: Mapping[str, Samples]


def make_corpus(
    folder: Path, to: Path, seed: int, queries: int, progress: Progress = lambda _name: None
) -> None:
    """Write a corpus folder of about ``queries`` copies and half as many others to ``to``.

    ``folder`` holds videos that share no footage with each other; the same seed and files give
    the same corpus. Raises ``UsageError`` if there are fewer than two videos, or ``to`` is not
    empty.
    """
    if to.exists() and any(to.iterdir()):
        raise UsageError(f"{to} is not empty")
    (to / "ref").mkdir(parents=True)
    (to / "q").mkdir()
    pool = _pool(_sources(folder), Random(f"{seed}/pool"))  # noqa: S311  # repeatable on purpose
    writer = _Writer(to, pool, seed, progress)
    writer.references()
    writer.copies(queries)
    writer.others(math.ceil(queries * NEGATIVES_PER_POSITIVE))
    writer.lookalikes()
    writer.finish()


def _sources(folder: Path) -> list[Source]:
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    sources = [read_source(path, SIDE) for path in paths]
    long_enough = [source for source in sources if source.seconds > SHORT_S + 1]
    if len(long_enough) < 2:
        raise UsageError(f"{folder} holds fewer than two videos of more than {SHORT_S + 1:.0f} s")
    if len({source.id for source in long_enough}) < len(long_enough):
        raise UsageError(f"{folder} holds two videos of one name")
    return long_enough


def _pool(sources: Sequence[Source], rng: Random) -> Pool:
    order = list(sources)
    rng.shuffle(order)
    samples = {source.id: sampled(source) for source in order}
    fifth = len(order) // 5
    channels = [order.pop() for _ in range(3 if len(order) >= LEAST_FOR_CHANNELS else 0)]
    foreign = [order.pop() for _ in range(max(1, fifth))]
    pairs: list[Takes] = []
    kept: list[Source] = []
    for source in order:
        found = takes(source, samples[source.id]) if fifth and len(order) - len(kept) > 1 else []
        if found and fifth:
            fifth -= 1
            pairs += found[:MOST_PAIRS_OF_A_SOURCE]
        else:
            kept.append(source)
    return Pool(tuple(kept), tuple(foreign), tuple(pairs), tuple(channels), samples)


class _Writer:
    """Writes the files and, at the end, what is true of them."""

    def __init__(self, to: Path, pool: Pool, seed: int, progress: Progress) -> None:
        self._to = to
        self._pool = pool
        self._seed = seed
        self._progress = progress
        self._references: list[dict[str, object]] = []
        self._queries: list[dict[str, object]] = []

    def references(self) -> None:
        """Copy the references as they are."""
        for source in self._pool.references:
            file = f"ref/{source.path.name}"
            shutil.copyfile(source.path, self._to / file)
            self._references.append({"id": source.id, "file": file, "dur": source.seconds})

    def copies(self, count: int) -> None:
        """Write copies, every kind of edit in turn."""
        for number, kind in enumerate(_in_turn(count)):
            rng = self._random("copy", number)
            part = self._telling(rng, self._pool.references, _length(rng, kind))
            name = f"p{number:04}_{_KINDS[kind][1]}"
            if kind < len(RECIPES):
                self._queries.append(self._edited_copy(rng, name, part, kind))
            else:
                self._queries.append(self._montage_copy(rng, name, part, kind - len(RECIPES)))
            self._progress(name)

    def _edited_copy(self, rng: Random, name: str, part: Part, kind: int) -> dict[str, object]:
        family, transform, recipe = RECIPES[kind]
        picture = edited(rng, part, recipe, self._foreign(rng), self._query(name))
        shown = part.length_s / picture.speed
        span = Span((0, shown), (part.start_s, part.start_s + part.length_s))
        edits = (*picture.edits, *([] if transform == "trim" else [Edit("trim")]))
        return positive(
            name,
            part.source.id,
            (family, "trim3" if transform == "trim" and part.length_s == SHORT_S else transform),
            [span],
            edits,
            speed=picture.speed,
            flip=picture.flip,
        )

    def _montage_copy(self, rng: Random, name: str, part: Part, kind: int) -> dict[str, object]:
        family, transform, recipe = MONTAGES[kind]
        montage = recipe(rng, part, self._foreign(rng))
        spans = montage.spans(spliced(montage.parts, self._query(name)))
        edits = (*montage.edits, Edit("trim"))
        return positive(name, part.source.id, (family, transform), spans, edits)

    def others(self, count: int) -> None:
        """Write queries of foreign footage, plain and edited in the same ways."""
        for number in range(count):
            rng = self._random("other", number)
            family, transform, recipe = RECIPES[0] if number % 3 == 0 else rng.choice(RECIPES)
            part = self._foreign(rng)(rng.uniform(LEAST_S, MOST_S))
            name = f"n{number:04}_{transform}"
            picture = edited(rng, part, recipe, self._foreign(rng), self._query(name))
            kind = (family, transform)
            self._queries.append(negative(name, part.source.id, kind, picture.edits))
            self._progress(name)

    def lookalikes(self) -> None:
        """Write what looks alike and is not the same."""
        rng = self._random("lookalikes", 0)
        writer = LookAlikes(self._to, rng, self._foreign(rng))
        writer.same_camera(self._pool.pairs)
        self._progress("lookalike_same_camera")
        if self._pool.channels:
            for number, write in enumerate(
                (writer.shared_intro, writer.shared_graphics, writer.shared_studio)
            ):
                write([_third(source, number) for source in self._pool.channels])
                self._progress(write.__name__)
        self._references += writer.references
        self._queries += writer.queries

    def finish(self) -> None:
        """Write the truth."""
        truth = {"seed": self._seed, "refs": self._references, "queries": self._queries}
        (self._to / "gt.json").write_text(json.dumps(truth, indent=1), "utf-8")

    def _query(self, name: str) -> Path:
        return self._to / "q" / f"{name}.mp4"

    def _random(self, what: str, number: int) -> Random:
        return Random(f"{self._seed}/{what}/{number}")  # noqa: S311  # repeatable on purpose

    def _foreign(self, rng: Random) -> Callable[[float], Part]:
        return lambda seconds: self._telling(rng, self._pool.foreign, seconds)

    def _telling(self, rng: Random, sources: Sequence[Source], seconds: float) -> Part:
        """Return a stretch in which something is to be seen, if twenty draws find one."""
        for _ in range(20):
            part = _stretch(rng, rng.choice(sources), seconds)
            if self._pool.samples[part.source.id].shows_something(part):
                break
        return part


_KINDS = (*RECIPES, *MONTAGES)


def _in_turn(count: int) -> Iterable[int]:
    return (number % len(_KINDS) for number in range(count))


def _length(rng: Random, kind: int) -> float:
    """Return how many seconds of the reference the copy shows."""
    plain = kind < len(RECIPES) and RECIPES[kind][0] != "speed"
    if plain and rng.random() < SHORT_SHARE:
        return SHORT_S
    return round(rng.uniform(LEAST_S, MOST_S), 3)


def _stretch(rng: Random, source: Source, seconds: float) -> Part:
    """Return a stretch of the source, shorter if it has no more."""
    length = round(min(seconds, source.seconds - 0.5), 3)
    return Part(source, round(rng.uniform(0, source.seconds - 0.2 - length), 3), length)


def _third(source: Source, number: int) -> Part:
    """Return one of three stretches of the source that do not touch."""
    length = min(12.0, source.seconds / 3 - 0.5)
    return Part(source, number * source.seconds / 3, length)
