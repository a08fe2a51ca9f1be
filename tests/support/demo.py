"""The whole product on footage made here: run as ``python -m tests.support.demo --output DIR``.

Serves a small made world from loopback, lets the real command line watch, collect, compare and
report, and checks what it found against what is true in that world.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.world import World, serve_world

Document = dict[str, Any]
STEP_TIMEOUT_S = 1200
_MARKER = ".made-by-the-demo"


class DemoFailed(Exception):
    """The demo did not find what is true in its world; the message says what went wrong."""


@dataclass(frozen=True, slots=True)
class Tracker:
    """The command line under test, as a child process with the demo's config."""

    config: Path

    def run(self, *arguments: str, show: bool = False) -> list[Document]:
        """Run one command with ``--json`` and return its documents.

        ``show`` lets its progress through to this terminal. Raises ``DemoFailed`` unless it
        exits with 0.
        """
        command = [sys.executable, "-m", "tracker", "--config", str(self.config), *arguments]
        printed = " ".join(["tracker", "--config", self.config.name, *arguments])
        say(f"    $ {printed}")
        done = subprocess.run(
            [*command, "--json"],
            stdout=subprocess.PIPE,
            stderr=None if show else subprocess.PIPE,
            text=True,
            timeout=STEP_TIMEOUT_S,
            env={k: v for k, v in os.environ.items() if not k.startswith("TRACKER_")},
            check=False,
        )
        if done.returncode:
            last = (done.stderr or "").strip().splitlines()[-1:] or ["(see above)"]
            raise DemoFailed(f"`{printed}` ended with code {done.returncode}: {last[0]}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]


def say(text: str = "") -> None:
    """Print a line for the person watching, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return 0 if everything found is true, otherwise 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.demo", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where to write")
    output = parser.parse_args(arguments).output.resolve()
    started = time.monotonic()
    try:
        _prepare(output)
        say("1. Making footage: five clips and twelve edited copies of them.")
        with serve_world(output / "footage") as world:
            _perform(world, output)
    except DemoFailed as failure:
        say(f"\nThe demo FAILED: {failure}")
        return 1
    say(f"\nEverything found is true in the made world ({time.monotonic() - started:.0f} s).")
    say(f"The report is at {output / 'report.html'}")
    return 0


def _prepare(output: Path) -> None:
    """Make ``output`` ready, clearing only what an earlier demo put there."""
    output.mkdir(parents=True, exist_ok=True)
    if (output / _MARKER).exists():
        for name in ("archive", "footage"):
            shutil.rmtree(output / name, ignore_errors=True)
    elif any(output.iterdir()):
        raise DemoFailed(f"{output} is not empty and was not made by this demo")
    (output / _MARKER).write_text("This folder may be deleted.\n", encoding="utf-8")
    (output / "demo.toml").write_text(
        f"data_dir = {json.dumps(str(output / 'archive'))}\n\n"
        "[network]\nallow_private = true   # the made world is served from this machine\n",
        encoding="utf-8",
    )


def _perform(world: World, output: Path) -> None:
    tracker = Tracker(output / "demo.toml")
    say(
        f"   {len(world.posts)} posts in {len(world.article_urls)} articles are served on loopback."
    )
    say("\n2. Watching the news feed of the made world.")
    tracker.run("watch", "add", world.feed_url)
    say("\n3. Collecting articles and posts, capturing, fingerprinting and comparing the videos.")
    took = _timed(lambda: tracker.run("run", "--once", show=True))
    say(f"   Done in {took:.0f} s.")
    roots = _show_clips(tracker, world)
    _show_lookup(tracker, world, roots)
    _write_report(tracker, roots[world.unseen_source], output)
    _verify(tracker)


def _timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _show_clips(tracker: Tracker, world: World) -> dict[str, str]:
    """Show the clips found and check each chain; return the clip id of each piece of footage."""
    say("\n4. What was found:")
    clips = tracker.run("clips")
    if len(clips) != len(world.chains):
        raise DemoFailed(f"{len(world.chains)} clips were published, {len(clips)} were found")
    found: dict[str, str] = {}
    for clip in clips:
        source = _source_of_root(world, clip)
        if source in found:
            raise DemoFailed(f"the footage “{source}” was found as two clips")
        found[source] = str(clip["clip"])
        _check_chain(tracker, world, source, found[source])
    return found


def _source_of_root(world: World, clip: Document) -> str:
    url = (clip.get("root") or {}).get("url")
    for source, posts in world.chains.items():
        if posts[0].url == url:
            return source
    raise DemoFailed(f"clip {clip.get('clip')} is traced back to {url}, which is no first upload")


def _check_chain(tracker: Tracker, world: World, source: str, clip: str) -> None:
    (chain,) = tracker.run("chain", clip)
    known = {post.url for post in world.posts}
    seen = {(link.get("post") or {}).get("url") for link in chain["appearances"]} & known
    expected = world.chains[source]
    missing = [post.url for post in expected if post.url not in seen]
    wrong = seen - {post.url for post in expected}
    first = expected[0]
    say(
        f"   · {source}: {len(seen)} posts show it; earliest known is @{first.account}, "
        f"{first.published_at:%d %B %Y %H:%M} UTC"
    )
    if missing or wrong:
        raise DemoFailed(f"“{source}”: posts not found {missing}, posts wrongly added {wrong}")
    kinds = {c["kind"] for link in chain["appearances"] for c in link["transformations"]}
    if kinds:
        say(f"     edits recognised: {', '.join(sorted(kinds))}")


def _seconds(interval_ms: Sequence[int]) -> str:
    return f"seconds {interval_ms[0] / 1000:.1f} to {interval_ms[1] / 1000:.1f}"


def _show_lookup(tracker: Tracker, world: World, clips: dict[str, str]) -> None:
    say("\n5. Asking about a copy nobody has seen: cut, mirrored, with a caption bar.")
    found = tracker.run("lookup", world.unseen_url)
    if not found or not found[0]["matches"]:
        raise DemoFailed("the lookup of the unseen copy found nothing")
    answer, first = found[0], world.chains[world.unseen_source][0]
    earliest = (answer.get("earliest") or {}).get("post") or {}
    if earliest.get("url") != first.url:
        raise DemoFailed(f"the lookup names {earliest.get('url')} as earliest, not {first.url}")
    wanted = clips[world.unseen_source]
    others = {m["clip"] for m in answer["matches"] if m["clip"] not in (wanted, None)}
    if others:
        raise DemoFailed(f"the lookup also asserts other footage: {sorted(others)}")
    best = answer["matches"][0]
    stretch = best["segments"][0]
    say(f"   Seen before, in {len(answer['matches'])} videos; best score {best['score']:.2f}.")
    say(
        f"   {stretch['query_ms']} ms of it is {stretch['reference_ms']} ms of the archive's video."
    )
    say(f"   Earliest known upload: {first.url} by @{first.account}")
    say(f"   Answered in {answer['elapsed_ms']['total']} ms.")


def _write_report(tracker: Tracker, clip: str, output: Path) -> None:
    say("\n6. Writing the report an editor would read.")
    report = output / "report.html"
    report.unlink(missing_ok=True)
    tracker.run("report", clip, "--format", "html", "-o", str(report))
    if not report.exists() or "<html" not in report.read_text(encoding="utf-8")[:2000]:
        raise DemoFailed(f"no HTML report was written to {report}")


def _verify(tracker: Tracker) -> None:
    say("\n7. Verifying that nothing kept was changed.")
    (verified,) = tracker.run("verify")
    if not verified["ok"]:
        raise DemoFailed(f"the archive does not verify: {verified['broken'][:1]}")
    say(f"   {verified['entries']} ledger entries and {verified['files']} files are unbroken.")


if __name__ == "__main__":
    raise SystemExit(main())
