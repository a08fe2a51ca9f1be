"""The main job on real footage: a corpus served from loopback as a small world of news.

``python -m benchmarks.newsroom DIR --output OUT [--kills 10] [--limit N]`` puts every reference
and query of a corpus folder on a post page with an account and a date, lets articles embed the
posts, lists the articles in one feed, and watches that feed with the real command. It prints what
was collected, how many chains have the right root, and one lookup. With ``--kills`` a second
archive collects the same world while its daemon is killed at random moments; both must agree.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.webserver import WebServer, serve

POSTS_PER_ARTICLE = 6
FIRST_DAY = datetime(2019, 1, 1, 9, 0, tzinfo=UTC)
RECYCLED_EVERY = 10
"""Every tenth copy is dated before its reference: then the copy is the earliest known."""

POST_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<script type="application/ld+json">{ld}</script></head><body><article><h1>{title}</h1>
<p class="author">{account}</p><time datetime="{date}">{date}</time>
<video controls src="{media}"></video></article></body></html>"""

ARTICLE_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta property="article:published_time" content="{date}"></head><body><article><h1>{title}</h1>
<p>Several clips went round this week. The desk is checking where each was first posted.</p>
{embeds}</article></body></html>"""

EMBED = '<blockquote class="embedded-post" cite="{url}"><a href="{url}">{url}</a></blockquote>'
FEED = '<?xml version="1.0"?><rss version="2.0"><channel><title>Desk</title>{items}</channel></rss>'
ITEM = "<item><title>{title}</title><link>{url}</link><pubDate>{date}</pubDate></item>"


@dataclass(frozen=True, slots=True)
class Item:
    """One video of the corpus as it is published: ``reference`` is the id of what it copies."""

    id: str
    path: Path
    published_at: datetime
    reference: str | None


@dataclass(frozen=True, slots=True)
class Archive:
    """The real command on an archive of its own."""

    home: Path

    def command(self, *arguments: str) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "tracker", *arguments]

    def environment(self) -> dict[str, str]:
        """Return the whole environment of the command."""
        self.home.mkdir(parents=True, exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TRACKER_DATA_DIR": str(self.home / "data"),
            "TRACKER_NETWORK__ALLOW_PRIVATE": "true",
        }

    def run(self, *arguments: str) -> str:
        """Run a command to its end and return its standard output."""
        done = subprocess.run(
            self.command(*arguments), env=self.environment(), stdout=subprocess.PIPE,
            text=True, check=False,
        )  # fmt: skip
        if done.returncode not in (0, 1):
            raise SystemExit(f"tracker {' '.join(arguments)} ended with {done.returncode}")
        return done.stdout

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a command with ``--json`` and return its lines."""
        return [json.loads(line) for line in self.run(*arguments, "--json").splitlines()]

    def killed_after(self, seconds: float) -> bool:
        """Run the daemon once and kill it after ``seconds``; False if it was done before."""
        daemon = subprocess.Popen(
            self.command("run", "--once"), env=self.environment(), start_new_session=True
        )
        try:
            daemon.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return True
        finally:
            with suppress(ProcessLookupError):
                os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait()
        return False


def read_corpus(directory: Path, limit: int | None) -> list[Item]:
    """Return the corpus as publications: references first, copies after, some before."""
    truth = json.loads((directory / "gt.json").read_text(encoding="utf-8"))
    born = {ref["id"]: FIRST_DAY + timedelta(days=7 * n) for n, ref in enumerate(truth["refs"])}
    items = [Item(r["id"], directory / r["file"], born[r["id"]], None) for r in truth["refs"]]
    for number, query in enumerate(truth["queries"][:limit]):
        reference = query.get("ref")
        later = timedelta(days=400 + number, hours=number % 24)
        day = born.get(reference, FIRST_DAY) + later
        if reference and number % RECYCLED_EVERY == 0:
            day = born[reference] - timedelta(days=100 + number)
        items.append(Item(query["id"], directory / query["file"], day, reference))
    return items


def publish(site: WebServer, items: Sequence[Item]) -> str:
    """Put post pages, media, articles and the feed on the site; return the feed's address."""
    posts = [_post(site, item) for item in items]
    shuffled = random.Random(11).sample(posts, len(posts))  # noqa: S311 - a fixed order
    entries = []
    for start in range(0, len(shuffled), POSTS_PER_ARTICLE):
        embeds = "".join(EMBED.format(url=u) for u in shuffled[start : start + POSTS_PER_ARTICLE])
        number = start // POSTS_PER_ARTICLE
        date = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
        title = f"Checking the week's clips, part {number}"
        page = ARTICLE_PAGE.format(title=title, date=date.isoformat(), embeds=embeds)
        url = site.add(f"/news/{number}", page)
        entries.append(
            ITEM.format(title=title, url=url, date=date.strftime("%a, %d %b %Y %H:%M:%S +0000"))
        )
    feed = FEED.format(items="".join(entries))
    return site.add("/feed.xml", feed, content_type="application/rss+xml")


def _post(site: WebServer, item: Item) -> str:
    media = site.add(f"/media/{item.id}.mp4", item.path.read_bytes(), content_type="video/mp4")
    date, account = item.published_at.isoformat(), f"account-{item.id}"
    linked = {
        "@context": "https://schema.org", "@type": "VideoObject", "name": f"Clip {item.id}",
        "uploadDate": date, "contentUrl": media,
        "author": {"@type": "Person", "name": account},
    }  # fmt: skip
    page = POST_PAGE.format(
        title=f"Clip {item.id}", ld=json.dumps(linked), account=account, date=date, media=media
    )
    return site.add(f"/posts/{item.id}", page)


def chains_of(archive: Archive) -> list[dict[str, Any]]:
    """Return every chain of the archive."""
    clips = [clip["clip"] for clip in archive.lines("clips")]
    return archive.lines("chain", *clips) if clips else []


def outcome(chains: Sequence[dict[str, Any]]) -> list[list[tuple[str, ...]]]:
    """Return the chains without what may differ between two runs (ids, times of observation)."""
    found: list[list[tuple[str, ...]]] = []
    for chain in chains:
        posts = {a["id"]: a["post"]["url"] for a in chain["appearances"]}
        found.append(
            sorted(
                (a["video"], posts[a["id"]], a["relation"], posts.get(a["parent"], ""))
                for a in chain["appearances"]
            )
        )
    return sorted(found)


def judge_roots(chains: Sequence[dict[str, Any]], items: Sequence[Item]) -> tuple[int, int, int]:
    """Return (copies joined with their reference, chains with the right root, with a wrong one).

    Judged are the chains that hold a reference and at least one other post: the right root is the
    oldest of the posts in it that truly show the reference's footage, and any post that does not
    makes the chain wrong. Foreign footage inside compilations forms chains of its own, of which
    the ground truth says nothing.
    """
    by_name = {f"/posts/{item.id}": item for item in items}
    joined: set[str] = set()
    right = wrong = 0
    for chain in chains:
        posts = {a["id"]: _path(a["post"]["url"]) for a in chain["appearances"]}
        members = [by_name[path] for path in posts.values() if path in by_name]
        references = [m.id for m in members if m.id in {i.reference for i in items}]
        if not references or len(members) == 1:
            continue
        true = [m for m in members if references[0] in (m.id, m.reference)]
        oldest = min(true, key=lambda m: m.published_at)
        joined |= {m.id for m in true if m.reference}
        if len(true) == len(members) and posts[chain["root"]] == f"/posts/{oldest.id}":
            right += 1
        else:
            wrong += 1
    return len(joined), right, wrong


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def main() -> int:
    """Run the world once, and with kills once more; return 1 if the two disagree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, help="a corpus folder")
    parser.add_argument("--output", type=Path, required=True, help="where the archives go")
    parser.add_argument("--kills", type=int, default=0, help="kill the second daemon so often")
    parser.add_argument("--limit", type=int, default=None, help="take only so many queries")
    parser.add_argument("--seed", type=int, default=5, help="of the moments of the kills")
    options = parser.parse_args()
    items = read_corpus(options.directory, options.limit)
    with serve() as site:
        feed = publish(site, items)
        calm = Archive(options.output / "calm")
        started = time.monotonic()
        _collect(calm, feed)
        print(f"collected in {time.monotonic() - started:.0f} s")
        chains = chains_of(calm)
        _report(calm, chains, items)
        _lookup(calm, site, items)
        if not options.kills:
            return 0
        return _with_kills(options, feed, outcome(chains), time.monotonic() - started)


def _collect(archive: Archive, feed: str) -> None:
    archive.run("watch", "add", feed, "--budget", "100000")
    archive.run("run", "--once")


def _report(archive: Archive, chains: Sequence[dict[str, Any]], items: Sequence[Item]) -> None:
    (status,) = archive.lines("status")
    held = status["held"]
    print(f"posts {held['posts']}, videos {held['videos']}, frames {held['frames']}")
    print(f"clips {status['clips']}, chains {len(chains)}, failing {len(status['failing'])}")
    joined, right, wrong = judge_roots(chains, items)
    copies = sum(item.reference is not None for item in items)
    print(f"copies joined with their reference: {joined} of {copies}")
    print(f"chains of a reference and its copies: root right {right}, wrong {wrong}")
    (verified,) = archive.lines("verify")
    print(f"verify: ok {verified['ok']}, {verified['entries']} entries, {verified['files']} files")


def _lookup(archive: Archive, site: WebServer, items: Sequence[Item]) -> None:
    """Look up, at an address the archive does not know, a copy of the first reference copied."""
    copies = [item for item in items if item.reference]
    copy = next((item for item in copies if "hflip" in item.id), copies[0])
    unseen = site.add("/unseen.mp4", copy.path.read_bytes() + b"\0", content_type="video/mp4")
    (found,) = archive.lines("lookup", unseen)
    earliest = found["earliest"]
    rivals = [i for i in items if copy.reference in (i.id, i.reference)]
    oldest = min(rivals, key=lambda i: i.published_at)
    print(f"lookup of {copy.id} at an unseen address: {len(found['matches'])} matches")
    print(f"  earliest known: {earliest['post']['url'] if earliest else None}")
    print(f"  oldest of all posts of that footage: /posts/{oldest.id}")


def _with_kills(options: argparse.Namespace, feed: str, expected: list[Any], calm_s: float) -> int:
    moments = random.Random(options.seed)  # noqa: S311 - moments in time, no secret
    killed = Archive(options.output / "killed")
    killed.run("watch", "add", feed, "--budget", "100000")
    for number in range(options.kills):
        after_s = moments.uniform(0.5, max(2.0, 1.5 * calm_s / options.kills))
        hit = killed.killed_after(after_s)
        print(f"kill {number + 1} after {after_s:.1f} s{'' if hit else ': it was done before'}")
    killed.run("run", "--once")
    same = outcome(chains_of(killed)) == expected
    (verified,) = killed.lines("verify")
    print(f"after {options.kills} kills: same chains {same}, verify ok {verified['ok']}")
    return 0 if same and verified["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
