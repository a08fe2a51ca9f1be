"""The fuzzer itself: its inputs are bounded, and inputs that cannot be made are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import strategies as st

from benchmarks.reliability.fuzz_parsers import fuzz
from benchmarks.reliability.mutations import MAX_DOCUMENT_WEIGHT, edited_document, weight
from benchmarks.reliability.parsers.parser import Parser
from benchmarks.reliability.parsers.platforms import X_ANSWER


@pytest.mark.parametrize("kind", ["many", "copy", "wrap", "text"])
def test_a_document_edited_again_and_again_stays_bounded(kind: str) -> None:
    for where in range(4):
        edits = [(kind, where, 59)] * 6 + [("many", 1, 1999)] * 6
        assert weight(edited_document(X_ANSWER, edits)) <= MAX_DOCUMENT_WEIGHT


def test_repeating_fills_what_room_there_is() -> None:
    repeated = edited_document(X_ANSWER, [("many", 0, 59)] * 6)
    assert weight(repeated) > 10 * weight(X_ANSWER)


def test_inputs_that_cannot_be_made_are_a_finding_and_not_the_end(tmp_path: Path) -> None:
    def made(number: int) -> int:
        if number % 2:
            raise MemoryError
        return number

    parser = Parser("even numbers", st.integers(0, 9).map(made), lambda value: value)
    tally = fuzz(parser, 0.5, 5.0, tmp_path, 1)
    (finding,) = tally.findings
    assert finding.startswith("its inputs could not be made: MemoryError")
    assert tally.inputs > 0
