"""References and queries that look alike and share no footage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from PIL import Image

from benchmarks.accuracy.edits import drawings
from benchmarks.accuracy.edits.ffmpeg import FPS, Part, covering, even, render
from benchmarks.accuracy.edits.frame_edits import crop, trim
from benchmarks.accuracy.edits.montage import Foreign, edited
from benchmarks.accuracy.edits.overlay_edits import logo
from benchmarks.accuracy.edits.recipe import Edit, Recipe
from benchmarks.accuracy.edits.signal_edits import photometric
from benchmarks.accuracy.edits.stillness import Takes
from benchmarks.accuracy.edits.truth import Span, negative, positive

WIDTH, HEIGHT = 640, 360
Entry = dict[str, object]


class LookAlikes:
    """Writes look-alikes into a corpus folder and collects their truth."""

    def __init__(self, folder: Path, rng: Random, foreign: Foreign) -> None:
        self._folder = folder
        self._rng = rng
        self._foreign = foreign
        self.references: list[Entry] = []
        self.queries: list[Entry] = []

    def same_camera(self, pairs: Sequence[Takes]) -> None:
        """Two takes of one camera: the first a reference, the second a query.

        The second comes plain and edited. A copy of the first goes with them, which is to be
        found.
        """
        for number, pair in enumerate(pairs):
            family = "lookalike_same_camera" if pair.static else "lookalike_same_shot"
            name = f"take_{pair.first.source.id}_{number}"
            edited(self._rng, pair.first, trim, self._foreign, self._reference(name))
            self._note_reference(name, pair.first.length_s)
            for recipe in (trim, self._rng.choice((crop, logo, photometric))):
                self._second_take(family, name, pair.second, recipe)
            self._copy_of_first(name, pair.first)

    def _second_take(self, family: str, name: str, part: Part, recipe: Recipe) -> None:
        query = f"n_{family}_{name}_{recipe.__name__}"
        picture = edited(self._rng, part, recipe, self._foreign, self._query(query))
        kind = (family, f"{family}_{recipe.__name__}")
        self.queries.append(negative(query, part.source.id, kind, picture.edits))

    def _copy_of_first(self, name: str, part: Part) -> None:
        query, offset = f"p_{name}", min(0.5, part.length_s / 10)
        length = min(6.0, part.length_s - offset)
        copied = Part(part.source, part.start_s + offset, length)
        picture = edited(self._rng, copied, logo, self._foreign, self._query(query))
        span = Span((0, length), (offset, offset + length))
        kind = ("copy_of_take", "copy_of_take")
        self.queries.append(positive(query, name, kind, [span], [*picture.edits, Edit("trim")]))

    def shared_intro(self, footage: Sequence[Part]) -> None:
        """Videos of one channel: all begin with the same seconds, then come different ones."""
        with TemporaryDirectory(prefix="edits-") as folder:
            intro = Intro(self._rng, Path(folder))
            for number, part in enumerate(footage):
                name = f"intro_{number}"
                intro.before(part, self._reference(name))
                self._note_reference(name, intro.seconds + part.length_s)
            for number in range(len(footage)):
                part = self._foreign(self._rng.uniform(6, 10))
                query = f"n_lookalike_intro_{number}"
                intro.before(part, self._query(query))
                self._note_negative(query, part, "lookalike_intro")
            self._copy_with_intro(intro, footage[0])

    def _copy_with_intro(self, intro: Intro, part: Part) -> None:
        query, length = "p_intro_0", part.length_s * 0.75
        intro.before(Part(part.source, part.start_s, length), self._query(query))
        whole = (0.0, intro.seconds + length)
        edits = [Edit("trim")]
        kind = ("shared_intro", "shared_intro")
        self.queries.append(positive(query, "intro_0", kind, [Span(whole, whole)], edits))

    def shared_graphics(self, footage: Sequence[Part]) -> None:
        """A channel's frame, lower third and logo over different footage."""
        picture = drawings.channel_graphics(self._rng, WIDTH, HEIGHT)
        graph = f"[0:v]{covering(WIDTH, HEIGHT)}[t1];[t1][1:v]overlay[done]"
        self._with_drawing("graphics", footage, picture, graph)

    def shared_studio(self, footage: Sequence[Part]) -> None:
        """One still studio with different footage on its screen."""
        picture = drawings.studio(self._rng, WIDTH, HEIGHT)
        share = self._rng.uniform(0.4, 0.55)
        inset = covering(even(WIDTH * share), even(HEIGHT * share))
        graph = (
            f"[0:v]{inset}[t1];[1:v]format=yuv420p[t2];[t2]loop=-1:1,fps={FPS}[t3];"
            f"[t3][t1]overlay=W*0.42:H*0.1:shortest=1[done]"
        )
        self._with_drawing("studio", footage, picture, graph)

    def _with_drawing(
        self, name: str, footage: Sequence[Part], picture: Image.Image, graph: str
    ) -> None:
        with TemporaryDirectory(prefix="edits-") as folder:
            drawn = Path(folder) / "drawing.png"
            picture.save(drawn)
            for number, part in enumerate(footage):
                reference = f"{name}_{number}"
                inputs = (part.arguments, ("-i", str(drawn)))
                render(inputs, graph, ("[done]",), self._reference(reference))
                self._note_reference(reference, part.length_s)
            for number in range(len(footage)):
                part = self._foreign(self._rng.uniform(6, 10))
                query = f"n_lookalike_{name}_{number}"
                inputs = (part.arguments, ("-i", str(drawn)))
                render(inputs, graph, ("[done]",), self._query(query))
                self._note_negative(query, part, f"lookalike_{name}")

    def _reference(self, name: str) -> Path:
        return self._folder / "ref" / f"{name}.mp4"

    def _query(self, name: str) -> Path:
        return self._folder / "q" / f"{name}.mp4"

    def _note_reference(self, name: str, seconds: float) -> None:
        self.references.append({"id": name, "file": f"ref/{name}.mp4", "dur": round(seconds, 3)})

    def _note_negative(self, query: str, part: Part, family: str) -> None:
        self.queries.append(negative(query, part.source.id, (family, family), ()))


class Intro:
    """A few seconds of moving colour with a channel's logo sliding in."""

    def __init__(self, rng: Random, folder: Path) -> None:
        self.seconds = round(rng.uniform(3, 6) * FPS) / FPS
        self._logo = folder / "logo.png"
        drawings.logo(rng, 260).save(self._logo)
        first, second = (drawings.hexadecimal(drawings.colour(rng)) for _ in range(2))
        self._colours = (
            f"gradients=s={WIDTH}x{HEIGHT}:r={FPS}:d={self.seconds:.3f}:c0={first}:c1={second}"
            f":n=2:speed=0.04:seed={rng.randint(1, 9999)}:x0=0:y0=0:x1={WIDTH}:y1={HEIGHT}"
        )

    def before(self, part: Part, to: Path) -> None:
        """Write the intro and then the part."""
        slide = "x='min((W-w)/2,-w+t*320)':y=(H-h)/2"
        graph = (
            f"{self._colours},format=yuv420p[t1];[t1][1:v]overlay={slide},setsar=1[t2];"
            f"[0:v]{covering(WIDTH, HEIGHT)}[t3];[t2][t3]concat=n=2:v=1[done]"
        )
        render((part.arguments, ("-i", str(self._logo))), graph, ("[done]",), to)
