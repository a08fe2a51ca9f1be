"""What the daemon costs from the first post to the last chain, beside its bare stages.

``python -m benchmarks.reliability.throughput [DIR] [--limit N] --output OUT`` takes the videos of a
folder (a corpus, or any other; without one it makes ``N`` of 12 s), and measures in one run:
decode, hash and search of these files called directly; the real daemon that collects them as posts
from loopback, with all its processes; and the same jobs one after the other, which says what the
rest goes to. ``bare ÷ daemon`` is the figure.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.newsroom import Item, publish
from benchmarks.reliability.bare_stages import Bare, Cost, run_bare
from benchmarks.reliability.daemon import environment, running_daemon
from benchmarks.reliability.processes import tree_cpu_s
from jobs.monitor import Monitor
from jobs.schedule import PIPELINE
from tests.support.footage import make_footage
from tests.support.webserver import WebServer, serve
from tracker.app import App, open_app
from tracker.config import load_settings
from tracker.media.digest import sha256_of

SETTLES_S = 5.0
STILL_SHARE = 0.1
"""A daemon without work has started when it takes less of a processor than this for so long."""

LOOK_EVERY_S = 0.5
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
BUDGET = 100_000


def chosen_files(directory: Path | None, limit: int, temporary: Path) -> list[Path]:
    """Return up to ``limit`` videos of the folder, spread over it; made ones without it."""
    if directory is None:
        paths = [temporary / f"{seed}.mp4" for seed in range(limit)]
        for seed, path in enumerate(paths):
            make_footage(path, seed=seed, seconds=12, size=(640, 360))
        return paths
    folders = (directory / "ref", directory / "q", directory)
    found = [path for folder in folders for path in sorted(folder.glob("*.mp4"))]
    return found[:: max(1, len(found) // limit)][:limit]


def run_daemon(feed: str, posts: int, videos: int, home: Path) -> Cost:
    """Return what the daemon and its children cost from the first post to the last chain."""
    with running_daemon(home) as daemon:
        daemon.wait_until_it_leads()
        cpu_s, started = _settled_cpu_s(daemon.pid), time.monotonic()
        daemon.command("watch", "add", feed, "--interval", "86400", "--budget", str(BUDGET))
        while True:
            done = daemon.progress()
            if done.posts >= posts and done.recorded >= videos and not done.pending:
                break
            time.sleep(LOOK_EVERY_S)
        return Cost(tree_cpu_s(daemon.pid) - cpu_s, time.monotonic() - started)


def _settled_cpu_s(pid: int) -> float:
    """Wait until the process has started, however busy the machine; return what it took."""
    before_s, after_s = -math.inf, tree_cpu_s(pid)
    while after_s - before_s > STILL_SHARE * SETTLES_S:
        time.sleep(SETTLES_S)
        before_s, after_s = after_s, tree_cpu_s(pid)
    return after_s


def run_stages() -> dict[str, float]:
    """Return the CPU seconds of each job, run one after the other in this process."""
    spent: dict[str, float] = {}
    with open_app(load_settings()) as app:
        app.make_all()
        app.executor.warm_up()
        while sum(_timed(job.name, app, spent) for job in PIPELINE if job.enabled(app)):
            pass
    return spent


def print_stages() -> None:
    """Print what ``run_stages`` returns as one line of JSON."""
    print(json.dumps(run_stages()))


def _timed(name: str, app: App, spent: dict[str, float]) -> int:
    (job,) = [job for job in PIPELINE if job.name == name]
    before = tree_cpu_s(os.getpid())
    done = job.do(app, threading.Event(), Monitor())
    spent[name] = spent.get(name, 0.0) + tree_cpu_s(os.getpid()) - before
    return done


def _stages_apart(feed: str, home: Path) -> dict[str, float]:
    """Run ``run_stages`` as a process of its own: the site's work is not the daemon's."""
    home.mkdir(parents=True)
    for arguments in (
        ("-m", "tracker", "watch", "add", feed, "--budget", str(BUDGET)),
        # As code, not as a module: decoding children import the main module of their parent.
        ("-c", "from benchmarks.reliability import throughput; throughput.print_stages()"),
    ):
        done = subprocess.run(
            [sys.executable, *arguments], env=environment(home), cwd=home,
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    spent: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return spent


def report(bare: Bare, daemon: Cost, stages: dict[str, float]) -> Iterator[str]:
    """Yield the table: what is bare, what the daemon adds, and the figure."""
    direct = {"fingerprint": bare.fingerprint, "detect": bare.search}
    yield "| part | called directly, CPU s | as a job, CPU s |"
    yield "|---|---|---|"
    for name, cpu_s in stages.items():
        cost = direct.get(name)
        yield f"| {name} | {f'{cost.cpu_s:.1f}' if cost else '–'} | {cpu_s:.1f} |"
    total_s = bare.fingerprint.cpu_s + bare.search.cpu_s
    yield f"| all | {total_s:.1f} | {sum(stages.values()):.1f} |"
    wall_s = bare.fingerprint.wall_s + bare.search.wall_s
    yield f"daemon: {daemon.cpu_s:.1f} CPU s, {daemon.wall_s:.0f} s; bare: {wall_s:.0f} s"
    yield f"bare ÷ daemon: {total_s / daemon.cpu_s:.1%} of CPU; {bare.matches} matches"


def main() -> int:
    """Measure all three and print them side by side."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directory", type=Path, nargs="?", help="a folder of videos")
    parser.add_argument("--limit", type=int, default=40, help="take or make so many videos")
    parser.add_argument("--output", type=Path, help="where the archives go")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, serve() as site:
        files = chosen_files(options.directory, options.limit, Path(temporary))
        _measure_all(files, site, options.output or Path(temporary) / "archives")
    return 0


def _measure_all(files: Sequence[Path], site: WebServer, output: Path) -> None:
    items = [Item(str(n), p, FIRST_DAY + timedelta(days=n), None) for n, p in enumerate(files)]
    feed = publish(site, items)
    videos = len({sha256_of(path) for path in files})
    bare = run_bare(files)
    daemon = run_daemon(feed, len(items), videos, output / "daemon")
    stages = _stages_apart(feed, output / "stages")
    print(f"{len(files)} files, {videos} videos")
    for line in report(bare, daemon, stages):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
