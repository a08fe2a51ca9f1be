"""The short form of the soak: the daemon takes a small world in, and the report is made of it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.reliability import soak

POSTS, VIDEOS = 30, 2
MOST_DESCRIPTORS = 80
"""Connections of every job's thread, logs, index files; one more a post or a video would show."""


def test_a_small_world_is_taken_in_and_no_descriptor_is_left_open(tmp_path: Path) -> None:
    samples = soak.run(POSTS, VIDEOS, tmp_path / "home", limit_s=150)
    done = samples[-1].progress
    assert (done.posts, done.recorded, done.pending, done.failing) == (POSTS, VIDEOS, 0, 0)
    assert max(sample.usage.descriptors for sample in samples) < MOST_DESCRIPTORS
    lines = list(soak.report(samples))
    assert any(line.startswith("| 100% | 30 | 2 |") for line in lines)
    assert any(line.startswith("descriptors from 25 %") for line in lines)
