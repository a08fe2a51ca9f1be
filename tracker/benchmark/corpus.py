"""Reads a corpus folder: reference videos, queries, and which of them share footage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from tracker.errors import UsageError

_LARGEST_TRUTH_BYTES = 64 * 1024 * 1024
_Name = Annotated[str, Field(min_length=1, max_length=300)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: _Name
    file: _Name


class Reference(_Entry):
    """A reference video; ``file`` is relative to the folder."""


class Stretch(BaseModel):
    """Seconds of a query, and the seconds of its reference that they show."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    query_start: FiniteFloat = 0.0
    query_end: FiniteFloat = 0.0
    ref_start: FiniteFloat = 0.0
    ref_end: FiniteFloat = 0.0

    @property
    def is_proper(self) -> bool:
        """Whether it has a length in both videos."""
        return 0 <= self.query_start < self.query_end and 0 <= self.ref_start < self.ref_end


class Edit(BaseModel):
    """One thing that was done to the reference to make the query."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: _Name


class Query(_Entry, Stretch):
    """A query and its truth; times in seconds, absent for footage that is in no reference.

    ``segments`` holds every stretch where there is more than one, ``edits`` what was done (the
    first is the edit the query was made for), ``source`` names the footage of a query that is
    in no reference.
    """

    positive: bool
    ref: _Name | None = None
    transform: _Name
    family: _Name
    segments: tuple[Stretch, ...] = ()
    edits: tuple[Edit, ...] = ()
    source: _Name | None = None

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Every stretch shared with the reference; one, unless the truth lists several."""
        return self.segments or (self,)

    @model_validator(mode="after")
    def _positives_name_a_stretch(self) -> Query:
        if self.positive != (self.ref is not None):
            raise ValueError("a positive query, and no other, names its ref")
        if self.positive and not all(stretch.is_proper for stretch in self.stretches):
            raise ValueError("a positive query's stretches must not be empty")
        return self


class _Truth(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    refs: Annotated[tuple[Reference, ...], Field(min_length=1)]
    queries: Annotated[tuple[Query, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_agree(self) -> _Truth:
        names = [entry.id for entry in (*self.refs, *self.queries)]
        if len(set(names)) != len(names):
            raise ValueError("an id is used twice")
        known = {reference.id for reference in self.refs}
        for query in self.queries:
            if query.ref is not None and query.ref not in known:
                raise ValueError(f"query {query.id!r} names the unknown ref {query.ref!r}")
        return self


class Corpus:
    """A checked corpus folder."""

    def __init__(self, directory: Path, truth: _Truth) -> None:
        self.directory = directory
        self.references = truth.refs
        self.queries = truth.queries

    def path(self, entry: Reference | Query) -> Path:
        """Return where the entry's video lies."""
        return self.directory / entry.file


def read_corpus(directory: Path) -> Corpus:
    """Return the corpus in ``directory``; raise ``UsageError`` saying what is wrong with it."""
    path = directory / "gt.json"
    try:
        if path.stat().st_size > _LARGEST_TRUTH_BYTES:
            raise UsageError(f"{path} is larger than {_LARGEST_TRUTH_BYTES >> 20} MB")
        truth = _Truth.model_validate_json(path.read_bytes())
    except OSError as exc:
        raise UsageError(f"{directory} is no corpus folder: gt.json cannot be read") from exc
    except ValidationError as exc:
        raise UsageError(f"{path}: {_first_problem(exc)}") from exc
    corpus = Corpus(directory, truth)
    entries: list[Reference | Query] = [*corpus.references, *corpus.queries]
    for entry in entries:
        _check_file(corpus, entry)
    return corpus


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]


def _check_file(corpus: Corpus, entry: Reference | Query) -> None:
    root = corpus.directory.resolve()
    try:
        path = corpus.path(entry).resolve()
        inside, there = path.is_relative_to(root), path.is_file()
    except (OSError, ValueError) as exc:
        raise UsageError(f"gt.json: {entry.id}: {entry.file!r} is no file name") from exc
    if not inside:
        raise UsageError(f"gt.json: {entry.id}: {entry.file!r} lies outside the corpus folder")
    if not there:
        raise UsageError(f"gt.json: {entry.id}: {entry.file!r} does not exist")
