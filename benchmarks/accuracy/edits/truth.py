"""The ground truth of a corpus folder, as it is written to ``gt.json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.accuracy.edits.recipe import Edit


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds of the query and the seconds of the reference that they show."""

    query: tuple[float, float]
    reference: tuple[float, float]

    def document(self) -> dict[str, float]:
        """Return the span under the names of the truth."""
        (query_start, query_end), (ref_start, ref_end) = self.query, self.reference
        named = {
            "query_start": query_start,
            "query_end": query_end,
            "ref_start": ref_start,
            "ref_end": ref_end,
        }
        return {name: round(value, 4) for name, value in named.items()}


def positive(
    name: str,
    reference: str,
    kind: tuple[str, str],
    spans: Sequence[Span],
    edits: Sequence[Edit],
    *,
    speed: float = 1.0,
    flip: bool = False,
) -> dict[str, object]:
    """Return the truth of a copy; ``kind`` is its family and transform, its main edit is first."""
    entry = _entry(name, kind, edits) | {"positive": True, "ref": reference}
    entry |= {"speed": speed, "flip": flip, **spans[0].document()}
    if len(spans) > 1:
        entry["segments"] = [span.document() for span in spans]
    return entry


def negative(
    name: str, source: str, kind: tuple[str, str], edits: Sequence[Edit]
) -> dict[str, object]:
    """Return the truth of a query that shares no footage with any reference."""
    return _entry(name, kind, edits) | {"positive": False, "ref": None, "source": source}


def _entry(name: str, kind: tuple[str, str], edits: Sequence[Edit]) -> dict[str, object]:
    family, transform = kind
    listed = [{"kind": edit.kind, "detail": dict(edit.detail)} for edit in edits]
    file = {"id": name, "file": f"q/{name}.mp4"}
    return {**file, "family": family, "transform": transform, "edits": listed}
