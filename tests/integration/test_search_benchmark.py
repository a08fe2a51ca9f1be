"""The search benchmark measures what it says, at a size that takes no time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.speed.multiplied import Multiplied, name, original
from tests.support.footage import make_footage


def test_the_benchmark_asks_real_indexes_and_agrees_with_brute_force(tmp_path: Path) -> None:
    footage, told = tmp_path / "footage", tmp_path / "told.md"
    footage.mkdir()
    for seed in range(2):
        make_footage(footage / f"{seed}.mp4", seed, 5)
    (footage / "broken.mp4").write_bytes(b"no video")
    line = [sys.executable, "-m", "benchmarks.speed.search", str(footage), "--output", str(told)]
    sizes = ["--frames", "2000", "--keyframes", "40,80", "--views", "0,1,2"]
    subprocess.run([*line, *sizes], check=True, stdout=subprocess.DEVNULL, timeout=120)
    text = told.read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert text.count("| yes |") == 3
    assert text.count("| 2/2 |") == 2
    assert "none more, none less" in text


def test_copies_are_strangers_and_keep_their_own_distances(tmp_path: Path) -> None:
    video = original(make_footage(tmp_path / "film.mp4", 3, 6).path, [0])
    assert video is not None
    archive = Multiplied([video])
    first, second = (archive.hashes(name(n), video.fingerprint).codes for n in (0, 1))
    assert np.array_equal(first ^ first[0], second ^ second[0])
    apart = np.bitwise_count(first[:, None] ^ second[None]).sum(axis=2)
    assert apart.min() > 68


def test_as_many_copies_are_made_as_hold_the_frames_wanted(tmp_path: Path) -> None:
    archive = Multiplied([])
    assert [archive.copies_for(n, [10, 30]) for n in (1, 10, 11, 40, 41, 90)] == [1, 1, 2, 2, 3, 5]
