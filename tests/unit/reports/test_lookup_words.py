"""What a lookup says of candidates that look like copies and are none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.sample_results import lookup_match
from tracker.model.lookup import LookupMatch
from tracker.model.match import Transformation
from tracker.reports.lookup_words import candidate_words, change_words, moment_words


def candidate(*kinds: str) -> LookupMatch:
    known = lookup_match()
    changes = tuple(Transformation(kind) for kind in kinds)
    return replace(known, match=replace(known.match, asserted=False, transformations=changes))


@pytest.mark.parametrize(
    ("candidates", "said"),
    [
        ((), []),
        ((candidate(), candidate("crop")), []),
        ((candidate("shared_opening"), candidate()), ["in common with 1 stored video ("]),
        ((candidate("shared_opening"),) * 2, ["in common with 2 stored videos ("]),
        (
            (candidate("other_moment"), candidate("shared_opening")),
            ["in common with 1 stored video (", "at another moment, in 1 stored video ("],
        ),
    ],
)
def test_those_that_are_no_copies_are_counted(
    candidates: tuple[LookupMatch, ...], said: list[str]
) -> None:
    for words, part in zip(candidate_words(candidates), said, strict=True):
        assert part in words


def test_what_was_changed_is_said_and_that_nothing_was() -> None:
    match = lookup_match().match
    mirrored = replace(match, transformations=(Transformation("mirror"),))
    assert change_words(mirrored) == "Changed: mirrored left to right"
    assert change_words(replace(match, transformations=())) == ""
    assert change_words(replace(match, reference=match.query)) == "The same file, byte for byte"


def test_a_moment_that_is_not_told_is_said() -> None:
    match = lookup_match().match
    assert moment_words(match) == ""
    assert "another moment of it would look the same" in moment_words(
        replace(match, moment_told=False)
    )
