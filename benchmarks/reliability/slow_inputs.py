"""Inputs on which a parser's time grows faster than their size.

Each piece of text a parser might stumble over is repeated to a small size; those that take longest
are repeated to larger ones, up to a megabyte. Time is CPU time of this process.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from benchmarks.reliability.alarm import TooSlow, alarm
from benchmarks.reliability.parsers.parser import Parser

SIZES = (4_000, 32_000, 250_000, 1_000_000)
"""Bytes; of the slowest pieces only is the next size tried."""

_KEPT = 6
_LEAST_S = 1e-4


@dataclass(frozen=True, slots=True)
class Slowest:
    """The slowest text: what is repeated, at which size, and how time grew up to it.

    ``exponent`` is that of time as a power of size over the last step: 1 is linear.
    """

    piece: str
    size: int
    cpu_s: float
    exponent: float

    def text(self) -> str:
        """Return it as words for a table."""
        size = "" if self.size == SIZES[-1] else f" at {self.size // 1000} kB"
        return f"{self.cpu_s:.2f} s{size}, n^{self.exponent:.1f}"


def slowest(parser: Parser, limit_s: float = 40.0) -> Slowest:
    """Return the worst of the parser's pieces; one that takes ``limit_s`` ends the search."""
    assert parser.grow is not None
    pieces = [piece for piece in dict.fromkeys(parser.pieces) if piece]
    times = {piece: _cpu_s(parser, piece, SIZES[0], limit_s) for piece in pieces}
    size, former = SIZES[0], dict(times)
    exponents = dict.fromkeys(pieces, 1.0)
    for larger in SIZES[1:]:
        chosen = sorted(times, key=lambda piece: -times[piece])[:_KEPT]
        former, times = times, {}
        for piece in chosen:
            times[piece] = _cpu_s(parser, piece, larger, limit_s)
            ratio = max(times[piece], _LEAST_S) / max(former[piece], _LEAST_S)
            exponents[piece] = math.log(ratio) / math.log(larger / size)
            if times[piece] >= limit_s:
                return Slowest(piece, larger, times[piece], exponents[piece])
        size = larger
    worst = max(times, key=lambda piece: times[piece])
    return Slowest(worst, size, times[worst], exponents[worst])


def _cpu_s(parser: Parser, piece: str, size: int, limit_s: float) -> float:
    """Return the CPU seconds one call takes; ``limit_s`` for one that took longer."""
    assert parser.grow is not None
    value = parser.grow(piece, size)
    answers: tuple[type[Exception], ...] = (AssertionError, RecursionError, *parser.refusals)
    started_s = time.process_time()
    try:
        with alarm(limit_s):
            parser.read(value)
    except TooSlow:
        return limit_s
    except answers:
        pass  # an answer, or a finding of the other search
    return min(time.process_time() - started_s, limit_s)
