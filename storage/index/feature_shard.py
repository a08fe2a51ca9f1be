"""Immutable pieces of the index of local features on disk, searched exactly or by cells.

A code's cell is made of ``CELL_BITS`` of its bits, evenly spread. A search by cells compares a
code with those whose cells differ in no more than ``CELL_FLIPS`` bits, which is a fifth of all.
Whether a pair is found so depends on the two codes alone and is the same both ways round: not on
what else is stored, on the order it came in, on how it lies in shards, or on threads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from storage.index.rows import (
    ShardHits,
    ShardName,
    ShardRows,
    frame_keys,
    id_table,
)
from storage.index.scan import Codes, Ints, Pairs, in_threads, joined, near, spans
from storage.index.sections import DamagedIndex, SectionFile, write_sections
from tracker.model.ids import VideoId, video_id

CELL_BITS = 12
CELL_FLIPS = 4
"""The table of choices of ``benchmarks.speed.search`` shows what each number finds and costs."""

CELLS = 1 << CELL_BITS
LEAST_ROWS_FOR_CELLS = 1 << 16
"""Fewer rows are all looked at."""

ROWS_A_VISIT = 512
"""So many rows at least are compared at a time: cells that lie side by side are taken together."""

_VISITS_A_THREAD = 64

_FRAME = np.dtype([("owner", "<u4"), ("pts_ms", "<i4")])


def cells(codes: Codes) -> npt.NDArray[np.int64]:
    """Return the cell, int64 (n,) below ``CELLS``, of each of ``codes`` (n, bytes)."""
    found = np.zeros(len(codes), np.int64)
    for bit in np.arange(CELL_BITS) * (codes.shape[1] * 8) // CELL_BITS:
        found = found << 1 | (codes[:, bit >> 3] >> (7 - (bit & 7)) & 1)
    return found


class FeatureShard:
    """A stored shard of feature codes, sorted by cell and mapped into memory.

    Raises ``DamagedIndex`` from every method that meets altered bytes.
    """

    def __init__(self, directory: Path, name: ShardName, code_bytes: int) -> None:
        self.name = name
        self._file = SectionFile(directory / f"{name.name}.features", name.checksum)
        self._codes, self._frame_of = self._file["codes"], self._file["frame_of"]
        self._frames = self._file["frames"]
        held = (len(self._codes), len(self._file["videos"]))
        if held != (name.rows, name.videos) or self._file.facts["code_bytes"] != code_bytes:
            raise DamagedIndex(f"{directory / name.name} does not belong to its index")
        self.id_table: npt.NDArray[np.uint8] = self._file["videos"].all()

    def video(self, owner: int) -> VideoId:
        """Return the video that hits call ``owner``."""
        return video_id(self.id_table[owner].tobytes().hex())

    def search(self, codes: Codes, radius: int, *, exact: bool = True) -> ShardHits:
        """Return the rows within ``radius`` bits of each of ``codes`` (n, bytes).

        All of them if ``exact``, else those in near cells.
        """
        if exact or len(self._codes) < LEAST_ROWS_FOR_CELLS:
            found = self._scan(codes, radius)
        else:
            found = self._visit(codes, radius)
        if not exact:
            apart = cells(codes)[found.queries] ^ cells(self._codes.take(found.rows))
            found = found.only(np.bitwise_count(apart) <= CELL_FLIPS)
        frames = self._frames.take(self._frame_of.take(found.rows).astype(np.int64))
        return ShardHits(
            found.queries,
            frames["owner"].astype(np.int64),
            frames["pts_ms"],
            np.zeros(len(found.rows), np.uint8),
            found.distances,
        )

    def _scan(self, codes: Codes, radius: int) -> Pairs:
        def look(start: int, end: int) -> Pairs:
            return near(codes, self._codes.span(start, end), radius).moved(start)

        return joined(in_threads(look, spans(len(self._codes))))

    def _visit(self, codes: Codes, radius: int) -> Pairs:
        """Return what lies in cells near those of ``codes``, and some that is farther.

        Where cells are small those that differ in their last bits alone are visited together.
        """
        bits = (len(self._codes) // ROWS_A_VISIT).bit_length() - 1
        together = max(0, CELL_BITS - bits)
        asked = cells(codes) >> together
        starts = self._file["cells"].all()[:: 1 << together].astype(np.int64)
        reached = np.bitwise_count(np.arange(len(starts))) <= CELL_FLIPS

        def look(first: int, last: int) -> Pairs:
            found = []
            for cell in range(first, last):
                queries = np.flatnonzero(reached[asked ^ cell])
                stored = int(starts[cell]), int(starts[cell + 1])
                found.append(self._compared(codes, queries, stored, radius))
            return joined(found)

        return joined(in_threads(look, spans(len(starts) - 1, _VISITS_A_THREAD)))

    def _compared(self, codes: Codes, queries: Ints, stored: tuple[int, int], radius: int) -> Pairs:
        close = near(codes[queries], self._codes.span(*stored), radius)
        return Pairs(queries[close.queries], close.rows + stored[0], close.distances)

    def rows(self) -> ShardRows:
        """Return everything in the shard, copied, for merging."""
        frames = self._frames.all()[self._frame_of.all()]
        return ShardRows(
            self._codes.all().copy(),
            frames["owner"].astype(np.int32),
            frames["pts_ms"].copy(),
            np.zeros(len(frames), np.uint8),
            np.arange(len(frames), dtype=np.int64),
            tuple(self.video(owner) for owner in range(len(self.id_table))),
        )

    def check(self) -> None:
        """Read everything; raises ``DamagedIndex``."""
        self._file.check()

    @staticmethod
    def write(directory: Path, rows: ShardRows) -> ShardName:
        """Store ``rows`` under a new name and return it; the file is whole or absent."""
        name = f"shard-{uuid4().hex}"
        cell = cells(rows.codes)
        order = np.argsort(cell, kind="stable")
        keys, frame_of = np.unique(frame_keys(rows), return_inverse=True)
        frames = np.empty(len(keys), _FRAME)
        frames["owner"] = (keys + (1 << 31)) >> 32
        frames["pts_ms"] = keys - (frames["owner"].astype(np.int64) << 32)
        table = np.searchsorted(cell[order], np.arange(CELLS + 1))
        arrays: dict[str, npt.NDArray[Any]] = {
            "codes": rows.codes[order],
            "frame_of": frame_of[order].astype(np.uint32),
            "frames": frames,
            "cells": (table if len(order) >= LEAST_ROWS_FOR_CELLS else table[:0]).astype(np.uint32),
            "videos": id_table(rows.videos),
        }
        facts = {"code_bytes": rows.codes.shape[1]}
        checksum = write_sections(directory / f"{name}.features", arrays, facts)
        return ShardName(name, len(order), len(rows.videos), len(keys), checksum)
