"""Whether the labels given to a found copy name what was done to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tracker.benchmark.metrics import Outcome

_PLAIN = frozenset({"trim", "reencode"})
"""True of nearly every copy, so never wrong."""

ACCEPTED: Mapping[str, frozenset[str]] = {
    "trim": frozenset({"trim"}),
    "crop": frozenset({"crop"}),
    "crop_off": frozenset({"crop"}),
    "border": frozenset({"borders"}),
    "blur_reframe": frozenset({"borders"}),
    "caption_bar": frozenset({"caption", "borders"}),
    "subtitle": frozenset({"caption", "overlay"}),
    "logo": frozenset({"overlay"}),
    "reactor": frozenset({"overlay", "picture_in_picture"}),
    "colour": frozenset({"colour"}),
    "photometric": frozenset({"colour"}),
    "flip": frozenset({"mirror"}),
    "rotate": frozenset({"rotation"}),
    "speed": frozenset({"speed"}),
    "pip": frozenset({"picture_in_picture"}),
    "split": frozenset({"picture_in_picture"}),
    "screenrec": frozenset({"picture_in_picture", "borders"}),
    "compilation": frozenset({"compilation"}),
    "combined": frozenset({"crop", "caption", "mirror", "borders", "speed", "overlay", "colour"}),
    "perspective": frozenset({"rotation", "borders", "crop"}),
    "recode": frozenset({"reencode"}),
    "resize": frozenset({"reencode"}),
    "framerate": frozenset({"reencode"}),
    "noise_blur": frozenset({"reencode"}),
}
"""What names the main edit of each family; where the truth lists edits, those of them it lists."""


@dataclass(frozen=True, slots=True)
class LabelScores:
    """How often the main edit of a found copy is named.

    ``right`` of ``judged`` copies; ``contradicted`` of them carry a label for which there is no
    ground in the truth. Copies whose truth names no edit are not judged.
    """

    judged: int
    right: int
    contradicted: int
    wrong: tuple[str, ...]

    @property
    def accuracy(self) -> float | None:
        """Share of judged copies whose main edit is named."""
        return self.right / self.judged if self.judged else None


def label_scores(outcomes: Iterable[Outcome]) -> LabelScores:
    """Return how well found copies are labelled; ``wrong`` says which are not and what they got."""
    judged = right = contradicted = 0
    wrong = []
    for outcome in outcomes:
        main, allowed = _truth(outcome)
        given = _given(outcome)
        if not main or given is None:
            continue
        judged += 1
        contradicted += bool(given - allowed - _PLAIN)
        if _names(main, given):
            right += 1
        else:
            labels = ", ".join(sorted(given)) or "none"
            wrong.append(f"{outcome.query.id}: {labels}; expected {' or '.join(sorted(main))}")
    return LabelScores(judged, right, contradicted, tuple(wrong))


def _truth(outcome: Outcome) -> tuple[frozenset[str], frozenset[str]]:
    """Return the labels that name the main edit, and all that are true."""
    query = outcome.query
    accepted = ACCEPTED.get(query.family, frozenset())
    if not query.edits:
        return accepted, accepted
    kinds = frozenset(edit.kind for edit in query.edits)
    return (accepted & kinds) | {query.edits[0].kind}, kinds


def _given(outcome: Outcome) -> frozenset[str] | None:
    """Return the labels of the right reference, ``None`` if it is not asserted."""
    for answer in outcome.answers:
        if answer.asserted and answer.reference == outcome.query.ref:
            return frozenset(answer.labels)
    return None


def _names(main: frozenset[str], given: frozenset[str]) -> bool:
    if main == {"reencode"}:
        # Saying nothing but where it was cut out is saying that nothing else was done.
        return not given - _PLAIN
    return bool(main & given)
