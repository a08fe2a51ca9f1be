"""Memory, descriptors, threads and children of the daemon over many posts and videos.

``python -m benchmarks.reliability.soak --posts 20000 --videos 2000 --output DIR`` publishes that
many posts on loopback, lets the real daemon take them in, looks at its process at every hundredth
of the way, and says what changed between a quarter of the way and its end. Progress is the mean of
two shares: posts taken in, and videos with a recorded chain.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.reliability.daemon import Progress, RunningDaemon, running_daemon
from benchmarks.reliability.processes import Usage, tree_cpu_s, usage
from benchmarks.reliability.world import World, made_videos, published

STEPS = 100
LOOK_EVERY_S = 0.5
MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)
BUDGET = "400"
"""Posts of one poll: several polls make up a watch's back-fill, as in use."""

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """What the daemon's own process held at one moment."""

    share: float
    elapsed_s: float
    progress: Progress
    usage: Usage


def run(posts: int, videos: int, output: Path, limit_s: float) -> list[Sample]:
    """Run the daemon over a new world and return the samples, in order."""
    with tempfile.TemporaryDirectory() as temporary:
        made = made_videos(videos, Path(temporary))
    settings = {"JOBS__POLL_CHECK_S": "2", "JOBS__STAGE_PAUSE_S": "1"}
    with published(posts, made) as world, running_daemon(output, **settings) as daemon:
        daemon.wait_until_it_leads()
        _watch(daemon, world)
        samples = list(_samples(daemon, world, limit_s))
        cpu_s = tree_cpu_s(daemon.pid)
    print(f"{samples[-1].elapsed_s:.0f} s, {cpu_s:.0f} CPU seconds of the daemon and its children")
    return samples


def _watch(daemon: RunningDaemon, world: World) -> None:
    daemon.command(
        "watch", "add", world.account, "--back-to", "2023-12-31",
        "--interval", "1", "--budget", BUDGET,
    )  # fmt: skip
    daemon.command("watch", "add", *world.feeds, "--interval", "3600", "--budget", BUDGET)


def _samples(daemon: RunningDaemon, world: World, limit_s: float) -> Iterator[Sample]:
    started, step = time.monotonic(), -1
    while True:
        elapsed_s = time.monotonic() - started
        progress = daemon.progress()
        share = _share(progress, world)
        if int(share * STEPS) > step:
            step = int(share * STEPS)
            yield Sample(share, elapsed_s, progress, usage(daemon.pid))
        if share >= 1 and not progress.pending:
            yield Sample(share, elapsed_s, progress, usage(daemon.pid))
            return
        if elapsed_s > limit_s:
            print(f"not done after {limit_s:.0f} s: {progress}")
            return
        time.sleep(LOOK_EVERY_S)


def _share(progress: Progress, world: World) -> float:
    recorded = progress.recorded / world.videos if world.videos else 1.0
    return (min(progress.posts / world.posts, 1.0) + min(recorded, 1.0)) / 2


def at_share(samples: Sequence[Sample], share: float) -> Sample:
    """Return the first sample that is as far as ``share``, the last one if none is."""
    return next((sample for sample in samples if sample.share >= share), samples[-1])


def report(samples: Sequence[Sample]) -> Iterator[str]:
    """Yield the table of the marks and what changed from a quarter of the way on."""
    yield "| of the way | posts | videos recorded | resident MB | private MB | fds | threads |"
    yield "|---|---|---|---|---|---|---|"
    for mark in MARKS:
        s = at_share(samples, mark)
        yield (
            f"| {s.share:.0%} | {s.progress.posts:,} | {s.progress.recorded:,} "
            f"| {s.usage.resident_bytes / MB:.0f} | {s.usage.private_bytes / MB:.0f} "
            f"| {s.usage.descriptors} | {s.usage.threads} |"
        )
    later = [sample for sample in samples if sample.share >= MARKS[1]]
    first = later[0].usage
    for name in ("resident_bytes", "private_bytes"):
        base = getattr(first, name)
        changes = [getattr(s.usage, name) / base - 1 for s in later]
        span = f"{min(changes):+.1%} to {max(changes):+.1%}"
        yield f"{name} from 25 %: {span}, at the end {changes[-1]:+.1%}"
    fds = [s.usage.descriptors for s in later]
    yield f"descriptors from 25 %: first {fds[0]}, {min(fds)} to {max(fds)}, last {fds[-1]}"


def main() -> int:
    """Run it, print the table, and keep all samples beside the archive."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--videos", type=int, default=2_000)
    parser.add_argument("--output", type=Path, required=True, help="where the archive goes")
    parser.add_argument("--limit-s", type=float, default=4 * 3600.0, help="give up after so long")
    options = parser.parse_args()
    samples = run(options.posts, options.videos, options.output, options.limit_s)
    rows = [json.dumps(asdict(sample)) for sample in samples]
    (options.output / "samples.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for line in report(samples):
        print(line)
    done = samples[-1].progress
    print(f"failing {done.failing}, pending {done.pending}")
    return 0 if not done.pending else 1


if __name__ == "__main__":
    sys.exit(main())
