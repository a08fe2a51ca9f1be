"""Posts of one story stored in any order, recorded now and then, end in the same chains."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.ingest.conftest import TurnedClock
from tests.integration.ingest.test_trace import (
    COMPILATION,
    FOUND,
    LONGER,
    OTHER,
    TRIM,
    WHOLE,
    Archive,
    Upload,
    story,
)
from tracker.app import open_app
from tracker.config import Settings

STORY = (TRIM, WHOLE, LONGER, COMPILATION, OTHER)


@st.composite
def stories(draw: st.DrawFn) -> tuple[Upload, ...]:
    """Some of the uploads, published on days drawn anew (several may share one)."""
    chosen = draw(st.lists(st.sampled_from(STORY), min_size=2, unique=True))
    return tuple(Upload(one.name, one.seconds, draw(st.integers(0, 4))) for one in chosen)


def told(uploads: tuple[Upload, ...], recorded: list[bool]) -> list[list[tuple[str, str, str]]]:
    with tempfile.TemporaryDirectory() as folder:
        made = Settings(data_dir=Path(folder))
        with open_app(made, clock=TurnedClock()) as app:
            archive = Archive(app, FOUND)
            for upload, now in zip(uploads, recorded, strict=False):
                archive.arrive(upload, record=now)
            archive.record()
            return story(archive.chains())


@settings(max_examples=6, deadline=None)
@given(stories(), st.randoms(use_true_random=False), st.lists(st.booleans(), min_size=5))
def test_any_order_gives_the_same_chains(
    uploads: tuple[Upload, ...], random: object, recorded: list[bool]
) -> None:
    other = list(uploads)
    random.shuffle(other)  # type: ignore[attr-defined]
    assert told(tuple(other), recorded) == told(uploads, [True] * 5)
