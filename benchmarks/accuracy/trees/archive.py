"""Takes a made world into real archives, through the product's own stages and storage."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sqlmodel import Session

import tracker
from benchmarks.accuracy.trees.times import Said
from benchmarks.accuracy.trees.truth import Made, World
from storage import leanings as leaning_rows
from storage import post_media
from storage import posts as post_rows
from storage import videos as video_rows
from tracker.app import App, open_app
from tracker.config import JobSettings, Settings
from tracker.ingest.collect import observe
from tracker.model.chain import Chain
from tracker.model.ids import Platform, PostKey, VideoId, video_id
from tracker.model.post import LinkRelation, MediaRef, Post, PostKind, PostLink
from tracker.model.video import Video
from tracker.trace import Tracer

SEEN_AT = datetime(2026, 6, 1, tzinfo=UTC)
"""When the archive first saw every post: long after the last of them."""

_EXAMINING = ("examine.py", "fingerprint", "media", "model/fingerprint.py", "model/features.py")
_COMPARING = ("identify.py", "matching", "originals.py", "ingest/detect.py", "model/match.py")


class _Standing:
    def now(self) -> datetime:
        return SEEN_AT


def compared(world: World) -> Path:
    """Return a data directory in which the world's files are fingerprinted and compared.

    Either step is done again only when the code it is made of has changed.
    """
    examined = world.folder / f"examined-{_digest(_EXAMINING)}"
    _once(examined, None, lambda app: _examine(app, world))
    matched = world.folder / f"compared-{_digest((*_EXAMINING, *_COMPARING))}"
    _once(matched, examined, _compare)
    return matched


def chains(world: World, base: Path, said: Said, rng: Random, home: Path) -> list[Chain]:
    """Return the chains of an archive in which the posts say ``said``, stored in a drawn order.

    What came of contests on the originals is kept in ``base``: it does not depend on what is said.
    """
    shutil.rmtree(home, ignore_errors=True)
    _clone(base, home)
    posts = list(world.posts)
    rng.shuffle(posts)
    digests = video_ids(world)
    with opened(home) as app:
        with app.archive.database.write() as session:
            for file, claims in said.files.items():
                video_rows.add_video_claims(session, digests[file], claims)
            for post in posts:
                _save_post(session, post, said, digests, world)
            for video in digests.values():
                video_rows.touch(session, video)
        while pending := app.record.pending(1):
            app.record.process(pending[0])
        tracer = Tracer(app.archive.database, app.algorithm_key, app.clock)
        with app.archive.database.read() as session:
            found = list(tracer.all_chains(session))
            leanings = leaning_rows.leanings(session, set(digests.values()), app.algorithm_key)
    shutil.rmtree(home)
    with opened(base) as app, app.archive.database.write() as session:
        leaning_rows.save_leanings(session, leanings, app.algorithm_key)
    return found


def _save_post(
    session: Session,
    post: Made,
    said: Said,
    digests: Mapping[str, VideoId],
    world: World,
) -> None:
    """Store the post as the stages would: a share has no media of its own."""
    key = PostKey(post.key)
    links: tuple[PostLink, ...] = ()
    media: tuple[MediaRef, ...] = ()
    if post.how == "share":
        (parent,) = post.parents.values()
        shared = next(one for one in world.posts if one.id == parent)
        links = (PostLink(shared.key, LinkRelation.SHARES),)
    else:
        media = (MediaRef(f"{post.key}.mp4", "http", _media_id(post, world)),)
    stored = Post(
        key,
        Platform(post.platform),
        PostKind.POST,
        f"account of {post.id}",
        links=links,
        media=media,
        claims=said.posts[post.id],
    )
    post_rows.save_post(session, stored, now=SEEN_AT, depth=0, origin=None, published=None)
    observe(session, key, SEEN_AT)
    for ref in media:
        post_media.link_video(session, key, ref, digests[post.file])


def _media_id(post: Made, world: World) -> str | None:
    """Return the platform's id of the upload: the first post's that it was carried over from."""
    by_id = {one.id: one for one in world.posts}
    while post.how in {"same_media", "share"}:
        (parent,) = post.parents.values()
        assert parent is not None
        post = by_id[parent]
    return post.id


# --- the archive before any post --------------------------------------------------------


def _examine(app: App, world: World) -> None:
    for file, video in video_ids(world).items():
        path = world.folder / file
        staged = app.archive.staging / file
        shutil.copyfile(path, staged)
        app.archive.media.add_file(staged, video)
        with app.archive.database.write() as session:
            held = Video(video, path.stat().st_size)
            video_rows.save_video(session, held, kept=True, now=SEEN_AT)
        app.fingerprint.process(video)


def _compare(app: App) -> None:
    while pending := app.detect.pending(1):
        app.detect.process(pending[0])


def _once(home: Path, base: Path | None, fill: Callable[[App], None]) -> None:
    if home.exists():
        return
    part = home.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    if base is not None:
        _clone(base, part)
    with opened(part) as app:
        fill(app)
    part.rename(home)


@contextmanager
def opened(home: Path) -> Iterator[App]:
    """Open the application on the data directory ``home``."""
    _forget_program()
    settings = Settings(data_dir=home, jobs=JobSettings(workers=1))
    with open_app(settings, clock=_Standing()) as app:
        yield app


def _forget_program() -> None:
    """Have decoders started without the program: they would import all of it anew, each time."""
    program = sys.modules["__main__"]
    program.__spec__ = None
    program.__dict__.pop("__file__", None)


def _clone(source: Path, to: Path) -> None:
    """Copy an archive; what is never changed in place is linked."""

    def copied(one: str, other: str) -> None:
        if Path(one).relative_to(source).parts[0] in {"media", "keyframes"}:
            os.link(one, other)
        else:
            shutil.copyfile(one, other)

    shutil.copytree(source, to, copy_function=copied)


def video_ids(world: World) -> dict[str, VideoId]:
    """Return the digest of each of the world's files."""
    files = sorted({post.file for post in world.posts})
    return {file: _sha256(world.folder / file) for file in files}


def _sha256(path: Path) -> VideoId:
    with path.open("rb") as file:
        return video_id(hashlib.file_digest(file, "sha256").hexdigest())


def _digest(names: tuple[str, ...]) -> str:
    """Return a digest of the code that a step is made of."""
    package, digest = Path(tracker.__file__).parent, hashlib.sha256()
    for whole in (package / name for name in names):
        for path in sorted(whole.rglob("*.py")) if whole.is_dir() else [whole]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
