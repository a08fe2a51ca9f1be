"""The likeliest tree of sources in which nobody is older than what they descend from.

That a copy may be later than its source is asked of each pair. It has to hold along the whole way
as well: between a video of this year and one of four years ago nobody can stand, though nothing is
known of their time and they go with either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from tracker.model.clip import Appearance
from tracker.provenance.arborescence import likeliest_tree
from tracker.provenance.order import interval_of

NameT = TypeVar("NameT", bound=str)

MOST_ROUNDS = 40
"""So often the tree is made anew without the sources that cannot be; then no source is named."""

NEVER = datetime.min.replace(tzinfo=UTC)
FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Existence:
    """When a video came to be: not before ``earliest_at``, and it was there at ``latest_at``."""

    earliest_at: datetime = NEVER
    latest_at: datetime = FOR_EVER

    def certainly_before(self, other: Existence) -> bool:
        """Tell whether this video was there before the other one came to be, for all we know."""
        return self.latest_at < other.earliest_at


def existence_of(seen: Iterable[Appearance]) -> Existence:
    """Return when a video came to be, by the posts that show it."""
    intervals = [interval_of(one) for one in seen]
    return Existence(
        min((interval.earliest_at or NEVER for interval in intervals), default=NEVER),
        min((interval.latest_at or FOR_EVER for interval in intervals), default=FOR_EVER),
    )


def likeliest_lineage(
    beginnings: Mapping[NameT, float],
    sources: Mapping[NameT, Mapping[NameT, float]],
    existence: Mapping[NameT, Existence],
) -> dict[NameT, NameT | None]:
    """Return what ``likeliest_tree`` does, but for lines of descent that time forbids.

    Where there is one, the link in it is given up that has the best substitute, and the tree made
    anew. The result does not depend on the order of the input.
    """
    left = {child: dict(held) for child, held in sources.items()}
    for _ in range(MOST_ROUNDS):
        tree = likeliest_tree(beginnings, left)
        given_up = {_weakest(line, left) for line in _impossible(tree, existence)}
        if not given_up:
            return tree
        for child, parent in given_up:
            del left[child][parent]
    for line in _impossible(tree, existence):
        tree[line[-1]] = None
    return tree


def first_of_the_beginnings(
    tree: Mapping[NameT, NameT | None], existence: Mapping[NameT, Existence]
) -> NameT:
    """Return the beginning that was there first, as far as is known of what descends from it too.

    Of equal ones the first of the tree.
    """
    known = {video: FOR_EVER for video, source in tree.items() if source is None}
    for video in tree:
        beginning = video
        while (source := tree[beginning]) is not None:
            beginning = source
        known[beginning] = min(known[beginning], existence[video].latest_at)
    return min(known, key=lambda video: known[video])


def _impossible(
    tree: Mapping[NameT, NameT | None], existence: Mapping[NameT, Existence]
) -> Iterator[list[NameT]]:
    """Yield lines of descent, oldest first, whose last was there before its first came to be."""
    for video in sorted(tree):
        line = [video]
        above = tree[video]
        while above is not None:
            line.append(above)
            if existence[video].certainly_before(existence[above]):
                yield line[::-1]
                break
            above = tree[above]


def _weakest(
    line: list[NameT], sources: Mapping[NameT, Mapping[NameT, float]]
) -> tuple[NameT, NameT]:
    """Return the link (child, parent) of the line that loses least if another source is taken."""

    def loss(link: tuple[NameT, NameT]) -> tuple[float, NameT]:
        child, parent = link
        others = [odds for other, odds in sources[child].items() if other != parent]
        return sources[child][parent] - max(others, default=-1e9), child

    return min(zip(line[1:], line[:-1], strict=True), key=loss)
