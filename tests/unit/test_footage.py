"""The footage maker: far-apart seeds, near frames within a scene, and copies with known truth."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import imagehash
import pytest
from PIL import Image

from tests.support.footage import Edit, duration_s, make_compilation, make_copy, make_footage


def _hashes(path: Path, every: int = 5) -> list[tuple[int, imagehash.ImageHash]]:
    with av.open(str(path)) as container:
        frames = [
            (
                round(float(frame.time or 0) * 1000),
                Image.fromarray(frame.to_ndarray(format="rgb24")),
            )
            for n, frame in enumerate(container.decode(video=0))
            if n % every == 0
        ]
    return [(at, imagehash.phash(image)) for at, image in frames]


def test_different_seeds_are_far_apart_and_one_scene_hangs_together(tmp_path: Path) -> None:
    first = make_footage(tmp_path / "a.mp4", seed=1, seconds=6, cuts=(3.0,))
    make_footage(tmp_path / "b.mp4", seed=2, seconds=6)
    a, b = _hashes(first.path), _hashes(tmp_path / "b.mp4")
    assert min(x - y for _, x in a for _, y in b) >= 14
    within = [x - y for (s, x), (t, y) in pairwise(a) if t < 3000 or s >= 3000]
    assert max(within) <= 20
    across = [x - y for (s, x), (t, y) in pairwise(a) if s < 3000 <= t]
    assert first.cuts_ms == (3000,)
    assert min(across) >= 18


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = (make_footage(tmp_path / n, seed=7, seconds=2).path for n in ("1.mp4", "2.mp4"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("edit", "copy_ms", "source_ms", "size"),
    [
        (Edit(start_s=1, end_s=3), (0, 2000), (1000, 3000), (320, 180)),
        (Edit(mirror=True, crop=0.1), (0, 4000), (0, 4000), (256, 144)),
        (Edit(caption=0.15, crf=40, height=120), (0, 4000), (0, 4000), (214, 120)),
        (Edit(letterbox=0.125), (0, 4000), (0, 4000), (320, 240)),
        (Edit(pillarbox=0.2), (0, 4000), (0, 4000), (534, 180)),
        (Edit(speed=1.25), (0, 3200), (0, 4000), (320, 180)),
    ],
)
def test_a_copy_is_what_its_truth_says(
    tmp_path: Path,
    edit: Edit,
    copy_ms: tuple[int, int],
    source_ms: tuple[int, int],
    size: tuple[int, int],
) -> None:
    source = make_footage(tmp_path / "s.mp4", seed=3, seconds=4).path
    copy = make_copy(source, tmp_path / "c.mp4", edit)
    (stretch,) = copy.stretches
    assert (stretch.copy_ms, stretch.source_ms) == (copy_ms, source_ms)
    assert duration_s(copy.path) * 1000 == pytest.approx(copy_ms[1], abs=80)
    with av.open(str(copy.path)) as container:
        picture = container.streams.video[0]
        assert (picture.width, picture.height) == size


def test_a_plain_trim_shows_the_frames_it_claims(tmp_path: Path) -> None:
    source = make_footage(tmp_path / "s.mp4", seed=5, seconds=5).path
    copy = make_copy(source, tmp_path / "c.mp4", Edit(start_s=2, end_s=4))
    originals = dict(_hashes(source, every=1))
    for at, seen in _hashes(copy.path):
        assert seen - originals[at + 2000] <= 4


def test_a_compilation_says_where_each_part_lies(tmp_path: Path) -> None:
    a = make_footage(tmp_path / "a.mp4", seed=1, seconds=4).path
    b = make_footage(tmp_path / "b.mp4", seed=2, seconds=4).path
    made = make_compilation([(a, 1, 3), (b, 0, 2.5)], tmp_path / "all.mp4")
    assert [(s.source, s.copy_ms, s.source_ms) for s in made.stretches] == [
        (a, (0, 2000), (1000, 3000)),
        (b, (2000, 4500), (0, 2500)),
    ]
    assert duration_s(made.path) == pytest.approx(4.5, abs=0.1)
