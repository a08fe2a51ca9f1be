"""What a day costs as the archive grows: status, each job with nothing to do, one new post.

    python -m benchmarks.reliability.growth [--posts 10000 100000 1000000] [--write DOCUMENT]

Fills an archive of each size (see ``made_archive``) and measures what the daemon and its operator
do all day. Milliseconds of processor time, this process and its children together, the best of
three, with the database in the page cache: waiting for the disk and for other programs is left out.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from benchmarks.accuracy.tables import Marks, written_between
from benchmarks.reliability.made_archive import NOW, digest, fill, key, made_fingerprint
from jobs.monitor import Monitor
from jobs.schedule import PIPELINE, UPKEEP, Job
from storage import credentials, fingerprints, post_media, posts, videos
from storage import fixity as fixity_rows
from tracker.app import App, open_app
from tracker.config import DiscoverySettings, RetentionSettings, Settings
from tracker.model.capture import Exchange, FetchedPost
from tracker.model.credentials import ContentCredentials, CredentialState
from tracker.model.ids import Platform, PostKey, VideoId
from tracker.model.post import MediaRef, Post, PostKind
from tracker.model.status import PostStatus
from tracker.model.video import MediaInfo, Video

MARKS = Marks("growth")
LINEAR = ("audit",)
"""Jobs that look at everything by nature: they are measured apart (`tracker verify`)."""
TIMES = 3
NEW = 20
FIRST_NEW = 900_000_000

Row = tuple[str, float]


def measured(size: int) -> list[Row]:
    """Return what each thing takes, in milliseconds, with so many posts."""
    with tempfile.TemporaryDirectory(prefix="tracker-growth-") as folder:
        settings = Settings(
            data_dir=Path(folder),
            discovery=DiscoverySettings(platforms=("bluesky",), every_hours=48),
            retention=RetentionSettings(originals_days=36500),
        )
        with open_app(settings) as app:
            started = time.perf_counter()
            fill(app.archive.database, size)
            _note(f"{size:,} posts written in {time.perf_counter() - started:.0f} s")
            return list(_rows(app))


def _rows(app: App) -> Iterator[Row]:
    app.anchoring.run()
    yield "`tracker status`, the command", _best(lambda: _command(app, "status"))
    yield "status, in the daemon", _best(app.status)
    for job in (*PIPELINE, *UPKEEP):
        if job.name not in LINEAR:
            yield f"job {job.name}, nothing due", _best(partial(_run, app, job))
    yield "fixity: find 5,000 files that are due", _best(lambda: _due(app))
    yield "one new post, fetched and recorded", _each(app, _new_post)
    yield "one new video, all its rows and its chain", _each(app, _new_video)
    yield "anchor over what came in", _best(app.anchoring.run, times=1)


def _best(work: Callable[[], object], times: int = TIMES) -> float:
    taken = []
    for _ in range(times):
        started = _cpu_s()
        work()
        taken.append(_cpu_s() - started)
    return min(taken) * 1000


def _cpu_s() -> float:
    """Return the processor time of this process and of those it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _each(app: App, work: Callable[[App, int], None]) -> float:
    """Return what one of several takes on average, in milliseconds."""
    work(app, FIRST_NEW)  # what is only done once
    started = _cpu_s()
    for number in range(FIRST_NEW + 1, FIRST_NEW + 1 + NEW):
        work(app, number)
    return (_cpu_s() - started) / NEW * 1000


def _command(app: App, name: str) -> None:
    environment = {**os.environ, "TRACKER_DATA_DIR": str(app.settings.data_dir)}
    subprocess.run(
        [sys.executable, "-m", "tracker", name],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _run(app: App, job: Job) -> None:
    done = job.do(app, threading.Event(), Monitor())
    if done:
        raise SystemExit(f"the job {job.name} found {done} items where nothing is due")


def _due(app: App) -> None:
    with app.archive.database.read() as session:
        fixity_rows.due(session, checked_before=NOW, limit=5000)


def _new_post(app: App, number: int) -> None:
    url = key(number)
    post = Post(
        key=PostKey(url),
        platform=Platform("x"),
        kind=PostKind.POST,
        account="someone",
        text="what is new today",
        status=PostStatus.LIVE,
        media=(MediaRef(f"{url}/video.mp4", "http"),),
    )
    at = NOW + timedelta(seconds=1)
    answer = Exchange(url, url, 200, "text/html", at, at, body=f"<html>{number}".encode())
    app.collect.record(FetchedPost(post, (answer,)), key=None, depth=0, origin="watch:x")


def _new_video(app: App, number: int) -> None:
    name = VideoId(digest("new video", number))
    info = MediaInfo("mp4", "h264", 640, 360, 9000, has_audio=False, creation_at=None)
    ref = MediaRef(f"{key(number)}/video.mp4", "http")
    with app.archive.database.write() as session:
        videos.save_video(session, Video(name, 5_000_000, info), kept=True, now=NOW)
        post_media.link_video(session, PostKey(key(number)), ref, name)
        absent = ContentCredentials(CredentialState.ABSENT)
        credentials.save_credentials(session, name, absent, NOW)
        fingerprints.save_fingerprint(session, name, made_fingerprint(number), now=NOW)
        fingerprints.mark_detected(session, name, app.algorithm_key, now=NOW)
    app.record.process(name)
    with app.archive.database.read() as session:
        if videos.is_unrecorded(session, name) or not posts.posts_of_video(session, name):
            raise SystemExit("the new video was not recorded")


def _note(text: str) -> None:
    sys.stderr.write(text + "\n")


def table(sizes: list[int], found: list[list[Row]]) -> list[str]:
    """Return the table in Markdown, by lines."""
    head = ["milliseconds, with so many posts", *(f"{size:,}" for size in sizes)]
    lines = [head, ["---", *("---:" for _ in sizes)]]
    lines += [[row[0][0], *(f"{ms:,.1f}" for _, ms in row)] for row in zip(*found, strict=True)]
    return [f"| {' | '.join(line)} |" for line in lines]


def main() -> int:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--write", type=Path, help="document to write the table into")
    arguments = parser.parse_args()
    lines = table(arguments.posts, [measured(size) for size in arguments.posts])
    sys.stdout.write("\n".join(lines) + "\n")
    if arguments.write:
        written_between(MARKS, arguments.write, lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
