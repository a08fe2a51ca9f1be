"""What a recipe for an edit is given and returns.

A recipe returns a filter graph from ``[base]`` to ``[done]``; ``[x0]``, ``[x1]`` … are its extra
inputs. Sizes, places, strengths and colours are drawn anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from PIL import Image

from benchmarks.accuracy.edits.ffmpeg import Part


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing done to the footage, as the ground truth names it."""

    kind: str
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a recipe made: a graph, its extra inputs, and what was done; the main edit first.

    ``speed`` is reference time ÷ query time. ``encode`` replaces the usual encoder settings,
    ``sound`` is a filter that makes other sound.
    """

    graph: str
    edits: tuple[Edit, ...]
    inputs: tuple[tuple[str, ...], ...] = ()
    speed: float = 1.0
    flip: bool = False
    encode: tuple[str, ...] = ()
    sound: str = ""


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a recipe works on, and what it may use: other footage, and a place for drawings."""

    width: int
    height: int
    seconds: float
    foreign: Callable[[float], Part]
    folder: Path

    def drawn(self, name: str, picture: Image.Image) -> tuple[str, ...]:
        """Store a drawing and return it as an input of ffmpeg."""
        path = self.folder / f"{name}.png"
        picture.save(path)
        return ("-i", str(path))


Recipe = Callable[[Random, Canvas], Picture]


def chain(filters: str, *edits: Edit, speed: float = 1.0, flip: bool = False) -> Picture:
    """Return a picture made by one chain of filters."""
    return Picture(f"[base]{filters}[done]", edits, speed=speed, flip=flip)


def encoded(filters: str, encode: tuple[str, ...], edit: Edit) -> Picture:
    """Return a picture made by one chain of filters and an encoder of its own."""
    return Picture(f"[base]{filters}[done]", (edit,), encode=(*encode, "-pix_fmt", "yuv420p"))
