"""Renders queries: one edited stretch, or several stretches one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.accuracy.edits.ffmpeg import FPS, Part, fitted, render
from benchmarks.accuracy.edits.recipe import Canvas, Edit, Picture, Recipe
from benchmarks.accuracy.edits.truth import Span

Foreign = Callable[[float], Part]
"""Returns a stretch, that many seconds long, of footage that is in no reference."""


def edited(rng: Random, part: Part, recipe: Recipe, foreign: Foreign, to: Path) -> Picture:
    """Write the part as ``recipe`` edits it, and return what it did."""
    source = part.source
    with TemporaryDirectory(prefix="edits-") as folder:
        canvas = Canvas(source.width, source.height, part.length_s, foreign, Path(folder))
        picture = recipe(rng, canvas)
        prepared = f"[0:v]scale={source.width}:{source.height},setsar=1,fps={FPS},format=yuv420p"
        graph = f"{prepared}[base];{picture.graph}"
        for number in range(len(picture.inputs)):
            graph = graph.replace(f"[x{number}]", f"[{number + 1}:v]")
        sound, maps = _sound(picture, part)
        render((part.arguments, *picture.inputs), graph + sound, maps, to, picture.encode)
    return picture


def _sound(picture: Picture, part: Part) -> tuple[str, list[str]]:
    if picture.sound:
        return f";{picture.sound}[sound]", ["[done]", "[sound]"]
    if not part.source.has_sound:
        return "", ["[done]"]
    return f";[0:a]atempo={picture.speed}[sound]", ["[done]", "[sound]"]


def spliced(parts: Sequence[Part], to: Path) -> tuple[tuple[float, float], ...]:
    """Write the parts one after the other; return where each lies in the result, in seconds."""
    width, height = parts[0].source.width, parts[0].source.height
    graph, labels = "", ""
    for number, part in enumerate(parts):
        picture = f"[{number}:v]{fitted(width, height)},trim=0:{part.length_s:.3f}"
        graph += f"{picture},setpts=PTS-STARTPTS[v{number}];"
        graph += f"{_part_sound(number, part)}[a{number}];"
        labels += f"[v{number}][a{number}]"
    graph += f"{labels}concat=n={len(parts)}:v=1:a=1[done][sound]"
    render([part.arguments for part in parts], graph, ("[done]", "[sound]"), to)
    ends = [sum(part.length_s for part in parts[: k + 1]) for k in range(len(parts))]
    return tuple((end - part.length_s, end) for end, part in zip(ends, parts, strict=True))


def _part_sound(number: int, part: Part) -> str:
    plain = "aresample=44100,aformat=sample_fmts=fltp:channel_layouts=stereo"
    length = f"atrim=0:{part.length_s:.3f},asetpts=PTS-STARTPTS"
    if part.source.has_sound:
        return f"[{number}:a]{plain},apad,{length}"
    return f"anullsrc=r=44100:cl=stereo,{plain},{length}"


@dataclass(frozen=True, slots=True)
class Montage:
    """Stretches in order; ``true`` numbers those that come from the reference."""

    parts: tuple[Part, ...]
    true: tuple[int, ...]
    edits: tuple[Edit, ...]

    def spans(self, places: Sequence[tuple[float, float]]) -> list[Span]:
        """Return the truth, given where each part came to lie."""
        return [
            Span(places[k], (part.start_s, part.start_s + part.length_s))
            for k, part in enumerate(self.parts)
            if k in self.true
        ]


def compilation(rng: Random, part: Part, foreign: Foreign) -> Montage:
    """One part of the reference among foreign ones."""
    others = [foreign(rng.uniform(3, 7)) for _ in range(rng.randint(2, 4))]
    place = rng.randint(0, len(others))
    parts = (*others[:place], part, *others[place:])
    return Montage(parts, (place,), (Edit("compilation", {"parts": len(parts)}),))


def compilation_of_two(rng: Random, part: Part, foreign: Foreign) -> Montage:
    """Two parts of the reference, the later one first, foreign footage between them."""
    first, second = _halves(part)
    parts = (second, foreign(rng.uniform(3, 6)), first, foreign(rng.uniform(3, 6)))
    return Montage(parts, (0, 2), (Edit("compilation", {"parts": 4}),))


def used_twice(rng: Random, part: Part, foreign: Foreign) -> Montage:
    """The same part before and after something else."""
    parts = (part, foreign(rng.uniform(3, 6)), part)
    return Montage(parts, (0, 2), (Edit("compilation", {"parts": 3}),))


def looped(rng: Random, part: Part, _foreign: Foreign) -> Montage:
    """The same few seconds again and again."""
    short = Part(part.source, part.start_s, min(part.length_s, rng.uniform(2.5, 4)))
    times = rng.randint(3, 4)
    edits = (Edit("trim", {"loops": times}), Edit("compilation"))
    return Montage((short,) * times, tuple(range(times)), edits)


def jump_cut(_rng: Random, part: Part, _foreign: Foreign) -> Montage:
    """A stretch with its middle left out."""
    first, second = _halves(part)
    return Montage((first, second), (0, 1), (Edit("trim"), Edit("compilation")))


def _halves(part: Part) -> tuple[Part, Part]:
    """Return the beginning and the end of the part, a tenth of it between them."""
    length = part.length_s * 0.45
    first = Part(part.source, part.start_s, length)
    return first, Part(part.source, part.start_s + part.length_s - length, length)


MONTAGES = (
    ("compilation", "compilation", compilation),
    ("compilation", "compilation_of_two", compilation_of_two),
    ("repeated", "used_twice", used_twice),
    ("repeated", "looped", looped),
    ("repeated", "jump_cut", jump_cut),
)
"""Family, name and maker of every query of several stretches."""
