"""Kill the daemon at random moments of every stage; nothing may be lost, doubled or left over.

``python -m benchmarks.reliability.kills [--posts 500] [--kills 200] [--seed 1] [--output DIR]``
publishes a made world in instalments. One archive takes it in undisturbed, another one while its
processes are killed (SIGKILL): the whole group, the daemon alone, or one of its children, in
``tracker run``, ``run --once``, ``add``, ``import`` and ``forget``. For each kill a stage is chosen
that was hit least so far; when the process is seen in it, a random while later the kill falls.
What both archives hold at the end must be the same. Prints a line for each figure; the code is 1
where anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.newsroom import Archive, chains_of
from benchmarks.reliability.interrupted import end_in_order
from benchmarks.reliability.offspring import descendants, outliving
from benchmarks.reliability.reposts import Instalment, serve_world
from benchmarks.reliability.state import differences, leftovers, state_of
from benchmarks.reliability.watched import STAGES, STARTING

ROOT = Path(__file__).parents[2]
POSTS_PER_INSTALMENT = 50
LONGEST_WAIT_S = 90.0
MOST_PAUSES = 8
ORPHANS_END_WITHIN_S = 10.0
FASTER = {
    "TRACKER_JOBS__STAGE_PAUSE_S": "0.3",
    "TRACKER_JOBS__POLL_CHECK_S": "1",
    "TRACKER_JOBS__ANCHOR_S": "2",
    "TRACKER_JOBS__FIXITY_S": "2",
    "TRACKER_JOBS__RETENTION_S": "2",
}
"""The daemon's pauses, shortened: nobody waits an hour for an anchor here."""

DWELL_S = {STARTING: 2.0, "fingerprint": 0.8, "capture": 0.15, "index": 0.01, "delete": 0.01}
"""How long after it was seen in a stage the process may go on; elsewhere 50 ms."""

NEAR = {"fingerprint", "credentials", "capture"}
"""Stages that have child processes of their own, one of which may be killed instead."""

EVERYTHING_MAY_GO = {"TRACKER_RETENTION__ORIGINALS_DAYS": "0.0000001"}


@dataclass(slots=True)
class Tally:
    """What was done to the archive, and what came of it."""

    hits: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    orphans: int = 0
    missed: int = 0

    @property
    def kills(self) -> int:
        """How many processes were killed so far."""
        return self.ways.total()

    def hit(self, label: str, way: str) -> None:
        """Count a kill; ``label`` is what the process was seen doing."""
        self.ways[way] += 1
        for stage in {part.partition("/")[0] for part in label.split(",")}:
            self.hits.update(stage.split(":"))
        self.hits["(in a write transaction)"] += "/write" in label


class Killer:
    """Runs commands on one archive and kills them where it is told to."""

    def __init__(self, archive: Archive, choices: random.Random) -> None:
        self._archive = archive
        self._choices = choices
        self._state = archive.home / "doing"
        self.tally = Tally()

    def plan(self, kills: int) -> list[str]:
        """Return the stages to strike next, those hit least so far, in the order of the flow."""
        wanted = sorted(STAGES, key=lambda stage: (self.tally.hits[stage], self._choices.random()))
        chosen = (wanted * (kills // len(wanted) + 1))[: max(kills, 0)]
        return sorted(chosen, key=STAGES.index)

    def daemon(self) -> tuple[str, ...]:
        """Return the command of the daemon: until all is done, or for ever."""
        return self._choices.choice((("run", "--once"), ("run",)))

    def strike(self, stage: str, *arguments: str, **environment: str) -> bool:
        """Run the command and kill it in that stage; False if it ended before it came there."""
        process = self._start(arguments, environment)
        try:
            if not self._await(process, stage):
                self.tally.missed += 1
                return False
            time.sleep(self._choices.uniform(0, DWELL_S.get(stage, 0.05)))
            return self._kill(process, stage)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _start(
        self, arguments: Sequence[str], environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        self._state.unlink(missing_ok=True)
        watched = [sys.executable, "-m", "benchmarks.reliability.watched", str(self._state)]
        return subprocess.Popen(
            [*watched, *arguments],
            env={**environment_of(self._archive), **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _await(self, process: subprocess.Popen[bytes], stage: str) -> bool:
        deadline = time.monotonic() + LONGEST_WAIT_S
        while process.poll() is None and time.monotonic() < deadline:
            if stage in self._doing().replace("/", ",").replace(":", ",").split(","):
                return True
            time.sleep(0.002)
        return False

    def _doing(self) -> str:
        try:
            return self._state.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""

    def _kill(self, process: subprocess.Popen[bytes], stage: str) -> bool:
        started = descendants(process.pid)
        way = self._way(stage, bool(started))
        if process.poll() is not None:
            self.tally.missed += 1
            return False
        if way == "a child alone":
            self._choices.choice(started).kill()
            self.tally.hit(self._doing(), way)
            time.sleep(self._choices.uniform(0.1, 1.5))
            started = descendants(process.pid)
            process.kill()
        elif way == "the daemon alone":
            process.kill()
            self.tally.hit(self._doing(), way)
        else:
            os.killpg(process.pid, signal.SIGKILL)
            self.tally.hit(self._doing(), way)
        process.wait()
        self.tally.orphans += len(outliving(started, ORPHANS_END_WITHIN_S))
        return True

    def _way(self, stage: str, has_children: bool) -> str:
        ways = ["the whole group", "the daemon alone"]
        if stage in NEAR and has_children:
            ways.append("a child alone")
        return self._choices.choice(ways)


def environment_of(archive: Archive) -> dict[str, str]:
    """Return the whole environment of a command on the archive."""
    return {**archive.environment(), **FASTER, "PYTHONPATH": str(ROOT)}


def done(archive: Archive, *arguments: str, **environment: str) -> str:
    """Run a command to its end and return its standard output; anything but 0 ends the sweep."""
    finished = subprocess.run(
        archive.command(*arguments),
        env={**environment_of(archive), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise SystemExit(f"tracker {' '.join(arguments)}: {finished.stderr.strip()}")
    return finished.stdout


# --- what is done to the archives ---------------------------------------------------------


def take_in(archive: Archive, part: Instalment) -> None:
    """Take an instalment in undisturbed; what was taken in before stays as it is."""
    done(archive, "run", "--once")
    (added,) = map(json.loads, done(archive, "add", "--json", str(part.file)).splitlines())
    done(archive, "import", str(part.folder))
    forget(archive, added["videos"][0]["sha256"])
    done(archive, "run", "--once")


def forget(archive: Archive, video: str) -> None:
    """Delete one original by order, unless a killed command has done it already."""
    with suppress(SystemExit):
        done(archive, *forgetting(video))


def forgetting(video: str) -> tuple[str, ...]:
    """Return the command that deletes one original by order."""
    return ("forget", video, "--by", "the sweep", "--why", "to see it deleted")


def under_fire(killer: Killer, archive: Archive, part: Instalment, kills: int) -> None:
    """Take an instalment in under so many kills, and then to its end."""
    for stage in killer.plan(kills):
        match stage:
            case "add":
                killer.strike(stage, "add", str(part.file))
            case "import":
                killer.strike(stage, "import", str(part.folder))
            case "delete":
                (added,) = map(
                    json.loads, done(archive, "add", "--json", str(part.file)).splitlines()
                )
                killer.strike(stage, *forgetting(added["videos"][0]["sha256"]))
            case _:
                killer.strike(stage, *killer.daemon())
    take_in(archive, part)


def let_all_go(killer: Killer, calm: Archive, killed: Archive, kills: int) -> None:
    """Have the rule delete every original, in one archive under so many kills."""
    done(calm, "run", "--once", **EVERYTHING_MAY_GO)
    for _ in range(kills):
        killer.strike("delete", "run", "--once", **EVERYTHING_MAY_GO)
    done(killed, "run", "--once", **EVERYTHING_MAY_GO)


# --- what came of it ----------------------------------------------------------------------


def judge(when: str, calm: Archive, killed: Archive) -> bool:
    """Print how the two archives differ and what `tracker verify` says of the second."""
    finish_held_back(killed)
    held = [state_of(archive.home / "data", chains_of(archive)) for archive in (calm, killed)]
    (verified,) = killed.lines("verify")
    found = differences(*held)
    left = leftovers(killed.home / "data")
    print(f"{when}:")
    for name, count in held[0].items():
        lost, doubled = found.get(name, (0, 0))
        print(f"  {name}: {count.total()} undisturbed, {lost} lost, {doubled} too many")
    print(f"  verify: ok {verified['ok']}, {verified['entries']} entries", flush=True)
    print(f"  left over: {len(left)} {[str(p) for p in left[:5]] if left else ''}", flush=True)
    return not found and not left and bool(verified["ok"])


def finish_held_back(archive: Archive) -> None:
    """Wait for what a killed child's item waits for: the pause after its first failure."""
    for _ in range(MOST_PAUSES):
        (status,) = archive.lines("status")
        times = [failing["retry_at"] for failing in status["failing"] if failing.get("retry_at")]
        if not times:
            return
        wait_s = (datetime.fromisoformat(min(times)) - datetime.now(UTC)).total_seconds()
        print(f"  waiting {wait_s:.0f} s for {len(times)} items that are held back", flush=True)
        time.sleep(max(0.0, wait_s) + 0.5)
        done(archive, "run", "--once")


def report(tally: Tally, posts: int, same: bool) -> bool:
    """Print the figures of the kills; return whether all is well."""
    print(f"kills: {tally.kills} over {posts} posts")
    for way, count in sorted(tally.ways.items()):
        print(f"  {way}: {count}")
    for stage, count in sorted(tally.hits.items()):
        print(f"  in {stage}: {count}")
    print(f"  ended before the stage was seen, not counted: {tally.missed}")
    print(f"processes that outlived their daemon by {ORPHANS_END_WITHIN_S:g} s: {tally.orphans}")
    well = same and not tally.orphans
    print(f"the killed archive is the undisturbed one: {well}")
    return well


def main() -> int:
    """Run both archives through the world; return 1 where they differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=500)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument("--output", type=Path, default=None, help="keep the archives here")
    options = parser.parse_args()
    end_in_order()
    with tempfile.TemporaryDirectory(prefix="kill-sweep-") as temporary:
        output = options.output or Path(temporary)
        return sweep(output, posts=options.posts, kills=options.kills, seed=options.seed)


def sweep(output: Path, *, posts: int, kills: int, seed: int) -> int:
    """Take the world in twice, once under fire; print the figures and return the exit code."""
    parts = max(1, posts // POSTS_PER_INSTALMENT)
    calm, killed = Archive(output / "calm"), Archive(output / "killed")
    with serve_world(output / "world", posts=posts, instalments=parts) as (world, _site):
        killer = Killer(killed, random.Random(seed))  # noqa: S311 - moments, no secret
        for archive in (calm, killed):
            done(archive, "watch", "add", world.feed_url, "--budget", "100000", "--interval", "1")
        for number, part in enumerate(world.instalments, 1):
            world.publish(number)
            take_in(calm, part)
            wanted = round(kills * number / (parts + 1)) - killer.tally.kills
            under_fire(killer, killed, part, wanted)
            print(f"instalment {number} of {parts}: {killer.tally.kills} kills", flush=True)
        ok = judge("all taken in", calm, killed)
        let_all_go(killer, calm, killed, kills - killer.tally.kills)
        ok &= judge("all originals deleted by rule", calm, killed)
    return 0 if report(killer.tally, world.posts, ok) else 1


if __name__ == "__main__":
    sys.exit(main())
