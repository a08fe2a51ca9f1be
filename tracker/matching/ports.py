"""What matching asks of the store of hashes and of the archive of fingerprints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tracker.model.fingerprint import Fingerprint
from tracker.model.ids import VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.match import InstantAgreement, Segment


class Hits(Protocol):
    """Pairs of a query row and a stored frame that lie within the radius, as n equal arrays.

    ``query_rows`` int64 (row of the searched codes), ``references`` int64 (see
    ``HashIndex.video``), ``pts_ms`` int32, ``views`` uint8, ``distances`` int32 (bits).
    """

    @property
    def query_rows(self) -> npt.NDArray[np.int64]:
        """Return one value a hit; see the class."""
        ...

    @property
    def references(self) -> npt.NDArray[np.int64]:
        """Return one value a hit; see the class."""
        ...

    @property
    def pts_ms(self) -> npt.NDArray[np.int32]:
        """Return one value a hit; see the class."""
        ...

    @property
    def views(self) -> npt.NDArray[np.uint8]:
        """Return one value a hit; see the class."""
        ...

    @property
    def distances(self) -> npt.NDArray[np.int32]:
        """Return one value a hit; see the class."""
        ...


class HashIndex(Protocol):
    """Every stored hash of one algorithm, searched exactly: nothing within the radius is missed.

    A large index of feature codes may miss pairs, but only by a rule that looks at the two codes
    and treats both alike: what else is stored, its order and threads never decide.
    """

    @property
    def algorithm_key(self) -> str:
        """The algorithm of all hashes held."""
        ...

    @property
    def videos(self) -> int:
        """How many videos are held."""
        ...

    @property
    def frames(self) -> int:
        """How many different frames are held."""
        ...

    def holds(self, video: VideoId) -> bool:
        """Tell whether ``video`` is in the index, even if none of its frames says anything."""
        ...

    def video(self, reference: int) -> VideoId:
        """Return the video that ``Hits.references`` calls ``reference``."""
        ...

    def search(self, codes: npt.NDArray[np.uint8], max_distance_bits: int) -> Hits:
        """Return every stored hash within the radius of each of ``codes`` (n, code bytes)."""
        ...


class FingerprintArchive(Protocol):
    """Where the fingerprints behind the index are kept."""

    def get(self, video: VideoId) -> Fingerprint:
        """Return the fingerprint of ``video`` by the index's algorithm."""
        ...

    def keyframes(self, video: VideoId) -> Sequence[Keyframe]:
        """Return the stored pictures of ``video``; empty if they were not kept."""
        ...

    def size(self, video: VideoId) -> tuple[int, int] | None:
        """Return width and height of ``video`` as displayed, in pixels; ``None``: not known."""
        ...


class Originals(Protocol):
    """The original files behind the fingerprints, as far as they are kept."""

    def instant_agreement(
        self, query: VideoId, reference: VideoId, segment: Segment
    ) -> InstantAgreement | None:
        """Return how what moves agrees along ``segment``; ``None``: nothing can be said."""
        ...

    def pictures(
        self, query: VideoId, reference: VideoId, segment: Segment
    ) -> tuple[Sequence[Keyframe], Sequence[Keyframe]]:
        """Return what both show at the same few instants of ``segment``, as far as is known."""
        ...
