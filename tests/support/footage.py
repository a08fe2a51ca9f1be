"""Footage from nothing: seeded clips with known cuts, and copies edited with known ground truth.

Pictures are wide panoramas of seeded low-frequency colour noise under a moving camera, with
objects passing in front, so that two seeds look nothing alike to a perceptual hash while the
frames of one scene stay close to each other.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

SCENE_SECONDS = 2.5
"""Usual length of a scene when no cuts are given."""


@dataclass(frozen=True, slots=True)
class Footage:
    """A clip made from a seed; ``cuts_ms`` are the first instants of every scene but the first."""

    path: Path
    duration_ms: int
    cuts_ms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the copy shows from ``copy_ms`` is what ``source`` shows from ``source_ms``.

    Intervals are ``(start, end)``; ``speed`` is source time ÷ copy time.
    """

    source: Path
    copy_ms: tuple[int, int]
    source_ms: tuple[int, int]
    speed: float = 1.0
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """An edited copy and where each part of it comes from."""

    path: Path
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done to a copy, in this order: trim, speed, mirror, crop, scale, caption, borders.

    ``crop`` is the fraction cut from each side, ``caption`` the fraction of the height covered
    at the bottom, ``letterbox`` and ``pillarbox`` the fraction of the new picture each black bar
    takes, ``turn_degrees`` how far the picture is turned clockwise, ``height`` the new height in
    pixels, ``crf`` x264's quality (40 is poor).
    """

    start_s: float = 0.0
    end_s: float | None = None
    speed: float = 1.0
    mirror: bool = False
    crop: float = 0.0
    height: int | None = None
    caption: float = 0.0
    letterbox: float = 0.0
    pillarbox: float = 0.0
    turn_degrees: float = 0.0
    crf: int = 23


def make_footage(
    path: Path,
    seed: int,
    seconds: float,
    size: tuple[int, int] = (320, 180),
    fps: int = 25,
    cuts: Sequence[float] | None = None,
) -> Footage:
    """Write an H.264 MP4 of ``seconds`` and return its ground truth.

    ``cuts`` are the times in seconds where a new scene begins (``()``: one scene throughout);
    by default a scene lasts about two and a half seconds.
    """
    rng = np.random.default_rng(seed)
    frame_count = round(seconds * fps)
    starts = _scene_starts(rng, seconds, fps, cuts)
    lengths = np.diff([*starts, frame_count])
    frames = (f for n in lengths for f in _scene(rng, int(n), size))
    _encode(path, frames, size, fps)
    cuts_ms = tuple(round(s * 1000 / fps) for s in starts[1:])
    return Footage(path, round(frame_count * 1000 / fps), cuts_ms)


def make_still_shot(path: Path, place: int, moment: int, seconds: float, levels: float = 3) -> None:
    """Write a shot of a ``place`` in which next to nothing moves: some light comes and goes."""
    size = 320, 180
    picture = next(_scene(np.random.default_rng(place), 1, size)).astype(np.float64)
    rng = np.random.default_rng([place, moment])
    lights = [(*rng.integers((110, 230)), *rng.uniform((0.5, 0), (3, 6.28))) for _ in range(6)]

    def frames() -> Iterator[Image]:
        for number in range(round(seconds * 25)):
            shown = picture.copy()
            for top, left, pace, phase in lights:
                lit = shown[int(top) : int(top) + 60, int(left) : int(left) + 70]
                lit += levels * np.sin(pace * number / 25 + phase)
            yield np.clip(np.rint(shown), 0, 255).astype(np.uint8)

    _encode(path, frames(), size, 25)


def make_copy(source: Path, path: Path, edit: Edit) -> Copy:
    """Write ``source`` edited to ``path`` and return which stretch of it the copy shows."""
    end_s = edit.end_s if edit.end_s is not None else duration_s(source)
    trim = ("-ss", f"{edit.start_s:.3f}", "-t", f"{end_s - edit.start_s:.3f}")
    _ffmpeg(*trim, "-i", str(source), "-vf", _filters(edit), *_codec(edit.crf), str(path))
    source_ms = (round(edit.start_s * 1000), round(end_s * 1000))
    copy_ms = (0, round((end_s - edit.start_s) * 1000 / edit.speed))
    return Copy(path, (Stretch(source, copy_ms, source_ms, edit.speed, edit.mirror),))


def make_compilation(
    parts: Sequence[tuple[Path, float, float]], path: Path, size: tuple[int, int] = (320, 180)
) -> Copy:
    """Write the parts ``(source, start_s, end_s)`` one after the other, and say where each is."""
    inputs: list[str] = []
    for source, start_s, end_s in parts:
        inputs += ["-ss", f"{start_s:.3f}", "-t", f"{end_s - start_s:.3f}", "-i", str(source)]
    scaled = "".join(
        f"[{i}:v]scale={size[0]}:{size[1]},setsar=1,fps=25[v{i}];" for i in range(len(parts))
    )
    joined = "".join(f"[v{i}]" for i in range(len(parts))) + f"concat=n={len(parts)}:v=1[out]"
    _ffmpeg(*inputs, "-filter_complex", scaled + joined, "-map", "[out]", *_codec(23), str(path))
    return Copy(path, tuple(_laid_end_to_end(parts)))


def duration_s(path: Path) -> float:
    """Length of a media file in seconds, as its header says."""
    with av.open(str(path)) as container:
        return (container.duration or 0) / av.time_base


def _laid_end_to_end(parts: Sequence[tuple[Path, float, float]]) -> Iterator[Stretch]:
    at_ms = 0
    for source, start_s, end_s in parts:
        source_ms = (round(start_s * 1000), round(end_s * 1000))
        until_ms = at_ms + source_ms[1] - source_ms[0]
        yield Stretch(source, (at_ms, until_ms), source_ms)
        at_ms = until_ms


def _scene_starts(
    rng: np.random.Generator, seconds: float, fps: int, cuts: Sequence[float] | None
) -> list[int]:
    if cuts is not None:
        return [0, *(round(c * fps) for c in cuts)]
    starts, at_s = [0], SCENE_SECONDS * rng.uniform(0.7, 1.3)
    while at_s < seconds - 1.0:
        starts.append(round(at_s * fps))
        at_s += SCENE_SECONDS * rng.uniform(0.7, 1.3)
    return starts


def _panorama(rng: np.random.Generator, width: int, height: int) -> Image:
    """Colour noise in three octaves, stretched to full contrast."""
    picture = np.zeros((height, width, 3), np.float32)
    for cells, weight in ((5, 1.0), (11, 0.5), (40, 0.15)):
        grid = rng.random((cells, cells * width // height, 3), dtype=np.float32)
        picture += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    picture -= picture.min()
    stretched: Image = (picture * (255.0 / picture.max())).astype(np.uint8)
    return stretched


@dataclass(frozen=True, slots=True)
class _Disc:
    colour: tuple[int, int, int]
    radius: int
    start: npt.NDArray[np.float64]
    step: npt.NDArray[np.float64]

    def draw(self, frame: Image, number: int, size: tuple[int, int]) -> None:
        x, y = (self.start + self.step * number) % np.asarray(size)
        cv2.circle(frame, (int(x), int(y)), self.radius, self.colour, -1, cv2.LINE_AA)


def _disc(rng: np.random.Generator, size: tuple[int, int]) -> _Disc:
    red, green, blue = (int(c) for c in rng.integers(0, 256, 3))
    radius = int(size[1] * rng.uniform(0.05, 0.16))
    return _Disc((red, green, blue), radius, rng.random(2) * size, rng.uniform(-2.5, 2.5, 2))


def _scene(rng: np.random.Generator, length: int, size: tuple[int, int]) -> Iterator[Image]:
    """Frames of one camera move over one panorama."""
    width, height = size
    margin = np.array([width * 0.6, height * 0.3])
    world = _panorama(rng, int(width * 1.6), int(height * 1.3))
    origin, goal = rng.random(2) * margin, rng.random(2) * margin
    discs = [_disc(rng, size) for _ in range(4)]
    for number in range(length):
        at = origin + (goal - origin) * (number / max(length - 1, 1))
        centre = (float(at[0]) + width / 2, float(at[1]) + height / 2)
        frame = cast("Image", cv2.getRectSubPix(world, size, centre))
        for disc in discs:
            disc.draw(frame, number, size)
        yield frame


def _encode(path: Path, frames: Iterator[Image], size: tuple[int, int], fps: int) -> None:
    options = {"preset": "ultrafast", "crf": "20", "threads": "1"}
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps), options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def _filters(edit: Edit) -> str:
    parts = [f"setpts=(PTS-STARTPTS)/{edit.speed}", "fps=25"]
    if edit.mirror:
        parts.append("hflip")
    if edit.crop:
        keep = 1 - 2 * edit.crop
        parts.append(f"crop=trunc(iw*{keep}/2)*2:trunc(ih*{keep}/2)*2")
    if edit.turn_degrees:
        parts.append(f"rotate={edit.turn_degrees}*PI/180")
    if edit.height:
        parts.append(f"scale=-2:{edit.height}")
    if edit.caption:
        top = 1 - edit.caption
        parts.append(f"drawbox=0:ih*{top}:iw:ih*{edit.caption}:white:fill")
        parts.append(f"drawbox=iw*0.1:ih*{top + edit.caption * 0.4}:iw*0.8:ih*0.03:black:fill")
    if edit.letterbox:
        tall = 1 / (1 - 2 * edit.letterbox)
        parts.append(f"pad=iw:ceil(ih*{tall}/2)*2:0:(oh-ih)/2")
    if edit.pillarbox:
        wide = 1 / (1 - 2 * edit.pillarbox)
        parts.append(f"pad=ceil(iw*{wide}/2)*2:ih:(ow-iw)/2:0")
    return ",".join(parts)


def _codec(crf: int) -> tuple[str, ...]:
    exact = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1")
    return ("-an", "-c:v", "libx264", "-preset", "ultrafast", "-crf", str(crf), *exact)


def _ffmpeg(*arguments: str) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-threads", "1"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ffmpeg failed: {done.stderr.strip()[-400:]}")
