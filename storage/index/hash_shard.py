"""Immutable pieces of the hash index on disk, searched exactly."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from storage.index.rows import (
    ShardHits,
    ShardName,
    ShardRows,
    frame_keys,
    id_table,
    joined_hits,
)
from storage.index.runs import widest
from storage.index.scan import Codes, Ints, Pairs, at_most, distances_of, in_threads, near, spans
from storage.index.sections import DamagedIndex, SectionFile, write_sections
from tracker.model.groups import places_within
from tracker.model.ids import VideoId, video_id

_RUN = np.dtype(
    [
        ("first", "<u4"),
        ("members", "<u2"),
        ("radius", "u1"),
        ("view", "u1"),
        ("owner", "<u4"),
        ("pts_ms", "<i4"),
    ]
)
"""A run: its members besides the leader from ``first`` on, none farther from it than ``radius``;
the leader's view and time."""

_MEMBER = np.dtype([("pts_ms", "<i4"), ("view", "u1")])


class HashShard:
    """A stored shard of hashes, mapped into memory: opening it reads next to nothing.

    The leaders of all runs lie next to each other, the other members run after run. Raises
    ``DamagedIndex`` from every method that meets altered bytes.
    """

    def __init__(self, directory: Path, name: ShardName, code_bytes: int) -> None:
        self.name = name
        self._file = SectionFile(directory / f"{name.name}.hashes", name.checksum)
        self._leaders, self._members = self._file["leaders"], self._file["members"]
        self._runs, self._frames = self._file["runs"], self._file["frames"]
        held = (len(self._leaders) + len(self._members), len(self._file["videos"]))
        if held != (name.rows, name.videos) or self._file.facts["code_bytes"] != code_bytes:
            raise DamagedIndex(f"{directory / name.name} does not belong to its index")
        self.id_table: npt.NDArray[np.uint8] = self._file["videos"].all()

    def video(self, owner: int) -> VideoId:
        """Return the video that hits call ``owner``."""
        return video_id(self.id_table[owner].tobytes().hex())

    def search(self, codes: Codes, radius: int, *, exact: bool = True) -> ShardHits:
        """Return all rows within ``radius`` bits of each of ``codes`` (n, bytes); always exact."""
        del exact
        widest_radius = min(radius + widest(codes.shape[1]), codes.shape[1] * 8)

        def look(start: int, end: int) -> ShardHits:
            close = near(codes, self._leaders.span(start, end), widest_radius)
            return self._within(
                codes, Pairs(close.queries, close.rows + start, close.distances), radius
            )

        return joined_hits(in_threads(look, spans(len(self._leaders))))

    def _within(self, codes: Codes, close: Pairs, radius: int) -> ShardHits:
        """Return the rows within ``radius`` of the runs whose leaders are ``close``."""
        runs = self._runs.take(close.rows)
        reached = close.distances <= radius + runs["radius"].astype(np.int32)
        close, runs = close.only(reached), runs[reached]
        hit = close.distances <= radius
        led = runs[hit]
        parts = [
            ShardHits(
                close.queries[hit],
                led["owner"].astype(np.int64),
                led["pts_ms"],
                led["view"],
                close.distances[hit],
            )
        ]
        members = runs["members"].astype(np.int64)
        for start, end in at_most(members):
            parts.append(
                self._members_within(codes, close.queries[start:end], runs[start:end], radius)
            )
        return joined_hits(parts)

    def _members_within(
        self, codes: Codes, queries: Ints, runs: npt.NDArray[np.void], radius: int
    ) -> ShardHits:
        counts = runs["members"].astype(np.int64)
        pair = np.repeat(np.arange(len(runs)), counts)
        rows = runs["first"].astype(np.int64)[pair] + places_within(counts)
        distances = distances_of(codes[queries[pair]], self._members.take(rows))
        hit = distances <= radius
        pair, frames = pair[hit], self._frames.take(rows[hit])
        return ShardHits(
            queries[pair],
            runs["owner"][pair].astype(np.int64),
            frames["pts_ms"],
            frames["view"],
            distances[hit],
        )

    def rows(self) -> ShardRows:
        """Return everything in the shard, copied, for merging."""
        runs, frames = self._runs.all(), self._frames.all()
        leaders = np.arange(len(runs), dtype=np.int64)
        led = np.repeat(leaders, runs["members"])
        return ShardRows(
            np.concatenate([self._leaders.all(), self._members.all()]),
            np.concatenate([runs["owner"], runs["owner"][led]]).astype(np.int32),
            np.concatenate([runs["pts_ms"], frames["pts_ms"]]),
            np.concatenate([runs["view"], frames["view"]]),
            np.concatenate([leaders, led]),
            tuple(self.video(owner) for owner in range(len(self.id_table))),
        )

    def check(self) -> None:
        """Read everything; raises ``DamagedIndex``."""
        self._file.check()

    @staticmethod
    def write(directory: Path, rows: ShardRows) -> ShardName:
        """Store ``rows`` under a new name and return it; the file is whole or absent."""
        name = f"shard-{uuid4().hex}"
        leads, others = _ordered(rows)
        arrays = {
            "leaders": rows.codes[leads],
            "runs": _run_table(rows, leads, others),
            "members": rows.codes[others],
            "frames": _member_table(rows, others),
            "videos": id_table(rows.videos),
        }
        facts = {"code_bytes": rows.codes.shape[1]}
        checksum = write_sections(directory / f"{name}.hashes", arrays, facts)
        frames = len(np.unique(frame_keys(rows)))
        return ShardName(name, len(rows.codes), len(rows.videos), frames, checksum)


def _ordered(rows: ShardRows) -> tuple[Ints, Ints]:
    """Return the leading rows, and the others in the order of their leaders."""
    lead = rows.leaders == np.arange(len(rows.codes))
    leads = np.flatnonzero(lead)
    place = np.zeros(len(rows.codes), np.int64)
    place[leads] = np.arange(len(leads))
    others = np.flatnonzero(~lead)
    return leads, others[np.argsort(place[rows.leaders[others]], kind="stable")]


def _run_table(rows: ShardRows, leads: Ints, others: Ints) -> npt.NDArray[np.void]:
    place = np.zeros(len(rows.codes), np.int64)
    place[leads] = np.arange(len(leads))
    run = place[rows.leaders[others]]
    members = np.bincount(run, minlength=len(leads))
    radius = np.zeros(len(leads), np.int32)
    np.maximum.at(radius, run, distances_of(rows.codes[others], rows.codes[leads[run]]))
    table = np.empty(len(leads), _RUN)
    table["first"], table["members"] = np.cumsum(members) - members, members
    table["radius"], table["view"] = radius, rows.views[leads]
    table["owner"], table["pts_ms"] = rows.owners[leads], rows.pts_ms[leads]
    return table


def _member_table(rows: ShardRows, others: Ints) -> npt.NDArray[np.void]:
    table = np.empty(len(others), _MEMBER)
    table["pts_ms"], table["view"] = rows.pts_ms[others], rows.views[others]
    return table
