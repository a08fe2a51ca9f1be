"""Draws edit trees from a seed and renders every copy from the file of the post it copies."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from benchmarks.accuracy.edits.catalogue import RECIPES
from benchmarks.accuracy.edits.ffmpeg import Part, Source, read_source
from benchmarks.accuracy.edits.frame_edits import trim
from benchmarks.accuracy.edits.lookalikes import Intro
from benchmarks.accuracy.edits.make import SIDE, SUFFIXES
from benchmarks.accuracy.edits.montage import edited, spliced
from benchmarks.accuracy.edits.recipe import Canvas, Edit, Picture, Recipe
from benchmarks.accuracy.trees.truth import TRUTH, Made, World, read_world, write_world
from tracker.errors import UsageError

TREES_A_WORLD = 5
LEAST_POSTS, MOST_POSTS = 3, 12
DEEPEST = 4
ROOT_S = (6.0, 10.0)
LEAST_S = 4.5
LOOKALIKE_GAP_S = 2.0
FOREIGN_SHARE = 6
"""One in so many videos is set aside as foreign footage (reactions, split screens)."""

COMMON: tuple[str, ...] = (
    "trim",
    "recode",
    "resize",
    "framerate",
    "logo",
    "subtitle",
    "caption_bar",
    "crop",
)
COMMON = (*COMMON, "border", "photometric", "colour")
RARE: tuple[str, ...] = (
    "crop_off",
    "blur_reframe",
    "flip",
    "speed",
    "noise_blur",
    "rotate",
    "pip",
    "reactor",
)
RARE = (*RARE, "split", "screenrec", "combined")
"""Families of the corpus kinds; the common ones are drawn three times as often."""

REPEATABLE = frozenset({"trim", "recode", "resize"})
"""Any other family comes at most once on a path from the root."""

PLATFORMS = ("x", "bluesky", "mastodon", "telegram", "youtube", "tiktok", "facebook")
HOW = ("edit",) * 17 + ("share", "same_media", "same_file")
ROOT_ENCODER = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p")
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)

Progress = Callable[[str], None]


def make_worlds(
    folder: Path, to: Path, seed: int, trees: int, progress: Progress = lambda _name: None
) -> list[World]:
    """Return worlds of five trees each, rendered from the videos of ``folder`` into ``to``.

    The same seed and files give the same worlds; those that are there already are only read.
    Raises ``UsageError`` if there are fewer than ten videos of twenty seconds.
    """
    sources = _sources(folder)
    worlds = []
    for number in range(-(-trees // TREES_A_WORLD)):
        home = to / f"seed{seed}" / f"world{number:02}"
        if not (home / TRUTH).exists():
            home.mkdir(parents=True, exist_ok=True)
            rng = Random(f"{seed}/world/{number}")  # noqa: S311  # repeatable on purpose
            _World(home, rng, sources, progress).write()
        worlds.append(read_world(home))
    return worlds


def _sources(folder: Path) -> list[Source]:
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    sources = [read_source(path, SIDE) for path in paths]
    sources = [source for source in sources if source.seconds >= 2 * ROOT_S[0] + LOOKALIKE_GAP_S]
    if len(sources) < 2 * TREES_A_WORLD:
        raise UsageError(f"{folder} holds fewer than {2 * TREES_A_WORLD} videos of 18 s or more")
    return sources


@dataclass(frozen=True, slots=True)
class _Grown:
    """A post with what its children need to know; ``families`` are the edits on its path."""

    made: Made
    depth: int
    families: frozenset[str]


class _World:
    """Grows the trees of one archive, then what ties them together falsely."""

    def __init__(
        self, folder: Path, rng: Random, sources: Sequence[Source], progress: Progress
    ) -> None:
        order = list(sources)
        rng.shuffle(order)
        self._foreign = order[: max(1, len(order) // FOREIGN_SHARE)]
        self._sources = order[len(self._foreign) :]
        self._folder, self._rng, self._progress = folder, rng, progress
        self._trees: dict[str, list[_Grown]] = {}
        self._compilations: list[Made] = []

    def write(self) -> None:
        """Render everything, then write what is true of it."""
        for number, part in enumerate(self._roots()):
            self._grow(f"t{number}", part)
        self._share_an_intro("t2", "t3")
        self._share_the_sound("t0", "t4")
        self._compile()
        grown = [one.made for tree in self._trees.values() for one in tree]
        write_world(World(self._folder, (*grown, *self._compilations)))

    def _roots(self) -> list[Part]:
        """Return a stretch for each tree; the first two are of one video and look alike."""
        rng = self._rng
        roomy = max(self._sources[:4], key=lambda s: s.seconds)
        half = (roomy.seconds - LOOKALIKE_GAP_S) / 2
        length = min(half - 0.2, rng.uniform(*ROOT_S))
        parts = [
            Part(roomy, round(start, 3), round(length, 3))
            for start in (
                rng.uniform(0, half - length),
                roomy.seconds - half + rng.uniform(0, half - length - 0.2),
            )
        ]
        others = [source for source in self._sources if source is not roomy]
        for source in others[: TREES_A_WORLD - 2]:
            length = rng.uniform(*ROOT_S)
            start = rng.uniform(0, source.seconds - length - 0.2)
            parts.append(Part(source, round(start, 3), round(length, 3)))
        return parts

    # --- one tree ------------------------------------------------------------------------

    def _grow(self, tree: str, part: Part) -> None:
        rng = self._rng
        name = f"{tree}n00"
        self._render(part, _untouched, name)
        at = BEGIN + timedelta(days=rng.uniform(0, 300))
        root = Made(name, f"{name}.mp4", rng.choice(PLATFORMS), "root", {tree: None}, (tree,), at)
        grown = [_Grown(root, 0, frozenset())]
        for number in range(1, rng.randint(LEAST_POSTS, MOST_POSTS)):
            grown.append(self._child(tree, number, self._parent(grown), rng.choice(HOW)))
        self._trees[tree] = grown

    def _parent(self, grown: Sequence[_Grown]) -> _Grown:
        """Return any post but a share: who saves a video from a share saves the shared post's."""
        able = [one for one in grown if one.depth < DEEPEST and one.made.how != "share"]
        return self._rng.choice(able)

    def _child(self, tree: str, number: int, parent: _Grown, how: str) -> _Grown:
        rng = self._rng
        name = f"{tree}n{number:02}"
        later = timedelta(hours=rng.uniform(0.5, 240))
        made = replace(
            parent.made,
            id=name,
            how=how,
            parents={tree: parent.made.id},
            published_at=parent.made.published_at + later,
            edits=(),
        )
        if how in {"share", "same_media"}:
            return _Grown(made, parent.depth + 1, parent.families)
        platform = rng.choice([p for p in PLATFORMS if p != parent.made.platform])
        made = replace(made, platform=platform)
        if how == "same_file":
            return _Grown(made, parent.depth + 1, parent.families)
        family, transform, recipe = self._recipe(parent.families)
        cut = self._cut(parent.made, always=family == "trim")
        self._render(cut, recipe, name)
        whole = cut.length_s >= cut.source.seconds - 0.2
        edits = (transform,) if whole or family == "trim" else (transform, "trim")
        made = replace(made, file=f"{name}.mp4", edits=edits)
        return _Grown(made, parent.depth + 1, parent.families | {family})

    def _recipe(self, used: frozenset[str]) -> tuple[str, str, Recipe]:
        families = [f for f in (*COMMON * 3, *RARE) if f not in used - REPEATABLE]
        family = self._rng.choice(families)
        return self._rng.choice([one for one in RECIPES if one[0] == family])

    def _cut(self, parent: Made, *, always: bool) -> Part:
        """Return all of the parent's file, or a part of it (one time in four if not ``always``)."""
        source = read_source(self._folder / parent.file, SIDE)
        rng, length = self._rng, source.seconds
        if (always or rng.random() < 0.25) and source.seconds > LEAST_S + 1:
            length = max(LEAST_S, source.seconds * rng.uniform(0.55, 0.9))
        start = rng.uniform(0, source.seconds - length)
        return Part(source, round(start, 3), round(length, 3))

    def _render(self, part: Part, recipe: Recipe, name: str) -> None:
        edited(self._rng, part, recipe, self._foreign_part, self._folder / f"{name}.mp4")
        self._progress(f"{self._folder.name}/{name}")

    def _foreign_part(self, seconds: float) -> Part:
        source = self._rng.choice(self._foreign)
        length = min(seconds, source.seconds - 0.5)
        return Part(source, round(self._rng.uniform(0, source.seconds - 0.2 - length), 3), length)

    # --- what must not tie trees together -----------------------------------------------

    def _share_an_intro(self, *trees: str) -> None:
        """Add to each tree a copy that begins with one and the same made opening."""
        with_folder = self._folder / "drawn"
        with_folder.mkdir(exist_ok=True)
        intro = Intro(self._rng, with_folder)
        for tree in trees:
            parent = self._parent(self._trees[tree])
            child = self._child(tree, len(self._trees[tree]), parent, "same_file")
            name = child.made.id
            intro.before(self._cut(parent.made, always=False), self._folder / f"{name}.mp4")
            made = replace(
                child.made,
                how="intro",
                file=f"{name}.mp4",
                footage=(*child.made.footage, "intro"),
                edits=("intro",),
            )
            self._trees[tree].append(replace(child, made=made))

    def _share_the_sound(self, giver: str, taker: str) -> None:
        """Add to one tree a copy that sounds like another tree's root."""
        voice = self._folder / self._trees[giver][0].made.file
        if not read_source(voice, SIDE).has_sound:
            return
        parent = self._parent(self._trees[taker])
        child = self._child(taker, len(self._trees[taker]), parent, "same_file")
        name = child.made.id
        cut = self._cut(parent.made, always=False)

        def revoiced(_rng: Random, canvas: Canvas) -> Picture:
            copied = shutil.copy(voice, canvas.folder / "voice.mp4")  # a name that needs no escape
            sound = f"amovie={copied},atrim=0:{canvas.seconds:.3f}"
            return Picture("[base]null[done]", (Edit("reencode"),), sound=sound)

        self._render(cut, revoiced, name)
        made = replace(child.made, how="sound", file=f"{name}.mp4", edits=("other_sound",))
        self._trees[taker].append(replace(child, made=made))

    def _compile(self) -> None:
        """Write a compilation of three trees."""
        rng = self._rng
        trees = rng.sample(sorted(self._trees), 3)
        used = [
            rng.choice([g.made for g in self._trees[tree] if g.made.how not in {"intro", "share"}])
            for tree in trees
        ]
        parts = [self._cut(made, always=True) for made in used]
        parts = [replace(part, length_s=min(part.length_s, rng.uniform(4.5, 6))) for part in parts]
        spliced(parts, self._folder / "comp.mp4")
        at = max(made.published_at for made in used) + timedelta(hours=rng.uniform(1, 100))
        self._compilations.append(
            Made(
                "comp",
                "comp.mp4",
                rng.choice(PLATFORMS),
                "compilation",
                {tree: made.id for tree, made in zip(trees, used, strict=True)},
                tuple(dict.fromkeys(piece for made in used for piece in made.footage)),
                at,
                ("compilation",),
            )
        )


def _untouched(rng: Random, canvas: Canvas) -> Picture:
    return replace(trim(rng, canvas), encode=ROOT_ENCODER)
