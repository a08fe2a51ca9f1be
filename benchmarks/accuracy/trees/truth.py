"""What is true of a made world, as it is written to ``truth.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

TRUTH = "truth.json"


@dataclass(frozen=True, slots=True)
class Made:
    """One post of a made world.

    ``file`` is named alike where the bytes are. ``parents`` maps each tree the post belongs to
    to the post it was made from, ``None`` for the tree's root; only a compilation belongs to
    several. ``footage`` names every piece of footage that it shows, ``shows`` how much of its
    file each of its trees takes. ``how`` is ``root``, ``edit``, ``intro``, ``sound``,
    ``compilation``, ``share``, ``same_media`` or ``same_file``.
    """

    id: str
    file: str
    platform: str
    how: str
    parents: Mapping[str, str | None]
    footage: tuple[str, ...]
    published_at: datetime
    edits: tuple[str, ...] = ()

    @property
    def tree(self) -> str:
        """The tree of a post that belongs to one only."""
        (tree,) = self.parents
        return tree

    @property
    def key(self) -> str:
        """The post's address."""
        return f"https://{self.platform}.test/{self.id}"


@dataclass(frozen=True, slots=True)
class World:
    """Several trees that one archive holds together; files lie in ``folder``."""

    folder: Path
    posts: tuple[Made, ...]

    @property
    def trees(self) -> tuple[str, ...]:
        """The names of the trees."""
        return tuple(sorted({tree for post in self.posts for tree in post.parents}))

    def of_tree(self, tree: str) -> tuple[Made, ...]:
        """Return the posts of one tree, compilations that use it included."""
        return tuple(post for post in self.posts if tree in post.parents)


def write_world(world: World) -> None:
    """Write the truth beside the files."""
    entries = [
        asdict(post) | {"published_at": post.published_at.isoformat()} for post in world.posts
    ]
    (world.folder / TRUTH).write_text(json.dumps({"posts": entries}, indent=1), "utf-8")


def read_world(folder: Path) -> World:
    """Return the world that was written to ``folder``."""
    entries = json.loads((folder / TRUTH).read_text("utf-8"))["posts"]
    return World(folder, tuple(_made(entry) for entry in entries))


def _made(entry: Mapping[str, object]) -> Made:
    text = {name: str(entry[name]) for name in ("id", "file", "platform", "how")}
    parents, footage, edits = entry["parents"], entry["footage"], entry["edits"]
    assert isinstance(parents, dict)
    assert isinstance(footage, list)
    assert isinstance(edits, list)
    at = datetime.fromisoformat(str(entry["published_at"]))
    return Made(
        **text, parents=parents, footage=tuple(footage), published_at=at, edits=tuple(edits)
    )


def shifted(posts: Sequence[Made], by: timedelta) -> tuple[Made, ...]:
    """Return the posts published so much later."""
    return tuple(replace(post, published_at=post.published_at + by) for post in posts)
