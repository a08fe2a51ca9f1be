"""How long a chain of many appearances takes, from the database to the answer.

    python -m benchmarks.speed.chains [--appearances N] [--videos N] [--write DOCUMENT]

Fills an archive through the product's storage functions with posts of one clip, as after a video
went round the world: many files, each a copy of another one and found in a number of them, each
posted several times. Then records the chain once and asks for it, in a process that looks for
garbage as seldom as the daemon does (a command does so less often still).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

from sqlmodel import Session

from benchmarks.accuracy.tables import Marks, written_between
from storage import fingerprints, likenesses, matches, post_media, posts, videos
from tracker.app import App, open_app
from tracker.config import Settings
from tracker.model.chain import Chain
from tracker.model.ids import Platform, PostKey, VideoId
from tracker.model.likeness import Likeness
from tracker.model.match import Match, Segment, SoundAgreement, Transformation
from tracker.model.post import MediaRef, Post, PostKind
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval
from tracker.model.video import MediaInfo, Video
from tracker.process_start import settle
from tracker.timestamps.combine import combine

MARKS = Marks("chains")
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
T = TypeVar("T")
LENGTH_MS = 20_000
MATCHED_WITH = 30
"""In so many others each file is found, besides its source."""


class _Standing:
    def now(self) -> datetime:
        return NOW


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of wall time."""

    recorded_s: float
    again_s: float
    asked_s: float
    chain: Chain


def measured(appearances: int, files: int, *, timed: bool) -> Timed:
    """Return how long the chain of so many appearances takes."""
    with tempfile.TemporaryDirectory(prefix="tracker-chains-") as folder:
        settings = Settings(data_dir=Path(folder))
        with open_app(settings, clock=_Standing()) as app:
            names = [VideoId(f"{number:064x}") for number in range(1, files + 1)]
            rng = Random(1)  # noqa: S311  # repeatable on purpose
            with app.archive.database.write() as session:
                _fill(session, app, names, rng)
                for number in range(appearances):
                    _post(session, names[number % files], number, rng, timed=timed)
            recorded_s, _ = _seconds(lambda: app.record.process(names[0]))
            with app.archive.database.write() as session:
                videos.touch(session, names[0])
            again_s, _ = _seconds(lambda: app.record.process(names[0]))
            asked_s, chains = _seconds(lambda: app.subjects.chains(names[0]))
    return Timed(recorded_s, again_s, asked_s, chains[0])


def _fill(session: Session, app: App, names: list[VideoId], rng: Random) -> None:
    """Store the files and what they share: each with its source and with some others."""
    for number, name in enumerate(names):
        length = LENGTH_MS - 10 * number
        info = MediaInfo("mp4", "h264", 640, 360, length, has_audio=False)
        size = round(400_000 * 0.99 ** (number % 100))
        videos.save_video(session, Video(name, size, info), kept=False, now=NOW)
        fingerprints.mark_detected(session, name, app.algorithm_key, now=NOW)
        others = {0, number // 3, *(rng.randrange(number or 1) for _ in range(MATCHED_WITH))}
        for other in sorted(others - {number}):
            _share(session, app, (name, length), (names[other], LENGTH_MS - 10 * other), rng)


def _share(
    session: Session, app: App, one: tuple[VideoId, int], other: tuple[VideoId, int], rng: Random
) -> None:
    segment = Segment(0, one[1], 0, one[1], 1.0, mirrored=False, score=0.9)
    edits = tuple(Transformation(k, {}) for k in rng.sample(("crop", "caption", "colour"), 2))
    sound = SoundAgreement.SAME
    match = Match(one[0], other[0], 0.9, (segment,), edits, (), True, edits, sound)
    matches.save_match(session, match, app.algorithm_key, now=NOW)
    pair = (min(one[0], other[0]), max(one[0], other[0]))
    alike = {pair: Likeness(rng.uniform(2, 60), rng.uniform(0, 9), 0.0, 0.0, 0.0)}
    likenesses.save_likenesses(session, alike, app.algorithm_key)


def _post(session: Session, video: VideoId, number: int, rng: Random, *, timed: bool) -> None:
    key = PostKey(f"https://posts.test/{number}")
    at = BEGIN + timedelta(hours=number + rng.uniform(0, 3))
    interval = TimeInterval(at if timed else None, at if timed else NOW)
    kind = ClaimKind.PLATFORM_REPORTED if timed else ClaimKind.FIRST_OBSERVED
    claim = TimeClaim(kind, interval, ForgeableBy.PLATFORM, "made")
    ref = MediaRef(f"{key}.mp4", "http")
    post = Post(key, Platform("web"), PostKind.POST, f"n{number}", media=(ref,), claims=(claim,))
    published = combine((claim,))
    posts.save_post(session, post, now=NOW, depth=0, origin=None, published=published)
    post_media.link_video(session, key, ref, video)


def _seconds(run: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = run()
    return time.perf_counter() - started, result


def main(arguments: list[str] | None = None) -> int:
    """Print the figures and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.chains")
    parser.add_argument("--appearances", type=int, default=2000)
    parser.add_argument("--videos", type=int, default=400, help="files they show")
    parser.add_argument("--write", type=Path, metavar="DOCUMENT", help="put the table there")
    options = parser.parse_args(arguments)
    settle()
    lines = ["| times | appearances | files | asked for, s | recorded first, again, s |"]
    lines.append("|---" * 5 + "|")
    for name, timed in (("known", True), ("none", False)):
        found = measured(options.appearances, options.videos, timed=timed)
        lines.append(
            f"| {name} | {len(found.chain.links)} | {options.videos} | {found.asked_s:.2f} "
            f"| {found.recorded_s:.2f}, {found.again_s:.2f} |"
        )
    print("\n".join(lines))
    if options.write:
        command = f"--appearances {options.appearances} --videos {options.videos}"
        head = [f"Command: `python -m benchmarks.speed.chains {command}`.", ""]
        written_between(MARKS, options.write, [*head, *lines])
    return 0


if __name__ == "__main__":
    sys.exit(main())
